//! Whether a bot hears of what comes into a log: asked before it is written, so that what nobody hears costs no job.

use teahouse_store::writer::{Change, ChangeKind, Entry, Release, Released};

use crate::Chat;
use crate::hooks::Heard;

impl Chat {
    /// Whether a bot hears of `entry`. What a room is called, and that it is gone, no bot is told.
    pub(crate) fn is_heard(&self, entry: &Entry) -> bool {
        let Some(hooks) = self.hooks() else { return false };
        let what = match entry {
            Entry::Message(message) => Some(Heard::Message(&message.content)),
            Entry::Change(change) => heard(change),
        };
        what.is_some_and(|what| hooks.hears(entry.room(), what))
    }
}

fn heard(change: &Change) -> Option<Heard<'_>> {
    match &change.kind {
        ChangeKind::Edit { .. } => Some(Heard::Edit),
        ChangeKind::Recall { .. } => Some(Heard::Recall),
        ChangeKind::React { .. } | ChangeKind::Unreact { .. } => Some(Heard::Reaction),
        ChangeKind::CreateRoom(_)
        | ChangeKind::AddMember { .. }
        | ChangeKind::AcceptJoin { .. }
        | ChangeKind::AcceptInvitation { .. }
        | ChangeKind::ChangeMember { .. }
        | ChangeKind::RemoveMember { .. } => Some(Heard::Member),
        ChangeKind::Release(Release { what: Released::Message(message), .. }) => {
            Some(Heard::Message(&message.content))
        }
        ChangeKind::Release(Release { what: Released::Edit { .. }, .. }) => Some(Heard::Edit),
        ChangeKind::Unban { .. } | ChangeKind::EditRoom(_) | ChangeKind::DeleteRoom => None,
    }
}
