//! What follows a batch of the writer. Mentions: who is meant in a message finds it counted in their list of rooms, and
//! is told where they are connected. Then the plugins hear of the batch.

use teahouse_jobs::{Failure, Job, JobKind};
use teahouse_protocol::{Message, MessageId, Notice, RoomId, Seq, ServerEvent, UserId};
use teahouse_store::writer::Committed;
use teahouse_store::{PageSize, members, messages, reads};

use super::retry;
use crate::{Chat, Error};

/// Follows every batch of the writer.
pub(super) struct Mentions(pub(super) Chat);

impl JobKind for Mentions {
    const NAME: &'static str = Committed::KIND;
    type Payload = Committed;

    /// Repeated whole when a part fails: who was told of a mention is not told again, and the plugins' events have the
    /// same ids each time.
    async fn run(&self, job: Job<Committed>) -> Result<(), Failure> {
        for (room, seq) in &job.payload.mentioning {
            let Some(seq) = Seq::new(*seq) else { continue };
            self.0.mention(RoomId::from_uuid(*room), seq).await.map_err(retry)?;
        }
        match self.0.hooks() {
            Some(hooks) => hooks.committed(&job.payload).await.map_err(retry),
            None => Ok(()),
        }
    }
}

impl Chat {
    async fn mention(&self, room: RoomId, seq: Seq) -> Result<(), Error> {
        let before = Seq::new(seq.get() - 1).unwrap_or_default();
        let rows = messages::page_after(self.db().conn(), room, before, PageSize::capped(1)).await?;
        let Some(message) = self.messages_of(rows).await?.pop().filter(|message| message.seq == seq) else {
            return Ok(());
        };
        let meant = self.meant(&message).await?;
        let told = reads::mentioned(self.db().conn(), room, seq, &meant).await?;
        reads::insert_mentions(self.db().writer(), room, seq, message.id, &meant).await?;
        for user in meant.into_iter().filter(|user| !told.contains(user)) {
            self.tell(user, notice(room, message.id, &message)).await;
        }
        Ok(())
    }

    /// Only who can read the room is told: a mention must not show a private room to a stranger.
    async fn meant(&self, message: &Message) -> Result<Vec<UserId>, Error> {
        let mut meant = Vec::new();
        for user in &message.mentions {
            let is_other = *user != message.sender.id && !meant.contains(user);
            if is_other && members::find(self.db().conn(), message.room, *user).await?.is_some() {
                meant.push(*user);
            }
        }
        Ok(meant)
    }
}

fn notice(room: RoomId, id: MessageId, message: &Message) -> ServerEvent {
    let said = message.content.as_ref().map(teahouse_protocol::Content::plain_text).unwrap_or_default();
    ServerEvent::Notice(Notice {
        kind: "mention",
        room: Some(room),
        message: Some(id),
        user: None,
        text: format!("{}: {}", message.sender.name, preview(&said)),
        at: message.at,
    })
}

/// The beginning of a text, for a notification.
fn preview(text: &str) -> String {
    const CHARS: usize = 80;
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(CHARS).collect();
    if chars.next().is_some() { start + "…" } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(preview("你好"), "你好");
        assert_eq!(preview(&"茶".repeat(81)), "茶".repeat(80) + "…");
    }
}
