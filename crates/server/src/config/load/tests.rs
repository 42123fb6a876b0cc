//! The layers, and the texts of what is wrong with them.

use super::*;
use crate::config::print::print;

/// Loads `file` as teahouse.toml, with variables and `--set` flags.
fn loaded(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("teahouse.toml");
    std::fs::write(&path, file).unwrap();
    let sources = Sources {
        file: Some(path),
        environment: variables.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect(),
        flags: flags
            .iter()
            .map(|(key, text)| ((*key).into(), (*text).into(), format!("--set {key}")))
            .collect(),
    };
    let folder = format!("{}/", folder.path().display());
    load(sources).map_err(|problems| problems.to_string().replace(&folder, ""))
}

/// All that is wrong with `file` and `variables`, a line each.
#[track_caller]
fn check_refused(file: &str, variables: &[(&str, &str)], expected: &[&str]) {
    let refused = loaded(file, variables, &[]).expect_err("refused");
    let lines: Vec<_> = refused.lines().skip(1).map(str::trim).collect();
    assert_eq!(lines, expected, "{refused}");
}

const GOOD_KEY: &str = "nBGFpcXp/FRhKAiXfujlSLIljTH2orbz0clMTGoOfSU=";

#[test]
fn a_later_layer_wins() {
    let file = "[server]\nlisten = '127.0.0.1:1'\nworkers = 1\ndrain_s = 1";
    let variables = [("TEAHOUSE__SERVER__LISTEN", "127.0.0.1:2"), ("TEAHOUSE__SERVER__WORKERS", "2")];
    let loaded = loaded(file, &variables, &[("server.listen", "127.0.0.1:3")]).unwrap();
    let server = &loaded.config.server;
    assert_eq!((server.listen.as_str(), server.workers, server.drain_s), ("127.0.0.1:3", 2, 1));
}

