//! Who comes in: callers with a session, business servers and operators' programs with a key, and those who want to
//! sign in.

use std::sync::Arc;

use poem::http::header;
use poem::{FromRequest, Request, RequestBody, Result};
use poem_openapi::registry::{MetaSecurityScheme, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use teahouse_accounts::{Accounts, AdminKey, Device, Session};
use teahouse_protocol::{ErrorCode, Locale};

use crate::framing::RequestContext;
use crate::limits::{Allowance, Exhausted, Limiters};
use crate::problem::Problem;

/// Where a program shows its key.
const KEY_HEADER: &str = "X-Api-Key";

/// What every operation finds in its request.
pub(crate) struct Door {
    pub(crate) accounts: Accounts,
    pub(crate) limiters: Limiters,
}

impl Door {
    pub(crate) fn of(request: &Request) -> Result<&Arc<Self>, Problem> {
        let missing = || Problem::caused_by(ErrorCode::Internal, "the routes were built without their door");
        request.extensions().get().ok_or_else(missing)
    }
}

/// Somebody with a session: `Authorization: Bearer TOKEN`.
pub(crate) struct Caller(Session);

impl Caller {
    pub(crate) const fn session(&self) -> &Session {
        &self.0
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
    }

    fn security_schemes() -> Vec<&'static str> {
        vec!["session"]
    }

    async fn from_request(
        request: &'a Request,
        _: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> Result<Self> {
        let door = Door::of(request)?;
        let token = bearer_token(request).ok_or_else(|| Problem::new(ErrorCode::SessionRequired))?;
        let session = door.accounts.authenticate(token).await.map_err(Problem::from)?;
        let session = session.speaking(request.header(header::ACCEPT_LANGUAGE).and_then(Locale::preferred));
        tracing::Span::current().record("user.id", tracing::field::display(session.user_id()));
        admit(request, door.limiters.count_request(session.user_id()))?;
        Ok(Self(session))
    }
}

/// A business server: `X-Api-Key: KEY`. Whether the key is right is for `accounts` to say.
pub(crate) struct ApiKey(pub(crate) String);

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
        Ok(Self(key_of(request)?.to_owned()))
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
        Ok(Self(door.accounts.admin_by_key(key_of(request)?).await.map_err(Problem::from)?))
    }
}

/// Somebody who wants to sign in, on some device.
pub(crate) struct Visitor(pub(crate) Device);

impl<'a> FromRequest<'a> for Visitor {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> Result<Self> {
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
    MetaSecurityScheme { name: Some(KEY_HEADER), key_in: Some("header"), ..scheme("apiKey", description) }
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
