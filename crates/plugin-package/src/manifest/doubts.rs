//! What a manifest asks for in vain: not wrong, but not what its author can have meant.

use super::{CapabilityName, EventKind, Manifest, keys::Notes};
use crate::Problem;

pub(super) fn doubts(manifest: &Manifest) -> Vec<Problem> {
    let notes = Notes::default();
    doubt_capabilities(manifest, &notes);
    doubt_events(manifest, &notes);
    if !manifest.secrets.is_empty() && manifest.ask(CapabilityName::Http).is_none() {
        notes.add(
            "config.secrets",
            "secrets are of use to `http` alone, which is not asked for",
            "secrets 只供 `http` 使用，而插件没有申请它",
        );
    }
    notes.into_problems()
}

fn doubt_capabilities(manifest: &Manifest, notes: &Notes) {
    for ask in &manifest.capabilities {
        let name = ask.terms.name();
        if manifest.hooks.bot.is_none() && !matches!(name, CapabilityName::Kv | CapabilityName::Directory) {
            notes.add(
                format!("capabilities.{name}"),
                "only a bot can use it: filters and gates have kv and directory alone",
                "只有机器人能使用：过滤器和门卫只有 kv 和 directory",
            );
        }
    }
}

/// Events that never come, and ways to them that lead nowhere.
fn doubt_events(manifest: &Manifest, notes: &Notes) {
    let hears = |event| manifest.hooks.bot.as_ref().is_some_and(|bot| bot.events.contains(&event));
    let (timers, hears_timers) = (manifest.ask(CapabilityName::Timers).is_some(), hears(EventKind::Timer));
    if timers && !hears_timers {
        notes.add(
            "hooks.bot.events",
            "asks for timers, but not for the event `timer`",
            "申请了 timers，却没有订阅事件 `timer`",
        );
    }
    if hears_timers && !timers {
        notes.add(
            "capabilities.timers",
            "the event `timer` comes only to who may set timers",
            "只有获准设置定时器才会收到事件 `timer`",
        );
    }
    if hears(EventKind::Command) && manifest.commands.is_empty() {
        notes.add(
            "commands",
            "the event `command` is subscribed to, but no command is named",
            "订阅了事件 `command`，却没有声明任何命令",
        );
    }
}
