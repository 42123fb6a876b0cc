//! Timers: a row for each, and a job of the outbox that is due when it is. A job knows its timer by a token, so that one
//! that was set anew, moved on or cancelled fires once or not at all, on whichever node runs the job.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use teahouse_jobs::{EnqueueError, Failure, Job, JobKind, Outbox};
use teahouse_plugin_host::CallContext;
use teahouse_plugin_host::wit;
use teahouse_plugin_host::wit::Error;
use teahouse_protocol::Timestamp;
use teahouse_store::entity::{outbox as outbox_row, plugin_event, plugin_timer};
use teahouse_store::plugin_timers::Setting;
use teahouse_store::{Db, outbox, plugin_events, plugin_timers, plugins};
use uuid::Uuid;

use super::House;
use super::answers::{invalid, rate_limited, unavailable};
use super::quota::{PARTS, Pace};
use crate::bots::{self, Wakes};
use crate::convert;
use crate::party;

/// A name's most bytes.
const MAX_NAME_BYTES: usize = 64;
/// A payload's most bytes.
const MAX_PAYLOAD_BYTES: usize = 4 * 1024;
/// Timers of a plugin fire no closer than this, and none repeats faster.
const SHORTEST: Duration = Duration::from_secs(10);
/// How often a plugin sets and cancels timers: each is a write.
const SETTINGS: Pace = Pace::new(60, 20);
/// The longest delay: what a `u32` of milliseconds holds.
const LONGEST: Duration = Duration::from_millis(49 * 24 * 60 * 60 * 1000);

/// Which timer a job fires.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Due {
    plugin: String,
    name: String,
    token: Uuid,
}

impl House {
    pub(super) async fn set_timer(
        &self,
        call: &CallContext,
        name: String,
        delay_ms: u32,
        every_ms: Option<u32>,
        payload: String,
    ) -> Result<(), Error> {
        let most = self.charter.load().most_timers()?;
        check(&name, delay_ms, every_ms, &payload)?;
        self.timers.take(call.party, SETTINGS, self.now()).map_err(rate_limited)?;
        let due_at = self.now() + Duration::from_millis(delay_ms.into());
        let timer = plugin_timer::Model {
            plugin_id: self.plugin.to_string(),
            name,
            token: Uuid::now_v7(),
            due_at_ms: due_at.millis(),
            every_ms: every_ms.map(i64::from),
            payload,
            party: call.party.map(party::stored),
        };
        match self.put_timer(&timer, most.into()).await {
            Ok(Setting::Set) => {
                self.grounds.outbox.wake();
                Ok(())
            }
            Ok(Setting::Full(most)) => Err(Error::Quota(u32::try_from(most).unwrap_or(u32::MAX))),
            Err(EnqueueError::Store(error)) => Err(unavailable(&error)),
            Err(EnqueueError::Payload(why)) => Err(Error::Unavailable(why)),
        }
    }

    /// Writes a timer with its job, unless the plugin has `most` others, or a share of them for the same party.
    async fn put_timer(&self, timer: &plugin_timer::Model, most: u64) -> Result<Setting, EnqueueError> {
        let tx = self.grounds.db.begin().await?;
        // Of two that set the same one, the second sees the job of the first.
        plugins::lock(&tx, &self.plugin).await?;
        let earlier = plugin_timers::find(&tx, &self.plugin, &timer.name).await?;
        let setting = plugin_timers::put(&tx, timer.clone(), most, most.div_ceil(PARTS.into())).await?;
        if let Setting::Full(_) = setting {
            return Ok(setting);
        }
        enqueue(&self.grounds.outbox, &tx, timer).await?;
        // The earlier one's job would lie there until it is due, each time that the timer is set anew.
        if let Some(earlier) = earlier {
            outbox::delete(&tx, &[earlier.token]).await?;
        }
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        Ok(setting)
    }

    /// Whether there was one. Its job finds nothing any more.
    pub(super) async fn cancel_timer(&self, call: &CallContext, name: &str) -> Result<bool, Error> {
        self.charter.load().most_timers()?;
        self.timers.take(call.party, SETTINGS, self.now()).map_err(rate_limited)?;
        let cancel = async {
            let tx = self.grounds.db.begin().await?;
            let Some(timer) = plugin_timers::find(&tx, &self.plugin, name).await? else { return Ok(false) };
            let deleted = plugin_timers::delete(&tx, &self.plugin, name).await?;
            outbox::delete(&tx, &[timer.token]).await?;
            tx.commit().await?;
            Ok::<bool, teahouse_store::Error>(deleted)
        };
        cancel.await.map_err(|error| unavailable(&error))
    }
}

/// Writes the job that fires `timer`. It goes by the timer's token, so that it goes when the timer does.
async fn enqueue(
    jobs: &Outbox,
    tx: &DatabaseTransaction,
    timer: &plugin_timer::Model,
) -> Result<(), EnqueueError> {
    let due_at = Timestamp::from_millis(timer.due_at_ms);
    let job = jobs.row(FireTimers::NAME, &Due::of(timer), due_at)?;
    Ok(outbox::insert(tx, vec![outbox_row::Model { id: timer.token, ..job }]).await?)
}

