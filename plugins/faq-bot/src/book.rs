//! The answers that the operator wrote: reading them, and finding the one that fits.
//!
//! ```text
//! # 发货, 快递, shipping + time        keywords: one of them is enough; `+` wants both; `=` the whole message
//! 下单后 48 小时内发货。               the answer, as many lines as it needs
//! > 查物流 Track a parcel -> 物流      a button that leads to another answer
//! > 转人工 Talk to a person -> @person  a button that calls a person
//! ```

use bot_house::normal;

/// So many answers are enough for a bot that looks through all of them for each message.
const MAX_ANSWERS: usize = 200;
const MAX_KEYWORDS: usize = 30;
const MAX_ANSWER_CHARS: usize = 2_000;
const MAX_BUTTONS: usize = 6;
const MAX_LABEL_CHARS: usize = 40;
const PERSON: &str = "@person";

/// A line that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misprint {
    /// Counted from one.
    pub line: usize,
    /// What is wrong, in both languages.
    pub why: &'static str,
}

/// Where a button leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lead {
    /// To the answer at this place.
    Answer(usize),
    /// To a person.
    Person,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Follow {
    pub(crate) label: String,
    pub(crate) lead: Lead,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Keyword {
    /// All of these must be there, and longer ones say more.
    parts: Vec<String>,
    is_whole: bool,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The first keyword, as it was written: what the list of topics shows.
    pub(crate) topic: String,
    pub(crate) text: String,
    pub(crate) follows: Vec<Follow>,
    keywords: Vec<Keyword>,
}

/// All answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    answers: Vec<Answer>,
}

/// An answer while its lines are read: a button's aim may come further down.
#[derive(Default)]
struct Page {
    line: usize,
    keywords: Vec<String>,
    text: Vec<String>,
    follows: Vec<(usize, String, String)>,
}

impl Book {
    /// Reads the operator's text; see the module for the format.
    ///
    /// # Errors
    /// The lines that can't be read.
    pub fn read(text: &str) -> Result<Self, Vec<Misprint>> {
        let (pages, mut misprints) = pages(text);
        let mut book = Self { answers: Vec::new() };
        for page in &pages {
            match answer(page) {
                Ok(answer) => book.answers.push(answer),
                Err(misprint) => misprints.push(misprint),
            }
        }
        if pages.len() > MAX_ANSWERS {
            misprints.push(Misprint {
                line: pages[MAX_ANSWERS].line,
                why: "最多 200 条回答。 At most 200 answers.",
            });
        }
        if !misprints.is_empty() {
            return Err(misprints);
        }
        for (at, page) in pages.iter().enumerate() {
            match book.leads(page) {
                Ok(follows) => book.answers[at].follows = follows,
                Err(misprint) => misprints.push(misprint),
            }
        }
        if misprints.is_empty() { Ok(book) } else { Err(misprints) }
    }

    /// The answer that fits best: the one whose matching keyword says most.
    pub(crate) fn find(&self, said: &str) -> Option<usize> {
        let said = normal(said);
        let fits = self.answers.iter().enumerate().filter_map(|(at, answer)| Some((answer.fit(&said)?, at)));
        fits.max_by_key(|&(fit, at)| (fit, std::cmp::Reverse(at))).map(|(_, at)| at)
    }

    pub(crate) fn answer(&self, at: usize) -> Option<&Answer> {
        self.answers.get(at)
    }

    pub(crate) fn topics(&self) -> impl Iterator<Item = (usize, &str)> {
        self.answers.iter().enumerate().map(|(at, answer)| (at, answer.topic.as_str()))
    }

    fn leads(&self, page: &Page) -> Result<Vec<Follow>, Misprint> {
        let follows = page.follows.iter().map(|(line, label, aim)| {
            let lead = if aim == PERSON {
                Lead::Person
            } else {
                let found = self.find(aim).ok_or(Misprint {
                    line: *line,
                    why: "按钮没有对应的回答。 No answer has this button's keyword.",
                })?;
                Lead::Answer(found)
            };
            Ok(Follow { label: label.clone(), lead })
        });
        follows.collect()
    }
}

impl Answer {
    /// How much of `said` (normal text) its best keyword explains; none: it doesn't fit.
    fn fit(&self, said: &str) -> Option<usize> {
        self.keywords.iter().filter_map(|keyword| keyword.fit(said)).max()
    }
}

impl Keyword {
    fn read(written: &str) -> Option<Self> {
        let written = normal(written);
        let (is_whole, rest) = match written.strip_prefix('=') {
            Some(rest) => (true, rest),
            None => (false, written.as_str()),
        };
        let parts: Vec<String> = rest.split('+').map(|part| part.trim().to_owned()).collect();
        (!parts.iter().any(String::is_empty)).then_some(Self { parts, is_whole })
    }

    fn fit(&self, said: &str) -> Option<usize> {
        let length = self.parts.iter().map(|part| part.chars().count()).sum();
        let is_end = |c: char| matches!(c, '?' | '!' | '.' | '。' | '？' | '！' | '~' | ' ');
        let fits = if self.is_whole {
            self.parts.iter().all(|part| said.trim_end_matches(is_end) == part)
        } else {
            self.parts.iter().all(|part| stands_in(said, part))
        };
        fits.then_some(length)
    }
}

/// Whether `part` stands in `said`. Words of Latin letters count only whole ("ship" is not in "friendship"), but for
/// the ending of a plural; Chinese is written without spaces, so there any place will do.
fn stands_in(said: &str, part: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() && (c as u32) < 0x2e80;
    said.match_indices(part).any(|(at, _)| {
        let before = said[..at].chars().next_back();
        let rest = &said[at + part.len()..];
        let after = rest.strip_prefix('s').unwrap_or(rest).chars().next();
        let starts = !part.chars().next().is_some_and(is_word) || !before.is_some_and(is_word);
        let ends = !part.chars().next_back().is_some_and(is_word) || !after.is_some_and(is_word);
        starts && ends
    })
}

