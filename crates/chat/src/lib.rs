#![doc = include_str!("../README.md")]

mod access;
mod cached;
mod chat;
mod config;
mod connection;
mod edits;
mod error;
mod history;
mod hooks;
mod hub;
mod jobs;
mod lobby;
mod members;
mod metrics;
mod news;
mod pipeline;
mod presence;
mod presses;
mod publish;
mod reads;
mod reason;
mod rooms;
mod views;
mod whispers;

pub use chat::{Chat, ChatParts, ChatTasks};
pub use config::{ChatConfig, ChatLimits};
pub use connection::{Connection, Handled};
pub use error::Error;
pub use hooks::{
    CommandInfo, CommandOption, CommandRefusal, Decision, Flag, Hooks, JoinPassage, Later, NamePassage,
    NameSubject, Passage, Press, Proposed, ProposedJoin, ProposedName, Refusal, Replaced, RoomBrief,
    RoomDetails, Watched,
};
pub use hub::{Dialect, Encode, Mailbox, MailboxLimits, Taken};
pub use metrics::ChatMetrics;
pub use pipeline::SendOutcome;
pub use reason::Reason;
pub use teahouse_store::writer::Committed;
pub use views::{
    BanView, CreateRoom, EventsPage, HistoryPage, MemberView, Page, PageRequest, PutMember, RoomChange,
    RoomSummary, RoomView, Window,
};
