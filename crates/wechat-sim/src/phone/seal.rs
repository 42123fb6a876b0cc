//! Signing and encrypting user data as WeChat does, and the ways to do it wrong.

use aes::Aes128;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{
    BlockModeEncrypt, KeyIvInit,
    block_padding::{NoPadding, Pkcs7},
};
use sha1::{Digest, Sha1};

use super::Spoil;

const BLOCK_BYTES: usize = 16;

/// The two texts that carry the encrypted profile.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) encrypted_data: String,
    pub(super) iv: String,
}

/// `lower_hex(sha1(raw_data + key))`, the key as its base64 text.
pub(super) fn signature(raw_data: &str, key: &str) -> String {
    let digest = Sha1::new().chain_update(raw_data).chain_update(key).finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// AES-128-CBC with PKCS#7, everything in base64; and then whatever `spoil` wants.
pub(super) fn seal(plain: &str, key: &str, iv: [u8; BLOCK_BYTES], spoil: Option<Spoil>) -> Seal {
    let mut ciphertext = encrypt(plain.as_bytes(), key_bytes(key), iv, spoil == Some(Spoil::BrokenPadding));
    match spoil {
        Some(Spoil::Truncated) => ciphertext.truncate(ciphertext.len() - BLOCK_BYTES),
        // Breaks the first block, which holds the openid's beginning, and the first bit of the second.
        Some(Spoil::Tampered) => ciphertext[0] ^= 0x80,
        _ => {}
    }
    let iv = if spoil == Some(Spoil::ShortIv) { &iv[1..] } else { &iv[..] };
    Seal { encrypted_data: STANDARD.encode(ciphertext), iv: STANDARD.encode(iv) }
}

fn encrypt(plain: &[u8], key: [u8; BLOCK_BYTES], iv: [u8; BLOCK_BYTES], break_padding: bool) -> Vec<u8> {
    let cipher = cbc::Encryptor::<Aes128>::new(&key.into(), &iv.into());
    if break_padding {
        // Zeros where the padding should be; a zero is never PKCS#7.
        let mut padded = plain.to_vec();
        padded.resize((plain.len() / BLOCK_BYTES + 1) * BLOCK_BYTES, 0);
        cipher.encrypt_padded_vec::<NoPadding>(&padded)
    } else {
        cipher.encrypt_padded_vec::<Pkcs7>(plain)
    }
}

/// The key's bytes. The simulator makes its keys itself, so they always are 16.
fn key_bytes(key: &str) -> [u8; BLOCK_BYTES] {
    STANDARD.decode(key).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ABEiM0RVZneImaq7zN3u/w==";
    const IV: [u8; 16] = [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
    const PLAIN: &str = r#"{"openId":"oSim0000000000000000000000A","nickName":"小明","watermark":{"timestamp":1700000000,"appid":"wx0000000000000001"}}"#;

    #[test]
    fn the_reference_login_is_sealed_to_the_reference_text() {
        let sealed = seal(PLAIN, KEY, IV, None);
        assert_eq!(sealed.iv, "Dw4NDAsKCQgHBgUEAwIBAA==");
        assert_eq!(
            sealed.encrypted_data,
            "NyMkA+lcIORj7/Ak87X0WfW6ObYQMwtL23KfeCGcv5YV8DHhbDUsQ3xS50Q4jqc3+U8rC6SR8Zu5PCaPaSG9LASr/U5p9IZhEDu2wyV5uwf4Ut5Vg8S/K69O6EMIrKnLdk4XquNUA3Euq+pVkKNuJWYj6IBbMHSOYEkScFfTSJY="
        );
        assert_eq!(signature(r#"{"nickName":"小明"}"#, KEY), "dddae15f993fb14624edee6eb4945c057a0eca1a");
    }

    #[test]
    fn the_published_signature_is_made() {
        let raw_data = r#"{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}"#;
        assert_eq!(
            signature(raw_data, "HyVFkGl5F5OQWJZZaNzBBg=="),
            "75e81ceda165f4ffa64f4068af58c64b8f54b88c"
        );
    }
}
