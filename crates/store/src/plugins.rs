//! Plugins that are installed. What a node must see grows the generation; nodes look for that, and load anew.

use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait, IntoActiveModel,
    QueryFilter, QueryOrder, QuerySelect, UpdateMany,
};
use teahouse_protocol::{NodeId, Timestamp, UserId};
use uuid::Uuid;

use crate::Error;
use crate::entity::plugin;

/// What of a plugin changes; absent: stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginEdit {
    /// Whether it works.
    pub enabled: Option<bool>,
    /// Which version is in use.
    pub digest: Option<String>,
    /// Its settings, a JSON object.
    pub settings: Option<String>,
    /// Its secrets, encrypted; the inner `None`: it has none any more.
    pub secrets_sealed: Option<Option<Vec<u8>>>,
    /// What the admin decided about it, JSON.
    pub policy: Option<String>,
    /// Whom it acts as.
    pub bot_user: Option<UserId>,
    /// Its quarantine, JSON: a change that ends one.
    pub state: Option<String>,
}

/// What a node looks at each second to see what changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The plugin's id.
    pub id: String,
    /// Grows with every change that a node must see.
    pub generation: i64,
    /// Its quarantine, JSON.
    pub state: String,
}

/// Writes a new plugin.
///
/// # Errors
/// [`Error::Conflict`] when it is installed.
pub async fn insert(conn: &impl ConnectionTrait, plugin: plugin::Model) -> Result<(), Error> {
    plugin::Entity::insert(plugin.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}

/// The plugin `id`.
pub async fn find(conn: &impl ConnectionTrait, id: &str) -> Result<Option<plugin::Model>, Error> {
    Ok(plugin::Entity::find_by_id(id.to_owned()).one(conn).await?)
}

/// The plugin `id`, which nobody else changes until this transaction ends.
pub async fn lock(tx: &DatabaseTransaction, id: &str) -> Result<Option<plugin::Model>, Error> {
    // SQLite has no row locks and needs none: its transactions write one at a time.
    Ok(plugin::Entity::find_by_id(id.to_owned()).lock(LockType::Update).one(tx).await?)
}

/// Every plugin, by id. There are some dozens at most.
pub async fn all(conn: &impl ConnectionTrait) -> Result<Vec<plugin::Model>, Error> {
    Ok(plugin::Entity::find().order_by_asc(plugin::Column::Id).all(conn).await?)
}

/// The head of every plugin, by id.
pub async fn heads(conn: &impl ConnectionTrait) -> Result<Vec<Head>, Error> {
    let heads: Vec<(String, i64, String)> = plugin::Entity::find()
        .select_only()
        .column(plugin::Column::Id)
        .column(plugin::Column::Generation)
        .column(plugin::Column::State)
        .order_by_asc(plugin::Column::Id)
        .into_tuple()
        .all(conn)
        .await?;
    Ok(heads.into_iter().map(|(id, generation, state)| Head { id, generation, state }).collect())
}

/// Changes a plugin, and grows its generation. An empty edit only does that: its grants or rooms changed. Of two who
/// start from one generation, one is refused; `seen: None` takes any. False: it is another by now, or not installed.
pub async fn update(
    conn: &impl ConnectionTrait,
    id: &str,
    seen: Option<i64>,
    edit: PluginEdit,
    at: Timestamp,
) -> Result<bool, Error> {
    let mut update = plugin::Entity::update_many()
        .col_expr(plugin::Column::Generation, Expr::col(plugin::Column::Generation).add(1))
        .col_expr(plugin::Column::UpdatedAtMs, at.millis().into())
        .filter(plugin::Column::Id.eq(id));
    if let Some(seen) = seen {
        update = update.filter(plugin::Column::Generation.eq(seen));
    }
    Ok(with_edit(update, edit).exec(conn).await?.rows_affected > 0)
}

fn with_edit(mut update: UpdateMany<plugin::Entity>, edit: PluginEdit) -> UpdateMany<plugin::Entity> {
    let texts = [
        (plugin::Column::Digest, edit.digest),
        (plugin::Column::Settings, edit.settings),
        (plugin::Column::Policy, edit.policy),
        (plugin::Column::State, edit.state),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            update = update.col_expr(column, text.into());
        }
    }
    if let Some(enabled) = edit.enabled {
        update = update.col_expr(plugin::Column::Enabled, enabled.into());
    }
    if let Some(secrets) = edit.secrets_sealed {
        update = update.col_expr(plugin::Column::SecretsSealed, Expr::val(secrets));
    }
    if let Some(user) = edit.bot_user {
        update = update.col_expr(plugin::Column::BotUserId, Expr::val(Some(user.uuid())));
    }
    update
}

