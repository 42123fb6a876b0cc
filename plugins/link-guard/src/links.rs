//! Finds links, as people write them and as they hide them.

use guard_text::{Class, Fold, Glyph};

use crate::domains::normal;

/// Ends of domains that are no words one writes behind a full stop.
const ENDS: [&str; 86] = [
    "ac", "ae", "app", "art", "au", "beer", "bid", "biz", "br", "ca", "cc", "cf", "ch", "click", "cloud",
    "club", "cn", "co", "com", "cyou", "cz", "de", "dev", "edu", "es", "eu", "fm", "fr", "fun", "ga", "gd",
    "gg", "gl", "gov", "gq", "group", "hk", "icu", "info", "ink", "io", "jp", "kim", "kr", "la", "life",
    "link", "live", "lol", "ltd", "ly", "men", "mil", "ml", "mobi", "mx", "my", "name", "net", "nl",
    "online", "org", "pet", "ph", "pro", "pub", "pw", "ren", "ru", "sbs", "sg", "shop", "site", "store",
    "su", "tech", "tk", "top", "tv", "tw", "uk", "us", "vip", "win", "xin", "xyz",
];
/// Ends that are also words or file names: a path must follow.
const ENDS_WITH_PATH: [&str; 27] = [
    "ai", "am", "as", "at", "be", "best", "by", "do", "gs", "id", "im", "in", "is", "it", "li", "me", "no",
    "page", "rs", "run", "sh", "so", "st", "to", "wang", "ws", "work",
];
/// Ends behind a dot that is hidden, as in `example 点 com`.
const ENDS_HIDDEN: [&str; 8] = ["cc", "cn", "co", "com", "io", "net", "org", "xyz"];
/// Ends in Chinese, behind an ordinary dot.
const ENDS_HAN: [&str; 11] =
    ["中国", "公司", "网络", "网址", "在线", "网站", "商城", "商店", "我爱你", "集团", "中文网"];
/// What programmers write with a dot, and is no host: names of frameworks, and of what a program's values are called.
const CODE: [&str; 30] = [
    "asp.net",
    "vb.net",
    "ado.net",
    "ml.net",
    "paint.net",
    "dot.net",
    "c.net",
    "socket.io",
    "engine.io",
    "java.net",
    "java.io",
    "javax.net",
    "system.net",
    "system.io",
    "node.io",
    "python.app",
    "flask.app",
    "express.app",
    "vue.app",
    "react.dev",
    "file.name",
    "user.name",
    "os.name",
    "log.info",
    "logger.info",
    "logging.info",
    "console.info",
    "class.name",
    "this.name",
    "self.name",
];
/// Ends that are also what a member of a value is called, as in `event.target.name`.
const ENDS_OF_MEMBERS: [&str; 8] = ["name", "info", "app", "live", "link", "group", "store", "top"];
/// What values are called that have members.
const VALUES: [&str; 26] = [
    "this", "self", "log", "logger", "logging", "console", "window", "document", "event", "target", "err",
    "error", "req", "res", "request", "response", "data", "item", "obj", "node", "user", "file", "module",
    "package", "app", "process",
];
/// Files that end as a host may.
const FILES: [&str; 4] = ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519"];
/// What a package's name begins with, written from its end: `com.example.app`.
const REVERSED: [&str; 6] = ["com", "org", "net", "cn", "io", "edu"];
/// Labels of a host at most, so that each label is looked at a bounded number of times.
const LABELS: usize = 10;
/// The longest label, and the longest scheme that is looked for.
const LABEL: usize = 63;
const SCHEME: usize = 16;

/// A link in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Its first glyph, and the one behind its last.
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The scheme, empty if it has none.
    pub(crate) scheme: String,
    /// The host in its normal form.
    pub(crate) host: String,
    /// What follows the host.
    pub(crate) path: String,
}

/// All links in `glyphs`, in order.
pub(crate) fn find(fold: &Fold, glyphs: &[Glyph]) -> Vec<Link> {
    let text = Text(glyphs);
    let mut links = Vec::new();
    let mut at = 0;
    while at < glyphs.len() {
        let found = text.with_scheme(fold, at).or_else(|| text.bare(fold, at));
        match found {
            Some(link) => {
                at = link.to.max(at + 1);
                links.push(link);
            }
            None => at += 1,
        }
    }
    links
}

/// The host of an address, in its normal form, and what follows it; none for what has no host.
pub(crate) fn address(fold: &Fold, address: &str) -> Option<Link> {
    let mut reader = guard_text::Reader::default();
    reader.read_all(fold, address);
    Text(reader.glyphs()).with_scheme(fold, 0)
}

struct Text<'a>(&'a [Glyph]);

