//! The sections `chat` and `limits` of the configuration, as far as the conversation needs them.

use std::time::Duration;

use serde::Deserialize;
use teahouse_protocol::{Limits, MAX_TEXT_CHARS};

/// The section `chat`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChatConfig {
    /// Whether messages are kept. Only benchmarks turn it off: nothing survives a restart then.
    pub history: bool,
    /// How often the server pings a connection, in seconds.
    pub heartbeat_s: u64,
    /// The name of the room that everyone is in.
    pub lobby_name: String,
    /// Frames that may wait for one connection. Past it the connection closes with 4029 and resumes.
    pub outgoing_frames: usize,
    /// Bytes that may wait for one connection.
    pub outgoing_bytes: usize,
    /// Bytes of messages in a page of history, of a room's log, of what is held or under review, and in what a `join`
    /// brings, about. What is left then is the next page.
    pub page_bytes: usize,
    /// How long after the last connection is gone somebody counts as offline, in milliseconds: a phone that loses
    /// the network in a lift is back by then.
    pub offline_after_ms: u64,
    /// How many days what moderators decided is kept; 0: for ever.
    pub decisions_kept_days: u32,
    /// How often small writes that many cheap acts cause are gathered into one, in milliseconds: who was last seen
    /// when, and who has read how far.
    pub gather_ms: u64,
}

impl Default for ChatConfig {
    fn default() -> Self {
        Self {
            history: true,
            heartbeat_s: 25,
            lobby_name: "大堂 Lobby".to_owned(),
            outgoing_frames: 16 * 1024,
            outgoing_bytes: 8 * 1024 * 1024,
            page_bytes: 512 * 1024,
            offline_after_ms: 10_000,
            decisions_kept_days: 90,
            gather_ms: 1_000,
        }
    }
}

impl ChatConfig {
    pub(crate) const fn offline_after(&self) -> Duration {
        Duration::from_millis(self.offline_after_ms)
    }

    pub(crate) const fn gather(&self) -> Duration {
        Duration::from_millis(self.gather_ms)
    }

    /// How long what moderators decided is kept; `None`: for ever.
    pub(crate) fn decisions_kept(&self) -> Option<Duration> {
        const DAY_S: u64 = 24 * 60 * 60;
        (self.decisions_kept_days > 0)
            .then(|| Duration::from_secs(DAY_S * u64::from(self.decisions_kept_days)))
    }
}

/// Of the section `limits`, those that the conversation keeps; 0: no limit.
#[derive(Clone, Copy, Debug)]
pub struct ChatLimits {
    /// Messages and other changes a second that a user may make, averaged.
    pub messages_per_second: u32,
    /// Messages and other changes that a user may make at once.
    pub message_burst: u32,
    /// Read marks, signs of typing, questions and joins of sockets a second from one user, averaged.
    pub signals_per_second: u32,
    /// As many of these at once.
    pub signal_burst: u32,
    /// Messages and events a second that a user may read from logs, averaged; who reads more waits.
    pub reads_per_second: u32,
    /// As many of these at once.
    pub read_burst: u32,
    /// Connections that one user may hold on this node; one more closes the oldest.
    pub connections_per_user: usize,
    /// Rooms that one connection may listen to.
    pub rooms_per_connection: usize,
    /// People whose coming and going one connection may watch.
    pub watched_per_connection: usize,
    /// The largest frame, as `hello` tells it.
    pub frame_bytes: usize,
    /// Rooms made, and people turned to.
    pub making: MakingLimits,
}

/// Of the section `limits`, what one user may make in a day, in which others find themselves; 0: no limit.
#[derive(Clone, Copy, Debug)]
pub struct MakingLimits {
    /// Groups and channels.
    pub rooms_per_day: u32,
    /// Direct rooms with people whom the user had none with.
    pub directs_per_day: u32,
    /// Invitations sent.
    pub invitations_per_day: u32,
    /// Invitations that wait for an answer.
    pub invitations_waiting: u32,
}

impl MakingLimits {
    /// No limit.
    pub const NONE: Self =
        Self { rooms_per_day: 0, directs_per_day: 0, invitations_per_day: 0, invitations_waiting: 0 };
}

impl ChatLimits {
    /// No limit at all but that of a frame, which is the usual one.
    pub const NONE: Self = Self {
        messages_per_second: 0,
        message_burst: 0,
        signals_per_second: 0,
        signal_burst: 0,
        reads_per_second: 0,
        read_burst: 0,
        connections_per_user: 0,
        rooms_per_connection: 0,
        watched_per_connection: 0,
        frame_bytes: 64 * 1024,
        making: MakingLimits::NONE,
    };

    pub(crate) const fn told(self) -> Limits {
        Limits {
            frame_bytes: self.frame_bytes,
            text_chars: MAX_TEXT_CHARS,
            messages_per_second: self.messages_per_second,
            message_burst: self.message_burst,
        }
    }
}
