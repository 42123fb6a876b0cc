//! Opening, voting, showing and closing.

use std::time::Duration;

use bot_house::{Button, Call, Draft, Entry, Event, House, Press, Rang, Refusal, Role, Style, update};

use crate::ask::{self, Ask};
use crate::ballot::{Ballot, Cast};
use crate::card;
use crate::poll::Poll;
use crate::settings::{Settings, Who};

/// The card is brought up to date at most this often: each time is a message to everyone in the room.
const SHOW_EVERY: Duration = Duration::from_secs(5);
/// The shortest wait of a timer: the last votes of a rush are shown after it.
const SHOW_LATER: Duration = Duration::from_secs(10);
/// How long a room's list of open polls is kept; longer than any poll.
const LIST_MEMORY: Duration = Duration::from_secs(40 * 86_400);
const END: &str = "end";

/// The bot.
#[derive(Clone, Debug, Default)]
pub struct Polls {
    settings: Settings,
}

impl Polls {
    /// A bot with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Handles one event; the same `id` again changes nothing more.
    ///
    /// # Errors
    /// A [`Refusal`] after which the event is worth another try, or an operator's look.
    pub fn handle(&self, house: &impl House, id: &str, event: &Event) -> Result<(), Refusal> {
        match event {
            Event::Called(call) if call.name == "poll" => self.called(house, id, call),
            Event::Pressed(press) if press.button == END => self.end_pressed(house, id, press),
            Event::Pressed(press) => self.voted(house, id, press),
            Event::Rang(rang) => self.rang(house, rang),
            _ => Ok(()),
        }
    }

    fn called(&self, house: &impl House, id: &str, call: &Call) -> Result<(), Refusal> {
        match ask::read(&call.args) {
            Ok(Ask::Open(draft)) => self.open(house, id, call, draft),
            Ok(Ask::Close) => self.close_newest(house, id, call),
            Ok(Ask::Help) => self.tell(house, id, call, &self.usage()),
            Err(wrong) => {
                let (chinese, english) = wrong.words();
                let words =
                    format!("{}\n\n{}", self.settings.language.lines(&chinese, &english), self.usage());
                self.tell(house, id, call, &words)
            }
        }
    }

    fn open(&self, house: &impl House, id: &str, call: &Call, draft: ask::Draft) -> Result<(), Refusal> {
        let poll = match Poll::find(house, &call.said.message)? {
            Some(open) if !open.card.is_empty() => return Ok(()),
            Some(begun) => begun,
            None => match self.begin(house, call, draft)? {
                Ok(poll) => poll,
                Err((chinese, english)) => {
                    return self.tell(house, id, call, &self.settings.language.lines(chinese, english));
                }
            },
        };
        self.show_first(house, id, call, poll)
    }

    /// Writes the poll down, and sets the clock for its end; or says why not.
    fn begin(
        &self,
        house: &impl House,
        call: &Call,
        draft: ask::Draft,
    ) -> Result<Result<Poll, (&'static str, &'static str)>, Refusal> {
        if self.settings.who == Who::Moderators && Role::from_word(&call.role) != Role::Moderator {
            return Ok(Err(("这里只有管理员能发起投票。", "Only moderators open polls here.")));
        }
        let length = draft.length.unwrap_or_else(|| self.settings.default_length());
        if length > self.settings.longest() {
            return Ok(Err(("开放时间太长了。", "That is longer than a poll may be open here.")));
        }
        let poll = Poll {
            id: call.said.message.clone(),
            room: call.said.room.clone(),
            maker: call.said.person.id.clone(),
            maker_name: call.said.person.name.clone(),
            question: draft.question,
            options: draft.options,
            anonymous: draft.anonymous,
            length_s: length.as_secs(),
            card: String::new(),
        };
        if !self.list(house, &poll)? {
            return Ok(Err((
                "这个房间的投票太多了，先结束一个吧。",
                "Too many polls are open in this room. Close one first.",
            )));
        }
        if let Err(refusal) = house.set_timer(&close_timer(&poll.id), length, &poll.id) {
            unlist(house, &poll)?;
            return match refusal {
                Refusal::Full => {
                    Ok(Err(("现在投票太多了，稍后再试。", "Too many polls are open. Try again later.")))
                }
                other => Err(other),
            };
        }
        poll.write(house)?;
        Ok(Ok(poll))
    }

    /// Adds the poll to the open ones of its room; false: there are enough.
    fn list(&self, house: &impl House, poll: &Poll) -> Result<bool, Refusal> {
        let most = usize::try_from(self.settings.open_per_room).unwrap_or(usize::MAX);
        update(house, &list_key(&poll.room), Some(LIST_MEMORY), |open: &mut Vec<String>| {
            if open.contains(&poll.id) {
                return true;
            }
            let has_place = open.len() < most;
            if has_place {
                open.push(poll.id.clone());
            }
            has_place
        })
    }

