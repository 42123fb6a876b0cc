//! What an operator decides, one function a command.

use std::io::{IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, bail};
use serde_json::Value;
use teahouse_plugin_package::{Digest, PluginId};
use teahouse_plugins::Policy as Decided;
use teahouse_plugins::lifecycle::{By, Choices, Data, Lifecycle, LifecycleError, PluginView, SecretChanges};
use teahouse_protocol::RoomId;
use zeroize::Zeroizing;

use super::{Grant, Install, Logs, OperatorCommand, Policy, Rooms, Settings, replay, shown};
use crate::config::Config;
use crate::serve;

pub(super) async fn run(command: OperatorCommand, config: &Config) -> anyhow::Result<()> {
    let done = match command {
        OperatorCommand::Logs(logs) => print_logs(&logs).await,
        OperatorCommand::Replay(replay) => replay::run(&replay, config).await,
        command => serve::with_lifecycle(config, async |plugins| act(plugins, command).await).await,
    };
    done.map_err(advised)
}

async fn act(plugins: &Lifecycle, command: OperatorCommand) -> anyhow::Result<()> {
    let by = By::operator();
    match command {
        OperatorCommand::Install(install) => take_in(plugins, &install).await?,
        OperatorCommand::List => shown::list(&plugins.list().await?),
        OperatorCommand::Show { plugin } => shown::plugin(&plugins.show(&plugin).await?),
        OperatorCommand::Grant(grant) => agree(plugins, &grant).await?,
        OperatorCommand::Revoke { plugin, capability } => {
            let revoked = plugins.revoke(&plugin, capability, &by).await?;
            println!("{}", if revoked { "revoked" } else { "it was not granted" });
        }
        OperatorCommand::Enable { plugin } => {
            plugins.enable(&plugin, &by).await?;
            println!("{plugin} is enabled");
        }
        OperatorCommand::Disable { plugin } => {
            plugins.disable(&plugin, &by).await?;
            println!("{plugin} is disabled");
        }
        OperatorCommand::Upgrade { plugin, digest } => {
            let digest = match digest {
                Some(digest) => digest,
                None => newest(&plugins.show(&plugin).await?)?,
            };
            let upgraded = plugins.upgrade(&plugin, &digest, None, &by).await?;
            println!("{plugin}: {} took over from {}", upgraded.to, upgraded.from);
        }
        OperatorCommand::Rollback { plugin } => {
            let upgraded = plugins.rollback(&plugin, &by).await?;
            println!("{plugin}: back at {} from {}", upgraded.to, upgraded.from);
        }
        OperatorCommand::Retry { plugin } => {
            plugins.end_quarantine(&plugin, &by).await?;
            println!("{plugin} gets another chance");
        }
        OperatorCommand::Settings(settings) => set_up(plugins, settings).await?,
        OperatorCommand::Policy(policy) => decide(plugins, &policy).await?,
        OperatorCommand::Rooms(rooms) => choose_rooms(plugins, &rooms).await?,
        OperatorCommand::Uninstall { plugin, keep_data, yes } => {
            throw_out(plugins, &plugin, keep_data, yes).await?;
        }
        // Those have been dealt with: they need more, or less, than what is installed.
        OperatorCommand::Logs(_) | OperatorCommand::Replay(_) => {}
    }
    Ok(())
}

/// What went wrong, and what can be done about it.
fn advised(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref::<LifecycleError>() {
        Some(cause) => anyhow::anyhow!("{cause}\n{}", cause.advice().0),
        None => error,
    }
}

async fn take_in(plugins: &Lifecycle, install: &Install) -> anyhow::Result<()> {
    let bytes =
        std::fs::read(&install.file).with_context(|| format!("could not read {}", install.file.display()))?;
    let digest = Digest::of(&bytes);
    if install.digest.as_ref().is_some_and(|expected| *expected != digest) {
        bail!("{} has the digest {digest}, which is another: it was not installed", install.file.display());
    }
    let installed = plugins.install(bytes, &By::operator()).await?;
    println!("{} {} {}", installed.plugin, installed.version, installed.digest);
    shown::consent(&installed.consent);
    let next = if !installed.is_first && !installed.is_current { "upgrade" } else { "enable" };
    let id = &installed.plugin;
    if !installed.consent.agreed {
        // With the digest: another version may come in before somebody types this.
        let digest = &installed.digest;
        println!(
            "\nTo agree: teahouse plugin grant {id} --digest {digest} --required (or --all, or name capabilities)"
        );
    }
    if installed.needs_settings {
        println!("It needs settings: teahouse plugin settings {id}");
    }
    println!("Then: teahouse plugin {next} {id}");
    Ok(())
}

