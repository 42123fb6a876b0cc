//! The record of who did what.

use sea_orm::{ConnectionTrait, EntityTrait, IntoActiveModel};
use teahouse_protocol::{Timestamp, UserId};
use uuid::Uuid;

use crate::Error;
use crate::entity::audit;

/// One act. It never holds a secret, an openid or what people wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act<'a> {
    /// Who did it; `None` for the system itself, and for the operator at the command line.
    pub actor: Option<UserId>,
    /// What was done, such as `admin.created`.
    pub action: &'a str,
    /// What sort of thing it was done to, such as `user`.
    pub target_kind: &'a str,
    /// Which one.
    pub target_id: String,
    /// What else is worth knowing.
    pub detail: serde_json::Value,
}

/// Notes an act, in the transaction that it happens in.
pub async fn append(conn: &impl ConnectionTrait, at: Timestamp, act: Act<'_>) -> Result<(), Error> {
    let row = audit::Model {
        id: Uuid::now_v7(),
        at_ms: at.millis(),
        actor_id: act.actor.map(UserId::uuid),
        action: act.action.to_owned(),
        target_kind: act.target_kind.to_owned(),
        target_id: act.target_id,
        detail: act.detail.to_string(),
    };
    audit::Entity::insert(row.into_active_model()).exec_without_returning(conn).await?;
    Ok(())
}
