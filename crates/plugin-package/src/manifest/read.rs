//! Reads `plugin.toml`, and says all that is wrong with it at once.

use std::{collections::BTreeSet, time::Duration};

use semver::Version;

use super::{
    Ask, BotHook, CapabilityName, Command, EventKind, FilterHook, GateHook, Hooks, HostPattern, Isolation,
    Limits, Manifest, Method, OnError, Rooms, Terms, command,
    keys::{Keys, Notes},
};
use crate::{Api, HOST_API, PluginId, Problem, Problems, words::Word};

/// Languages of a plugin at most: each is a file of the package.
const MAX_LANGUAGES: usize = 40;
/// Secrets of a plugin at most.
const MAX_SECRETS: usize = 20;
/// Commands of a plugin at most: the list goes to each client that completes them.
const MAX_COMMANDS: usize = 50;

pub(super) fn manifest(text: &str) -> Result<Manifest, Problems> {
    if text.len() > Manifest::MAX_BYTES {
        let most = Manifest::MAX_BYTES / 1024;
        return Err(Problems::one(Problem::new(
            "",
            format!("plugin.toml may have {most} KiB at most"),
            format!("plugin.toml 最多 {most} KiB"),
        )));
    }
    let table = text.parse::<toml::Table>().map_err(|error| {
        let error = error.to_string();
        Problems::one(Problem::new("", format!("not TOML: {error}"), format!("不是有效的 TOML：{error}")))
    })?;
    let notes = Notes::default();
    let read = whole(Keys::new("", table, &notes));
    Problems::check(notes.into_problems())?;
    // Nothing was noted, so nothing required was missing.
    read.ok_or_else(|| Problems::one(Problem::new("plugin", "is incomplete", "不完整")))
}

fn whole(mut root: Keys<'_>) -> Option<Manifest> {
    let plugin = root.require("plugin", |root| root.table("plugin")).map(plugin);
    let hooks = root.require("hooks", |root| root.table("hooks")).map(hooks);
    let has_bot = hooks.as_ref().is_some_and(|hooks| hooks.bot.is_some());
    let capabilities = root.table("capabilities").map(capabilities).unwrap_or_default();
    let limits = limits(root.table("limits"), has_bot);
    let (schema, secrets) = root.table("config").map(config).unwrap_or_default();
    let commands = commands(&mut root);
    let listens = hooks.as_ref().and_then(|hooks| hooks.bot.as_ref()).map(|bot| &bot.events);
    if !commands.is_empty() && !listens.is_some_and(|events| events.contains(&EventKind::Command)) {
        root.note(
            "commands",
            "need `command` among the events of [hooks.bot]",
            "需要在 [hooks.bot] 的 events 中包含 `command`",
        );
    }
    root.finish();
    let Plugin { id, name, description, version, api, license, homepage, languages } = plugin??;
    Some(Manifest {
        id,
        name,
        description,
        version,
        api,
        license,
        homepage,
        languages,
        hooks: hooks?,
        capabilities,
        limits,
        schema,
        secrets,
        commands,
    })
}

/// `[plugin]`.
struct Plugin {
    id: PluginId,
    name: String,
    description: Option<String>,
    version: Version,
    api: Api,
    license: Option<String>,
    homepage: Option<String>,
    languages: Vec<String>,
}

fn plugin(mut keys: Keys<'_>) -> Option<Plugin> {
    let id = keys.require("id", |keys| {
        keys.parsed(
            "id",
            "插件 id 用反向域名，如 org.example.word-guard：小写字母、数字、连字符和点，最多 64 个字符",
        )
    });
    let name = keys.require("name", |keys| keys.text("name", 64));
    let version = keys.require("version", version);
    let api = api(&mut keys);
    name_component(&mut keys);
    let description = keys.text("description", 300);
    let license = keys.text("license", 64);
    let homepage = keys.text("homepage", 200);
    if homepage.as_ref().is_some_and(|homepage| !homepage.starts_with("https://")) {
        keys.note("homepage", "must begin with https://", "必须以 https:// 开头");
    }
    let languages = languages(&mut keys);
    keys.finish();
    Some(Plugin {
        id: id?,
        name: name?,
        description,
        version: version?,
        api: api?,
        license,
        homepage,
        languages,
    })
}

fn version(keys: &mut Keys<'_>) -> Option<Version> {
    let version = keys.parsed::<Version>("version", "版本号形如 1.4.0")?;
    // It stands in the file's name.
    let short = version.to_string().len() <= 64;
    if !short {
        keys.note("version", "may have 64 characters at most", "最多 64 个字符");
    }
    short.then_some(version)
}

