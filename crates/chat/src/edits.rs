//! Edit, recall, react: changes to what was said.

use std::sync::Arc;

use teahouse_accounts::Session;
use teahouse_protocol::{
    Ack, AckState, ClientId, Content, Emoji, Kind, Message, MessageId, Recalled, Replaced, RoomId, Seq,
    ServerEvent, Timestamp, UserId, once_put,
};
use teahouse_store::held::HeldState;
use teahouse_store::writer::ChangeKind;
use teahouse_store::{messages, reactions, rooms};

use crate::access::Member;
use crate::connection::Core;
use crate::filters::EditPassed;
use crate::hooks::{Heard, Watched};
use crate::news::News;
use crate::pipeline::{Changed, ReplacedNote, each_once};
use crate::underway::finished;
use crate::{Chat, Error, reason};

/// A change to what was said.
#[derive(Clone)]
pub(crate) enum Edit {
    /// It says something else.
    Content {
        message: MessageId,
        /// The new content as JSON; the message's kind says how to read it.
        json: String,
        /// Who is meant from now on; absent: as before.
        mentions: Option<Vec<UserId>>,
    },
    /// It is taken back.
    Recall { message: MessageId },
    /// An emoji is put to it.
    React { message: MessageId, emoji: Emoji },
    /// An emoji is taken away, in whichever of these forms it was put.
    Unreact { message: MessageId, forms: Vec<String> },
}

/// Where a change stands in the log, and when it was made.
struct Made {
    seq: Option<Seq>,
    at: Timestamp,
    state: AckState,
    replaced: ReplacedNote,
}

/// What became of an edit.
#[derive(Clone, Debug, PartialEq)]
pub struct EditOutcome {
    /// The message as it is now: while the edit is held, as it was.
    pub message: Message,
    /// Whether it is made, or waits for the room's moderators.
    pub state: AckState,
    /// What a filter made of it.
    pub replaced: Option<Box<Replaced>>,
}

impl Chat {
    /// Changes what the caller's own message says; `json` is its new content, in the message's kind. Who is meant stays.
    ///
    /// # Errors
    /// As [`Chat::edit_mentioning`].
    pub async fn edit(&self, caller: &Session, message: MessageId, json: &str) -> Result<EditOutcome, Error> {
        self.edit_mentioning(caller, message, json, None).await
    }

    /// Changes what the caller's own message says, and who is meant where `mentions` says so.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], [`Error::NotAllowed`] for another's message, [`Error::Field`],
    /// [`Error::Conflict`] once it was recalled and while it is held, [`Error::Rejected`], and as [`Chat::send`].
    pub async fn edit_mentioning(
        &self,
        caller: &Session,
        message: MessageId,
        json: &str,
        mentions: Option<Vec<UserId>>,
    ) -> Result<EditOutcome, Error> {
        let edit = Edit::Content { message, json: json.to_owned(), mentions };
        let made = self.carry_out(caller, edit).await?;
        let message = self.message(caller, message).await?;
        Ok(EditOutcome { message, state: made.state, replaced: made.replaced })
    }

    /// Takes a message back: its content is gone for good. One's own, or as a moderator that of a lower role. One's own
    /// that is held is withdrawn.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], [`Error::NotAllowed`], and as [`Chat::send`].
    pub async fn recall(&self, caller: &Session, message: MessageId) -> Result<(), Error> {
        self.carry_out(caller, Edit::Recall { message }).await.map(drop)
    }

    /// Puts an emoji to a message; again is the same as once. Who may not write may not react, but for the readers of a
    /// channel that allows it.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], [`Error::NotAMember`]; [`Error::NotAllowed`] for an emoji that the room does not allow;
    /// [`Error::Conflict`] where the message was recalled, or has as many kinds as it may; and as [`Chat::send`].
    pub async fn react(&self, caller: &Session, message: MessageId, emoji: Emoji) -> Result<(), Error> {
        self.carry_out(caller, Edit::React { message, emoji }).await.map(drop)
    }

    /// Takes away an emoji that the caller put; again is the same as once. Also of those who may not write any more.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`], [`Error::NotAMember`]; [`Error::Field`] for what can't have been put;
    /// [`Error::Conflict`] where the message was recalled; and as [`Chat::send`].
    pub async fn unreact(&self, caller: &Session, message: MessageId, emoji: &str) -> Result<(), Error> {
        let forms = once_put(emoji).map_err(Error::Field)?;
        self.carry_out(caller, Edit::Unreact { message, forms }).await.map(drop)
    }

