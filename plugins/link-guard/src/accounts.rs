//! Finds accounts of WeChat and QQ behind the words that announce them.

use std::ops::Range;

use guard_text::{Class, Glyph};

use crate::phones::digit;

/// Signs and connecting words between what announces an account and the account, at most.
const BETWEEN: usize = 8;

/// Which service an account is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    WeChat,
    Qq,
}

/// What announces an account. After a plain word, such as the name of the service, there must be a connecting word or
/// sign; a sly one is used for nothing else.
const ANNOUNCED: [(&str, Service, Tone); 32] = [
    ("微信", Service::WeChat, Tone::Plain),
    ("威信", Service::WeChat, Tone::Plain),
    ("薇信", Service::WeChat, Tone::Sly),
    ("徽信", Service::WeChat, Tone::Sly),
    ("溦信", Service::WeChat, Tone::Sly),
    ("维信", Service::WeChat, Tone::Plain),
    ("围信", Service::WeChat, Tone::Sly),
    ("v信", Service::WeChat, Tone::Sly),
    ("w信", Service::WeChat, Tone::Sly),
    ("卫星号", Service::WeChat, Tone::Sly),
    ("vx", Service::WeChat, Tone::Sly),
    ("wx", Service::WeChat, Tone::Sly),
    ("weixin", Service::WeChat, Tone::Plain),
    ("wechat", Service::WeChat, Tone::Plain),
    ("加v", Service::WeChat, Tone::Sly),
    ("加微", Service::WeChat, Tone::Sly),
    ("加薇", Service::WeChat, Tone::Sly),
    ("+v", Service::WeChat, Tone::Sly),
    ("+微", Service::WeChat, Tone::Sly),
    ("v:", Service::WeChat, Tone::Sly),
    ("薇:", Service::WeChat, Tone::Sly),
    ("微:", Service::WeChat, Tone::Sly),
    ("微信号", Service::WeChat, Tone::Sly),
    ("qq", Service::Qq, Tone::Sly),
    ("扣扣", Service::Qq, Tone::Sly),
    ("抠抠", Service::Qq, Tone::Sly),
    ("叩叩", Service::Qq, Tone::Sly),
    ("企鹅", Service::Qq, Tone::Sly),
    ("q群", Service::Qq, Tone::Sly),
    ("扣群", Service::Qq, Tone::Sly),
    ("加q", Service::Qq, Tone::Sly),
    ("+q", Service::Qq, Tone::Sly),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Sly,
}

/// Connecting words. Behind one, what looks like an account is one.
const CONNECTING: [&str; 16] = [
    "号码", "号", "群", "id", "是", "为", "加我", "加", "搜索", "搜", "联系", "is", "add", "我", "me", "名片",
];

/// The glyphs of all accounts, in order.
pub(crate) fn find(glyphs: &[Glyph]) -> Vec<(Service, Range<usize>)> {
    let mut found: Vec<(Service, Range<usize>)> = Vec::new();
    let mut at = 0;
    while at < glyphs.len() {
        match announced(glyphs, at) {
            Some((service, account)) => {
                at = account.end;
                found.push((service, account));
            }
            None => at += 1,
        }
    }
    found
}

/// The account that is announced at `at`.
fn announced(glyphs: &[Glyph], at: usize) -> Option<(Service, Range<usize>)> {
    if !begins(glyphs[at].letter) {
        return None;
    }
    // What announces may be cut too: "微 信".
    let tones = ANNOUNCED.iter().filter_map(|(word, service, tone)| {
        let end = read(glyphs, at, word)?;
        let starts = word.as_bytes()[0];
        let latin = starts.is_ascii_lowercase();
        let inside = latin && at > 0 && glyphs[at - 1].class == Class::Latin;
        (!inside).then_some((*service, *tone, end))
    });
    let mut best = None;
    for (service, tone, end) in tones {
        let (account, connected) = behind(glyphs, end)?;
        if !is_code(glyphs, at, end, &account)
            && fits(glyphs, &account, service, tone == Tone::Sly, connected)
        {
            best = Some((service, account));
            break;
        }
    }
    best
}

