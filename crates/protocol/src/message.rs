//! A message as clients see it, in history and in the room's log.

use serde::{Deserialize, Serialize};

use crate::{ClientId, Content, Kind, MessageId, RoomId, Sender, Seq, Timestamp, UserId, cut, cut_to_bytes};

/// The most kinds of emoji that one message may have.
pub const MAX_REACTIONS: usize = 20;
/// Those who put one emoji to a message are counted up to this.
pub const REACTIONS_COUNTED: u32 = 1_000;
/// The most emoji that a room may narrow its reactions to.
pub const MAX_ALLOWED_REACTIONS: usize = 100;

/// A message. Empty fields are left out: a frame's length is its cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct Message {
    /// The server's id.
    pub id: MessageId,
    /// The sender's own id, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The room.
    pub room: RoomId,
    /// The place in the room's log.
    pub seq: Seq,
    /// Who wrote it.
    pub sender: Sender,
    /// What it is.
    pub kind: Kind,
    /// A string for text, an object for every other kind; absent once recalled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// The content as one line of text, for kinds other than text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The message that this one answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Who is meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub mentions: Vec<UserId>,
    /// The reactions to it now, of at most 20 kinds; only history carries them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if_is_empty))]
    pub reactions: Vec<ReactionSummary>,
    /// When it was accepted.
    pub at: Timestamp,
    /// When it was last edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When it was recalled; its content is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recalled_at: Option<Timestamp>,
    /// That a filter changed what it says; only its sender's own history tells. Boxed, because hardly any message has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<Box<ReplacedBy>>,
    /// Whether it is a preview that leaves something out: long texts are cut, large contents are not there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if = "std::ops::Not::not"))]
    pub cut: bool,
}

/// The longest text of a preview, in characters.
const PREVIEW_CHARS: usize = 200;
/// The largest content of a preview: a text that is longer is cut, another content, as it is stored, left out.
const PREVIEW_BYTES: usize = 1024;
/// The most people who are meant in a preview.
const PREVIEW_MENTIONS: usize = 10;

impl Message {
    /// What a list shows of it, small whatever it says: a long text is cut, a large content left out. Without reactions.
    #[must_use]
    pub fn into_preview(mut self) -> Self {
        self.reactions.clear();
        let mut cut = self.mentions.len() > PREVIEW_MENTIONS;
        self.mentions.truncate(PREVIEW_MENTIONS);
        match &mut self.content {
            Some(Content::Text(text)) => cut |= cut_text(text),
            Some(other) if other.stored_bytes() > PREVIEW_BYTES => {
                self.content = None;
                cut = true;
            }
            _ => {}
        }
        if let Some(text) = &mut self.text {
            cut |= cut_text(text);
        }
        self.cut = cut;
        self
    }
}

/// Cuts `text` to what a preview shows; whether there was something to cut.
fn cut_text(text: &mut String) -> bool {
    let end = cut_to_bytes(cut(text, PREVIEW_CHARS), PREVIEW_BYTES).len();
    if end == text.len() {
        return false;
    }
    text.truncate(end);
    text.push('…');
    true
}

/// Which filter changed what a message says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
pub struct ReplacedBy {
    /// The filter's name.
    pub by: String,
    /// Why, for the sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// One emoji, and how many put it to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Object))]
pub struct ReactionSummary {
    /// The emoji.
    pub emoji: String,
    /// How many put it, counted up to 1000.
    pub count: u32,
    /// Whether I am among them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "openapi", oai(default, skip_serializing_if = "std::ops::Not::not"))]
    pub mine: bool,
}
