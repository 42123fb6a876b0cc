//! The rules, in the order in which they are asked.

use teahouse_plugin_sdk::Message;

use crate::counters::Counters;
use crate::fingerprint::{Fingerprint, Scanner};
use crate::settings::{Limit, Limits};

/// Which rule was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    Person,
    Room,
    Repeat,
    Raid,
    Run,
    Mentions,
}

/// Rules, and what they have counted.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) limits: Limits,
    pub(crate) raid_letters: usize,
    pub(crate) counters: Counters,
    pub(crate) scanner: Scanner,
}

impl Rules {
    /// The rule that a new message breaks, with its limit. Everything is counted, also what is refused: who goes on
    /// waits on.
    pub(crate) fn broken(&mut self, message: &Message) -> Option<(Broken, Limit)> {
        let limits = self.limits;
        let (room, user) = (&message.room, &message.sender.id);
        let mut broken = self.broken_alone(message);
        let mut note = |rule, limit: Limit, over: bool| {
            if over && broken.is_none() {
                broken = Some((rule, limit));
            }
        };
        if limits.person.is_on() {
            let sent = self.counters.add(&format!("p/{room}/{user}"), 1, limits.person.window);
            note(Broken::Person, limits.person, limits.person.is_over(sent));
        }
        let mentions = u32::try_from(message.mentions.len()).unwrap_or(u32::MAX);
        if limits.mentions.is_on() && mentions > 0 {
            let called = self.counters.add(&format!("m/{room}/{user}"), mentions, limits.mentions.window);
            note(Broken::Mentions, limits.mentions, limits.mentions.is_over(called));
        }
        if let Some(print) = fingerprint(&mut self.scanner, message) {
            for (kind, hash) in [("x", Some(print.exact)), ("s", print.sketch)] {
                let Some(hash) = hash else { continue };
                let (repeats, people) = self.copies(room, user, kind, hash, print);
                note(Broken::Repeat, limits.repeats, limits.repeats.is_over(repeats));
                note(Broken::Raid, limits.raid, limits.raid.is_over(people));
            }
        }
        if limits.room.is_on() {
            // Last: what is refused for another reason is no load of the room's.
            if broken.is_none() {
                let sent = self.counters.add(&format!("r/{room}"), 1, limits.room.window);
                if limits.room.is_over(sent) {
                    return Some((Broken::Room, limits.room));
                }
            }
        }
        broken
    }

    /// The rule that a message breaks by itself, whatever came before.
    pub(crate) fn broken_alone(&mut self, message: &Message) -> Option<(Broken, Limit)> {
        let limits = self.limits;
        let run = u32::try_from(self.scanner.longest_run(&message.text)).unwrap_or(u32::MAX);
        if limits.runs.is_over(run) {
            return Some((Broken::Run, limits.runs));
        }
        let mentions = u32::try_from(message.mentions.len()).unwrap_or(u32::MAX);
        limits.mentions.is_over(mentions).then_some((Broken::Mentions, limits.mentions))
    }

    /// How often this person, and how many people, wrote what has this hash.
    fn copies(&mut self, room: &str, user: &str, kind: &str, hash: u64, print: Fingerprint) -> (u32, u32) {
        let limits = self.limits;
        let suspicious = limits.raid.is_on() && print.letters >= self.raid_letters && !print.is_wish;
        if !limits.repeats.is_on() && !suspicious {
            return (0, 0);
        }
        let window =
            limits.repeats.window.max(if suspicious { limits.raid.window } else { limits.repeats.window });
        let repeats = self.counters.add(&format!("{kind}/{room}/{user}/{hash:x}"), 1, window);
        if !suspicious {
            return (repeats, 0);
        }
        // Each person counts once; who repeats asks without adding.
        let people = self.counters.add(
            &format!("{kind}/{room}/{hash:x}"),
            u32::from(repeats == 1),
            limits.raid.window,
        );
        (repeats, people)
    }
}

/// Of the text, or of what is sent in place of one: the same picture is the same picture.
fn fingerprint(scanner: &mut Scanner, message: &Message) -> Option<Fingerprint> {
    match &message.content {
        Some(content) if message.kind != "text" => {
            scanner.fingerprint(content).map(|print| Fingerprint { sketch: None, is_wish: false, ..print })
        }
        _ => scanner.fingerprint(&message.text),
    }
}

impl Broken {
    /// The stable word.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Person => "burst",
            Self::Room => "room-burst",
            Self::Repeat => "repeat",
            Self::Raid => "raid",
            Self::Run => "run",
            Self::Mentions => "mentions",
        }
    }

    /// For the sender, in Chinese and English.
    pub(crate) fn reason(self, limit: Limit) -> String {
        let seconds = limit.window.as_secs();
        let (zh, en) = match self {
            Self::Person => ("发得太快了", "You are sending too fast"),
            Self::Room => ("房间里消息太多了", "The room is very busy"),
            Self::Repeat => ("同样的话已经发过了", "You have said this already"),
            Self::Raid => ("大家都在发同样的话", "Many people are sending this same text"),
            Self::Mentions => ("@ 的人太多了", "You are mentioning too many people"),
            Self::Run => {
                return format!(
                    "同一个字连续太多了，最多 {} 个。The same character too often in a row: {} at most.",
                    limit.limit, limit.limit
                );
            }
        };
        format!("{zh}，请 {seconds} 秒后再试。{en}; please wait {seconds} seconds.")
    }

    /// For moderators.
    pub(crate) fn note(self, limit: Limit) -> String {
        let (limit, seconds) = (limit.limit, limit.window.as_secs());
        match self {
            Self::Person => format!("more than {limit} messages of one person in {seconds} s"),
            Self::Room => format!("more than {limit} messages in {seconds} s"),
            Self::Repeat => format!("the same text more than {limit} times in {seconds} s"),
            Self::Raid => format!("the same text by more than {limit} people in {seconds} s"),
            Self::Run => format!("the same character more than {limit} times in a row"),
            Self::Mentions => format!("more than {limit} mentions in {seconds} s"),
        }
    }
}
