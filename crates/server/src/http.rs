//! What the server itself answers: the chat page, health, metrics, the panel's place; and the headers around all.

mod headers;
mod health;
mod metrics;
mod page;
mod panel;

use std::sync::Arc;

use poem::endpoint::{make, make_sync};
use poem::web::Json;
use poem::{Endpoint, EndpointExt as _, Response, Route, get};
use serde_json::json;
use teahouse_accounts::Accounts;
use teahouse_api::{ApiLimits, ApiParts, Cors, Origins, framed};
use teahouse_chat::Chat;
use teahouse_gateway::Gateway;
use teahouse_store::Db;
use teahouse_wechat_sim::Simulator;
use tokio_util::sync::CancellationToken;

use headers::Guarded;
use health::Readiness;
use metrics::Counted;
use page::Page;

pub(crate) use metrics::{Metrics, Sources};

use crate::config::Config;
use crate::simulator;

/// Where the REST surface answers; everything else of the root is the page's.
const API: [&str; 6] = ["/v1", "/openapi.json", "/openapi.yaml", "/docs", "/api", "/wafer"];

/// What the routes lead to.
pub(crate) struct Parts<'a> {
    pub(crate) config: &'a Config,
    pub(crate) db: Db,
    pub(crate) accounts: Accounts,
    pub(crate) chat: Chat,
    pub(crate) gateway: Gateway,
    pub(crate) simulator: Option<Simulator>,
    pub(crate) metrics: Metrics,
    pub(crate) shutdown: CancellationToken,
}

/// Everything that the server answers.
pub(crate) fn endpoint(parts: Parts<'_>) -> impl Endpoint<Output = Response> + use<> {
    let cors = Cors::new(Origins::from_list(&parts.config.server.cors_origins));
    let counted = Counted { metrics: parts.metrics.clone(), inner: routes(parts) };
    Guarded(framed(counted)).with(cors)
}

fn routes(parts: Parts<'_>) -> Route {
    let Parts { config, db, accounts, chat, gateway, simulator, metrics, shutdown } = parts;
    let readiness = Arc::new(Readiness { db, chat: chat.clone(), shutdown });
    let ready = make(move |_| {
        let readiness = Arc::clone(&readiness);
        async move { readiness.report().await }
    });
    let scrape = make(move |_| {
        let metrics = metrics.clone();
        async move { metrics.text().await }
    });
    let limits = ApiLimits {
        requests_per_second: config.limits.requests_per_second,
        body_bytes: config.limits.body_bytes,
    };
    let api = Arc::new(teahouse_api::routes(ApiParts { accounts: accounts.clone(), chat, limits }));
    let mut routes = Route::new()
        .at("/healthz", get(make_sync(|_| Json(json!({ "alive": true })))))
        .at("/readyz", get(ready))
        .at("/metrics", get(scrape))
        .nest("/admin", panel::routes(accounts))
        .at("/ws", get(gateway.socket()))
        .at("/", get(gateway.tutorial_door(Page)))
        .at(page::FILES, get(Page));
    for path in API {
        routes = routes.nest_no_strip(path, Arc::clone(&api));
    }
    if let Some(simulator) = simulator {
        routes = routes.nest(simulator::MOUNT, simulator.endpoint());
    }
    routes
}