async fn agree(plugins: &Lifecycle, grant: &Grant) -> anyhow::Result<()> {
    let digest = match &grant.digest {
        Some(digest) => *digest,
        None => newest(&plugins.show(&grant.plugin).await?)?,
    };
    let consent = plugins.consent(&grant.plugin, Some(&digest)).await?;
    let choices = if grant.all {
        Choices::all(&consent)
    } else if grant.required {
        Choices::required(&consent)
    } else if grant.capabilities.is_empty() && !consent.items.is_empty() {
        shown::consent(&consent);
        println!("\nNothing was granted: name capabilities, or give --required or --all.");
        return Ok(());
    } else {
        Choices::of(grant.capabilities.iter().copied())
    };
    plugins.grant(&grant.plugin, &digest, &choices, &By::operator()).await?;
    shown::grants(&plugins.show(&grant.plugin).await?);
    Ok(())
}

/// The newest version that is kept.
pub(super) fn newest(plugin: &PluginView) -> anyhow::Result<Digest> {
    plugin.versions.first().map(|version| version.digest).context("no version is kept")
}

async fn set_up(plugins: &Lifecycle, settings: Settings) -> anyhow::Result<()> {
    let before = plugins.settings(&settings.plugin).await?;
    if settings.from.is_none() && settings.change.is_empty() && settings.secret.is_none() {
        shown::settings(&before);
        return Ok(());
    }
    let mut values = match &settings.from {
        Some(file) => {
            let text = std::fs::read_to_string(file);
            let text = text.with_context(|| format!("could not read {}", file.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))?
        }
        None => before.values,
    };
    for change in &settings.change {
        apply(&mut values, change)?;
    }
    let mut secrets = SecretChanges::new();
    if let Some(name) = settings.secret {
        let mut secret = Zeroizing::new(String::new());
        std::io::stdin().read_to_string(&mut secret).context("could not read the secret")?;
        let secret = Zeroizing::new(secret.trim_end_matches(['\r', '\n']).to_owned());
        secrets.insert(name, Some(secret));
    }
    plugins.configure(&settings.plugin, &values, &secrets, &By::operator()).await?;
    println!("saved");
    Ok(())
}

/// `name=value`, where a dot leads into a group; a value that is no JSON is text.
fn apply(values: &mut Value, change: &str) -> anyhow::Result<()> {
    let (name, text) = change.split_once('=').context("write --change NAME=VALUE")?;
    let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    let mut place = values;
    for part in name.split('.') {
        let Value::Object(group) = place else { bail!("{name}: there is no group of settings above it") };
        place = group.entry(part).or_insert_with(|| Value::Object(serde_json::Map::new()));
    }
    *place = value;
    Ok(())
}

async fn decide(plugins: &Lifecycle, policy: &Policy) -> anyhow::Result<()> {
    let before = plugins.show(&policy.plugin).await?.policy;
    let decided = changed(&before, &policy.change)?;
    if !policy.change.is_empty() {
        plugins.set_policy(&policy.plugin, &decided, &By::operator()).await?;
    }
    println!("{}", serde_json::to_string_pretty(&decided)?);
    Ok(())
}

/// What was decided, with these changes. What is no decision is refused: the database would keep it, and nobody heed it.
fn changed(before: &Decided, changes: &[String]) -> anyhow::Result<Decided> {
    let mut values = serde_json::to_value(before)?;
    for change in changes {
        match change.strip_suffix('=') {
            Some(name) => take_back(&mut values, name),
            None => apply(&mut values, change)?,
        }
    }
    let decided: Decided = serde_json::from_value(values).context("that can't be decided so")?;
    let kept = serde_json::to_value(&decided)?;
    for change in changes {
        let (name, value) = change.split_once('=').unwrap_or((change, ""));
        let path = format!("/{}", name.replace('.', "/"));
        if !value.is_empty() && kept.pointer(&path).is_none() {
            bail!("{name}: there is no such thing to decide");
        }
    }
    Ok(decided)
}

