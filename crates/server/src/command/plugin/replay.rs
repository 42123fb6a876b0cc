//! `teahouse plugin replay`: what would change, shown before anything does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use teahouse_plugin_package::{Package, PluginId, Problems};
use teahouse_plugins::lifecycle::Lifecycle;
use teahouse_plugins::{Candidate, Change, ReplayReport, Said};
use teahouse_protocol::{Clock as _, SystemClock, Timestamp, preview};

use super::Replay;
use super::operate::newest;
use crate::config::Config;
use crate::serve;

/// Changes that are shown on a terminal; `--json` has more.
const SHOWN: usize = 20;
/// Characters of a message that are shown.
const TEXT: usize = 60;

/// Runs it, beside a server or without one.
pub(super) async fn run(command: &Replay, config: &Config) -> anyhow::Result<()> {
    serve::with_replay(config, async |plugins, replay| {
        let package = candidate(plugins, &command.what).await?;
        let manifest = package.manifest();
        let title = format!("{} {}", manifest.id, manifest.version);
        if manifest.hooks.filter.is_none() {
            bail!("{title} has no filter, so it would say nothing to what people said");
        }
        let settings = command.settings.as_deref().map(|file| settings(&package, file)).transpose()?;
        let since = command.since.before(SystemClock.now());
        let bar = bar();
        let report = replay
            .run(&Candidate { package, settings }, since, |progress| {
                bar.set_length(progress.of);
                bar.set_position(progress.done);
            })
            .await;
        bar.finish_and_clear();
        let report = report.with_context(|| format!("{title} could not be tried"))?;
        if command.json {
            println!("{:#}", as_json(&title, since, &report));
        } else {
            println!("{}", as_text(&title, since, &report));
        }
        Ok(())
    })
    .await
}

/// A file where there is one, or where the name says so; a plugin otherwise.
async fn candidate(plugins: &Lifecycle, what: &str) -> anyhow::Result<Package> {
    let file = Path::new(what);
    if file.is_file() || file.extension().is_some_and(|extension| extension == "teaplugin") {
        let bytes = std::fs::read(file).with_context(|| format!("could not read {what}"))?;
        return Package::read(&bytes).with_context(|| format!("{what} is no package"));
    }
    let id: PluginId =
        what.parse().with_context(|| format!("{what} is neither a file nor the id of a plugin"))?;
    let digest = newest(&plugins.show(&id).await?)?;
    Ok(plugins.package(&digest).await?.as_ref().clone())
}

/// Checked here: a filter that fails for its settings would look like one that fails for the messages.
fn settings(package: &Package, file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))?;
    let values: Value =
        serde_json::from_str(&text).with_context(|| format!("{} is no JSON", file.display()))?;
    if !values.is_object() {
        bail!("{}: settings are one JSON object", file.display());
    }
    let schema = package.schema();
    Problems::check(schema.validate(&schema.complete(&values)))
        .with_context(|| format!("{} does not fit the plugin", file.display()))?;
    Ok(values)
}

/// On standard error, and only where that is a terminal: what is printed stays clean.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} messages, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn as_text(title: &str, since: Timestamp, report: &ReplayReport) -> String {
    let mut lines = vec![
        format!("{title}, messages since {since}"),
        format!(
            "{} looked at, {} would change; its calls took {:.1} ms together",
            report.looked_at,
            report.changed,
            report.took.as_secs_f64() * 1000.0
        ),
        String::new(),
        format!("{:20} {:>10} {:>10}", "verdict", "before", "after"),
    ];
    let verdicts: BTreeSet<&String> = report.before.keys().chain(report.after.keys()).collect();
    for verdict in verdicts {
        let count = |counts: &BTreeMap<String, u64>| counts.get(verdict).copied();
        // Without an installed filter everything passes.
        let nobody = report.before.is_empty() && verdict == "allow";
        let before = count(&report.before).unwrap_or(if nobody { report.looked_at } else { 0 });
        lines.push(format!("{verdict:20} {before:>10} {:>10}", count(&report.after).unwrap_or(0)));
    }
    if report.before.is_empty() && report.looked_at > 0 {
        lines.push("No filter of this id is installed: before, everything passes.".to_owned());
    }
    for change in report.changes.iter().take(SHOWN) {
        lines.extend(change_lines(change));
    }
    let shown = report.changes.len().min(SHOWN) as u64;
    if report.changed > shown {
        lines.push(format!("\n… and {} more; --json names the first 1000", report.changed - shown));
    }
    lines.push("\nNothing was touched: no message, no member, and nothing that the plugin keeps.".to_owned());
    lines.join("\n")
}

fn change_lines(change: &Change) -> [String; 3] {
    [
        format!("\n{}  {} → {}", change.at, word(&change.before), word(&change.after)),
        format!("  room {}  sender {}", change.room, change.sender),
        format!("  {}", shortened(&change.text)),
    ]
}

fn word(said: &Said) -> String {
    if said.code.is_empty() {
        return said.verdict.clone();
    }
    format!("{} ({})", said.verdict, shortened(&said.code))
}

/// One line, and nothing in it that a terminal would obey: strangers wrote it.
fn shortened(text: &str) -> String {
    let plain = text.replace(char::is_control, " ");
    preview(&plain, TEXT).into_owned()
}

fn as_json(title: &str, since: Timestamp, report: &ReplayReport) -> Value {
    let said = |said: &Said| json!({ "verdict": said.verdict, "code": said.code });
    let changes: Vec<Value> = report
        .changes
        .iter()
        .map(|change| {
            json!({
                "message": change.message,
                "room": change.room,
                "sender": change.sender,
                "at": change.at,
                "text": change.text,
                "before": said(&change.before),
                "after": said(&change.after),
            })
        })
        .collect();
    json!({
        "candidate": title,
        "since": since,
        "looked_at": report.looked_at,
        "changed": report.changed,
        "before": report.before,
        "after": report.after,
        "took_ms": report.took.as_secs_f64() * 1000.0,
        "changes": changes,
    })
}

#[cfg(test)]
mod tests {
    use teahouse_protocol::{MessageId, RoomId, UserId};

    use super::*;

    #[test]
    fn a_report_shows_both_counts_and_nothing_that_a_terminal_obeys() {
        let said = |verdict: &str, code: &str| Said { verdict: verdict.to_owned(), code: code.to_owned() };
        let change = Change {
            message: MessageId::from_uuid(uuid(1)),
            room: RoomId::from_uuid(uuid(2)),
            sender: UserId::from_uuid(uuid(3)),
            at: Timestamp::from_millis(0),
            text: format!("\u{1b}[2Jtea\n{}", "茶".repeat(80)),
            before: said("allow", ""),
            after: said("reject", "spam"),
        };
        let report = ReplayReport {
            looked_at: 5,
            changed: 1,
            changes: vec![change],
            after: [("allow".to_owned(), 4), ("reject".to_owned(), 1)].into(),
            ..ReplayReport::default()
        };
        let text = as_text("tea.words 1.0.0", Timestamp::from_millis(0), &report);
        assert!(text.contains("allow → reject (spam)"), "{text}");
        assert!(text.contains("allow                         5          4"), "{text}");
        assert!(!text.contains('\u{1b}') && text.contains("茶…"), "{text}");
        assert!(
            text.ends_with("Nothing was touched: no message, no member, and nothing that the plugin keeps.")
        );
        let json = as_json("tea.words 1.0.0", Timestamp::from_millis(0), &report);
        assert_eq!(json["changes"][0]["after"], json!({ "verdict": "reject", "code": "spam" }));
    }

    fn uuid(number: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(number)
    }
}
