//! Who decides about what a filter holds, and what its sender and its room are told.
//!
//! In a room its moderators do, but for the sender, who must not wave themselves through; of its only moderator, and where there
//! is none, as in the lobby, the admins of the server do. A conversation of two is nobody else's to read: there nothing waits, and what a filter
//! would hold is refused.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use teahouse_protocol::{MessageId, Notice, RoomId, RoomKind, ServerEvent, UserId};
use teahouse_store::PageSize;
use teahouse_store::members;

use crate::hooks::{Decision, Flag, Refusal, RoomBrief};
use crate::news::News;
use crate::{Chat, Error};

/// Rooms of which is remembered what was told.
const ROOMS_REMEMBERED: u64 = 10_000;
/// It is told again after so long, if it still is so then.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// What was told of rooms lately.
pub(crate) struct RoomsTold(Cache<(RoomId, Told), ()>);

/// What there is to tell of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Told {
    /// To those in it: that a filter fails.
    Failing,
    /// To the server's log: that an admin of the server has to decide.
    Waiting,
}

impl RoomsTold {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(ROOMS_REMEMBERED).time_to_live(TOLD_EVERY).build())
    }

    /// Whether it is time to tell this of `room`; asked by many at once, one of them is told so.
    fn is_due(&self, room: RoomId, what: Told) -> bool {
        self.0.entry((room, what)).or_insert(()).is_fresh()
    }
}

/// What a filter's decision comes to in `room`.
pub(crate) fn in_room(decision: Decision, room: &RoomBrief) -> Decision {
    match decision {
        Decision::Hold(flag) if room.kind == RoomKind::Direct => Decision::Reject(nobody_decides(flag)),
        other => other,
    }
}

/// Its sender is told which rule it met, and not what the filter tells moderators.
fn nobody_decides(flag: Flag) -> Refusal {
    let reason = if flag.is_failure() {
        "消息暂时无法检查，请稍后再试 This can't be checked at the moment: try again later"
    } else {
        "这条消息需要审核，但两人对话没有审核的人，所以没有发出。 \
         This would need a moderator's look, and a conversation of two has none: it was not sent."
    };
    Refusal { by: flag.by, plugin: flag.plugin, rule: flag.code, reason: reason.to_owned() }
}

impl Chat {
    /// Tells whom it concerns that a message, or an edit of one, is held: its moderators; its sender, where it is not them
    /// who decide; and the room, where it waits only because the filter does not work. Beside the way of the message.
    pub(crate) fn tell_of_held(&self, room: RoomId, sender: UserId, message: MessageId, flag: &Flag) {
        self.wake_moderators(room);
        let (chat, failing) = (self.clone(), flag.is_failure().then(|| Arc::clone(&flag.by)));
        tokio::spawn(async move {
            if let Err(error) = chat.tell_who_decides(room, sender, message).await {
                tracing::warn!(%error, "a sender was not told who decides");
            }
            if let Some(filter) = failing.filter(|_| chat.rooms_told().is_due(room, Told::Failing)) {
                chat.tell_of_failing(room, &filter).await;
            }
        });
    }

    async fn tell_who_decides(&self, room: RoomId, sender: UserId, message: MessageId) -> Result<(), Error> {
        const TWO: PageSize = PageSize::capped(2);
        let moderators = members::moderators(self.db().conn(), room, TWO).await?;
        if moderators.iter().any(|moderator| *moderator != sender) {
            return Ok(());
        }
        if self.rooms_told().is_due(room, Told::Waiting) {
            tracing::warn!(room.id = %room, "what a filter holds here waits for an admin of the server: nobody in the room decides");
        }
        // A room's only moderator sees what waits of them, and there who decides.
        if !moderators.is_empty() {
            return Ok(());
        }
        let text = "这里没有管理员，消息在等服务器管理员审核。 \
                    Nobody moderates here: this waits for an admin of the server.";
        let notice = Notice {
            kind: "held_for_admins",
            room: Some(room),
            message: Some(message),
            user: None,
            text: text.to_owned(),
            at: self.now(),
        };
        self.tell(sender, ServerEvent::Notice(notice)).await;
        Ok(())
    }

    async fn tell_of_failing(&self, room: RoomId, filter: &str) {
        let text = format!(
            "检查消息的插件「{filter}」出了问题，修好之前，新消息要等管理员放行。 \
             {filter}, which checks messages here, isn't working: until it does, new messages wait for a moderator."
        );
        let notice = Notice {
            kind: "filter_fails",
            room: Some(room),
            message: None,
            user: None,
            text,
            at: self.now(),
        };
        let event = Arc::new(ServerEvent::Notice(notice));
        self.publish(News::Passing { room, event, except: None }).await;
    }
}
