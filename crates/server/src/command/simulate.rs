//! `teahouse wechat-sim`.

use poem::Route;
use teahouse_api::framed;

use crate::config::Loaded;
use crate::http::{OwnNames, UnderOwnNames};
use crate::{logging, serve, simulator};

/// Serves the simulator alone until a signal comes.
pub(super) fn run(loaded: &Loaded) -> anyhow::Result<()> {
    let config = &loaded.config;
    logging::start(&config.log)?;
    serve::block_on_one_thread(async {
        let (listener, address) = serve::listen(&config.server.listen, "server.listen").await?;
        let shutdown = serve::shutdown_on_signals()?;
        let apps = simulator::knowing(&config.wechat, &config.server, address);
        let routes = Route::new().nest(simulator::MOUNT, apps.endpoint());
        let routes = framed(UnderOwnNames::new(routes, OwnNames::of(config)));
        println!("WeChat's simulator: set TEAHOUSE__WECHAT__API_BASE=http://{address}{}", simulator::MOUNT);
        serve::announce("http", address);
        poem::Server::new_with_acceptor(poem::listener::TcpAcceptor::from_tokio(listener)?)
            .run_with_graceful_shutdown(routes, shutdown.cancelled_owned(), Some(config.server.drain()))
            .await?;
        Ok(())
    })
}
