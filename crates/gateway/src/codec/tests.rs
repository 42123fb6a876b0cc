//! The decoder against a client written from the standard, and against tungstenite's.

use proptest::collection::vec;
use proptest::prelude::*;

use super::header::Opcode;
use super::*;

/// A masked frame as a client sends it.
pub(crate) fn client_frame(opcode: u8, last: bool, payload: &[u8]) -> Vec<u8> {
    let mask = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![u8::from(last) << 7 | opcode];
    match payload.len() {
        short @ ..126 => frame.push(0x80 | short as u8),
        middle @ ..65536 => {
            frame.push(0x80 | 126);
            frame.extend((middle as u16).to_be_bytes());
        }
        long => {
            frame.push(0x80 | 127);
            frame.extend((long as u64).to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().enumerate().map(|(i, byte)| byte ^ mask[i % 4]));
    frame
}

/// What came out of the decoder, owned.
#[derive(Clone, Debug, PartialEq)]
enum Got {
    Text(String),
    Binary,
    Part,
    Ping(Vec<u8>),
    Pong,
    Close(Option<u16>),
}

impl From<Item<'_>> for Got {
    fn from(item: Item<'_>) -> Self {
        match item {
            Item::Text(text) => Self::Text(text.into_owned()),
            Item::Binary => Self::Binary,
            Item::Part => Self::Part,
            Item::Ping(payload) => Self::Ping(payload.to_vec()),
            Item::Pong => Self::Pong,
            Item::Close(code) => Self::Close(code),
        }
    }
}

const LIMIT: usize = 1000;

/// Decodes a stream that arrives in these pieces, keeping what is incomplete as the session does.
fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Got>, Violation> {
    let mut decoder = Decoder::new(LIMIT);
    let mut kept: Vec<u8> = Vec::new();
    let mut got = Vec::new();
    for piece in pieces {
        kept.extend_from_slice(piece);
        let mut at = 0;
        while let Some(item) = decoder.next(&mut kept, &mut at)? {
            got.push(item.into());
        }
        kept.drain(..at);
    }
    Ok(got)
}

#[track_caller]
fn refused(bytes: &[u8], expected: Violation) {
    assert_eq!(decode([bytes]), Err(expected), "{bytes:02x?}");
    let bytewise = decode(bytes.chunks(1));
    assert_eq!(bytewise, Err(expected), "byte by byte: {bytes:02x?}");
}

fn text(payload: &str) -> Got {
    Got::Text(payload.to_owned())
}

#[test]
fn the_standards_own_example_is_read() {
    // RFC 6455 §5.7: a single-frame masked text message.
    let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    assert_eq!(decode([&bytes[..]]), Ok(vec![text("Hello")]));
}

#[test]
fn every_violation_is_refused_as_the_standard_says() {
    for bits in [0x40, 0x20, 0x10] {
        refused(&[0x81 | bits, 0x80, 0, 0, 0, 0], Violation::ReservedBits);
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        refused(&client_frame(opcode, true, b""), Violation::UnknownOpcode);
    }
    refused(&[0x81, 0x05, b'H', b'e', b'l', b'l', b'o'], Violation::Unmasked);
    refused(&[0x81, 0x80 | 126, 0, 125], Violation::LongLength);
    refused(&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff], Violation::LongLength);
    refused(&[0x81, 0x80 | 127, 0x80, 0, 0, 0, 0, 0, 0, 0], Violation::LongLength);
    refused(&client_frame(0x9, true, &[0; 126]), Violation::LongControl);
    refused(&client_frame(0x9, false, b""), Violation::FragmentedControl);
    refused(&client_frame(0x0, true, b"x"), Violation::NothingToContinue);
    let inside = [client_frame(0x1, false, b"a"), client_frame(0x1, true, b"b")].concat();
    refused(&inside, Violation::UnfinishedMessage);
}

#[test]
fn a_close_is_checked() {
    let close = |payload: &[u8]| client_frame(0x8, true, payload);
    assert_eq!(decode([&close(b"")[..]]), Ok(vec![Got::Close(None)]));
    for code in [1000_u16, 1001, 1003, 1007, 1014, 3000, 4001, 4999] {
        let payload = [&code.to_be_bytes()[..], "再见".as_bytes()].concat();
        assert_eq!(decode([&close(&payload)[..]]), Ok(vec![Got::Close(Some(code))]));
    }
    refused(&close(&[3]), Violation::BadClose);
    for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        refused(&close(&code.to_be_bytes()), Violation::BadClose);
    }
    refused(&close(&[0x03, 0xe8, 0xff]), Violation::InvalidUtf8);
}

#[test]
fn text_must_be_utf8_over_all_its_fragments() {
    refused(&client_frame(0x1, true, &[0xc3, 0x28]), Violation::InvalidUtf8);
    let (first, second) = "茶".as_bytes().split_at(1);
    let whole = [client_frame(0x1, false, first), client_frame(0x0, true, second)].concat();
    assert_eq!(decode([&whole[..]]), Ok(vec![Got::Part, text("茶")]));
    let broken = [client_frame(0x1, false, first), client_frame(0x0, true, b"x")].concat();
    refused(&broken, Violation::InvalidUtf8);
}

