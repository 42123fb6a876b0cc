//! Keeping order: what filters kept from rooms, what they put up for a look, and who asks to come in. A room's
//! moderators do it in their rooms, an operator's program in all of them.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use teahouse_chat::{Authority, Chat, HeldFilter, ReviewFilter, ReviewState};
use teahouse_protocol::{MessageId, RoomId, UserId};
use uuid::Uuid;

use super::{Tag, page};
use crate::answer::{Done, Reply};
use crate::body::OptionalBody;
use crate::door::{Admin, Caller};
use crate::page::{Cursor, Limit};
use crate::problem::{ADMINISTERING, BODY, PARAMETERS, Refused, SIGNED_IN, refusals};
use crate::shapes::{HeldPage, HeldStage, JoinRequestPage, MyHeldList, RefuseHeld, ReviewPage};

refusals! {
    ListMyHeld: SIGNED_IN, PARAMETERS, &[RoomNotFound];
    ListHeld: SIGNED_IN, PARAMETERS, &[RoomNotFound, NotAMember, NotAllowed];
    DecideHeld: SIGNED_IN, PARAMETERS, BODY, &[RoomNotFound, MessageNotFound, NotAMember, NotAllowed, Conflict];
    ListAllHeld: ADMINISTERING, PARAMETERS, &[RoomNotFound];
    DecideAnyHeld: ADMINISTERING, PARAMETERS, BODY, &[RoomNotFound, MessageNotFound, Conflict];
    CloseReview: SIGNED_IN, PARAMETERS, &[RoomNotFound, MessageNotFound, NotAMember, NotAllowed];
    CloseAnyReview: ADMINISTERING, PARAMETERS, &[MessageNotFound];
    AnswerRequest: SIGNED_IN, PARAMETERS, &[RoomNotFound, UserNotFound, NotAMember, NotAllowed];
}

pub(crate) struct OrderOperations {
    pub(crate) chat: Chat,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::Order")]
impl OrderOperations {
    /// List what filters kept from a room
    ///
    /// Oldest first. For its owner and admins.
    #[oai(path = "/rooms/:room/held", method = "get", operation_id = "listHeld")]
    async fn held(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// What still waits, or what was decided.
        #[oai(default)]
        stage: Query<HeldStage>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<HeldPage>, Refused<ListHeld>> {
        let filter = HeldFilter { room: Some(room.0), stage: stage.0.into() };
        let held = self.chat.held_page(&moderator(&caller), filter, page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&held.into()))
    }

    /// List what of mine waits in a room
    ///
    /// What I sent there that waits for its moderators or was refused by them, newest first, at most 50. So that it is
    /// still there for me after a page was loaded again, and on my other devices.
    #[oai(path = "/rooms/:room/held/mine", method = "get", operation_id = "listMyHeld")]
    async fn my_held(
        &self,
        caller: Caller,
        room: Path<RoomId>,
    ) -> Result<Reply<MyHeldList>, Refused<ListMyHeld>> {
        let held = self.chat.my_held(caller.session(), room.0).await?;
        Ok(Reply::new(&held.into()))
    }

    /// Let through what a filter kept
    ///
    /// It comes into the room as its sender sent it. Of two moderators who decide at once, one does.
    #[oai(path = "/held/:message/release", method = "post", operation_id = "releaseHeld")]
    async fn release(&self, caller: Caller, message: Path<MessageId>) -> Result<Done, Refused<DecideHeld>> {
        self.chat.release(&moderator(&caller), message.0).await?;
        Ok(Done)
    }

    /// Refuse what a filter kept
    ///
    /// It never comes into the room; its sender is told, unless they were not to know that it waited.
    #[oai(path = "/held/:message/refuse", method = "post", operation_id = "refuseHeld")]
    async fn refuse(
        &self,
        caller: Caller,
        message: Path<MessageId>,
        body: OptionalBody<RefuseHeld>,
    ) -> Result<Done, Refused<DecideHeld>> {
        self.chat.refuse(&moderator(&caller), message.0, body.0.reason()).await?;
        Ok(Done)
    }

    /// List what filters kept, everywhere
    ///
    /// Oldest first, of every room or of one.
    #[oai(path = "/admin/held", method = "get", operation_id = "listAllHeld")]
    async fn all_held(
        &self,
        admin: Admin,
        /// Of this room alone.
        room: Query<Option<RoomId>>,
        /// What still waits, or what was decided.
        #[oai(default)]
        stage: Query<HeldStage>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<HeldPage>, Refused<ListAllHeld>> {
        let filter = HeldFilter { room: room.0, stage: stage.0.into() };
        let held = self.chat.held_page(&operator(&admin), filter, page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&held.into()))
    }

