//! Teahouse's own protocol as one speaks it who comes back: `join` with what was seen last, until all that was missed came.

use std::collections::HashMap;

use super::{Dialect, Incoming, Native, Seat, Step};
use crate::stamp::Stamp;

const MSG: &[u8] = br#"{"type":"msg""#;
const SEQ: &[u8] = br#""seq":"#;

/// Spoken by clients that reconnect.
pub(crate) struct Returned<'a> {
    native: Native,
    /// The newest number of each room.
    heads: &'a HashMap<String, i64>,
    missed: i64,
}

impl<'a> Returned<'a> {
    /// Each missed the last `missed` events of its room; 0: it wants none.
    pub(crate) fn new(heads: &'a HashMap<String, i64>, missed: i64) -> Self {
        Self { native: Native::default(), heads, missed }
    }

    fn head(&self, seat: &Seat) -> i64 {
        seat.room.as_ref().and_then(|room| self.heads.get(room)).copied().unwrap_or_default()
    }
}

impl Dialect for Returned<'_> {
    fn path(&self, seat: &Seat) -> String {
        self.native.path(seat)
    }

    fn upgraded(&self, seat: &Seat) -> Step {
        self.native.upgraded(seat)
    }

    fn greeted(&self, seat: &Seat, payload: &[u8]) -> Step {
        if payload.starts_with(MSG) {
            let is_last = seq_of(payload) == Some(self.head(seat));
            return if is_last { Step::Seated } else { Step::Wait };
        }
        match self.native.greeted(seat, payload) {
            Step::Say(_) if self.missed > 0 => {
                let since = self.head(seat) - self.missed;
                Step::Say(serde_json::json!({"type": "join", "room": seat.room, "since": since}).to_string())
            }
            Step::Seated if self.missed > 0 => Step::Wait,
            other => other,
        }
    }

    fn write(&self, seat: &Seat, stamp: Stamp, out: &mut Vec<u8>) {
        self.native.write(seat, stamp, out);
    }

    fn read(&mut self, payload: &[u8]) -> Incoming {
        self.native.read(payload)
    }
}

/// The number of an event in its room's log.
fn seq_of(payload: &[u8]) -> Option<i64> {
    let at = payload.windows(SEQ.len()).position(|window| window == SEQ)? + SEQ.len();
    let digits = payload[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&payload[at..at + digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_is_there_with_the_last_that_was_missed() {
        let heads = HashMap::from([("r".to_owned(), 100)]);
        let seat = Seat { token: "t".to_owned(), room: Some("r".to_owned()) };
        let returned = Returned::new(&heads, 20);
        let join = returned.greeted(&seat, br#"{"type":"hello"}"#);
        assert_eq!(join, Step::Say(r#"{"room":"r","since":80,"type":"join"}"#.to_owned()));
        assert_eq!(returned.greeted(&seat, br#"{"type":"joined","room":"r","last_seq":100}"#), Step::Wait);
        assert_eq!(returned.greeted(&seat, br#"{"type":"msg","room":"r","seq":99,"at":""}"#), Step::Wait);
        assert_eq!(returned.greeted(&seat, br#"{"type":"msg","room":"r","seq":100,"at":""}"#), Step::Seated);
    }

    #[test]
    fn who_wants_nothing_is_there_once_it_joined() {
        let heads = HashMap::from([("r".to_owned(), 100)]);
        let seat = Seat { token: "t".to_owned(), room: Some("r".to_owned()) };
        let returned = Returned::new(&heads, 0);
        assert_eq!(returned.greeted(&seat, br#"{"type":"joined","room":"r","last_seq":100}"#), Step::Seated);
    }
}
