//! What became of an attack, by the plugin's own health, log and verdicts.

use std::collections::BTreeMap;

use serde_json::Value;
use teahouse_tests::Keeper;

/// How an attack must end.
pub(super) enum Ending {
    /// Its calls are cut, for this reason. On a machine that is slower than the attack, some are cut by their time instead.
    Cut(&'static str),
    /// Its calls are cut, for whichever of these is first.
    CutByEither(&'static [&'static str]),
    /// Its calls end well, and each of these stands in a line of its log: what it was answered.
    Told(&'static [&'static str]),
    /// The first where the machine is quick enough for it, else the second.
    ToldOrCut(&'static [&'static str], &'static [&'static str]),
    /// Its calls answer with an error text.
    Error,
    /// Its calls answer with what can't be: the message is refused.
    NoVerdict,
}

/// What a slow machine may cut any call by.
const TIME: [&str; 2] = ["running_time", "wall_time"];

/// What was counted of the plugin so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: BTreeMap<String, u64>,
    /// The last line of its log.
    line: u64,
    /// Its bot's events that wait.
    pub(super) waiting: u64,
    /// `running`, `quarantined` or `blocked`.
    pub(super) condition: String,
}

impl Tally {
    /// Asks for it.
    pub(super) async fn of(keeper: &Keeper, plugin: &str) -> Self {
        let health = keeper.get(&format!("/plugins/{plugin}/health")).await.expect(200);
        let mut counts = BTreeMap::new();
        for kind in ["outcomes", "failures", "refused", "events"] {
            for count in health[kind].as_array().expect(kind) {
                let what = count["what"].as_str().expect("what");
                counts.insert(format!("{kind} {what}"), count["count"].as_u64().expect("a count"));
            }
        }
        let log = keeper.get(&format!("/plugins/{plugin}/logs?limit=1")).await.expect(200);
        Self {
            counts,
            line: log["items"][0]["id"].as_u64().unwrap_or(0),
            waiting: health["events_waiting"].as_u64().expect("a count"),
            condition: health["condition"].as_str().expect("a condition").to_owned(),
        }
    }

    /// One count.
    pub(super) fn get(&self, what: &str) -> u64 {
        self.counts.get(what).copied().unwrap_or(0)
    }

    /// Events of its bot that had an end, for now or for ever.
    fn ended(&self) -> u64 {
        ["handled", "retried", "dropped"].map(|what| self.get(&format!("events {what}"))).iter().sum()
    }

    /// Calls that were cut.
    fn cut(&self) -> u64 {
        let failures =
            self.counts.iter().filter(|(what, _)| what.starts_with("failures ") && !what.ends_with(" busy"));
        failures.map(|(_, count)| count).sum()
    }

    /// Failures since `before`, by kind.
    fn failures_since(&self, before: &Self) -> BTreeMap<&str, u64> {
        let failures = self.counts.iter().filter_map(|(what, count)| {
            let grown = count - before.get(what);
            (grown > 0).then_some((what.strip_prefix("failures ")?, grown))
        });
        failures.collect()
    }
}

impl Ending {
    /// How many attacks since `before` have ended, and were not merely over; of a filter's that are not cut, its caller
    /// knows by itself.
    pub(super) fn count(&self, before: &Tally, after: &Tally) -> u64 {
        match self {
            Self::Cut(_) | Self::CutByEither(_) => after.cut() - before.cut(),
            Self::Told(_) | Self::ToldOrCut(..) | Self::Error | Self::NoVerdict => {
                after.ended() - before.ended()
            }
        }
    }

    /// Whether each attack costs something that runs out: lines of the log, messages. These are not made without a pause.
    pub(super) fn is_paced(&self) -> bool {
        matches!(self, Self::Told(_) | Self::ToldOrCut(..))
    }

    /// Whether it is an answer that can't be used.
    pub(super) fn is_unusable(&self) -> bool {
        matches!(self, Self::NoVerdict | Self::Cut("bad_reply"))
    }

    /// Whether its calls are cut.
    pub(super) fn is_cut(&self) -> bool {
        matches!(self, Self::Cut(_) | Self::CutByEither(_))
    }

    /// Whether at least `times` attacks since `before` ended so, and none otherwise.
    ///
    /// # Errors
    /// What happened instead.
    pub(super) async fn judge(
        &self,
        keeper: &Keeper,
        plugin: &str,
        before: &Tally,
        times: u64,
    ) -> Result<(), String> {
        let after = Tally::of(keeper, plugin).await;
        let failures = after.failures_since(before);
        match self {
            Self::Cut(kind) => cut(&failures, &[kind], times),
            Self::CutByEither(kinds) => cut(&failures, kinds, times),
            Self::ToldOrCut(_, kinds) if cut(&failures, kinds, 1).is_ok() => Ok(()),
            Self::Told(expected) | Self::ToldOrCut(expected, _) => {
                let told = told(keeper, plugin, before).await;
                let missing: Vec<_> =
                    expected.iter().filter(|line| !told.iter().any(|told| told.contains(**line))).collect();
                if missing.is_empty() {
                    Ok(())
                } else {
                    Err(format!("it was not told {missing:?}, but {told:#?}; {failures:?}"))
                }
            }
            Self::Error => {
                let errors = after.get("outcomes error") - before.get("outcomes error");
                if errors >= times { Ok(()) } else { Err(format!("{errors} errors; {failures:?}")) }
            }
            Self::NoVerdict => {
                let verdicts = keeper.get(&format!("/verdicts?plugin={plugin}&limit=1")).await.expect(200);
                let last = &verdicts["items"][0];
                let failed = last["verdict"] == "failed_reject" && last["code"] == "plugin-failed";
                if failed && failures.is_empty() { Ok(()) } else { Err(format!("{last}; {failures:?}")) }
            }
        }
    }
}

fn cut(failures: &BTreeMap<&str, u64>, kinds: &[&str], times: u64) -> Result<(), String> {
    let expected: u64 = kinds.iter().filter_map(|kind| failures.get(kind)).sum();
    let by_time: u64 =
        TIME.iter().filter(|kind| !kinds.contains(kind)).filter_map(|kind| failures.get(kind)).sum();
    // Who found no instance free was not called.
    let others =
        failures.keys().find(|kind| !kinds.contains(kind) && !TIME.contains(kind) && **kind != "busy");
    if expected > 0 && expected + by_time >= times && others.is_none() {
        return Ok(());
    }
    Err(format!("expected {kinds:?}, {times} times, and got {failures:?}"))
}

/// What the plugin wrote since `before`.
async fn told(keeper: &Keeper, plugin: &str, before: &Tally) -> Vec<String> {
    let log =
        keeper.get(&format!("/plugins/{plugin}/logs?after={}&limit=200", before.line)).await.expect(200);
    let lines = log["items"].as_array().expect("lines").iter();
    lines.filter_map(|line: &Value| Some(line["text"].as_str()?.to_owned())).collect()
}
