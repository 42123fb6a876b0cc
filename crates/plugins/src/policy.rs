//! What the admin decided about a plugin where its manifest only proposes: the column `plugins.policy`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use teahouse_plugin_package::{BotHook, FilterHook, Isolation, Limits, Manifest, OnError, Rooms};

/// What the admin decided. What is absent is as the manifest proposes. Unknown keys are left alone: a newer node may have
/// written them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Of messages and edits.
    pub filter: HookPolicy,
    /// Of names and joins.
    pub gate: HookPolicy,
    /// In which rooms it works, all hooks alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rooms: Option<Rooms>,
    /// What it may use up.
    pub limits: LimitPolicy,
    /// Whether a new version that asks for nothing new takes over without anybody being asked.
    pub automatic_upgrade: bool,
}

/// What the admin decided about a hook that is asked before something is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookPolicy {
    /// Its place among the filters: 0 first, 1000 last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// What becomes of a message when it fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_error: Option<OnError>,
}

/// What the admin decided about limits; each is held to the cap of the design.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitPolicy {
    /// Memory of one instance, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// How long a filter or gate may compute, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_running_ms: Option<u32>,
    /// How long a bot may compute, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_running_ms: Option<u32>,
    /// How long a call of a bot may take with all its waiting, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_wall_ms: Option<u32>,
    /// How its instances are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<Isolation>,
}

impl Policy {
    /// Reads the column; what can't be read counts as undecided.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// As it stands in the column.
    #[must_use]
    pub fn to_stored(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned())
    }

    /// In which rooms it works. The manifest may propose for each hook; the widest proposal is the answer, because rooms
    /// are installed into, not hooks.
    #[must_use]
    pub fn rooms(&self, manifest: &Manifest) -> Rooms {
        let hooks = &manifest.hooks;
        let proposals = [
            hooks.filter.as_ref().map(|hook| hook.rooms),
            hooks.gate.as_ref().map(|hook| hook.rooms),
            hooks.bot.as_ref().map(|hook| hook.rooms),
        ];
        let proposed = || {
            let anywhere = proposals.into_iter().flatten().any(|rooms| rooms == Rooms::All);
            if anywhere { Rooms::All } else { Rooms::Chosen }
        };
        self.rooms.unwrap_or_else(proposed)
    }

    /// The place of its filter among the filters.
    #[must_use]
    pub fn filter_priority(&self, manifest: &Manifest) -> u16 {
        let proposed = manifest.hooks.filter.as_ref().map(|hook| hook.priority);
        self.filter
            .priority
            .or(proposed)
            .unwrap_or(FilterHook::DEFAULT_PRIORITY)
            .min(FilterHook::MAX_PRIORITY)
    }

    /// The place of its gate among the gates.
    #[must_use]
    pub fn gate_priority(&self, manifest: &Manifest) -> u16 {
        let proposed = manifest.hooks.gate.as_ref().map(|hook| hook.priority);
        self.gate.priority.or(proposed).unwrap_or(FilterHook::DEFAULT_PRIORITY).min(FilterHook::MAX_PRIORITY)
    }

    /// What becomes of a message when its filter fails.
    #[must_use]
    pub fn filter_on_error(&self, manifest: &Manifest) -> OnError {
        let proposed = manifest.hooks.filter.as_ref().map(|hook| hook.on_error);
        self.filter.on_error.or(proposed).unwrap_or(OnError::Allow)
    }

    /// What becomes of a name or a join when its gate fails.
    #[must_use]
    pub fn gate_on_error(&self, manifest: &Manifest) -> OnError {
        let proposed = manifest.hooks.gate.as_ref().map(|hook| hook.on_error);
        self.gate.on_error.or(proposed).unwrap_or(OnError::Allow)
    }
}

impl LimitPolicy {
    /// Memory of one instance.
    #[must_use]
    pub fn memory_mib(&self, manifest: &Manifest) -> u32 {
        self.memory_mib.unwrap_or(manifest.limits.memory_mib).clamp(1, Limits::MAX_MEMORY_MIB)
    }

    /// How its instances are kept.
    #[must_use]
    pub fn isolation(&self, manifest: &Manifest) -> Isolation {
        self.isolation.unwrap_or(manifest.limits.isolation)
    }

    /// How long a filter may compute.
    #[must_use]
    pub fn filter_running(&self, proposed: Duration) -> Duration {
        decided(self.filter_running_ms, proposed, FilterHook::MAX_RUNNING)
    }

    /// How long a bot may compute.
    #[must_use]
    pub fn bot_running(&self, proposed: Duration) -> Duration {
        decided(self.bot_running_ms, proposed, BotHook::MAX_RUNNING)
    }

    /// How long a call of a bot may take.
    #[must_use]
    pub fn bot_wall(&self, proposed: Duration) -> Duration {
        decided(self.bot_wall_ms, proposed, BotHook::MAX_WALL)
    }
}

fn decided(decided_ms: Option<u32>, proposed: Duration, cap: Duration) -> Duration {
    decided_ms.map_or(proposed, |ms| Duration::from_millis(ms.into())).clamp(Duration::from_millis(1), cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_as_it_was_written() {
        let policy = Policy {
            filter: HookPolicy { priority: Some(3), on_error: Some(OnError::Hold) },
            rooms: Some(Rooms::Chosen),
            automatic_upgrade: true,
            ..Policy::default()
        };
        assert_eq!(Policy::from_stored(&policy.to_stored()), policy);
        assert_eq!(Policy::from_stored(""), Policy::default());
        assert_eq!(Policy::from_stored(r#"{"of_a_newer_node":1}"#), Policy::default());
    }

    #[test]
    fn no_decision_goes_past_the_cap() {
        let wild = LimitPolicy { filter_running_ms: Some(60_000), ..LimitPolicy::default() };
        assert_eq!(wild.filter_running(Duration::from_millis(10)), FilterHook::MAX_RUNNING);
        assert_eq!(
            LimitPolicy::default().filter_running(Duration::from_millis(10)),
            Duration::from_millis(10)
        );
    }
}
