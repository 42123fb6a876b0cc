//! The operations. A handler translates: it parses, makes one call, and maps what came back.

mod administration;
mod invitations;
mod members;
mod messages;
mod order;
mod people;
mod plugin_reports;
mod plugins;
mod rooms;
mod sign_in;

use poem_openapi::Tags;
use teahouse_chat::PageRequest;

use crate::page::{Cursor, Limit};

pub(crate) use administration::AdministrationOperations;
pub(crate) use invitations::InvitationOperations;
pub(crate) use members::MemberOperations;
pub(crate) use messages::MessageOperations;
pub(crate) use order::OrderOperations;
pub(crate) use people::PeopleOperations;
pub(crate) use plugin_reports::PluginReports;
pub(crate) use plugins::PluginOperations;
pub(crate) use rooms::RoomOperations;
pub(crate) use sign_in::SignInOperations;

/// How the document groups the operations.
#[derive(Tags)]
enum Tag {
    /// Becoming somebody, and staying it.
    #[oai(rename = "Sign-in")]
    SignIn,
    /// Profiles.
    People,
    /// Where people talk.
    Rooms,
    /// Who is in a room, and what they may do there.
    Members,
    /// What is said, and a room's log of it.
    Messages,
    /// What filters kept or put up for a look, and who asks to come in: for those who keep order.
    Order,
    /// Filters and bots in their sandbox: for those who run the house, with a key that administers.
    Plugins,
    /// Keys and people: for those who run the house, with a key that administers.
    Administration,
}

fn page(cursor: Option<Cursor>, limit: Limit) -> PageRequest {
    PageRequest { after: cursor.map(|cursor| cursor.0), limit: limit.get() }
}
