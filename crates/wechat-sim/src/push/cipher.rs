//! The signatures and the cipher of message pushes (WeChat, *Message push: encryption*).

use aes::Aes256;
use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use serde::Deserialize;
use sha1::{Digest, Sha1};

/// The padding's block, twice the cipher's.
const PADDED_BLOCK: usize = 32;
/// Random bytes before everything else.
const RANDOM_BYTES: usize = 16;
/// The message's length, in big-endian.
const LENGTH_BYTES: usize = 4;

/// Keys come without their `=`, and the last of their 43 characters may carry bits that mean nothing.
const KEY_ENGINE: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// An app's EncodingAESKey. The cipher's iv is its first half.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct PushKey([u8; 32]);

impl TryFrom<String> for PushKey {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = KEY_ENGINE.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or("an EncodingAESKey is 43 characters of base64")
    }
}

impl std::fmt::Debug for PushKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("PushKey(***)")
    }
}

/// `lower_hex(sha1(the parts, sorted by their bytes, in one))`.
pub(crate) fn sign(parts: &[&str]) -> String {
    let mut parts = parts.to_vec();
    parts.sort_unstable();
    Sha1::digest(parts.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl PushKey {
    /// Encrypts `message` for `app`, in base64.
    pub(crate) fn seal(&self, message: &str, app: &str, random: [u8; RANDOM_BYTES]) -> String {
        let mut plain = frame(message, app, random);
        let missing = PADDED_BLOCK - plain.len() % PADDED_BLOCK;
        // 1 to 32, so it fits.
        plain.extend(std::iter::repeat_n(missing as u8, missing));
        self.encrypt(&plain)
    }

    /// The same with zeros in the place of the padding.
    pub(crate) fn seal_unpadded(&self, message: &str, app: &str, random: [u8; RANDOM_BYTES]) -> String {
        let mut plain = frame(message, app, random);
        plain.resize((plain.len() / PADDED_BLOCK + 1) * PADDED_BLOCK, 0);
        self.encrypt(&plain)
    }

    /// The message in an encrypted answer; nothing where anything about it is wrong.
    pub(crate) fn open(&self, encrypted: &str, app: &str) -> Option<String> {
        let ciphertext = STANDARD.decode(encrypted).ok()?;
        let plain = cbc::Decryptor::<Aes256>::new(&self.0.into(), &self.iv().into())
            .decrypt_padded_vec::<NoPadding>(&ciphertext)
            .ok()?;
        let missing = usize::from(*plain.last()?);
        let (content, padding) = plain.split_at(plain.len().checked_sub(missing)?);
        let is_padding =
            (1..=PADDED_BLOCK).contains(&missing) && padding.iter().all(|byte| usize::from(*byte) == missing);
        let (length, rest) = content.get(RANDOM_BYTES..)?.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (message, tail) = rest.split_at_checked(length)?;
        let message = str::from_utf8(message).ok()?;
        (is_padding && tail == app.as_bytes()).then(|| message.to_owned())
    }

    fn encrypt(&self, padded: &[u8]) -> String {
        let cipher = cbc::Encryptor::<Aes256>::new(&self.0.into(), &self.iv().into());
        STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(padded))
    }

    fn iv(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.0[..16]);
        iv
    }
}

