//! Calls that were not made, and changed nothing: while a plugin in quarantine lets everything pass, there is one for
//! each message. The first are recorded as they come, and what follows is counted.

use std::collections::HashMap;

use parking_lot::Mutex;
use teahouse_store::entity::plugin_verdict;

/// So many are recorded one by one before they are counted.
const ONE_BY_ONE: u32 = 10;

/// What was counted and not recorded, by plugin, version and hook.
#[derive(Default)]
pub(super) struct Repeats(Mutex<HashMap<(String, String, String), Run>>);

#[derive(Default)]
struct Run {
    recorded: u32,
    /// The last of them, and of how many.
    counted: Option<plugin_verdict::Model>,
}

impl Repeats {
    /// The row, if it is to be recorded by itself.
    pub(super) fn take(&self, row: plugin_verdict::Model) -> Option<plugin_verdict::Model> {
        let mut runs = self.0.lock();
        let key = (row.plugin_id.clone(), row.version.clone(), row.hook.clone());
        let run = runs.entry(key).or_default();
        if run.recorded < ONE_BY_ONE {
            run.recorded += 1;
            return Some(row);
        }
        let times = run.counted.as_ref().map_or(0, |counted| counted.times);
        run.counted = Some(plugin_verdict::Model { times: times.saturating_add(row.times), ..row });
        None
    }

    /// What was counted since this was called last: a row for each plugin, version and hook. Where there was nothing, the
    /// next are recorded one by one again.
    pub(super) fn drain(&self) -> Vec<plugin_verdict::Model> {
        let mut counted = Vec::new();
        self.0.lock().retain(|_, run| {
            let row = run.counted.take();
            let goes_on = row.is_some();
            counted.extend(row);
            goes_on
        });
        counted
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn failed(plugin: &str, at_ms: i64) -> plugin_verdict::Model {
        plugin_verdict::Model {
            id: Uuid::now_v7(),
            at_ms,
            plugin_id: plugin.to_owned(),
            version: "1.0.0".to_owned(),
            hook: "check".to_owned(),
            verdict: "failed_allow".to_owned(),
            code: "plugin-failed".to_owned(),
            input_digest: String::new(),
            took_us: 0,
            room_id: None,
            user_id: None,
            message_id: None,
            times: 1,
        }
    }

    #[test]
    fn the_first_are_recorded_and_the_rest_is_counted_until_it_ends() {
        let repeats = Repeats::default();
        let recorded = |from: i64, many: i64| {
            (from..from + many).filter(|at| repeats.take(failed("a", *at)).is_some()).count()
        };
        assert_eq!(recorded(0, 10), 10);
        assert_eq!(recorded(10, 1), 0, "one past the limit");
        assert_eq!(recorded(11, 989), 0);
        assert!(repeats.take(failed("b", 0)).is_some(), "each plugin by itself");
        let rows = repeats.drain();
        assert_eq!(rows.iter().map(|row| (row.at_ms, row.times)).collect::<Vec<_>>(), [(999, 990)]);
        assert_eq!(recorded(1_000, 3), 0, "it goes on");
        assert_eq!(repeats.drain()[0].times, 3);
        assert_eq!(repeats.drain(), [], "it has ended");
        assert_eq!(recorded(2_000, 11), 10, "and begins anew");
    }
}
