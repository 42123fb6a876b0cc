//! A server's frames: never masked, never in fragments (RFC 6455 §5.2).

use bytes::Bytes;
use serde::Serialize;
use teahouse_protocol::cut_to_bytes;

use super::header::Opcode;

const LAST: u8 = 0x80;
/// The longest header of a frame that is not masked.
const LONGEST_HEADER: usize = 10;
/// A control frame's payload is at most 125 bytes, and a close begins with its code.
const LONGEST_REASON: usize = 123;

/// Text frames, built in a buffer that is used again and again; each leaves as bytes of its exact length.
#[derive(Debug, Default)]
pub(crate) struct FrameBuffer {
    bytes: Vec<u8>,
}

/// What is kept of the buffer after a very long frame.
const KEPT_CAPACITY: usize = 64 * 1024;

impl FrameBuffer {
    /// A text frame that holds `value` as JSON; `None` where `value` can't be written, which no type of ours does.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> Option<Bytes> {
        self.bytes.clear();
        // The header is as long as the payload's length says, so that its room is kept free before it.
        self.bytes.resize(LONGEST_HEADER, 0);
        serde_json::to_writer(&mut self.bytes, value).ok()?;
        let length = self.bytes.len() - LONGEST_HEADER;
        let (header, used) = header(Opcode::Text, length);
        let start = LONGEST_HEADER - used;
        self.bytes[start..LONGEST_HEADER].copy_from_slice(&header[..used]);
        let frame = Bytes::copy_from_slice(&self.bytes[start..]);
        if self.bytes.capacity() > KEPT_CAPACITY {
            self.bytes = Vec::new();
        }
        Some(frame)
    }
}

/// A ping without a payload.
pub(crate) const fn ping() -> Bytes {
    const PING: [u8; 2] = [LAST | Opcode::Ping.bits(), 0];
    Bytes::from_static(&PING)
}

/// The answer to a ping, with its payload.
pub(crate) fn pong(payload: &[u8]) -> Bytes {
    control(Opcode::Pong, &[payload])
}

/// A close; `None` answers a client that gave no code.
pub(crate) fn close(code: Option<u16>, reason: &str) -> Bytes {
    let Some(code) = code else { return control(Opcode::Close, &[]) };
    let reason = cut_to_bytes(reason, LONGEST_REASON);
    control(Opcode::Close, &[&code.to_be_bytes(), reason.as_bytes()])
}

fn control(opcode: Opcode, payload: &[&[u8]]) -> Bytes {
    let length = payload.iter().map(|part| part.len()).sum();
    let (header, used) = header(opcode, length);
    let mut frame = Vec::with_capacity(used + length);
    frame.extend_from_slice(&header[..used]);
    for part in payload {
        frame.extend_from_slice(part);
    }
    frame.into()
}

/// The header, and how many of its bytes are used.
fn header(opcode: Opcode, length: usize) -> ([u8; LONGEST_HEADER], usize) {
    let mut header = [0; LONGEST_HEADER];
    header[0] = LAST | opcode.bits();
    let used = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(length @ ..126), _) => {
            header[1] = length;
            2
        }
        (_, Ok(length)) => {
            header[1] = 126;
            header[2..4].copy_from_slice(&length.to_be_bytes());
            4
        }
        _ => {
            header[1] = 127;
            header[2..].copy_from_slice(&(length as u64).to_be_bytes());
            LONGEST_HEADER
        }
    };
    (header, used)
}
