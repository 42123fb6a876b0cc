//! The host's functions, with the names and signatures that wit-bindgen gives them, over [`State`].
#![allow(unreachable_pub, reason = "as in the generated code that this stands for")]

use super::state::State;
use crate::bindings::host::types::Error;

pub mod log {
    pub fn write(level: crate::log::Level, line: &str, fields: &[(String, String)]) {
        let level = format!("{level:?}").to_lowercase();
        let level = level.strip_prefix("level::").unwrap_or(&level).to_owned();
        let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        super::State::with(|state| state.lines.push(format!("{level} {line}{fields}")));
    }
}

pub mod env {
    pub fn now() -> f64 {
        super::State::with(|state| state.now)
    }

    /// Not random: a test that failed must fail again. The numbers of SplitMix64.
    pub fn random(len: u32) -> Vec<u8> {
        super::State::with(|state| {
            let mut next = || {
                state.drawn = state.drawn.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mixed = (state.drawn ^ (state.drawn >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                (mixed ^ (mixed >> 31)).to_le_bytes()[0]
            };
            (0..len.min(4096)).map(|_| next()).collect()
        })
    }

    pub fn remaining() -> u32 {
        10
    }
}

pub mod kv {
    use super::{Error, State};
    use crate::bindings::host::kv::Page;

    pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
        State::granted("kv", |state| Ok(state.stored(key).map(|stored| stored.value.clone())))
    }

    pub fn set(key: &str, value: &[u8], ttl: Option<u32>) -> Result<(), Error> {
        const MAX_BYTES: u32 = 64 * 1024;
        State::granted("kv", |state| {
            if key.is_empty() || key.len() > 256 {
                return Err(Error::Invalid("a key has 1 to 256 bytes".into()));
            }
            if value.len() > MAX_BYTES as usize {
                return Err(Error::TooLarge(MAX_BYTES));
            }
            state.store(key, value.to_vec(), ttl);
            Ok(())
        })
    }

    pub fn delete(key: &str) -> Result<bool, Error> {
        State::granted("kv", |state| {
            let was = state.stored(key).is_some();
            state.kv.remove(key);
            Ok(was)
        })
    }

    pub fn swap(key: &str, old: Option<&[u8]>, new: &[u8], ttl: Option<u32>) -> Result<(), Error> {
        State::granted("kv", |state| match state.stored(key).map(|stored| stored.value.as_slice()) == old {
            true => Ok(()),
            false => Err(Error::Conflict),
        })?;
        set(key, new, ttl)
    }

    pub fn increment(key: &str, by: i32, ttl: Option<u32>) -> Result<i32, Error> {
        State::granted("kv", |state| {
            let Some(stored) = state.stored(key) else {
                state.store(key, by.to_string().into_bytes(), ttl);
                return Ok(by);
            };
            let count: i32 = String::from_utf8_lossy(&stored.value)
                .parse()
                .map_err(|_| Error::Invalid("not a counter".into()))?;
            let (sum, until) = (count.saturating_add(by), stored.until);
            let value = sum.to_string().into_bytes();
            state.kv.insert(key.to_owned(), crate::testkit::state::Stored { value, until });
            Ok(sum)
        })
    }

    pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
        State::granted("kv", |state| {
            let mut keys: Vec<String> = state
                .kv
                .keys()
                .filter(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
                .filter(|key| state.stored(key).is_some())
                .cloned()
                .collect();
            let limit = limit.clamp(1, 1000) as usize;
            let next = (keys.len() > limit).then(|| keys[limit - 1].clone());
            keys.truncate(limit);
            Ok(Page { keys, next })
        })
    }
}

pub mod directory {
    use super::{Error, State};
    use crate::bindings::host::directory::Page;
    use crate::{Room, User};

    pub fn get_room(id: &str) -> Result<Room, Error> {
        State::granted("directory", |state| state.rooms.get(id).cloned().ok_or(Error::NotFound))
    }

    pub fn get_user(id: &str) -> Result<User, Error> {
        State::granted("directory", |state| {
            let mut members = state.members.values();
            members.find(|(user, _)| user.id == id).map(|(user, _)| user.clone()).ok_or(Error::NotFound)
        })
    }

    pub fn get_role(room: &str, user: &str) -> Result<String, Error> {
        State::granted("directory", |state| {
            let member = state.members.get(&(room.to_owned(), user.to_owned()));
            member.map(|(_, role)| role.clone()).ok_or(Error::NotFound)
        })
    }

    pub fn list_members(room: &str, after: Option<&str>, limit: u32) -> Result<Page, Error> {
        State::granted("directory", |state| {
            let members = state
                .members
                .iter()
                .filter(|((of, id), _)| of == room && after.is_none_or(|after| id.as_str() > after));
            let mut users: Vec<User> = members.map(|(_, (user, _))| user.clone()).collect();
            let limit = limit.clamp(1, 100) as usize;
            let next = (users.len() > limit).then(|| users[limit - 1].id.clone());
            users.truncate(limit);
            Ok(Page { users, next })
        })
    }
}

pub mod messages {
    use super::{Error, State};
    use crate::Draft;
    use crate::testkit::{Act, Sent};

