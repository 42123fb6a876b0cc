//! Greeting who comes, showing the rules to who asks.

use std::time::Duration;

use bot_house::{
    Button, Call, Draft, Event, House, Joined, Language, Person, Place, Press, Rang, Refusal, Style, update,
};
use serde::{Deserialize, Serialize};

use crate::settings::Settings;
use crate::template;

/// So many are named in one greeting; the others are counted.
const NAMED: usize = 8;
/// So many wait for one greeting; who comes after them isn't greeted, and nobody would read it.
const WAITING: usize = 200;
/// The shortest wait of a timer.
const SHORTEST_WAIT: Duration = Duration::from_secs(10);
/// How long the state of a room is kept after the last one came.
const ROOM_MEMORY: Duration = Duration::from_secs(86_400);
const RULES: &str = "rules";
const GOT_IT: &str = "got-it";

/// The bot.
#[derive(Clone, Debug, Default)]
pub struct Welcome {
    settings: Settings,
}

/// What is known of a room's door.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Door {
    /// When somebody was greeted last.
    greeted_at: u64,
    /// Who came since: the event's id, and the name.
    waiting: Vec<(String, String)>,
    /// How many came beyond those.
    more: usize,
}

/// What to do with somebody who came.
enum Turn {
    Now,
    Together { after: Duration },
}

impl Welcome {
    /// A bot with these settings.
    #[must_use]
    pub const fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Handles one event; the same `id` again says nothing twice.
    ///
    /// # Errors
    /// A [`Refusal`] after which the event is worth another try, or an operator's look.
    pub fn handle(&self, house: &impl House, id: &str, event: &Event) -> Result<(), Refusal> {
        match event {
            Event::Joined(joined) => self.joined(house, id, joined),
            Event::Called(call) => self.called(house, id, call),
            Event::Pressed(press) => self.pressed(house, id, press),
            Event::Rang(rang) => self.greet_together(house, rang),
            Event::Said(_) => Ok(()),
        }
    }

    fn joined(&self, house: &impl House, id: &str, joined: &Joined) -> Result<(), Refusal> {
        let Joined { place, person } = joined;
        if !self.greets(place, person) || !self.is_new(house, id, place, person)? {
            return Ok(());
        }
        match self.take_turn(house, id, place, person)? {
            Turn::Now => self.send(house, place, &person.name, &format!("greet:{id}"))?,
            Turn::Together { after } => {
                let payload = serde_json::json!({ "room": place.id, "name": place.name }).to_string();
                match house.set_timer(&format!("door:{}", place.id), after, &payload) {
                    // All timers are in use: nobody would be greeted later, so whoever waits is greeted now.
                    Err(Refusal::Full) => self.greet_waiting(house, place)?,
                    set => set?,
                }
            }
        }
        self.is_done(house, place, person);
        Ok(())
    }

    fn greets(&self, place: &Place, person: &Person) -> bool {
        let room = match place.kind.as_str() {
            "direct" => false,
            "lobby" => self.settings.lobby,
            "channel" => self.settings.channels,
            _ => true,
        };
        room && !person.is_bot && (self.settings.guests || !person.is_guest)
    }

    /// Whether this is the first time; the same event again is still the first.
    fn is_new(&self, house: &impl House, id: &str, place: &Place, person: &Person) -> Result<bool, Refusal> {
        let key = met_key(place, person);
        match house.swap(&key, None, id.as_bytes(), Some(self.settings.memory(person.is_guest))) {
            Ok(()) => Ok(true),
            Err(Refusal::Conflict) => Ok(house.get(&key)?.is_some_and(|by| by == id.as_bytes())),
            // With the store full of names the greeting is still a kindness.
            Err(Refusal::Full) => Ok(true),
            Err(other) => Err(other),
        }
    }

    /// From here on the same event again is somebody known. Where the store is full there is nothing to note.
    fn is_done(&self, house: &impl House, place: &Place, person: &Person) {
        let memory = Some(self.settings.memory(person.is_guest));
        if let Err(refusal) = house.set(&met_key(place, person), b"done", memory) {
            house.note(&format!("who was greeted could not be noted: {refusal}"));
        }
    }

    fn take_turn(
        &self,
        house: &impl House,
        id: &str,
        place: &Place,
        person: &Person,
    ) -> Result<Turn, Refusal> {
        let now = house.now();
        let gap = self.settings.gap();
        let turn = update(house, &door_key(&place.id), Some(ROOM_MEMORY), |door: &mut Door| {
            let since = Duration::from_millis(now.saturating_sub(door.greeted_at));
            if since >= gap && door.waiting.is_empty() {
                door.greeted_at = now;
                return Turn::Now;
            }
            if !door.waiting.iter().any(|(event, _)| event == id) {
                door.wait(id, &person.name);
            }
            Turn::Together { after: gap.saturating_sub(since).max(SHORTEST_WAIT) }
        });
        match turn {
            Err(Refusal::Full) => Ok(Turn::Now),
            other => other,
        }
    }

