//! What of each plugin runs on this node, told to all by the database: so that those who run the house see which node
//! lags, and so that a quarantine of one node is told from the house's.

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use teahouse_protocol::{NodeId, Timestamp};
use teahouse_store::entity::plugin_node;
use teahouse_store::{Db, Error, plugin_nodes};

/// What did not change is said again so often: a node that is silent for longer is gone.
const AGAIN: Duration = Duration::from_secs(10);
/// A node that said nothing for so long counts no more.
pub(crate) const SILENT: Duration = Duration::from_secs(30);

/// What this node said last, by plugin.
#[derive(Default)]
pub(super) struct Reports(Mutex<HashMap<String, plugin_node::Model>>);

impl Reports {
    /// Says what is new in `current`, which is of all plugins, and what was not said for a while.
    pub(super) async fn say(
        &self,
        db: &Db,
        node: NodeId,
        now: Timestamp,
        current: Vec<plugin_node::Model>,
    ) -> Result<(), Error> {
        let (news, gone) = {
            let said = self.0.lock();
            let is_news = |row: &&plugin_node::Model| {
                said.get(&row.plugin_id).is_none_or(|before| {
                    let same = plugin_node::Model { seen_at_ms: row.seen_at_ms, ..before.clone() };
                    same != **row || now.since(Timestamp::from_millis(before.seen_at_ms)) >= AGAIN
                })
            };
            let news: Vec<plugin_node::Model> = current.iter().filter(is_news).cloned().collect();
            let is_gone = |plugin: &&String| !current.iter().any(|row| row.plugin_id == **plugin);
            let gone: Vec<String> = said.keys().filter(is_gone).cloned().collect();
            (news, gone)
        };
        plugin_nodes::report(db.writer(), news.clone()).await?;
        for plugin in &gone {
            plugin_nodes::delete(db.writer(), plugin, node).await?;
        }
        let mut said = self.0.lock();
        gone.iter().for_each(|plugin| drop(said.remove(plugin)));
        said.extend(news.into_iter().map(|row| (row.plugin_id.clone(), row)));
        Ok(())
    }

    /// Says at once that a plugin's quarantine here is `state`. Nothing where nothing was said of the plugin yet: then
    /// it soon is.
    pub(super) async fn say_state(
        &self,
        db: &Db,
        plugin: &str,
        state: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(mut row) = self.0.lock().get(plugin).cloned() else { return Ok(()) };
        state.clone_into(&mut row.state);
        row.seen_at_ms = now.millis();
        plugin_nodes::report(db.writer(), vec![row.clone()]).await?;
        self.0.lock().insert(row.plugin_id.clone(), row);
        Ok(())
    }
}
