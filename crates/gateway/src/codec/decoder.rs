//! Messages out of the bytes of one client.

use std::borrow::Cow;

use super::header::{Header, Opcode};
use super::{Violation, mask};

/// One thing that a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    /// A whole text message; a copy only where it came in fragments.
    Text(Cow<'a, str>),
    /// A whole binary message. No dialect reads them, so the payload is not handed on.
    Binary,
    /// A fragment of a message whose end has not come.
    Part,
    /// To be answered by a pong with the same payload.
    Ping(&'a [u8]),
    /// A sign of life.
    Pong,
    /// The client ends the conversation, with this code where it gave one.
    Close(Option<u16>),
}

/// Decodes the frames of one client. Between two calls it keeps only the fragments of an unfinished message: the
/// bytes of an unfinished frame are the caller's to keep.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// The largest message in bytes, over all its fragments.
    limit: usize,
    unfinished: Option<Box<Unfinished>>,
}

#[derive(Debug)]
struct Unfinished {
    binary: bool,
    /// Of a binary message only the length counts, so it stays empty.
    text: Vec<u8>,
    length: usize,
}

impl Decoder {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, unfinished: None }
    }

    /// Decodes the next frame of `bytes` from `at` on, and moves `at` behind it. `None`: the frame that begins
    /// there is not complete; call again with the same bytes and more behind them. The payload is unmasked in
    /// place.
    pub(crate) fn next<'a>(
        &mut self,
        bytes: &'a mut [u8],
        at: &mut usize,
    ) -> Result<Option<Item<'a>>, Violation> {
        let bytes = bytes.get_mut(*at..).unwrap_or_default();
        let Some(header) = Header::parse(bytes)? else { return Ok(None) };
        self.check_size(&header)?;
        // It fits the limit, which is a `usize`.
        let end = header.payload_at + usize::try_from(header.payload).unwrap_or(usize::MAX);
        let Some(payload) = bytes.get_mut(header.payload_at..end) else { return Ok(None) };
        mask::apply(header.mask, payload);
        *at += end;
        self.item(&header, payload).map(Some)
    }

    /// Before the payload is there: whoever announces too much need not send it.
    fn check_size(&self, header: &Header) -> Result<(), Violation> {
        let before = match (&self.unfinished, header.opcode) {
            (Some(unfinished), Opcode::Continuation) => unfinished.length,
            _ => 0,
        };
        let room = u64::try_from(self.limit.saturating_sub(before)).unwrap_or(u64::MAX);
        let counts = matches!(header.opcode, Opcode::Text | Opcode::Binary | Opcode::Continuation);
        if counts && header.payload > room { Err(Violation::TooLarge) } else { Ok(()) }
    }

    fn item<'a>(&mut self, header: &Header, payload: &'a [u8]) -> Result<Item<'a>, Violation> {
        match header.opcode {
            Opcode::Text | Opcode::Binary if self.unfinished.is_some() => Err(Violation::UnfinishedMessage),
            Opcode::Text if header.last => Ok(Item::Text(Cow::Borrowed(utf8(payload)?))),
            Opcode::Binary if header.last => Ok(Item::Binary),
            Opcode::Text | Opcode::Binary => {
                let binary = header.opcode == Opcode::Binary;
                let mut unfinished = Box::new(Unfinished { binary, text: Vec::new(), length: 0 });
                unfinished.append(payload);
                self.unfinished = Some(unfinished);
                Ok(Item::Part)
            }
            Opcode::Continuation => self.continued(header.last, payload),
            Opcode::Ping => Ok(Item::Ping(payload)),
            Opcode::Pong => Ok(Item::Pong),
            Opcode::Close => close_code(payload).map(Item::Close),
        }
    }

    fn continued<'a>(&mut self, last: bool, payload: &[u8]) -> Result<Item<'a>, Violation> {
        let mut unfinished = self.unfinished.take().ok_or(Violation::NothingToContinue)?;
        unfinished.append(payload);
        if !last {
            self.unfinished = Some(unfinished);
            return Ok(Item::Part);
        }
        if unfinished.binary {
            return Ok(Item::Binary);
        }
        // Only now: a character may begin in one fragment and end in the next.
        utf8(&unfinished.text)?;
        let text = String::from_utf8(unfinished.text).map_err(|_| Violation::InvalidUtf8)?;
        Ok(Item::Text(Cow::Owned(text)))
    }
}

impl Unfinished {
    fn append(&mut self, payload: &[u8]) {
        self.length += payload.len();
        if !self.binary {
            self.text.extend_from_slice(payload);
        }
    }
}

fn utf8(payload: &[u8]) -> Result<&str, Violation> {
    simdutf8::basic::from_utf8(payload).map_err(|_| Violation::InvalidUtf8)
}

/// RFC 6455 §7.4: nothing, or a code that may go over the wire and a reason in UTF-8.
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(Violation::BadClose) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(Violation::BadClose);
    }
    utf8(reason)?;
    Ok(Some(code))
}