fn pages(text: &str) -> (Vec<Page>, Vec<Misprint>) {
    let (mut pages, mut misprints) = (Vec::<Page>::new(), Vec::new());
    for (at, line) in text.lines().enumerate() {
        let (line_no, line) = (at + 1, line.trim_end());
        if let Some(keywords) = line.strip_prefix('#') {
            let keywords = keywords.split([',', '，', '、']).map(str::trim).filter(|word| !word.is_empty());
            pages.push(Page {
                line: line_no,
                keywords: keywords.map(str::to_owned).collect(),
                ..Page::default()
            });
            continue;
        }
        let Some(page) = pages.last_mut() else {
            if !line.trim().is_empty() {
                misprints.push(Misprint {
                    line: line_no,
                    why: "先写一行“# 关键词”。 A line “# keywords” comes first.",
                });
            }
            continue;
        };
        match line.strip_prefix('>') {
            Some(button) => {
                let (label, aim) = button.split_once("->").unwrap_or((button, button));
                page.follows.push((line_no, label.trim().to_owned(), aim.trim().to_owned()));
            }
            None => page.text.push(line.to_owned()),
        }
    }
    (pages, misprints)
}

fn answer(page: &Page) -> Result<Answer, Misprint> {
    let wrong = |why| Err(Misprint { line: page.line, why });
    let text = page.text.join("\n").trim().to_owned();
    let Some(topic) = page.keywords.first() else {
        return wrong("“#”后面写关键词。 Keywords come after “#”.");
    };
    if page.keywords.len() > MAX_KEYWORDS {
        return wrong("最多 30 个关键词。 At most 30 keywords.");
    }
    if text.is_empty() {
        return wrong("这里没有回答。 There is no answer here.");
    }
    if text.chars().count() > MAX_ANSWER_CHARS {
        return wrong("回答最多 2000 字。 An answer has at most 2000 characters.");
    }
    if page.follows.len() > MAX_BUTTONS {
        return wrong("最多 6 个按钮。 At most 6 buttons.");
    }
    if page.follows.iter().any(|(_, label, _)| label.is_empty() || label.chars().count() > MAX_LABEL_CHARS) {
        return wrong("按钮文字 1 到 40 字。 A button has 1 to 40 characters.");
    }
    let keywords = page.keywords.iter().map(|written| Keyword::read(written)).collect::<Option<Vec<_>>>();
    let Some(keywords) = keywords else {
        return wrong("关键词不完整。 A keyword is not whole.");
    };
    let topic = topic.trim_start_matches('=').replace('+', " ");
    Ok(Answer { topic, text, follows: Vec::new(), keywords })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "# 发货, 快递, shipping
下单后 48 小时内发货。
We ship within 48 hours.
> 查物流 Track a parcel -> 物流
> 转人工 Talk to a person -> @person

# 物流, track
把订单号发给我们。
# 退款+多久, refund + long
三天。 Three days.
# 退款, refund
在订单页申请。
# =你好, =hello
你好！";

    fn shop() -> Book {
        Book::read(SHOP).expect("a good book")
    }

    #[track_caller]
    fn finds(said: &str, topic: Option<&str>) {
        let book = shop();
        let found = book.find(said).and_then(|at| book.answer(at)).map(|answer| answer.topic.as_str());
        assert_eq!(found, topic, "{said}");
    }

    #[test]
    fn a_keyword_is_found_where_it_stands() {
        finds("请问什么时候发货呀", Some("发货"));
        finds("How long is SHIPPING?", Some("发货"));
        finds("ｓｈｉｐｐｉｎｇ？", Some("发货"));
        finds("we are friends", None);
        finds("worshipping", None);
        finds("two refunds please", Some("退款"));
    }

    #[test]
    fn the_keyword_that_says_most_wins() {
        finds("退款", Some("退款"));
        finds("退款要多久", Some("退款 多久"));
        finds("how long does a refund take", Some("退款 多久"));
    }

    #[test]
    fn a_whole_keyword_is_the_whole_message() {
        finds("你好！", Some("你好"));
        finds("Hello", Some("你好"));
        finds("你好，我想问件事", None);
    }

    #[test]
    fn buttons_lead_to_answers_further_down_and_to_people() {
        let book = shop();
        let answer = book.answer(0).expect("the first");
        assert_eq!(answer.text, "下单后 48 小时内发货。\nWe ship within 48 hours.");
        let leads: Vec<_> = answer.follows.iter().map(|follow| follow.lead.clone()).collect();
        assert_eq!(leads, [Lead::Answer(1), Lead::Person]);
    }

    #[track_caller]
    fn misprint(text: &str, line: usize) {
        let misprints = Book::read(text).expect_err("a misprint");
        assert_eq!(misprints[0].line, line, "{misprints:?}");
    }

    #[test]
    fn a_misprint_is_told_by_its_line() {
        misprint("hello\n# a\nb", 1);
        misprint("# a\nb\n#\nc", 3);
        misprint("# a\nb\n# c", 3);
        misprint("# a\nb\n> x -> nowhere", 3);
        misprint("# a + \nb", 1);
        misprint(&"# a\nb\n".repeat(201), 401);
        misprint(&format!("# a\n{}", "字".repeat(2_001)), 1);
        misprint(&format!("# a\nb\n{}", "> x -> a\n".repeat(7)), 1);
    }

    #[test]
    fn an_empty_book_finds_nothing() {
        assert_eq!(Book::read("\n  \n").expect("empty").find("anything"), None);
    }
}
