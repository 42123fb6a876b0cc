//! What a bot wants to say, as content that is checked like everybody's.

use teahouse_plugin_host::wit;
use teahouse_protocol::{Button, CardContent, Content, Kind, RoomName, cut};

use super::answers::invalid;

/// A text that becomes a card is cut here for its title.
const MAX_TITLE_CHARS: usize = RoomName::MAX_CHARS;
/// Bytes of a draft's object.
const MAX_OBJECT_BYTES: usize = 16 * 1024;

/// The content of a draft. One with buttons is a card: of its own object, or of its text.
///
/// # Errors
/// `invalid`, or `too-large`.
pub(super) fn content(draft: &wit::Draft) -> Result<Content, wit::Error> {
    let kind = Kind::from_word(&draft.kind).ok_or_else(|| invalid("no such kind of message"))?;
    if draft.content.as_ref().is_some_and(|json| json.len() > MAX_OBJECT_BYTES) {
        return Err(wit::Error::TooLarge(u32::try_from(MAX_OBJECT_BYTES).unwrap_or(u32::MAX)));
    }
    let has_buttons = draft.buttons.iter().any(|row| !row.is_empty());
    let content = match (kind, &draft.content) {
        (Kind::Text, _) if has_buttons => Content::Card(card(draft)?),
        (Kind::Text, None) => Content::Text(draft.text.clone()),
        (Kind::Text, Some(_)) => return Err(invalid("a text has no object")),
        (Kind::Card, None) => Content::Card(card(draft)?),
        (Kind::Card, Some(json)) => with_buttons(parse(kind, json)?, draft, has_buttons)?,
        (_, _) if has_buttons => return Err(invalid("buttons stand on cards and texts alone")),
        (_, Some(json)) => parse(kind, json)?,
        (_, None) => return Err(invalid("this kind of message needs an object")),
    };
    // What people write into a command ends up on a bot's cards, and the bot is not to fail by it.
    let content = content.with_tame_names();
    content.check().map_err(|error| wit::Error::Invalid(error.to_string()))?;
    Ok(content)
}

fn parse(kind: Kind, json: &str) -> Result<Content, wit::Error> {
    Content::read(kind, json).map_err(|error| wit::Error::Invalid(error.to_string()))
}

/// A card of a text: its first line is the title, the rest stands below.
fn card(draft: &wit::Draft) -> Result<CardContent, wit::Error> {
    let (first, rest) = draft.text.split_once('\n').unwrap_or((&draft.text, ""));
    let first = first.trim();
    let title = cut(first, MAX_TITLE_CHARS);
    // What does not fit into the title is not lost.
    let (_, overflow) = first.split_at(title.len());
    let text = [overflow, rest.trim()].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
    let text = (!text.is_empty()).then(|| text.join("\n"));
    Ok(CardContent { title: title.to_owned(), text, image_url: None, buttons: buttons(draft)? })
}

fn with_buttons(content: Content, draft: &wit::Draft, has_buttons: bool) -> Result<Content, wit::Error> {
    match content {
        Content::Card(card) if has_buttons => {
            Ok(Content::Card(CardContent { buttons: buttons(draft)?, ..card }))
        }
        other => Ok(other),
    }
}

fn buttons(draft: &wit::Draft) -> Result<Option<Vec<Button>>, wit::Error> {
    let mut buttons = Vec::new();
    for (row, of_row) in (0_u8..).zip(draft.buttons.iter().filter(|row| !row.is_empty())) {
        for button in of_row {
            buttons.push(self::button(button, row)?);
        }
    }
    Ok((!buttons.is_empty()).then_some(buttons))
}

/// A button by way of its JSON, which knows the words for its style.
fn button(button: &wit::Button, row: u8) -> Result<Button, wit::Error> {
    let mut json = serde_json::json!({ "id": button.id, "label": button.label, "row": row });
    for (field, value) in [("style", &button.style), ("value", &button.value)] {
        if !value.is_empty() {
            json[field] = value.as_str().into();
        }
    }
    serde_json::from_value(json)
        .map_err(|error| wit::Error::Invalid(format!("button {}: {error}", button.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(kind: &str, text: &str, object: Option<&str>, labels: &[&str]) -> wit::Draft {
        let button = |label: &&str| wit::Button {
            id: (*label).to_owned(),
            label: (*label).to_owned(),
            style: "primary".to_owned(),
            value: "1".to_owned(),
        };
        wit::Draft {
            room: String::new(),
            kind: kind.to_owned(),
            text: text.to_owned(),
            content: object.map(str::to_owned),
            reply_to: None,
            mentions: Vec::new(),
            buttons: labels.iter().map(|label| vec![button(label)]).collect(),
            only_for: None,
            extra: Vec::new(),
        }
    }

    #[test]
    fn a_text_with_buttons_is_a_card() {
        let made = content(&draft("text", "Lunch?\nWho comes?", None, &["yes", "no"])).unwrap();
        let Content::Card(card) = made else { panic!("{made:?}") };
        assert_eq!((card.title.as_str(), card.text.as_deref()), ("Lunch?", Some("Who comes?")));
        assert_eq!(card.buttons.map(|buttons| buttons.len()), Some(2));
        let long = "茶".repeat(70);
        let Content::Card(card) = content(&draft("card", &long, None, &[])).unwrap() else { panic!() };
        assert_eq!(card.title.chars().count(), 64);
        assert_eq!(card.text.map(|text| text.chars().count()), Some(6));
    }

    /// Somebody types `/poll` with such options: the bot shows them, and does not fail.
    #[test]
    fn what_people_wrote_does_not_break_a_bots_card() {
        let made = content(&draft("card", "\u{202e}Lunch?", None, &["\u{2067}yes", "\u{3164}"])).unwrap();
        let Content::Card(card) = made else { panic!("{made:?}") };
        let labels: Vec<String> = card.buttons.unwrap().into_iter().map(|button| button.label).collect();
        assert_eq!(
            (card.title.as_str(), labels.as_slice()),
            ("Lunch?", &["yes".to_owned(), "?".to_owned()][..])
        );
        let object = Some(r#"{"title":"\u202eLunch?"}"#);
        let Content::Card(card) = content(&draft("card", "", object, &[])).unwrap() else { panic!() };
        assert_eq!(card.title, "Lunch?");
    }

    #[test]
    fn what_nobody_could_send_no_bot_sends() {
        let link = Some(r#"{"url":"https://a.example"}"#);
        assert!(content(&draft("link", "", link, &[])).is_ok());
        for bad in [
            draft("text", "  ", None, &[]),
            draft("text", "x", link, &[]),
            draft("link", "x", None, &[]),
            draft("link", "x", link, &["yes"]),
            draft("link", "x", Some(r#"{"url":"javascript:alert(1)"}"#), &[]),
            draft("poem", "x", None, &[]),
            draft("text", "x", None, &["a"; 11]),
        ] {
            assert!(content(&bad).is_err(), "{bad:?}");
        }
        let heavy = format!(r#"{{"url":"https://a.example/{}"}}"#, "a".repeat(MAX_OBJECT_BYTES));
        assert!(matches!(content(&draft("link", "", Some(&heavy), &[])), Err(wit::Error::TooLarge(_))));
    }
}
