//! Labels of domains as they are sent over the wire (RFC 3492).

/// A label that begins with `xn--`, as people see it; none when it is no good Punycode.
pub(crate) fn decode(label: &str) -> Option<String> {
    /// Labels have at most 63 bytes.
    const LONGEST: usize = 63;
    let encoded = label.strip_prefix("xn--").filter(|encoded| encoded.len() <= LONGEST)?;
    let (plain, rest) = encoded.rsplit_once('-').unwrap_or(("", encoded));
    let mut characters: Vec<char> = plain.chars().collect();
    let (mut n, mut i, mut bias) = (128_u32, 0_u32, 72_u32);
    let mut digits = rest.bytes();
    while digits.len() > 0 {
        let (before, mut weight, mut k) = (i, 1_u32, 36_u32);
        loop {
            let digit = digit(digits.next()?)?;
            i = i.checked_add(digit.checked_mul(weight)?)?;
            let threshold = k.saturating_sub(bias).clamp(1, 26);
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
            k += 36;
        }
        let length = u32::try_from(characters.len()).ok()? + 1;
        bias = adapt(i - before, length, before == 0);
        n = n.checked_add(i / length)?;
        i %= length;
        characters.insert(usize::try_from(i).ok()?, char::from_u32(n)?);
        i += 1;
    }
    Some(characters.into_iter().collect())
}

fn digit(byte: u8) -> Option<u32> {
    match byte {
        b'a'..=b'z' => Some(u32::from(byte - b'a')),
        b'0'..=b'9' => Some(u32::from(byte - b'0') + 26),
        _ => None,
    }
}

fn adapt(delta: u32, length: u32, first: bool) -> u32 {
    let mut delta = if first { delta / 700 } else { delta / 2 };
    delta += delta / length;
    let mut k = 0;
    while delta > 455 {
        delta /= 35;
        k += 36;
    }
    k + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    #[test]
    fn known_labels_are_decoded() {
        for (label, expected) in [
            ("xn--fiqs8s", "中国"),
            ("xn--bcher-kva", "bücher"),
            ("xn--80ak6aa92e", "аррӏе"),
            ("xn--fsqu00a", "例子"),
        ] {
            assert_eq!(decode(label).as_deref(), Some(expected));
        }
        assert_eq!(decode("xn--99999999"), None);
        assert_eq!(decode("example"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Default::default() })]
        #[test]
        fn anything_is_taken(label in "xn--[a-z0-9-]{0,70}|.{0,30}") {
            let _ = decode(&label);
        }
    }
}
