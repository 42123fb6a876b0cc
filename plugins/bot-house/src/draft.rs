//! What a bot says: a text, or a card with rows of buttons; to a room, or to one person there.

/// How a button looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// One of several.
    #[default]
    Plain,
    /// What most people will press.
    Primary,
    /// What ends or removes something.
    Danger,
}

impl Style {
    /// The word for it in a message's content.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "default",
            Self::Primary => "primary",
            Self::Danger => "danger",
        }
    }
}

/// A button; `value` comes back when it is pressed, and no client can change it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Button {
    /// Unlike the card's other buttons.
    pub id: String,
    /// What is written on it.
    pub label: String,
    /// How it looks.
    pub style: Style,
    /// At most 1 KiB.
    pub value: String,
}

impl Button {
    /// A plain button.
    #[must_use]
    pub fn new(id: impl Into<String>, label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { id: id.into(), label: label.into(), value: value.into(), style: Style::Plain }
    }

    /// The same button in another look.
    #[must_use]
    pub const fn styled(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// A message to be sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The room's id.
    pub room: String,
    /// The heading; with one it is a card, without one a text.
    pub title: Option<String>,
    /// What it says.
    pub text: String,
    /// Rows of buttons; only a card has any.
    pub rows: Vec<Vec<Button>>,
    /// The message that it answers.
    pub reply_to: Option<String>,
    /// The ids of those whom it calls.
    pub mentions: Vec<String>,
    /// The one person who sees it; it isn't stored then.
    pub only_for: Option<String>,
}

impl Draft {
    /// A text for all in `room`.
    #[must_use]
    pub fn text(room: impl Into<String>, text: impl Into<String>) -> Self {
        Self { room: room.into(), text: text.into(), ..Self::default() }
    }

    /// A card for all in `room`.
    #[must_use]
    pub fn card(room: impl Into<String>, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..Self::text(room, text) }
    }

    /// With one more row of buttons below it.
    #[must_use]
    pub fn row(mut self, buttons: Vec<Button>) -> Self {
        if !buttons.is_empty() {
            self.rows.push(buttons);
        }
        self
    }

    /// As an answer to a message.
    #[must_use]
    pub fn reply(mut self, message: impl Into<String>) -> Self {
        self.reply_to = Some(message.into());
        self
    }

    /// For one person's eyes.
    #[must_use]
    pub fn only_for(mut self, user: impl Into<String>) -> Self {
        self.only_for = Some(user.into());
        self
    }
}
