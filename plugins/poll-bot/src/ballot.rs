//! Who voted for what, in one value of the store, as small as it can be: a value holds 64 KiB.

use std::time::Duration;

use bot_house::{House, Refusal};

/// The store's limit for a value, and some room.
const MAX_BYTES: usize = 63 * 1024;
/// From here on only the votes are kept and no more names: two thousand names are not read by anyone.
const MAX_BYTES_WITH_NAMES: usize = 40 * 1024;
const FORMAT: u8 = 1;
const HEAD_BYTES: usize = 8;
const CLOSED: u8 = 1;
const STALE: u8 = 2;
/// How often a vote is written against others at the same moment.
const TRIES: usize = 12;

/// One person's vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) user: String,
    pub(crate) option: u8,
    /// Empty in an anonymous poll, and in a crowd.
    pub(crate) name: String,
}

/// What became of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cast {
    Counted,
    Changed,
    Same,
    Closed,
    Full,
}

/// The votes of one poll.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ballot {
    pub(crate) is_closed: bool,
    /// Whether a timer will show votes that the card doesn't show yet.
    pub(crate) is_stale: bool,
    /// When the card was brought up to date.
    pub(crate) shown_at: u64,
    pub(crate) votes: Vec<Vote>,
}

impl Ballot {
    /// Takes a vote, or changes it: one person has one.
    pub(crate) fn cast(&mut self, user: &str, option: u8, name: &str) -> Cast {
        if self.is_closed {
            return Cast::Closed;
        }
        if let Some(vote) = self.votes.iter_mut().find(|vote| vote.user == user) {
            let cast = if vote.option == option { Cast::Same } else { Cast::Changed };
            vote.option = option;
            return cast;
        }
        let bytes = self.size();
        if bytes + 64 > MAX_BYTES {
            return Cast::Full;
        }
        let name = if bytes > MAX_BYTES_WITH_NAMES { String::new() } else { name.to_owned() };
        self.votes.push(Vote { user: user.to_owned(), option, name });
        Cast::Counted
    }

    /// How many voted for each of `options`.
    pub(crate) fn counts(&self, options: usize) -> Vec<usize> {
        let mut counts = vec![0; options];
        for vote in &self.votes {
            if let Some(count) = counts.get_mut(usize::from(vote.option)) {
                *count += 1;
            }
        }
        counts
    }

    /// About how long it is in the store, without writing it.
    fn size(&self) -> usize {
        let longest = |vote: &Vote| 2 + vote.user.len().max(16) + vote.name.len().min(255) + 1;
        HEAD_BYTES
            + self
                .votes
                .iter()
                .map(|vote| if vote.user.len() == 36 { longest(vote) - 20 } else { longest(vote) })
                .sum::<usize>()
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes =
            vec![FORMAT, if self.is_closed { CLOSED } else { 0 } | if self.is_stale { STALE } else { 0 }];
        bytes.extend_from_slice(&self.shown_at.to_be_bytes()[2..]);
        for vote in &self.votes {
            match uuid_bytes(&vote.user) {
                Some(id) => {
                    bytes.push(0);
                    bytes.extend_from_slice(&id);
                }
                None => push_text(&mut bytes, &vote.user),
            }
            bytes.push(vote.option);
            push_text(&mut bytes, &vote.name);
        }
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_at_checked(HEAD_BYTES)?;
        if head[0] != FORMAT {
            return None;
        }
        let shown_at = head[2..].iter().fold(0, |at, &byte| at << 8 | u64::from(byte));
        let (is_closed, is_stale) = (head[1] & CLOSED != 0, head[1] & STALE != 0);
        let mut votes = Vec::new();
        while !rest.is_empty() {
            let user = if rest[0] == 0 {
                let id = rest.get(1..17)?;
                rest = &rest[17..];
                uuid_text(id)
            } else {
                take_text(&mut rest)?
            };
            let (&option, after) = rest.split_first()?;
            rest = after;
            votes.push(Vote { user, option, name: take_text(&mut rest)? });
        }
        Some(Self { is_closed, is_stale, shown_at, votes })
    }

    /// Changes the votes of `poll`, again whenever another was quicker; answers what `change` did last.
    pub(crate) fn update<R>(
        house: &impl House,
        poll: &str,
        ttl: Duration,
        mut change: impl FnMut(&mut Self) -> R,
    ) -> Result<(R, Self), Refusal> {
        for _ in 0..TRIES {
            let old = house.get(&key(poll))?;
            let mut ballot = old.as_deref().and_then(Self::decode).unwrap_or_default();
            let before = ballot.clone();
            let answer = change(&mut ballot);
            if ballot == before {
                return Ok((answer, ballot));
            }
            match house.swap(&key(poll), old.as_deref(), &ballot.encode(), Some(ttl)) {
                Err(Refusal::Conflict) => {}
                other => return other.map(|()| (answer, ballot)),
            }
        }
        Err(Refusal::Conflict)
    }
}

pub(crate) fn key(poll: &str) -> String {
    format!("votes/{poll}")
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    let mut end = text.len().min(usize::from(u8::MAX));
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    bytes.push(u8::try_from(end).unwrap_or(u8::MAX));
    bytes.extend_from_slice(&text.as_bytes()[..end]);
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let (&length, after) = rest.split_first()?;
    let (text, after) = after.split_at_checked(usize::from(length))?;
    *rest = after;
    String::from_utf8(text.to_vec()).ok()
}

/// The sixteen bytes of an id, where it is written as ids are.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    let digits: Vec<u8> = text.bytes().filter(|&byte| byte != b'-').collect();
    if digits.len() != 32 || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    (uuid_text(&id) == text).then_some(id)
}

fn uuid_text(id: &[u8]) -> String {
    let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

    #[test]
    fn one_person_has_one_vote_and_may_change_it() {
        let mut ballot = Ballot::default();
        assert_eq!(ballot.cast(ANN, 0, "Ann"), Cast::Counted);
        assert_eq!(ballot.cast(ANN, 0, "Ann"), Cast::Same);
        assert_eq!(ballot.cast(ANN, 1, "Ann"), Cast::Changed);
        assert_eq!(ballot.cast("bob", 1, "鲍勃"), Cast::Counted);
        assert_eq!(ballot.counts(3), [0, 2, 0]);
        ballot.is_closed = true;
        assert_eq!(ballot.cast(ANN, 0, "Ann"), Cast::Closed);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut ballot = Ballot { is_stale: true, shown_at: 1_763_700_000_123, ..Ballot::default() };
        ballot.cast(ANN, 2, "安");
        ballot.cast("bob", 1, "");
        ballot.cast(&ANN.to_uppercase(), 0, "no id of ours");
        let bytes = ballot.encode();
        assert_eq!(Ballot::decode(&bytes), Some(ballot));
        for end in 9..bytes.len() - 1 {
            if let Some(part) = Ballot::decode(&bytes[..end]) {
                assert!(part.votes.len() < 3, "cut at {end}");
            }
        }
    }

    #[test]
    fn a_value_never_grows_past_the_stores_limit() {
        let mut ballot = Ballot::default();
        let mut counted = 0;
        for n in 0..10_000 {
            match ballot.cast(&format!("0190a1b2-c3d4-7e5f-8a9b-{n:012x}"), 0, "十个字的名字在这里啊")
            {
                Cast::Counted => counted += 1,
                cast => assert_eq!(cast, Cast::Full),
            }
        }
        assert!(ballot.encode().len() <= 64 * 1024);
        assert!(counted > 2_000, "{counted}");
    }
}
