//! Events into WebSocket frames: once for all receivers of a dialect.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use teahouse_protocol::ServerEvent;

use crate::codec::FrameBuffer;
use crate::dialect;
use crate::metrics::GatewayMetrics;
use teahouse_chat::{Dialect, Encode};

thread_local! {
    static BUFFER: RefCell<FrameBuffer> = RefCell::default();
}

/// Encodes for every dialect. The hub is given one and the gateway another; they are the same as long as they share
/// their metrics.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    metrics: Arc<GatewayMetrics>,
}

impl Encoder {
    /// `metrics` tell how many sockets are open, which one dialect puts into every message.
    #[must_use]
    pub const fn new(metrics: Arc<GatewayMetrics>) -> Self {
        Self { metrics }
    }
}

impl Encode for Encoder {
    fn encode(&self, dialect: Dialect, event: &ServerEvent) -> Option<Bytes> {
        BUFFER.with_borrow_mut(|buffer| dialect::encode(dialect, event, buffer, self.metrics.open()))
    }
}