/// Whether what looks announced is a name in a program: `wx.connectSocket`, `wxml2canvas`, an app's id such as
/// `wxd678efh567hg6787`. Accounts behind a dot, or behind Latin letters at once, have digits.
fn is_code(glyphs: &[Glyph], at: usize, end: usize, account: &Range<usize>) -> bool {
    let (announcing, run) = (&glyphs[end - 1], &glyphs[account.clone()]);
    if glyphs[at].class != Class::Latin || announcing.class != Class::Latin {
        return false;
    }
    let digits = run.iter().filter(|glyph| glyph.class == Class::Digit).count();
    let is_odd = digits > 0 || run.iter().any(|glyph| glyph.letter == '_');
    if account.start == end {
        // The letters go on at once. Tencent's ids of apps are `wx` and 16 letters or digits.
        return run[0].class == Class::Latin && (digits < 3 || run.len() == 16);
    }
    glyphs[end].letter == '.' && account.start == end + 1 && !is_odd
}

/// Whether anything in [`ANNOUNCED`] begins with `letter`: nearly no letter of a text does.
const fn begins(letter: char) -> bool {
    matches!(
        letter,
        '微' | '威'
            | '薇'
            | '徽'
            | '溦'
            | '维'
            | '围'
            | 'v'
            | 'w'
            | '卫'
            | '加'
            | '+'
            | 'q'
            | '扣'
            | '抠'
            | '叩'
            | '企'
    )
}

/// The end of `word` from `at` on, with at most one sign between its letters.
fn read(glyphs: &[Glyph], at: usize, word: &str) -> Option<usize> {
    let mut place = at;
    for (number, c) in word.chars().enumerate() {
        let letter = |place: usize| glyphs.get(place).map(|glyph| glyph.letter);
        if number > 0
            && letter(place) != Some(c)
            && glyphs.get(place).is_some_and(|glyph| glyph.class == Class::Soft)
        {
            place += 1;
        }
        if letter(place) != Some(c) {
            return None;
        }
        place += 1;
    }
    Some(place)
}

/// The run of letters, digits, `_` and `-` behind `from`, over signs and connecting words; whether there were any.
fn behind(glyphs: &[Glyph], from: usize) -> Option<(Range<usize>, bool)> {
    let (mut at, mut connected) = (from, false);
    while at < glyphs.len() && at - from <= BETWEEN {
        if let Some(end) = CONNECTING.iter().find_map(|word| connecting(glyphs, at, word)) {
            (at, connected) = (end, true);
            continue;
        }
        let glyph = glyphs[at];
        if is_account(&glyph) {
            let mut end = at;
            while glyphs.get(end).is_some_and(is_account) {
                end += 1;
            }
            return Some((at..end, connected));
        }
        if glyph.class.is_word() || matches!(glyph.letter, '。' | '，' | ',' | '\n' | '、') {
            return None;
        }
        // "微信: x", "微信→x", "微信（x）"; a space alone says nothing.
        connected |= !glyph.letter.is_whitespace();
        at += 1;
    }
    None
}

fn connecting(glyphs: &[Glyph], at: usize, word: &str) -> Option<usize> {
    let end = at + word.chars().count();
    let is = word
        .chars()
        .enumerate()
        .all(|(offset, c)| glyphs.get(at + offset).is_some_and(|glyph| glyph.letter == c));
    // An English word ends where the account begins only at a sign.
    let apart = !word.is_ascii() || glyphs.get(end).is_none_or(|glyph| !is_account(glyph));
    (is && apart).then_some(end)
}

/// Part of an account's name, or a digit of one that is hidden.
fn is_account(glyph: &Glyph) -> bool {
    matches!(glyph.class, Class::Latin | Class::Digit)
        || matches!(glyph.letter, '_' | '-')
        || digit(glyph).is_some()
}

/// Whether a run is an account. "WeChat: Account Names": 6 to 20 letters, digits, `_`, `-`, a letter first; telephone
/// numbers and the service's own `wxid_…` are accounts too. QQ: 5 to 11 digits.
fn fits(glyphs: &[Glyph], run: &Range<usize>, service: Service, sly: bool, connected: bool) -> bool {
    let run = &glyphs[run.clone()];
    let digits = run.iter().filter(|glyph| digit(glyph).is_some()).count();
    if service == Service::Qq {
        return digits == run.len() && (5..=11).contains(&digits) && digit(&run[0]) != Some(0);
    }
    if digits == run.len() {
        return (6..=12).contains(&digits) && (sly || connected);
    }
    // Ideographs that mean digits are no part of a name.
    if !(6..=30).contains(&run.len())
        || run[0].class != Class::Latin
        || run.iter().any(|glyph| glyph.class == Class::Han)
    {
        return false;
    }
    let odd = run.iter().any(|glyph| matches!(glyph.class, Class::Digit) || glyph.letter == '_');
    odd || sly && connected || connected && run.len() <= 20
}

