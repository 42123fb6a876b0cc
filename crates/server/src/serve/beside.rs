//! What listens beside the public port: for operators, for those who come by http, and for the server itself.

use std::net::SocketAddr;

use poem::{Endpoint, Response, Route};
use teahouse_gateway::GatewayConfig;
use teahouse_wechat_sim::Simulator;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::listen;
use crate::config::Config;
use crate::http::Redirect;
use crate::simulator;

/// The listeners, which end with the server.
pub(super) struct Beside {
    config: GatewayConfig,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Beside {
    pub(super) fn new(config: &Config, shutdown: &CancellationToken) -> Self {
        Self { config: config.gateway_beside(), tasks: TaskTracker::new(), shutdown: shutdown.clone() }
    }

    /// `/metrics` and `/readyz` at `server.metrics_listen`.
    pub(super) async fn watch(
        &self,
        config: &Config,
        operators: Option<impl Endpoint<Output = Response> + 'static>,
    ) -> anyhow::Result<()> {
        let (Some(place), Some(endpoint)) = (&config.server.metrics_listen, operators) else { return Ok(()) };
        let address = self.serve(place, "server.metrics_listen", endpoint).await?;
        println!("  for operators  http://{address}/metrics");
        Ok(())
    }

    /// Whoever comes by http, at `server.http_redirect_listen`.
    pub(super) async fn redirect(&self, config: &Config) -> anyhow::Result<()> {
        let server = &config.server;
        let (Some(place), Some(url)) = (&server.http_redirect_listen, &server.public_url) else {
            return Ok(());
        };
        let address = self.serve(place, "server.http_redirect_listen", Redirect::to(url)).await?;
        println!("  redirects      http://{address}/");
        Ok(())
    }

    /// WeChat's simulator for the server itself, which would not trust its own certificate.
    pub(super) async fn simulate(&self, simulator: &Simulator) -> anyhow::Result<SocketAddr> {
        let routes = Route::new().nest(simulator::MOUNT, simulator.endpoint());
        self.serve("127.0.0.1:0", "the simulator", routes).await
    }

    /// Waits for their end, after the shutdown.
    pub(super) async fn ended(self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn serve(
        &self,
        place: &str,
        key: &str,
        endpoint: impl Endpoint + 'static,
    ) -> anyhow::Result<SocketAddr> {
        let (listener, address) = listen(place, key).await?;
        let (config, shutdown) = (self.config.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            teahouse_gateway::serve(listener, None, endpoint, &config, shutdown).await;
        });
        Ok(address)
    }
}
