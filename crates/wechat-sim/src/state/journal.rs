//! What was asked of the simulator, with the secrets masked.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use serde::Serialize;
use serde_json::Value;

use crate::ask::Ask;

/// Calls that are kept; older ones are forgotten.
const CALLS: usize = 10_000;
/// Fields that never show.
const SECRETS: [&str; 4] = ["secret", "access_token", "session_key", "signature"];

/// The calls, oldest first.
#[derive(Default)]
pub(crate) struct Journal {
    next: u64,
    calls: VecDeque<Entry>,
}

/// One call.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// Counts from 0 in the order of arrival.
    number: u64,
    /// When it came, in milliseconds of the simulator's clock.
    at_ms: u64,
    method: String,
    path: &'static str,
    query: BTreeMap<String, String>,
    body: Value,
    app_id: Option<String>,
    /// What came of it; null while it is being answered.
    outcome: Option<Outcome>,
}

/// What came of a call.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Outcome {
    /// The errcode of the answer, 0 for success; null where the answer was none of WeChat's.
    pub(crate) errcode: Option<i64>,
    /// Whether a fault had a hand in it.
    pub(crate) fault: bool,
}

impl Journal {
    /// Notes a call that just came, and returns its number.
    pub(crate) fn open(&mut self, ask: &Ask, app: Option<String>, now: Duration) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.calls.len() == CALLS {
            self.calls.pop_front();
        }
        self.calls.push_back(Entry {
            number,
            at_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
            method: ask.method.to_string(),
            path: ask.call.path(),
            query: ask.query.iter().map(|(name, value)| (name.clone(), masked_text(name, value))).collect(),
            body: masked_body(&ask.body),
            app_id: app,
            outcome: None,
        });
        number
    }

    /// Notes what came of it.
    pub(crate) fn close(&mut self, number: u64, outcome: Outcome) {
        if let Some(entry) = self.calls.iter_mut().rev().find(|entry| entry.number == number) {
            entry.outcome = Some(outcome);
        }
    }

    /// The calls of `path`, or all, newest first.
    pub(crate) fn calls(&self, path: Option<&str>) -> Vec<Entry> {
        self.calls.iter().rev().filter(|entry| path.is_none_or(|path| path == entry.path)).cloned().collect()
    }
}

fn masked_text(name: &str, value: &str) -> String {
    if SECRETS.contains(&name) { "***".to_owned() } else { value.to_owned() }
}

fn masked_body(body: &[u8]) -> Value {
    let Ok(mut body) = serde_json::from_slice(body) else { return Value::Null };
    if let Value::Object(fields) = &mut body {
        for (_, value) in fields.iter_mut().filter(|(name, _)| SECRETS.contains(&name.as_str())) {
            *value = Value::from("***");
        }
    }
    body
}