    /// As the socket asks for it: answered by an `ack`.
    pub(crate) async fn edit_from(
        &self,
        core: &Arc<Core>,
        edit: Edit,
        id: Option<ClientId>,
    ) -> Result<(), Error> {
        let message = edit.message();
        let Made { seq, at, state, replaced } = self.carry_out(core.session(), edit).await?;
        core.mailbox().send(&ServerEvent::Ack(Ack { id, message, state, seq, at, replaced }));
        Ok(())
    }

    /// To its end, also when the client hangs up in the middle: a filter has begun to look at it.
    async fn carry_out(&self, caller: &Session, edit: Edit) -> Result<Made, Error> {
        let (chat, caller) = (self.clone(), caller.clone());
        finished(async move {
            let asked = edit.clone();
            match chat.carry_out_now(&caller, edit).await {
                // Sent again by a client that lost the ack, while its user's rights went.
                Err(refusal) if refusal.may_have_come_since() => {
                    Box::pin(chat.carried_out_before(refusal, &caller, asked)).await
                }
                done => done,
            }
        })
        .await
    }

    /// A change that would change nothing is refused to nobody who made it: then it is so already.
    async fn carried_out_before(&self, refusal: Error, caller: &Session, edit: Edit) -> Result<Made, Error> {
        self.paces().repeat(caller.user_id())?;
        let Some(row) = messages::find(self.db().conn(), edit.message()).await? else { return Err(refusal) };
        let is_own = row.sender_id == caller.user_id().uuid();
        let is_so = match &edit {
            Edit::Content { json, mentions, .. } => {
                let content = Kind::from_number(row.kind)
                    .and_then(|kind| Content::from_json(kind, json).ok())
                    .map(|content| content.to_stored());
                let mentions = mentions.clone().map(each_once);
                is_own
                    && row.recalled_at_ms.is_none()
                    && content.is_some_and(|content| content == row.content)
                    && mentions.is_none_or(|mentions| mentions == messages::mentions(&row))
            }
            Edit::Recall { .. } => is_own && row.recalled_at_ms.is_some(),
            Edit::React { message, emoji } => {
                reactions::is_there(self.db().conn(), *message, caller.user_id(), *emoji).await?
            }
            // That something is not there would tell a stranger that the message is.
            Edit::Unreact { .. } => false,
        };
        if !is_so {
            return Err(refusal);
        }
        let replaced = self.replacement_of(edit.message()).await?.filter(|_| edit.is_content());
        Ok(Made { seq: None, at: self.now(), state: AckState::Sent, replaced })
    }

    async fn carry_out_now(&self, caller: &Session, edit: Edit) -> Result<Made, Error> {
        self.count_act(caller.user_id())?;
        let row = match self.require_message(caller, edit.message()).await {
            Err(Error::MessageNotFound) => return self.carry_out_on_kept(caller, edit).await,
            other => other?,
        };
        let room = RoomId::from_uuid(row.room_id);
        let sender = UserId::from_uuid(row.sender_id);
        let now = self.now();
        let member = self.access().require_member(caller, room, now).await?;
        let mut note = None;
        let kind = match edit {
            Edit::Content { message, json, mentions } => {
                let mentions = mentions.map(each_once);
                if sender != caller.user_id() {
                    return Err(Error::NotAllowed(reason::SENDER_ONLY));
                }
                if row.recalled_at_ms.is_some() {
                    return Err(Error::Conflict(reason::RECALLED));
                }
                let member = member.require_writer(now)?;
                let kind = Kind::from_number(row.kind).unwrap_or_default();
                let mut content = Content::from_json(kind, &json).map_err(Error::Field)?;
                if self.watches(room, kind, Watched::Edit) {
                    match self.filter_edit(caller, &member, &row, content, mentions.as_deref(), now).await? {
                        EditPassed::Kept(state) => return self.kept_edit(room, state, now).await,
                        EditPassed::Made(passed, replaced) => (content, note) = (passed, replaced),
                    }
                }
                let recounts = self.recounts_edits(room);
                ChangeKind::Edit { message, content, mentions, replaced: note.clone(), recounts }
            }
            Edit::Recall { message } => {
                if sender != caller.user_id() {
                    self.require_may_recall(member, room, sender, now).await?;
                }
                ChangeKind::Recall { message }
            }
            Edit::React { .. } | Edit::Unreact { .. } if row.recalled_at_ms.is_some() => {
                return Err(Error::Conflict(reason::RECALLED));
            }
            Edit::React { message, emoji } => {
                self.require_may_react(member, emoji, now).await?;
                ChangeKind::React { message, emoji }
            }
            Edit::Unreact { message, forms } => ChangeKind::Unreact { message, forms },
        };
        let seq = match self.change(room, caller.user_id(), kind).await? {
            Changed::Logged(rows) => rows.first().and_then(|row| Seq::new(row.seq)),
            Changed::Unchanged => None,
        };
        Ok(Made { seq, at: now, state: AckState::Sent, replaced: note })
    }

