//! What a client sent under an id of its own, as a digest: so that the same id with something else is noticed.

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};
use teahouse_protocol::{Content, MessageId, UserId};

/// The digest of what a client sent: content, what it answers, whom it means. The same in every version and on every node,
/// as it is kept; never of what a filter made of it. Of 64 bits: who finds two drafts that share one deceives themselves
/// alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(i64);

impl Fingerprint {
    /// The fingerprint of a draft.
    #[must_use]
    pub fn of(content: &Content, reply_to: Option<MessageId>, mentions: &[UserId]) -> Self {
        let text = match content {
            Content::Text(text) => Cow::Borrowed(text.as_str()),
            object => Cow::Owned(object.to_stored()),
        };
        let mut digest = Sha256::new();
        digest.update(content.kind().number().to_be_bytes());
        digest.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(text.as_bytes());
        digest.update(reply_to.map(|id| id.uuid().into_bytes()).unwrap_or_default());
        for user in mentions {
            digest.update(user.uuid().as_bytes());
        }
        let digest: [u8; 32] = digest.finalize().into();
        let [a, b, c, d, e, f, g, h, ..] = digest;
        Self(i64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Whether two messages under one id are the same. What was not noted, because an older version wrote it, counts as
    /// the same.
    #[must_use]
    pub fn same(one: Option<Self>, other: Option<Self>) -> bool {
        one.zip(other).is_none_or(|(one, other)| one == other)
    }

    pub(crate) const fn from_stored(number: i64) -> Self {
        Self(number)
    }

    /// As it stands in the database.
    #[must_use]
    pub const fn to_stored(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Content {
        Content::Text(text.to_owned())
    }

    /// It is kept for as long as messages are: a change of it would make every repeat a conflict.
    #[test]
    fn it_never_changes() {
        let id = MessageId::from_uuid(uuid::Uuid::from_u128(7));
        let user = UserId::from_uuid(uuid::Uuid::from_u128(8));
        assert_eq!(Fingerprint::of(&text("茶"), None, &[]).to_stored(), -6_565_215_382_474_625_517);
        assert_eq!(Fingerprint::of(&text("茶"), Some(id), &[user]).to_stored(), -1_016_074_913_265_703_000);
    }

    #[test]
    fn everything_that_is_sent_counts() {
        let [one, other] = [UserId::generate(), UserId::generate()];
        let plain = Fingerprint::of(&text("tea"), None, &[]);
        assert_eq!(plain, Fingerprint::of(&text("tea"), None, &[]));
        for different in [
            Fingerprint::of(&text("tea "), None, &[]),
            Fingerprint::of(&text("tea"), Some(MessageId::generate()), &[]),
            Fingerprint::of(&text("tea"), None, &[one]),
        ] {
            assert_ne!(plain, different);
        }
        let both = Fingerprint::of(&text("tea"), None, &[one, other]);
        assert_ne!(both, Fingerprint::of(&text("tea"), None, &[one]));
    }

    #[test]
    fn what_was_not_noted_is_the_same() {
        let [one, other] = ["one", "other"].map(|said| Some(Fingerprint::of(&text(said), None, &[])));
        assert!(Fingerprint::same(one, one) && Fingerprint::same(None, one) && Fingerprint::same(one, None));
        assert!(!Fingerprint::same(one, other));
    }
}
