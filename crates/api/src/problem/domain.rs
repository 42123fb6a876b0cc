//! The errors of the floors below, as problems: the one place where `api` maps them.

use teahouse_plugins::lifecycle::LifecycleError;
use teahouse_protocol::{ErrorCode, FieldError};

use super::Problem;

impl From<teahouse_accounts::Error> for Problem {
    fn from(error: teahouse_accounts::Error) -> Self {
        if let Some(field) = error.field() {
            return Self::field(field.clone());
        }
        let (code, wait) = (error.code(), error.retry_after());
        match error {
            teahouse_accounts::Error::NameRejected(refusal) => Self::refused_by(Box::new((*refusal).into())),
            error => Self::caused_by(code, error).retry_after(wait),
        }
    }
}

impl From<teahouse_chat::Error> for Problem {
    fn from(error: teahouse_chat::Error) -> Self {
        use teahouse_chat::Error as E;
        if let Some(field) = error.field() {
            return Self::field(field.clone());
        }
        let (code, wait) = (error.code(), error.retry_after());
        match error {
            E::Accounts(error) => error.into(),
            E::Rejected(refusal) => Self::refused_by(refusal),
            // Who may do it, until when, what to do first: more than the code can say.
            E::NotAllowed(_) | E::Muted { .. } | E::Conflict(_) => {
                let zh = error.detail_zh();
                Self::new(code).detail(&error, zh)
            }
            E::QuotaReached { .. } => {
                let zh = error.detail_zh();
                Self::new(code).detail(&error, zh).retry_after(wait)
            }
            _ if code == ErrorCode::Internal => Self::caused_by(code, error),
            _ => Self::caused_by(code, error).retry_after(wait),
        }
    }
}

impl From<LifecycleError> for Problem {
    fn from(error: LifecycleError) -> Self {
        let code = error.code();
        if matches!(error, LifecycleError::Trial(_) | LifecycleError::Seal | LifecycleError::Store(_)) {
            return Self::caused_by(code, error);
        }
        let fields = error.problems().iter();
        let fields = fields.map(|problem| FieldError::new(&problem.field, &problem.text.en)).collect();
        let (en, zh) = error.advice();
        let zh = format!("{}{zh}", code.message_zh());
        Self::new(code).with_fields(fields).detail(&format!("{error}. {en}"), Some(zh))
    }
}

impl From<teahouse_plugins::Error> for Problem {
    fn from(error: teahouse_plugins::Error) -> Self {
        use teahouse_plugins::Error as E;
        match error {
            E::NotInstalled => Self::new(ErrorCode::PluginNotFound),
            E::NotRunning(_) => {
                let zh = ErrorCode::Conflict.message_zh().to_owned();
                Self::new(ErrorCode::Conflict).detail(&error, Some(zh))
            }
            E::Chat(error) => error.into(),
            E::Accounts(error) => error.into(),
            E::Store(error) => {
                let (code, wait) = (error.code(), error.retry_after());
                Self::caused_by(code, error).retry_after(wait)
            }
        }
    }
}
