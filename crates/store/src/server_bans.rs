//! Bans from the whole server. They stand in the users' rows; each change has a generation, so that nodes find what they
//! have not seen yet by one number.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use teahouse_protocol::{Timestamp, UserId};

use crate::entity::{generation, user};
use crate::{Error, PageSize};

/// The row of `generations` that bans grow.
const SUBJECT: &str = "bans";

/// A ban.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Since when.
    pub at: Timestamp,
    /// When it ends; `None`: it does not.
    pub until: Option<Timestamp>,
    /// What it was given for.
    pub reason: Option<String>,
}

impl Ban {
    /// The ban in a user's row, in force or over.
    #[must_use]
    pub fn of(row: &user::Model) -> Option<Self> {
        Some(Self {
            at: Timestamp::from_millis(row.banned_at_ms?),
            until: row.banned_until_ms.map(Timestamp::from_millis),
            reason: row.ban_reason.clone(),
        })
    }

    /// Whether it is in force at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Bans the user, or lifts the ban; `false` when there is no such user. The generation's row is held until the
/// transaction ends: whoever commits later has the larger number, and no node misses one.
pub async fn set(conn: &impl ConnectionTrait, user: UserId, ban: Option<Ban>) -> Result<bool, Error> {
    let generation = grow(conn).await?;
    let row = user::ActiveModel {
        banned_at_ms: Set(ban.as_ref().map(|ban| ban.at.millis())),
        banned_until_ms: Set(ban.as_ref().and_then(|ban| ban.until).map(Timestamp::millis)),
        ban_reason: Set(ban.and_then(|ban| ban.reason)),
        ban_generation: Set(Some(generation)),
        ..<user::ActiveModel as sea_orm::ActiveModelTrait>::default()
    };
    let updated =
        user::Entity::update_many().set(row).filter(user::Column::Id.eq(user.uuid())).exec(conn).await?;
    Ok(updated.rows_affected > 0)
}

/// The generation of the newest change.
pub async fn generation(conn: &impl ConnectionTrait) -> Result<i64, Error> {
    let row = generation::Entity::find_by_id(SUBJECT).one(conn).await?;
    Ok(row.map_or(0, |row| row.value))
}

/// The users whose ban changed after `generation`, in that order, at most `size`. Reads the index `(ban_generation)`.
pub async fn changed_since(
    conn: &impl ConnectionTrait,
    generation: i64,
    size: PageSize,
) -> Result<Vec<user::Model>, Error> {
    Ok(user::Entity::find()
        .filter(user::Column::BanGeneration.gt(generation))
        .order_by_asc(user::Column::BanGeneration)
        .limit(size.rows())
        .all(conn)
        .await?)
}

async fn grow(conn: &impl ConnectionTrait) -> Result<i64, Error> {
    let grown = generation::Entity::update_many()
        .col_expr(generation::Column::Value, Expr::col(generation::Column::Value).add(1))
        .filter(generation::Column::Subject.eq(SUBJECT))
        .exec_with_returning(conn)
        .await?;
    let row = grown.into_iter().next();
    row.map(|row| row.value).ok_or_else(|| Error::Schema("the generation of bans is missing".to_owned()))
}