    fn show_first(&self, house: &impl House, id: &str, call: &Call, mut poll: Poll) -> Result<(), Refusal> {
        let draft = card::card(&poll, &Ballot::default(), self.settings.language);
        match house.send(&draft, Some(&format!("open:{id}"))) {
            Ok(card) => poll.card = card,
            Err(refusal) if refusal.may_pass() => return Err(refusal),
            Err(refusal) => return self.give_up(house, id, call, &poll, &refusal),
        }
        poll.write(house)?;
        let words = self.settings.language.lines(
            "投票已发起。再点一次别的选项可以改票；输入 /poll close 提前结束。",
            "Your poll is open. Pressing another option changes a vote; /poll close ends it early.",
        );
        let end = Button::new(END, self.settings.language.short("提前结束", "Close now"), &poll.id)
            .styled(Style::Danger);
        let title = self.settings.language.short("📊 你的投票", "Your poll");
        let draft = Draft::card(&poll.room, title, words).row(vec![end]).only_for(&poll.maker);
        house.whisper(&draft, &format!("opened:{id}"));
        Ok(())
    }

    /// The card may not be shown, such as when a filter refuses its words.
    fn give_up(
        &self,
        house: &impl House,
        id: &str,
        call: &Call,
        poll: &Poll,
        refusal: &Refusal,
    ) -> Result<(), Refusal> {
        house.note(&format!("the card of a poll was not sent: {refusal}"));
        house.cancel_timer(&close_timer(&poll.id))?;
        unlist(house, poll)?;
        poll.forget(house)?;
        let words = self.settings.language.lines("投票没能发出。", "The poll could not be sent.");
        self.tell(house, id, call, &words)
    }

    fn voted(&self, house: &impl House, id: &str, press: &Press) -> Result<(), Refusal> {
        let Some((poll, option)) = self.pressed_option(house, press)? else {
            let words = self.settings.language.short("这个投票已经结束。", "This poll is over.");
            house.whisper(&Draft::text(&press.room, words).only_for(&press.person.id), &format!("vote:{id}"));
            return Ok(());
        };
        let name = if poll.anonymous { "" } else { &press.person.name };
        let now = house.now();
        let (took, ballot) = Ballot::update(house, &poll.id, poll.memory(), |ballot| {
            let cast = ballot.cast(&press.person.id, option, name);
            (cast, ballot.plan_showing(cast, now))
        })?;
        let (cast, showing) = took;
        self.answer(house, id, press, &poll, option, cast);
        self.show(house, &poll, &ballot, showing);
        Ok(())
    }

    fn pressed_option(&self, house: &impl House, press: &Press) -> Result<Option<(Poll, u8)>, Refusal> {
        let Some((id, option)) = press.value.split_once(' ') else { return Ok(None) };
        let Some(poll) = Poll::find(house, id)? else { return Ok(None) };
        let option = option.parse::<u8>().ok().filter(|&option| usize::from(option) < poll.options.len());
        Ok(option.map(|option| (poll, option)))
    }

    fn answer(&self, house: &impl House, id: &str, press: &Press, poll: &Poll, option: u8, cast: Cast) {
        let chosen = &poll.options[usize::from(option)];
        let language = self.settings.language;
        let words = match cast {
            Cast::Counted => language.short(&format!("✅ 已投「{chosen}」"), "Your vote is counted"),
            Cast::Changed => language.short(&format!("🔁 已改投「{chosen}」"), "Your vote is changed"),
            Cast::Same => language.short(&format!("你已经投了「{chosen}」"), "That is your vote already"),
            Cast::Closed => language.short("这个投票已经结束。", "This poll is over."),
            Cast::Full => language.short("投票人数已满。", "This poll can take no more votes."),
        };
        house.whisper(&Draft::text(&press.room, words).only_for(&press.person.id), &format!("vote:{id}"));
    }

    /// Shows the votes as planned. A vote is counted whether it can be shown or not.
    fn show(&self, house: &impl House, poll: &Poll, ballot: &Ballot, showing: Showing) {
        let shown = match showing {
            Showing::No => Ok(()),
            Showing::Now => house.edit(&poll.card, &card::card(poll, ballot, self.settings.language)),
            Showing::Later => house.set_timer(&show_timer(&poll.id), SHOW_LATER, &poll.id),
        };
        if let Err(refusal) = shown {
            house.note(&format!("the votes of a poll are not shown yet: {refusal}"));
        }
    }

