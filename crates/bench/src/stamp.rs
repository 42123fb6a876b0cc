//! The text of a measured message: who sent it, which one it is, when it was due, and something to fill it up.

/// Bytes of a measured message's text in [`Prose::English`].
pub(crate) const TEXT_BYTES: usize = 128;

/// What a stamp begins with; nothing else in a frame contains it, and JSON escapes none of it.
const MARK: &[u8; 4] = b"~tb~";
/// `~tb~SSSSS NNNNNNNNN TTTTTTTTTTT `: digits of fixed width, so that reading one needs no search.
const SENDER_AT: usize = 4;
const NUMBER_AT: usize = 10;
const MICROS_AT: usize = 20;
const STAMP_BYTES: usize = 32;
/// What the rest of the text says.
const ENGLISH: &str =
    "the kettle sings, the cups are warm; whoever comes in finds a seat and something to talk about. ";
const _: () = assert!(ENGLISH.len() == TEXT_BYTES - STAMP_BYTES);
/// Another rest: a hundred characters.
const CHINESE: &str = "水开了，茶杯还温着。不论谁推门进来，都有座位，也有人陪着说话。窗外下着小雨，院子里的桂花落了一地，\
老人们下完一盘棋，又添了一壶新茶，说起去年春天在山上采茶的事，孩子们听着听着靠在门边睡着了，真安静啊。";

/// What a message says behind its stamp.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Prose {
    /// 128 bytes with the stamp.
    #[default]
    English,
    /// A hundred Chinese characters behind the stamp.
    Chinese,
}

impl Prose {
    /// The text itself.
    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::English => ENGLISH,
            Self::Chinese => CHINESE,
        }
    }
}

/// Who, which, when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Index of the sender among all senders of the run.
    pub(crate) sender: u32,
    /// Counts from 0 for each sender.
    pub(crate) number: u32,
    /// When the message was sent, or in an open loop was due, in microseconds of the run's clock.
    pub(crate) micros: u64,
}

impl Stamp {
    /// Appends the stamp and the prose.
    pub(crate) fn write(self, prose: Prose, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[b' '; STAMP_BYTES]);
        out.extend_from_slice(prose.text().as_bytes());
        let text = &mut out[start..];
        text[..SENDER_AT].copy_from_slice(MARK);
        put_digits(&mut text[SENDER_AT..NUMBER_AT - 1], u64::from(self.sender));
        put_digits(&mut text[NUMBER_AT..MICROS_AT - 1], u64::from(self.number));
        put_digits(&mut text[MICROS_AT..STAMP_BYTES - 1], self.micros);
    }

    /// The stamp in `payload`, looked for first at `*hint` (where it stood in the frame before) and then everywhere.
    #[inline]
    pub(crate) fn read(payload: &[u8], hint: &mut usize) -> Option<Self> {
        let at = if payload.get(*hint..).is_some_and(|rest| rest.starts_with(MARK)) {
            *hint
        } else {
            *hint = payload.windows(MARK.len()).position(|window| window == MARK)?;
            *hint
        };
        let text = payload.get(at..at + STAMP_BYTES)?;
        Some(Self {
            sender: u32::try_from(digits(&text[SENDER_AT..NUMBER_AT - 1])?).ok()?,
            number: u32::try_from(digits(&text[NUMBER_AT..MICROS_AT - 1])?).ok()?,
            micros: digits(&text[MICROS_AT..STAMP_BYTES - 1])?,
        })
    }
}

fn put_digits(into: &mut [u8], mut value: u64) {
    for byte in into.iter_mut().rev() {
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[inline]
fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |value: u64, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_found_again_wherever_it_stands() {
        let stamp = Stamp { sender: 99_999, number: 123_456_789, micros: 12_345_678_901 };
        let mut hint = 0;
        for before in [0, 40, 41, 3] {
            let mut payload = vec![b'"'; before];
            stamp.write(Prose::English, &mut payload);
            assert_eq!(payload.len(), before + TEXT_BYTES);
            assert_eq!(Stamp::read(&payload, &mut hint), Some(stamp));
            assert_eq!(hint, before);
        }
    }

    #[test]
    fn the_chinese_prose_has_a_hundred_characters_that_json_leaves_alone() {
        let text = Prose::Chinese.text();
        assert_eq!(text.chars().count(), 100);
        assert_eq!(serde_json::Value::from(text).to_string(), format!("\"{text}\""));
    }

    #[test]
    fn a_text_without_a_stamp_has_none() {
        let mut hint = 7;
        assert_eq!(Stamp::read(b"two cups, please", &mut hint), None);
        assert_eq!(Stamp::read(b"~tb~00001 cut", &mut hint), None);
        assert_eq!(Stamp::read(b"~tb~0000x 000000001 00000000001 ", &mut hint), None);
    }
}