#[test]
fn the_limit_holds_over_all_fragments_and_before_the_payload_comes() {
    let full = vec![b'x'; LIMIT];
    assert!(decode([&client_frame(0x1, true, &full)[..]]).is_ok());
    let header = &client_frame(0x1, true, &[b'x'; LIMIT + 1])[..8];
    refused(header, Violation::TooLarge);
    let two = [client_frame(0x2, false, &full), client_frame(0x0, true, b"x")].concat();
    refused(&two, Violation::TooLarge);
    refused(
        &[0x81, 0x80 | 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
        Violation::TooLarge,
    );
}

#[test]
fn our_frames_have_the_shortest_length() {
    let mut buffer = FrameBuffer::default();
    for (length, header) in [
        (2, &[0x81, 2][..]),
        (125, &[0x81, 125]),
        (126, &[0x81, 126, 0, 126]),
        (65535, &[0x81, 126, 0xff, 0xff]),
    ] {
        let frame = buffer.json(&"x".repeat(length - 2)).unwrap();
        assert_eq!(&frame[..header.len()], header);
        assert_eq!(frame.len(), header.len() + length);
    }
    let long = buffer.json(&"x".repeat(65534)).unwrap();
    assert_eq!(&long[..10], &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
}

#[test]
fn a_long_reason_is_cut_between_characters() {
    let frame = close(Some(1008), &"茶".repeat(100));
    assert_eq!(frame[1], 125);
    assert!(std::str::from_utf8(&frame[4..]).is_ok());
}

/// A message, how it is cut into fragments, and pings between them.
#[derive(Clone, Debug)]
enum Said {
    Text(String, Vec<usize>),
    Binary(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    prop_oneof![
        ("\\PC{0,200}", vec(0_usize..600, 0..4)).prop_map(|(text, cuts)| Said::Text(text, cuts)),
        vec(any::<u8>(), 0..300).prop_map(Said::Binary),
        vec(any::<u8>(), 0..126).prop_map(Said::Ping),
        vec(any::<u8>(), 0..126).prop_map(Said::Pong),
    ]
}

impl Said {
    fn write(&self, bytes: &mut Vec<u8>, expected: &mut Vec<Got>) {
        match self {
            Self::Binary(payload) => {
                bytes.extend(client_frame(Opcode::Binary.bits(), true, payload));
                expected.push(Got::Binary);
            }
            Self::Ping(payload) => {
                bytes.extend(client_frame(Opcode::Ping.bits(), true, payload));
                expected.push(Got::Ping(payload.clone()));
            }
            Self::Pong(payload) => {
                bytes.extend(client_frame(Opcode::Pong.bits(), true, payload));
                expected.push(Got::Pong);
            }
            Self::Text(payload, cuts) => write_fragments(payload, cuts, bytes, expected),
        }
    }
}

fn write_fragments(payload: &str, cuts: &[usize], bytes: &mut Vec<u8>, expected: &mut Vec<Got>) {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| (*cut).min(payload.len())).collect();
    cuts.sort_unstable();
    cuts.push(payload.len());
    let mut from = 0;
    for (i, to) in cuts.iter().enumerate() {
        let opcode = if i == 0 { Opcode::Text } else { Opcode::Continuation };
        let last = i + 1 == cuts.len();
        bytes.extend(client_frame(opcode.bits(), last, &payload.as_bytes()[from..*to]));
        expected.push(if last { text(payload) } else { Got::Part });
        if !last {
            bytes.extend(client_frame(Opcode::Ping.bits(), true, b"between"));
            expected.push(Got::Ping(b"between".to_vec()));
        }
        from = *to;
    }
}

proptest! {
    #[test]
    fn any_split_of_the_stream_gives_the_same_messages(
        messages in vec(said(), 0..8),
        sizes in vec(1_usize..400, 1..40),
    ) {
        let mut bytes = Vec::new();
        let mut expected = Vec::new();
        for message in &messages {
            message.write(&mut bytes, &mut expected);
        }
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(decode(pieces).unwrap(), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = decode([&bytes[..]]);
    }

    #[test]
    fn what_tungstenite_writes_is_read(texts in vec("\\PC{0,300}", 0..5), key: [u8; 4]) {
        use tokio_tungstenite::tungstenite::protocol::frame::{Frame, coding::{Data, OpCode}};
        let mut bytes = Vec::new();
        for payload in &texts {
            let mut frame = Frame::message(payload.clone(), OpCode::Data(Data::Text), true);
            frame.header_mut().mask = Some(key);
            frame.format(&mut bytes).unwrap();
        }
        let expected: Vec<Got> = texts.iter().map(|payload| text(payload)).collect();
        prop_assert_eq!(decode(bytes.chunks(7)).unwrap(), expected);
    }
}
