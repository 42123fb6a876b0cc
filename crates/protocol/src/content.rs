//! What a message can hold: text, or an object whose shape its kind gives.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{FieldError, TextError, text};

/// The most characters of a text message, and of any one text in another kind's object.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// Buttons of a card.
const MAX_BUTTONS: usize = 10;
/// The longest value of a button, in bytes: it goes to the bot with every press.
const MAX_BUTTON_VALUE_BYTES: usize = 1024;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $number:literal;)+) => {
        /// What a message is.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$doc])* $variant,)+
        }

        impl Kind {
            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The number in the database.
            #[must_use]
            pub const fn number(self) -> i16 {
                match self { $(Self::$variant => $number,)+ }
            }

            /// The kind with this number in the database.
            #[must_use]
            pub const fn from_number(number: i16) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)+ _ => None }
            }

            /// The kind of this word on the wire.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

kinds! {
    /// Plain text.
    #[default]
    Text = "text", 0;
    /// A picture.
    Image = "image", 1;
    /// A voice message or a sound.
    Audio = "audio", 2;
    /// A film.
    Video = "video", 3;
    /// Any other file.
    File = "file", 4;
    /// A page on the web.
    Link = "link", 5;
    /// A place.
    Location = "location", 6;
    /// A small form with buttons.
    Card = "card", 7;
}

macro_rules! content_object {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(poem_openapi::Object), oai(skip_serializing_if_is_none))]
        #[serde(deny_unknown_fields)]
        #[cfg_attr(feature = "openapi", oai(deny_unknown_fields))]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $type,)+
        }
    };
}

content_object!(
    /// A picture, by address or by media id.
    ImageContent {
        /// Where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")] url: Option<String>,
        /// The uploaded picture's id.
        #[serde(default, skip_serializing_if = "Option::is_none")] media: Option<Uuid>,
        /// In pixels.
        #[serde(default, skip_serializing_if = "Option::is_none")] width: Option<u32>,
        /// In pixels.
        #[serde(default, skip_serializing_if = "Option::is_none")] height: Option<u32>,
        /// What it shows, for those who can't see it.
        #[serde(default, skip_serializing_if = "Option::is_none")] alt: Option<String>,
    }
);
content_object!(
    /// A voice message or a sound, by address or by media id.
    AudioContent {
        /// Where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")] url: Option<String>,
        /// The uploaded sound's id.
        #[serde(default, skip_serializing_if = "Option::is_none")] media: Option<Uuid>,
        /// Its length in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")] duration_ms: Option<u32>,
    }
);
content_object!(
    /// A film, by address or by media id.
    VideoContent {
        /// Where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")] url: Option<String>,
        /// The uploaded film's id.
        #[serde(default, skip_serializing_if = "Option::is_none")] media: Option<Uuid>,
        /// Its length in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")] duration_ms: Option<u32>,
        /// The address of a picture to show before it plays.
        #[serde(default, skip_serializing_if = "Option::is_none")] cover_url: Option<String>,
    }
);
content_object!(
    /// Any other file, by address or by media id.
    FileContent {
        /// Where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")] url: Option<String>,
        /// The uploaded file's id.
        #[serde(default, skip_serializing_if = "Option::is_none")] media: Option<Uuid>,
        /// The file's name.
        name: String,
        /// Its size in bytes.
        #[serde(default, skip_serializing_if = "Option::is_none")] size_bytes: Option<u64>,
    }
);
content_object!(
    /// A page on the web.
    LinkContent {
        /// Where it is.
        url: String,
        /// Its title.
        #[serde(default, skip_serializing_if = "Option::is_none")] title: Option<String>,
        /// A sentence about it.
        #[serde(default, skip_serializing_if = "Option::is_none")] description: Option<String>,
        /// The address of a picture of it.
        #[serde(default, skip_serializing_if = "Option::is_none")] image_url: Option<String>,
    }
);
content_object!(
    /// A place on earth (WGS 84).
    LocationContent {
        /// In degrees north, −90 to 90.
        latitude: f64,
        /// In degrees east, −180 to 180.
        longitude: f64,
        /// The place's name.
        #[serde(default, skip_serializing_if = "Option::is_none")] name: Option<String>,
        /// Its address.
        #[serde(default, skip_serializing_if = "Option::is_none")] address: Option<String>,
    }
);
/// How a button looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Enum), oai(rename_all = "snake_case"))]
#[serde(rename_all = "snake_case")]
pub enum ButtonStyle {
    /// What most people will want.
    Primary,
    /// One choice among others.
    Default,
    /// Something that can't be undone.
    Danger,
}

