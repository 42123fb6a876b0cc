//! What a plugin is: a value made of its settings, and the hooks that it has.

use serde::de::DeserializeOwned;

use crate::{
    Admission, Command, Edit, Event, Holding, Membership, Message, OtherEvent, Outcome, Press, Problems,
    Reaction, Room, Timer, User, Verdict,
};

/// Every plugin: made of its settings, on each new instance.
///
/// What it keeps in `self` is a cache: instances are made and dropped as the load wants it, and a node has several.
/// What must last goes into [`kv`](crate::kv).
pub trait Setup: Sized + 'static {
    /// The settings, as `config.schema.json` describes them; [`NoConfig`](crate::NoConfig) where there are none.
    type Config: DeserializeOwned;

    /// Makes the plugin. Also called when an admin saves settings, so it only looks, and changes nothing.
    ///
    /// # Errors
    /// What is wrong with the settings; they are then not saved.
    fn init(config: Self::Config) -> Result<Self, Problems>;
}

/// Looks at each message before it is stored. `log`, `env`, `kv` and `directory` alone work in here.
pub trait Filter: Setup {
    /// What to do with a new message.
    ///
    /// # Errors
    /// Neither yes nor no: the on-error policy decides.
    fn check(&mut self, message: &Message) -> Outcome<Verdict>;

    /// What to do with a changed one. Looks at the new words alone, unless you say otherwise.
    ///
    /// # Errors
    /// As in [`check`](Self::check).
    fn check_edit(&mut self, before: &Message, after: &Message) -> Outcome<Verdict> {
        let _ = before;
        self.check(after)
    }
}

/// A name that somebody wants to give.
#[derive(Clone, Copy, Debug)]
pub struct NameCheck<'a> {
    /// `user-name`, `room-name` or `announcement`.
    pub subject: &'a str,
    /// The name.
    pub text: &'a str,
    /// Who wants it.
    pub by: &'a User,
    /// Which room is named; none for a user's name.
    pub room: Option<&'a Room>,
}

/// Looks at names, and at who comes in. What works in a filter works in here.
pub trait Gate: Setup {
    /// What to do with a name. [`Verdict::replace`] gives the name to take instead.
    ///
    /// # Errors
    /// Neither yes nor no: the on-error policy decides.
    fn check_name(&mut self, name: NameCheck<'_>) -> Outcome<Verdict> {
        let _ = name;
        Ok(Verdict::Allow)
    }

    /// Whether `user` may enter `room`. `word` is what they wrote when asking, empty if nothing.
    ///
    /// # Errors
    /// Neither yes nor no: the on-error policy decides.
    fn check_join(&mut self, room: &Room, user: &User, word: &str) -> Outcome<Admission> {
        let _ = (room, user, word);
        Ok(Admission::Allow)
    }
}

/// Hears what happened, after the commit. Write the methods of the events that your manifest subscribes to.
///
/// Each event comes at least once, with the same `id` each time: give it to
/// [`messages::send_once`](crate::messages::send_once), and an answer is sent exactly once. An error is logged and
/// counted, and the event comes again: five times at most, with growing pauses.
#[expect(clippy::missing_errors_doc, reason = "the same for all: said above")]
#[allow(unused_variables, reason = "the names of parameters are what an author copies")]
pub trait Bot: Setup {
    /// Any event: hands it to the method of its kind.
    fn handle(&mut self, id: &str, event: &Event) -> Outcome {
        match event {
            Event::Posted(message) => self.posted(id, message),
            Event::Edited(edit) => self.edited(id, edit),
            Event::Recalled(message) => self.recalled(id, message),
            Event::Reacted(reaction) => self.reacted(id, reaction),
            Event::Member(membership) => self.member(id, membership),
            Event::Command(command) => self.command(id, command),
            Event::Pressed(press) => self.pressed(id, press),
            Event::Timer(timer) => self.timer(id, timer),
            Event::Held(holding) => self.held(id, holding),
            Event::Other(other) => self.other(id, other),
        }
    }

    /// A message was posted. Messages of bots come only if the manifest asks for them, one's own never.
    fn posted(&mut self, id: &str, message: &Message) -> Outcome {
        Ok(())
    }
    /// A message was changed by its sender.
    fn edited(&mut self, id: &str, edit: &Edit) -> Outcome {
        Ok(())
    }
    /// A message was recalled.
    fn recalled(&mut self, id: &str, message: &Message) -> Outcome {
        Ok(())
    }
    /// An emoji was put on a message, or taken off.
    fn reacted(&mut self, id: &str, reaction: &Reaction) -> Outcome {
        Ok(())
    }
    /// Somebody's place in a room changed.
    fn member(&mut self, id: &str, membership: &Membership) -> Outcome {
        Ok(())
    }
    /// One of this plugin's commands was written.
    fn command(&mut self, id: &str, command: &Command) -> Outcome {
        Ok(())
    }
    /// A button of one of this plugin's cards was pressed.
    fn pressed(&mut self, id: &str, press: &Press) -> Outcome {
        Ok(())
    }
    /// A timer of this plugin is due.
    fn timer(&mut self, id: &str, timer: &Timer) -> Outcome {
        Ok(())
    }
    /// This plugin's filter held a message back; it waits for [`moderation`](crate::moderation).
    fn held(&mut self, id: &str, holding: &Holding) -> Outcome {
        Ok(())
    }
    /// What a later minor version of the interface tells of.
    fn other(&mut self, id: &str, other: &OtherEvent) -> Outcome {
        Ok(())
    }
}
