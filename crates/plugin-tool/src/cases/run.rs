//! Calls a plugin as a case says, and compares.

mod events;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use teahouse_plugin_host::wit::{Event, Message};
use teahouse_plugin_host::{CallFailure, CallTerms, Called, Cost, Loaded};

use super::Outcome;
use super::input::{EditInput, EventInput, JoinInput, MessageInput, NameInput, room, user};
use super::judge::{judged, unexpected};
use super::read::{Call, Step};
use super::shown::{admission, failure, verdict};
use crate::house::House;
use crate::project::Project;

/// Runs the calls of one case.
pub(crate) struct Runner<'r> {
    project: &'r Project,
    loaded: &'r Loaded,
    house: &'r Arc<House>,
    patience: u32,
    /// Cards and messages that the plugin sent in this case, for presses on them.
    sent: Vec<Value>,
    posted: u32,
    took: Duration,
    slow: Option<Duration>,
    host_calls: u32,
    memory_bytes: usize,
    fuel: Vec<u64>,
}

impl<'r> Runner<'r> {
    pub(crate) fn new(
        project: &'r Project,
        loaded: &'r Loaded,
        house: &'r Arc<House>,
        patience: u32,
    ) -> Self {
        Self {
            project,
            loaded,
            house,
            patience,
            sent: Vec::new(),
            posted: 0,
            took: Duration::ZERO,
            slow: None,
            host_calls: 0,
            memory_bytes: 0,
            fuel: Vec::new(),
        }
    }

    /// What all calls took so far.
    pub(crate) fn took(&self) -> Duration {
        self.took
    }

    pub(super) async fn run(mut self, calls: &[Call]) -> Result<Outcome> {
        let (mut wrong, mut answer) = (Vec::new(), String::new());
        for (index, call) in calls.iter().enumerate() {
            let actual = self.step(call).await?;
            answer = in_a_word(&actual);
            let found = match &call.expect {
                Some(expected) => judged(expected, &actual),
                None => unexpected(&actual).into_iter().collect(),
            };
            let place = if calls.len() > 1 { format!("call {}: ", index + 1) } else { String::new() };
            wrong.extend(found.into_iter().map(|difference| format!("{place}{difference}")));
        }
        let Self { took, slow, host_calls, memory_bytes, fuel, .. } = self;
        Ok(Outcome { wrong, answer, took, slow, host_calls, memory_bytes, fuel, log: Vec::new() })
    }

    async fn step(&mut self, call: &Call) -> Result<Value> {
        match &call.step {
            Step::Check(message) => self.check(message.clone()).await,
            Step::CheckEdit(edit) => self.check_edit(edit.clone()).await,
            Step::CheckName(name) => self.check_name(name.clone()).await,
            Step::CheckJoin(join) => self.check_join(join.clone()).await,
            Step::Handle(event) => self.event(event.clone(), call.id.clone()).await,
            Step::Advance(by_ms) => self.advance(*by_ms).await,
        }
    }

    /// What the plugin says of a message.
    pub(crate) async fn check(&mut self, input: MessageInput) -> Result<Value> {
        let message = self.message(input, None).await;
        self.house.meet(&message, false).await;
        let called = self.loaded.check(&message, &CallTerms::default()).await;
        Ok(self.judgement(called, verdict))
    }

    async fn check_edit(&mut self, input: EditInput) -> Result<Value> {
        let before = self.message(input.before, Some(1)).await;
        let after = self.message(MessageInput { id: Some(before.id.clone()), ..input.after }, Some(1)).await;
        self.house.meet(&after, false).await;
        let called = self.loaded.check_edit(&before, &after, &CallTerms::default()).await;
        Ok(self.judgement(called, verdict))
    }

    async fn check_name(&mut self, input: NameInput) -> Result<Value> {
        let (by, in_room) = (user(input.by), input.room.map(|input| room(Some(input))));
        self.house.meet_user(&by, in_room.as_ref(), "member").await;
        let called = self
            .loaded
            .check_name(&input.subject, &input.text, &by, in_room.as_ref(), &CallTerms::default())
            .await;
        Ok(self.judgement(called, verdict))
    }

    /// What the plugin says of a user's new name.
    pub(crate) async fn check_user_name(&mut self, text: &str) -> Result<Value> {
        let subject = "user-name".to_owned();
        self.check_name(NameInput { subject, text: text.to_owned(), by: None, room: None }).await
    }

    async fn check_join(&mut self, input: JoinInput) -> Result<Value> {
        let (at, who) = (room(input.room), user(input.user));
        let called = self.loaded.check_join(&at, &who, &input.word, &CallTerms::default()).await;
        Ok(self.judgement(called, admission))
    }