    pub fn send(draft: &Draft, key: Option<&str>) -> Result<String, Error> {
        State::granted("messages", |state| {
            let first = key.and_then(|key| state.sent.iter().find(|sent| sent.key.as_deref() == Some(key)));
            if let Some(first) = first {
                return Ok(first.id.clone());
            }
            let id = format!("sent-{}", state.sent.len() + 1);
            let key = key.map(ToOwned::to_owned);
            state.sent.push(Sent { id: id.clone(), key, draft: draft.clone(), edits: 0 });
            Ok(id)
        })
    }

    pub fn edit(id: &str, draft: &Draft) -> Result<(), Error> {
        State::granted("messages", |state| {
            let sent = state.sent.iter_mut().find(|sent| sent.id == id).ok_or(Error::NotFound)?;
            sent.draft = draft.clone();
            sent.edits += 1;
            Ok(())
        })
    }

    pub fn recall(id: &str) -> Result<(), Error> {
        act("messages", Act::Recall { message: id.to_owned() })
    }

    pub fn react(id: &str, emoji: &str) -> Result<(), Error> {
        act("messages", Act::React { message: id.to_owned(), emoji: emoji.to_owned() })
    }

    pub fn typing(room: &str) -> Result<(), Error> {
        act("messages", Act::Typing { room: room.to_owned() })
    }

    pub(super) fn act(capability: &str, act: Act) -> Result<(), Error> {
        State::granted(capability, |state| {
            state.acts.push(act);
            Ok(())
        })
    }
}

pub mod history {
    use super::{Error, State};
    use crate::Message;

    pub fn get(id: &str) -> Result<Message, Error> {
        State::granted("history", |state| {
            state.history.iter().find(|message| message.id == id).cloned().ok_or(Error::NotFound)
        })
    }

    pub fn before(room: &str, than: Option<f64>, limit: u32) -> Result<Vec<Message>, Error> {
        State::granted("history", |state| {
            let messages = state.history.iter().rev().filter(|message| {
                message.room == room && than.is_none_or(|than| message.seq.is_some_and(|seq| seq < than))
            });
            Ok(messages.take(limit.clamp(1, 100) as usize).cloned().collect())
        })
    }
}

pub mod moderation {
    use std::time::Duration;

    use super::Error;
    use super::messages::act;
    use crate::Review;
    use crate::testkit::Act;

    pub fn flag(id: &str, review: &Review) -> Result<(), Error> {
        act("moderation", Act::Flag { message: id.to_owned(), review: review.clone() })
    }

    pub fn remove(id: &str, reason: &str) -> Result<(), Error> {
        act("moderation", Act::Remove { message: id.to_owned(), reason: reason.to_owned() })
    }

    pub fn release(id: &str) -> Result<(), Error> {
        act("moderation", Act::Release { message: id.to_owned() })
    }

    pub fn mute(room: &str, user: &str, length: u32, reason: &str) -> Result<(), Error> {
        let length = Duration::from_millis(length.into());
        let (room, user, reason) = (room.to_owned(), user.to_owned(), reason.to_owned());
        act("moderation", Act::Mute { room, user, length, reason })
    }
}

pub mod timers {
    use std::time::Duration;

    use super::{Error, State};
    use crate::testkit::TimerSet;

    pub fn set(name: &str, delay: u32, every: Option<u32>, payload: &str) -> Result<(), Error> {
        State::granted("timers", |state| {
            let timer = TimerSet {
                name: name.to_owned(),
                due: state.now + f64::from(delay),
                every: every.map(|every| Duration::from_millis(every.into())),
                payload: payload.to_owned(),
            };
            state.timers.insert(name.to_owned(), timer);
            Ok(())
        })
    }

    pub fn cancel(name: &str) -> Result<bool, Error> {
        State::granted("timers", |state| Ok(state.timers.remove(name).is_some()))
    }
}

pub mod http {
    use super::{Error, State};
    use crate::bindings::host::http::{Request, Response};

    pub fn send(request: &Request) -> Result<Response, Error> {
        State::granted("http", |state| {
            state.requests.push(crate::testkit::Request {
                method: request.method.clone(),
                url: request.url.clone(),
                headers: request.headers.clone(),
                body: request.body.clone(),
                secret: request.secret.clone(),
            });
            let reply = state.replies.pop_front();
            let reply = reply.ok_or_else(|| Error::Unavailable("no reply was prepared".into()))?;
            Ok(Response { status: reply.status, headers: Vec::new(), body: reply.body })
        })
    }
}
