//! All that the simulator knows, behind one lock: its calls are short, and their order is what tests rely on.

pub(crate) mod apps;
pub(crate) mod faults;
pub(crate) mod journal;
pub(crate) mod logins;
pub(crate) mod media;
pub(crate) mod outbox;
pub(crate) mod people;
pub(crate) mod quotas;
pub(crate) mod subscriptions;
pub(crate) mod tokens;
pub(crate) mod words;

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use teahouse_wechat::Errcode;

use crate::{ask::Ask, chance::Chance, clock::Clock, config::Config, refusal::Refusal};

use apps::Apps;
use faults::Faults;
use journal::Journal;
use logins::Logins;
use media::MediaPlan;
use outbox::Outbox;
use people::People;
use quotas::Quotas;
use subscriptions::Subscriptions;
use tokens::Tokens;
use words::Words;

/// The world as its users share it.
pub(crate) type Shared = Arc<Mutex<World>>;

/// The simulator's state.
pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) chance: Chance,
    pub(crate) apps: Apps,
    pub(crate) people: People,
    pub(crate) logins: Logins,
    pub(crate) tokens: Tokens,
    pub(crate) quotas: Quotas,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) login_as_text: bool,
    pub(crate) words: Words,
    /// Words of the app's own list, which show in the details.
    pub(crate) keywords: Vec<String>,
    pub(crate) media: MediaPlan,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) outbox: Outbox,
}

impl World {
    pub(crate) fn new(config: Config) -> Self {
        Self {
            clock: Clock::starting_at(config.starts_at_s),
            chance: Chance::new(config.seed),
            apps: Apps::new(config.apps),
            people: People::new(config.seed, config.people),
            logins: Logins::default(),
            tokens: Tokens::new(Duration::from_secs(config.token_life_s.into())),
            quotas: Quotas::new(config.limits),
            faults: Faults::default(),
            journal: Journal::default(),
            login_as_text: config.login_as_text,
            words: config.words,
            keywords: Vec::new(),
            media: MediaPlan::default(),
            subscriptions: Subscriptions::new(config.templates),
            outbox: Outbox::new(Duration::from_millis(config.push_timeout_ms.into())),
        }
    }

    /// The app that the call's access token belongs to, once the call's quota allows one more.
    pub(crate) fn authorise(&mut self, ask: &Ask) -> Result<teahouse_wechat::AppId, Refusal> {
        let token = ask.require("access_token", Errcode::MissingAccessToken)?;
        let app = self.tokens.owner(token, self.clock.now())?;
        Ok(app)
    }

    /// Counts one call of the app, or refuses it.
    pub(crate) fn spend(&mut self, app: &teahouse_wechat::AppId, ask: &Ask) -> Result<(), Refusal> {
        self.quotas.spend(app, ask.call, self.clock.now())
    }
}
