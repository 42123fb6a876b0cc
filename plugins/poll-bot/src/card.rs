//! How a poll looks: the card with its buttons, and the words of its result.

use std::time::Duration;

use bot_house::{Button, Draft, Language, clipped, width};

use crate::ballot::Ballot;
use crate::poll::Poll;

const BAR: usize = 10;
/// So many names stand beside an option; the others are counted.
const NAMED: usize = 8;
const LABEL_CHARS: usize = 24;
/// Labels narrower than this stand side by side.
const NARROW: usize = 10;
/// So many narrow buttons stand in a row.
const A_ROW: usize = 3;

/// The card as it is now: with buttons while the poll is open.
pub(crate) fn card(poll: &Poll, ballot: &Ballot, language: Language) -> Draft {
    let mut text = String::new();
    for (at, (option, count)) in poll.options.iter().zip(ballot.counts(poll.options.len())).enumerate() {
        text.push_str(&line(at, option, count, ballot.votes.len(), language));
        if let Some(names) = names(at, ballot) {
            text.push_str(&format!("\n    {names}"));
        }
        text.push('\n');
    }
    text.push_str(&foot(poll, ballot, language));
    let draft = Draft::card(&poll.room, format!("📊 {}", poll.question), text);
    if ballot.is_closed { draft } else { rows(poll).into_iter().fold(draft, Draft::row) }
}

/// What is said in the room at the end.
pub(crate) fn result(poll: &Poll, ballot: &Ballot, language: Language) -> Draft {
    let title = format!("🏁 {}", language.short("投票结束", "Poll closed"));
    let counts = ballot.counts(poll.options.len());
    let most = counts.iter().copied().max().unwrap_or_default();
    let votes = ballot.votes.len();
    if most == 0 {
        let nobody = language.short("没有人投票。", "Nobody voted.");
        return Draft::text(&poll.room, format!("{title}\n{}\n{nobody}", poll.question)).reply(&poll.card);
    }
    let winners: Vec<&str> = poll
        .options
        .iter()
        .zip(&counts)
        .filter(|(_, count)| **count == most)
        .map(|(option, _)| option.as_str())
        .collect();
    let head = match winners.as_slice() {
        [winner] => format!("🏆 {winner}"),
        several => format!("🤝 {} {}", language.short("平局", "A tie:"), several.join(" / ")),
    };
    let share = language.short(
        &format!("{most} 票，共 {votes} 票（{}%）", percent(most, votes)),
        &format!("{most} of {votes} votes ({}%)", percent(most, votes)),
    );
    Draft::text(&poll.room, format!("{title}\n{}\n{head}\n{share}", poll.question)).reply(&poll.card)
}

/// "10 分钟", "10 min": the largest unit that divides it.
pub(crate) fn length_words(length: Duration) -> (String, String) {
    let seconds = length.as_secs();
    let (size, chinese, one, many) = [
        (86_400, "天", "day", "days"),
        (3_600, "小时", "hour", "hours"),
        (60, "分钟", "min", "min"),
        (1, "秒", "s", "s"),
    ]
    .into_iter()
    .find(|(size, ..)| seconds >= *size && seconds.is_multiple_of(*size))
    .unwrap_or((1, "秒", "s", "s"));
    let n = seconds / size;
    (format!("{n} {chinese}"), format!("{n} {}", if n == 1 { one } else { many }))
}

fn line(at: usize, option: &str, count: usize, votes: usize, language: Language) -> String {
    let filled = if votes == 0 { 0 } else { (count * BAR).div_ceil(votes).min(BAR) };
    let bar = format!("{}{}", "■".repeat(filled), "□".repeat(BAR - filled));
    let said = match language {
        Language::English => format!("{count}"),
        _ => format!("{count} 票"),
    };
    format!("{}. {option}\n    {bar} {}% · {said}", at + 1, percent(count, votes))
}

fn names(option: usize, ballot: &Ballot) -> Option<String> {
    let voters = ballot.votes.iter().filter(|vote| usize::from(vote.option) == option);
    let names: Vec<&str> = voters.map(|vote| vote.name.as_str()).filter(|name| !name.is_empty()).collect();
    let shown = names.iter().take(NAMED).copied().collect::<Vec<_>>().join("、");
    let others = names.len().saturating_sub(NAMED);
    match (names.is_empty(), others) {
        (true, _) => None,
        (_, 0) => Some(shown),
        _ => Some(format!("{shown} +{others}")),
    }
}

fn foot(poll: &Poll, ballot: &Ballot, language: Language) -> String {
    let votes = ballot.votes.len();
    let noun = if votes == 1 { "vote" } else { "votes" };
    let mut parts = vec![language.short(&format!("共 {votes} 票"), &format!("{votes} {noun}"))];
    if poll.anonymous {
        parts.push(language.short("匿名", "anonymous"));
    }
    if ballot.is_closed {
        parts.push(language.short("已结束", "closed"));
    } else {
        let (chinese, english) = length_words(poll.length());
        parts.push(language.short(&format!("开放 {chinese}"), &format!("open for {english}")));
    }
    parts.join(" · ")
}

fn rows(poll: &Poll) -> Vec<Vec<Button>> {
    let is_narrow = poll.options.iter().all(|option| width(option) <= NARROW);
    let buttons: Vec<Button> = poll
        .options
        .iter()
        .enumerate()
        .map(|(at, option)| {
            Button::new(format!("vote-{at}"), clipped(option, LABEL_CHARS), format!("{} {at}", poll.id))
        })
        .collect();
    buttons.chunks(if is_narrow { A_ROW } else { 1 }).map(<[Button]>::to_vec).collect()
}

const fn percent(count: usize, votes: usize) -> usize {
    if votes == 0 { 0 } else { (count * 200 + votes) / (votes * 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_said_in_its_largest_whole_unit() {
        let words = |seconds| length_words(Duration::from_secs(seconds)).1;
        assert_eq!(words(90), "90 s");
        assert_eq!(words(600), "10 min");
        assert_eq!(words(3_600), "1 hour");
        assert_eq!(words(2 * 86_400), "2 days");
    }

    #[test]
    fn shares_are_rounded() {
        assert_eq!((percent(0, 0), percent(1, 3), percent(2, 3), percent(1, 1)), (0, 33, 67, 100));
    }
}
