//! The simulator as a value: it holds its whole world, so that a process may have several.

use std::sync::Arc;

use parking_lot::Mutex;
use poem::{EndpointExt, Response, Route, endpoint::BoxEndpoint};
use teahouse_wechat::App;

use crate::{
    config::Config,
    control,
    courier::Courier,
    door::Door,
    state::{Shared, World},
};

/// WeChat's servers, in memory. Clones are the same simulator.
#[derive(Clone)]
pub struct Simulator {
    world: Shared,
    courier: Courier,
}

impl Simulator {
    /// A simulator in the state that `config` describes.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let reach = config.reach.clone();
        let world: Shared = Arc::new(Mutex::new(World::new(config)));
        Self { courier: Courier::new(world.clone(), reach), world }
    }

    /// WeChat's paths at the root and `/control` below it. Nest it anywhere, or serve it alone.
    ///
    /// Whoever reaches it can be anyone: it is for development and tests only.
    pub fn endpoint(&self) -> BoxEndpoint<'static, Response> {
        let door = Door::new(self.world.clone(), self.courier.clone());
        let control = control::routes().data(self.world.clone()).data(self.courier.clone());
        Route::new().nest("/control", control).nest("/", door).map_to_response().boxed()
    }

    /// The apps with their secrets, in the configuration's order: what a server that uses this simulator is configured
    /// with.
    #[must_use]
    pub fn apps(&self) -> Vec<App> {
        let world = self.world.lock();
        world.apps.all().map(|app| App { id: app.app_id.clone(), secret: app.secret.clone() }).collect()
    }
}

impl std::fmt::Debug for Simulator {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Simulator").finish_non_exhaustive()
    }
}
