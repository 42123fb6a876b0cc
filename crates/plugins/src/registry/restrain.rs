//! What is taken back takes effect at once: beside the loading, which another plugin may hold up for long.

use std::sync::Arc;

use teahouse_store::{plugin_grants, plugins};
use tokio_util::sync::CancellationToken;

use super::load::grants;
use super::{EVERY, Registry, Snapshot};
use crate::Error;
use crate::lifecycle::granted_terms;
use crate::rounds::goes_on;
use crate::services::Charter;

impl Registry {
    /// Looks each second, and when asked, until `stop`; `swapped` is told when something runs no more.
    pub(super) async fn follow_restraints(&self, stop: &CancellationToken, swapped: &impl Fn()) {
        while goes_on(stop, EVERY, self.asked_to_restrain.notified()).await {
            match self.restrain().await {
                Ok(true) => swapped(),
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "what was taken back from plugins can't be read"),
            }
        }
    }

    /// What is disabled or gone is called no more, and may do nothing more; what was revoked is refused. What is new
    /// waits until it is loaded. True when something runs no more.
    pub(super) async fn restrain(&self) -> Result<bool, Error> {
        let mut restrained = self.restrained.lock().await;
        let conn = self.parts.grounds.db.conn();
        let heads = plugins::heads(conn).await?;
        let gone: Vec<String> =
            restrained.keys().filter(|id| !heads.iter().any(|head| head.id == **id)).cloned().collect();
        let mut changed = false;
        for id in gone {
            changed |= self.end(&id);
            restrained.remove(&id);
        }
        for head in heads {
            if restrained.get(&head.id) == Some(&head.generation) {
                continue;
            }
            let enabled = plugins::find(conn, &head.id).await?.is_some_and(|row| row.enabled);
            if enabled {
                let granted = plugin_grants::of_plugin(conn, &head.id).await?;
                self.resident(&head.id).house.keep_only(grants(&granted_terms(&granted)));
            } else {
                changed |= self.end(&head.id);
            }
            restrained.insert(head.id, head.generation);
        }
        Ok(changed)
    }

    /// No call begins any more, and those under way are refused whatever they ask. False when it did not run.
    fn end(&self, id: &str) -> bool {
        self.resident(id).house.set_charter(Charter::none());
        let before = self.current.rcu(|now| {
            if now.find(id).is_none() {
                return Arc::clone(now);
            }
            let mut plugins = now.plugins.clone();
            plugins.remove(id);
            Arc::new(Snapshot::new(plugins))
        });
        let ran = before.find(id).is_some();
        if ran {
            tracing::info!(plugin.id = id, "a plugin rests");
        }
        ran
    }
}