#[test]
fn each_value_is_printed_with_its_source_and_secrets_masked() {
    let file = "[database]\nurl = 'postgres://tea:hush@localhost/tea'\n[log]\nformat = 'json'";
    let variables = [
        ("TEAHOUSE__SECRETS__KEY", GOOD_KEY),
        ("TEAHOUSE__WECHAT__APPS", r#"[{ app_id = "wx1", secret = "hush" }]"#),
    ];
    let loaded = loaded(file, &variables, &[("chat.heartbeat_s", "5")]).unwrap();
    let printed = print(&loaded.settings);
    for (line, source) in [
        ("mode = \"development\"", "default"),
        ("guests", ""),
        ("allowed = true", "default of development mode"),
        ("url = \"postgres://tea:***@localhost/tea\"", "teahouse.toml:2"),
        ("format = \"json\"", "teahouse.toml:4"),
        ("key = \"***\"", "environment variable TEAHOUSE__SECRETS__KEY"),
        ("apps = [{ app_id = \"wx1\", secret = \"***\" }]", "environment variable TEAHOUSE__WECHAT__APPS"),
        ("heartbeat_s = 5", "flag --set chat.heartbeat_s"),
        ("# public_url is not set", ""),
    ] {
        let found = printed.lines().any(|printed| printed.contains(line) && printed.ends_with(source));
        assert!(found, "{line} from {source} in\n{printed}");
    }
    assert!(!printed.contains("hush") && !printed.contains(GOOD_KEY), "{printed}");
    assert!(!format!("{loaded:?}").contains(GOOD_KEY));
}

#[test]
fn what_is_printed_is_a_configuration_file() {
    let printed = print(&loaded("", &[], &[]).unwrap().settings);
    assert!(toml::from_str::<toml::Table>(&printed).is_ok(), "{printed}");
}

#[test]
fn unknown_keys_name_the_place_and_the_key_that_was_meant() {
    check_refused(
        "[server]\nworkers = 2\nlisen = '127.0.0.1:1'",
        &[("TEAHOUSE__SERVER__WOKRERS", "2"), ("TEAHOUSE__KITCHEN__KETTLE", "1")],
        &[
            "teahouse.toml:3: there is no key server.lisen; did you mean server.listen?",
            "environment variable TEAHOUSE__SERVER__WOKRERS: there is no key server.wokrers; did you mean TEAHOUSE__SERVER__WORKERS?",
            "environment variable TEAHOUSE__KITCHEN__KETTLE: there is no key kitchen.kettle; the sections are server, tls, database, wechat, guests, sessions, chat, plugins, limits, log, secrets",
        ],
    );
    check_refused(
        "[sever]\nlisten = '127.0.0.1:1'\n\n[log]\ncolour = true",
        &[],
        &[
            "teahouse.toml:5: there is no key log.colour; section log has format, level",
            "teahouse.toml:1: there is no section [sever]; did you mean [server]?",
        ],
    );
}

#[test]
fn wrong_values_say_what_would_be_right() {
    check_refused(
        "mode = 'prod'\nserver = 1\n[database]\nurl = 'mysql://tea:hush@db/tea'\n[wechat]\napps = [{ id = 'wx1' }]",
        &[("TEAHOUSE__SERVER__WORKERS", "many"), ("TEAHOUSE__LIMITS__FRAME_BYTES", "0")],
        &[
            "teahouse.toml:4: database.url is \"mysql://tea:***@db/tea\"; it must be an address sqlite:… or postgres://… or postgresql://…",
            "teahouse.toml:1: mode is \"prod\"; it must be development or production",
            "teahouse.toml:2: server is integer; it must be a section: write [server]",
            "teahouse.toml:6: wechat.apps is [{ app_id = \"?\", secret = \"***\" }]; it must be a list of mini-programs, each { app_id = \"wx…\", secret = \"…\" }",
            "environment variable TEAHOUSE__SERVER__WORKERS: server.workers is \"many\"; it must be a whole number from 0 to 1024",
            "environment variable TEAHOUSE__LIMITS__FRAME_BYTES: limits.frame_bytes is 0; it must be a whole number from 1024 to 16777216",
        ],
    );
}

#[test]
fn a_file_that_is_no_toml_is_named_with_its_line_and_not_shown() {
    let refused = loaded("[secrets]\nkey = hush", &[], &[]).unwrap_err();
    assert!(refused.contains("teahouse.toml:2: this is not TOML") && !refused.contains("hush"), "{refused}");
}

#[test]
fn what_a_sections_own_types_refuse_names_its_place() {
    let apps = r#"[{ app_id = "wx 1", secret = "hush" }]"#;
    let refused = loaded("", &[("TEAHOUSE__WECHAT__APPS", apps)], &[]).unwrap_err();
    assert!(
        refused.contains("environment variable TEAHOUSE__WECHAT__APPS: wechat.apps.0.app_id"),
        "{refused}"
    );
    check_refused(
        "[secrets]\nkey = 'hush'",
        &[],
        &[
            "teahouse.toml:2: secrets.key is no key: it must be 32 random bytes in base64, as `openssl rand -base64 32` prints them",
        ],
    );
}

#[test]
fn a_named_file_must_be_there_and_the_usual_one_need_not() {
    let sources = Sources { file: Some("no/such.toml".into()), ..Sources::default() };
    let refused = load(sources).unwrap_err().to_string();
    assert!(refused.contains("no/such.toml: the file can't be read"), "{refused}");
    assert!(load(Sources::default()).is_ok());
}

#[test]
fn an_empty_variable_counts_as_not_there() {
    assert!(loaded("", &[("TEAHOUSE__SECRETS__KEY", "")], &[]).unwrap().config.secrets.key.is_none());
}

#[test]
fn production_refuses_what_is_unsafe() {
    check_refused(
        "mode = 'production'",
        &[("TEAHOUSE__CHAT__HISTORY", "false")],
        &[
            "secrets.key is missing, and production does not make one: set it to the output of `openssl rand -base64 32`",
            "environment variable TEAHOUSE__CHAT__HISTORY: chat.history is false, which is for benchmarks alone: messages would be lost",
        ],
    );
    let apps = simulator::apps();
    let typed = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=";
    check_refused(
        "mode = 'production'",
        &[
            ("TEAHOUSE__WECHAT__API_BASE", "http://127.0.0.1:8080/wechat-sim"),
            ("TEAHOUSE__WECHAT__APPS", &apps),
            ("TEAHOUSE__SECRETS__KEY", typed),
        ],
        &[
            "environment variable TEAHOUSE__SECRETS__KEY: secrets.key is too regular to be random: set it to the output of `openssl rand -base64 32`",
            "environment variable TEAHOUSE__WECHAT__API_BASE: wechat.api_base points at WeChat's simulator, where anyone can sign in as anyone; production refuses it",
            "environment variable TEAHOUSE__WECHAT__APPS: wechat.apps has the simulator's mini-program; production refuses it",
        ],
    );
}

#[test]
fn production_lets_guests_in_only_where_it_is_written() {
    let production = [("TEAHOUSE__MODE", "production"), ("TEAHOUSE__SECRETS__KEY", GOOD_KEY)];
    assert!(!loaded("", &production, &[]).unwrap().config.guests.allowed);
    assert!(loaded("[guests]\nallowed = true", &production, &[]).unwrap().config.guests.allowed);
    assert!(loaded("", &[], &[]).unwrap().config.guests.allowed);
    assert!(!loaded("[guests]\nallowed = false", &[], &[]).unwrap().config.guests.allowed);
}

#[test]
fn rules_between_keys_are_checked_in_every_mode() {
    check_refused(
        "[log]\nlevel = 'info,tea=loud'\n[server]\ncors_origins = ['shop.example']\n[wechat]\napps = [{ app_id = 'wx1', secret = 's' }, { app_id = 'wx1', secret = 's' }]",
        &[],
        &[
            "teahouse.toml:2: log.level is no log filter; write a level such as info, or info,teahouse_chat=debug",
            "teahouse.toml:4: server.cors_origins has \"shop.example\"; it must be * or scheme and host, such as https://shop.example",
            "teahouse.toml:6: wechat.apps has wx1 twice",
        ],
    );
}

#[test]
fn tls_has_one_source_and_all_of_it() {
    check_refused(
        "[tls]\ncertificate = 'fullchain.pem'",
        &[],
        &["teahouse.toml:2: tls.certificate needs tls.key beside it"],
    );
    check_refused(
        "[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\nacme_domains = ['chat.example.com']",
        &[],
        &["teahouse.toml:4: tls.acme_domains and tls.certificate exclude each other"],
    );
    check_refused(
        "[tls]\nacme_domains = ['*.example.com', 'https://chat.example.com']\nacme_contact = ['mailto:ann']",
        &[],
        &[
            "teahouse.toml:2: tls.acme_domains has \"*.example.com\"; it must be a domain such as chat.example.com",
            "teahouse.toml:2: tls.acme_domains has \"https://chat.example.com\"; it must be a domain such as chat.example.com",
            "teahouse.toml:3: tls.acme_contact has \"mailto:ann\"; it must be a mail address such as ann@example.com",
        ],
    );
    check_refused(
        "[server]\nhttp_redirect_listen = '0.0.0.0:80'",
        &[],
        &["teahouse.toml:2: server.http_redirect_listen needs a server.public_url that begins with https://"],
    );
    let files = "[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'";
    assert!(loaded(files, &[], &[]).unwrap().config.tls.is_on());
    assert!(!loaded("", &[], &[]).unwrap().config.tls.is_on());
}

#[test]
fn proxies_are_addresses_and_networks() {
    let proxies = [("TEAHOUSE__SERVER__TRUSTED_PROXIES", "127.0.0.1, fd00::/8")];
    assert_eq!(loaded("", &proxies, &[]).unwrap().config.gateway().trusted_proxies.len(), 2);
    let refused = loaded("[server]\ntrusted_proxies = ['nginx']", &[], &[]).unwrap_err();
    let expected =
        "teahouse.toml:2: server.trusted_proxies.0: \"nginx\" is no address or network, such as 127.0.0.1";
    assert!(refused.contains(expected), "{refused}");
    check_refused(
        "[server]\nproxy_protocol = true",
        &[],
        &["teahouse.toml:2: server.proxy_protocol needs server.trusted_proxies: nobody else is asked for it"],
    );
}

#[test]
fn the_table_of_keys_is_the_sections_structs() {
    // Every default in the table is the struct's own.
    let by_table = assemble(&[default_layer()]).unwrap().config;
    assert_eq!(format!("{by_table:?}"), format!("{:?}", Config::default()));
    // Every field of a section has its row.
    for section in keys::sections() {
        let nonsense = figment::providers::Serialized::default(&format!("{section}.?"), 1);
        let error = Figment::from(nonsense).extract::<Config>().unwrap_err();
        let figment::error::Kind::UnknownField(_, fields) = error.kind else { panic!("{section}: {error}") };
        let mut rows: Vec<_> = keys::in_section(section).map(Key::name).collect();
        let mut fields = fields.to_vec();
        rows.sort_unstable();
        fields.sort_unstable();
        assert_eq!(rows, fields, "[{section}]");
    }
}
