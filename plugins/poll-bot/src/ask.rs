//! What somebody wrote after `/poll`.

use std::time::Duration;

use bot_house::normal;

const MAX_OPTIONS: usize = 10;
const MAX_QUESTION_CHARS: usize = 200;
const MAX_OPTION_CHARS: usize = 60;
const SHORTEST: Duration = Duration::from_secs(10);

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// A new poll.
    Open(Draft),
    /// The end of one.
    Close,
    /// How it works.
    Help,
}

/// A poll that somebody wants to open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) question: String,
    pub(crate) options: Vec<String>,
    /// None: as long as polls are open here.
    pub(crate) length: Option<Duration>,
    pub(crate) anonymous: bool,
}

/// Why it is no poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    NoQuestion,
    TooLong,
    Options { count: usize },
    Twice(String),
    Unknown(String),
    TooShort,
}

impl Wrong {
    /// In Chinese and in English.
    pub(crate) fn words(&self) -> (String, String) {
        match self {
            Self::NoQuestion => ("缺少问题。".to_owned(), "There is no question.".to_owned()),
            Self::TooLong => (
                format!("问题最多 {MAX_QUESTION_CHARS} 字，选项最多 {MAX_OPTION_CHARS} 字。"),
                format!(
                    "A question has at most {MAX_QUESTION_CHARS} characters, an option {MAX_OPTION_CHARS}."
                ),
            ),
            Self::Options { count } => (
                format!("需要 2 到 {MAX_OPTIONS} 个选项，用 | 或换行分开，现在是 {count} 个。"),
                format!(
                    "A poll has 2 to {MAX_OPTIONS} options, between | or on lines of their own; this one has {count}."
                ),
            ),
            Self::Twice(option) => {
                (format!("选项“{option}”重复了。"), format!("The option “{option}” is there twice."))
            }
            Self::Unknown(word) => (
                format!("看不懂“{word}”；可以写 10m、2h、1d 或“匿名”。"),
                format!("“{word}” means nothing here; try 10m, 2h, 1d or anonymous."),
            ),
            Self::TooShort => {
                ("至少开放 10 秒。".to_owned(), "A poll is open for at least 10 seconds.".to_owned())
            }
        }
    }
}

/// Reads what follows `/poll`.
pub(crate) fn read(args: &str) -> Result<Ask, Wrong> {
    let args = args.trim();
    match normal(args).as_str() {
        "" | "help" | "帮助" => return Ok(Ask::Help),
        "close" | "end" | "stop" | "结束" | "关闭" => return Ok(Ask::Close),
        _ => {}
    }
    let (words, terms) = split_terms(args);
    let mut draft = read_words(words)?;
    for term in terms.split([',', '，', ' ', '、', ';']).filter(|term| !term.is_empty()) {
        match normal(term).as_str() {
            "anonymous" | "anon" | "匿名" => draft.anonymous = true,
            other => draft.length = Some(read_length(other).ok_or_else(|| Wrong::Unknown(term.to_owned()))?),
        }
    }
    if draft.length.is_some_and(|length| length < SHORTEST) {
        return Err(Wrong::TooShort);
    }
    check(draft).map(Ask::Open)
}

/// What stands in brackets at the end, and what stands before.
fn split_terms(args: &str) -> (&str, &str) {
    for (open, close) in [('[', ']'), ('【', '】')] {
        let Some(inside) = args.strip_suffix(close) else { continue };
        if let Some((before, terms)) = inside.rsplit_once(open) {
            return (before.trim(), terms);
        }
    }
    (args, "")
}

/// The question and the options: the question in quotation marks, up to its question mark, or up to the first bar.
fn read_words(words: &str) -> Result<Draft, Wrong> {
    let (question, options) = quoted(words).or_else(|| asked(words)).unwrap_or_else(|| barred(words));
    let options = options.split(['|', '｜', '\n']).map(str::trim).filter(|option| !option.is_empty());
    let question = question.split_whitespace().collect::<Vec<_>>().join(" ");
    if question.is_empty() {
        return Err(Wrong::NoQuestion);
    }
    Ok(Draft { question, options: options.map(str::to_owned).collect(), ..Draft::default() })
}

fn quoted(words: &str) -> Option<(&str, &str)> {
    const MARKS: [(char, char); 5] = [('"', '"'), ('“', '”'), ('「', '」'), ('《', '》'), ('\'', '\'')];
    let (open, close) = MARKS.into_iter().find(|(open, _)| words.starts_with(*open))?;
    words[open.len_utf8()..].split_once(close)
}

/// "Tea or coffee? tea | coffee": the question mark ends the question where something other than a bar follows it. Of
/// "Tea? tea" the option is one, and is said to be too few.
fn asked(words: &str) -> Option<(&str, &str)> {
    let first_bar = words.find(['|', '｜', '\n']).unwrap_or(words.len());
    let (at, mark) = words[..first_bar].match_indices(['?', '？']).next_back()?;
    let (question, options) = words.split_at(at + mark.len());
    (!options[..first_bar - question.len()].trim().is_empty()).then_some((question, options))
}

