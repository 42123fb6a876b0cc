//! The client of WeChat's server API: one function a call, each within the configured deadline.

mod environment;
mod http;
mod token;

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::json;

use crate::{
    app::{App, AppId},
    config::Config,
    decrypt::{empty_as_none, text_or_number},
    errcode::Errcode,
    error::{BuildError, Call, Error},
    integrity::session_signature,
    login_code::{LoginCode, PhoneCode},
    person::{OpenId, UnionId},
    session_key::SessionKey,
};

pub use environment::{Clock, Environment, Jitter, RandomJitter, SystemClock};
pub use token::AccessToken;

use http::{Http, Request};
use token::Tokens;

/// WeChat's server API. Clones share connections and access tokens; a process needs one.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    apps: Vec<App>,
    timeout: Duration,
    http: Http,
    tokens: Tokens,
}

/// Who exchanged a login code.
#[derive(Debug, Clone, Deserialize)]
pub struct Login {
    /// The person within the app.
    pub openid: OpenId,
    /// The key of this login; any older one of the same person may be stale from now on.
    pub session_key: SessionKey,
    /// The person across apps, where the app is bound to an open-platform account.
    #[serde(default, deserialize_with = "empty_as_none")]
    pub unionid: Option<UnionId>,
}

/// What WeChat says of a session key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionState {
    /// It is the person's present key.
    Current,
    /// It was replaced or expired.
    Stale,
}

/// A phone number that its owner allowed us to see. `Debug` masks it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneNumber {
    /// The number; outside China with its country code.
    pub phone_number: String,
    /// The number without country code.
    pub pure_phone_number: String,
    /// The country code without `+`.
    #[serde(deserialize_with = "text_or_number")]
    pub country_code: String,
}

/// An answer of which only its success counts.
#[derive(Deserialize)]
struct Done {}

#[derive(Deserialize)]
struct NewKey {
    session_key: SessionKey,
}

#[derive(Deserialize)]
struct PhoneAnswer {
    phone_info: PhoneNumber,
}

impl Client {
    /// A client with the system's clock and randomness.
    ///
    /// # Errors
    /// [`BuildError`] when the HTTP client can't be made: for one, the address is https and the system has no root
    /// certificates.
    pub fn new(config: &Config) -> Result<Self, BuildError> {
        Self::within(config, Environment::default())
    }

