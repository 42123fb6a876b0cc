//! What the server itself answers: the chat page, health, metrics, the panel's place; and the headers around all.

mod headers;
mod health;
mod metrics;
mod page;
mod panel;

use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make, make_sync};
use poem::web::Json;
use poem::{EndpointExt as _, Response, Route, get};
use serde_json::json;
use teahouse_accounts::Accounts;
use teahouse_store::Db;
use teahouse_wechat_sim::Simulator;
use tokio_util::sync::CancellationToken;

use headers::Guarded;
use health::Readiness;
use metrics::Counted;
use page::Page;

pub(crate) use metrics::Metrics;

use crate::simulator;

/// What the routes lead to.
pub(crate) struct Parts {
    pub(crate) db: Db,
    pub(crate) accounts: Accounts,
    pub(crate) simulator: Option<Simulator>,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
}

/// Everything that the server answers.
pub(crate) fn endpoint(parts: Parts) -> BoxEndpoint<'static, Response> {
    let counted = Counted { metrics: parts.metrics.clone(), inner: routes(parts) };
    Guarded(counted).boxed()
}

fn routes(parts: Parts) -> Route {
    let Parts { db, accounts, simulator, metrics, shutdown } = parts;
    let readiness = Arc::new(Readiness { db, shutdown });
    let ready = make(move |_| {
        let readiness = Arc::clone(&readiness);
        async move { readiness.report().await }
    });
    let mut routes = Route::new()
        .at("/healthz", get(make_sync(|_| Json(json!({ "alive": true })))))
        .at("/readyz", get(ready))
        .at("/metrics", get(make_sync(move |_| metrics.text())))
        .nest("/admin", panel::routes(accounts))
        .nest_no_strip("/", get(Page));
    if let Some(simulator) = simulator {
        routes = routes.nest(simulator::MOUNT, simulator.endpoint());
    }
    routes
}
