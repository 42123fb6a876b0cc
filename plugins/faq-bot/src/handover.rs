//! Calling a person, and keeping quiet while one talks.

use bot_house::{Button, Draft, Entry, House, Person, Press, Refusal, Role, Style};
use serde::{Deserialize, Serialize};

use crate::counter::{Counter, RESUME, TAKE};
use crate::settings::QuietFor;

/// A call for a person, as it stands in the store while the bot is quiet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wait {
    /// Who called.
    who: String,
    name: String,
    /// The event that began it: the same one again is no second call.
    event: String,
    /// Who came; empty: nobody yet.
    taken_by: String,
}

impl Counter {
    /// Whether a person is to talk there, and the bot is not.
    pub(crate) fn is_quiet(&self, house: &impl House, room: &str, user: &str) -> Result<bool, Refusal> {
        Ok(house.get(&self.wait_key(room, user))?.is_some())
    }

    /// Says in the room that somebody wants a person, tells those who are to come, and is quiet from then on.
    pub(crate) fn call_person(
        &self,
        house: &impl House,
        id: &str,
        room: &str,
        person: &Person,
        message: Option<&str>,
    ) -> Result<(), Refusal> {
        let mut wait = Entry::<Wait>::read(house, &self.wait_key(room, &person.id))?;
        if wait.exists() && wait.value.event != id {
            return self.already_called(house, id, room, person);
        }
        let (card, names) = self.call_card(house, room, person);
        let card = match message {
            Some(message) => card.reply(message),
            None => card,
        };
        let sent = house.send(&card, Some(&format!("call:{id}")))?;
        self.tell_people(house, id, room, person);
        self.tell_moderators(house, message.unwrap_or(&sent), person, names.is_empty());
        // Last, so that a call that could not be sent is made again with the event.
        wait.value = Wait {
            who: person.id.clone(),
            name: person.name.clone(),
            event: id.to_owned(),
            taken_by: String::new(),
        };
        match wait.write(house, Some(self.settings.quiet())) {
            // Somebody else called for the same room at this very moment: people are coming.
            Err(Refusal::Conflict) => Ok(()),
            other => other,
        }
    }

    fn call_card(&self, house: &impl House, room: &str, person: &Person) -> (Draft, Vec<String>) {
        let language = self.settings.language;
        let title = language
            .short(&format!("🙋 {} 想和真人聊", person.name), &format!("{} asks for a person", person.name));
        let people: Vec<Person> =
            self.settings.people.iter().filter_map(|id| house.person(id).ok()).collect();
        let names: Vec<String> = people.iter().map(|person| format!("@{}", person.name)).collect();
        let mut text = if names.is_empty() {
            language.lines("管理员看到后会来，请稍等。", "A moderator will come. One moment, please.")
        } else {
            let names = names.join(" ");
            language.lines(&format!("{names} 请来看一下。"), &format!("{names} please come."))
        };
        let minutes = self.settings.quiet_minutes;
        text.push('\n');
        text.push_str(
            &language.lines(
                &format!("我先安静 {minutes} 分钟。"),
                &format!("I will keep quiet for {minutes} min."),
            ),
        );
        let take =
            Button::new(TAKE, language.short("我来接待", "I’ll take it"), self.wait_key(room, &person.id))
                .styled(Style::Primary);
        let mut card = Draft::card(room, title, text).row(vec![take]);
        card.mentions = people.into_iter().map(|person| person.id).collect();
        (card, names)
    }

    /// Each of those who are to come sees a line of their own, wherever they look.
    fn tell_people(&self, house: &impl House, id: &str, room: &str, person: &Person) {
        for (n, user) in self.settings.people.iter().filter(|user| **user != person.id).enumerate() {
            let words = self
                .settings
                .language
                .short(&format!("🔔 {} 在等你。", person.name), &format!("{} waits for you.", person.name));
            house.whisper(&Draft::text(room, words).only_for(user), &format!("ring:{id}:{n}"));
        }
    }

    /// In the moderators' list too, where the operator allowed it; where nobody else is called it is their call.
    fn tell_moderators(&self, house: &impl House, message: &str, person: &Person, is_theirs: bool) {
        let note = format!("{} asks for a person", person.name);
        match house.flag(message, "wants-a-person", &note) {
            Err(Refusal::Denied(_)) if !is_theirs => {}
            Err(refusal) => {
                house.note(&format!("the moderators were not told that somebody waits: {refusal}"));
            }
            Ok(()) => {}
        }
    }

    fn already_called(
        &self,
        house: &impl House,
        id: &str,
        room: &str,
        person: &Person,
    ) -> Result<(), Refusal> {
        let language = self.settings.language;
        let words = language.lines("已经叫人了，请稍等。", "Somebody has been called. One moment, please.");
        let resume = Button::new(RESUME, language.short("继续自动回答", "Let the bot answer again"), "");
        let title = language.short("🙋 请稍等", "One moment");
        let draft = Draft::card(room, title, words).row(vec![resume]).only_for(&person.id);
        house.send(&draft, Some(&format!("called:{id}"))).map(drop)
    }

    /// Somebody says that they come. Of two at once one is first.
    pub(crate) fn taken(&self, house: &impl House, id: &str, press: &Press) -> Result<(), Refusal> {
        let language = self.settings.language;
        let whisper = |chinese: &str, english: &str| {
            let draft = Draft::text(&press.room, language.short(chinese, english)).only_for(&press.person.id);
            house.whisper(&draft, &format!("take:{id}"));
        };
        if !self.may_take(house, press)? {
            whisper("只有客服或管理员能接待。", "Only those who were called, or a moderator.");
            return Ok(());
        }
        let mut wait = Entry::<Wait>::read(house, &press.value)?;
        if !wait.exists() {
            whisper("已经过去了。", "This is over.");
            return Ok(());
        }
        if !wait.value.taken_by.is_empty() && wait.value.taken_by != press.person.id {
            whisper("已经有人接待了。", "Somebody else was first.");
            return Ok(());
        }
        wait.value.taken_by = press.person.id.clone();
        wait.write(house, Some(self.settings.quiet()))?;
        let title = language.short(
            &format!("🤝 {} 正在接待 {}", press.person.name, wait.value.name),
            &format!("{} is talking to {}", press.person.name, wait.value.name),
        );
        house.edit(&press.message, &Draft::card(&press.room, title, ""))
    }

    fn may_take(&self, house: &impl House, press: &Press) -> Result<bool, Refusal> {
        if self.settings.people.contains(&press.person.id) {
            return Ok(true);
        }
        match house.role(&press.room, &press.person.id) {
            Ok(role) => Ok(role == Role::Moderator),
            Err(refusal) if refusal.may_pass() => Err(refusal),
            Err(_) => Ok(false),
        }
    }

    /// The bot answers again.
    pub(crate) fn resume(&self, house: &impl House, id: &str, press: &Press) -> Result<(), Refusal> {
        house.delete(&self.wait_key(&press.room, &press.person.id))?;
        let words = self.settings.language.short("好的，我回来了。", "All right, I am back.");
        house.whisper(&Draft::text(&press.room, words).only_for(&press.person.id), &format!("resume:{id}"));
        Ok(())
    }

    fn wait_key(&self, room: &str, user: &str) -> String {
        match self.settings.quiet_for {
            QuietFor::Person => format!("wait/{room}/{user}"),
            QuietFor::Room => format!("wait/{room}"),
        }
    }
}
