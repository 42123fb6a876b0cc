//! Answers of a plugin as JSON, to compare and to show.

use serde_json::{Value, json};
use teahouse_plugin_host::CallFailure;
use teahouse_plugin_host::wit::{Admission, Rejection, Review, Verdict};

/// `verdict`, with the fields of what it says.
pub(crate) fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Allow => json!({"verdict": "allow"}),
        Verdict::Reject(rejection) => rejected(rejection),
        Verdict::Replace(replacement) => json!({
            "verdict": "replace",
            "text": replacement.text,
            "content": replacement.content.as_ref().map(|text| parsed(text)),
            "note": replacement.note,
            "review": replacement.review.as_ref().map(review),
        }),
        Verdict::Flag(matter) => with("flag", matter),
        Verdict::Shadow(matter) => with("shadow", matter),
    }
}

/// As a verdict.
pub(crate) fn admission(admission: &Admission) -> Value {
    match admission {
        Admission::Allow => json!({"verdict": "allow"}),
        Admission::Reject(rejection) => rejected(rejection),
        Admission::Ask(matter) => with("ask", matter),
    }
}

/// A call that ended without an answer.
pub(crate) fn failure(failure: &CallFailure) -> Value {
    json!({"verdict": "failure", "failure": failure.kind.name(), "message": failure.message})
}

fn rejected(rejection: &Rejection) -> Value {
    json!({"verdict": "reject", "code": rejection.code, "reason": rejection.reason})
}

fn review(review: &Review) -> Value {
    json!({"code": review.code, "note": review.note, "severity": review.severity, "hold": review.hold})
}

fn with(verdict: &str, matter: &Review) -> Value {
    let mut value = review(matter);
    value["verdict"] = verdict.into();
    value
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
