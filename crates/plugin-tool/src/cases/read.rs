//! The file of cases: one JSON object a line.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;
use teahouse_plugin_package::CapabilityName;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::input::{EditInput, EventInput, JoinInput, MessageInput, NameInput, Person, UserInput};
use crate::Misused;
use crate::house::{HttpAnswer, START_MS};

/// A case that was understood.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) config: Value,
    pub(super) grants: Option<Vec<CapabilityName>>,
    pub(super) at_ms: u64,
    pub(super) people: Vec<Person>,
    pub(super) http: Vec<HttpAnswer>,
    pub(super) calls: Vec<Call>,
}

/// One call, and what is expected of it.
pub(super) struct Call {
    pub(super) step: Step,
    /// The event's id; the same one again is a second delivery.
    pub(super) id: Option<String>,
    pub(super) expect: Option<Value>,
}

/// What happens.
pub(super) enum Step {
    Check(MessageInput),
    CheckEdit(EditInput),
    CheckName(NameInput),
    CheckJoin(JoinInput),
    Handle(EventInput),
    Advance(u64),
}

/// A line as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: Option<String>,
    #[serde(default)]
    config: Value,
    grants: Option<Vec<CapabilityName>>,
    at: Option<At>,
    #[serde(default)]
    people: Vec<Person>,
    #[serde(default)]
    http: Vec<HttpAnswer>,
    #[serde(default)]
    calls: Vec<CallLine>,
    // The short form: one message, and what is said of it.
    text: Option<String>,
    sender: Option<UserInput>,
    role: Option<String>,
    expect: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CallLine {
    check: Option<MessageInput>,
    check_edit: Option<EditInput>,
    check_name: Option<NameInput>,
    check_join: Option<JoinInput>,
    handle: Option<EventInput>,
    advance_ms: Option<u64>,
    id: Option<String>,
    expect: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum At {
    Ms(u64),
    Text(String),
}

/// Reads all cases; empty lines and lines that begin with `//` are left out.
pub(super) fn cases(text: &str) -> Result<Vec<Case>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("//"));
    lines
        .map(|(number, line)| {
            let case = || Case::of(serde_json::from_str(line)?, number);
            case().map_err(|error| Misused::because(format!("line {number} of the cases: {error:#}")))
        })
        .collect()
}

impl Case {
    fn of(line: Line, number: usize) -> Result<Self> {
        known(line.expect.as_ref())?;
        let mut calls = line.calls.into_iter().map(Call::of).collect::<Result<Vec<_>>>()?;
        if let Some(text) = line.text {
            let message =
                MessageInput { text, sender: line.sender, role: line.role, ..MessageInput::default() };
            calls.push(Call { step: Step::Check(message), id: None, expect: line.expect });
        } else if line.expect.is_some() || line.sender.is_some() || line.role.is_some() {
            anyhow::bail!("`expect`, `sender` and `role` belong to `text`, or into a call");
        }
        anyhow::ensure!(!calls.is_empty(), "it has neither `text` nor `calls`");
        let at_ms = match line.at {
            None => START_MS,
            Some(At::Ms(ms)) => ms,
            Some(At::Text(text)) => {
                let at = OffsetDateTime::parse(&text, &Rfc3339)
                    .with_context(|| format!("`at` is no time: {text}"))?;
                u64::try_from(at.unix_timestamp_nanos() / 1_000_000).context("`at` is before 1970")?
            }
        };
        let name = line.name.unwrap_or_else(|| format!("line {number}"));
        Ok(Self {
            name,
            config: line.config,
            grants: line.grants,
            at_ms,
            people: line.people,
            http: line.http,
            calls,
        })
    }
}

/// Every word that a call of a filter or gate can be answered with.
const VERDICTS: [&str; 8] = ["allow", "reject", "replace", "flag", "shadow", "ask", "error", "failure"];

/// A verdict that no plugin can give is a slip of the pen, and no finding about the plugin.
fn known(expect: Option<&Value>) -> Result<()> {
    let word = expect.and_then(|expect| expect.as_str().or_else(|| expect["verdict"].as_str()));
    match word {
        Some(word) if !VERDICTS.contains(&word) => {
            anyhow::bail!("no verdict is called {word:?}; there are {}", VERDICTS.join(", "))
        }
        _ => Ok(()),
    }
}

impl Call {
    fn of(line: CallLine) -> Result<Self> {
        known(line.expect.as_ref())?;
        let mut steps: Vec<Step> = Vec::new();
        steps.extend(line.check.map(Step::Check));
        steps.extend(line.check_edit.map(Step::CheckEdit));
        steps.extend(line.check_name.map(Step::CheckName));
        steps.extend(line.check_join.map(Step::CheckJoin));
        steps.extend(line.handle.map(Step::Handle));
        steps.extend(line.advance_ms.map(Step::Advance));
        let step = steps.pop().filter(|_| steps.is_empty());
        let step =
            step.context("a call is one of check, check_edit, check_name, check_join, handle, advance_ms")?;
        Ok(Self { step, id: line.id, expect: line.expect })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let text = r#"
            // a comment
            {"text": "tea", "expect": "allow"}
            {"name": "two", "config": {"a": 1}, "grants": ["kv"], "at": "2026-02-03T04:05:06Z", "calls": [
        "#;
        let text = text.trim_end().to_owned()
            + r#"{"check": {"text": "x", "sender": "bob"}, "expect": {"verdict": "reject"}}, {"advance_ms": 5}]}"#;
        let cases = cases(&text).unwrap();
        assert_eq!((cases[0].name.as_str(), cases[0].at_ms), ("line 3", START_MS));
        assert_eq!((cases[1].name.as_str(), cases[1].at_ms), ("two", 1_770_091_506_000));
        assert!(matches!(cases[1].calls[1].step, Step::Advance(5)));
        assert_eq!(cases[1].grants.as_deref(), Some(&[CapabilityName::Kv][..]));
    }

    #[test]
    fn what_is_not_understood_is_told_with_its_line() {
        for bad in [
            "nonsense",
            "{}",
            r#"{"txt": "a"}"#,
            r#"{"calls": [{}]}"#,
            r#"{"calls": [{"check": {"text": "a"}, "advance_ms": 1}]}"#,
            r#"{"calls": [{"check": {"txt": "a"}}]}"#,
            r#"{"text": "a", "grants": ["camera"]}"#,
            r#"{"text": "a", "at": "tomorrow"}"#,
            r#"{"calls": [{"handle": {"poked": {}}}]}"#,
            r#"{"expect": "allow", "calls": [{"advance_ms": 1}]}"#,
            r#"{"text": "a", "expect": "alow"}"#,
            r#"{"calls": [{"check": {"text": "a"}, "expect": {"verdict": "deny"}}]}"#,
        ] {
            let error = cases(bad).err().unwrap_or_else(|| panic!("{bad}")).to_string();
            assert!(error.starts_with("line 1"), "{error}");
        }
    }
}