content_object!(
    /// One button of a card.
    Button {
        /// Names it in a `press`, and to the bot that gets it.
        id: String,
        /// What is written on it.
        label: String,
        /// How it looks; left out: `default`.
        #[serde(default, skip_serializing_if = "Option::is_none")] style: Option<ButtonStyle>,
        /// What the bot gets with the press, at most 1024 bytes. It is read from the card, never from who presses.
        #[serde(default, skip_serializing_if = "Option::is_none")] value: Option<String>,
        /// Buttons of one row stand side by side, rows in order of their numbers; left out: the first.
        #[serde(default, skip_serializing_if = "Option::is_none")] row: Option<u8>,
    }
);
content_object!(
    /// A small form with buttons.
    CardContent {
        /// The heading.
        title: String,
        /// The text below it.
        #[serde(default, skip_serializing_if = "Option::is_none")] text: Option<String>,
        /// The address of a picture.
        #[serde(default, skip_serializing_if = "Option::is_none")] image_url: Option<String>,
        /// At most ten.
        #[serde(default, skip_serializing_if = "Option::is_none")] buttons: Option<Vec<Button>>,
    }
);

/// The content of a message: a plain string for text, an object for every other kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(poem_openapi::Union))]
#[serde(untagged)]
pub enum Content {
    /// Plain text.
    Text(String),
    /// A page on the web.
    Link(LinkContent),
    /// A place.
    Location(LocationContent),
    /// A small form with buttons.
    Card(CardContent),
    /// Any other file.
    File(FileContent),
    /// A picture.
    Image(ImageContent),
    /// A voice message or a sound.
    Audio(AudioContent),
    /// A film.
    Video(VideoContent),
}

/// Texts of a full card: its title, text and picture, and of each button its id and label.
const MOST_TEXTS: usize = 3 + 2 * MAX_BUTTONS;
/// What JSON makes of one character at most: `\u0001`.
const JSON_BYTES_A_CHAR: usize = 6;
/// Names of fields, and what stands around them.
const JSON_FRAME_BYTES: usize = 4 * 1024;

impl Content {
    /// The most bytes that the object of any content has as JSON: a card whose every text is as long as it may be.
    pub const MAX_JSON_BYTES: usize = (MOST_TEXTS * MAX_TEXT_CHARS + MAX_BUTTONS * MAX_BUTTON_VALUE_BYTES)
        * JSON_BYTES_A_CHAR
        + JSON_FRAME_BYTES;

    /// Reads the content of a message of `kind` from JSON, and checks its limits.
    ///
    /// # Errors
    /// A [`FieldError`] that names `content` or the field in it.
    pub fn from_json(kind: Kind, json: &str) -> Result<Self, FieldError> {
        let content = Self::read(kind, json)?;
        content.check()?;
        Ok(content)
    }

    /// As [`Content::from_json`], with its limits unchecked.
    ///
    /// # Errors
    /// A [`FieldError`] that names `content`.
    pub fn read(kind: Kind, json: &str) -> Result<Self, FieldError> {
        let wrong = |error: serde_json::Error| FieldError::new("content", error);
        Ok(match kind {
            Kind::Text => Self::Text(serde_json::from_str(json).map_err(|_| {
                FieldError::new("content", "must be a string, or `kind` must say what else it is")
            })?),
            Kind::Image => Self::Image(serde_json::from_str(json).map_err(wrong)?),
            Kind::Audio => Self::Audio(serde_json::from_str(json).map_err(wrong)?),
            Kind::Video => Self::Video(serde_json::from_str(json).map_err(wrong)?),
            Kind::File => Self::File(serde_json::from_str(json).map_err(wrong)?),
            Kind::Link => Self::Link(serde_json::from_str(json).map_err(wrong)?),
            Kind::Location => Self::Location(serde_json::from_str(json).map_err(wrong)?),
            Kind::Card => Self::Card(serde_json::from_str(json).map_err(wrong)?),
        })
    }