    fn rang(&self, house: &impl House, rang: &Rang) -> Result<(), Refusal> {
        let Some(poll) = Poll::find(house, &rang.payload)? else { return Ok(()) };
        if rang.name == close_timer(&poll.id) {
            return self.close(house, &poll);
        }
        let now = house.now();
        let (was_stale, ballot) = Ballot::update(house, &poll.id, poll.memory(), |ballot| {
            let was_stale = ballot.is_stale && !ballot.is_closed;
            if was_stale {
                ballot.is_stale = false;
                ballot.shown_at = now;
            }
            was_stale
        })?;
        if was_stale {
            self.show(house, &poll, &ballot, Showing::Now);
        }
        Ok(())
    }

    fn close_newest(&self, house: &impl House, id: &str, call: &Call) -> Result<(), Refusal> {
        let is_moderator = Role::from_word(&call.role) == Role::Moderator;
        let open = Entry::<Vec<String>>::read(house, &list_key(&call.said.room))?.value;
        for open in open.iter().rev() {
            match Poll::find(house, open)? {
                Some(poll) if is_moderator || poll.maker == call.said.person.id => {
                    return self.close(house, &poll);
                }
                _ => {}
            }
        }
        let words = self
            .settings
            .language
            .lines("这里没有你能结束的投票。", "There is no open poll here that you may close.");
        self.tell(house, id, call, &words)
    }

    fn end_pressed(&self, house: &impl House, id: &str, press: &Press) -> Result<(), Refusal> {
        let Some(poll) = Poll::find(house, &press.value)? else { return Ok(()) };
        let may =
            poll.maker == press.person.id || house.role(&poll.room, &press.person.id)? == Role::Moderator;
        if may {
            return self.close(house, &poll);
        }
        let words = self.settings.language.short("只有发起人能结束。", "Only its maker may close it.");
        house.whisper(&Draft::text(&press.room, words).only_for(&press.person.id), &format!("end:{id}"));
        Ok(())
    }

    /// Ends the voting, then shows and says the result. Each step may be done twice: the first one decides.
    fn close(&self, house: &impl House, poll: &Poll) -> Result<(), Refusal> {
        let ((), ballot) = Ballot::update(house, &poll.id, poll.memory(), |ballot| ballot.is_closed = true)?;
        house.edit(&poll.card, &card::card(poll, &ballot, self.settings.language)).or_else(|refusal| {
            match refusal {
                // Somebody took the card away; the result is said all the same.
                Refusal::NotFound | Refusal::Invalid(_) | Refusal::Denied(_) => Ok(()),
                other => Err(other),
            }
        })?;
        if self.settings.announce {
            let result = card::result(poll, &ballot, self.settings.language);
            house.send(&result, Some(&format!("result:{}", poll.id)))?;
        }
        for timer in [close_timer(&poll.id), show_timer(&poll.id)] {
            house.cancel_timer(&timer)?;
        }
        unlist(house, poll)
    }

    fn tell(&self, house: &impl House, id: &str, call: &Call, words: &str) -> Result<(), Refusal> {
        let draft =
            Draft::text(&call.said.room, words).only_for(&call.said.person.id).reply(&call.said.message);
        house.send(&draft, Some(&format!("tell:{id}"))).map(drop)
    }

    fn usage(&self) -> String {
        self.settings.language.lines(
            "用法：/poll 去哪吃？火锅 | 寿司 | 烧烤 [10m]\n方括号里写开放时间（30s、10m、2h、1d）和“匿名”；/poll close 结束。",
            "Usage: /poll \"Where to eat?\" hot pot | sushi | barbecue [10m]\nIn brackets: how long (30s, 10m, 2h, 1d), and anonymous. /poll close ends it.",
        )
    }
}

/// When votes that have just been cast are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Showing {
    No,
    Now,
    Later,
}

impl Ballot {
    /// Decides in the same write as the vote, so that of many voters at once one shows for all.
    fn plan_showing(&mut self, cast: Cast, now: u64) -> Showing {
        if !matches!(cast, Cast::Counted | Cast::Changed) {
            return Showing::No;
        }
        let is_due = now.saturating_sub(self.shown_at) >= SHOW_EVERY.as_millis() as u64;
        if is_due {
            self.shown_at = now;
            return Showing::Now;
        }
        if self.is_stale {
            return Showing::No;
        }
        self.is_stale = true;
        Showing::Later
    }
}

fn unlist(house: &impl House, poll: &Poll) -> Result<(), Refusal> {
    update(house, &list_key(&poll.room), Some(LIST_MEMORY), |open: &mut Vec<String>| {
        open.retain(|id| *id != poll.id);
    })
}

fn list_key(room: &str) -> String {
    format!("open/{room}")
}

fn close_timer(poll: &str) -> String {
    format!("close:{poll}")
}

fn show_timer(poll: &str) -> String {
    format!("show:{poll}")
}

#[cfg(test)]
mod tests;
