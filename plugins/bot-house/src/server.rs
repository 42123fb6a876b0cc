//! The real house: the functions that the server offers to its plugins.

use std::time::Duration;

use teahouse_plugin_sdk as sdk;
use teahouse_plugin_sdk::{directory, env, kv, messages, moderation, timers};

use crate::{Button, Call, Draft, Event, House, Joined, Person, Place, Press, Rang, Refusal, Role, Said};

/// The longest key of a message, in bytes.
const MAX_KEY_BYTES: usize = 64;

/// The server, in a component; its test kit, in a native test.
#[derive(Clone, Copy, Debug, Default)]
pub struct Server;

impl House for Server {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the interface's instants are whole and positive"
    )]
    fn now(&self) -> u64 {
        env::now() as u64
    }

    fn note(&self, line: &str) {
        sdk::log::warn(line, &[]);
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Refusal> {
        Ok(kv::get(key)?)
    }

    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) -> Result<(), Refusal> {
        Ok(kv::set(key, value, ttl)?)
    }

    fn swap(&self, key: &str, old: Option<&[u8]>, new: &[u8], ttl: Option<Duration>) -> Result<(), Refusal> {
        Ok(kv::swap(key, old, new, ttl)?)
    }

    fn delete(&self, key: &str) -> Result<(), Refusal> {
        kv::delete(key)?;
        Ok(())
    }

    fn send(&self, draft: &Draft, key: Option<&str>) -> Result<String, Refusal> {
        let draft = sdk_draft(draft);
        Ok(match key {
            Some(key) => messages::send_once(&short_key(key), &draft)?,
            None => messages::send(&draft)?,
        })
    }

    fn edit(&self, message: &str, draft: &Draft) -> Result<(), Refusal> {
        Ok(messages::edit(message, &sdk_draft(draft))?)
    }

    fn set_timer(&self, name: &str, delay: Duration, payload: &str) -> Result<(), Refusal> {
        Ok(timers::once(name, delay, payload)?)
    }

    fn cancel_timer(&self, name: &str) -> Result<(), Refusal> {
        timers::cancel(name)?;
        Ok(())
    }

    fn flag(&self, message: &str, code: &str, note: &str) -> Result<(), Refusal> {
        Ok(moderation::flag(message, &sdk::Review::new(code, note))?)
    }

    fn person(&self, id: &str) -> Result<Person, Refusal> {
        Ok(directory::get_user(id)?.into())
    }

    fn role(&self, room: &str, user: &str) -> Result<Role, Refusal> {
        Ok(Role::from_word(&directory::get_role(room, user)?))
    }
}

