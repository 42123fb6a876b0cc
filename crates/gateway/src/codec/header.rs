//! The header of a client's frame (RFC 6455 §5.2).

use super::Violation;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return None,
        })
    }

    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A client frame's header, checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: [u8; 4],
    /// Where the payload begins.
    pub(super) payload_at: usize,
    /// How long it is; may lie beyond what has come.
    pub(super) payload: u64,
}

const LAST: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const MASKED: u8 = 0x80;
const MASK_BYTES: usize = 4;
const LONGEST_CONTROL: u64 = 125;

impl Header {
    /// Reads a header from the beginning of `bytes`; `None`: it is not all there. What can be refused is refused
    /// from the first two bytes on, so that nobody waits for the rest of a bad frame.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<Self>, Violation> {
        let &[first, second, ..] = bytes else { return Ok(None) };
        if first & RESERVED != 0 {
            return Err(Violation::ReservedBits);
        }
        let opcode = Opcode::from_bits(first & OPCODE).ok_or(Violation::UnknownOpcode)?;
        if second & MASKED == 0 {
            return Err(Violation::Unmasked);
        }
        let last = first & LAST != 0;
        let short = u64::from(second & !MASKED);
        if opcode.is_control() && short > LONGEST_CONTROL {
            return Err(Violation::LongControl);
        }
        if opcode.is_control() && !last {
            return Err(Violation::FragmentedControl);
        }
        let Some((payload, mask_at)) = length(short, bytes)? else { return Ok(None) };
        let payload_at = mask_at + MASK_BYTES;
        let Some(mask) = bytes.get(mask_at..payload_at).and_then(|mask| mask.try_into().ok()) else {
            return Ok(None);
        };
        Ok(Some(Self { last, opcode, mask, payload_at, payload }))
    }
}

/// The length and where it ends. The shortest form is the only one allowed.
fn length(short: u64, bytes: &[u8]) -> Result<Option<(u64, usize)>, Violation> {
    let (length, end) = match short {
        126 => match bytes.get(2..4).and_then(|raw| raw.try_into().ok()) {
            Some(raw) => (u64::from(u16::from_be_bytes(raw)), 4),
            None => return Ok(None),
        },
        127 => match bytes.get(2..10).and_then(|raw| raw.try_into().ok()) {
            Some(raw) => (u64::from_be_bytes(raw), 10),
            None => return Ok(None),
        },
        short => return Ok(Some((short, 2))),
    };
    let shortest = if end == 4 { 126 } else { 1 << 16 };
    if length < shortest || length > i64::MAX as u64 {
        return Err(Violation::LongLength);
    }
    Ok(Some((length, end)))
}
