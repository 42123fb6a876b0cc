//! What senders and moderators are told, in Chinese and English: a filter doesn't know its reader's language.

use crate::judge::Found;

/// What was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A message.
    Message,
    /// A name or an announcement.
    Name,
    /// What somebody wrote to be let in.
    Door,
}

/// The code of a category: its name where that can be one, else `words`.
pub(crate) fn code(category: &str) -> &str {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, b'-' | b'_' | b'.');
    let fits = !category.is_empty() && category.len() <= 64 && category.bytes().all(plain);
    if fits { category } else { "words" }
}

/// Why it was refused. The word itself is not told: that would teach how to get around the list.
pub(crate) fn refusal(found: &Found, place: Place) -> String {
    let (zh, en) = category(&found.category);
    match place {
        Place::Message => format!(
            "消息里有这里不允许的内容（{zh}），请改一改再发。Your message has words that are not allowed here ({en}); please rephrase it."
        ),
        Place::Name => format!(
            "请换一个名称：含有不允许的内容（{zh}）。Please choose another: this has words that are not allowed here ({en})."
        ),
        Place::Door => format!(
            "验证信息里有不允许的内容（{zh}）。What you wrote has words that are not allowed here ({en})."
        ),
    }
}

/// What the sender of a covered message is told.
pub(crate) fn masked(found: &Found) -> String {
    let (zh, en) = category(&found.category);
    format!("部分词语已被遮盖（{zh}）。Some words were covered ({en}).")
}

/// What moderators are told.
pub(crate) fn note(found: &Found) -> String {
    let category: String = found.category.chars().take(40).collect();
    format!("{category}: {}", found.words.join(", "))
}

fn category(name: &str) -> (String, String) {
    let (zh, en) = match name {
        "abuse" => ("辱骂", "abuse"),
        "adult" => ("色情", "adult advertising"),
        "fraud" => ("诈骗", "fraud"),
        "gambling" => ("赌博", "gambling"),
        "words" => ("敏感词", "listed words"),
        // An operator's own, in whatever language it was given.
        own => {
            let own: String = own.chars().take(40).collect();
            return (own.clone(), own);
        }
    };
    (zh.to_owned(), en.to_owned())
}
