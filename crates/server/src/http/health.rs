//! `/healthz`: the process lives. `/readyz`: it can serve, or what is missing for it.

use std::time::Duration;

use poem::http::StatusCode;
use poem::web::Json;
use poem::{IntoResponse as _, Response};
use serde::Serialize;
use teahouse_chat::Chat;
use teahouse_store::Db;
use tokio_util::sync::CancellationToken;

/// A load balancer asks every few seconds, and wants to know within one.
const PATIENCE: Duration = Duration::from_secs(2);

/// What readiness depends on.
#[derive(Clone)]
pub(super) struct Readiness {
    pub(super) db: Db,
    pub(super) chat: Chat,
    /// How long writes may stand still.
    pub(super) stalled_after: Duration,
    pub(super) shutdown: CancellationToken,
}

#[derive(Debug, Serialize)]
struct Report {
    ready: bool,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Readiness {
    /// 200 when all is well, else 503; in both cases each check by name.
    pub(super) async fn report(&self) -> Response {
        let (database, schema) = self.database().await;
        let report = Report::of(vec![database, schema, self.writer(), self.service()]);
        let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Json(report).with_status(status).into_response()
    }

    async fn database(&self) -> (Check, Check) {
        let answers = tokio::time::timeout(PATIENCE, self.db.ping()).await;
        let database = match answers {
            Ok(Ok(())) => Check::passed("database"),
            Ok(Err(error)) => Check::failed("database", error.to_string()),
            Err(_) => Check::failed("database", format!("no answer within {} s", PATIENCE.as_secs())),
        };
        if !database.ok {
            return (database, Check::failed("migrations", "the database does not answer"));
        }
        let schema = match tokio::time::timeout(PATIENCE, self.db.pending_migrations()).await {
            Ok(Ok(pending)) if pending.is_empty() => Check::passed("migrations"),
            Ok(Ok(pending)) => Check::failed("migrations", format!("to be taken: {}", pending.join(", "))),
            Ok(Err(error)) => Check::failed("migrations", error.to_string()),
            Err(_) => Check::failed("migrations", "no answer in time"),
        };
        (database, schema)
    }

    /// It stands still while the database refuses writes, also where reading works.
    fn writer(&self) -> Check {
        let stuck = self.chat.writes_stuck_for();
        if stuck < self.stalled_after {
            return Check::passed("writer");
        }
        let queued = self.chat.queued();
        Check::failed("writer", format!("no write was done for {} s, and {queued} wait", stuck.as_secs()))
    }

    fn service(&self) -> Check {
        match self.shutdown.is_cancelled() {
            false => Check::passed("service"),
            true => Check::failed("service", "the server is stopping"),
        }
    }
}

impl Report {
    fn of(checks: Vec<Check>) -> Self {
        Self { ready: checks.iter().all(|check| check.ok), checks }
    }
}

impl Check {
    const fn passed(name: &'static str) -> Self {
        Self { name, ok: true, detail: None }
    }

    fn failed(name: &'static str, why: impl Into<String>) -> Self {
        Self { name, ok: false, detail: Some(why.into()) }
    }
}