    /// Reads what [`Content::to_stored`] wrote, also what no rule of today would let in; `None` when it was not written by it.
    #[must_use]
    pub fn from_stored(kind: Kind, stored: String) -> Option<Self> {
        if kind == Kind::Text { Some(Self::Text(stored)) } else { Self::read(kind, &stored).ok() }
    }

    /// As it stands in the database: text as it is, an object as JSON.
    #[must_use]
    pub fn to_stored(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            object => serde_json::to_string(object).unwrap_or_default(),
        }
    }

    /// How long it is as it stands in the database.
    #[must_use]
    pub fn stored_bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            object => object.to_stored().len(),
        }
    }

    /// Which kind this is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Image(_) => Kind::Image,
            Self::Audio(_) => Kind::Audio,
            Self::Video(_) => Kind::Video,
            Self::File(_) => Kind::File,
            Self::Link(_) => Kind::Link,
            Self::Location(_) => Kind::Location,
            Self::Card(_) => Kind::Card,
        }
    }

    /// One line for clients that know only text, such as a notification or a tutorial's client.
    #[must_use]
    pub fn plain_text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Image(image) => label("图片", image.alt.as_deref()),
            Self::Audio(_) => "[语音]".to_owned(),
            Self::Video(_) => "[视频]".to_owned(),
            Self::File(file) => label("文件", Some(&file.name)),
            Self::Link(link) => label("链接", link.title.as_deref().or(Some(&link.url))),
            Self::Location(place) => label("位置", place.name.as_deref()),
            Self::Card(card) => label("卡片", Some(&card.title)),
        }
    }

    /// Makes of each name in it one that could be sent, for a program that put it together from what people wrote. One of
    /// which nothing can be seen becomes `?`; an empty one stays, and is refused.
    #[must_use]
    pub fn with_tame_names(mut self) -> Self {
        match &mut self {
            Self::File(file) => tame_name(&mut file.name),
            Self::Card(card) => {
                tame_name(&mut card.title);
                card.buttons.iter_mut().flatten().for_each(|button| tame_name(&mut button.label));
            }
            Self::Link(LinkContent { title: Some(heading), .. })
            | Self::Location(LocationContent { name: Some(heading), .. })
                if text::check_direction(heading).is_err() =>
            {
                tame_name(heading);
            }
            _ => {}
        }
        self
    }

    /// Whether every text is within its limit and every number in its range.
    ///
    /// # Errors
    /// A [`FieldError`] that names the field.
    pub fn check(&self) -> Result<(), FieldError> {
        match self {
            Self::Text(text) => check_message_text(text),
            Self::Image(image) => {
                check_source(image.url.as_deref(), image.media)?;
                check_text("content.alt", image.alt.as_deref())
            }
            Self::Audio(audio) => check_source(audio.url.as_deref(), audio.media),
            Self::Video(video) => {
                check_source(video.url.as_deref(), video.media)?;
                check_url("content.cover_url", video.cover_url.as_deref())
            }
            Self::File(file) => {
                check_source(file.url.as_deref(), file.media)?;
                check_name("content.name", &file.name)
            }
            Self::Link(link) => {
                check_url("content.url", Some(&link.url))?;
                check_heading("content.title", link.title.as_deref())?;
                check_text("content.description", link.description.as_deref())?;
                check_url("content.image_url", link.image_url.as_deref())
            }
            Self::Location(place) => check_place(place),
            Self::Card(card) => check_card(card),
        }
    }
}

fn label(word: &str, more: Option<&str>) -> String {
    more.map_or_else(|| format!("[{word}]"), |more| format!("[{word}] {more}"))
}

