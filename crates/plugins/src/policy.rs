//! What the admin decided about a plugin where its manifest only proposes: the column `plugins.policy`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use teahouse_plugin_package::{BotHook, FilterHook, Isolation, Limits, Manifest, OnError, Rooms, Terms};

use crate::convert;

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

/// What the admin decided about limits; each is held to its bounds.
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
    /// How long a call of a filter or gate may take with all its waiting, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_wall_ms: Option<u32>,
    /// What a filter or gate may hand the host in one call, its reply included, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_data_kib: Option<u32>,
    /// What a bot may hand the host in one call, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_data_kib: Option<u32>,
    /// What it may keep, in KiB, in place of what was agreed to with its grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_quota_kib: Option<u32>,
    /// How often a minute its bot uses its store, and its filters write in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kv_per_minute: Option<u32>,
    /// How many messages a minute a room sees of it, in place of what was agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages_per_minute: Option<u32>,
    /// How many timers it may have, in place of what was agreed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timers: Option<u32>,
    /// How many requests a minute it makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_per_minute: Option<u32>,
    /// How long a request may take, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_timeout_ms: Option<u32>,
    /// What may come back of a request, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_response_kib: Option<u32>,
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
        self.filter.on_error.or(proposed).unwrap_or(OnError::Hold)
    }

    /// What becomes of a name or a join when its gate fails.
    #[must_use]
    pub fn gate_on_error(&self, manifest: &Manifest) -> OnError {
        let proposed = manifest.hooks.gate.as_ref().map(|hook| hook.on_error);
        self.gate.on_error.or(proposed).unwrap_or(OnError::Hold)
    }
}

/// A call of a filter or gate keeps a sender waiting no longer, in milliseconds.
const MAX_FILTER_WALL_MS: u32 = 200;
/// Less than this holds no message; the most is what an instance's host call may copy, in KiB.
const MIN_DATA_KIB: u32 = 64;
/// Less than this holds not the largest reply, and what a filter asks for beside it.
const MIN_FILTER_DATA_KIB: u32 = (convert::LARGEST_REPLY_BYTES / KIB) as u32 + 64;
const MAX_DATA_KIB: u32 = 8 * 1024;
/// Each is a transaction: these can only be lowered.
const MAX_KV_PER_MINUTE: u32 = 1_000;
/// What others see of this server's requests can only be lowered.
const MAX_HTTP_PER_MINUTE: u32 = 60;
const MAX_HTTP_TIMEOUT_MS: u32 = 10_000;
const MAX_HTTP_RESPONSE_KIB: u32 = 4 * 1024;
const KIB: usize = 1024;

/// A figure that an admin may decide.
pub(crate) struct Decision {
    /// Its name.
    pub(crate) name: &'static str,
    /// What was decided.
    pub(crate) value: Option<u32>,
    /// The least and the most.
    pub(crate) bounds: (u32, u32),
}

impl LimitPolicy {
    /// Every figure with its bounds.
    pub(crate) fn decisions(&self) -> Vec<Decision> {
        let ms = |span: Duration| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
        let all = [
            ("memory_mib", self.memory_mib, 1, Limits::MAX_MEMORY_MIB),
            ("filter_running_ms", self.filter_running_ms, 1, ms(FilterHook::MAX_RUNNING)),
            ("bot_running_ms", self.bot_running_ms, 1, ms(BotHook::MAX_RUNNING)),
            ("bot_wall_ms", self.bot_wall_ms, 1, ms(BotHook::MAX_WALL)),
            ("filter_wall_ms", self.filter_wall_ms, 1, MAX_FILTER_WALL_MS),
            ("filter_data_kib", self.filter_data_kib, MIN_FILTER_DATA_KIB, MAX_DATA_KIB),
            ("bot_data_kib", self.bot_data_kib, MIN_DATA_KIB, MAX_DATA_KIB),
            ("kv_quota_kib", self.kv_quota_kib, 1, Terms::MAX_KV_KIB),
            ("kv_per_minute", self.kv_per_minute, 1, MAX_KV_PER_MINUTE),
            ("messages_per_minute", self.messages_per_minute, 1, Terms::MAX_MESSAGES),
            ("timers", self.timers, 1, Terms::MAX_TIMERS),
            ("http_per_minute", self.http_per_minute, 1, MAX_HTTP_PER_MINUTE),
            ("http_timeout_ms", self.http_timeout_ms, 1, MAX_HTTP_TIMEOUT_MS),
            ("http_response_kib", self.http_response_kib, 1, MAX_HTTP_RESPONSE_KIB),
        ];
        all.into_iter()
            .map(|(name, value, least, most)| Decision { name, value, bounds: (least, most) })
            .collect()
    }

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

