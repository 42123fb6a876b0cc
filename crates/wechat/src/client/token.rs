//! The process's one holder of access tokens: a token an app, one refresh in flight, renewed before it ends.

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{
    app::{App, AppId},
    client::{
        environment::Environment,
        http::{Http, Request},
    },
    error::{Call, Error},
};

/// A token is renewed this long before its end at the earliest: from here on WeChat gives a new one, and both work.
const EARLIEST_RENEWAL: Duration = Duration::from_secs(300);
/// And this long before its end at the latest.
const LATEST_RENEWAL: Duration = Duration::from_secs(60);
/// After a renewal failed while the old token still works, the next try waits this long.
const RENEWAL_PAUSE: Duration = Duration::from_secs(10);

/// What authorises calls for an app, for two hours at most. Masked in `Debug`; clones share the text.
#[derive(Clone)]
pub struct AccessToken(Arc<SecretString>);

impl AccessToken {
    /// The token itself, for a request to WeChat and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AccessToken(***)")
    }
}

/// The tokens of all apps.
pub(super) struct Tokens {
    environment: Environment,
    /// How long a renewal may hold up the call that found it due; the old token still works.
    renewal_patience: Duration,
    slots: Mutex<HashMap<AppId, Arc<Slot>>>,
}

/// One app's token. Whoever holds `refreshing` fetches; the others wait for it and find its outcome in `state`.
#[derive(Default)]
struct Slot {
    refreshing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// Refreshes that failed so far, and how the last one did: those who waited for it share its error instead of each
    /// asking again.
    failures: u64,
    last_failure: Option<Error>,
}

struct Held {
    token: AccessToken,
    renew_at: Instant,
    ends_at: Instant,
}

enum Look {
    Fresh(AccessToken),
    /// Still good, but to be renewed by one of those who see this.
    Due(AccessToken),
    Gone,
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    /// Remaining seconds.
    expires_in: u32,
}

impl Tokens {
    pub(super) fn new(environment: Environment, timeout: Duration) -> Self {
        Self { environment, renewal_patience: timeout / 4, slots: Mutex::default() }
    }

    /// The app's token, fetched or renewed if need be.
    pub(super) async fn get(&self, http: &Http, app: &App) -> Result<AccessToken, Error> {
        let slot = self.slot(app);
        match slot.look(self.environment.clock.now()) {
            Look::Fresh(token) => Ok(token),
            Look::Due(token) => Ok(self.renew(http, app, &slot, token).await),
            Look::Gone => self.fetch(http, app, &slot).await,
        }
    }

    /// Forgets `failed`, unless another took its place meanwhile.
    pub(super) fn discard(&self, app: &App, failed: &AccessToken) {
        let slot = self.slot(app);
        let mut state = slot.state.lock();
        if state.held.as_ref().is_some_and(|held| held.token.expose() == failed.expose()) {
            state.held = None;
        }
    }

    /// Replaces a token that is about to end. Nobody waits for another's renewal, and one that fails costs nothing yet.
    async fn renew(&self, http: &Http, app: &App, slot: &Slot, token: AccessToken) -> AccessToken {
        let Ok(_turn) = slot.refreshing.try_lock() else { return token };
        // Another may have renewed between the look and the lock.
        if let Look::Fresh(token) = slot.look(self.environment.clock.now()) {
            return token;
        }
        let refresh = tokio::time::timeout(self.renewal_patience, self.refresh(http, app, slot));
        if let Ok(Ok(token)) = refresh.await {
            return token;
        }
        tracing::warn!(app.id = %app.id, "access token not renewed, the old one still serves");
        slot.postpone_renewal(self.environment.clock.now() + RENEWAL_PAUSE);
        token
    }

    /// Gets a token where there is none: the first comer asks WeChat, the others wait for what it gets.
    async fn fetch(&self, http: &Http, app: &App, slot: &Slot) -> Result<AccessToken, Error> {
        let failures_before = slot.state.lock().failures;
        let _turn = slot.refreshing.lock().await;
        if let Look::Fresh(token) | Look::Due(token) = slot.look(self.environment.clock.now()) {
            return Ok(token);
        }
        if let Some(error) = slot.failed_since(failures_before) {
            return Err(error);
        }
        self.refresh(http, app, slot).await
    }

    /// Asks WeChat. Only whoever holds the slot's turn calls this.
    async fn refresh(&self, http: &Http, app: &App, slot: &Slot) -> Result<AccessToken, Error> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": app.id.as_str(),
            "secret": app.secret.expose(),
            "force_refresh": false,
        });
        let asked_at = self.environment.clock.now();
        let outcome: Result<Answer, Error> = http.send(&Request::post(Call::StableToken, &[], &body)).await;
        let mut state = slot.state.lock();
        match outcome {
            Ok(answer) => {
                tracing::info!(app.id = %app.id, expires_in_s = answer.expires_in, "access token refreshed");
                let held = self.held(answer, asked_at);
                let token = held.token.clone();
                state.held = Some(held);
                Ok(token)
            }
            Err(error) => {
                state.failures += 1;
                state.last_failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Counts the life of a token from the moment it was asked for, which errs on the safe side.
    fn held(&self, answer: Answer, asked_at: Instant) -> Held {
        let life = Duration::from_secs(answer.expires_in.into());
        let spread = self.environment.jitter.up_to(EARLIEST_RENEWAL - LATEST_RENEWAL);
        // A short-lived token (a simulator's) is not due from its first moment.
        let early = (LATEST_RENEWAL + spread).min(life / 4);
        let ends_at = asked_at + life;
        Held { token: AccessToken(Arc::new(answer.access_token)), renew_at: ends_at - early, ends_at }
    }

    fn slot(&self, app: &App) -> Arc<Slot> {
        self.slots.lock().entry(app.id.clone()).or_default().clone()
    }
}

impl Slot {
    fn look(&self, now: Instant) -> Look {
        match &self.state.lock().held {
            Some(held) if now < held.renew_at => Look::Fresh(held.token.clone()),
            Some(held) if now < held.ends_at => Look::Due(held.token.clone()),
            _ => Look::Gone,
        }
    }

    fn failed_since(&self, failures_before: u64) -> Option<Error> {
        let state = self.state.lock();
        (state.failures > failures_before).then(|| state.last_failure.clone()).flatten()
    }

    fn postpone_renewal(&self, until: Instant) {
        if let Some(held) = &mut self.state.lock().held {
            held.renew_at = until;
        }
    }
}
