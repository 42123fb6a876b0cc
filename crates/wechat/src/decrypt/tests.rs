//! WeChat's published data, and each way of spoiling it.

use super::*;
use cbc::cipher::BlockModeEncrypt;
use proptest::{prelude::*, test_runner::RngSeed};

const APP: &str = "wx4f4bc4dec97d474b";
const OPENID: &str = "oGZUI0egBJY1zhBYw2KhdUfwVJJE";
const KEY: &str = "tiihtNczf5v6AKRyjwEUhQ==";
const IV: &str = "r7BXXKkLb8qrSNn05n0qiA==";
const DATA: &str = "CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==";
const PLAIN: &str = r#"{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA","watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}}"#;
const MADE: u64 = 1_477_314_187;

/// One attempt at opening data: the published one, until a test changes something.
struct Attempt {
    data: String,
    iv: String,
    key: SessionKey,
    app: AppId,
    openid: OpenId,
    now: u64,
}

impl Attempt {
    fn published() -> Self {
        Self {
            data: DATA.to_owned(),
            iv: IV.to_owned(),
            key: SessionKey::parse(KEY).unwrap(),
            app: AppId::parse(APP).unwrap(),
            openid: OpenId::parse(OPENID).unwrap(),
            now: MADE + 600,
        }
    }

    fn decrypt<T: DeserializeOwned>(&self) -> Result<T, DecryptError> {
        let expected = Expected {
            app_id: &self.app,
            openid: &self.openid,
            now: UNIX_EPOCH + Duration::from_secs(self.now),
            max_age: Duration::from_secs(600),
        };
        decrypt(&self.data, &self.iv, &self.key, &expected)
    }

    #[track_caller]
    fn fails_with(&self, error: DecryptError) {
        assert_eq!(self.decrypt::<UserInfo>().map(|_| ()), Err(error));
    }

    /// Encrypts `plain` in the place of the published data.
    fn of(plain: &[u8]) -> Self {
        let attempt = Self::published();
        let iv: [u8; 16] = STANDARD.decode(IV).unwrap().try_into().unwrap();
        let sealed = cbc::Encryptor::<Aes128>::new(&(*attempt.key.bytes()).into(), &iv.into())
            .encrypt_padded_vec::<Pkcs7>(plain);
        Self { data: STANDARD.encode(sealed), ..attempt }
    }

    fn with_ciphertext(change: impl FnOnce(&mut Vec<u8>)) -> Self {
        let mut bytes = STANDARD.decode(DATA).unwrap();
        change(&mut bytes);
        Self { data: STANDARD.encode(bytes), ..Self::published() }
    }
}

#[test]
fn the_published_data_opens_to_the_published_text() {
    let attempt = Attempt::published();
    assert_eq!(open(&attempt.data, &attempt.iv, &attempt.key).unwrap().as_slice(), PLAIN.as_bytes());
    let user: UserInfo = attempt.decrypt().unwrap();
    assert_eq!(user.open_id.unwrap().as_str(), OPENID);
    assert_eq!(user.union_id.unwrap().as_str(), "ocMvos6NjeKLIBqg5Mr9QjxrP1FA");
    assert_eq!(user.nick_name, "Band");
    assert!(user.avatar_url.starts_with("http://wx.qlogo.cn/"));
}

#[test]
fn the_phone_number_vector_opens() {
    let attempt = Attempt {
        data: "Kf3TdPbzEmhWMuPKtlKxIWDkijhn402w1bxoHL4kLdcKr6jT1jNcIhvDJfjXmJcgDWLjmBiIGJ5acUuSvxLws3WgAkERmtTuiCG10CKLsJiR+AXVk7B2TUQzsq88YVilDz/YAN3647REE7glGmeBPfvUmdbfDzhL9BzvEiuRhABuCYyTMz4iaM8hFjbLB1caaeoOlykYAFMWC5pZi9P8uw==".to_owned(),
        iv: "Cds8j3VYoGvnTp1BrjXdJg==".to_owned(),
        key: SessionKey::parse("lyY4HPQbaOYzZdG+JcYK9w==").unwrap(),
        app: AppId::parse("wxdaa2ab9ef87b5497").unwrap(),
        now: 1_558_787_160,
        ..Attempt::published()
    };
    let phone: PhoneInfo = attempt.decrypt().unwrap();
    assert_eq!(phone.country_code, "86");
    assert!(phone.phone_number.ends_with(&phone.pure_phone_number));
    assert_eq!(format!("{phone:?}"), "PhoneInfo(***)");
}

#[test]
fn a_chinese_name_opens() {
    let attempt = Attempt {
        data: "NyMkA+lcIORj7/Ak87X0WfW6ObYQMwtL23KfeCGcv5YV8DHhbDUsQ3xS50Q4jqc3+U8rC6SR8Zu5PCaPaSG9LASr/U5p9IZhEDu2wyV5uwf4Ut5Vg8S/K69O6EMIrKnLdk4XquNUA3Euq+pVkKNuJWYj6IBbMHSOYEkScFfTSJY=".to_owned(),
        iv: "Dw4NDAsKCQgHBgUEAwIBAA==".to_owned(),
        key: SessionKey::parse("ABEiM0RVZneImaq7zN3u/w==").unwrap(),
        app: AppId::parse("wx0000000000000001").unwrap(),
        openid: OpenId::parse("oSim0000000000000000000000A").unwrap(),
        now: 1_700_000_000,
    };
    assert_eq!(attempt.decrypt::<UserInfo>().unwrap().nick_name, "小明");
}

