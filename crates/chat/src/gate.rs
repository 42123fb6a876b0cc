//! Names and doors: what plugins say of a name before it is taken, and of a person before they come in.

use std::sync::Arc;

use teahouse_accounts::{NameAnswer, NameAtSignIn, NameGate, NameRefusal, ProfileChange, Session};
use teahouse_protocol::{DisplayName, FieldError, RoomId, RoomName, UserProfile};
use teahouse_store::{members, reviews, rooms};

use crate::chat::WeakChat;
use crate::hooks::{
    Decision, Flag, JoinPassage, NamePassage, NameSubject, ProposedJoin, ProposedName, Refusal, RoomBrief,
    RoomDetails,
};
use crate::reviews::name_review_row;
use crate::{Chat, Error};

/// The word for a name that a moderator would have to look at: it can't be taken by half.
const HELD: &str = "held";

/// Asks the plugins about the names that come with a sign-in, on behalf of the accounts, which the conversation holds.
pub(crate) struct SignInNames(WeakChat);

impl SignInNames {
    pub(crate) fn new(chat: &Chat) -> Self {
        Self(chat.weak())
    }
}

impl NameGate for SignInNames {
    fn pass(&self, by: Arc<UserProfile>, name: DisplayName) -> NameAnswer<'_> {
        Box::pin(async move {
            let chat =
                self.0.get().ok_or(teahouse_accounts::Error::Internal("the conversation is closing"))?;
            match chat.pass_user_name(by, name.into_string()).await {
                Ok(name) => Ok(NameAtSignIn::Taken(name)),
                Err(Error::Rejected(refusal)) => Ok(NameAtSignIn::Refused(Box::new((*refusal).into()))),
                Err(Error::Field(error)) => Err(error.into()),
                Err(Error::Accounts(error)) => Err(error),
                Err(Error::Store(error)) => Err(error.into()),
                Err(Error::Busy) => Err(teahouse_accounts::Error::Busy),
                Err(_) => Err(teahouse_accounts::Error::Internal("a name could not be looked at")),
            }
        })
    }
}

impl From<Refusal> for NameRefusal {
    fn from(Refusal { by, plugin, rule, reason }: Refusal) -> Self {
        Self { by, plugin, rule, reason }
    }
}

impl From<NameRefusal> for Refusal {
    fn from(NameRefusal { by, plugin, rule, reason }: NameRefusal) -> Self {
        Self { by, plugin, rule, reason }
    }
}

impl Chat {
    /// Changes the caller's own profile; a new name goes past the plugins first, as those that come with a sign-in do.
    ///
    /// # Errors
    /// [`Error::Rejected`], [`Error::Accounts`], [`Error::Store`].
    pub async fn update_me(&self, caller: &Session, change: ProfileChange) -> Result<UserProfile, Error> {
        let name = match change.name {
            None => None,
            Some(name) if name.as_str() == caller.profile().name => Some(name),
            Some(name) => {
                let text = name.into_string();
                Some(self.pass_user_name(caller.profile(), text).await?)
            }
        };
        Ok(self.accounts().update_me(caller, ProfileChange { name, ..change }).await?)
    }

    async fn pass_user_name(&self, by: Arc<UserProfile>, text: String) -> Result<DisplayName, Error> {
        let text = self.pass_name(by, NameSubject::UserName, text, None).await?;
        DisplayName::new(&text).map_err(|error| Error::Field(FieldError::new("name", error)))
    }

    /// A room's name past the plugins.
    pub(crate) async fn pass_room_name(
        &self,
        caller: &Session,
        name: RoomName,
        room: RoomDetails,
    ) -> Result<String, Error> {
        let text =
            self.pass_name(caller.profile(), NameSubject::RoomName, name.into_string(), Some(room)).await?;
        let name = RoomName::new(&text).map_err(|error| Error::Field(FieldError::new("name", error)))?;
        Ok(name.into_string())
    }

    /// What to take of a name, or of an announcement.
    ///
    /// # Errors
    /// [`Error::Busy`] when nobody had time to look at it; [`Error::Rejected`]; also, with the rule `held`, where a plugin
    /// wants a moderator to look at it: a name can't be taken by half, so it is put up for review and not taken.
    pub(crate) async fn pass_name(
        &self,
        by: Arc<UserProfile>,
        subject: NameSubject,
        text: String,
        room: Option<RoomDetails>,
    ) -> Result<String, Error> {
        let Some(hooks) = self.hooks() else { return Ok(text) };
        let name = ProposedName { subject, text, by, room };
        let NamePassage { decision, replaced, flags } = hooks.check_name(&name).await;
        match decision {
            Decision::Accept => {
                self.note_name(&name, flags).await?;
                Ok(replaced.unwrap_or(name.text))
            }
            Decision::Reject(refusal) => Err(Error::Rejected(Box::new(refusal))),
            Decision::Overloaded => Err(Error::Busy),
            Decision::Hold(flag) | Decision::Shadow(flag) => {
                let refusal = held_name(&flag);
                self.note_name(&name, flags.into_iter().chain([flag]).collect()).await?;
                Err(Error::Rejected(Box::new(refusal)))
            }
        }
    }

    async fn note_name(&self, name: &ProposedName, flags: Vec<Flag>) -> Result<(), Error> {
        let now = self.now();
        let rows: Vec<_> = flags.into_iter().map(|flag| name_review_row(name, flag, now)).collect();
        let is_flagged = !rows.is_empty();
        reviews::insert(self.db().writer(), rows).await?;
        if let (true, Some(room)) = (is_flagged, &name.room) {
            self.wake_moderators(room.brief.id);
        }
        Ok(())
    }

    /// What the plugins say of somebody who wants to come into a public room.
    pub(crate) async fn ask_gate(
        &self,
        user: Arc<UserProfile>,
        room: RoomId,
        word: &str,
    ) -> Result<JoinPassage, Error> {
        let Some(hooks) = self.hooks() else { return Ok(JoinPassage::Allow) };
        let join = ProposedJoin { room: self.read_room(room).await?, user, word: word.to_owned() };
        Ok(hooks.check_join(&join).await)
    }

    /// What a room is, for who needs no right to know.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::Store`].
    pub async fn read_room(&self, room: RoomId) -> Result<RoomDetails, Error> {
        let row = rooms::find(self.db().conn(), room).await?.ok_or(Error::RoomNotFound)?;
        Ok(RoomDetails {
            brief: RoomBrief {
                id: room,
                kind: rooms::kind(&row),
                visibility: rooms::visibility(&row),
                is_lobby: room == self.lobby(),
            },
            name: row.name,
            announcement: row.announcement,
            members: members::count(self.db().conn(), room).await?,
        })
    }
}

fn held_name(flag: &Flag) -> Refusal {
    Refusal {
        by: Arc::clone(&flag.by),
        plugin: Arc::clone(&flag.plugin),
        rule: HELD.to_owned(),
        reason: "这个名称需要审核，请换一个。 This needs a moderator's look: choose another.".to_owned(),
    }
}
