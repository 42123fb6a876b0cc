//! Who comes in: callers with a session, business servers and operators' programs with a key, and those who want to
//! sign in.

use std::sync::Arc;

use poem::http::header;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use teahouse_accounts::{Accounts, AdminKey, BusinessKey, Device, Session};
use teahouse_protocol::{ErrorCode, Locale, UserId};

use crate::framing::RequestContext;
use crate::limits::{Allowance, Exhausted, Limiters, Place, Strangers};
use crate::problem::Problem;

/// Where a program shows its key.
const KEY_HEADER: &str = "X-Api-Key";
/// Where the wafer SDKs show their session: its token, and from the older one its id too.
const WAFER_SKEY: &str = "X-WX-Skey";
const WAFER_ID: &str = "X-WX-Id";

/// What every operation finds in its request.
pub(crate) struct Door {
    pub(crate) accounts: Accounts,
    pub(crate) limiters: Limiters,
    pub(crate) strangers: Strangers,
}

impl Door {
    pub(crate) fn of(request: &Request) -> Result<&Arc<Self>, Problem> {
        let missing = || Problem::caused_by(ErrorCode::Internal, "the routes were built without their door");
        request.extensions().get().ok_or_else(missing)
    }

    /// Whose session this is, counted: against the user's limits where it is good, else against the address's.
    pub(crate) async fn admit(&self, request: &Request, shown: Shown<'_>) -> Result<Caller, Problem> {
        let proven = match shown {
            Shown::Nothing => Err(Problem::new(ErrorCode::SessionRequired)),
            Shown::Token(token) => self.accounts.authenticate(token).await.map_err(Problem::from),
            Shown::Wafer { id, skey } => {
                self.accounts.authenticate_wafer(id, skey).await.map_err(Problem::from)
            }
        };
        let session = match proven {
            Ok(session) => session,
            Err(problem) => return Err(self.turn_away(request, problem)),
        };
        tracing::Span::current().record("user.id", tracing::field::display(session.user_id()));
        admit(request, self.limiters.count_request(session.user_id()))?;
        let place = self.limiters.enter(session.user_id())?;
        Ok(Caller { session, _place: place })
    }

    /// What is told to somebody who showed nothing that is good: why, or to wait, where their address guesses too much.
    fn turn_away(&self, request: &Request, problem: Problem) -> Problem {
        self.strangers.count(request).err().unwrap_or(problem)
    }
}

/// What a request shows of who makes it.
#[derive(Clone, Copy)]
pub(crate) enum Shown<'a> {
    Nothing,
    Token(&'a str),
    Wafer { id: Option<&'a str>, skey: &'a str },
}

impl<'a> Shown<'a> {
    /// `Authorization: Bearer` before the wafer SDKs' headers.
    pub(crate) fn by(request: &'a Request) -> Self {
        let header =
            |name: &'static str| request.header(name).map(str::trim).filter(|value| !value.is_empty());
        match (bearer_token(request), header(WAFER_SKEY)) {
            (Some(token), _) => Self::Token(token),
            (None, Some(skey)) => Self::Wafer { id: header(WAFER_ID), skey },
            (None, None) => Self::Nothing,
        }
    }
}

/// Whether a request is one of a wafer SDK's, with a session that is good or not.
pub(crate) fn is_wafer(request: &Request) -> bool {
    let headers = request.headers();
    !headers.contains_key(header::AUTHORIZATION)
        && (headers.contains_key(WAFER_SKEY) || headers.contains_key(WAFER_ID))
}

/// Somebody with a session: `Authorization: Bearer TOKEN`, or a wafer SDK's `X-WX-Skey`. As long as this lives, the
/// request counts as one that is under way.
pub(crate) struct Caller {
    session: Session,
    _place: Place<UserId>,
}

impl Caller {
    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }
}