    /// What the plugin does when it is told of an event.
    pub(crate) async fn event(&mut self, input: EventInput, id: Option<String>) -> Result<Value> {
        let (event, hops) = match self.made(input).await? {
            Ok(made) => made,
            // The server answers whoever typed it, and the plugin hears nothing.
            Err(refused) => return Ok(json!({"refused": refused})),
        };
        let id = match id {
            Some(id) => id,
            None => format!("event-{}", self.house.next_id().await),
        };
        self.handle(&id, &event, hops).await
    }

    async fn handle(&mut self, id: &str, event: &Event, hops: u8) -> Result<Value> {
        let called = self.loaded.handle(&id.into(), event, hops, &CallTerms::default()).await;
        let error = match called {
            Ok(called) => {
                self.count(called.cost, self.bot_wall());
                called.reply.err().map(|error| json!({"error": error}))
            }
            Err(ended) => {
                self.count(*ended.cost, None);
                Some(failure(&ended))
            }
        };
        let record = self.house.take_record().await;
        self.sent.extend(record.sent.iter().cloned());
        self.sent.extend(record.edited.iter().cloned());
        let mut actual = json!({
            "sent": record.sent,
            "edited": record.edited,
            "recalled": record.recalled,
            "reacted": record.reacted,
            "acts": record.acts,
            "http": record.http,
            "timers": self.house.timers().await,
        });
        if let (Some(Value::Object(error)), Some(actual)) = (error, actual.as_object_mut()) {
            actual.extend(error);
        }
        Ok(actual)
    }

    /// Moves the clock, and fires what is due. What the timers did is told together.
    async fn advance(&mut self, by_ms: u64) -> Result<Value> {
        let mut all = json!({});
        for timer in self.house.advance(by_ms).await {
            let id = format!("event-{}", self.house.next_id().await);
            let done = self.handle(&id, &Event::Timer(timer), 0).await?;
            merge(&mut all, done);
        }
        if all.as_object().is_some_and(serde_json::Map::is_empty) {
            all = json!({"sent": [], "edited": [], "recalled": [], "reacted": [], "acts": [], "http": []});
        }
        all["timers"] = self.house.timers().await.into();
        Ok(all)
    }

    async fn message(&self, input: MessageInput, seq: Option<u32>) -> Message {
        input.message(self.house.next_id().await, seq, self.house.now())
    }

    fn judgement<T>(&mut self, called: Result<Called<T>, CallFailure>, shown: impl Fn(&T) -> Value) -> Value {
        match called {
            Ok(called) => {
                self.count(called.cost, self.filter_wall());
                match &called.reply {
                    Ok(reply) => shown(reply),
                    Err(error) => json!({"verdict": "error", "error": error}),
                }
            }
            Err(ended) => {
                self.count(*ended.cost, None);
                failure(&ended)
            }
        }
    }

    fn count(&mut self, cost: Cost, limit: Option<Duration>) {
        self.took += cost.took;
        self.host_calls += cost.host_calls;
        self.memory_bytes = self.memory_bytes.max(cost.memory_bytes);
        self.fuel.extend(cost.fuel);
        if limit.is_some_and(|limit| cost.took > limit) {
            self.slow = self.slow.max(Some(cost.took));
        }
    }

    fn filter_wall(&self) -> Option<Duration> {
        Some(self.loaded.limits().filter.wall / self.patience)
    }

    fn bot_wall(&self) -> Option<Duration> {
        Some(self.loaded.limits().bot.wall / self.patience)
    }
}

/// Adds what a second timer did to what the first one did.
fn merge(all: &mut Value, more: Value) {
    let (Value::Object(all), Value::Object(more)) = (all, more) else { return };
    for (key, value) in more {
        match (all.get_mut(&key), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (_, value) => {
                all.insert(key, value);
            }
        }
    }
}

fn in_a_word(actual: &Value) -> String {
    let text = |key: &str| actual[key].as_str();
    match (text("verdict"), text("code")) {
        (Some(verdict), Some(code)) => format!("{verdict} {code}"),
        (Some(verdict), None) => verdict.to_owned(),
        (None, _) if actual.get("refused").is_some() => "refused".into(),
        (None, _) => {
            let count = |key: &str| actual[key].as_array().map_or(0, Vec::len);
            let (sent, acts, timers) = (count("sent"), count("acts"), count("timers"));
            let error = if actual.get("error").is_some() { ", error" } else { "" };
            format!("{sent} sent, {acts} acts, {timers} timers{error}")
        }
    }
}