    /// How long a call of a filter may take: never less than it may compute.
    #[must_use]
    pub fn filter_wall(&self, proposed: Duration, running: Duration) -> Duration {
        let most = Duration::from_millis(MAX_FILTER_WALL_MS.into());
        decided(self.filter_wall_ms, proposed, most).max(running)
    }

    /// What a filter may hand over in one call, in bytes.
    #[must_use]
    pub fn filter_data_bytes(&self, usual: usize) -> usize {
        decided_bytes(self.filter_data_kib, usual, MIN_FILTER_DATA_KIB)
    }

    /// What a bot may hand over in one call, in bytes.
    #[must_use]
    pub fn bot_data_bytes(&self, usual: usize) -> usize {
        decided_bytes(self.bot_data_kib, usual, MIN_DATA_KIB)
    }

    /// What it may keep, in KiB.
    #[must_use]
    pub fn kv_quota_kib(&self, agreed: u32) -> u32 {
        self.kv_quota_kib.unwrap_or(agreed).min(Terms::MAX_KV_KIB)
    }

    /// How often a minute it uses its store.
    #[must_use]
    pub fn kv_per_minute(&self) -> u32 {
        self.kv_per_minute.unwrap_or(MAX_KV_PER_MINUTE).clamp(1, MAX_KV_PER_MINUTE)
    }

    /// How many messages a minute a room sees.
    #[must_use]
    pub fn messages_per_minute(&self, agreed: u32) -> u32 {
        self.messages_per_minute.unwrap_or(agreed).min(Terms::MAX_MESSAGES)
    }

    /// How many timers it may have.
    #[must_use]
    pub fn timers(&self, agreed: u32) -> u32 {
        self.timers.unwrap_or(agreed).min(Terms::MAX_TIMERS)
    }

    /// How many requests a minute it makes.
    #[must_use]
    pub fn http_per_minute(&self) -> u32 {
        self.http_per_minute.unwrap_or(MAX_HTTP_PER_MINUTE).clamp(1, MAX_HTTP_PER_MINUTE)
    }

    /// How long a request may take.
    #[must_use]
    pub fn http_timeout(&self, usual: Duration) -> Duration {
        decided(self.http_timeout_ms, usual, Duration::from_millis(MAX_HTTP_TIMEOUT_MS.into()))
    }

    /// What may come back of a request, in bytes.
    #[must_use]
    pub fn http_response_bytes(&self, usual: usize) -> usize {
        self.http_response_kib.map_or(usual, |kib| kib_to_bytes(kib.clamp(1, MAX_HTTP_RESPONSE_KIB)))
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

fn decided_bytes(decided_kib: Option<u32>, usual: usize, least_kib: u32) -> usize {
    decided_kib.map_or(usual, |kib| kib_to_bytes(kib.clamp(least_kib, MAX_DATA_KIB)))
}

fn kib_to_bytes(kib: u32) -> usize {
    usize::try_from(kib).unwrap_or(usize::MAX).saturating_mul(KIB)
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

    /// An older node's words, or a hand in the database, may be past what this one allows.
    #[test]
    fn what_was_stored_is_held_to_its_bounds() {
        let wild: LimitPolicy = serde_json::from_value(serde_json::Value::Object(
            LimitPolicy::default()
                .decisions()
                .iter()
                .map(|decision| (decision.name.to_owned(), u32::MAX.into()))
                .collect(),
        ))
        .unwrap();
        assert!(wild.decisions().iter().all(|decision| decision.value == Some(u32::MAX)), "by its name");
        let span = Duration::from_millis;
        assert_eq!(wild.filter_wall(span(50), span(10)), span(200));
        assert_eq!((wild.filter_data_bytes(1), wild.bot_data_bytes(1)), (8 << 20, 8 << 20));
        assert_eq!((wild.kv_quota_kib(1), wild.kv_per_minute()), (64 * 1024, 1_000));
        assert_eq!((wild.messages_per_minute(1), wild.timers(1)), (600, 100));
        assert_eq!((wild.http_per_minute(), wild.http_timeout(span(1))), (60, span(10_000)));
        assert_eq!(wild.http_response_bytes(1), 4 << 20);
        let none = LimitPolicy::default();
        assert_eq!(none.filter_wall(span(50), span(10)), span(50));
        assert_eq!((none.filter_data_bytes(7), none.kv_quota_kib(8), none.timers(9)), (7, 8, 9));
        assert_eq!((none.messages_per_minute(20), none.http_response_bytes(5)), (20, 5));
        let short = LimitPolicy { filter_wall_ms: Some(1), ..none };
        assert_eq!(short.filter_wall(span(50), span(10)), span(10), "it may compute so long");
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