fn barred(words: &str) -> (&str, &str) {
    words.split_once(['|', '｜', '\n']).unwrap_or((words, ""))
}

/// "90s", "10m", "10 分钟", "2h", "1d".
fn read_length(term: &str) -> Option<Duration> {
    let digits = term.len() - term.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = term.split_at(digits);
    let seconds = match unit.trim() {
        "s" | "sec" | "秒" => 1,
        "m" | "min" | "分" | "分钟" => 60,
        "h" | "小时" => 3_600,
        "d" | "天" => 86_400,
        _ => return None,
    };
    Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
}

fn check(draft: Draft) -> Result<Draft, Wrong> {
    let count = draft.options.len();
    if !(2..=MAX_OPTIONS).contains(&count) {
        return Err(Wrong::Options { count });
    }
    let is_long = |text: &String, most: usize| text.chars().count() > most;
    if is_long(&draft.question, MAX_QUESTION_CHARS)
        || draft.options.iter().any(|o| is_long(o, MAX_OPTION_CHARS))
    {
        return Err(Wrong::TooLong);
    }
    let same = |a: &String, b: &String| normal(a) == normal(b);
    let twice =
        (1..count).find(|&at| draft.options[..at].iter().any(|before| same(before, &draft.options[at])));
    match twice {
        Some(at) => Err(Wrong::Twice(draft.options[at].clone())),
        None => Ok(draft),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn opens(args: &str, question: &str, options: &[&str], length: Option<u64>, anonymous: bool) {
        let expected = Draft {
            question: question.to_owned(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            length: length.map(Duration::from_secs),
            anonymous,
        };
        assert_eq!(read(args), Ok(Ask::Open(expected)), "{args}");
    }

    #[test]
    fn a_question_is_known_by_its_marks() {
        opens(r#""Where to eat?" hot pot | sushi"#, "Where to eat?", &["hot pot", "sushi"], None, false);
        opens("“去哪吃？” 火锅 ｜ 寿司 | 烧烤", "去哪吃？", &["火锅", "寿司", "烧烤"], None, false);
        opens("「几点」\n三点\n四点", "几点", &["三点", "四点"], None, false);
        opens("去哪吃？火锅|寿司", "去哪吃？", &["火锅", "寿司"], None, false);
        opens("Tea? Really? | yes | no", "Tea? Really?", &["yes", "no"], None, false);
        opens("Favourite tea | green | black |", "Favourite tea", &["green", "black"], None, false);
    }

    #[test]
    fn terms_stand_in_brackets() {
        opens("Tea? yes | no [10m]", "Tea?", &["yes", "no"], Some(600), false);
        opens("Tea? yes | no [2h, anonymous]", "Tea?", &["yes", "no"], Some(7_200), true);
        opens("喝茶？喝|不喝【30分钟 匿名】", "喝茶？", &["喝", "不喝"], Some(1_800), true);
        opens("喝茶？喝|不喝【１天】", "喝茶？", &["喝", "不喝"], Some(86_400), false);
    }

    #[test]
    fn what_is_no_poll_is_told_why() {
        assert_eq!(read("Tea?"), Err(Wrong::Options { count: 0 }));
        assert_eq!(read("Tea? yes | "), Err(Wrong::Options { count: 1 }));
        assert_eq!(read("Tea? yes"), Err(Wrong::Options { count: 1 }));
        assert_eq!(read("去哪吃？火锅、寿司"), Err(Wrong::Options { count: 1 }));
        assert_eq!(read("“去哪吃” 火锅"), Err(Wrong::Options { count: 1 }));
        let (zh, en) = Wrong::Options { count: 1 }.words();
        assert!(zh.contains("用 | 或换行分开") && en.contains("between |"), "{zh} {en}");
        assert_eq!(read("x | 1|2|3|4|5|6|7|8|9|10|11"), Err(Wrong::Options { count: 11 }));
        assert_eq!(read("\"\" a | b"), Err(Wrong::NoQuestion));
        assert_eq!(read("x | Ａ | a"), Err(Wrong::Twice("a".to_owned())));
        assert_eq!(read("x | a | b [soon]"), Err(Wrong::Unknown("soon".to_owned())));
        assert_eq!(read("x | a | b [9s]"), Err(Wrong::TooShort));
        assert_eq!(
            read("x | a | b [99999999999999999999d]"),
            Err(Wrong::Unknown("99999999999999999999d".to_owned()))
        );
        assert_eq!(read(&format!("{} | a | b", "问".repeat(201))), Err(Wrong::TooLong));
    }

    #[test]
    fn other_words() {
        assert_eq!(read("  "), Ok(Ask::Help));
        assert_eq!(read("CLOSE"), Ok(Ask::Close));
        assert_eq!(read("结束"), Ok(Ask::Close));
    }
}
