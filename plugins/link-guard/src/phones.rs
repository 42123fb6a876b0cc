//! Finds phone numbers, however they are cut and whichever digits they are written in.

use std::ops::Range;

use guard_text::{Class, Glyph};

/// Signs between two digits of a number at most.
const GAP: usize = 2;
/// Digits of the longest number, with a prefix in front.
const LONGEST: usize = 17;

/// A run of digits that touch: its glyphs.
type Token = Range<usize>;

/// The glyphs of all phone numbers, in order.
pub(crate) fn find(glyphs: &[Glyph]) -> Vec<Range<usize>> {
    let tokens = tokens(glyphs);
    let mut found: Vec<Range<usize>> = Vec::new();
    for (first, token) in tokens.iter().enumerate() {
        if found.last().is_some_and(|last| token.start < last.end) {
            continue;
        }
        if let Some(end) = number(glyphs, &tokens[first..]) {
            let plus = token.start.checked_sub(1).filter(|before| glyphs[*before].letter == '+');
            found.push(plus.unwrap_or(token.start)..end);
        }
    }
    found
}

/// The digit that a glyph stands for, in Arabic or Chinese.
pub(crate) fn digit(glyph: &Glyph) -> Option<u8> {
    Some(match glyph.letter {
        digit @ '0'..='9' => digit as u8 - b'0',
        '零' | '〇' | '○' | '洞' => 0,
        '一' | '壹' | '幺' | '弌' => 1,
        '二' | '贰' | '两' | '弍' => 2,
        '三' | '叁' | '弎' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' | '拐' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

fn tokens(glyphs: &[Glyph]) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    for (at, glyph) in glyphs.iter().enumerate() {
        if digit(glyph).is_none() {
            continue;
        }
        match tokens.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            _ => tokens.push(at..at + 1),
        }
    }
    tokens
}

/// The end of the number that begins with the first token and ends with one of the next.
fn number(glyphs: &[Glyph], tokens: &[Token]) -> Option<usize> {
    let first = tokens.first()?;
    let before = first.start.checked_sub(1).map(|at| glyphs[at]);
    // "A13812345678" is a part number.
    if before.is_some_and(|glyph| glyph.class == Class::Latin || glyph.letter == '_') {
        return None;
    }
    let plus = before.is_some_and(|glyph| glyph.letter == '+');
    let mut digits = Vec::with_capacity(LONGEST);
    let mut dots = 0;
    let mut last = first.clone();
    let mut longest = None;
    for token in tokens {
        if token.start != first.start {
            let between = &glyphs[last.end..token.start];
            if between.len() > GAP || between.iter().any(|glyph| !is_cut(glyph)) {
                break;
            }
            dots += usize::from(between.iter().any(|glyph| glyph.letter == '.'));
        }
        if digits.len() + token.len() > LONGEST {
            break;
        }
        digits.extend(glyphs[token.clone()].iter().filter_map(digit));
        last = token.clone();
        let after = glyphs.get(token.end);
        let whole = after.is_none_or(|glyph| glyph.class != Class::Latin && glyph.letter != '_');
        // One dot is a decimal point: 1.4142135623.
        if !whole || dots == 1 || goes_on(glyphs, token.end, plus) {
            continue;
        }
        if is_mobile(&digits)
            || is_landline(&digits, first.len()) && stands_alone(glyphs, first.start..token.end)
        {
            return Some(token.end);
        }
        if plus && (8..=15).contains(&digits.len()) && digits[0] != 0 {
            // With a country's prefix, as much as may be.
            longest = Some(token.end);
        }
    }
    longest
}

/// Whether more digits follow at once, behind a cut like those inside: then this is part of something longer.
fn goes_on(glyphs: &[Glyph], end: usize, plus: bool) -> bool {
    let cut = glyphs.get(end).is_some_and(|glyph| matches!(glyph.letter, '-' | '.'));
    cut && !plus && glyphs.get(end + 1).is_some_and(|glyph| digit(glyph).is_some())
}

fn is_cut(glyph: &Glyph) -> bool {
    matches!(
        glyph.letter,
        ' ' | '\u{3000}' | '-' | '.' | '·' | '_' | '*' | '~' | '—' | '–' | '|' | '/' | '(' | ')' | '•'
    ) || (glyph.class == Class::Soft && !glyph.letter.is_ascii())
}

/// Whether these digits are a mobile number of mainland China, with or without its prefix.
fn is_mobile(digits: &[u8]) -> bool {
    let rest = digits.strip_prefix(&[0, 0]).unwrap_or(digits);
    let rest = rest.strip_prefix(&[8, 6]).unwrap_or(if rest.len() == digits.len() { digits } else { &[] });
    rest.len() == 11 && rest[0] == 1 && rest[1] >= 3
}

/// Whether these digits, cut first after `first`, are another number of mainland China.
fn is_landline(digits: &[u8], first: usize) -> bool {
    match digits {
        [4, 0, 0, ..] | [8, 0, 0, ..] => digits.len() == 10 && first <= 4,
        // With the area: 010-12345678, 0755 1234567.
        [0, second, ..] => *second != 0 && (first == 3 || first == 4) && (11..=12).contains(&digits.len()),
        _ => false,
    }
}

/// Whether no other digits stand next to these, but for a sign: a bank card's number has groups of four.
fn stands_alone(glyphs: &[Glyph], number: Range<usize>) -> bool {
    let digit_at =
        |at: Option<usize>| at.and_then(|at| glyphs.get(at)).is_some_and(|glyph| digit(glyph).is_some());
    !digit_at(number.start.checked_sub(2)) && !digit_at(number.end.checked_add(1))
}

#[cfg(test)]
mod tests {
    use guard_text::{Fold, Reader};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn numbers(text: &str) -> Vec<String> {
        let mut reader = Reader::default();
        reader.read_all(&Fold::new(), text);
        let glyphs = reader.glyphs();
        find(glyphs)
            .iter()
            .map(|range| {
                text[glyphs[range.start].start as usize..glyphs[range.end - 1].end as usize].to_owned()
            })
            .collect()
    }

    #[test]
    fn numbers_are_found() {
        for number in [
            "13812345678",
            "138-1234-5678",
            "138 1234 5678",
            "138.1234.5678",
            "1 3 8 1 2 3 4 5 6 7 8",
            "+86 138 1234 5678",
            "8613812345678",
            "008613812345678",
            "１３８１２３４５６７８",
            "一三八一二三四五六七八",
            "幺三八1234五六七八",
            "①③⑧①②③④⑤⑥⑦⑧",
            "1*3*8*1*2*3*4*5*6*7*8",
            "010-12345678",
            "0755 1234567",
            "400-123-4567",
            "+1 415 555 2671",
            "+44 20 7946 0958",
            "138\u{200b}12345678",
        ] {
            assert_eq!(numbers(&format!("电话{number}，谢谢")), [number]);
            assert_eq!(numbers(number), [number]);
        }
        assert_eq!(numbers("2 个号 13812345678 和 13912345678"), ["13812345678", "13912345678"]);
    }

    #[test]
    fn other_numbers_are_not() {
        for text in [
            "1.4142135623",
            "3.1415926",
            "2024-11-21 13:30:15",
            "订单 202411211330150001",
            "12345678901",
            "11012345678",
            "6222 0212 3456 7890 123",
            "2024年11月21日",
            "一二三四五六七",
            "A13812345678",
            "13812345678x",
            "138123456789",
            "10.0.0.1",
            "1700000000000",
            "400",
            "二〇二四年十一月二十一日",
            "13812345678-1234",
        ] {
            assert_eq!(numbers(text), Vec::<String>::new(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]
        #[test]
        fn any_text_is_taken(text in "([0-9]{1,6}|[ .*一二+-]|.){0,60}") {
            let _ = numbers(&text);
        }

        #[test]
        fn a_mobile_number_is_found_however_it_is_cut(rest in "[3-9][0-9]{9}", cuts in proptest::collection::vec(prop::sample::select(vec!["", " ", "-", "**", "—"]), 10)) {
            let digits: Vec<char> = format!("1{rest}").chars().collect();
            let mut text = String::new();
            for (at, digit) in digits.iter().enumerate() {
                text.push(*digit);
                text.push_str(cuts.get(at).copied().unwrap_or_default());
            }
            prop_assert_eq!(numbers(&text), [text]);
        }
    }
}
