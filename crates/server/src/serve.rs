//! `teahouse serve`: from a configuration to a running server, and to its orderly end.

mod database;
mod greeting;
mod house;
mod listen;
mod runtime;
mod signals;
mod upkeep;

use std::net::SocketAddr;

use anyhow::Context as _;
use teahouse_wechat::ApiBase;
use teahouse_wechat_sim::Simulator;

pub(crate) use database::connect;
pub(crate) use greeting::{SignIns, base_url};
pub(crate) use house::with_accounts;
pub(crate) use listen::{announce, listen};
pub(crate) use runtime::block_on_one_thread;
pub(crate) use signals::shutdown_on_signals;

use crate::config::{Loaded, Mode};
use crate::{http, logging, simulator};

/// Serves until a signal comes.
pub(crate) fn run(loaded: Loaded) -> anyhow::Result<()> {
    logging::start(&loaded.config.log)?;
    runtime::block_on(loaded.config.server.workers, serve(loaded))
}

async fn serve(mut loaded: Loaded) -> anyhow::Result<()> {
    let shutdown = shutdown_on_signals()?;
    let db = database::open(&loaded.config).await?;
    let (listener, address) = listen(&loaded.config.server).await?;
    let simulator = simulated(&mut loaded, address)?;
    let config = loaded.config;
    let (accounts, _events) = house::accounts(&config, &db)?;
    upkeep::start(accounts.clone(), shutdown.clone());
    let metrics = http::Metrics::new()?;
    let endpoint = http::endpoint(http::Parts {
        db: db.clone(),
        accounts,
        simulator,
        metrics,
        shutdown: shutdown.clone(),
    });
    greeting::print(&config, address);
    announce(address);
    poem::Server::new_with_acceptor(poem::listener::TcpAcceptor::from_tokio(listener)?)
        .run_with_graceful_shutdown(endpoint, shutdown.cancelled_owned(), Some(config.server.drain()))
        .await?;
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// In development, WeChat's simulator; unless another WeChat is configured, this server uses it.
fn simulated(loaded: &mut Loaded, address: SocketAddr) -> anyhow::Result<Option<Simulator>> {
    if loaded.config.mode != Mode::Development {
        return Ok(None);
    }
    let wechat = &mut loaded.config.wechat;
    if !loaded.settings.is_written("wechat.api_base") {
        let base = format!("http://{}{}", listen::from_here(address), simulator::MOUNT);
        wechat.api_base = ApiBase::parse(&base).context("the simulator's own address")?;
    }
    Ok(Some(simulator::knowing(wechat)))
}
