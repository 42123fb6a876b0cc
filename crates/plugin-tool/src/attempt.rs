//! `try`: what the plugin makes of one text.

use anyhow::{Result, bail};
use serde_json::Value;
use teahouse_plugin_host::{LogLevel, Metering};
use teahouse_plugin_package::{Command, EventKind, Manifest};

use crate::Misused;
use crate::cases::{CommandInput, EventInput, MessageInput, Runner, UserInput, level, runtime, unexpected};
use crate::command::Try;
use crate::project::Project;
use crate::sandbox::{self, Manner, Sandbox};

pub(crate) fn run(attempt: &Try) -> Result<()> {
    let project = attempt.component.at.project()?;
    let component = project.read_component(&attempt.component)?;
    let settings = sandbox::settings(&project, attempt.settings.as_ref())?;
    runtime()?.block_on(ask(&project, component, &settings, attempt))
}

async fn ask(project: &Project, component: Vec<u8>, settings: &Value, attempt: &Try) -> Result<()> {
    let sandbox = Sandbox::open(project, component, Metering::Time).await?;
    sandbox.house.begin(crate::house::START_MS, Vec::new()).await;
    let manner = Manner { fresh: false, patience: 10 };
    let loaded = sandbox.load(project, settings, sandbox::all_asked(&project.manifest), manner).await;
    let loaded = loaded.map_err(|error| sandbox::explained(project, error))?;
    let mut runner = Runner::new(project, &loaded, &sandbox.house, manner.patience);
    let answers = answers(&mut runner, &project.manifest, attempt).await?;
    for (hook, answer) in &answers {
        print(hook, answer)?;
    }
    for line in sandbox.telemetry.log.after(0, LogLevel::Debug, usize::MAX) {
        println!("log {}: {}", level(line.level), line.text);
    }
    match answers.iter().find_map(|(_, answer)| unexpected(answer)) {
        Some(error) => bail!(error),
        None => Ok(()),
    }
}

/// What each of the plugin's hooks makes of the text.
async fn answers(
    runner: &mut Runner<'_>,
    manifest: &Manifest,
    attempt: &Try,
) -> Result<Vec<(&'static str, Value)>> {
    let mut answers = Vec::new();
    if manifest.hooks.filter.is_some() {
        answers.push(("filter", runner.check(message(attempt)).await?));
    }
    if manifest.hooks.gate.is_some() {
        answers.push(("gate, as a name", runner.check_user_name(&attempt.text).await?));
    }
    if let Some(event) = event(manifest, attempt)? {
        answers.push(("bot", runner.event(event, None).await?));
    }
    Ok(answers)
}

/// What the plugin's bot is told of the text: of one of its commands as such, else as of a message, if it hears those.
fn event(manifest: &Manifest, attempt: &Try) -> Result<Option<EventInput>> {
    let hooks = &manifest.hooks;
    let Some(bot) = &hooks.bot else { return Ok(None) };
    let command = Command::split(&attempt.text)
        .filter(|(name, _)| manifest.commands.iter().any(|command| command.name == *name));
    if let Some((name, args)) = command {
        return Ok(Some(EventInput::Command(CommandInput {
            name: name.to_owned(),
            args: args.to_owned(),
            message: message(attempt),
            ..CommandInput::default()
        })));
    }
    if bot.events.contains(&EventKind::Posted) {
        return Ok(Some(EventInput::Posted(message(attempt))));
    }
    if hooks.filter.is_none() && hooks.gate.is_none() {
        let names: Vec<_> = manifest.commands.iter().map(Command::usage).collect();
        return Err(Misused::because(format!(
            "this bot doesn't hear what is posted; it has these commands: {}",
            names.join(", ")
        )));
    }
    Ok(None)
}

fn message(attempt: &Try) -> MessageInput {
    MessageInput {
        text: attempt.text.clone(),
        sender: Some(UserInput::Name(attempt.sender.clone())),
        role: Some(attempt.role.clone()),
        ..MessageInput::default()
    }
}

fn print(hook: &str, answer: &Value) -> Result<()> {
    let mut shown = answer.clone();
    if let Value::Object(fields) = &mut shown {
        fields.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    }
    println!("{hook}: {}", serde_json::to_string_pretty(&shown)?);
    Ok(())
}
