//! Asking to come in: where a plugin leaves it to a room's moderators, the request waits for them.

use teahouse_accounts::Session;
use teahouse_protocol::{Notice, Role, RoomId, ServerEvent, Timestamp, UserId, UserProfile};
use teahouse_store::entity::join_request;
use teahouse_store::writer::ChangeKind;
use teahouse_store::{PageSize, audit, join_requests, members};

use crate::authority::{Authority, MODERATORS_TOLD};
use crate::hooks::{Flag, JoinPassage};
use crate::pipeline::Changed;
use crate::views::{MemberView, Page, PageRequest};
use crate::{Chat, Error};

/// The longest word to the moderators, in characters.
const MAX_WORD_CHARS: usize = 200;

/// Somebody who asks to come in.
#[derive(Clone, Debug, PartialEq)]
pub struct JoinRequestView {
    /// Who.
    pub user: UserProfile,
    /// What they wrote; empty: nothing.
    pub word: String,
    /// The plugin that left it to the moderators.
    pub plugin: String,
    /// The plugin's name; its id where it does not run any more.
    pub by: String,
    /// The plugin's word for why.
    pub code: String,
    /// What the plugin tells a moderator.
    pub note: String,
    /// When they asked first.
    pub asked_at: Timestamp,
}

impl Chat {
    /// As [`Chat::join`], with a word to whoever decides. Where a plugin leaves it to the room's moderators, they are
    /// told, and the caller hears their answer by a notice.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], also for a private room; [`Error::Banned`]; [`Error::Rejected`] by a plugin;
    /// [`Error::ApprovalRequired`]; [`Error::Field`] for a word that is too long; [`Error::Store`].
    pub async fn ask_to_join(&self, caller: &Session, room: RoomId, word: &str) -> Result<MemberView, Error> {
        if word.chars().count() > MAX_WORD_CHARS || word.contains('\0') {
            let rule = format!("must have at most {MAX_WORD_CHARS} characters, and no NUL");
            return Err(Error::Field(teahouse_protocol::FieldError::new("word", rule)));
        }
        let user = caller.user_id();
        self.count_act(user)?;
        let reader = self.access().require_reader(caller, room, self.now()).await?;
        if reader.member.is_none() {
            if members::is_banned(self.db().conn(), room, user).await? {
                return Err(Error::Banned);
            }
            match self.ask_gate(caller.profile(), room, word).await? {
                JoinPassage::Allow => self.add(room, user, user, Role::Member).await?,
                JoinPassage::Reject(refusal) => return Err(Error::Rejected(Box::new(refusal))),
                JoinPassage::Overloaded => return Err(Error::Busy),
                JoinPassage::Ask(flag) => {
                    self.put_request(caller, room, word, flag).await?;
                    return Err(Error::ApprovalRequired);
                }
            }
        }
        self.member_view(room, user).await
    }

    async fn put_request(&self, caller: &Session, room: RoomId, word: &str, flag: Flag) -> Result<(), Error> {
        let user = caller.user_id();
        let now = self.now();
        let request = join_request::Model {
            room_id: room.uuid(),
            user_id: user.uuid(),
            word: word.to_owned(),
            code: flag.code,
            note: flag.note,
            plugin_id: flag.plugin.to_string(),
            asked_at_ms: now.millis(),
        };
        // Who asks again and again is told about once.
        if !join_requests::put(self.db().writer(), request).await? {
            return Ok(());
        }
        let name = caller.profile().name.clone();
        let text = match word {
            "" => format!("{name} 请求加入 {name} asks to come in"),
            word => format!("{name} 请求加入 {name} asks to come in: {word}"),
        };
        for moderator in members::moderators(self.db().conn(), room, MODERATORS_TOLD).await? {
            self.notify(moderator, "join_request", room, Some(user), text.clone()).await;
        }
        self.wake_moderators(room);
        Ok(())
    }

    /// Who asks to come into a room, by user id.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`], [`Error::Store`].
    pub async fn join_requests(
        &self,
        authority: &Authority,
        room: RoomId,
        page: PageRequest,
    ) -> Result<Page<JoinRequestView>, Error> {
        self.require_authority(authority, room).await?;
        let size = PageSize::capped(page.limit);
        let rows = join_requests::page(self.db().conn(), room, page.after, size.and_one()).await?;
        let page = Page::cut(rows, size.get(), |row| row.user_id, |row| row);
        let users: Vec<UserId> = page.items.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
        let mut people = self.full_profiles(&users).await?;
        let view = |row: join_request::Model| {
            Some(JoinRequestView {
                user: people.remove(&UserId::from_uuid(row.user_id))?,
                word: row.word,
                by: self.plugin_name(&row.plugin_id),
                plugin: row.plugin_id,
                code: row.code,
                note: row.note,
                asked_at: Timestamp::from_millis(row.asked_at_ms),
            })
        };
        Ok(Page { items: page.items.into_iter().filter_map(view).collect(), next: page.next })
    }

    /// Lets somebody in who asked. Of two moderators who answer at once, one does.
    ///
    /// # Errors
    /// [`Error::RoomNotFound`], [`Error::NotAMember`], [`Error::NotAllowed`]; [`Error::UserNotFound`] when they don't
    /// ask any more, as nobody does who is banned since; [`Error::Store`].
    pub async fn accept_join(&self, authority: &Authority, room: RoomId, user: UserId) -> Result<(), Error> {
        self.require_authority(authority, room).await?;
        let act = authority.act("join.accepted", "user", &user, serde_json::json!({ "room": room }));
        let by = authority.user().unwrap_or(user);
        if let Changed::Unchanged =
            self.change_noting(room, by, ChangeKind::AcceptJoin { user }, Some(act)).await?
        {
            return Err(Error::UserNotFound);
        }
        self.wake_moderators(room);
        let text = "你的加入请求已通过 You may come in".to_owned();
        self.notify(user, "join_accepted", room, None, text).await;
        Ok(())
    }

    /// Refuses somebody who asked; they may ask again.
    ///
    /// # Errors
    /// As [`Chat::accept_join`].
    pub async fn refuse_join(&self, authority: &Authority, room: RoomId, user: UserId) -> Result<(), Error> {
        self.require_authority(authority, room).await?;
        let now = self.now();
        let act = authority.act("join.refused", "user", &user, serde_json::json!({ "room": room }));
        let tx = self.db().begin().await?;
        if !join_requests::take(&tx, room, user).await? {
            return Err(Error::UserNotFound);
        }
        audit::append(&tx, now, act).await?;
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        self.wake_moderators(room);
        let text = "你的加入请求未通过 Your request to come in was refused".to_owned();
        self.notify(user, "join_refused", room, None, text).await;
        Ok(())
    }

    pub(crate) async fn notify(
        &self,
        to: UserId,
        kind: &'static str,
        room: RoomId,
        about: Option<UserId>,
        text: String,
    ) {
        let notice = Notice { kind, room: Some(room), message: None, user: about, text, at: self.now() };
        self.tell(to, ServerEvent::Notice(notice)).await;
    }
}
