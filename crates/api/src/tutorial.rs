//! `/api/historyMessages`, by GET or POST, as the uni-app tutorial's client asks for it: HTTP 200 whatever comes, and a
//! `code` that is 0 when all is well.
//!
//! The tutorial does not say how the call proves who makes it, so the token is taken from wherever such clients put
//! one. A missing session is code -1, which the wafer SDKs take as "log in again"; nothing else is.

use std::sync::Arc;

use poem::http::header;
use poem::web::{Form, Json};
use poem::{Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use teahouse_accounts::Session;
use teahouse_chat::{Chat, Window};
use teahouse_protocol::{ErrorCode, Message, MessageId, Timestamp, UserId};

use crate::body;
use crate::door::{Caller, Door, Shown, bearer_token};
use crate::framing::{Language, RequestContext};
use crate::problem::Problem;

/// The session is missing or over: log in again.
const LOG_IN_AGAIN: i32 = -1;
/// Anything else that went wrong.
const FAILED: i32 = 1;

const DEFAULT_LIMIT: u16 = 100;
const MAX_LIMIT: u16 = 200;

#[derive(Serialize)]
struct Answer {
    code: i32,
    lists: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

#[derive(Serialize)]
struct Item {
    id: MessageId,
    #[serde(rename = "type")]
    kind: &'static str,
    content: String,
    from: &'static str,
    sender: Name,
    time: Timestamp,
}

#[derive(Serialize)]
struct Name {
    id: UserId,
    name: String,
    avatar: Option<String>,
}

/// What a client may send, in the query, as a form or as JSON. Numbers come as text from some.
#[derive(Default, Deserialize)]
struct Wish {
    token: Option<String>,
    limit: Option<Value>,
}

/// The newest messages of the lobby.
pub(crate) struct History(pub(crate) Chat);

impl Endpoint for History {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let language = RequestContext::find(&request).map_or(Language::Chinese, |it| it.language());
        let answer = match self.read(&mut request).await {
            Ok(lists) => Answer { code: 0, lists, error: None, message: None },
            Err(problem) => failure(&problem, language),
        };
        Ok(Json(answer).with_header(header::CACHE_CONTROL, "no-store").into_response())
    }
}

impl History {
    async fn read(&self, request: &mut Request) -> Result<Vec<Item>, Problem> {
        let mut wish: Wish = request.params().unwrap_or_default();
        let caller = Self::caller(request, &mut wish).await?;
        let (chat, session) = (&self.0, caller.session());
        let page = chat.history(session, chat.lobby(), Window::Newest, wish.limit()).await?;
        Ok(page.items.into_iter().filter_map(|message| item(message, session)).collect())
    }

    /// Who asks. A token in the body makes the body be read before its sender is known, so that such a request counts
    /// as a stranger's too.
    async fn caller(request: &mut Request, wish: &mut Wish) -> Result<Caller, Problem> {
        let door = Arc::clone(Door::of(request)?);
        let token = bearer_token(request).or_else(|| request.header("token")).map(ToOwned::to_owned);
        if let Some(token) = token.or_else(|| wish.token.clone()).filter(|token| !token.is_empty()) {
            let caller = door.admit(request, Shown::Token(&token)).await?;
            wish.read_body(request, &door).await?;
            return Ok(caller);
        }
        door.strangers.count(request)?;
        wish.read_body(request, &door).await?;
        let token = wish.token.as_deref().filter(|token| !token.is_empty());
        door.admit(request, token.map_or(Shown::Nothing, Shown::Token)).await
    }
}

impl Wish {
    /// What stands in the body, where the query does not say it.
    async fn read_body(&mut self, request: &mut Request, door: &Door) -> Result<(), Problem> {
        let mut sent = RequestBody::new(request.take_body());
        let bytes = body::read(request, &mut sent, door.limiters.body_bytes).await?;
        let is_json = request.content_type().is_some_and(|kind| kind.starts_with("application/json"));
        let sent: Self = if is_json {
            serde_json::from_slice(&bytes).unwrap_or_default()
        } else {
            let mut form = RequestBody::new(bytes.into());
            Form::from_request(request, &mut form).await.map(|form| form.0).unwrap_or_default()
        };
        self.token = self.token.take().or(sent.token);
        self.limit = self.limit.take().or(sent.limit);
        Ok(())
    }

    /// Clamped and never refused: the tutorial's client has no place to show why.
    fn limit(&self) -> u16 {
        let number = match &self.limit {
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        let limit = number.unwrap_or(i64::from(DEFAULT_LIMIT)).clamp(1, i64::from(MAX_LIMIT));
        u16::try_from(limit).unwrap_or(MAX_LIMIT)
    }
}

fn item(message: Message, caller: &Session) -> Option<Item> {
    // Recalled: the tutorial's client has no word for it.
    let content = message.content?.plain_text();
    let is_mine = message.sender.id == caller.user_id();
    Some(Item {
        id: message.id,
        kind: "msg",
        content,
        from: if is_mine { "me" } else { "other" },
        sender: Name { id: message.sender.id, name: message.sender.name, avatar: message.sender.avatar },
        time: message.at,
    })
}

fn failure(problem: &Problem, language: Language) -> Answer {
    let error = problem.code();
    let lost = matches!(error, ErrorCode::SessionRequired | ErrorCode::SessionExpired);
    Answer {
        code: if lost { LOG_IN_AGAIN } else { FAILED },
        lists: Vec::new(),
        error: Some(error),
        message: Some(language.message_of(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn limit(given: &Value, expected: u16) {
        assert_eq!(Wish { token: None, limit: Some(given.clone()) }.limit(), expected, "{given}");
    }

    #[test]
    fn a_limit_is_clamped_however_it_is_written() {
        limit(&json!(100), 100);
        limit(&json!("20"), 20);
        limit(&json!(0), 1);
        limit(&json!("-5"), 1);
        limit(&json!(100_000), 200);
        limit(&json!("many"), 100);
        limit(&json!({}), 100);
        assert_eq!(Wish::default().limit(), 100);
    }
}
