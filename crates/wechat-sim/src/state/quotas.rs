//! How often each app called each path, and how often it may.

use std::{collections::BTreeMap, time::Duration};

use serde::Serialize;
use teahouse_wechat::{AppId, Errcode};

use crate::{
    ask::Call,
    clock::{day, minute},
    config::Limit,
    refusal::Refusal,
};

/// Counters and limits.
pub(crate) struct Quotas {
    limits: BTreeMap<String, Limit>,
    used: BTreeMap<(AppId, &'static str), Used>,
}

#[derive(Clone, Copy, Default)]
struct Used {
    minute: u64,
    in_minute: u32,
    day: u64,
    in_day: u32,
}

/// One counter as the control API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct Usage {
    app_id: AppId,
    path: &'static str,
    used_this_minute: u32,
    per_minute: u32,
    used_today: u32,
    per_day: u32,
}

impl Quotas {
    pub(crate) fn new(limits: BTreeMap<String, Limit>) -> Self {
        Self { limits, used: BTreeMap::new() }
    }

    pub(crate) fn set(&mut self, call: Call, limit: Limit) {
        self.limits.insert(call.path().to_owned(), limit);
    }

    /// Counts one call, or refuses it.
    pub(crate) fn spend(&mut self, app: &AppId, call: Call, now: Duration) -> Result<(), Refusal> {
        let limit = self.limits.get(call.path()).copied().unwrap_or_default();
        let used = self.used.entry((app.clone(), call.path())).or_default();
        *used = used.at(now);
        if limit.per_day != 0 && used.in_day >= limit.per_day {
            return Err(Errcode::DailyQuotaReached.into());
        }
        if limit.per_minute != 0 && used.in_minute >= limit.per_minute {
            return Err(minute_refusal(call).into());
        }
        used.in_minute += 1;
        used.in_day += 1;
        Ok(())
    }

    pub(crate) fn usage(&self, now: Duration) -> Vec<Usage> {
        let usage = |((app, path), used): (&(AppId, &'static str), &Used)| {
            let used = used.at(now);
            let limit = self.limits.get(*path).copied().unwrap_or_default();
            Usage {
                app_id: app.clone(),
                path,
                used_this_minute: used.in_minute,
                per_minute: limit.per_minute,
                used_today: used.in_day,
                per_day: limit.per_day,
            }
        };
        self.used.iter().map(usage).collect()
    }
}

impl Used {
    /// The counters as they stand at `now`: a new minute or day begins with nothing.
    fn at(self, now: Duration) -> Self {
        Self {
            minute: minute(now),
            in_minute: if self.minute == minute(now) { self.in_minute } else { 0 },
            day: day(now),
            in_day: if self.day == day(now) { self.in_day } else { 0 },
        }
    }
}

/// The content checks have a number of their own for a full minute.
fn minute_refusal(call: Call) -> Errcode {
    match call {
        Call::TextCheck | Call::MediaCheck => Errcode::MinuteQuotaReached,
        _ => Errcode::TooFrequent,
    }
}
