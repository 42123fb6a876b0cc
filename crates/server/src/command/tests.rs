//! The texts of `--help` are a contract, and so are the completions' names.

use super::*;

/// The help of `command` and of all below it.
fn check_help(command: &mut clap::Command, name: &str) {
    let help = command.clone().term_width(100).render_long_help().to_string();
    // Trailing blanks are clap's, not a contract.
    let lines: Vec<_> = help.lines().map(str::trim_end).collect();
    crate::golden::check(&format!("golden/help/{name}.txt"), &format!("{}\n", lines.join("\n")));
    for inner in command.get_subcommands_mut().filter(|inner| inner.get_name() != "help") {
        let name = format!("{name}-{}", inner.get_name());
        check_help(inner, &name);
    }
}

#[test]
fn the_help_of_every_command_is_as_kept() {
    let mut command = CommandLine::command();
    command.build();
    check_help(&mut command, "teahouse");
}

#[test]
fn the_command_line_is_consistent() {
    CommandLine::command().debug_assert();
}

#[test]
fn every_shell_can_be_completed() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut CommandLine::command(), "teahouse", &mut script);
        assert!(String::from_utf8(script).unwrap().contains("wechat-sim"), "{shell}");
    }
}

#[test]
fn a_flag_is_a_setting_of_its_key() {
    let line = CommandLine::parse_from([
        "teahouse",
        "--listen",
        "[::1]:0",
        "serve",
        "--set",
        "log.level=debug",
        "--mode",
        "production",
    ]);
    let settings = line.settings.settings();
    let settings: Vec<_> =
        settings.iter().map(|(key, text, flag)| (key.as_str(), text.as_str(), flag.as_str())).collect();
    let expected = [
        ("mode", "production", "--mode"),
        ("server.listen", "[::1]:0", "--listen"),
        ("log.level", "debug", "--set log.level"),
    ];
    assert_eq!(settings, expected);
}

#[test]
fn a_failure_is_told_with_its_causes_and_each_once() {
    let error = anyhow::anyhow!("no water").context("the kettle failed: no water").context("no tea");
    assert_eq!(Failure::Failed(error).to_string(), "no tea: the kettle failed: no water");
}

#[test]
fn wrong_usage_is_told_from_failure_by_its_status() {
    assert_eq!(CommandLine::try_parse_from(["teahouse", "brew"]).unwrap_err().exit_code(), 2);
    assert_eq!(CommandLine::try_parse_from(["teahouse", "--set", "tea"]).unwrap_err().exit_code(), 2);
    assert_eq!(Failure::Configuration(Problems(Vec::new())).status(), 2);
    assert_eq!(Failure::Failed(anyhow::anyhow!("no water")).status(), 1);
}
