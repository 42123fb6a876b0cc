//! What the admin decides about a plugin: where it works, in which order, how much it may use up, and what happens when
//! it fails.

use serde_json::json;
use teahouse_plugin_package::{FilterHook, PluginId, Problem, Problems};
use teahouse_protocol::RoomId;
use teahouse_store::plugins::PluginEdit;
use teahouse_store::{plugin_rooms, rooms};

use super::{By, Lifecycle, LifecycleError as Error};
use crate::policy::{Decision, Policy};

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
    let place = |name, priority: Option<u16>| Decision {
        name,
        value: priority.map(u32::from),
        bounds: (0, FilterHook::MAX_PRIORITY.into()),
    };
    let places =
        [place("filter.priority", policy.filter.priority), place("gate.priority", policy.gate.priority)];
    let limits = policy.limits.decisions();
    let problem = |group: &str, decision: &Decision| {
        let (least, most) = decision.bounds;
        decision.value.filter(|value| !(least..=most).contains(value))?;
        let en = format!("must be from {least} to {most}");
        let field = format!("{group}{}", decision.name);
        Some(Problem::new(field, en, format!("必须在 {least} 到 {most} 之间")))
    };
    let of_places = places.iter().filter_map(|decision| problem("", decision));
    of_places.chain(limits.iter().filter_map(|decision| problem("limits.", decision))).collect()
}
