//! Teahouse's own protocol: frames and events as they are.

use teahouse_protocol::ClientFrame;

use super::Heard;
use crate::refusal::bad_frame;

pub(super) fn decode(text: &str) -> Heard {
    match ClientFrame::parse(text) {
        Ok(frame) => Heard::Frame(frame),
        Err(error) => Heard::Refused(bad_frame(error)),
    }
}
