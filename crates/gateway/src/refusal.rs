//! What a client is told when a frame is refused: the one place where errors become `error` events.

use teahouse_protocol::{ClientId, ErrorCode, ErrorEvent, FieldError, FrameError};

use teahouse_chat::Error;

/// The answer to a frame that the conversation refused. A fault of ours is logged here, once.
pub(crate) fn refusal(error: &Error, id: Option<ClientId>) -> ErrorEvent {
    let code = error.code();
    if code == ErrorCode::Internal {
        tracing::error!(error = error as &dyn std::error::Error, "a frame could not be carried out");
    }
    let message = match code {
        // What went wrong inside is not a stranger's to know.
        ErrorCode::Internal | ErrorCode::Unavailable | ErrorCode::StorageFull => code.message_en().to_owned(),
        _ => error.to_string(),
    };
    let refused = error.refusal();
    ErrorEvent {
        id,
        message,
        by: refused.map(|refusal| refusal.by.to_string()),
        reason: refused.map(|refusal| refusal.reason.clone()).filter(|reason| !reason.is_empty()),
        rule: refused.map(|refusal| refusal.rule.clone()),
        field: error.field().map(|error| error.field.clone()),
        retry_after_ms: error.retry_after().and_then(|span| u64::try_from(span.as_millis()).ok()),
        ..ErrorEvent::new(code)
    }
}

/// The answer to a text that is no frame.
pub(crate) fn bad_frame(error: FrameError) -> ErrorEvent {
    match error {
        FrameError::BadJson(detail) => ErrorEvent { message: detail, ..ErrorEvent::new(ErrorCode::BadJson) },
        FrameError::UnknownType(word) => ErrorEvent {
            message: format!("unknown type {word:?}"),
            field: Some("type".to_owned()),
            ..ErrorEvent::new(ErrorCode::UnknownType)
        },
        FrameError::Field { id, error } => ErrorEvent { id, ..bad_field(error) },
    }
}

/// The answer to a field that breaks its rule.
pub(crate) fn bad_field(error: FieldError) -> ErrorEvent {
    ErrorEvent { message: error.to_string(), field: Some(error.field), ..ErrorEvent::new(error.code) }
}

#[cfg(test)]
mod tests {
    use teahouse_chat::Refusal;

    use super::*;

    #[test]
    fn a_filters_refusal_is_told_in_its_own_words() {
        let told = |reason: &str| {
            let (by, plugin, rule) = ("Guard".into(), "org.example.guard".into(), "spam".to_owned());
            let refusal = Refusal { by, plugin, rule, reason: reason.to_owned() };
            refusal_json(&Error::Rejected(Box::new(refusal)))
        };
        let error = told("no spam");
        assert_eq!((error["code"].as_str(), error["by"].as_str()), (Some("rejected"), Some("Guard")));
        assert_eq!((error["reason"].as_str(), error["rule"].as_str()), (Some("no spam"), Some("spam")));
        assert!(told("").get("reason").is_none());
        let other = refusal_json(&Error::ApprovalRequired);
        assert_eq!((other["code"].as_str(), other.get("by")), (Some("approval_required"), None));
    }

    fn refusal_json(error: &Error) -> serde_json::Value {
        serde_json::to_value(refusal(error, None)).unwrap_or_default()
    }
}