impl<'a> ApiExtractor<'a> for Caller {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        let scheme = MetaSecurityScheme {
            scheme: Some("bearer"),
            ..scheme("http", "The `token` of a session, from one of the sign-ins.")
        };
        registry.create_security_scheme("session", scheme);
        let wafer = "What the wafer SDKs send of the session that `/wafer/login` gave: its `skey`. Beside it the older one \
                     sends `X-WX-Id`, which must be the same session's. When it is over, the problem document also has \
                     what makes both log in again.";
        registry.create_security_scheme("wafer", header_scheme(WAFER_SKEY, wafer));
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["session", "wafer"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let mut caller = Door::of(request)?.admit(request, Shown::by(request)).await?;
        let locale = request.header(header::ACCEPT_LANGUAGE).and_then(Locale::preferred);
        caller.session = caller.session.speaking(locale);
        Ok(caller)
    }
}

/// A business server: `X-Api-Key: KEY`, with a key that signs in users.
pub(crate) struct ApiKey(pub(crate) BusinessKey);

impl<'a> ApiExtractor<'a> for ApiKey {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            "api_key",
            key_scheme("A business server's key, made by `teahouse token key`."),
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["api_key"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let door = Door::of(request)?;
        let key = match key_of(request) {
            Ok(key) => door.accounts.business_by_key(key).await.map_err(Problem::from),
            Err(missing) => Err(missing),
        };
        Ok(Self(key.map_err(|problem| door.turn_away(request, problem))?))
    }
}

/// An operator's program: `X-Api-Key: KEY`, with a key that administers.
pub(crate) struct Admin(AdminKey);

impl Admin {
    pub(crate) const fn key(&self) -> &AdminKey {
        &self.0
    }
}

impl<'a> ApiExtractor<'a> for Admin {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::SecurityScheme];
    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        registry.create_security_scheme(
            "admin_key",
            key_scheme("An operator's key, made by `teahouse token key NAME --admin`."),
        );
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["admin_key"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let door = Door::of(request)?;
        let key = match key_of(request) {
            Ok(key) => door.accounts.admin_by_key(key).await.map_err(Problem::from),
            Err(missing) => Err(missing),
        };
        Ok(Self(key.map_err(|problem| door.turn_away(request, problem))?))
    }
}

/// Somebody who wants to sign in, on some device. Counted by address, before what they send is read.
pub(crate) struct Visitor(pub(crate) Device);

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
        Door::of(request)?.strangers.count(request)?;
        Ok(Self(device_of(request)))
    }
}

/// The device behind a request, as its owner will see it in the list of sessions.
pub(crate) fn device_of(request: &Request) -> Device {
    let address = request.remote_addr().as_socket_addr().map(|address| address.ip());
    Device::new(request.header(header::USER_AGENT), address)
}

/// The token of an `Authorization` header; the scheme's case does not matter (RFC 9110 §11.1).
pub(crate) fn bearer_token(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header(header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The key that a program shows; whether it is a right one is not said.
fn key_of(request: &Request) -> Result<&str, Problem> {
    request.header(KEY_HEADER).ok_or_else(|| Problem::new(ErrorCode::ApiKeyInvalid))
}

fn admit(request: &Request, counted: Result<Option<Allowance>, Exhausted>) -> Result<(), Problem> {
    let remember = |allowance| {
        if let Some(context) = RequestContext::find(request) {
            context.set_allowance(allowance);
        }
    };
    match counted {
        Ok(allowance) => {
            allowance.map(remember);
            Ok(())
        }
        Err(exhausted) => {
            remember(exhausted.allowance);
            Err(exhausted.into())
        }
    }
}

fn key_scheme(description: &'static str) -> MetaSecurityScheme {
    header_scheme(KEY_HEADER, description)
}

fn header_scheme(name: &'static str, description: &'static str) -> MetaSecurityScheme {
    MetaSecurityScheme { name: Some(name), key_in: Some("header"), ..scheme("apiKey", description) }
}

const fn scheme(ty: &'static str, description: &'static str) -> MetaSecurityScheme {
    MetaSecurityScheme {
        ty,
        description: Some(description),
        name: None,
        key_in: None,
        scheme: None,
        bearer_format: None,
        flows: None,
        openid_connect_url: None,
    }
}
