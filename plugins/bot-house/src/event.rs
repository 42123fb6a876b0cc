//! What a bot is told: the events of the interface, with the fields that the bundled bots read.

/// Somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The user's id.
    pub id: String,
    /// The name as others see it.
    pub name: String,
    /// Whether a plugin acts as this user.
    pub is_bot: bool,
    /// Whether this is a guest, whose account lives as long as the visit.
    pub is_guest: bool,
}

/// A room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The room's id.
    pub id: String,
    /// Its name; empty for a direct room.
    pub name: String,
    /// `group`, `direct`, `channel` or `lobby`.
    pub kind: String,
}

/// Somebody came into a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// Where.
    pub place: Place,
    /// Who.
    pub person: Person,
}

/// A message that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The message's id.
    pub message: String,
    /// The room's id.
    pub room: String,
    /// Who wrote it.
    pub person: Person,
    /// The text, or the caption.
    pub text: String,
    /// The ids of those whom it mentions.
    pub mentions: Vec<String>,
    /// 0: a person wrote it.
    pub hops: u8,
}

/// A command: `/name args`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The command's name, without the slash.
    pub name: String,
    /// What follows it.
    pub args: String,
    /// The message that it is.
    pub said: Said,
    /// The writer's role in the room.
    pub role: String,
}

/// A button was pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Press {
    /// The message with the button.
    pub message: String,
    /// The room's id.
    pub room: String,
    /// Who pressed it.
    pub person: Person,
    /// The button's id.
    pub button: String,
    /// The button's value.
    pub value: String,
}

/// A timer fell due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rang {
    /// The timer's name.
    pub name: String,
    /// What was written on it when it was set.
    pub payload: String,
}

/// Everything that the bundled bots listen to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody came into a room.
    Joined(Joined),
    /// Somebody said something.
    Said(Said),
    /// Somebody called one of the bot's commands.
    Called(Call),
    /// Somebody pressed one of the bot's buttons.
    Pressed(Press),
    /// A timer fell due.
    Rang(Rang),
}
