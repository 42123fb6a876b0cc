//! Messages that are not sent yet.

use crate::{Button, Draft, Message};

impl Draft {
    /// A plain text.
    pub fn text(room: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            room: room.into(),
            kind: "text".into(),
            text: text.into(),
            content: None,
            reply_to: None,
            mentions: Vec::new(),
            buttons: Vec::new(),
            only_for: None,
            extra: Vec::new(),
        }
    }

    /// A card: a title, a text below it, and what [`row`](Self::row) adds.
    pub fn card(room: impl Into<String>, title: &str, text: &str) -> Self {
        let content = serde_json::json!({ "title": title, "text": text }).to_string();
        Self { kind: "card".into(), content: Some(content), ..Self::text(room, text) }
    }

    /// A text in answer to `message`, in its room.
    pub fn reply(message: &Message, text: impl Into<String>) -> Self {
        Self::text(message.room.clone(), text).reply_to(message.id.clone())
    }

    /// In answer to this message.
    #[must_use]
    pub fn reply_to(mut self, message: impl Into<String>) -> Self {
        self.reply_to = Some(message.into());
        self
    }

    /// This member alone sees it, and it is not stored.
    #[must_use]
    pub fn only_for(mut self, user: impl Into<String>) -> Self {
        self.only_for = Some(user.into());
        self
    }

    /// Tells this user that they are meant.
    #[must_use]
    pub fn mention(mut self, user: impl Into<String>) -> Self {
        self.mentions.push(user.into());
        self
    }

    /// One more row of buttons below it.
    #[must_use]
    pub fn row(mut self, buttons: impl IntoIterator<Item = Button>) -> Self {
        self.buttons.push(buttons.into_iter().collect());
        self
    }
}

impl Button {
    /// `id` comes back when it is pressed; `label` is what people read.
    pub fn new(id: impl Into<String>, label: impl Into<String>) -> Self {
        Self { id: id.into(), label: label.into(), style: String::new(), value: String::new() }
    }

    /// Comes back with the press; people don't see it.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// The one that most will press.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.style = "primary".into();
        self
    }

    /// One that is not to be pressed lightly.
    #[must_use]
    pub fn danger(mut self) -> Self {
        self.style = "danger".into();
        self
    }
}