impl Text<'_> {
    fn letter(&self, at: usize) -> Option<char> {
        self.0.get(at).map(|glyph| glyph.letter)
    }

    fn has(&self, at: usize, word: &str) -> bool {
        word.chars().enumerate().all(|(offset, c)| self.letter(at + offset) == Some(c))
    }

    fn collect(&self, from: usize, to: usize) -> String {
        self.0[from..to].iter().map(|glyph| glyph.letter).collect()
    }

    /// Whether a letter or digit that parts no words stands at `at`: not an ideograph.
    fn is_label(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|glyph| {
            matches!(glyph.class, Class::Latin | Class::Digit)
                || matches!(glyph.letter, '-' | '_' | '\u{80}'..='\u{52f}')
                    && (glyph.class == Class::Other || glyph.letter < '\u{80}')
        })
    }

    fn is_word(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|glyph| glyph.class.is_word())
    }

    /// The end of the run from `at` on of what `is` says, at most `most` long.
    fn run(&self, at: usize, most: usize, is: impl Fn(usize) -> bool) -> usize {
        (at..self.0.len().min(at + most)).find(|place| !is(*place)).unwrap_or(self.0.len().min(at + most))
    }

    /// `scheme://user@host:port/path` that begins at `at`.
    fn with_scheme(&self, fold: &Fold, at: usize) -> Option<Link> {
        let latin = |place: usize| self.0.get(place).is_some_and(|glyph| glyph.class == Class::Latin);
        if !latin(at) || at > 0 && latin(at - 1) {
            return None;
        }
        let colon = self.run(at, SCHEME, latin);
        if !self.has(colon, "://") && !self.has(colon, ":\\\\") {
            return None;
        }
        let start = colon + 3;
        let part = |place: usize| {
            self.is_word(place)
                || matches!(
                    self.letter(place),
                    Some('.' | '。' | '-' | '_' | ':' | '@' | '%' | '~' | '!' | '$' | '&' | '+' | '=')
                )
        };
        let mut end = self.run(start, 400, part);
        while end > start && !self.is_word(end - 1) {
            end -= 1;
        }
        let authority = self.collect(start, end).replace('。', ".");
        let host = authority.rsplit('@').next().unwrap_or_default();
        let host = host.split(':').next().unwrap_or_default();
        if host.is_empty() {
            return None;
        }
        let to = self.path(end);
        let (scheme, path) = (self.collect(at, colon), self.collect(end, to));
        Some(Link { from: at, to, scheme, host: normal(fold, host), path })
    }

    /// `host:port/path` that begins at `at`, without a scheme.
    fn bare(&self, fold: &Fold, at: usize) -> Option<Link> {
        let before = at.checked_sub(1);
        if before
            .is_some_and(|before| self.is_label(before) || matches!(self.letter(before), Some('@' | '.')))
        {
            return None;
        }
        let host = if self.is_label(at) { self.host(at)? } else { self.han_host(at)? };
        let to = self.path(host.end);
        if to == host.end && is_code(&host.name) {
            return None;
        }
        // An address of mail is no link.
        if self.letter(host.end) == Some('@') {
            return None;
        }
        let path = self.collect(host.end, to);
        let follows = path.starts_with('/') || path.starts_with(':');
        let good = match host.end_of {
            EndOf::Any => true,
            EndOf::WithPath | EndOf::Address => follows,
        };
        good.then(|| Link { from: at, to, scheme: String::new(), host: normal(fold, &host.name), path })
    }

    /// Labels and dots from `at` on, up to the last that a host can end with.
    fn host(&self, at: usize) -> Option<Host> {
        let mut labels: Vec<String> = Vec::new();
        let (mut place, mut hidden) = (at, false);
        let mut best = None;
        loop {
            let end = self.run(place, LABEL + 1, |place| self.is_label(place));
            if end == place || end - place > LABEL {
                break;
            }
            labels.push(self.collect(place, end));
            if let Some(end_of) = end_of(&labels, hidden) {
                best = Some(Host { name: labels.join("."), end, end_of });
            }
            if labels.len() == LABELS {
                break;
            }
            let Some(dot) = self.dot(end) else { break };
            if !dot.hidden
                && let Some(han) = ENDS_HAN.iter().find(|han| self.ends_with_han(dot.end, han))
            {
                labels.push((*han).to_owned());
                let end = dot.end + han.chars().count();
                best = Some(Host { name: labels.join("."), end, end_of: EndOf::Any });
                break;
            }
            (place, hidden) = (dot.end, hidden || dot.hidden);
        }
        best
    }

    /// `例子.com`, `例子.中国`: a name in Chinese, as far back as the ideographs go.
    fn han_host(&self, at: usize) -> Option<Host> {
        let han = |place: usize| self.0.get(place).is_some_and(|glyph| glyph.class == Class::Han);
        if !han(at) || at > 0 && han(at - 1) {
            return None;
        }
        // A sentence in front of `example.com` is no part of it, so that a dot must follow the ideographs at once.
        let end = self.run(at, self.0.len(), han);
        if self.letter(end) != Some('.') {
            return None;
        }
        let from = at.max(end.saturating_sub(LABEL));
        let name = self.collect(from, end);
        if let Some(han) = ENDS_HAN.iter().find(|han| self.ends_with_han(end + 1, han)) {
            let last = end + 1 + han.chars().count();
            return Some(Host { name: format!("{name}.{han}"), end: last, end_of: EndOf::Any });
        }
        let last = self.run(end + 1, LABEL, |place| self.is_label(place));
        let label = self.collect(end + 1, last);
        // "他用的是.net" is about a language: only with what is no word.
        let known = matches!(label.as_str(), "com" | "cn" | "org" | "cc" | "xyz" | "top" | "vip");
        known.then(|| Host { name: format!("{name}.{label}"), end: last, end_of: EndOf::Any })
    }

    fn ends_with_han(&self, at: usize, end: &str) -> bool {
        let behind = at + end.chars().count();
        self.has(at, end) && self.0.get(behind).is_none_or(|glyph| glyph.class != Class::Han)
    }

    /// A dot at `at`, hidden or not, with what is around it.
    fn dot(&self, at: usize) -> Option<Dot> {
        if self.letter(at) == Some('.') && self.is_label(at + 1) {
            return Some(Dot { end: at + 1, hidden: false });
        }
        if self.letter(at) == Some('.') && self.0.get(at + 1).is_some_and(|glyph| glyph.class == Class::Han) {
            return Some(Dot { end: at + 1, hidden: false });
        }
        let space =
            |place: usize| self.letter(place).is_some_and(|c| c == ' ' || c == '\t' || c == '\u{3000}');
        let start = self.run(at, 3, space);
        for sign in
            ["[.]", "(.)", "{.}", "[dot]", "(dot)", "(点)", "[点]", "dot", "点", "。", "·", "•", "‧", "."]
        {
            if !self.has(start, sign) {
                continue;
            }
            let end = start + sign.chars().count();
            let behind = self.run(end, 3, space);
            // The word "dot", and a full stop, need a space on both sides to be told from letters and sentences.
            let apart = start > at && behind > end;
            if apart || !matches!(sign, "dot" | ".") {
                return self.is_label(behind).then_some(Dot { end: behind, hidden: true });
            }
        }
        None
    }

    /// The end of `:port/path` from `at` on.
    fn path(&self, at: usize) -> usize {
        let digit = |place: usize| self.0.get(place).is_some_and(|glyph| glyph.class == Class::Digit);
        let mut end = at;
        if self.letter(at) == Some(':') && digit(at + 1) {
            end = self.run(at + 1, 5, digit);
        }
        if !matches!(self.letter(end), Some('/' | '?' | '#' | '\\')) {
            return end;
        }
        let graphic = |place: usize| {
            self.letter(place).is_some_and(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '`'))
        };
        let mut last = self.run(end, self.0.len(), graphic);
        while last > end + 1
            && matches!(self.letter(last - 1), Some('.' | ',' | '!' | '?' | ';' | ':' | ')' | ']' | '\''))
        {
            last -= 1;
        }
        last
    }
}