    /// Let through what a filter kept, anywhere
    ///
    /// As a moderator of its room would; the audit log names the key.
    #[oai(path = "/admin/held/:message/release", method = "post", operation_id = "releaseAnyHeld")]
    async fn release_any(
        &self,
        admin: Admin,
        message: Path<MessageId>,
    ) -> Result<Done, Refused<DecideAnyHeld>> {
        self.chat.release(&operator(&admin), message.0).await?;
        Ok(Done)
    }

    /// Refuse what a filter kept, anywhere
    ///
    /// As a moderator of its room would; the audit log names the key.
    #[oai(path = "/admin/held/:message/refuse", method = "post", operation_id = "refuseAnyHeld")]
    async fn refuse_any(
        &self,
        admin: Admin,
        message: Path<MessageId>,
        body: OptionalBody<RefuseHeld>,
    ) -> Result<Done, Refused<DecideAnyHeld>> {
        self.chat.refuse(&operator(&admin), message.0, body.0.reason()).await?;
        Ok(Done)
    }

    /// List what plugins put up for a look in a room
    ///
    /// Oldest first. For its owner and admins.
    #[oai(path = "/rooms/:room/reviews", method = "get", operation_id = "listReviews")]
    async fn reviews(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// Those that somebody is done with.
        #[oai(default)]
        closed: Query<bool>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<ReviewPage>, Refused<ListHeld>> {
        let filter = ReviewFilter { room: Some(room.0), state: state(closed.0) };
        let reviews = self.chat.reviews_page(&moderator(&caller), filter, page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&reviews.into()))
    }

    /// Be done with a review
    ///
    /// Nothing happens to what it is about. Twice is once.
    #[oai(path = "/reviews/:review/close", method = "post", operation_id = "closeReview")]
    async fn close_review(&self, caller: Caller, review: Path<Uuid>) -> Result<Done, Refused<CloseReview>> {
        self.chat.close_review(&moderator(&caller), review.0).await?;
        Ok(Done)
    }

    /// List what plugins put up for a look, everywhere
    ///
    /// Messages of every room, and people's names.
    #[oai(path = "/admin/reviews", method = "get", operation_id = "listAllReviews")]
    async fn all_reviews(
        &self,
        admin: Admin,
        /// Of this room alone.
        room: Query<Option<RoomId>>,
        /// Those that somebody is done with.
        #[oai(default)]
        closed: Query<bool>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<ReviewPage>, Refused<ListAllHeld>> {
        let filter = ReviewFilter { room: room.0, state: state(closed.0) };
        let reviews = self.chat.reviews_page(&operator(&admin), filter, page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&reviews.into()))
    }

    /// Be done with a review, anywhere
    ///
    /// Nothing happens to what it is about. Twice is once.
    #[oai(path = "/admin/reviews/:review/close", method = "post", operation_id = "closeAnyReview")]
    async fn close_any_review(
        &self,
        admin: Admin,
        review: Path<Uuid>,
    ) -> Result<Done, Refused<CloseAnyReview>> {
        self.chat.close_review(&operator(&admin), review.0).await?;
        Ok(Done)
    }

    /// List who asks to come in
    ///
    /// Where a plugin leaves it to the room's owner and admins.
    #[oai(path = "/rooms/:room/join-requests", method = "get", operation_id = "listJoinRequests")]
    async fn join_requests(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<JoinRequestPage>, Refused<ListHeld>> {
        let asked = self.chat.join_requests(&moderator(&caller), room.0, page(cursor.0, limit.0)).await?;
        Ok(Reply::new(&asked.into()))
    }

    /// Let somebody in who asks
    ///
    /// They are told by a `notice`. Of two who answer at once, one does.
    #[oai(path = "/rooms/:room/join-requests/:user/accept", method = "post", operation_id = "acceptJoin")]
    async fn accept_join(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        user: Path<UserId>,
    ) -> Result<Done, Refused<AnswerRequest>> {
        self.chat.accept_join(&moderator(&caller), room.0, user.0).await?;
        Ok(Done)
    }

    /// Keep somebody out who asks
    ///
    /// They are told by a `notice`, and may ask again.
    #[oai(path = "/rooms/:room/join-requests/:user/refuse", method = "post", operation_id = "refuseJoin")]
    async fn refuse_join(
        &self,
        caller: Caller,
        room: Path<RoomId>,
        user: Path<UserId>,
    ) -> Result<Done, Refused<AnswerRequest>> {
        self.chat.refuse_join(&moderator(&caller), room.0, user.0).await?;
        Ok(Done)
    }
}

fn moderator(caller: &Caller) -> Authority {
    Authority::Moderator(caller.session().clone())
}

fn operator(admin: &Admin) -> Authority {
    Authority::Admin { name: admin.key().name().to_owned() }
}

const fn state(closed: bool) -> ReviewState {
    if closed { ReviewState::Closed } else { ReviewState::Open }
}
