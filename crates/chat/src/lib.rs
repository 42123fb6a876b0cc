#![doc = include_str!("../README.md")]

mod access;
mod authority;
mod bots;
mod bounded;
mod cached;
mod chat;
mod config;
mod connection;
mod deciding;
mod edits;
mod error;
mod filters;
mod gate;
mod gathered;
mod heads;
mod heard;
mod held;
mod history;
mod hooks;
mod hub;
mod invitations;
mod jobs;
mod join_requests;
mod keeping;
mod lobby;
mod lookups;
mod members;
mod metrics;
mod news;
mod order;
mod own_messages;
mod pace;
mod pipeline;
mod presence;
mod presses;
mod publish;
mod quotas;
mod reactions;
mod reads;
mod reason;
mod repeats;
mod replacing;
mod reviews;
mod rooms;
mod sweep;
mod turns;
mod underway;
mod views;
mod whispers;

pub use authority::Authority;
pub use chat::{Chat, ChatParts, ChatTasks};
pub use config::{ChatConfig, ChatLimits, MakingLimits};
pub use connection::{Connection, Handled};
pub use edits::EditOutcome;
pub use error::Error;
pub use held::{HeldFilter, HeldStage, HeldView, MyHeldView};
pub use hooks::{
    CommandInfo, CommandOption, CommandRefusal, Decision, Flag, Heard, Hooks, JoinPassage, Later,
    NamePassage, NameSubject, Passage, Press, Proposed, ProposedJoin, ProposedName, Refusal, Replaced,
    RoomBrief, RoomDetails, Watched,
};
pub use hub::{Dialect, Encode, Mailbox, MailboxLimits, Taken};
pub use invitations::{InvitationView, Placed};
pub use join_requests::JoinRequestView;
pub use lookups::{LogEntry, MemberDetails, Spoken};
pub use metrics::ChatMetrics;
pub use pipeline::SendOutcome;
pub use reason::Reason;
pub use reviews::{ReviewFilter, ReviewView};
pub use sweep::Swept;
pub use teahouse_store::held::HeldState;
pub use teahouse_store::reviews::ReviewState;
pub use teahouse_store::writer::Committed;
pub use views::{
    BanView, CreateRoom, EventsPage, HistoryPage, MemberView, Page, PageRequest, PutMember, ReactorView,
    RoomChange, RoomSummary, RoomView, Window,
};