/// Whether a host without a path is a word of programmers instead.
fn is_code(host: &str) -> bool {
    let labels: Vec<&str> = host.split('.').collect();
    let [first, .., last] = labels.as_slice() else { return false };
    let owner = labels[labels.len() - 2];
    CODE.contains(&host)
        || labels.len() > 2 && REVERSED.contains(first) && !REVERSED.contains(last)
        || ENDS_OF_MEMBERS.contains(last) && VALUES.contains(&owner)
        || *last == "pub" && FILES.contains(first)
}

struct Dot {
    end: usize,
    hidden: bool,
}

struct Host {
    name: String,
    end: usize,
    end_of: EndOf,
}

/// What must follow a host for it to be a link.
#[derive(Clone, Copy)]
enum EndOf {
    Any,
    WithPath,
    Address,
}

fn end_of(labels: &[String], hidden: bool) -> Option<EndOf> {
    let (last, before) = labels.split_last()?;
    let owner = before.last()?;
    if owner.starts_with('-') || owner.ends_with('-') {
        return None;
    }
    let known = |ends: &[&str]| ends.contains(&last.as_str());
    if hidden {
        return known(&ENDS_HIDDEN).then_some(EndOf::Any);
    }
    let number = |label: &String| label.len() <= 3 && label.parse::<u8>().is_ok();
    if labels.len() == 4 && labels.iter().all(number) {
        return Some(EndOf::Address);
    }
    let letters =
        last.len() >= 2 && last.bytes().all(|byte| byte.is_ascii_lowercase()) || last.starts_with("xn--");
    match () {
        () if labels[0] == "www" && before.len() > 1 && letters => Some(EndOf::Any),
        () if known(&ENDS) || last.starts_with("xn--") => Some(EndOf::Any),
        () if known(&ENDS_WITH_PATH) => Some(EndOf::WithPath),
        () => None,
    }
}

#[cfg(test)]
mod tests;