fn tame_name(name: &mut String) {
    if !name.trim().is_empty() && text::check_line(name).is_err() {
        *name = text::tame_line(name, MAX_TEXT_CHARS).unwrap_or_else(|| "?".to_owned());
    }
}

fn check_message_text(text: &str) -> Result<(), FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::new("content", TextError::Empty));
    }
    if !text::shows_anything(text) {
        return Err(FieldError::new("content", TextError::Unseen));
    }
    if text.contains('\0') {
        return Err(FieldError::new("content", "must not contain the character NUL"));
    }
    check_text("content", Some(text))
}

fn check_text(field: &str, text: Option<&str>) -> Result<(), FieldError> {
    match text {
        // A character takes at least one byte, so that short texts need no counting.
        Some(text) if text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS => {
            Err(FieldError::new(field, format!("must have at most {MAX_TEXT_CHARS} characters")))
        }
        Some(text) if text.contains('\0') => {
            Err(FieldError::new(field, "must not contain the character NUL"))
        }
        _ => Ok(()),
    }
}

fn check_required(field: &str, text: &str) -> Result<(), FieldError> {
    if text.trim().is_empty() {
        return Err(FieldError::new(field, "must not be empty"));
    }
    check_text(field, Some(text))
}

/// What something is called: it stands in a line among others.
fn check_name(field: &str, text: &str) -> Result<(), FieldError> {
    check_required(field, text)?;
    text::check_line(text).map_err(|error| FieldError::new(field, error))
}

/// A heading that its sender found somewhere else.
fn check_heading(field: &str, text: Option<&str>) -> Result<(), FieldError> {
    check_text(field, text)?;
    text::check_direction(text.unwrap_or_default()).map_err(|error| FieldError::new(field, error))
}

fn check_source(url: Option<&str>, media: Option<Uuid>) -> Result<(), FieldError> {
    if url.is_none() && media.is_none() {
        return Err(FieldError::new("content.url", "give either `url` or `media`"));
    }
    check_url("content.url", url)
}

/// Only addresses that a browser fetches without running anything: no `javascript:`, no `data:`.
fn check_url(field: &str, url: Option<&str>) -> Result<(), FieldError> {
    let Some(url) = url else { return Ok(()) };
    if !(url.starts_with("https://") || url.starts_with("http://")) {
        return Err(FieldError::new(field, "must begin with https:// or http://"));
    }
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(FieldError::new(field, "must not contain white space or control characters"));
    }
    check_text(field, Some(url))
}

fn check_place(place: &LocationContent) -> Result<(), FieldError> {
    if !(-90.0..=90.0).contains(&place.latitude) {
        return Err(FieldError::new("content.latitude", "must be from -90 to 90"));
    }
    if !(-180.0..=180.0).contains(&place.longitude) {
        return Err(FieldError::new("content.longitude", "must be from -180 to 180"));
    }
    check_heading("content.name", place.name.as_deref())?;
    check_text("content.address", place.address.as_deref())
}

fn check_card(card: &CardContent) -> Result<(), FieldError> {
    check_name("content.title", &card.title)?;
    check_text("content.text", card.text.as_deref())?;
    check_url("content.image_url", card.image_url.as_deref())?;
    let buttons = card.buttons.as_deref().unwrap_or_default();
    if buttons.len() > MAX_BUTTONS {
        return Err(FieldError::new("content.buttons", format!("must be at most {MAX_BUTTONS}")));
    }
    for button in buttons {
        check_required("content.buttons.id", &button.id)?;
        check_name("content.buttons.label", &button.label)?;
        check_button_value(button.value.as_deref())?;
    }
    Ok(())
}

fn check_button_value(value: Option<&str>) -> Result<(), FieldError> {
    const FIELD: &str = "content.buttons.value";
    if value.is_some_and(|value| value.len() > MAX_BUTTON_VALUE_BYTES) {
        return Err(FieldError::new(FIELD, format!("must have at most {MAX_BUTTON_VALUE_BYTES} bytes")));
    }
    check_text(FIELD, value)
}

#[cfg(test)]
mod tests;
