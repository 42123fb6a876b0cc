//! What the house answers. Each function is the same: count and check, then ask.

use super::weight;
use crate::grants::Capability;
use crate::state::State;
use crate::wit::imports::{directory, history, http, kv, messages, moderation, timers};
use crate::wit::{
    Draft, Error, HttpRequest, HttpResponse, KeyPage, MemberPage, Message, Review, Room, Seq, User,
};

/// Outside: a trap. Inside: the guest's own result.
type Answer<T> = wasmtime::Result<Result<T, Error>>;

/// Asks the house, if the call may.
macro_rules! ask {
    ($state:ident, $capability:ident, $bytes:expr, $function:ident($($argument:ident),*)) => {{
        if let Err(refusal) = $state.admit(Capability::$capability, $bytes)? {
            return Ok(Err(refusal));
        }
        $state.asks(Capability::$capability);
        let (services, call) = $state.house();
        let answer = services.$function(call $(, $argument)*).await;
        $state.answered(&answer);
        Ok(answer)
    }};
}

impl kv::Host for State {
    async fn get(&mut self, key: String) -> Answer<Option<Vec<u8>>> {
        ask!(self, Kv, key.len(), kv_get(key))
    }

    async fn set(&mut self, key: String, value: Vec<u8>, ttl: Option<u32>) -> Answer<()> {
        ask!(self, Kv, key.len() + value.len(), kv_set(key, value, ttl))
    }

    async fn delete(&mut self, key: String) -> Answer<bool> {
        ask!(self, Kv, key.len(), kv_delete(key))
    }

    async fn swap(
        &mut self,
        key: String,
        old: Option<Vec<u8>>,
        new: Vec<u8>,
        ttl: Option<u32>,
    ) -> Answer<()> {
        ask!(self, Kv, key.len() + old.as_ref().map_or(0, Vec::len) + new.len(), kv_swap(key, old, new, ttl))
    }

    async fn increment(&mut self, key: String, by: i32, ttl: Option<u32>) -> Answer<i32> {
        ask!(self, Kv, key.len(), kv_increment(key, by, ttl))
    }

    async fn keys(&mut self, prefix: String, after: Option<String>, limit: u32) -> Answer<KeyPage> {
        ask!(self, Kv, prefix.len() + weight::optional(after.as_ref()), kv_keys(prefix, after, limit))
    }
}

impl directory::Host for State {
    async fn get_room(&mut self, id: String) -> Answer<Room> {
        ask!(self, Directory, id.len(), directory_get_room(id))
    }

    async fn get_user(&mut self, id: String) -> Answer<User> {
        ask!(self, Directory, id.len(), directory_get_user(id))
    }

    async fn get_role(&mut self, room: String, user: String) -> Answer<String> {
        ask!(self, Directory, room.len() + user.len(), directory_get_role(room, user))
    }

    async fn list_members(&mut self, room: String, after: Option<String>, limit: u32) -> Answer<MemberPage> {
        ask!(
            self,
            Directory,
            room.len() + weight::optional(after.as_ref()),
            directory_list_members(room, after, limit)
        )
    }
}

impl messages::Host for State {
    async fn send(&mut self, draft: Draft, key: Option<String>) -> Answer<String> {
        ask!(
            self,
            Messages,
            weight::draft(&draft) + weight::optional(key.as_ref()),
            messages_send(draft, key)
        )
    }

    async fn edit(&mut self, id: String, draft: Draft) -> Answer<()> {
        ask!(self, Messages, id.len() + weight::draft(&draft), messages_edit(id, draft))
    }

    async fn recall(&mut self, id: String) -> Answer<()> {
        ask!(self, Messages, id.len(), messages_recall(id))
    }

    async fn react(&mut self, id: String, emoji: String) -> Answer<()> {
        ask!(self, Messages, id.len() + emoji.len(), messages_react(id, emoji))
    }

    async fn typing(&mut self, room: String) -> Answer<()> {
        ask!(self, Messages, room.len(), messages_typing(room))
    }
}

impl history::Host for State {
    async fn get(&mut self, id: String) -> Answer<Message> {
        ask!(self, History, id.len(), history_get(id))
    }

    async fn before(&mut self, room: String, than: Option<Seq>, limit: u32) -> Answer<Vec<Message>> {
        ask!(self, History, room.len(), history_before(room, than, limit))
    }
}

impl moderation::Host for State {
    async fn flag(&mut self, id: String, review: Review) -> Answer<()> {
        ask!(self, Moderation, id.len() + weight::review(&review), moderation_flag(id, review))
    }

    async fn remove(&mut self, id: String, reason: String) -> Answer<()> {
        ask!(self, Moderation, id.len() + reason.len(), moderation_remove(id, reason))
    }

    async fn release(&mut self, id: String) -> Answer<()> {
        ask!(self, Moderation, id.len(), moderation_release(id))
    }

    async fn mute(&mut self, room: String, user: String, duration: u32, reason: String) -> Answer<()> {
        ask!(
            self,
            Moderation,
            room.len() + user.len() + reason.len(),
            moderation_mute(room, user, duration, reason)
        )
    }
}

impl timers::Host for State {
    async fn set(&mut self, name: String, delay: u32, every: Option<u32>, payload: String) -> Answer<()> {
        ask!(self, Timers, name.len() + payload.len(), timers_set(name, delay, every, payload))
    }

    async fn cancel(&mut self, name: String) -> Answer<bool> {
        ask!(self, Timers, name.len(), timers_cancel(name))
    }
}

impl http::Host for State {
    async fn send(&mut self, request: HttpRequest) -> Answer<HttpResponse> {
        ask!(self, Http, weight::request(&request), http_send(request))
    }
}
