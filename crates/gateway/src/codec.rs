//! RFC 6455 as a server speaks it: frames out of bytes, bytes out of frames. No I/O, and no memory that is not
//! needed for a message that is still incomplete.

mod decoder;
mod frame;
mod header;
mod mask;

pub(crate) use decoder::{Decoder, Item};
pub(crate) use frame::{FrameBuffer, close, ping, pong};

use teahouse_protocol::CloseCode;

/// How a client broke RFC 6455. The connection ends: what follows in its bytes can't be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    ReservedBits,
    UnknownOpcode,
    Unmasked,
    LongLength,
    LongControl,
    FragmentedControl,
    NothingToContinue,
    UnfinishedMessage,
    BadClose,
    InvalidUtf8,
    TooLarge,
}

impl Violation {
    /// What the connection is closed with (RFC 6455 §7.4.1).
    pub(crate) const fn close_code(self) -> CloseCode {
        match self {
            Self::InvalidUtf8 => CloseCode::InvalidUtf8,
            Self::TooLarge => CloseCode::TooLarge,
            Self::ReservedBits
            | Self::UnknownOpcode
            | Self::Unmasked
            | Self::LongLength
            | Self::LongControl
            | Self::FragmentedControl
            | Self::NothingToContinue
            | Self::UnfinishedMessage
            | Self::BadClose => CloseCode::ProtocolError,
        }
    }

    /// What the close frame says.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::ReservedBits => "reserved bits are set",
            Self::UnknownOpcode => "unknown opcode",
            Self::Unmasked => "frame is not masked",
            Self::LongLength => "length is not in its shortest form",
            Self::LongControl => "control frame too long",
            Self::FragmentedControl => "control frame in fragments",
            Self::NothingToContinue => "continuation of nothing",
            Self::UnfinishedMessage => "new message inside a fragmented one",
            Self::BadClose => "close frame is malformed",
            Self::InvalidUtf8 => "text is not UTF-8",
            Self::TooLarge => "message too large",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