fn check(name: &str, delay_ms: u32, every_ms: Option<u32>, payload: &str) -> Result<(), Error> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(invalid("a timer's name has 1 to 64 bytes"));
    }
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(Error::TooLarge(u32::try_from(MAX_PAYLOAD_BYTES).unwrap_or(u32::MAX)));
    }
    let delay = Duration::from_millis(delay_ms.into());
    if !(SHORTEST..=LONGEST).contains(&delay) {
        return Err(invalid("a delay is from 10 seconds to 49 days"));
    }
    let every = every_ms.map(|ms| Duration::from_millis(ms.into()));
    if every.is_some_and(|every| !(SHORTEST..=LONGEST).contains(&every)) {
        return Err(invalid("a timer repeats every 10 seconds to 49 days"));
    }
    Ok(())
}

impl Due {
    fn of(timer: &plugin_timer::Model) -> Self {
        Self { plugin: timer.plugin_id.clone(), name: timer.name.clone(), token: timer.token }
    }
}

/// Fires timers: the timer's next turn, its next job and the bot's event are one transaction.
pub(crate) struct FireTimers {
    pub(crate) db: Db,
    pub(crate) outbox: Outbox,
    pub(crate) clock: Arc<dyn teahouse_protocol::Clock>,
    pub(crate) wakes: Wakes,
}

impl JobKind for FireTimers {
    const NAME: &'static str = "plugin.timer";
    type Payload = Due;

    async fn run(&self, job: Job<Due>) -> Result<(), Failure> {
        match self.fire(&job.payload).await {
            Ok(fired) => {
                if fired {
                    self.outbox.wake();
                    self.wakes.wake(&job.payload.plugin);
                }
                Ok(())
            }
            Err(error) => Err(Failure::Retry(error.to_string())),
        }
    }
}

impl FireTimers {
    /// Whether it fired: a timer that was set anew has another token.
    async fn fire(&self, due: &Due) -> Result<bool, EnqueueError> {
        let tx = self.db.begin().await?;
        let timers = plugin_timers::of_plugin(&tx, &due.plugin).await?;
        let Some(timer) = timers.into_iter().find(|timer| timer.name == due.name && timer.token == due.token)
        else {
            return Ok(false);
        };
        let (next, missed) = turn(&timer, self.clock.now());
        if !plugin_timers::fire(&tx, &timer, next).await? {
            return Ok(false);
        }
        if next.is_some() {
            // The timer has a new token: the row says which.
            let timers = plugin_timers::of_plugin(&tx, &due.plugin).await?;
            if let Some(moved) = timers.into_iter().find(|moved| moved.name == due.name) {
                enqueue(&self.outbox, &tx, &moved).await?;
            }
        }
        plugin_events::insert(&tx, vec![event(&timer, missed, self.clock.now())], bots::MOST_WAITING).await?;
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        Ok(true)
    }
}

/// When a timer fires next, and how many of its turns were passed over since it was due.
fn turn(timer: &plugin_timer::Model, now: Timestamp) -> (Option<Timestamp>, u32) {
    let Some(every) = timer.every_ms.filter(|every| *every > 0) else { return (None, 0) };
    let late = now.millis().saturating_sub(timer.due_at_ms).max(0);
    let missed = late / every;
    let next = timer.due_at_ms.saturating_add((missed + 1).saturating_mul(every));
    (Some(Timestamp::from_millis(next)), u32::try_from(missed).unwrap_or(u32::MAX))
}

fn event(timer: &plugin_timer::Model, missed: u32, now: Timestamp) -> plugin_event::Model {
    let due = Timestamp::from_millis(timer.due_at_ms);
    let event = wit::Event::Timer(wit::Timer {
        name: timer.name.clone(),
        payload: timer.payload.clone(),
        due: convert::instant(due),
        missed,
    });
    plugin_event::Model {
        plugin_id: timer.plugin_id.clone(),
        id: bots::timer_id(due, timer.token),
        room_id: None,
        kind: "timer".to_owned(),
        event: serde_json::to_string(&event).unwrap_or_default(),
        hops: 0,
        created_at_ms: now.millis(),
        attempts: 0,
        party: timer.party,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(due_at_ms: i64, every_ms: Option<i64>) -> plugin_timer::Model {
        plugin_timer::Model {
            plugin_id: "org.example.bot".to_owned(),
            name: "n".to_owned(),
            token: Uuid::now_v7(),
            due_at_ms,
            every_ms,
            payload: String::new(),
            party: None,
        }
    }

    #[test]
    fn turns_that_were_passed_over_are_counted_and_not_made_up_for() {
        let at = Timestamp::from_millis;
        assert_eq!(turn(&timer(1_000, None), at(99_000)), (None, 0));
        assert_eq!(turn(&timer(10_000, Some(10_000)), at(10_000)), (Some(at(20_000)), 0));
        assert_eq!(turn(&timer(10_000, Some(10_000)), at(19_999)), (Some(at(20_000)), 0));
        assert_eq!(turn(&timer(10_000, Some(10_000)), at(45_000)), (Some(at(50_000)), 3));
    }

    #[test]
    fn limits_hold_to_the_millisecond() {
        assert!(check("n", 10_000, Some(10_000), "").is_ok());
        assert!(check("n", 9_999, None, "").is_err());
        assert!(check("n", 10_000, Some(0), "").is_err());
        assert!(check("n", 4_233_600_000, None, "").is_ok());
        assert!(check("n", 4_233_600_001, None, "").is_err());
        assert!(check("", 10_000, None, "").is_err());
        assert!(check(&"n".repeat(65), 10_000, None, "").is_err());
        assert!(check("n", 10_000, None, &"p".repeat(MAX_PAYLOAD_BYTES)).is_ok());
        assert!(check("n", 10_000, None, &"p".repeat(MAX_PAYLOAD_BYTES + 1)).is_err());
    }
}
