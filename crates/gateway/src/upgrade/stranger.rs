//! Those who are not let in: what they are told.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::select;
use poem::http::StatusCode;
use teahouse_accounts::Error;
use teahouse_chat::Dialect;
use teahouse_protocol::{CloseCode, ErrorCode, ErrorEvent, ServerEvent};

use super::doors::Inner;
use super::member::{Member, mailbox};
use crate::listener::{Life, Upgraded};
use crate::session::Session;

/// The wafer room's client acts on the frame and not on the close, which must not overtake it on its way up.
const WAFER_LINGER: Duration = Duration::from_millis(300);

/// Why a caller is none.
pub(super) enum Stranger {
    /// They are told on the socket.
    Told(Farewell),
    /// We can't tell who they are: their client had better wait than sign in again.
    Unserved { status: StatusCode, code: ErrorCode },
}

/// What a stranger is told, and what they are closed with.
pub(super) struct Farewell {
    error: ErrorEvent,
    close: CloseCode,
    reason: &'static str,
}

impl Farewell {
    pub(super) fn new(code: ErrorCode, close: CloseCode, reason: &'static str) -> Self {
        Self { error: ErrorEvent::new(code), close, reason }
    }

    /// For what came too often, and may come again after `wait`.
    pub(super) fn too_often(wait: Option<Duration>, reason: &'static str) -> Self {
        let retry_after_ms = wait.and_then(|wait| u64::try_from(wait.as_millis()).ok());
        let error = ErrorEvent { retry_after_ms, ..ErrorEvent::new(ErrorCode::RateLimited) };
        Self { error, close: CloseCode::TooSlow, reason }
    }
}

impl From<&Error> for Stranger {
    fn from(error: &Error) -> Self {
        let farewell = |code, close, reason| Self::Told(Farewell::new(code, close, reason));
        match error.code() {
            ErrorCode::SessionExpired => {
                farewell(ErrorCode::SessionExpired, CloseCode::SessionExpired, "session expired")
            }
            // Nothing was shown, and guests are not let in.
            ErrorCode::GuestsNotAllowed => {
                farewell(ErrorCode::SessionRequired, CloseCode::SessionExpired, "session required")
            }
            ErrorCode::Banned => farewell(ErrorCode::Banned, CloseCode::Policy, "banned"),
            ErrorCode::RateLimited => Self::Told(Farewell::too_often(error.retry_after(), "too many guests")),
            code => {
                tracing::warn!(
                    error = error as &dyn std::error::Error,
                    "a caller could not be told from others"
                );
                let unavailable = matches!(code, ErrorCode::Unavailable | ErrorCode::StorageFull);
                let status = if unavailable {
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::INTERNAL_SERVER_ERROR
                };
                Self::Unserved { status, code: if unavailable { code } else { ErrorCode::Internal } }
            }
        }
    }
}

/// Says why, and closes.
pub(super) fn life(gateway: &Arc<Inner>, farewell: Farewell, dialect: Dialect, upgraded: Upgraded) -> Life {
    let Farewell { error, close, reason } = farewell;
    let mailbox = mailbox(gateway, dialect);
    mailbox.send(&ServerEvent::Error(error));
    let session = Session::<Member>::new(upgraded, mailbox.clone(), None, None, gateway.rules.clone());
    Box::pin(async move {
        let goodbye = async {
            if dialect == Dialect::WaferRoom {
                tokio::time::sleep(WAFER_LINGER).await;
            }
            mailbox.close(close, reason);
            pending::<()>().await;
        };
        select(session, pin!(goodbye)).await;
    })
}