#[test]
fn an_iv_with_one_wrong_character_is_caught() {
    // The padding holds and the watermark is right; only the damaged openid shows it.
    let attempt = Attempt { iv: "r7BXXKkLb8qrSNn05n2qiA==".to_owned(), ..Attempt::published() };
    attempt.fails_with(DecryptError::Utf8);
}

#[test]
fn a_damaged_openid_that_is_still_text_is_caught() {
    let mut iv = STANDARD.decode(IV).unwrap();
    iv[12] ^= 1;
    let attempt = Attempt { iv: STANDARD.encode(iv), ..Attempt::published() };
    attempt.fails_with(DecryptError::OpenIdMismatch);
}

#[test]
fn an_iv_of_another_length_is_refused() {
    for length in [0, 12, 15, 17, 32] {
        let attempt = Attempt { iv: STANDARD.encode(vec![7; length]), ..Attempt::published() };
        attempt.fails_with(DecryptError::IvLength(length));
    }
}

#[test]
fn what_is_not_strict_base64_is_refused() {
    for bad in
        ["r7BXXKkLb8qrSNn05n0qiA", "r7BXXKkLb8qrSNn05n0qiB==", "r7BX XKkLb8qrSNn05n0qiA==", "r7BX\n", "茶"]
    {
        Attempt { iv: bad.to_owned(), ..Attempt::published() }.fails_with(DecryptError::Base64(Field::Iv));
        Attempt { data: bad.to_owned(), ..Attempt::published() }
            .fails_with(DecryptError::Base64(Field::EncryptedData));
    }
}

#[test]
fn a_truncated_ciphertext_is_refused() {
    for (kept, error) in [
        (399, DecryptError::CiphertextLength(399)),
        (0, DecryptError::CiphertextLength(0)),
        (384, DecryptError::Padding),
        (16, DecryptError::Padding),
    ] {
        Attempt::with_ciphertext(|bytes| bytes.truncate(kept)).fails_with(error);
    }
}

#[test]
fn a_tampered_ciphertext_is_refused_wherever_it_was_touched() {
    for place in 0..400 {
        let attempt = Attempt::with_ciphertext(|bytes| bytes[place] ^= 0x80);
        assert!(attempt.decrypt::<UserInfo>().is_err(), "byte {place}");
    }
    Attempt::with_ciphertext(|bytes| *bytes.last_mut().unwrap() ^= 1).fails_with(DecryptError::Padding);
}

#[test]
fn another_key_is_refused_as_a_stale_one() {
    let attempt =
        Attempt { key: SessionKey::parse("HyVFkGl5F5OQWJZZaNzBBg==").unwrap(), ..Attempt::published() };
    let error = attempt.decrypt::<UserInfo>().unwrap_err();
    assert!(error.suggests_stale_key(), "{error}");
}

#[test]
fn a_foreign_watermark_is_refused() {
    let attempt = Attempt { app: AppId::parse("wx0000000000000001").unwrap(), ..Attempt::published() };
    attempt.fails_with(DecryptError::ForeignWatermark);
}

#[test]
fn a_watermark_one_second_too_old_is_refused() {
    Attempt { now: MADE + 601, ..Attempt::published() }.fails_with(DecryptError::TooOld);
    assert!(Attempt { now: MADE - 60, ..Attempt::published() }.decrypt::<UserInfo>().is_ok());
}

#[test]
fn another_persons_data_is_refused() {
    let attempt = Attempt { openid: OpenId::parse("oAnother").unwrap(), ..Attempt::published() };
    attempt.fails_with(DecryptError::OpenIdMismatch);
}

#[test]
fn content_that_is_no_json_of_that_shape_is_refused() {
    Attempt::of(b"not json").fails_with(DecryptError::Json);
    Attempt::of(b"{}").fails_with(DecryptError::Json);
    Attempt::of(br#"{"watermark":{"appid":"wx4f4bc4dec97d474b","timestamp":-1}}"#)
        .fails_with(DecryptError::Json);
    Attempt::of(b"{\"nickName\":\"\xff\xfe\"}").fails_with(DecryptError::Utf8);
    Attempt::of(br#"{"watermark":{"appid":"wx4f4bc4dec97d474b","timestamp":18446744073709551615}}"#)
        .fails_with(DecryptError::Json);
}

#[test]
fn data_without_an_openid_is_accepted() {
    let attempt =
        Attempt::of(br#"{"nickName":"x","watermark":{"appid":"wx4f4bc4dec97d474b","timestamp":1477314187}}"#);
    assert!(attempt.decrypt::<UserInfo>().unwrap().open_id.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_text_from_outside_opens_or_panics(data in ".{0,80}", iv in ".{0,40}", plain in any::<Vec<u8>>()) {
        let attempt = Attempt { data, iv, ..Attempt::published() };
        prop_assert!(attempt.decrypt::<UserInfo>().is_err());
        prop_assert!(Attempt::of(&plain).decrypt::<UserInfo>().is_err());
    }
}
