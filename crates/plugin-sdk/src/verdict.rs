//! Shorter ways to say what a filter or gate says.

use crate::{Admission, Rejection, Replacement, Review, Verdict};

impl Verdict {
    /// No: `code` is a stable word for clients and statistics, `reason` is shown to the sender.
    pub fn reject(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Reject(Rejection { code: code.into(), reason: reason.into() })
    }

    /// Yes, but with these words. `note` is shown to the sender.
    pub fn replace(text: impl Into<String>, note: impl Into<String>) -> Self {
        Self::Replace(Replacement { text: text.into(), content: None, note: note.into(), review: None })
    }

    /// Yes, and the moderators look at it later; or not yet, with [`Review::held`].
    #[must_use]
    pub fn flag(review: Review) -> Self {
        Self::Flag(review)
    }

    /// Its sender alone sees it.
    #[must_use]
    pub fn shadow(review: Review) -> Self {
        Self::Shadow(review)
    }
}

impl Admission {
    /// No: as in [`Verdict::reject`].
    pub fn reject(code: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Reject(Rejection { code: code.into(), reason: reason.into() })
    }

    /// Whoever runs the room decides.
    #[must_use]
    pub fn ask(review: Review) -> Self {
        Self::Ask(review)
    }
}

impl Review {
    /// A low one: `code` is a stable word, `note` is for the moderators.
    pub fn new(code: impl Into<String>, note: impl Into<String>) -> Self {
        Self { code: code.into(), note: note.into(), severity: 1, hold: false }
    }

    /// 0: a note; 1: low; 2: medium; 3: high.
    #[must_use]
    pub fn severity(mut self, severity: u8) -> Self {
        self.severity = severity;
        self
    }

    /// Keep the message from the room until a moderator lets it through.
    #[must_use]
    pub fn held(mut self) -> Self {
        self.hold = true;
        self
    }
}

impl Replacement {
    /// These words instead.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), content: None, note: String::new(), review: None }
    }

    /// What the sender is told.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// The object of another kind than text.
    #[must_use]
    pub fn content(mut self, json: impl Into<String>) -> Self {
        self.content = Some(json.into());
        self
    }

    /// Also put it up for review.
    #[must_use]
    pub fn review(mut self, review: Review) -> Self {
        self.review = Some(review);
        self
    }
}

impl From<Replacement> for Verdict {
    fn from(replacement: Replacement) -> Self {
        Self::Replace(replacement)
    }
}
