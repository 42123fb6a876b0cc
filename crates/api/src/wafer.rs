//! `/wafer/login` and `/wafer/user`: sign-in, and a first call with its session, as the two wafer SDKs make them.
//!
//! One answer serves both SDKs: the older looks for the magic key and for words, the younger for `code` and `data`.
//! To them the magic key with an error, and the code -1, mean "your session is lost, log in again"; nothing else may
//! carry these. The method is the app's to choose, so that every one is answered.

use poem::http::{StatusCode, header};
use poem::web::Json;
use poem::{Endpoint, IntoResponse, Request, Response, Result};
use serde_json::{Value, json};
use teahouse_accounts::{Accounts, Session, WaferSession, WaferSignIn};
use teahouse_protocol::ErrorCode;

use crate::door::{Door, Shown, device_of};
use crate::framing::{Language, RequestContext};
use crate::problem::{Problem, status_of};

/// What tells the older SDK that the server speaks its language.
const MAGIC: &str = "F2C224D4-2BCE-4C64-AF9F-A6D872000D1A";
/// The younger SDK's word for a lost session.
const LOG_IN_AGAIN: i32 = -1;
/// Any other failure.
const FAILED: i32 = 1;

/// Signs in; or tells who is signed in, where a session comes instead of a code.
pub(crate) struct Login(pub(crate) Accounts);

/// Tells who is signed in.
pub(crate) struct User;

impl Endpoint for Login {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let Some(code) = given(&request, "X-WX-Code") else {
            return Ok(greet(&request).await);
        };
        if let Err(problem) = Door::of(&request).and_then(|door| door.strangers.count(&request)) {
            return Ok(login_failed(&request, problem.code()));
        }
        let sign_in = WaferSignIn {
            code,
            encrypted_data: given(&request, "X-WX-Encrypted-Data"),
            iv: given(&request, "X-WX-IV"),
        };
        Ok(match self.0.sign_in_wafer(sign_in, &device_of(&request)).await {
            Ok(session) => welcome(&session),
            Err(error) => login_failed(&request, error.code()),
        })
    }
}

impl Endpoint for User {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(greet(&request).await)
    }
}

async fn greet(request: &Request) -> Response {
    match who(request).await {
        Ok(profile) => answer(StatusCode::OK, json!({ "code": 0, "data": profile })),
        Err(problem) => call_failed(request, problem.code()),
    }
}

async fn who(request: &Request) -> Result<Value, Problem> {
    let (id, skey) = (given(request, "X-WX-Id"), given(request, "X-WX-Skey"));
    let shown = skey.as_deref().map_or(Shown::Nothing, |skey| Shown::Wafer { id: id.as_deref(), skey });
    Ok(profile(Door::of(request)?.admit(request, shown).await?.session()))
}

fn profile(session: &Session) -> Value {
    let user = session.user();
    let avatar = user.avatar.as_deref().unwrap_or_default();
    json!({ "userInfo": { "nickName": user.name, "avatarUrl": avatar }, "user": user })
}

fn welcome(session: &WaferSession) -> Response {
    let (id, skey) = (session.id(), session.skey());
    answer(
        StatusCode::OK,
        json!({
            MAGIC: 1,
            "session": { "id": id, "skey": skey },
            "code": 0,
            "data": { "skey": skey, "userinfo": session.userinfo },
        }),
    )
}

/// The younger SDK takes 401 for a lost session, which a login has none of: it would log in again without end.
fn login_failed(request: &Request, code: ErrorCode) -> Response {
    let status = match status_of(code) {
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        other => other,
    };
    let message = message(request, code);
    let reason = code.as_str();
    answer(
        status,
        json!({ MAGIC: 1, "error": "ERR_LOGIN_FAILED", "message": message, "code": FAILED, "reason": reason }),
    )
}

fn call_failed(request: &Request, code: ErrorCode) -> Response {
    let (status, message, reason) = (status_of(code), message(request, code), code.as_str());
    let body = match code {
        ErrorCode::SessionExpired | ErrorCode::SessionRequired => {
            json!({ MAGIC: 1, "error": "ERR_INVALID_SESSION", "message": message, "code": LOG_IN_AGAIN })
        }
        // Logging in again would not help: the older SDK forgets its session and says so.
        ErrorCode::Banned => {
            json!({ MAGIC: 1, "error": "ERR_CHECK_LOGIN_FAILED", "message": message, "code": FAILED })
        }
        _ => json!({ "error": reason, "message": message, "code": FAILED }),
    };
    answer(status, body)
}

fn answer(status: StatusCode, body: Value) -> Response {
    Json(body).with_status(status).with_header(header::CACHE_CONTROL, "no-store").into_response()
}

fn message(request: &Request, code: ErrorCode) -> &'static str {
    RequestContext::find(request).map_or(Language::Chinese, |context| context.language()).message_of(code)
}

/// As a header, or else in the query; the original server compared names in any case.
fn given(request: &Request, name: &str) -> Option<String> {
    let in_query = || {
        let query: Vec<(String, String)> = request.params().ok()?;
        query.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let value = request.header(name).map(ToOwned::to_owned).or_else(in_query);
    value.filter(|value| !value.is_empty())
}
