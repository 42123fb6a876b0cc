//! The counter at which questions are answered.

use std::time::Duration;

use bot_house::{Button, Call, Draft, Event, House, Press, Refusal, Said, Style, clipped, width};

use crate::book::{Answer, Book, Lead};
use crate::settings::Settings;

/// A card has ten buttons at most, and one is for calling a person.
const TOPICS: usize = 9;
const LABEL_CHARS: usize = 24;
/// Labels narrower than this stand side by side.
const NARROW: usize = 14;
const A_ROW: usize = 2;
pub(crate) const ANSWER: &str = "answer";
pub(crate) const PERSON: &str = "person";
pub(crate) const RESUME: &str = "resume";
pub(crate) const TAKE: &str = "take";

/// The bot.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    pub(crate) settings: Settings,
    book: Book,
}

impl Counter {
    /// A bot with these settings and answers.
    #[must_use]
    pub const fn new(settings: Settings, book: Book) -> Self {
        Self { settings, book }
    }

    /// Handles one event; the same `id` again says nothing twice.
    ///
    /// # Errors
    /// A [`Refusal`] after which the event is worth another try, or an operator's look.
    pub fn handle(&self, house: &impl House, id: &str, event: &Event) -> Result<(), Refusal> {
        match event {
            Event::Said(said) => self.said(house, id, said),
            Event::Called(call) if call.name == "faq" => self.called(house, id, call),
            Event::Pressed(press) => self.pressed(house, id, press),
            _ => Ok(()),
        }
    }

    fn said(&self, house: &impl House, id: &str, said: &Said) -> Result<(), Refusal> {
        if said.hops > 0 || said.person.is_bot || said.text.trim_start().starts_with(['/', '／']) {
            return Ok(());
        }
        let wants_person = self.settings.wants_person(&said.text);
        let found = if self.settings.listens(&said.text) { self.book.find(&said.text) } else { None };
        // Most of what is said here is no question for the bot: it costs no look into the store.
        if !wants_person && found.is_none() || self.is_quiet(house, &said.room, &said.person.id)? {
            return Ok(());
        }
        if wants_person {
            return self.call_person(house, id, &said.room, &said.person, Some(&said.message));
        }
        let Some((at, answer)) = found.and_then(|at| Some((at, self.book.answer(at)?))) else {
            return Ok(());
        };
        if !self.may_answer(house, id, &said.room, at)? {
            return Ok(());
        }
        let draft = self.draft(&said.room, answer).reply(&said.message);
        house.send(&draft, Some(&format!("faq:{id}"))).map(drop)
    }

    /// The same answer isn't given again and again in a room. The same event again is still allowed.
    fn may_answer(&self, house: &impl House, id: &str, room: &str, at: usize) -> Result<bool, Refusal> {
        if self.settings.cooldown_s == 0 {
            return Ok(true);
        }
        let key = format!("said/{room}/{at}");
        let ttl = Duration::from_secs(u64::from(self.settings.cooldown_s));
        match house.swap(&key, None, id.as_bytes(), Some(ttl)) {
            Ok(()) | Err(Refusal::Full) => Ok(true),
            Err(Refusal::Conflict) => Ok(house.get(&key)?.is_some_and(|by| by == id.as_bytes())),
            Err(other) => Err(other),
        }
    }

    fn called(&self, house: &impl House, id: &str, call: &Call) -> Result<(), Refusal> {
        let (said, asked) = (&call.said, call.args.trim());
        if self.settings.wants_person(asked) {
            return self.call_person(house, id, &said.room, &said.person, Some(&said.message));
        }
        let draft = match self.book.find(asked).and_then(|at| self.book.answer(at)) {
            Some(answer) => self.draft(&said.room, answer),
            None => self.topics(house, said, asked)?,
        };
        let draft = draft.reply(&said.message).only_for(&said.person.id);
        house.send(&draft, Some(&format!("faq:{id}"))).map(drop)
    }

    /// What may be asked here.
    fn topics(&self, house: &impl House, said: &Said, asked: &str) -> Result<Draft, Refusal> {
        let language = self.settings.language;
        let mut text = if asked.is_empty() {
            language.short("想问什么？点一下，或直接说。", "What would you like to know?")
        } else {
            let asked = clipped(asked, 60);
            language
                .lines(&format!("没有找到“{asked}”的回答。"), &format!("There is no answer to “{asked}”."))
        };
        let topics: Vec<(usize, &str)> = self.book.topics().collect();
        if topics.len() > TOPICS {
            let others: Vec<&str> = topics.iter().skip(TOPICS).map(|(_, topic)| *topic).take(30).collect();
            text.push_str(&format!("\n{} {}", language.short("还有：", "Also:"), others.join("、")));
        }
        let buttons: Vec<Button> =
            topics.iter().take(TOPICS).map(|(at, topic)| topic_button(*at, *at, topic)).collect();
        let draft = Draft::card(&said.room, self.settings.title.trim(), text);
        let last = if self.is_quiet(house, &said.room, &said.person.id)? {
            Button::new(RESUME, language.short("继续自动回答", "Let the bot answer again"), "")
        } else {
            self.person_button()
        };
        Ok(in_rows(draft, &buttons).row(vec![last]))
    }

    fn pressed(&self, house: &impl House, id: &str, press: &Press) -> Result<(), Refusal> {
        // A card may have several buttons of a kind: `answer-3`.
        match press.button.split('-').next().unwrap_or_default() {
            ANSWER => {
                let answer = press.value.parse().ok().and_then(|at| self.book.answer(at));
                let draft =
                    answer.map_or_else(|| self.gone(&press.room), |answer| self.draft(&press.room, answer));
                house.send(&draft.only_for(&press.person.id), Some(&format!("faq:{id}"))).map(drop)
            }
            PERSON => self.call_person(house, id, &press.room, &press.person, None),
            TAKE => self.taken(house, id, press),
            RESUME => self.resume(house, id, press),
            _ => Ok(()),
        }
    }

    /// The answers were changed since the card was sent.
    fn gone(&self, room: &str) -> Draft {
        Draft::text(
            room,
            self.settings
                .language
                .short("这条回答已经更新，请再问一次。", "This has changed. Please ask again."),
        )
    }

    fn draft(&self, room: &str, answer: &Answer) -> Draft {
        if answer.follows.is_empty() {
            return Draft::text(room, &answer.text);
        }
        let (title, text) = answer.text.split_once('\n').unwrap_or((&answer.text, ""));
        let buttons = answer.follows.iter().enumerate().map(|(n, follow)| match follow.lead {
            Lead::Answer(at) => topic_button(n, at, &follow.label),
            Lead::Person => Button::new(format!("{PERSON}-{n}"), clipped(&follow.label, LABEL_CHARS), ""),
        });
        in_rows(Draft::card(room, title.trim(), text.trim()), &buttons.collect::<Vec<_>>())
    }

    fn person_button(&self) -> Button {
        Button::new(PERSON, self.settings.language.short("转人工", "Talk to a person"), "")
            .styled(Style::Primary)
    }
}

fn topic_button(n: usize, at: usize, label: &str) -> Button {
    Button::new(format!("{ANSWER}-{n}"), clipped(label, LABEL_CHARS), at.to_string())
}

/// Narrow buttons stand side by side.
fn in_rows(draft: Draft, buttons: &[Button]) -> Draft {
    let is_narrow = buttons.iter().all(|button| width(&button.label) <= NARROW);
    buttons.chunks(if is_narrow { A_ROW } else { 1 }).map(<[Button]>::to_vec).fold(draft, Draft::row)
}

#[cfg(test)]
mod tests;
