//! What the admin decides about a plugin: where it works, in which order, how much it may use up, and what happens when
//! it fails.

use serde_json::json;
use teahouse_plugin_package::{BotHook, FilterHook, Limits, PluginId, Problem, Problems};
use teahouse_protocol::RoomId;
use teahouse_store::plugins::PluginEdit;
use teahouse_store::{plugin_rooms, rooms};

use super::{By, Lifecycle, LifecycleError as Error};
use crate::policy::Policy;

impl Lifecycle {
    /// Decides anew: what `policy` leaves open is as the manifest proposes.
    ///
    /// # Errors
    /// [`LifecycleError::Policy`](Error::Policy) with what is outside its caps;
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Changed`](Error::Changed),
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn set_policy(&self, plugin: &PluginId, policy: &Policy, by: &By) -> Result<(), Error> {
        Problems::check(problems(policy)).map_err(Error::Policy)?;
        let row = self.require_plugin(plugin).await?;
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, PluginEdit { policy: Some(policy.to_stored()), ..PluginEdit::default() })
            .await?;
        self.note(&tx, by, "plugin.policy_changed", &row.id, json!({"policy": policy})).await?;
        self.commit(tx).await
    }

    /// Installs a plugin into `room`: it counts when the plugin works in chosen rooms. False when it is in there.
    ///
    /// # Errors
    /// [`LifecycleError::RoomNotFound`](Error::RoomNotFound), [`LifecycleError::NotInstalled`](Error::NotInstalled),
    /// [`LifecycleError::Changed`](Error::Changed), [`LifecycleError::Store`](Error::Store).
    pub async fn add_room(&self, plugin: &PluginId, room: RoomId, by: &By) -> Result<bool, Error> {
        let row = self.require_plugin(plugin).await?;
        let found = rooms::find(self.db().conn(), room).await?;
        if found.is_none_or(|room| room.deleted_at_ms.is_some()) {
            return Err(Error::RoomNotFound);
        }
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, PluginEdit::default()).await?;
        if !plugin_rooms::insert(&tx, &row.id, room).await? {
            return Ok(false);
        }
        self.note(&tx, by, "plugin.room_added", &row.id, json!({"room": room})).await?;
        self.commit(tx).await?;
        Ok(true)
    }

    /// Takes a plugin out of `room`; false when it was not in there.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Changed`](Error::Changed),
    /// [`LifecycleError::Store`](Error::Store).
    pub async fn remove_room(&self, plugin: &PluginId, room: RoomId, by: &By) -> Result<bool, Error> {
        let row = self.require_plugin(plugin).await?;
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, PluginEdit::default()).await?;
        if !plugin_rooms::delete(&tx, &row.id, room).await? {
            return Ok(false);
        }
        self.note(&tx, by, "plugin.room_removed", &row.id, json!({"room": room})).await?;
        self.commit(tx).await?;
        Ok(true)
    }
}

/// What is outside the design's caps. A figure that would be cut silently is worse than one that is refused.
fn problems(policy: &Policy) -> Vec<Problem> {
    let ms = |span: std::time::Duration| u32::try_from(span.as_millis()).unwrap_or(u32::MAX);
    let limits = &policy.limits;
    let bounds = [
        ("filter.priority", policy.filter.priority.map(u32::from), 0, FilterHook::MAX_PRIORITY.into()),
        ("gate.priority", policy.gate.priority.map(u32::from), 0, FilterHook::MAX_PRIORITY.into()),
        ("limits.memory_mib", limits.memory_mib, 1, Limits::MAX_MEMORY_MIB),
        ("limits.filter_running_ms", limits.filter_running_ms, 1, ms(FilterHook::MAX_RUNNING)),
        ("limits.bot_running_ms", limits.bot_running_ms, 1, ms(BotHook::MAX_RUNNING)),
        ("limits.bot_wall_ms", limits.bot_wall_ms, 1, ms(BotHook::MAX_WALL)),
    ];
    let outside = bounds.into_iter().filter(|(_, decided, least, most)| {
        decided.is_some_and(|decided| decided < *least || decided > *most)
    });
    outside
        .map(|(field, _, least, most)| {
            let en = format!("must be from {least} to {most}");
            Problem::new(field, en, format!("必须在 {least} 到 {most} 之间"))
        })
        .collect()
}
