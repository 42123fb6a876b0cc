//! The words that the content checks know.

use serde::Deserialize;

/// The list that a simulator starts with: enough to see each verdict.
const DEMO: &str = "\
赌博\trisky\t20006
反赌博\tpass\t100
代开发票\trisky\t20008
傻瓜\trisky\t20003
加微信\treview\t10001
risky\trisky\t21000
review\treview\t21000
";

/// Words and what a text with them is taken for.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Words(Vec<Word>);

#[derive(Debug, Clone)]
struct Word {
    text: String,
    verdict: Verdict,
}

/// What is thought of a content; the graver is the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Verdict {
    pub(crate) suggest: Suggest,
    pub(crate) label: u32,
}

/// What to do with a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Suggest {
    Pass,
    Review,
    Risky,
}

impl Verdict {
    /// Nothing was found.
    pub(crate) const NORMAL: Self = Self { suggest: Suggest::Pass, label: 100 };
}

impl Suggest {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Review => "review",
            Self::Risky => "risky",
        }
    }
}

impl Words {
    /// The gravest of what is found. At each place the longest word counts and covers what it contains, so that a
    /// longer harmless word excuses a shorter bad one.
    pub(crate) fn judge(&self, text: &str) -> Verdict {
        let mut gravest = Verdict::NORMAL;
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match self.longest_at(rest) {
                Some(word) => {
                    gravest = gravest.max(word.verdict);
                    rest = &rest[word.text.len()..];
                }
                None => rest = &rest[first.len_utf8()..],
            }
        }
        gravest
    }

    fn longest_at(&self, text: &str) -> Option<&Word> {
        let here = self.0.iter().filter(|word| text.starts_with(&word.text));
        here.max_by_key(|word| (word.text.len(), word.verdict))
    }
}

impl Default for Words {
    fn default() -> Self {
        Self(DEMO.lines().filter_map(|line| parse(line).ok()).collect())
    }
}

impl TryFrom<String> for Words {
    type Error = String;

    fn try_from(list: String) -> Result<Self, String> {
        let lines = list.lines().filter(|line| !line.trim().is_empty());
        lines.map(parse).collect::<Result<_, _>>().map(Self)
    }
}

fn parse(line: &str) -> Result<Word, String> {
    let wrong = || format!("not word<TAB>suggest<TAB>label: {line}");
    let mut columns = line.split('\t');
    let (Some(text), Some(suggest), Some(label), None) =
        (columns.next(), columns.next(), columns.next(), columns.next())
    else {
        return Err(wrong());
    };
    let suggest = match suggest {
        "pass" => Suggest::Pass,
        "review" => Suggest::Review,
        "risky" => Suggest::Risky,
        _ => return Err(wrong()),
    };
    let label = label.trim().parse().map_err(|_| wrong())?;
    if text.is_empty() {
        return Err(wrong());
    }
    Ok(Word { text: text.to_owned(), verdict: Verdict { suggest, label } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, suggest: Suggest, label: u32) {
        assert_eq!(Words::default().judge(text), Verdict { suggest, label }, "{text}");
    }

    #[test]
    fn the_gravest_word_decides_and_a_longer_one_excuses() {
        check("两杯茶", Suggest::Pass, 100);
        check("去赌博吧", Suggest::Risky, 20006);
        check("反赌博宣传", Suggest::Pass, 100);
        check("反赌博,不要赌博", Suggest::Risky, 20006);
        check("加微信,傻瓜", Suggest::Risky, 20003);
        check("请加微信", Suggest::Review, 10001);
        check("", Suggest::Pass, 100);
    }

    #[test]
    fn a_list_is_read_by_line() {
        let words = Words::try_from("茶\treview\t10001\n\n酒\trisky\t21000\n".to_owned()).unwrap();
        assert_eq!(words.judge("茶").suggest, Suggest::Review);
        for bad in ["茶", "茶\tmaybe\t1", "茶\tpass\tx", "\tpass\t1", "茶\tpass\t1\t2"] {
            assert!(Words::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