    fn greet_together(&self, house: &impl House, rang: &Rang) -> Result<(), Refusal> {
        #[derive(Deserialize)]
        struct Payload {
            room: String,
            name: String,
        }
        let Ok(Payload { room, name }) = serde_json::from_str(&rang.payload) else {
            house.note("a timer with a payload that isn't ours");
            return Ok(());
        };
        self.greet_waiting(house, &Place { id: room, name, kind: "group".to_owned() })
    }

    /// Greets those who wait, all in one, and crosses them out.
    fn greet_waiting(&self, house: &impl House, place: &Place) -> Result<(), Refusal> {
        let key = door_key(&place.id);
        let door =
            update(house, &key, Some(ROOM_MEMORY), |door: &mut Door| (door.waiting.clone(), door.more))?;
        let (waiting, more) = door;
        let Some((first, _)) = waiting.first() else { return Ok(()) };
        // Sent before it is crossed out: a second ringing after a crash has the same key, and sends nothing.
        self.send(house, place, &self.names(&waiting, more), &format!("greet:{first}"))?;
        let now = house.now();
        update(house, &key, Some(ROOM_MEMORY), |door: &mut Door| {
            door.waiting.retain(|(event, _)| !waiting.iter().any(|(greeted, _)| greeted == event));
            door.more = door.more.saturating_sub(more);
            door.greeted_at = now;
        })
    }

    /// The names in one line, as long as it can be read.
    fn names(&self, waiting: &[(String, String)], more: usize) -> String {
        let between = if self.settings.language == Language::English { ", " } else { "、" };
        let named: Vec<&str> = waiting.iter().take(NAMED).map(|(_, name)| name.as_str()).collect();
        let all = waiting.len() + more;
        let others = all - named.len();
        let named = named.join(between);
        if others == 0 {
            return named;
        }
        let rest = self.settings.language.short(&format!("等 {all} 位"), &format!("and {others} more"));
        format!("{named} {rest}")
    }

    fn send(&self, house: &impl House, place: &Place, names: &str, key: &str) -> Result<(), Refusal> {
        let said = template::fill(&self.settings.greeting, names, &place.name);
        let draft = if self.settings.has_rules() {
            let (title, text) = said.split_once('\n').unwrap_or((&said, ""));
            let label = self.settings.language.short("看看规矩", "House rules");
            Draft::card(&place.id, title.trim(), text.trim()).row(vec![Button::new(RULES, label, "")])
        } else {
            Draft::text(&place.id, said)
        };
        house.send(&draft, Some(key)).map(drop)
    }

    fn called(&self, house: &impl House, id: &str, call: &Call) -> Result<(), Refusal> {
        if call.name == "rules" {
            let draft = self.rules(&call.said.room).only_for(&call.said.person.id).reply(&call.said.message);
            house.send(&draft, Some(&format!("rules:{id}")))?;
        }
        Ok(())
    }

    fn pressed(&self, house: &impl House, id: &str, press: &Press) -> Result<(), Refusal> {
        let draft = match press.button.as_str() {
            RULES => self.rules(&press.room),
            GOT_IT => Draft::text(
                &press.room,
                self.settings.language.short("谢谢，请坐！", "Thank you, have a seat!"),
            ),
            _ => return Ok(()),
        };
        house.whisper(&draft.only_for(&press.person.id), &format!("press:{id}"));
        Ok(())
    }

    fn rules(&self, room: &str) -> Draft {
        let language = self.settings.language;
        if !self.settings.has_rules() {
            return Draft::text(
                room,
                language.short("这里没有特别的规矩。", "There are no special rules here."),
            );
        }
        let got_it = Button::new(GOT_IT, language.short("我知道了", "Got it"), "").styled(Style::Primary);
        Draft::card(room, language.short("📜 这里的规矩", "House rules"), self.settings.rules.trim())
            .row(vec![got_it])
    }
}

impl Door {
    fn wait(&mut self, id: &str, name: &str) {
        if self.waiting.len() < WAITING {
            self.waiting.push((id.to_owned(), name.to_owned()));
        } else {
            self.more += 1;
        }
    }
}

fn met_key(place: &Place, person: &Person) -> String {
    format!("met/{}/{}", place.id, person.id)
}

fn door_key(room: &str) -> String {
    format!("door/{room}")
}

#[cfg(test)]
mod tests;
