//! A user's profile as this node holds it: one value behind all sessions of the user.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::RwLock;
use teahouse_protocol::{Sender, Timestamp, UserId, UserProfile};
use teahouse_store::entity::user;

use crate::Ban;
use crate::live::Live;

/// A user who is here.
pub(crate) struct Person {
    id: UserId,
    profile: RwLock<Arc<UserProfile>>,
    /// While they are banned, when that ends; long ago for everybody else.
    banned_until_ms: AtomicI64,
    /// Where they are listed; they leave the list by themselves.
    live: Arc<Live>,
}

impl Person {
    pub(crate) fn new(row: &user::Model, live: Arc<Live>) -> Self {
        Self {
            id: UserId::from_uuid(row.id),
            profile: RwLock::new(Arc::new(profile_of(row))),
            banned_until_ms: AtomicI64::new(banned_until_ms(row)),
            live,
        }
    }

    /// Takes over what the database says now.
    pub(crate) fn update(&self, row: &user::Model) {
        self.banned_until_ms.store(banned_until_ms(row), Ordering::Relaxed);
        let profile = profile_of(row);
        let unchanged = **self.profile.read() == profile;
        if !unchanged {
            *self.profile.write() = Arc::new(profile);
        }
    }

    pub(crate) fn profile(&self) -> Arc<UserProfile> {
        Arc::clone(&self.profile.read())
    }

    pub(crate) fn is_banned(&self, now: Timestamp) -> bool {
        now.millis() < self.banned_until_ms.load(Ordering::Relaxed)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        self.live.forget_person(self.id);
    }
}

fn banned_until_ms(row: &user::Model) -> i64 {
    Ban::of(row).map_or(i64::MIN, |ban| ban.until.map_or(i64::MAX, Timestamp::millis))
}

/// What others see of this user.
pub(crate) fn profile_of(row: &user::Model) -> UserProfile {
    UserProfile {
        id: UserId::from_uuid(row.id),
        name: row.name.clone(),
        avatar: row.avatar.clone(),
        is_bot: row.is_bot,
        is_guest: row.is_guest,
        is_deactivated: row.deactivated_at_ms.is_some(),
        joined_at: Timestamp::from_millis(row.created_at_ms),
    }
}

/// How this user signs messages.
pub(crate) fn sender_of(profile: &UserProfile) -> Sender {
    Sender {
        id: profile.id,
        name: profile.name.clone(),
        avatar: profile.avatar.clone(),
        is_bot: profile.is_bot,
        is_guest: profile.is_guest,
    }
}
