//! What a plugin is allowed at the moment: rooms, terms, its user, its secrets.

use std::collections::BTreeMap;
use std::sync::Arc;

use teahouse_accounts::Session;
use teahouse_plugin_host::Grants;
use teahouse_plugin_host::wit::Error;
use teahouse_plugin_package::{Act, CapabilityName, Terms};

use crate::lifecycle::Secrets;
use crate::policy::LimitPolicy;
use crate::registry::RoomSet;

/// What a plugin is allowed at the moment.
#[derive(Clone)]
pub(crate) struct Charter {
    pub(crate) name: Arc<str>,
    /// Granted to the plugin, whichever of its versions asks.
    pub(crate) granted: Grants,
    pub(crate) rooms: RoomSet,
    /// What the admin decided, in place of what was agreed to.
    pub(crate) limits: LimitPolicy,
    pub(crate) terms: BTreeMap<CapabilityName, Terms>,
    pub(crate) bot: Option<Session>,
    pub(crate) secrets: Secrets,
}

impl Charter {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Self {
            name: "".into(),
            granted: Grants::none(),
            rooms: RoomSet::Chosen(std::collections::HashSet::new()),
            limits: LimitPolicy::default(),
            terms: BTreeMap::new(),
            bot: None,
            secrets: Secrets::new(),
        }
    }

    /// The same without what is not among `granted`.
    pub(crate) fn keeping(&self, granted: Grants) -> Self {
        let granted = self.granted.iter().filter(|capability| granted.contains(*capability)).collect();
        Self { granted, ..self.clone() }
    }

    pub(crate) fn kv_quota_bytes(&self) -> u64 {
        match self.terms.get(&CapabilityName::Kv) {
            Some(Terms::Kv { quota_kib }) => u64::from(self.limits.kv_quota_kib(*quota_kib)) * 1024,
            _ => 0,
        }
    }

    pub(crate) fn messages_per_minute(&self) -> Result<u32, Error> {
        match self.terms.get(&CapabilityName::Messages) {
            Some(Terms::Messages { per_minute }) => Ok(self.limits.messages_per_minute(*per_minute)),
            _ => Err(denied(CapabilityName::Messages)),
        }
    }

    pub(crate) fn most_timers(&self) -> Result<u32, Error> {
        match self.terms.get(&CapabilityName::Timers) {
            Some(Terms::Timers { max }) => Ok(self.limits.timers(*max)),
            _ => Err(denied(CapabilityName::Timers)),
        }
    }

    pub(crate) fn require_act(&self, act: Act) -> Result<(), Error> {
        match self.terms.get(&CapabilityName::Moderation) {
            Some(Terms::Moderation { acts }) if acts.contains(&act) => Ok(()),
            _ => Err(Error::Denied(format!("moderation.{act}"))),
        }
    }

    /// The user that the plugin acts as.
    pub(crate) fn require_bot(&self) -> Result<Session, Error> {
        self.bot.clone().ok_or_else(|| Error::Unavailable("the plugin has no user to act as".to_owned()))
    }
}

pub(crate) fn denied(capability: CapabilityName) -> Error {
    Error::Denied(capability.as_str().to_owned())
}
