//! What was put to messages: counted for everybody, and by whom, a page at a time.

use std::collections::HashMap;

use teahouse_accounts::Session;
use teahouse_protocol::{
    Emoji, Message, MessageId, REACTIONS_COUNTED, ReactionSummary, Timestamp, UserId, once_put,
};
use teahouse_store::PageSize;
use teahouse_store::reactions::{self, Kind};
use uuid::Uuid;

use crate::views::{Page, PageRequest, ReactorView};
use crate::{Chat, Error};

impl Chat {
    /// Who put `emoji` to a message, by id.
    ///
    /// # Errors
    /// [`Error::MessageNotFound`]; [`Error::Field`] for what can't have been put; [`Error::Store`].
    pub async fn reactors(
        &self,
        caller: &Session,
        message: MessageId,
        emoji: &str,
        page: PageRequest,
    ) -> Result<Page<ReactorView>, Error> {
        let forms = once_put(emoji).map_err(Error::Field)?;
        self.require_message(caller, message).await?;
        let size = PageSize::capped(page.limit);
        let rows =
            reactions::page_of_kind(self.db().conn(), message, &forms, page.after, size.and_one()).await?;
        let mut page = Page::cut(rows, size.get(), |row| row.user_id, |row| row);
        // One person may have put two forms of one emoji, before they were one.
        page.items.dedup_by_key(|row| row.user_id);
        let users: Vec<UserId> = page.items.iter().map(|row| UserId::from_uuid(row.user_id)).collect();
        let mut profiles = self.full_profiles(&users).await?;
        let view = |row: teahouse_store::entity::reaction::Model| {
            let user = profiles.remove(&UserId::from_uuid(row.user_id))?;
            Some(ReactorView { user, at: Timestamp::from_millis(row.at_ms) })
        };
        Ok(Page { items: page.items.into_iter().filter_map(view).collect(), next: page.next })
    }

    /// Adds the reactions to each of these messages, as `reader` sees them.
    pub(crate) async fn add_reactions(&self, reader: UserId, messages: &mut [Message]) -> Result<(), Error> {
        let ids: Vec<Uuid> = messages.iter().map(|message| message.id.uuid()).collect();
        let mut by_message: HashMap<Uuid, Vec<ReactionSummary>> = HashMap::new();
        for kind in reactions::kinds(self.db().conn(), &ids, Some(reader)).await? {
            add(by_message.entry(kind.message_id).or_default(), kind);
        }
        for message in messages {
            message.reactions = by_message.remove(&message.id.uuid()).unwrap_or_default();
        }
        Ok(())
    }
}

/// Adds a kind; the forms of one emoji are one.
fn add(summaries: &mut Vec<ReactionSummary>, kind: Kind) {
    let emoji = Emoji::new(&kind.emoji).map_or(kind.emoji, |emoji| emoji.as_str().to_owned());
    let count = u32::try_from(kind.users).unwrap_or(REACTIONS_COUNTED);
    match summaries.iter_mut().find(|summary| summary.emoji == emoji) {
        Some(known) => {
            known.count = (known.count + count).min(REACTIONS_COUNTED);
            known.mine |= kind.mine;
        }
        None => summaries.push(ReactionSummary { emoji, count, mine: kind.mine }),
    }
}
