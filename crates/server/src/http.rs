//! What the server itself answers: the chat page, health, metrics, the panel's place; and the headers around all.

mod headers;
mod health;
mod metrics;
mod own_names;
mod page;
mod panel;
mod redirect;

use std::sync::Arc;

use poem::endpoint::{BoxEndpoint, make, make_sync};
use poem::web::Json;
use poem::{Endpoint, EndpointExt as _, Response, Route, get};
use serde_json::json;
use teahouse_accounts::Accounts;
use teahouse_api::{ApiParts, Cors, Origins, Strangers, framed};
use teahouse_chat::Chat;
use teahouse_gateway::{Gateway, GatewayMetrics, GatewayParts};
use teahouse_plugins::Plugins;
use teahouse_store::Db;
use teahouse_wechat_sim::Simulator;
use tokio_util::sync::CancellationToken;

use headers::Guarded;
use health::Readiness;
use metrics::{Counted, Metrics, Sources};
use page::{Page, Root};
pub(crate) use redirect::Redirect;

pub(crate) use own_names::{OwnNames, UnderOwnNames};

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
    pub(crate) plugins: Plugins,
    pub(crate) sockets: Arc<GatewayMetrics>,
    pub(crate) simulator: Option<Simulator>,
    pub(crate) shutdown: CancellationToken,
}

/// What the server answers, and where.
pub(crate) struct Endpoints {
    /// At the public port.
    pub(crate) public: BoxEndpoint<'static, Response>,
    /// What operators ask, where it answers at an address of its own; at the public port otherwise.
    pub(crate) operators: Option<BoxEndpoint<'static, Response>>,
}

/// Everything that the server answers.
///
/// # Errors
/// When two metrics have one name.
pub(crate) fn endpoints(parts: Parts<'_>) -> anyhow::Result<Endpoints> {
    let cors = Cors::new(Origins::from_list(&parts.config.server.cors_origins));
    let sources = Sources {
        db: parts.db.clone(),
        chat: parts.chat.clone(),
        gateway: Arc::clone(&parts.sockets),
        plugins: parts.plugins.clone(),
    };
    let names = OwnNames::of(parts.config);
    let metrics = Metrics::new()?.with(sources)?;
    let readiness = Readiness {
        db: parts.db.clone(),
        chat: parts.chat.clone(),
        stalled_after: parts.config.database.stalled_after(),
        shutdown: parts.shutdown.clone(),
    };
    let strangers = Strangers::new(parts.config.limits.stranger_requests_per_second);
    let watched = watched(Route::new(), readiness, metrics.clone(), &strangers);
    let (here, apart) = match parts.config.server.metrics_listen {
        Some(_) => (Route::new(), Some(watched)),
        None => (watched, None),
    };
    let counted = Counted { inner: routes(here, parts, strangers), metrics };
    Ok(Endpoints {
        public: Guarded(framed(UnderOwnNames::new(counted, names))).with(cors).map_to_response().boxed(),
        operators: apart.map(|routes| Guarded(framed(alive(routes))).boxed()),
    })
}

/// What only those who run the server ask.
fn watched(routes: Route, readiness: Readiness, metrics: Metrics, strangers: &Strangers) -> Route {
    routes
        .at("/readyz", get(strangers.counted(ready(readiness))))
        .at("/metrics", get(strangers.counted(scrape(metrics))))
}

fn alive(routes: Route) -> Route {
    routes.at("/healthz", get(make_sync(|_| Json(json!({ "alive": true })))))
}

fn routes(routes: Route, parts: Parts<'_>, strangers: Strangers) -> Route {
    let Parts { config, accounts, chat, plugins, sockets, simulator, .. } = parts;
    let gateway = Gateway::new(GatewayParts {
        accounts: accounts.clone(),
        chat: chat.clone(),
        metrics: sockets,
        config: config.gateway(),
    });
    let page = Page::default();
    let routes = alive(routes)
        .nest("/admin", strangers.counted(panel::routes(accounts.clone())))
        .at("/ws", get(gateway.socket()))
        .at(page::FILES, get(Root { door: gateway.tutorial_door(page.clone()), files: page }));
    let routes = with_api(routes, ApiParts { accounts, chat, plugins, limits: config.api(), strangers });
    match simulator {
        Some(simulator) => routes.nest(simulator::MOUNT, simulator.endpoint()),
        None => routes,
    }
}

fn with_api(routes: Route, parts: ApiParts) -> Route {
    let api = Arc::new(teahouse_api::routes(parts));
    API.into_iter().fold(routes, |routes, path| routes.nest_no_strip(path, Arc::clone(&api)))
}

fn ready(readiness: Readiness) -> impl Endpoint<Output = Response> {
    make(move |_| {
        let readiness = readiness.clone();
        async move { readiness.report().await }
    })
    .map_to_response()
}

fn scrape(metrics: Metrics) -> impl Endpoint<Output = Response> {
    make(move |_| {
        let metrics = metrics.clone();
        async move { metrics.text().await }
    })
    .map_to_response()
}