impl From<sdk::Error> for Refusal {
    fn from(error: sdk::Error) -> Self {
        match error {
            sdk::Error::Denied(capability) => Self::Denied(capability),
            sdk::Error::NotFound => Self::NotFound,
            sdk::Error::Conflict => Self::Conflict,
            sdk::Error::RateLimited(after_ms) => Self::RateLimited(Duration::from_millis(after_ms.into())),
            sdk::Error::TooLarge(_) | sdk::Error::Quota(_) => Self::Full,
            sdk::Error::Invalid(why) => Self::Invalid(why),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<sdk::User> for Person {
    fn from(user: sdk::User) -> Self {
        Self { id: user.id, name: user.name, is_bot: user.is_bot, is_guest: user.is_guest }
    }
}

impl From<&sdk::Message> for Said {
    fn from(message: &sdk::Message) -> Self {
        Self {
            message: message.id.clone(),
            room: message.room.clone(),
            person: message.sender.clone().into(),
            text: message.text.clone(),
            mentions: message.mentions.clone(),
            hops: message.hops,
        }
    }
}

impl Event {
    /// What the bundled bots take of the interface's events; none: nothing of it.
    #[must_use]
    pub fn of(event: &sdk::Event) -> Option<Self> {
        Some(match event {
            sdk::Event::Posted(message) => Self::Said(message.into()),
            // Who makes a room comes into it as its owner, and is nobody's guest.
            sdk::Event::Member(membership) if membership.role() == Some("owner") => return None,
            sdk::Event::Member(membership) if membership.change == "joined" => Self::Joined(Joined {
                place: Place {
                    id: membership.room.id.clone(),
                    name: membership.room.name.clone(),
                    kind: membership.room.kind.clone(),
                },
                person: membership.user.clone().into(),
            }),
            sdk::Event::Command(command) => Self::Called(Call {
                name: command.name.clone(),
                args: command.args.clone(),
                said: (&command.message).into(),
                role: command.message.role.clone(),
            }),
            sdk::Event::Pressed(press) => Self::Pressed(Press {
                message: press.message.clone(),
                room: press.room.clone(),
                person: press.user.clone().into(),
                button: press.button.clone(),
                value: press.value.clone(),
            }),
            sdk::Event::Timer(timer) => {
                Self::Rang(Rang { name: timer.name.clone(), payload: timer.payload.clone() })
            }
            _ => return None,
        })
    }
}

fn sdk_draft(draft: &Draft) -> sdk::Draft {
    let mut made = match &draft.title {
        Some(title) => sdk::Draft::card(&draft.room, title, &draft.text),
        None => sdk::Draft::text(&draft.room, &draft.text),
    };
    made.reply_to.clone_from(&draft.reply_to);
    made.only_for.clone_from(&draft.only_for);
    made.mentions.clone_from(&draft.mentions);
    made.buttons = draft.rows.iter().map(|row| row.iter().map(sdk_button).collect()).collect();
    made
}

fn sdk_button(button: &Button) -> sdk::Button {
    sdk::Button {
        id: button.id.clone(),
        label: button.label.clone(),
        style: button.style.word().to_owned(),
        value: button.value.clone(),
    }
}

/// A key that is too long as its beginning and a fingerprint (FNV-1a) of it all.
fn short_key(key: &str) -> String {
    const PRIME: u64 = 0x0100_0000_01b3;
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    if key.len() <= MAX_KEY_BYTES {
        return key.to_owned();
    }
    let mark = key.bytes().fold(BASIS, |mark, byte| (mark ^ u64::from(byte)).wrapping_mul(PRIME));
    let start: String = key.chars().take_while(char::is_ascii).take(MAX_KEY_BYTES - 17).collect();
    format!("{start}~{mark:016x}")
}

#[cfg(test)]
mod tests {
    use teahouse_plugin_sdk::testkit;

    use super::*;

    #[test]
    fn a_card_reaches_the_server_with_its_rows() {
        let host = testkit::Host::new();
        let draft = Draft::card("room", "标题", "text")
            .row(vec![Button::new("a", "A", "1")])
            .row(vec![Button::new("b", "B", "2")])
            .only_for("ann");
        Server.send(&draft, Some("key")).expect("sent");
        let sent = host.sent();
        let seen = &sent[0].draft;
        assert_eq!(
            (seen.kind.as_str(), seen.buttons.len(), seen.only_for.as_deref()),
            ("card", 2, Some("ann"))
        );
        assert_eq!((seen.buttons[1][0].value.as_str(), seen.buttons[1][0].style.as_str()), ("2", "default"));
    }

    #[test]
    fn a_long_key_is_shortened_and_stays_its_own() {
        let (a, b) = ("k".repeat(70), format!("{}x", "k".repeat(69)));
        assert_eq!(short_key(&a).len(), MAX_KEY_BYTES);
        assert_ne!(short_key(&a), short_key(&b));
        assert_eq!(short_key("short"), "short");
    }

    #[test]
    fn a_refusal_keeps_its_meaning() {
        let host = testkit::Host::new();
        host.deny("kv");
        assert_eq!(Server.get("x"), Err(Refusal::Denied("kv".to_owned())));
    }
}