    /// Whether somebody is told what a message in `room` said before its edit.
    pub(crate) fn recounts_edits(&self, room: RoomId) -> bool {
        self.hooks().is_some_and(|hooks| hooks.hears(room, Heard::Edit))
    }

    /// An edit that waits; nothing betrays a shadow.
    async fn kept_edit(&self, room: RoomId, state: HeldState, at: Timestamp) -> Result<Made, Error> {
        let (state, seq) = match state {
            HeldState::Shadowed => (AckState::Sent, Some(self.head_seq(room).await?)),
            _ => (AckState::Held, None),
        };
        Ok(Made { seq, at, state, replaced: None })
    }

    /// A change to the caller's own message that a filter keeps. It can be withdrawn; what it says stays as a moderator
    /// may be reading it, and nothing betrays a shadow.
    async fn carry_out_on_kept(&self, caller: &Session, edit: Edit) -> Result<Made, Error> {
        let (user, id, at) = (caller.user_id(), edit.message(), self.now());
        let Some((room, state)) = self.find_kept_of(user, id).await? else {
            return Err(Error::MessageNotFound);
        };
        let done = |seq| Made { seq, at, state: AckState::Sent, replaced: None };
        let is_shadow = state.is_unseen();
        let seq = if is_shadow { Some(self.head_seq(room).await?) } else { None };
        match edit {
            Edit::Recall { .. } if self.withdraw(user, id).await? => {
                if let Some(seq) = seq {
                    let event =
                        Arc::new(ServerEvent::Recalled(Recalled { room, seq, message: id, by: user, at }));
                    self.publish(News::Shadowed { room, user, event, except: None }).await;
                }
                Ok(done(seq))
            }
            Edit::Recall { .. } => Err(Error::MessageNotFound),
            _ if is_shadow => Ok(done(seq)),
            _ if state == HeldState::Held => Err(Error::Conflict(reason::WAITS_FOR_REVIEW)),
            _ => Err(Error::MessageNotFound),
        }
    }

    async fn require_may_react(&self, member: Member, emoji: Emoji, now: Timestamp) -> Result<(), Error> {
        let member = member.require_reactor(now)?;
        let row = rooms::find(self.db().conn(), member.room.id).await?.ok_or(Error::RoomNotFound)?;
        let allowed = rooms::allowed_reactions(&row);
        if !allowed.is_empty() && !allowed.contains(&emoji) {
            return Err(Error::NotAllowed(reason::REACTION_NOT_ALLOWED));
        }
        Ok(())
    }

    async fn require_may_recall(
        &self,
        member: Member,
        room: RoomId,
        sender: UserId,
        now: Timestamp,
    ) -> Result<(), Error> {
        let moderator = member.require_moderator()?;
        match self.access().membership(room, sender, now).await? {
            Some(state) => moderator.require_outranks(state.role),
            // Who has left stands below everybody.
            None => Ok(()),
        }
    }
}

impl Edit {
    const fn is_content(&self) -> bool {
        matches!(self, Self::Content { .. })
    }

    const fn message(&self) -> MessageId {
        match self {
            Self::Content { message, .. }
            | Self::Recall { message }
            | Self::React { message, .. }
            | Self::Unreact { message, .. } => *message,
        }
    }
}