/// Random bytes, the length, the message, and whom it is for.
fn frame(message: &str, app: &str, random: [u8; RANDOM_BYTES]) -> Vec<u8> {
    let mut plain = random.to_vec();
    // A message is far from 4 GiB; the largest length would show itself in a test of the receiver.
    plain.extend(u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    plain.extend(message.as_bytes());
    plain.extend(app.as_bytes());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WeChat's published example of an encrypted push.
    const E1: &str = "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzDpVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2IuQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F9mFUPAJGj04=";
    const PUBLISHED_APP: &str = "wxba5fad812f8e6fb9";

    fn key(text: &str) -> PushKey {
        PushKey::try_from(text.to_owned()).unwrap()
    }

    fn published() -> PushKey {
        key(&"A".repeat(43))
    }

    #[test]
    fn the_published_signatures_are_made() {
        for (timestamp, nonce, expected) in [
            ("1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
            ("1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
            ("1714112445", "415670741", "6c5c811b55cc85e0e1b54100749188c20beb3f5d"),
        ] {
            assert_eq!(sign(&["AAAAA", timestamp, nonce]), expected);
        }
        assert_eq!(
            sign(&["AAAAA", "1714112445", "415670741", E1]),
            "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
        );
    }

    #[test]
    fn the_published_push_opens_and_seals_to_itself() {
        let message = published().open(E1, PUBLISHED_APP).unwrap();
        assert_eq!(
            message,
            r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":1714112445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#
        );
        assert_eq!(published().seal(&message, PUBLISHED_APP, *b"a8eedb185eb2fecf"), E1);
        assert_eq!(published().open(E1, "wx0000000000000001"), None);
    }

    #[test]
    fn the_published_answer_is_made() {
        let encrypted = published().seal(r#"{"demo_resp":"good luck"}"#, PUBLISHED_APP, *b"707722b803182950");
        assert_eq!(
            encrypted,
            "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
        );
        assert_eq!(
            sign(&["AAAAA", "1713424427", "415670741", &encrypted]),
            "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
        );
    }

    #[test]
    fn a_key_with_spare_bits_is_a_key() {
        let text = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
        assert_eq!(
            sign(&["QDG6eK", "1409659589", "263014780", text]),
            "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3"
        );
        let key = key("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C");
        assert_eq!(key.open(text, "wx5823bf96d3bd56c7").unwrap(), "1616140317555161061");
        assert_eq!(key.seal("1616140317555161061", "wx5823bf96d3bd56c7", *b"c41b64491c2468d0"), text);
    }

    #[test]
    fn every_length_of_padding_is_made() {
        assert_eq!(
            sign(&["simtoken", "1700000000", "987654321"]),
            "3d0983082da934d362e12eebbe8a02586635cbfe"
        );
        for (message, app, encrypted, signature) in [
            (
                r#"{"a":"你好"}"#,
                "wx0000000000000001",
                "4j/AuRx71kQlxVlzbpsMWJmhV1s2m8jKZESQPLahdgkAWaODSKCpXcUHOQqqCl1AMh4ljvP34gfSKuvnV4WCig==",
                "052d60f07eef410a2b08e1d35c797de5e07641b5",
            ),
            (
                r#"{"MsgType":"event","Event":"debug_demo","debug_str":"xyz"}"#,
                "wx0000000000000001",
                "4j/AuRx71kQlxVlzbpsMWBTfMsGyPZRuFBGnOYaMyFRYUvkeAeCi0gO38mOmy2FFjICV5ZeXWYxHAaFSZ+SRJh3cO3h//DDeBufTmXw1R4osN+xutCB8YElrFedx/6nyj90W0US8EwfjCjrwtYfS6WwWZ/WblvpKM0Zz3js7/DA=",
                "ed9790765914b0db26a05a4a8fab983fdc3f992b",
            ),
            (
                r#"{"a":"b"}"#,
                "wx9999999999999999",
                "4j/AuRx71kQlxVlzbpsMWCLojYSwCDN4AypEbqk5XpwDkYQQPs8VL0I4bB7CvjYLGuf9NQGvEKmPruPfNuWJXA==",
                "eb49337026607b3b356b1d50c90cbd4714a7c9c1",
            ),
        ] {
            let key = key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
            assert_eq!(key.seal(message, app, *b"0123456789abcdef"), encrypted);
            assert_eq!(key.open(encrypted, app).unwrap(), message);
            assert_eq!(sign(&["simtoken", "1700000000", "987654321", encrypted]), signature);
        }
    }

    #[test]
    fn what_is_broken_does_not_open() {
        let key = published();
        let unpadded = key.seal_unpadded("x", PUBLISHED_APP, [0; 16]);
        for broken in ["", "x", "AAAA", &E1[4..], &unpadded] {
            assert_eq!(key.open(broken, PUBLISHED_APP), None, "{broken}");
        }
        assert!(PushKey::try_from("A".repeat(42)).is_err());
        assert!(PushKey::try_from("A".repeat(44)).is_err());
    }
}
