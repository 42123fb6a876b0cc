//! `/api/historyMessages`, by GET or POST, as the uni-app tutorial's client asks for it: HTTP 200 whatever comes, and a
//! `code` that is 0 when all is well.
//!
//! The tutorial does not say how the call proves who makes it, so the token is taken from wherever such clients put
//! one. A missing session is code -1, which the wafer SDKs take as "log in again"; nothing else is.

use poem::http::header;
use poem::web::{Form, Json};
use poem::{Endpoint, FromRequest, IntoResponse, Request, RequestBody, Response, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use teahouse_accounts::{Accounts, Session};
use teahouse_chat::{Chat, Window};
use teahouse_protocol::{ErrorCode, Message, MessageId, Timestamp, UserId};

use crate::door::{Door, bearer_token};
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
pub(crate) struct History {
    pub(crate) accounts: Accounts,
    pub(crate) chat: Chat,
}

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
        let wish = Wish::of(request).await?;
        let caller = self.accounts.authenticate(&wish.token(request)?).await?;
        let page = self.chat.history(&caller, self.chat.lobby(), Window::Newest, wish.limit()).await?;
        Ok(page.items.into_iter().filter_map(|message| item(message, &caller)).collect())
    }
}

impl Wish {
    async fn of(request: &mut Request) -> Result<Self, Problem> {
        let mut wish: Self = request.params().unwrap_or_default();
        let limit = Door::of(request)?.limiters.body_bytes;
        let content_type = request.content_type().unwrap_or_default().to_owned();
        let body = request.take_body().into_bytes_limit(limit).await;
        let body = body.map_err(|_| Problem::new(ErrorCode::BodyTooLarge))?;
        let sent: Self = if content_type.starts_with("application/json") {
            serde_json::from_slice(&body).unwrap_or_default()
        } else {
            let mut body = RequestBody::new(body.into());
            Form::from_request(request, &mut body).await.map(|form| form.0).unwrap_or_default()
        };
        wish.token = wish.token.or(sent.token);
        wish.limit = wish.limit.or(sent.limit);
        Ok(wish)
    }

    fn token(&self, request: &Request) -> Result<String, Problem> {
        let header = bearer_token(request).or_else(|| request.header("token"));
        let token = header.map(ToOwned::to_owned).or_else(|| self.token.clone());
        token.filter(|token| !token.is_empty()).ok_or_else(|| Problem::new(ErrorCode::SessionRequired))
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
