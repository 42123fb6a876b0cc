//! The texts and addresses in the content of a message that is more than text.

use serde_json::Value;

/// Names of fields that hold what people read.
const TEXTS: [&str; 7] = ["title", "text", "description", "alt", "name", "address", "label"];
/// Names of fields that hold an address on the web.
const ADDRESSES: [&str; 3] = ["url", "image_url", "cover_url"];

/// The content of a link, card, picture, sound, film, file or place.
#[derive(Debug)]
pub struct Fields(Value);

impl Fields {
    /// Reads a content; none when it is no JSON object.
    #[must_use]
    pub fn read(content: &str) -> Option<Self> {
        serde_json::from_str(content).ok().filter(Value::is_object).map(Self)
    }

    /// What people read: titles, descriptions, labels of buttons.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.named(&TEXTS)
    }

    /// The addresses that it leads to, or shows pictures from.
    #[must_use]
    pub fn addresses(&self) -> Vec<&str> {
        self.named(&ADDRESSES)
    }

    /// Hands each text to `change`, which may give another in its place; whether any was changed.
    pub fn change_texts(&mut self, mut change: impl FnMut(&str) -> Option<String>) -> bool {
        let mut changed = false;
        if let Some(object) = self.0.as_object_mut() {
            changed |= change_object(object, &mut change);
            for item in object.get_mut("buttons").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(button) = item.as_object_mut() {
                    changed |= change_object(button, &mut change);
                }
            }
        }
        changed
    }

    /// The content as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        self.0.to_string()
    }

    fn named(&self, names: &[&str]) -> Vec<&str> {
        let buttons = self.0.get("buttons").and_then(Value::as_array).into_iter().flatten();
        let objects = std::iter::once(&self.0).chain(buttons).filter_map(Value::as_object);
        let fields = objects.flat_map(|object| names.iter().filter_map(|name| object.get(*name)));
        fields.filter_map(Value::as_str).collect()
    }
}

fn change_object(
    object: &mut serde_json::Map<String, Value>,
    change: &mut impl FnMut(&str) -> Option<String>,
) -> bool {
    let mut changed = false;
    for name in TEXTS {
        let Some(Value::String(text)) = object.get_mut(name) else { continue };
        if let Some(new) = change(text) {
            *text = new;
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str =
        r#"{"title":"T","text":"x","image_url":"https://i.example/a","buttons":[{"id":"k","label":"L"}]}"#;

    #[test]
    fn texts_and_addresses_are_told_apart() {
        let fields = Fields::read(CARD).expect("an object");
        assert_eq!(fields.texts(), ["T", "x", "L"]);
        assert_eq!(fields.addresses(), ["https://i.example/a"]);
    }

    #[test]
    fn changes_touch_texts_only() {
        let mut fields = Fields::read(CARD).expect("an object");
        assert!(fields.change_texts(|text| (text == "L").then(|| "*".to_owned())));
        assert!(fields.to_json().contains(r#""label":"*""#) && fields.to_json().contains(r#""id":"k""#));
        assert!(!fields.change_texts(|_| None));
    }

    #[test]
    fn what_is_no_object_has_no_fields() {
        for content in ["", "[]", "\"x\"", "{", "null"] {
            assert!(Fields::read(content).is_none(), "{content}");
        }
    }
}
