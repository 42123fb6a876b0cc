//! What plugins did, and how they are: for those who run the house.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use teahouse_plugins::{Plugins, VerdictFilter};
use teahouse_protocol::{RoomId, Timestamp, UserId};

use super::Tag;
use crate::answer::Reply;
use crate::door::Admin;
use crate::page::{Cursor, Limit};
use crate::problem::{ADMINISTERING, PARAMETERS, Refused, refusals};
use crate::shapes::{PluginHealth, PluginLog, PluginLogLevel, PluginName, PluginVerdictPage};

refusals! {
    GetHealth: ADMINISTERING, PARAMETERS, &[PluginNotFound];
    ListVerdicts: ADMINISTERING, PARAMETERS;
}

pub(crate) struct PluginReports {
    pub(crate) plugins: Plugins,
}

#[OpenApi(prefix_path = "/v1/admin", tag = "Tag::Plugins")]
impl PluginReports {
    /// See how a plugin is
    ///
    /// And what it did on this node since the node was started. `nodes` says which version runs on which node, and which
    /// lag behind.
    #[oai(path = "/plugins/:plugin/health", method = "get", operation_id = "getPluginHealth")]
    async fn health(
        &self,
        _admin: Admin,
        plugin: Path<PluginName>,
    ) -> Result<Reply<PluginHealth>, Refused<GetHealth>> {
        let plugin = &plugin.0.value;
        self.plugins.lifecycle().show(plugin).await?;
        let stats = self.plugins.stats(plugin).await?;
        let nodes = self.plugins.nodes(plugin).await?;
        let state = self.plugins.state(plugin);
        Ok(Reply::new(&PluginHealth::new(plugin.to_string(), state, stats, nodes)))
    }

    /// Read a plugin's log
    ///
    /// What it wrote on this node, and its failures. The last thousand lines are kept.
    #[oai(path = "/plugins/:plugin/logs", method = "get", operation_id = "getPluginLogs")]
    async fn logs(
        &self,
        _admin: Admin,
        plugin: Path<PluginName>,
        /// The lines after this one; left out: the newest.
        after: Query<Option<u64>>,
        /// This level and above.
        #[oai(default)]
        level: Query<PluginLogLevel>,
        /// The most lines.
        limit: Query<Limit>,
    ) -> Result<Reply<PluginLog>, Refused<GetHealth>> {
        let plugin = &plugin.0.value;
        self.plugins.lifecycle().show(plugin).await?;
        let lines = self.plugins.logs(plugin, after.0, level.0.into(), usize::from(limit.0.get()));
        Ok(Reply::new(&lines.into()))
    }

    /// List verdicts
    ///
    /// Everything that a plugin did not simply let pass, newest first. They are kept for 30 days.
    #[oai(path = "/verdicts", method = "get", operation_id = "listVerdicts")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the query")]
    async fn verdicts(
        &self,
        _admin: Admin,
        /// Of this plugin alone.
        plugin: Query<Option<PluginName>>,
        /// In this room alone.
        room: Query<Option<RoomId>>,
        /// On what this user did.
        user: Query<Option<UserId>>,
        /// Since then.
        since: Query<Option<Timestamp>>,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<PluginVerdictPage>, Refused<ListVerdicts>> {
        let plugin = plugin.0.map(|plugin| plugin.value.to_string());
        let filter = VerdictFilter { plugin, room: room.0, user: user.0, since: since.0 };
        let before = cursor.0.map(|cursor| cursor.0);
        let page = self.plugins.verdict_page(filter, before, limit.0.get()).await?;
        Ok(Reply::new(&PluginVerdictPage::new(page.items, page.next)))
    }
}