fn api(keys: &mut Keys<'_>) -> Option<Api> {
    let api = keys.require("api", |keys| keys.parsed("api", "接口版本是两个数字，如 1.0"));
    if let Some(api) = api.filter(|api: &Api| !api.runs_on(HOST_API)) {
        keys.note(
            "api",
            format!("the plugin needs interface {api}; this server has {HOST_API}"),
            format!("插件需要接口 {api}；本服务器提供 {HOST_API}"),
        );
    }
    api
}

/// It may be named, but always has the same name.
fn name_component(keys: &mut Keys<'_>) {
    if let Some(component) = keys.text("component", 64).filter(|file| file != Manifest::COMPONENT) {
        keys.note(
            "component",
            format!("must be `plugin.wasm`, not {component:?}"),
            format!("必须是 `plugin.wasm`，而不是 {component:?}"),
        );
    }
}

fn languages(keys: &mut Keys<'_>) -> Vec<String> {
    let languages = keys.texts("languages", 16).unwrap_or_default();
    if languages.len() > MAX_LANGUAGES {
        keys.note(
            "languages",
            format!("there may be {MAX_LANGUAGES} at most"),
            format!("最多 {MAX_LANGUAGES} 个"),
        );
    }
    let distinct: BTreeSet<_> = languages.iter().collect();
    if distinct.len() < languages.len()
        || !languages.iter().all(|language| crate::locale::is_language(language))
    {
        keys.note(
            "languages",
            "must be different language tags such as en or zh-CN",
            "必须是互不相同的语言标签，如 en 或 zh-CN",
        );
    }
    languages
}

fn hooks(mut keys: Keys<'_>) -> Hooks {
    let found = Hooks {
        filter: keys.table("filter").map(filter),
        gate: keys.table("gate").map(gate),
        bot: keys.table("bot").map(bot),
    };
    if found.filter.is_none() && found.gate.is_none() && found.bot.is_none() {
        keys.note(
            "filter",
            "a plugin needs one hook at least: [hooks.filter], [hooks.gate] or [hooks.bot]",
            "插件至少需要一个钩子：[hooks.filter]、[hooks.gate] 或 [hooks.bot]",
        );
    }
    keys.finish();
    found
}

fn filter(mut keys: Keys<'_>) -> FilterHook {
    let hook = FilterHook {
        priority: priority(&mut keys),
        kinds: keys.words("kinds").unwrap_or_else(all),
        edits: keys.boolean("edits", true),
        rooms: keys.word("rooms", Rooms::Chosen),
        running: millis(&mut keys, "deadline-ms", FilterHook::DEFAULT_RUNNING, FilterHook::MAX_RUNNING),
        on_error: keys.word("on-error", OnError::Hold),
    };
    keys.finish();
    hook
}

fn gate(mut keys: Keys<'_>) -> GateHook {
    let hook = GateHook {
        priority: priority(&mut keys),
        names: keys.words("names").unwrap_or_else(all),
        joins: keys.boolean("joins", true),
        rooms: keys.word("rooms", Rooms::Chosen),
        running: millis(&mut keys, "deadline-ms", FilterHook::DEFAULT_RUNNING, FilterHook::MAX_RUNNING),
        on_error: keys.word("on-error", OnError::Hold),
    };
    keys.finish();
    hook
}

fn bot(mut keys: Keys<'_>) -> BotHook {
    let concurrency = u32::from(BotHook::DEFAULT_CONCURRENCY);
    let hook = BotHook {
        events: keys.require("events", |keys| keys.words("events")).unwrap_or_default(),
        bots: keys.boolean("bots", false),
        rooms: keys.word("rooms", Rooms::Chosen),
        wall: millis(&mut keys, "deadline-ms", BotHook::DEFAULT_WALL, BotHook::MAX_WALL),
        running: millis(&mut keys, "running-ms", BotHook::DEFAULT_RUNNING, BotHook::MAX_RUNNING),
        concurrency: small(keys.number("concurrency", 1..=u32::from(BotHook::MAX_CONCURRENCY), concurrency)),
    };
    keys.finish();
    hook
}

fn priority(keys: &mut Keys<'_>) -> u16 {
    let default = u32::from(FilterHook::DEFAULT_PRIORITY);
    small(keys.number("priority", 0..=u32::from(FilterHook::MAX_PRIORITY), default))
}

/// A number whose range fits.
fn small(number: u32) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}