fn take_back(values: &mut Value, name: &str) {
    let (group, name) = name.rsplit_once('.').unwrap_or(("", name));
    let path: String =
        group.split('.').filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect();
    if let Some(Value::Object(group)) = values.pointer_mut(&path) {
        group.remove(name);
    }
}

async fn choose_rooms(plugins: &Lifecycle, rooms: &Rooms) -> anyhow::Result<()> {
    let by = By::operator();
    for room in &rooms.add {
        plugins.add_room(&rooms.plugin, RoomId::from_uuid(*room), &by).await?;
    }
    for room in &rooms.remove {
        plugins.remove_room(&rooms.plugin, RoomId::from_uuid(*room), &by).await?;
    }
    shown::rooms(&plugins.show(&rooms.plugin).await?);
    Ok(())
}

async fn throw_out(plugins: &Lifecycle, id: &PluginId, keep_data: bool, yes: bool) -> anyhow::Result<()> {
    let name = plugins.show(id).await?.name;
    let what = if keep_data { "every version of it" } else { "every version of it and all that it stored" };
    if !yes && !confirmed(&format!("Uninstall {name} ({id}), {what}?"))? {
        println!("nothing was done");
        return Ok(());
    }
    let data = if keep_data { Data::Keep } else { Data::Delete };
    plugins.uninstall(id, data, &By::operator()).await?;
    println!("{id} is gone");
    Ok(())
}

fn confirmed(question: &str) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() {
        bail!("{question} Say --yes where nobody can be asked.");
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Lines stand in the memory of the server that ran the plugin: it is asked.
async fn print_logs(logs: &Logs) -> anyhow::Result<()> {
    let (server, plugin) = (logs.server.trim_end_matches('/'), &logs.plugin);
    // The key is for that server alone: a redirect would take it along.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let answer = client
        .get(format!("{server}/v1/admin/plugins/{plugin}/logs"))
        .query(&[("level", &logs.level)])
        .header("X-Api-Key", &logs.key)
        .send()
        .await
        .with_context(|| format!("no server answers at {server}"))?;
    let status = answer.status();
    let body: Value = answer.json().await.context("the server did not answer in JSON")?;
    if !status.is_success() {
        bail!("{}", body["detail"].as_str().unwrap_or("the server refused"));
    }
    for line in body["items"].as_array().into_iter().flatten() {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        println!("{} {:5} {} {}", text("at"), text("level"), text("hook"), text("text"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_decision_is_taken_and_taken_back_by_its_name() {
        let change = |before: &Decided, text: &str| changed(before, &[text.to_owned()]);
        let held = change(&Decided::default(), "filter.on_error=hold").unwrap();
        assert_eq!(serde_json::to_value(held.filter).unwrap(), json!({"on_error": "hold"}));
        let small = change(&held, "limits.kv_per_minute=10").unwrap();
        assert_eq!((small.limits.kv_per_minute, small.filter), (Some(10), held.filter));
        assert_eq!(change(&small, "limits.kv_per_minute=").unwrap(), held);
        let automatic = change(&held, "automatic_upgrade=true").unwrap();
        assert!(automatic.automatic_upgrade);
        assert_eq!(change(&automatic, "automatic_upgrade=").unwrap(), held);
        for wrong in ["filter.on_error=perhaps", "limits.memory=1", "limits.memory_mib=much", "memory_mib"] {
            assert!(change(&held, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_change_is_json_or_else_text_and_a_dot_leads_into_a_group() {
        let mut values = json!({"greeting": "hi", "limits": {"burst": 3}});
        apply(&mut values, "greeting=你好 = hello").unwrap();
        apply(&mut values, "limits.burst=5").unwrap();
        apply(&mut values, "words=[\"a\"]").unwrap();
        assert_eq!(values, json!({"greeting": "你好 = hello", "limits": {"burst": 5}, "words": ["a"]}));
        assert!(apply(&mut values, "greeting").is_err());
        assert!(apply(&mut values, "greeting.deeper=1").is_err());
    }
}
