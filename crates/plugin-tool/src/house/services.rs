//! The house as the sandbox asks it.

use async_trait::async_trait;
use serde_json::json;
use teahouse_plugin_host::wit::{
    Draft, Error, HttpRequest, HttpResponse, KeyPage, MemberPage, Message, Review, Room, Seq, User,
};
use teahouse_plugin_host::{CallContext, Capability, Services};
use teahouse_plugin_package::{Act, Terms};

use super::data::{self, instant};
use super::{House, Inner, Waiting, http, shown};

const KEY_BYTES: usize = 64;
const TIMER_PAYLOAD_BYTES: u32 = 4 * 1024;
const LEAST_DELAY_MS: u32 = 10_000;

impl House {
    fn may(&self, act: Act) -> Result<(), Error> {
        let has = |terms: &Terms| match terms {
            Terms::Moderation { acts } => Some(acts.contains(&act)),
            _ => None,
        };
        if self.terms_of(has).unwrap_or(false) { Ok(()) } else { Err(Error::Denied("moderation".into())) }
    }
}

impl Inner {
    fn message(&mut self, id: &str) -> Result<&mut Message, Error> {
        self.messages.iter_mut().find(|message| message.id == id).ok_or(Error::NotFound)
    }

    /// One of the plugin's own.
    fn own(&mut self, id: &str) -> Result<&mut Message, Error> {
        self.message(id).ok().filter(|message| message.role == "bot").ok_or(Error::NotFound)
    }

    fn room(&self, id: &str) -> Result<&Room, Error> {
        self.rooms.get(id).ok_or(Error::NotFound)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Services for House {
    fn now_ms(&self) -> u64 {
        self.now()
    }

    /// The plugin is answered `denied`; what it makes of that is its case's concern.
    fn refused(&self, _: &CallContext, _: Capability) {}

    async fn kv_get(&self, _: &CallContext, key: String) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.inner.lock().await.kv.get(&key, self.now()))
    }

    async fn kv_set(
        &self,
        _: &CallContext,
        key: String,
        value: Vec<u8>,
        ttl: Option<u32>,
    ) -> Result<(), Error> {
        self.inner.lock().await.kv.set(key, value, ttl, self.now())
    }

    async fn kv_delete(&self, _: &CallContext, key: String) -> Result<bool, Error> {
        Ok(self.inner.lock().await.kv.delete(&key, self.now()))
    }

    async fn kv_swap(
        &self,
        _: &CallContext,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl: Option<u32>,
    ) -> Result<(), Error> {
        self.inner.lock().await.kv.swap(key, old.as_deref(), new, ttl, self.now())
    }

    async fn kv_increment(
        &self,
        _: &CallContext,
        key: String,
        by: i32,
        ttl: Option<u32>,
    ) -> Result<i32, Error> {
        self.inner.lock().await.kv.increment(key, by, ttl, self.now())
    }

