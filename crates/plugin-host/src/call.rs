//! The five calls of a plugin: which export each goes to, what it is about, and how large a reply may be.

use std::future::Future;
use std::sync::Arc;

use crate::error::FailureKind;
use crate::instance::Instance;
use crate::services::{CallContext, Hook};
use crate::stats::Outcome;
use crate::wit::{Admission, Event, Message, Review, Room, User, Verdict};

/// What a hook answers: wasmtime's result around the guest's own.
pub(crate) type Answer<T> = wasmtime::Result<Result<T, String>>;

/// One call of a hook.
pub(crate) trait Call: Send {
    type Reply: Reply;
    const HOOK: Hook;

    /// Writes into `context` what the call is about.
    fn describe(&self, context: &mut CallContext);

    /// Calls the guest; none when it has no such hook.
    fn invoke(&self, instance: &mut Instance) -> impl Future<Output = Option<Answer<Self::Reply>>> + Send;
}

/// What the host looks at in a reply.
pub(crate) trait Reply: Send {
    fn text_bytes(&self) -> usize;
    fn outcome(&self) -> Outcome;
}

pub(crate) struct CheckMessage<'a> {
    pub(crate) message: &'a Message,
}

pub(crate) struct CheckEdit<'a> {
    pub(crate) before: &'a Message,
    pub(crate) after: &'a Message,
}

pub(crate) struct CheckName<'a> {
    pub(crate) subject: &'a str,
    pub(crate) text: &'a str,
    pub(crate) by: &'a User,
    pub(crate) room: Option<&'a Room>,
}

pub(crate) struct CheckJoin<'a> {
    pub(crate) room: &'a Room,
    pub(crate) user: &'a User,
    pub(crate) word: &'a str,
}

pub(crate) struct HandleEvent<'a> {
    pub(crate) id: &'a Arc<str>,
    pub(crate) event: &'a Event,
    pub(crate) hops: u8,
}

impl Call for CheckMessage<'_> {
    type Reply = Verdict;
    const HOOK: Hook = Hook::Check;

    fn describe(&self, context: &mut CallContext) {
        context.room.push_str(&self.message.room);
        context.hops = self.message.hops;
    }

    async fn invoke(&self, instance: &mut Instance) -> Option<Answer<Verdict>> {
        let guest = instance.exports.filter.as_ref()?;
        Some(guest.call_check(&mut instance.store, self.message).await)
    }
}

impl Call for CheckEdit<'_> {
    type Reply = Verdict;
    const HOOK: Hook = Hook::CheckEdit;

    fn describe(&self, context: &mut CallContext) {
        context.room.push_str(&self.after.room);
        context.hops = self.after.hops;
    }

    async fn invoke(&self, instance: &mut Instance) -> Option<Answer<Verdict>> {
        let guest = instance.exports.filter.as_ref()?;
        Some(guest.call_check_edit(&mut instance.store, self.before, self.after).await)
    }
}

impl Call for CheckName<'_> {
    type Reply = Verdict;
    const HOOK: Hook = Hook::CheckName;

    fn describe(&self, context: &mut CallContext) {
        context.room.push_str(self.room.map_or("", |room| &room.id));
    }

    async fn invoke(&self, instance: &mut Instance) -> Option<Answer<Verdict>> {
        let guest = instance.exports.gate.as_ref()?;
        Some(guest.call_check_name(&mut instance.store, self.subject, self.text, self.by, self.room).await)
    }
}

impl Call for CheckJoin<'_> {
    type Reply = Admission;
    const HOOK: Hook = Hook::CheckJoin;

    fn describe(&self, context: &mut CallContext) {
        context.room.push_str(&self.room.id);
    }

    async fn invoke(&self, instance: &mut Instance) -> Option<Answer<Admission>> {
        let guest = instance.exports.gate.as_ref()?;
        Some(guest.call_check_join(&mut instance.store, self.room, self.user, self.word).await)
    }
}

impl Call for HandleEvent<'_> {
    type Reply = ();
    const HOOK: Hook = Hook::Handle;

    fn describe(&self, context: &mut CallContext) {
        context.event = Some(Arc::clone(self.id));
        context.hops = self.hops;
        context.room.push_str(room_of(self.event));
    }

    async fn invoke(&self, instance: &mut Instance) -> Option<Answer<()>> {
        let guest = instance.exports.bot.as_ref()?;
        Some(guest.call_handle(&mut instance.store, self.id, self.event).await)
    }
}

/// The room an event is about; empty for timers and what later versions add.
fn room_of(event: &Event) -> &str {
    match event {
        Event::Posted(message) | Event::Recalled(message) => &message.room,
        Event::Held(holding) => &holding.message.room,
        Event::Edited(edit) => &edit.after.room,
        Event::Reacted(reaction) => &reaction.room,
        Event::Member(membership) => &membership.room.id,
        Event::Command(command) => &command.message.room,
        Event::Pressed(press) => &press.room,
        Event::Timer(_) | Event::Other(_) => "",
    }
}

impl Reply for Verdict {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Allow => 0,
            Self::Reject(rejection) => rejection.code.len() + rejection.reason.len(),
            Self::Replace(replacement) => {
                replacement.text.len()
                    + replacement.content.as_ref().map_or(0, String::len)
                    + replacement.note.len()
                    + replacement.review.as_ref().map_or(0, review_bytes)
            }
            Self::Flag(review) | Self::Shadow(review) => review_bytes(review),
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Allow => Outcome::Allow,
            Self::Reject(_) => Outcome::Reject,
            Self::Replace(_) => Outcome::Replace,
            Self::Flag(review) if review.hold => Outcome::Hold,
            Self::Flag(_) => Outcome::Flag,
            Self::Shadow(_) => Outcome::Shadow,
        }
    }
}

impl Reply for Admission {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Allow => 0,
            Self::Reject(rejection) => rejection.code.len() + rejection.reason.len(),
            Self::Ask(review) => review_bytes(review),
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Allow => Outcome::Allow,
            Self::Reject(_) => Outcome::Reject,
            Self::Ask(_) => Outcome::Ask,
        }
    }
}

impl Reply for () {
    fn text_bytes(&self) -> usize {
        0
    }

    fn outcome(&self) -> Outcome {
        Outcome::Handled
    }
}

fn review_bytes(review: &Review) -> usize {
    review.code.len() + review.note.len()
}

/// Why a reply of so many bytes is none.
pub(crate) fn oversize(bytes: usize, limit: usize) -> (FailureKind, String) {
    (FailureKind::BadReply, format!("the reply has {bytes} bytes, {limit} are allowed"))
}
