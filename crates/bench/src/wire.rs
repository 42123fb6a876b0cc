//! As much of RFC 6455 as a load client and a bare broadcast server need: frame headers, masking, the handshake.

use base64::Engine as _;
use sha1::{Digest as _, Sha1};

/// RFC 6455 §11.8.
pub(crate) const TEXT: u8 = 0x1;
/// RFC 6455 §5.5.1.
pub(crate) const CLOSE: u8 = 0x8;
/// RFC 6455 §5.5.2.
pub(crate) const PING: u8 = 0x9;
/// RFC 6455 §5.5.3.
pub(crate) const PONG: u8 = 0xA;

/// The key of RFC 6455 §1.3's example, which this client always offers: a nonce is for proxies, and there is none.
pub(crate) const CLIENT_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
/// What RFC 6455 §1.3 says the right answer to [`CLIENT_KEY`] is.
pub(crate) const CLIENT_ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// The head of one frame: what kind, how long, and where its payload begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    pub(crate) opcode: u8,
    pub(crate) mask: Option<[u8; 4]>,
    /// Bytes of this head, the mask included.
    pub(crate) len: usize,
    pub(crate) payload_len: usize,
}

impl Header {
    /// The head at the start of `bytes`, or `None` while it is incomplete.
    #[inline]
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let (&first, &second) = (bytes.first()?, bytes.get(1)?);
        let (payload_len, mut len) = match second & 0x7F {
            126 => (usize::from(u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?)), 4),
            127 => (usize::try_from(u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?)).ok()?, 10),
            short => (usize::from(short), 2),
        };
        let mask = if second & 0x80 == 0 {
            None
        } else {
            let mask = *bytes.get(len..)?.first_chunk()?;
            len += 4;
            Some(mask)
        };
        Some(Self { fin: first & 0x80 != 0, opcode: first & 0x0F, mask, len, payload_len })
    }

    /// Bytes of the whole frame, or `None` where the length that the peer states cannot be one.
    pub(crate) fn frame_len(&self) -> Option<usize> {
        self.len.checked_add(self.payload_len)
    }
}

/// Appends the head of an unmasked frame, as servers send them.
pub(crate) fn put_server_header(out: &mut Vec<u8>, opcode: u8, payload_len: usize) {
    put_header(out, opcode, payload_len, 0);
}

/// Appends a masked frame, as clients must send them.
pub(crate) fn put_client_frame(out: &mut Vec<u8>, opcode: u8, key: [u8; 4], payload: &[u8]) {
    put_header(out, opcode, payload.len(), 0x80);
    out.extend_from_slice(&key);
    let start = out.len();
    out.extend_from_slice(payload);
    apply_mask(&mut out[start..], key);
}

fn put_header(out: &mut Vec<u8>, opcode: u8, payload_len: usize, mask_bit: u8) {
    out.push(0x80 | opcode);
    if let Ok(short) = u8::try_from(payload_len)
        && short < 126
    {
        out.push(mask_bit | short);
    } else if let Ok(medium) = u16::try_from(payload_len) {
        out.push(mask_bit | 126);
        out.extend_from_slice(&medium.to_be_bytes());
    } else {
        out.push(mask_bit | 127);
        out.extend_from_slice(&(payload_len as u64).to_be_bytes());
    }
}

/// Masks or unmasks in place, eight bytes at a time: byte by byte costs thirty times as much.
pub(crate) fn apply_mask(bytes: &mut [u8], key: [u8; 4]) {
    let wide = u64::from_ne_bytes([key[0], key[1], key[2], key[3], key[0], key[1], key[2], key[3]]);
    let mut chunks = bytes.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (at, byte) in chunks.into_remainder().iter_mut().enumerate() {
        *byte ^= key[at % 4];
    }
}

/// `Sec-WebSocket-Accept` for a client's key (RFC 6455 §4.2.2).
pub(crate) fn accept_key(client_key: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(client_key.as_bytes());
    hash.update(b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    base64::engine::general_purpose::STANDARD.encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rfcs_example_key_gets_the_rfcs_answer() {
        assert_eq!(accept_key(CLIENT_KEY), CLIENT_ACCEPT);
    }

    #[test]
    fn a_masked_frame_of_every_length_class_comes_back_whole() {
        for len in [0, 1, 7, 8, 125, 126, 127, 65_535, 65_536, 70_001] {
            let payload: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let mut frame = Vec::new();
            put_client_frame(&mut frame, TEXT, [1, 2, 3, 250], &payload);
            let header = Header::parse(&frame).expect("a whole head");
            assert_eq!(header.frame_len(), Some(frame.len()), "{len}");
            assert!(header.fin && header.opcode == TEXT);
            apply_mask(&mut frame[header.len..], header.mask.expect("masked"));
            assert_eq!(frame[header.len..], payload, "{len}");
        }
    }

    #[test]
    fn a_head_cut_anywhere_is_incomplete_and_not_wrong() {
        let mut frame = Vec::new();
        put_client_frame(&mut frame, TEXT, [9, 8, 7, 6], &vec![0; 70_000]);
        let whole = Header::parse(&frame).expect("a whole head").len;
        for cut in 0..whole {
            assert_eq!(Header::parse(&frame[..cut]), None, "cut at {cut}");
        }
    }
}
