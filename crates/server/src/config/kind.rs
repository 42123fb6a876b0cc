//! What a key may hold: how a text becomes such a value, which values are right, and how to say so.

use std::ops::RangeInclusive;

use toml::Value;

/// The kind of value that a key holds.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A text that is never shown.
    Secret,
    /// A folder or file.
    Path,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number(RangeInclusive<i64>),
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// `HOST:PORT`.
    Address,
    /// A URL with one of these schemes. A password in it is never shown.
    Url(&'static [&'static str]),
    /// Several texts.
    Texts,
    /// Mini-programs, each with id and secret.
    Apps,
}

/// The keys of one mini-program.
pub(crate) const APP_KEYS: &[&str] = &["app_id", "secret"];

impl Kind {
    /// The value that `text` (of an environment variable or a flag) stands for, not yet judged.
    pub(crate) fn read(&self, text: &str) -> Value {
        let text = text.trim();
        let read = match self {
            Self::Flag => text.parse().ok().map(Value::Boolean),
            Self::Number(_) => text.parse().ok().map(Value::Integer),
            Self::Texts if !text.starts_with('[') => Some(separated(text)),
            Self::Texts | Self::Apps => toml_value(text),
            _ => None,
        };
        read.unwrap_or_else(|| Value::String(text.to_owned()))
    }

    /// Whether `value` is one of this kind.
    pub(crate) fn accepts(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text | Self::Secret, Value::String(_)) | (Self::Flag, Value::Boolean(_)) => true,
            (Self::Path, Value::String(text)) => !text.is_empty(),
            (Self::Number(range), Value::Integer(number)) => range.contains(number),
            (Self::Choice(words), Value::String(text)) => words.contains(&text.as_str()),
            (Self::Address, Value::String(text)) => is_address(text),
            (Self::Url(schemes), Value::String(text)) => is_url(text, schemes),
            (Self::Texts, Value::Array(items)) => items.iter().all(Value::is_str),
            (Self::Apps, Value::Array(items)) => items.iter().all(is_app),
            _ => false,
        }
    }

    /// What would be right.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Text | Self::Secret => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Number(range) if *range.end() == i64::MAX => {
                format!("a whole number, {} or more", range.start())
            }
            Self::Number(range) => format!("a whole number from {} to {}", range.start(), range.end()),
            Self::Choice(words) => words.join(" or "),
            Self::Address => "an address such as 127.0.0.1:8080".to_owned(),
            Self::Url(schemes) => {
                let shown: Vec<_> = schemes.iter().map(|scheme| format!("{scheme}…")).collect();
                format!("an address {}", shown.join(" or "))
            }
            Self::Texts => "a list of texts, such as [\"a\", \"b\"]".to_owned(),
            Self::Apps => "a list of mini-programs, each { app_id = \"wx…\", secret = \"…\" }".to_owned(),
        }
    }

    /// `value` as it may be printed.
    pub(crate) fn shown(&self, value: &Value) -> String {
        match (self, value) {
            (Self::Secret, _) => "\"***\"".to_owned(),
            (Self::Url(_), Value::String(text)) => Value::String(without_password(text)).to_string(),
            (Self::Apps, Value::Array(items)) => {
                let shown: Vec<_> = items.iter().map(shown_app).collect();
                format!("[{}]", shown.join(", "))
            }
            (Self::Apps, _) => "a value".to_owned(),
            _ => value.to_string(),
        }
    }
}

fn separated(text: &str) -> Value {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
}

fn toml_value(text: &str) -> Option<Value> {
    let mut table: toml::Table = toml::from_str(&format!("value = {text}")).ok()?;
    table.remove("value")
}

/// Port 0 asks the system for a free one.
fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

fn is_url(text: &str, schemes: &[&str]) -> bool {
    schemes.iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()))
}

fn is_app(item: &Value) -> bool {
    let Value::Table(table) = item else { return false };
    table.len() == APP_KEYS.len() && APP_KEYS.iter().all(|key| table.get(*key).is_some_and(Value::is_str))
}

fn shown_app(item: &Value) -> String {
    let id = item.get("app_id").map_or_else(|| "\"?\"".to_owned(), Value::to_string);
    format!("{{ app_id = {id}, secret = \"***\" }}")
}

/// The URL with its password masked, in the authority (`user:password@`) and in the query (`password=`).
pub(crate) fn without_password(url: &str) -> String {
    let (url, query) = match url.split_once('?') {
        Some((url, query)) => (url, Some(query)),
        None => (url, None),
    };
    let mut shown = masked_authority(url);
    if let Some(query) = query {
        let pairs = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if name.contains("password") => format!("{name}=***"),
            _ => pair.to_owned(),
        });
        shown = format!("{shown}?{}", pairs.collect::<Vec<_>>().join("&"));
    }
    shown
}

fn masked_authority(url: &str) -> String {
    let masked = || {
        let (scheme, rest) = url.split_once("://")?;
        let (credentials, place) = rest.rsplit_once('@')?;
        let (user, _) = credentials.split_once(':')?;
        Some(format!("{scheme}://{user}:***@{place}"))
    };
    masked().unwrap_or_else(|| url.to_owned())
}

impl std::fmt::Display for Kind {
    /// The kind as the reference names it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Secret => f.write_str("a text, kept secret"),
            Self::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                f.write_str(&words.join(" or "))
            }
            Self::Address => f.write_str("`HOST:PORT`"),
            Self::Url(schemes) => {
                let shown: Vec<_> = schemes.iter().map(|scheme| format!("`{scheme}…`")).collect();
                f.write_str(&shown.join(" or "))
            }
            Self::Texts => f.write_str("a list of texts"),
            Self::Apps => f.write_str("a list of `{ app_id, secret }`"),
            _ => f.write_str(&self.expected()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: &Kind, text: &str, right: bool) {
        assert_eq!(kind.accepts(&kind.read(text)), right, "{kind:?} of {text:?}");
    }

    #[test]
    fn a_text_is_read_as_its_key_asks() {
        check(&Kind::Flag, "true", true);
        check(&Kind::Flag, "yes", false);
        check(&Kind::Number(0..=8), "8", true);
        check(&Kind::Number(0..=8), "9", false);
        check(&Kind::Number(0..=8), "many", false);
        check(&Kind::Choice(&["human", "json"]), "json", true);
        check(&Kind::Choice(&["human", "json"]), "JSON", false);
        check(&Kind::Address, "127.0.0.1:0", true);
        check(&Kind::Address, "[::1]:8080", true);
        check(&Kind::Address, "localhost", false);
        check(&Kind::Url(&["https://"]), "https://", false);
        check(&Kind::Texts, "https://a.example, https://b.example", true);
        check(&Kind::Apps, r#"[{ app_id = "wx1", secret = "s" }]"#, true);
        check(&Kind::Apps, r#"[{ app_id = "wx1" }]"#, false);
        // A key of digits stays the text that it is.
        check(&Kind::Secret, "0123456789", true);
    }

    #[test]
    fn what_is_secret_is_masked() {
        let url = Kind::Url(&["postgres://"]);
        let shown = url.shown(&Value::String("postgres://tea:hush@db/tea?sslpassword=hush&a=b".to_owned()));
        assert_eq!(shown, r#""postgres://tea:***@db/tea?sslpassword=***&a=b""#);
        let apps = Kind::Apps.read(r#"[{ app_id = "wx1", secret = "hush" }]"#);
        assert_eq!(Kind::Apps.shown(&apps), r#"[{ app_id = "wx1", secret = "***" }]"#);
        assert_eq!(Kind::Secret.shown(&Value::String("hush".to_owned())), "\"***\"");
    }
}