fn millis(keys: &mut Keys<'_>, key: &'static str, default: Duration, most: Duration) -> Duration {
    let number = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    Duration::from_millis(keys.number(key, 1..=number(most), number(default)).into())
}

fn all<T: Word + Ord>() -> BTreeSet<T> {
    T::ALL.iter().copied().collect()
}

fn capabilities(mut keys: Keys<'_>) -> Vec<Ask> {
    let mut asks = Vec::new();
    for name in CapabilityName::ALL {
        let Some(mut keys) = keys.table(name.as_str()) else { continue };
        let optional = keys.boolean("optional", false);
        let why = keys.text("why", 200);
        asks.push(Ask { terms: terms(*name, &mut keys), optional, why });
        keys.finish();
    }
    keys.finish();
    asks
}

fn terms(name: CapabilityName, keys: &mut Keys<'_>) -> Terms {
    match name {
        CapabilityName::Kv => {
            Terms::Kv { quota_kib: keys.number("quota-kib", 1..=Terms::MAX_KV_KIB, Terms::DEFAULT_KV_KIB) }
        }
        CapabilityName::Directory => Terms::Directory {},
        CapabilityName::Messages => {
            let per_minute = keys.number("per-minute", 1..=Terms::MAX_MESSAGES, Terms::DEFAULT_MESSAGES);
            Terms::Messages { per_minute }
        }
        CapabilityName::History => Terms::History {},
        CapabilityName::Moderation => {
            Terms::Moderation { acts: keys.require("acts", |keys| keys.words("acts")).unwrap_or_default() }
        }
        CapabilityName::Timers => {
            Terms::Timers { max: keys.number("max", 1..=Terms::MAX_TIMERS, Terms::DEFAULT_TIMERS) }
        }
        CapabilityName::Http => http(keys),
    }
}

fn http(keys: &mut Keys<'_>) -> Terms {
    let hosts: Vec<HostPattern> = keys
        .require("hosts", |keys| {
            keys.parsed_list(
                "hosts",
                "主机写作 https://域名 或 https://*.域名，可带端口；域名小写，不能是 IP 地址",
            )
        })
        .unwrap_or_default();
    if hosts.len() > Terms::MAX_HOSTS {
        let most = Terms::MAX_HOSTS;
        keys.note("hosts", format!("there may be {most} at most"), format!("最多 {most} 个"));
    }
    let methods = keys.words("methods").unwrap_or_else(|| BTreeSet::from([Method::Get]));
    Terms::Http { hosts: hosts.into_iter().collect(), methods }
}

fn limits(keys: Option<Keys<'_>>, has_bot: bool) -> Limits {
    let memory = if has_bot { Limits::BOT_MEMORY_MIB } else { Limits::FILTER_MEMORY_MIB };
    let Some(mut keys) = keys else { return Limits { memory_mib: memory, isolation: Isolation::Warm } };
    let limits = Limits {
        memory_mib: keys.number("memory-mib", 1..=Limits::MAX_MEMORY_MIB, memory),
        isolation: keys.word("isolation", Isolation::Warm),
    };
    keys.finish();
    limits
}

fn config(mut keys: Keys<'_>) -> (Option<String>, Vec<String>) {
    let schema = keys.text("schema", 64);
    if let Some(other) = schema.as_ref().filter(|file| *file != crate::Schema::FILE) {
        keys.note(
            "schema",
            format!("must be `config.schema.json`, not {other:?}"),
            format!("必须是 `config.schema.json`，而不是 {other:?}"),
        );
    }
    let secrets = keys.texts("secrets", 64).unwrap_or_default();
    let distinct: BTreeSet<_> = secrets.iter().collect();
    let plain =
        |secret: &String| secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if secrets.len() > MAX_SECRETS || distinct.len() < secrets.len() || !secrets.iter().all(plain) {
        keys.note(
            "secrets",
            format!("must be different names of letters, digits, - and _; {MAX_SECRETS} at most"),
            format!("必须是互不相同的名称，由字母、数字、- 和 _ 组成；最多 {MAX_SECRETS} 个"),
        );
    }
    keys.finish();
    (schema, secrets)
}

fn commands(root: &mut Keys<'_>) -> Vec<Command> {
    let commands: Vec<_> =
        root.tables("commands", MAX_COMMANDS).into_iter().filter_map(command::read).collect();
    let names: BTreeSet<_> = commands.iter().map(|command| &command.name).collect();
    if names.len() < commands.len() {
        root.note("commands", "must have different names", "名称不能重复");
    }
    commands
}