    /// A client whose clock and randomness are the caller's.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn within(config: &Config, environment: Environment) -> Result<Self, BuildError> {
        Ok(Self(Arc::new(Inner {
            apps: config.apps().collect(),
            timeout: config.timeout(),
            http: Http::new(&config.api_base, config.timeout(), environment.jitter.clone())?,
            tokens: Tokens::new(environment, config.timeout()),
        })))
    }

    /// The configured apps, in the configuration's order.
    #[must_use]
    pub fn apps(&self) -> &[App] {
        &self.0.apps
    }

    /// The configured app of this id.
    #[must_use]
    pub fn find_app(&self, id: &AppId) -> Option<&App> {
        self.0.apps.iter().find(|app| app.id == *id)
    }

    /// Exchanges what `wx.login` gave for the person and the session key.
    ///
    /// The code is single use: the exchange is repeated only where WeChat certainly did not process it (no connection,
    /// or "busy").
    ///
    /// # Errors
    /// [`Error`]; of its refusals [`Errcode::InvalidCode`] and [`Errcode::CodeUsed`] are the client's,
    /// [`Errcode::PersonBlocked`] and [`Errcode::TooFrequent`] the person's, the others ours.
    pub async fn code_to_session(&self, app: &App, code: &LoginCode) -> Result<Login, Error> {
        let query = [
            ("appid", app.id.as_str()),
            ("secret", app.secret.expose()),
            ("js_code", code.expose()),
            ("grant_type", "authorization_code"),
        ];
        let request = Request::get(Call::CodeToSession, &query);
        self.0.in_time(Call::CodeToSession, self.0.http.send(&request)).await
    }

    /// The app's present access token, fetched or renewed when needed. However many ask, one refresh is in flight.
    ///
    /// # Errors
    /// [`Error`] of the refresh, shared by all who waited for it.
    pub async fn access_token(&self, app: &App) -> Result<AccessToken, Error> {
        self.0.in_time(Call::StableToken, self.0.tokens.get(&self.0.http, app)).await
    }

    /// Asks whether `key` is still the person's session key.
    ///
    /// # Errors
    /// [`Error`]; a key that WeChat no longer knows is an answer, not an error.
    pub async fn check_session(
        &self,
        app: &App,
        openid: &OpenId,
        key: &SessionKey,
    ) -> Result<SessionState, Error> {
        match self.with_session::<Done>(Call::CheckSession, app, openid, key).await {
            Ok(Done {}) => Ok(SessionState::Current),
            Err(Error::Refused { code: Errcode::InvalidSignature | Errcode::SessionKeyGone, .. }) => {
                Ok(SessionState::Stale)
            }
            Err(error) => Err(error),
        }
    }

    /// Has WeChat replace the person's session key, and returns the new one.
    ///
    /// # Errors
    /// [`Error`]; [`Errcode::InvalidSignature`] or [`Errcode::SessionKeyGone`] when `key` is stale.
    pub async fn reset_session_key(
        &self,
        app: &App,
        openid: &OpenId,
        key: &SessionKey,
    ) -> Result<SessionKey, Error> {
        let answer: NewKey = self.with_session(Call::ResetSessionKey, app, openid, key).await?;
        Ok(answer.session_key)
    }

    /// Exchanges what a `getPhoneNumber` button gave for the number.
    ///
    /// # Errors
    /// [`Error`]; [`Errcode::InvalidCode`] when the code is unknown, used or expired.
    pub async fn phone_number(&self, app: &App, code: &PhoneCode) -> Result<PhoneNumber, Error> {
        let body = json!({ "code": code.expose() });
        let call = |token: &AccessToken| {
            Request::post(Call::PhoneNumber, &[("access_token", token.expose())], &body)
        };
        let answer: PhoneAnswer = self.0.in_time(Call::PhoneNumber, self.0.with_token(app, call)).await?;
        Ok(answer.phone_info)
    }

    /// The two calls that prove the possession of a session key.
    async fn with_session<T: serde::de::DeserializeOwned>(
        &self,
        call: Call,
        app: &App,
        openid: &OpenId,
        key: &SessionKey,
    ) -> Result<T, Error> {
        let signature = session_signature(key);
        let request = |token: &AccessToken| {
            let query = [
                ("access_token", token.expose()),
                ("openid", openid.as_str()),
                ("signature", signature.as_str()),
                ("sig_method", "hmac_sha256"),
            ];
            Request::get(call, &query)
        };
        self.0.in_time(call, self.0.with_token(app, request)).await
    }
}

impl Inner {
    /// Bounds a whole operation, whatever it consists of.
    async fn in_time<T>(
        &self,
        call: Call,
        operation: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let timed = tokio::time::timeout(self.timeout, operation).await;
        timed.unwrap_or(Err(Error::TimedOut { call, after: self.timeout }))
    }

    /// Makes a call with the access token. When WeChat refuses the token, it is replaced and the call made once more;
    /// a call that was refused so has not been processed, so this is safe for all of them.
    async fn with_token<T: serde::de::DeserializeOwned>(
        &self,
        app: &App,
        request: impl Fn(&AccessToken) -> Request,
    ) -> Result<T, Error> {
        let token = self.tokens.get(&self.http, app).await?;
        match self.http.send(&request(&token)).await {
            Err(Error::Refused { code, .. }) if code.means_bad_token() => {
                self.tokens.discard(app, &token);
                let token = self.tokens.get(&self.http, app).await?;
                self.http.send(&request(&token)).await
            }
            outcome => outcome,
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Client").field("apps", &self.0.apps).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for PhoneNumber {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PhoneNumber(***)")
    }
}