    async fn kv_keys(
        &self,
        _: &CallContext,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<KeyPage, Error> {
        Ok(self.inner.lock().await.kv.keys(&prefix, after.as_deref(), limit, self.now()))
    }

    async fn directory_get_room(&self, _: &CallContext, room: String) -> Result<Room, Error> {
        self.inner.lock().await.room(&room).cloned()
    }

    async fn directory_get_user(&self, _: &CallContext, user: String) -> Result<User, Error> {
        self.inner.lock().await.users.get(&user).cloned().ok_or(Error::NotFound)
    }

    async fn directory_get_role(&self, _: &CallContext, room: String, user: String) -> Result<String, Error> {
        self.inner.lock().await.roles.get(&(room, user)).cloned().ok_or(Error::NotFound)
    }

    async fn directory_list_members(
        &self,
        _: &CallContext,
        room: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<MemberPage, Error> {
        let inner = self.inner.lock().await;
        inner.room(&room)?;
        let is_member = |user: &&User| inner.roles.contains_key(&(room.clone(), user.id.clone()));
        let mut rest = inner
            .users
            .values()
            .filter(is_member)
            .filter(|user| after.as_ref().is_none_or(|after| user.id > *after));
        let users: Vec<User> = rest.by_ref().take(limit.min(100) as usize).cloned().collect();
        let next = rest.next().and(users.last().map(|user| user.id.clone()));
        Ok(MemberPage { users, next })
    }

    async fn messages_send(
        &self,
        call: &CallContext,
        draft: Draft,
        key: Option<String>,
    ) -> Result<String, Error> {
        let mut inner = self.inner.lock().await;
        inner.room(&draft.room)?;
        if key.as_ref().is_some_and(|key| key.len() > KEY_BYTES) {
            return Err(Error::Invalid(format!("a key has at most {KEY_BYTES} bytes")));
        }
        if let Some(first) = key.as_ref().and_then(|key| inner.keys.get(key)) {
            return Ok(first.clone());
        }
        let id = inner.next_id();
        let mut record = shown(&draft);
        record["id"] = id.as_str().into();
        record["key"] = key.clone().into();
        inner.record.sent.push(record);
        if let Some(key) = key {
            inner.keys.insert(key, id.clone());
        }
        if draft.only_for.is_none() {
            let message = sent(&draft, &id, inner.messages.len(), call.hops.saturating_add(1), self.now());
            inner.messages.push(message);
        }
        Ok(id)
    }

    async fn messages_edit(&self, _: &CallContext, id: String, draft: Draft) -> Result<(), Error> {
        let mut inner = self.inner.lock().await;
        let message = inner.own(&id)?;
        message.text.clone_from(&draft.text);
        message.content.clone_from(&draft.content);
        let mut record = shown(&draft);
        record["message"] = id.into();
        inner.record.edited.push(record);
        Ok(())
    }

    async fn messages_recall(&self, _: &CallContext, id: String) -> Result<(), Error> {
        let mut inner = self.inner.lock().await;
        inner.own(&id)?;
        inner.messages.retain(|message| message.id != id);
        inner.record.recalled.push(id.into());
        Ok(())
    }

    async fn messages_react(&self, _: &CallContext, id: String, emoji: String) -> Result<(), Error> {
        self.inner.lock().await.record.reacted.push(json!({"message": id, "emoji": emoji}));
        Ok(())
    }

    async fn messages_typing(&self, _: &CallContext, room: String) -> Result<(), Error> {
        self.inner.lock().await.room(&room).map(drop)
    }

    async fn history_get(&self, _: &CallContext, id: String) -> Result<Message, Error> {
        self.inner.lock().await.message(&id).cloned()
    }

    async fn history_before(
        &self,
        _: &CallContext,
        room: String,
        than: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<Message>, Error> {
        let inner = self.inner.lock().await;
        inner.room(&room)?;
        let earlier = |message: &&Message| {
            message.room == room && than.is_none_or(|than| message.seq.is_some_and(|seq| seq < than))
        };
        Ok(inner.messages.iter().rev().filter(earlier).take(limit.min(100) as usize).cloned().collect())
    }

    async fn moderation_flag(&self, _: &CallContext, id: String, review: Review) -> Result<(), Error> {
        self.may(Act::Flag)?;
        let act = json!({"act": "flag", "message": id, "code": review.code, "note": review.note,
            "severity": review.severity});
        self.inner.lock().await.record.acts.push(act);
        Ok(())
    }

    async fn moderation_remove(&self, _: &CallContext, id: String, reason: String) -> Result<(), Error> {
        self.may(Act::Remove)?;
        let mut inner = self.inner.lock().await;
        inner.messages.retain(|message| message.id != id);
        inner.record.acts.push(json!({"act": "remove", "message": id, "reason": reason}));
        Ok(())
    }

    async fn moderation_release(&self, _: &CallContext, id: String) -> Result<(), Error> {
        self.may(Act::Release)?;
        self.inner.lock().await.record.acts.push(json!({"act": "release", "message": id}));
        Ok(())
    }

    async fn moderation_mute(
        &self,
        _: &CallContext,
        room: String,
        user: String,
        duration_ms: u32,
        reason: String,
    ) -> Result<(), Error> {
        self.may(Act::Mute)?;
        let act =
            json!({"act": "mute", "room": room, "user": user, "duration_ms": duration_ms, "reason": reason});
        self.inner.lock().await.record.acts.push(act);
        Ok(())
    }

    async fn timers_set(
        &self,
        _: &CallContext,
        name: String,
        delay_ms: u32,
        every_ms: Option<u32>,
        payload: String,
    ) -> Result<(), Error> {
        let max = self.terms_of(|terms| if let Terms::Timers { max } = terms { Some(*max) } else { None });
        let max = max.unwrap_or(Terms::DEFAULT_TIMERS);
        if name.is_empty() || name.len() > KEY_BYTES {
            return Err(Error::Invalid(format!("a timer's name has 1 to {KEY_BYTES} bytes")));
        }
        if every_ms.is_some_and(|every| every < LEAST_DELAY_MS) {
            return Err(Error::Invalid(format!("a timer repeats every {LEAST_DELAY_MS} ms at most")));
        }
        if payload.len() > TIMER_PAYLOAD_BYTES as usize {
            return Err(Error::TooLarge(TIMER_PAYLOAD_BYTES));
        }
        let mut inner = self.inner.lock().await;
        if !inner.timers.contains_key(&name) && inner.timers.len() >= max as usize {
            return Err(Error::Quota(max));
        }
        let due_ms = self.now() + u64::from(delay_ms);
        inner.timers.insert(name, Waiting { due_ms, every_ms, payload });
        Ok(())
    }

    async fn timers_cancel(&self, _: &CallContext, name: String) -> Result<bool, Error> {
        Ok(self.inner.lock().await.timers.remove(&name).is_some())
    }

    async fn http_send(&self, _: &CallContext, request: HttpRequest) -> Result<HttpResponse, Error> {
        let terms = self.terms_of(|terms| matches!(terms, Terms::Http { .. }).then(|| terms.clone()));
        let terms = terms.ok_or_else(|| Error::Denied("http".into()))?;
        let mut inner = self.inner.lock().await;
        inner.record.http.push(http::shown(&request));
        http::answer(&inner.http, &terms, &request)
    }
}

/// A draft as the message that it became.
fn sent(draft: &Draft, id: &str, before: usize, hops: u8, now: u64) -> Message {
    let bot = User { is_bot: true, ..data::user("the plugin itself") };
    Message {
        id: id.to_owned(),
        room: draft.room.clone(),
        seq: Some(instant(before as u64 + 1)),
        sender: bot,
        role: "bot".into(),
        kind: draft.kind.clone(),
        text: draft.text.clone(),
        content: draft.content.clone(),
        reply_to: draft.reply_to.clone(),
        mentions: draft.mentions.clone(),
        at: instant(now),
        hops,
        extra: Vec::new(),
    }
}
