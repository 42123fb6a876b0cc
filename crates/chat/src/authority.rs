//! Who acts for the house: an admin of the server, a plugin with the right to moderate, or a moderator of a room. Each
//! act leaves a line in the audit log under their name.

use serde_json::{Value, json};
use teahouse_accounts::Session;
use teahouse_protocol::{RoomId, ServerEvent, UserId};
use teahouse_store::audit::Act;
use teahouse_store::{PageSize, members};
use uuid::Uuid;

use crate::access::Moderator;
use crate::{Chat, Error};

/// Moderators of one room who are told of what waits; more of them see it when they look.
pub(crate) const MODERATORS_TOLD: PageSize = PageSize::capped(50);

/// Who acts for the house. Whether an admin or a plugin may, the caller has made sure; a moderator's rights are looked
/// at here, for the room that the act is about.
#[derive(Clone)]
pub enum Authority {
    /// An admin of the server.
    Admin {
        /// Their name in the audit log.
        name: String,
    },
    /// A plugin that was granted moderation.
    Plugin {
        /// The plugin's id.
        id: String,
        /// The user that it acts as.
        user: UserId,
    },
    /// Somebody in a room, who may do this there if they are its owner or an admin of it.
    Moderator(Session),
}

/// What somebody who acts is in the room that the act is about.
pub(crate) enum Standing {
    /// An admin of the server stands above everybody.
    Admin,
    /// A plugin stands above simple members.
    Plugin,
    /// A moderator stands above those of a lower role.
    Moderator(Moderator),
}

impl Authority {
    /// Their name in the audit log and beside a decision.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Admin { name } => format!("admin:{name}"),
            Self::Plugin { id, .. } => format!("plugin:{id}"),
            Self::Moderator(session) => format!("user:{}", session.user_id()),
        }
    }

    /// The user that they act as, where there is one.
    pub(crate) fn user(&self) -> Option<UserId> {
        match self {
            Self::Admin { .. } => None,
            Self::Plugin { user, .. } => Some(*user),
            Self::Moderator(session) => Some(session.user_id()),
        }
    }

    /// Who stands in a room's log for what they did there; the nil id for the house itself.
    pub(crate) fn actor(&self) -> UserId {
        self.user().unwrap_or_else(|| UserId::from_uuid(Uuid::nil()))
    }

    /// A line for the audit log.
    pub(crate) fn act(
        &self,
        action: &'static str,
        target_kind: &'static str,
        target_id: &impl ToString,
        mut detail: Value,
    ) -> Act<'static> {
        detail["by"] = json!(self.name());
        Act { actor: self.user(), action, target_kind, target_id: target_id.to_string(), detail }
    }
}

impl Chat {
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`] and [`Error::NotAllowed`] for who is no moderator of `room`.
    pub(crate) async fn require_authority(
        &self,
        authority: &Authority,
        room: RoomId,
    ) -> Result<Standing, Error> {
        match authority {
            Authority::Admin { .. } => Ok(Standing::Admin),
            Authority::Plugin { .. } => Ok(Standing::Plugin),
            Authority::Moderator(session) => {
                let moderator = self.access().require_moderator(session, room, self.now()).await?;
                Ok(Standing::Moderator(moderator))
            }
        }
    }

    /// Tells the moderators of `room` that what waits for them is another than before. Beside the way of whoever changed
    /// it: a message takes no longer for it, and what fails is only that a list is read later.
    pub(crate) fn wake_moderators(&self, room: RoomId) {
        let chat = self.clone();
        tokio::spawn(async move {
            match members::moderators(chat.db().conn(), room, MODERATORS_TOLD).await {
                Ok(moderators) => {
                    for moderator in moderators {
                        chat.tell(moderator, ServerEvent::Waiting { room }).await;
                    }
                }
                Err(error) => tracing::warn!(%error, "moderators were not told that something waits"),
            }
        });
    }

    /// What a plugin calls itself; its id where it does not run.
    pub(crate) fn plugin_name(&self, id: &str) -> String {
        let name = self.hooks().and_then(|hooks| hooks.name_of(id));
        name.map_or_else(|| id.to_owned(), |name| name.to_string())
    }

    /// As [`Chat::require_authority`], about something in a room: whoever can't see the room can't see that either.
    pub(crate) async fn require_authority_over(
        &self,
        authority: &Authority,
        room: RoomId,
    ) -> Result<Standing, Error> {
        match self.require_authority(authority, room).await {
            Err(Error::RoomNotFound) => Err(Error::MessageNotFound),
            other => other,
        }
    }

    /// # Errors
    /// [`Error::NotAllowed`] for a moderator who names no room, and as [`Chat::require_authority`].
    pub(crate) async fn require_authority_to_list(
        &self,
        authority: &Authority,
        room: Option<RoomId>,
    ) -> Result<(), Error> {
        match (authority, room) {
            (_, Some(room)) => self.require_authority(authority, room).await.map(drop),
            (Authority::Moderator(_), None) => Err(Error::NotAllowed(crate::reason::MODERATORS_ONLY)),
            (_, None) => Ok(()),
        }
    }
}
