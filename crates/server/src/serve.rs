//! `teahouse serve`: from a configuration to a running server, and to its orderly end.

mod beside;
mod database;
mod greeting;
mod house;
mod listen;
mod plugins;
mod runtime;
mod signals;
mod upkeep;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use teahouse_gateway::{Encoder, GatewayMetrics};
use teahouse_wechat::ApiBase;
use teahouse_wechat_sim::Simulator;

use beside::Beside;
pub(crate) use database::connect;
pub(crate) use greeting::{SignIns, base_url};
use house::House;
pub(crate) use house::with_accounts;
pub(crate) use listen::{announce, from_here, listen};
pub(crate) use plugins::{with_lifecycle, with_replay};
pub(crate) use runtime::block_on_one_thread;
pub(crate) use signals::shutdown_on_signals;

use crate::config::{Loaded, Mode};
use crate::{http, logging, simulator, tls};

/// Serves until a signal comes.
pub(crate) fn run(loaded: Loaded) -> anyhow::Result<()> {
    logging::start(&loaded.config.log)?;
    runtime::block_on(loaded.config.server.workers, serve(loaded))
}

async fn serve(mut loaded: Loaded) -> anyhow::Result<()> {
    let shutdown = shutdown_on_signals()?;
    let db = database::open(&loaded.config).await?;
    let _claim = database::claim(&loaded.config, &db)?;
    let tls = tls::prepare(&loaded.config.tls, &loaded.config.data_dir, &shutdown)?;
    // Before everything that needs the address: the simulator is reached under it.
    let (listener, address) = listen(&loaded.config.server.listen, "server.listen").await?;
    let beside = Beside::new(&loaded.config, &shutdown);
    let simulator = simulated(&mut loaded, address, &beside).await?;
    let config = loaded.config;
    let sockets = Arc::new(GatewayMetrics::default());
    let house = House::open(&config, &db, Arc::new(Encoder::new(Arc::clone(&sockets)))).await?;
    upkeep::start(house.accounts.clone(), house.chat.clone(), shutdown.clone());
    let endpoints = http::endpoints(http::Parts {
        config: &config,
        db: db.clone(),
        accounts: house.accounts.clone(),
        chat: house.chat.clone(),
        plugins: house.plugins.clone(),
        sockets,
        simulator,
        shutdown: shutdown.clone(),
    })?;
    greeting::print(&config, address);
    beside.watch(&config, endpoints.operators).await?;
    beside.redirect(&config).await?;
    announce(greeting::scheme(&config), address);
    teahouse_gateway::serve(listener, tls, endpoints.public, &config.gateway(), shutdown).await;
    beside.ended().await;
    house.close().await;
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// In development, WeChat's simulator; unless another WeChat is configured, this server uses it.
async fn simulated(
    loaded: &mut Loaded,
    address: SocketAddr,
    beside: &Beside,
) -> anyhow::Result<Option<Simulator>> {
    if loaded.config.mode != Mode::Development {
        return Ok(None);
    }
    let simulator = simulator::knowing(&loaded.config.wechat, &loaded.config.server, address);
    if !loaded.settings.is_written("wechat.api_base") {
        let address = match loaded.config.tls.is_on() {
            true => beside.simulate(&simulator).await?,
            false => from_here(address),
        };
        let base = format!("http://{address}{}", simulator::MOUNT);
        loaded.config.wechat.api_base = ApiBase::parse(&base).context("the simulator's own address")?;
    }
    Ok(Some(simulator))
}
