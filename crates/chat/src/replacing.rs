//! That a filter changed what a message says: kept for its sender, who else would know it until the page is loaded
//! again.

use teahouse_protocol::{Content, Kind, Message, MessageId, Replaced, ReplacedBy, UserId};
use teahouse_store::{messages, replacements};
use uuid::Uuid;

use crate::pipeline::ReplacedNote;
use crate::{Chat, Error};

impl Chat {
    /// What a filter made of a message, as it was told to its sender with the first ack.
    pub(crate) async fn replacement_of(&self, message: MessageId) -> Result<ReplacedNote, Error> {
        let id = message.uuid();
        let Some(noted) = replacements::of(self.db().conn(), &[id]).await?.remove(&id) else {
            return Ok(None);
        };
        let Some(row) = messages::find(self.db().conn(), message).await? else { return Ok(None) };
        let says = Kind::from_number(row.kind)
            .filter(|_| row.recalled_at_ms.is_none())
            .and_then(|kind| Some((kind, Content::from_stored(kind, row.content)?)));
        Ok(says.map(|(kind, content)| {
            let text = (kind != Kind::Text).then(|| content.plain_text());
            Box::new(Replaced { by: noted.by_name, note: noted.note, kind, content, text })
        }))
    }

    /// Tells `reader` which of their own messages among these a filter changed. Nobody else is told.
    pub(crate) async fn add_replacements(
        &self,
        reader: UserId,
        messages: &mut [Message],
    ) -> Result<(), Error> {
        let own = |message: &&mut Message| message.sender.id == reader && message.content.is_some();
        let ids: Vec<Uuid> = messages.iter_mut().filter(own).map(|message| message.id.uuid()).collect();
        let mut noted = replacements::of(self.db().conn(), &ids).await?;
        for message in messages.iter_mut().filter(own) {
            message.replaced = noted
                .remove(&message.id.uuid())
                .map(|row| Box::new(ReplacedBy { by: row.by_name, note: row.note }));
        }
        Ok(())
    }
}
