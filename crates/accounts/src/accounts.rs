//! The way in: everything about who someone is hangs on [`Accounts`].

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DatabaseTransaction;
use teahouse_bus::Bus;
use teahouse_protocol::{Clock, SessionId, Timestamp, UserId};
use teahouse_store::Db;
use teahouse_store::entity::user;

use crate::Error;
use crate::cache::SessionCache;
use crate::config::{GuestsConfig, SessionsConfig};
use crate::event::{AccountEvent, SessionEnd};
use crate::extend::Extender;
use crate::follow;
use crate::limit::SignInLimit;
use crate::live::Live;
use crate::naming::Naming;
use crate::profile::ProfileCache;
use crate::vault::MasterKey;

/// What [`Accounts`] is made of.
pub struct AccountsParts {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// WeChat.
    pub wechat: teahouse_wechat::Client,
    /// How old the watermark of `encrypted_data` may be ([`teahouse_wechat::Config::watermark_max_age`]).
    pub watermark_max_age: Duration,
    /// Where what happens is told.
    pub events: Bus<AccountEvent>,
    /// The section `sessions`.
    pub sessions: SessionsConfig,
    /// The section `guests`.
    pub guests: GuestsConfig,
    /// `limits.sign_ins_per_minute`, for an address; 0 for any number.
    pub sign_ins_per_minute: u32,
    /// The key under which session keys are kept.
    pub master_key: MasterKey,
}

/// Who someone is: sign-in, sessions, profiles, API keys, admins. Clones are the same.
#[derive(Clone)]
pub struct Accounts(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) wechat: teahouse_wechat::Client,
    pub(crate) watermark_max_age: Duration,
    pub(crate) events: Bus<AccountEvent>,
    pub(crate) sessions: SessionsConfig,
    pub(crate) guests: GuestsConfig,
    pub(crate) sign_in_limit: SignInLimit,
    pub(crate) master_key: MasterKey,
    pub(crate) live: Arc<Live>,
    pub(crate) cache: Arc<SessionCache>,
    pub(crate) profiles: Arc<ProfileCache>,
    pub(crate) extender: Extender,
    pub(crate) naming: Naming,
}

impl Accounts {
    /// Begins: two tasks of its own, which end with the last clone, move the ends of sessions and follow the bus.
    /// Needs a Tokio runtime.
    #[must_use]
    pub fn new(parts: AccountsParts) -> Self {
        let (live, cache) = (Arc::new(Live::default()), Arc::new(SessionCache::new()));
        let profiles = Arc::new(ProfileCache::new());
        follow::start(&parts.db, &parts.events, &live, &cache, &profiles);
        let extender = Extender::start(&parts);
        Self(Arc::new(Inner {
            sign_in_limit: SignInLimit::new(parts.sign_ins_per_minute, Arc::clone(&parts.clock)),
            db: parts.db,
            clock: parts.clock,
            wechat: parts.wechat,
            watermark_max_age: parts.watermark_max_age,
            events: parts.events,
            sessions: parts.sessions,
            guests: parts.guests,
            master_key: parts.master_key,
            live,
            cache,
            profiles,
            extender,
            naming: Naming::new(),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Makes known that sessions ended: after the commit, to their holders here, then to everybody.
    pub(crate) async fn announce_end(&self, user: UserId, ended: &[SessionId], why: SessionEnd) {
        if ended.is_empty() {
            return;
        }
        self.0.live.note_change();
        for session in ended {
            if let Some(held) = self.0.live.find_session(*session) {
                held.end();
                self.0.cache.forget(&held.proof());
            }
        }
        for session in ended {
            self.0.events.publish(AccountEvent::SessionEnded { session: *session, user, why }).await;
        }
    }

    /// Makes known that a user changed: after the commit, to holders of their sessions here, then to everybody.
    pub(crate) async fn announce_user(&self, row: &user::Model, event: AccountEvent) {
        self.0.live.note_change();
        self.0.profiles.forget(UserId::from_uuid(row.id));
        if let Some(person) = self.0.live.find_person(UserId::from_uuid(row.id)) {
            person.update(row);
        }
        self.0.events.publish(event).await;
    }
}

/// Commits what `tx` holds.
pub(crate) async fn commit(tx: DatabaseTransaction) -> Result<(), Error> {
    Ok(tx.commit().await.map_err(teahouse_store::Error::from)?)
}
