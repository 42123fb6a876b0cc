//! Teahouse's own protocol, version 1 (`hello`, `join`, `joined`, `msg`, `ack`).

use std::{
    fmt::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use super::{Dialect, Incoming, Seat, Step};
use crate::stamp::{Prose, Stamp};

const MSG: &[u8] = br#"{"type":"msg""#;
const ACK: &[u8] = br#"{"type":"ack""#;
const ID: &[u8] = br#""id":""#;
/// Characters of a UUID.
const UUID_TEXT: usize = 36;
/// The last characters of a client id, which hold the message's number.
const NUMBER_DIGITS: usize = 8;

/// Spoken by `teahouse serve`.
#[derive(Debug, Default)]
pub(crate) struct Native {
    prose: Prose,
    stamp_at: usize,
}

impl Native {
    /// One whose messages say this.
    pub(crate) fn saying(prose: Prose) -> Self {
        Self { prose, stamp_at: 0 }
    }
}

impl Dialect for Native {
    fn path(&self, seat: &Seat) -> String {
        format!("/ws?token={}", seat.token)
    }

    fn upgraded(&self, _seat: &Seat) -> Step {
        Step::Wait
    }

    fn greeted(&self, seat: &Seat, payload: &[u8]) -> Step {
        let frame: Value = match serde_json::from_slice(payload) {
            Ok(frame) => frame,
            Err(error) => return Step::Refused(format!("a frame that is no JSON: {error}")),
        };
        match (frame["type"].as_str(), &seat.room) {
            (Some("hello"), None) | (Some("joined"), _) => Step::Seated,
            (Some("hello"), Some(room)) => {
                Step::Say(serde_json::json!({"type": "join", "room": room}).to_string())
            }
            (Some("error"), _) => Step::Refused(refusal(&frame)),
            _ => Step::Wait,
        }
    }

    fn write(&self, seat: &Seat, stamp: Stamp, out: &mut Vec<u8>) {
        out.extend_from_slice(MSG);
        out.extend_from_slice(b",");
        out.extend_from_slice(ID);
        put_client_id(out, stamp, SystemTime::now());
        out.extend_from_slice(br#"","room":""#);
        out.extend_from_slice(seat.room.as_deref().unwrap_or_default().as_bytes());
        out.extend_from_slice(br#"","content":""#);
        stamp.write(self.prose, out);
        out.extend_from_slice(br#""}"#);
    }

    fn read(&mut self, payload: &[u8]) -> Incoming {
        if payload.starts_with(MSG) {
            return Stamp::read(payload, &mut self.stamp_at).map_or(Incoming::Other, Incoming::Message);
        }
        if payload.starts_with(ACK) {
            return acked_number(payload).map_or(Incoming::Other, |number| Incoming::Ack(Some(number)));
        }
        self.read_slowly(payload)
    }
}

impl Native {
    /// Whatever doesn't begin as our server's frames do: rare, or a server that orders its fields otherwise.
    #[cold]
    fn read_slowly(&mut self, payload: &[u8]) -> Incoming {
        let Ok(frame) = serde_json::from_slice::<Value>(payload) else {
            return Incoming::Refusal("a frame that is no JSON".to_owned());
        };
        match frame["type"].as_str() {
            Some("msg") => {
                Stamp::read(payload, &mut self.stamp_at).map_or(Incoming::Other, Incoming::Message)
            }
            Some("ack") => {
                acked_number(payload).map_or(Incoming::Other, |number| Incoming::Ack(Some(number)))
            }
            Some("error") => Incoming::Refusal(refusal(&frame)),
            _ => Incoming::Other,
        }
    }
}

fn refusal(frame: &Value) -> String {
    let word = |key: &str| frame[key].as_str().unwrap_or("?").to_owned();
    format!("{}: {}", word("code"), word("message"))
}

/// The number at the end of the client id that an `ack` repeats.
fn acked_number(payload: &[u8]) -> Option<u32> {
    let at = payload.windows(ID.len()).position(|window| window == ID)? + ID.len() + UUID_TEXT;
    let digits = std::str::from_utf8(payload.get(at - NUMBER_DIGITS..at)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

/// Appends a UUIDv7 with the sub-millisecond part that RFC 9562 §6.2 (method 3) allows, whose random part names
/// the sender and the number: ordered by time, as the server's index likes it, and never the same twice.
fn put_client_id(out: &mut Vec<u8>, stamp: Stamp, now: SystemTime) {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = since.as_millis() as u64;
    let fraction = u64::from(since.subsec_nanos() % 1_000_000) * 4096 / 1_000_000;
    let high = millis << 16 | 0x7000 | fraction;
    let low = 0x8000_0000_0000_0000 | u64::from(stamp.sender) << 32 | u64::from(stamp.number);
    let mut text = UuidText { out };
    // Writing into a `Vec` cannot fail.
    let _ = write!(
        text,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFFF,
        low >> 48,
        low & 0xFFFF_FFFF_FFFF
    );
}

struct UuidText<'a> {
    out: &'a mut Vec<u8>,
}

impl std::fmt::Write for UuidText<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.out.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn id(stamp: Stamp, at: Duration) -> String {
        let mut out = Vec::new();
        put_client_id(&mut out, stamp, UNIX_EPOCH + at);
        String::from_utf8(out).expect("hex digits")
    }

    fn stamp(sender: u32, number: u32) -> Stamp {
        Stamp { sender, number, micros: 5 }
    }

    #[test]
    fn client_ids_are_uuids_of_version_7_in_order_of_time() {
        let at = |micros| Duration::from_secs(1_700_000_000) + Duration::from_micros(micros);
        let early = id(stamp(7, 9), at(100));
        assert_eq!(early.len(), UUID_TEXT);
        assert_eq!((&early[14..15], &early[19..20]), ("7", "8"), "{early}");
        assert!(early < id(stamp(1, 0), at(101)) && early < id(stamp(0, 0), at(5_000)));
        assert_ne!(early, id(stamp(7, 10), at(100)));
    }

    #[test]
    fn an_ack_names_the_message_it_answers() {
        let mut native = Native::default();
        let ack =
            format!(r#"{{"type":"ack","id":"{}","seq":3}}"#, id(stamp(3, 70_000), Duration::from_secs(9)));
        assert_eq!(native.read(ack.as_bytes()), Incoming::Ack(Some(70_000)));
        let reordered = format!(r#"{{"id":"{}","type":"ack"}}"#, id(stamp(3, 1), Duration::from_secs(9)));
        assert_eq!(native.read(reordered.as_bytes()), Incoming::Ack(Some(1)));
    }

    #[test]
    fn what_is_written_is_valid_and_read_back() {
        let mut native = Native::default();
        let seat = Seat { token: "t".to_owned(), room: Some("r-1".to_owned()) };
        let mut out = Vec::new();
        native.write(&seat, stamp(2, 11), &mut out);
        let frame: Value = serde_json::from_slice(&out).expect("valid JSON");
        assert_eq!(
            (frame["room"].as_str(), frame["content"].as_str().map(str::len)),
            (Some("r-1"), Some(128))
        );
        assert_eq!(native.read(&out), Incoming::Message(stamp(2, 11)));
    }

    #[test]
    fn greetings_lead_to_the_seat() {
        let native = Native::default();
        let in_room = Seat { token: String::new(), room: Some("r".to_owned()) };
        let hello = br#"{"type":"hello","session":"s"}"#;
        assert_eq!(native.greeted(&in_room, hello), Step::Say(r#"{"room":"r","type":"join"}"#.to_owned()));
        assert_eq!(native.greeted(&in_room, br#"{"type":"joined","room":"r"}"#), Step::Seated);
        assert_eq!(native.greeted(&in_room, br#"{"type":"presence"}"#), Step::Wait);
        assert_eq!(native.greeted(&Seat::default(), hello), Step::Seated);
        let error = br#"{"type":"error","code":"session_expired","message":"log in"}"#;
        assert_eq!(native.greeted(&in_room, error), Step::Refused("session_expired: log in".to_owned()));
    }
}
