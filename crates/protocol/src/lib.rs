#![doc = include_str!("../README.md")]

mod clock;
mod content;
mod emoji;
mod error;
mod event;
mod frame;
mod id;
mod locale;
mod message;
#[cfg(feature = "openapi")]
mod openapi;
mod people;
mod room;
mod text;
mod timestamp;

pub use clock::{Clock, ManualClock, SystemClock};
pub use content::{
    AudioContent, Button, ButtonStyle, CardContent, Content, FileContent, ImageContent, Kind, LinkContent,
    LocationContent, MAX_TEXT_CHARS, VideoContent,
};
pub use emoji::{Emoji, once_put};
pub use error::{CloseCode, ErrorCode, FieldError};
pub use event::{
    Ack, AckState, Edited, Ephemeral, ErrorEvent, Head, Heads, Hello, Joined, Limits, MemberChange,
    MemberEvent, Notice, PresenceState, Reaction, Recalled, Receipt, Replaced, RoomEvent, ServerEvent,
};
pub use frame::{ClientFrame, Draft, FrameError, Join, Listen, MAX_LISTEN_ROOMS, MAX_MENTIONS, MAX_RESUME};
pub use id::{ApiKeyId, ClientId, MessageId, NodeId, RoomId, Seq, SessionId, TextError, UserId};
pub use locale::Locale;
pub use message::{
    MAX_ALLOWED_REACTIONS, MAX_REACTIONS, Message, REACTIONS_COUNTED, ReactionSummary, ReplacedBy,
};
pub use people::{DisplayName, Sender, UserProfile};
pub use room::{Announcement, Role, RoomKind, RoomName, Visibility};
pub use text::{cut, cut_to_bytes, preview, tame_line};
pub use timestamp::Timestamp;
