//! `/metrics` for Prometheus: what passed through HTTP here, and what the other crates count.

mod house;
mod plugins;

use std::sync::Arc;
use std::time::Instant;

pub(crate) use house::Sources;
use poem::http::StatusCode;
use poem::{Endpoint, IntoResponse, PathPattern, Request, Response};

use super::page::FILES;
use house::House;
use prometheus::{Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry, TextEncoder};

/// Where no route is found the path is anybody's: as a label it would fill the memory.
const NO_ROUTE: &str = "none";
/// In seconds; a REST request is quick, or waits for a commit or for WeChat.
const LATENCIES: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// What is counted. Clones count together.
#[derive(Clone)]
pub(crate) struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latencies: HistogramVec,
    house: Option<Arc<House>>,
}

impl Metrics {
    /// Nothing counted yet.
    ///
    /// # Errors
    /// When two metrics have one name.
    pub(crate) fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        let requests = IntCounterVec::new(
            Opts::new("teahouse_http_requests_total", "HTTP requests answered."),
            &["method", "route", "status"],
        )?;
        let latencies = HistogramVec::new(
            HistogramOpts::new("teahouse_http_request_seconds", "From a request's head to its answer's.")
                .buckets(LATENCIES.to_vec()),
            &["route"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(latencies.clone()))?;
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        Ok(Self { registry, requests, latencies, house: None })
    }

    /// The same, and what `sources` count.
    ///
    /// # Errors
    /// When two metrics have one name.
    pub(crate) fn with(mut self, sources: Sources) -> prometheus::Result<Self> {
        self.house = Some(Arc::new(House::new(&self.registry, sources)?));
        Ok(self)
    }

    /// All of it, in Prometheus' text format.
    pub(super) async fn text(&self) -> Response {
        let mut of_plugins = Vec::new();
        if let Some(house) = &self.house {
            house.refresh().await;
            of_plugins = house.plugins();
        }
        let encoder = TextEncoder::new();
        let mut text = Vec::new();
        let families = [self.registry.gather(), of_plugins].concat();
        match encoder.encode(&families, &mut text) {
            Ok(()) => Response::builder().content_type(encoder.format_type()).body(text),
            Err(error) => {
                tracing::error!(%error, "the metrics could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into()
            }
        }
    }

    fn count(&self, method: &str, outcome: &Outcome, started: Instant) {
        let route = outcome.route();
        self.requests.with_label_values(&[method, route, outcome.status.as_str()]).inc();
        self.latencies.with_label_values(&[route]).observe(started.elapsed().as_secs_f64());
    }
}

struct Outcome {
    route: Option<PathPattern>,
    status: StatusCode,
}

impl Outcome {
    /// The page answers whatever no other route does, so its misses have no route.
    fn route(&self) -> &str {
        match &self.route {
            Some(route) if *route.0 == *FILES && self.status == StatusCode::NOT_FOUND => NO_ROUTE,
            Some(route) => &route.0,
            None => NO_ROUTE,
        }
    }

    fn of(result: &poem::Result<Response>) -> Self {
        match result {
            Ok(response) => Self { route: response.data().cloned(), status: response.status() },
            Err(error) => Self { route: error.data().cloned(), status: error.status() },
        }
    }
}

/// Counts what `inner` answers.
pub(super) struct Counted<E> {
    pub(super) inner: E,
    pub(super) metrics: Metrics,
}

impl<E: Endpoint> Endpoint for Counted<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let started = Instant::now();
        let method = request.method().clone();
        let result = self.inner.call(request).await.map(IntoResponse::into_response);
        self.metrics.count(known_method(&method), &Outcome::of(&result), started);
        result
    }
}

/// A method is a label too, and a client may invent one.
fn known_method(method: &poem::http::Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known,
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;
    use poem::{Route, get};

    use super::*;

    async fn text_after(paths: &[&str]) -> String {
        let metrics = Metrics::new().unwrap();
        let routes = Route::new().at("/rooms/:room", get(make_sync(|_| "a room")));
        let counted = Counted { inner: routes, metrics: metrics.clone() };
        for path in paths {
            let _ = counted.call(Request::builder().uri(path.parse().unwrap()).finish()).await;
        }
        metrics.text().await.into_body().into_string().await.unwrap()
    }

    #[tokio::test]
    async fn requests_are_counted_by_route_and_status() {
        let text = text_after(&["/rooms/1", "/rooms/2", "/elsewhere"]).await;
        for line in [
            r#"teahouse_http_requests_total{method="GET",route="/rooms/:room",status="200"} 2"#,
            r#"teahouse_http_requests_total{method="GET",route="none",status="404"} 1"#,
            r#"teahouse_http_request_seconds_count{route="/rooms/:room"} 2"#,
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }

    #[tokio::test]
    async fn the_process_tells_its_memory() {
        assert!(text_after(&[]).await.contains("process_resident_memory_bytes "));
    }
}
