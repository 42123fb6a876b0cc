//! Somebody who is invited comes in.

use sea_orm::ConnectionTrait;
use teahouse_protocol::{Role, RoomId, Seq, Timestamp, UserId};

use super::change_member;
use crate::log::{Detail, MemberDetail};
use crate::writer::MemberEdit;
use crate::{Error, invitations, join_requests, members, reads};

/// The invitation decides, in the transaction that lets them in. It gives what its sender could give today: who is no
/// owner any more makes nobody an admin, and who is no member any more brings nobody.
pub(super) async fn invitation(
    tx: &impl ConnectionTrait,
    room: RoomId,
    user: UserId,
    head: Seq,
    at: Timestamp,
) -> Result<Vec<Detail>, Error> {
    let Some(invitation) = invitations::take(tx, room, user).await? else { return Ok(Vec::new()) };
    let inviter = members::find(tx, room, UserId::from_uuid(invitation.invited_by)).await?;
    let (Some(inviter), false) = (inviter, members::is_banned(tx, room, user).await?) else {
        return Ok(Vec::new());
    };
    join_requests::take(tx, room, user).await?;
    let offered = members::role_of_number(invitation.role);
    let role = if members::role(&inviter) == Role::Owner { offered } else { Role::Member };
    if !members::insert(tx, room, user, role, at).await? {
        return Ok(Vec::new());
    }
    reads::begin(tx, room, user, head, at).await?;
    let mut details = vec![Detail::Member(MemberDetail::joined(user, role))];
    let muted_until = invitation.muted_until_ms.map(Timestamp::from_millis).filter(|until| *until > at);
    if muted_until.is_some() {
        let edit = MemberEdit { role: None, muted_until: Some(muted_until) };
        details.extend(change_member(tx, room, user, edit).await?.map(Detail::Member));
    }
    Ok(details)
}
