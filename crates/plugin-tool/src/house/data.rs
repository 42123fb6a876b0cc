//! Rooms, users and messages as they are when a case says nothing of them.

use teahouse_plugin_host::wit::{Room, User};

/// The room where everything happens.
pub(crate) const ROOM: &str = "01900000-0000-7000-8000-00000000a000";

/// An id that follows from a name: the same name is the same user or room.
fn id_of(name: &str) -> String {
    // FNV-1a: any spread will do, as long as it is the same on each machine.
    let hash = name
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("01900000-0000-7000-9000-{:012x}", hash & 0xffff_ffff_ffff)
}

pub(crate) fn user(name: &str) -> User {
    User {
        id: id_of(name),
        name: name.to_owned(),
        is_bot: false,
        is_guest: false,
        joined_at: instant(super::START_MS),
        extra: Vec::new(),
    }
}

pub(crate) fn room(id: Option<&str>) -> Room {
    let id = id.unwrap_or(ROOM).to_owned();
    Room { id, name: "茶馆 Teahouse".into(), kind: "group".into(), members: 2, extra: Vec::new() }
}

/// Milliseconds as the interface writes them: far below 2^53 for the next 280,000 years.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 stay below 2^53")]
pub(crate) fn instant(ms: u64) -> f64 {
    ms as f64
}
