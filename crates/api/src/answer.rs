//! What an operation answers when it went well: a status, and a body that serde wrote.
//!
//! poem-openapi would encode by its own trait, over a tree of values; here the schema alone comes from it, so that a
//! message has the same bytes by REST as on the socket, and is written in one pass.

use std::marker::PhantomData;

use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::Type;
use serde::Serialize;

use teahouse_protocol::Message;

use crate::document::headers_of_every_answer;
use crate::shapes::{HeldMessage, Invitation, Member};

const JSON: &str = "application/json";

/// The statuses that an answer may have, each with its meaning.
pub(crate) trait Statuses: Send + Sync + 'static {
    const ALL: &'static [(StatusCode, &'static str)];
}

/// 200.
pub(crate) struct Fine;
/// 201.
pub(crate) struct Fresh;
/// 201, or 200 for what was there already.
pub(crate) struct FreshOrThere;

const CREATED: (StatusCode, &str) = (StatusCode::CREATED, "It was made.");

impl Statuses for Fine {
    const ALL: &'static [(StatusCode, &'static str)] = &[(StatusCode::OK, "Here it is.")];
}

impl Statuses for Fresh {
    const ALL: &'static [(StatusCode, &'static str)] = &[CREATED];
}

impl Statuses for FreshOrThere {
    const ALL: &'static [(StatusCode, &'static str)] =
        &[CREATED, (StatusCode::OK, "It was there already; nothing was made.")];
}

/// A body of the type `T`, with one of the statuses `S`.
pub(crate) struct Answer<T, S> {
    status: StatusCode,
    json: String,
    of: PhantomData<fn() -> (T, S)>,
}

/// 200 with a body.
pub(crate) type Reply<T> = Answer<T, Fine>;
/// 201 with a body.
pub(crate) type Created<T> = Answer<T, Fresh>;
/// 201 with a body, or 200 where it was there already.
pub(crate) type Made<T> = Answer<T, FreshOrThere>;

impl<T: Serialize> Answer<T, Fine> {
    pub(crate) fn new(body: &T) -> Self {
        Self::with_status(StatusCode::OK, body)
    }
}

impl<T: Serialize> Answer<T, Fresh> {
    pub(crate) fn new(body: &T) -> Self {
        Self::with_status(StatusCode::CREATED, body)
    }
}

impl<T: Serialize> Answer<T, FreshOrThere> {
    pub(crate) fn made(body: &T) -> Self {
        Self::with_status(StatusCode::CREATED, body)
    }

    pub(crate) fn there(body: &T) -> Self {
        Self::with_status(StatusCode::OK, body)
    }
}

impl<T: Serialize, S> Answer<T, S> {
    fn with_status(status: StatusCode, body: &T) -> Self {
        // Our own types serialise: their maps have string keys, and nothing in them fails.
        Self::kept(status, serde_json::to_string(body).unwrap_or_default())
    }
}

impl<T, S> Answer<T, S> {
    /// An answer that was given before and kept.
    pub(crate) fn kept(status: StatusCode, json: String) -> Self {
        Self { status, json, of: PhantomData }
    }

    pub(crate) const fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn json(&self) -> &str {
        &self.json
    }
}

impl<T: Send, S: Send> IntoResponse for Answer<T, S> {
    fn into_response(self) -> Response {
        Response::builder()
            .status(self.status)
            .content_type(JSON)
            // Tokens and conversations are nobody's but the caller's.
            .header(header::CACHE_CONTROL, "no-store")
            .body(self.json)
    }
}

impl<T: Type, S: Statuses> ApiResponse for Answer<T, S> {
    fn meta() -> MetaResponses {
        let response = |&(status, meaning): &(StatusCode, &'static str)| MetaResponse {
            description: meaning,
            status: Some(status.as_u16()),
            status_range: None,
            content: vec![MetaMediaType { content_type: JSON, schema: T::schema_ref() }],
            headers: headers_of_every_answer(),
        };
        MetaResponses { responses: S::ALL.iter().map(response).collect() }
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }
}

impl<T, S> Answer<T, S> {
    /// 202: what was asked for waits for a moderator.
    pub(crate) fn kept_back(held: &HeldMessage) -> Self {
        Self::kept(StatusCode::ACCEPTED, serde_json::to_string(held).unwrap_or_default())
    }
}

impl<T, S> Answer<T, S> {
    /// 202: it waits for somebody's answer.
    pub(crate) fn asked(invitation: &Invitation) -> Self {
        Self::kept(StatusCode::ACCEPTED, serde_json::to_string(invitation).unwrap_or_default())
    }
}

/// A message that is sent: 201, 200 where it was there already, or 202 with what is held.
pub(crate) struct Sent(pub(crate) Made<Message>);
/// A message that is edited: 200, or 202 with what is held.
pub(crate) struct Edited(pub(crate) Reply<Message>);

/// A member: 200, or 202 with the invitation that they have to accept.
pub(crate) struct Placed(pub(crate) Reply<Member>);

macro_rules! or_waits {
    ($name:ident, $answer:ty, $waiting:ty, $meaning:literal) => {
        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                self.0.into_response()
            }
        }

        impl ApiResponse for $name {
            fn meta() -> MetaResponses {
                let mut meta = <$answer>::meta();
                meta.responses.push(MetaResponse {
                    description: $meaning,
                    status: Some(StatusCode::ACCEPTED.as_u16()),
                    status_range: None,
                    content: vec![MetaMediaType { content_type: JSON, schema: <$waiting>::schema_ref() }],
                    headers: headers_of_every_answer(),
                });
                meta
            }

            fn register(registry: &mut Registry) {
                <$answer>::register(registry);
                <$waiting>::register(registry);
            }
        }
    };
}

or_waits!(Sent, Made<Message>, HeldMessage, "A filter holds it; the room's moderators decide.");
or_waits!(Edited, Reply<Message>, HeldMessage, "A filter holds it; the room's moderators decide.");
or_waits!(Placed, Reply<Member>, Invitation, "They are invited, and come in when they accept.");

/// 204: it is done, and there is nothing to say.
pub(crate) struct Done;

impl IntoResponse for Done {
    fn into_response(self) -> Response {
        Response::builder().status(StatusCode::NO_CONTENT).finish()
    }
}

impl ApiResponse for Done {
    fn meta() -> MetaResponses {
        MetaResponses {
            responses: vec![MetaResponse {
                description: "It is done.",
                status: Some(StatusCode::NO_CONTENT.as_u16()),
                status_range: None,
                content: Vec::new(),
                headers: headers_of_every_answer(),
            }],
        }
    }

    fn register(_: &mut Registry) {}
}
