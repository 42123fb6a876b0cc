//! What follows a batch of the writer that has consequences. Mentions: who is meant in a message finds it counted in their list of rooms, and
//! is told where they are connected. Then the plugins hear of the batch.

use std::collections::HashMap;

use teahouse_jobs::{Failure, Job, JobKind};
use teahouse_protocol::{Message, Notice, ServerEvent, UserId, preview};
use teahouse_store::entity::{mention, message};
use teahouse_store::writer::Committed;
use teahouse_store::{log, members, messages, reads};
use uuid::Uuid;

use super::retry;
use crate::{Chat, Error};

/// As much of a message as a notification shows.
const PREVIEW_CHARS: usize = 80;

/// Follows a batch of the writer.
pub(super) struct Mentions(pub(super) Chat);

impl JobKind for Mentions {
    const NAME: &'static str = Committed::KIND;
    type Payload = Committed;

    /// Repeated whole when a part fails: who was told of a mention is not told again, and the plugins' events have the
    /// same ids each time.
    async fn run(&self, job: Job<Committed>) -> Result<(), Failure> {
        self.0.count_mentions(&job.payload.mentioning).await.map_err(retry)?;
        match self.0.hooks() {
            Some(hooks) => hooks.committed(&job.payload).await.map_err(retry),
            None => Ok(()),
        }
    }
}

impl Chat {
    /// Counts who is meant in the messages at `places`, and tells those who were not counted there before. As many queries
    /// for a whole batch as for one message: each names at most [`MAX_MENTIONS`](teahouse_protocol::MAX_MENTIONS) people.
    ///
    /// The rooms' logs are held meanwhile: a message that is recalled, or edited anew, takes its mentions back after this,
    /// or is seen here without them.
    async fn count_mentions(&self, places: &[(Uuid, i64)]) -> Result<(), Error> {
        if places.is_empty() {
            return Ok(());
        }
        let tx = self.db().begin().await?;
        log::hold(&tx, places.iter().map(|(room, _)| *room).collect()).await?;
        let rows = messages::find_at(&tx, places).await?;
        let meant: HashMap<(Uuid, i64, Uuid), Uuid> = rows.iter().flat_map(meant_in).collect();
        let inside: Vec<(Uuid, Uuid)> = meant.keys().map(|(room, _, user)| (*room, *user)).collect();
        // Only who can read the room is told: a mention must not show a private room to a stranger.
        let inside = members::among(&tx, &inside).await?;
        let mut meant: Vec<_> =
            meant.into_iter().filter(|((room, _, user), _)| inside.contains(&(*room, *user))).collect();
        let wanted: Vec<_> = meant.iter().map(|(place, _)| *place).collect();
        let told = reads::mentioned(&tx, &wanted).await?;
        meant.retain(|(place, _)| !told.contains(place));
        let counted = meant.iter().map(|((room_id, seq, user_id), message_id)| mention::Model {
            user_id: *user_id,
            room_id: *room_id,
            seq: *seq,
            message_id: *message_id,
        });
        reads::insert_mentions(&tx, counted.collect()).await?;
        tx.commit().await.map_err(teahouse_store::Error::from)?;
        self.tell_of_mentions(rows, meant).await
    }

    async fn tell_of_mentions(
        &self,
        rows: Vec<message::Model>,
        meant: Vec<((Uuid, i64, Uuid), Uuid)>,
    ) -> Result<(), Error> {
        if meant.is_empty() {
            return Ok(());
        }
        let messages = self.messages_of(rows).await?;
        let notices: HashMap<Uuid, ServerEvent> =
            messages.iter().map(|message| (message.id.uuid(), notice(message))).collect();
        for ((_, _, user), message) in meant {
            if let Some(notice) = notices.get(&message) {
                self.tell(UserId::from_uuid(user), notice.clone()).await;
            }
        }
        Ok(())
    }
}

/// Who is meant in `row`, each once and never its sender: room, number and user, and the message.
fn meant_in(row: &message::Model) -> impl Iterator<Item = ((Uuid, i64, Uuid), Uuid)> {
    let others = messages::mentions(row).into_iter().filter(move |user| user.uuid() != row.sender_id);
    others.map(move |user| ((row.room_id, row.seq, user.uuid()), row.id))
}

fn notice(message: &Message) -> ServerEvent {
    let said = message.content.as_ref().map(teahouse_protocol::Content::plain_text).unwrap_or_default();
    ServerEvent::Notice(Notice {
        kind: "mention",
        room: Some(message.room),
        message: Some(message.id),
        user: None,
        text: format!("{}: {}", message.sender.name, preview(&said, PREVIEW_CHARS)),
        at: message.at,
    })
}