/// Grows the generation: something beside the row changed. False: it is not installed.
pub async fn bump(conn: &impl ConnectionTrait, id: &str, at: Timestamp) -> Result<bool, Error> {
    update(conn, id, None, PluginEdit::default(), at).await
}

/// Writes `state` if it still is `seen`; the generation stays, because nothing is loaded anew. False: another node was
/// first.
pub async fn replace_state(
    conn: &impl ConnectionTrait,
    id: &str,
    seen: &str,
    state: &str,
) -> Result<bool, Error> {
    let updated = plugin::Entity::update_many()
        .col_expr(plugin::Column::State, state.into())
        .filter(plugin::Column::Id.eq(id))
        .filter(plugin::Column::State.eq(seen))
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Takes or keeps, until `until`, the right of `node` to hand the plugin its events. False: another node has it.
pub async fn lease_dispatch(
    conn: &impl ConnectionTrait,
    id: &str,
    node: NodeId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, Error> {
    let free = Condition::any()
        .add(plugin::Column::DispatchNode.eq(node.to_string()))
        .add(plugin::Column::DispatchUntilMs.is_null())
        .add(plugin::Column::DispatchUntilMs.lte(now.millis()));
    let updated = plugin::Entity::update_many()
        .col_expr(plugin::Column::DispatchNode, Expr::val(Some(node.to_string())))
        .col_expr(plugin::Column::DispatchUntilMs, Expr::val(Some(until.millis())))
        .filter(plugin::Column::Id.eq(id))
        .filter(free)
        .exec(conn)
        .await?;
    Ok(updated.rows_affected > 0)
}

/// Gives up what [`lease_dispatch`] took, so that another node need not wait for its end; `None`: of every plugin.
pub async fn release_dispatch(
    conn: &impl ConnectionTrait,
    id: Option<&str>,
    node: NodeId,
) -> Result<(), Error> {
    let mut release = release().filter(plugin::Column::DispatchNode.eq(node.to_string()));
    if let Some(id) = id {
        release = release.filter(plugin::Column::Id.eq(id));
    }
    release.exec(conn).await?;
    Ok(())
}

/// Gives up what any node took.
pub(crate) async fn release_every_dispatch(conn: &impl ConnectionTrait) -> Result<(), Error> {
    release().exec(conn).await?;
    Ok(())
}

fn release() -> UpdateMany<plugin::Entity> {
    plugin::Entity::update_many()
        .col_expr(plugin::Column::DispatchNode, Expr::val(None::<String>))
        .col_expr(plugin::Column::DispatchUntilMs, Expr::val(None::<i64>))
}

/// Deletes the row of a plugin; false when there was none. What hangs on it is deleted by the caller.
pub async fn delete(conn: &impl ConnectionTrait, id: &str) -> Result<bool, Error> {
    Ok(plugin::Entity::delete_by_id(id.to_owned()).exec(conn).await?.rows_affected > 0)
}

/// The plugin that acts as `user`.
pub async fn find_by_bot_user(
    conn: &impl ConnectionTrait,
    user: Uuid,
) -> Result<Option<plugin::Model>, Error> {
    Ok(plugin::Entity::find().filter(plugin::Column::BotUserId.eq(user)).one(conn).await?)
}