#[cfg(test)]
mod tests {
    use guard_text::{Fold, Reader};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn accounts(text: &str) -> Vec<(Service, String)> {
        let mut reader = Reader::default();
        reader.read_all(&Fold::new(), text);
        let glyphs = reader.glyphs();
        let place =
            |range: &Range<usize>| glyphs[range.start].start as usize..glyphs[range.end - 1].end as usize;
        find(glyphs).iter().map(|(service, range)| (*service, text[place(range)].to_owned())).collect()
    }

    #[test]
    fn the_first_letters_are_all_known() {
        assert!(ANNOUNCED.iter().all(|(word, ..)| word.chars().next().is_some_and(begins)));
    }

    #[test]
    fn accounts_of_wechat_are_found() {
        for (text, account) in [
            ("微信号：tea_house88", "tea_house88"),
            ("微信：teahouse", "teahouse"),
            ("微信teahouse88", "teahouse88"),
            ("加V tea_house", "tea_house"),
            ("加v信：abc12345 领资料", "abc12345"),
            ("＋Ｖ：ＡＢＣ１２３４５", "ＡＢＣ１２３４５"),
            ("vx:abcdef", "abcdef"),
            ("VX abc123", "abc123"),
            ("vxabc12345", "abc12345"),
            ("vx.abc123", "abc123"),
            ("wx 13812345678", "13812345678"),
            ("薇❤信 abc123", "abc123"),
            ("微 信 号 : abc_def", "abc_def"),
            ("我的微信是 lao_wang", "lao_wang"),
            ("My WeChat is laowang88.", "laowang88"),
            ("wechat id: laowang", "laowang"),
            ("微信→wxid_a1b2c3d4", "wxid_a1b2c3d4"),
            ("微信一三八一二三四五六七八加", "一三八一二三四五六七八"),
        ] {
            let expected =
                if text.ends_with('加') { Vec::new() } else { vec![(Service::WeChat, account.to_owned())] };
            assert_eq!(accounts(text), expected, "{text}");
        }
    }

    #[test]
    fn accounts_of_qq_are_found() {
        for (text, account) in [
            ("QQ：123456", "123456"),
            ("加q123456789", "123456789"),
            ("扣扣 12345678", "12345678"),
            ("QQ群号 123456789", "123456789"),
            ("ｑｑ１２３４５６", "１２３４５６"),
            ("q群:10086000", "10086000"),
        ] {
            assert_eq!(accounts(text), [(Service::Qq, account.to_owned())], "{text}");
        }
    }

    #[test]
    fn other_talk_is_left_alone() {
        for text in [
            "微信支付和支付宝都行",
            "用微信 Android 版",
            "WeChat payment works",
            "wechat mini-program",
            "加微信吧",
            "微信，teahouse88 是谁",
            "QQ 2024 版",
            "qq音乐",
            "企鹅在南极",
            "vxvxvxvx",
            "wxwx",
            "加v",
            "微信群里 hello",
            "v: 5",
            "svx123456",
            "微信 8.0.50",
            "微信小程序 wx.connectSocket 报错1006",
            "wx.getUserProfile 被收回了",
            "wx.request({url})",
            "qq.login 和 wx.login 一样吗",
            "wxml2canvas 能用吗",
            "wx.cloud.callFunction 超时",
            "wx-server-sdk",
            "appid 是 wxd678efa567fb6787",
            "wxparse插件",
            "微信开发者工具 1.06.2307260",
            "微信版本8.0.42",
        ] {
            assert_eq!(accounts(text), Vec::new(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]
        #[test]
        fn any_text_is_taken(text in "(微信|号|加|[vwxq:_0-9]| |.){0,60}") {
            let _ = accounts(&text);
        }
    }
}
