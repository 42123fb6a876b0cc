//! Words in braces in the operator's text.

/// Fills in `{name}` and `{room}`, each once over: a person who is called `{room}` stays so.
pub(crate) fn fill(template: &str, name: &str, room: &str) -> String {
    let mut filled = String::with_capacity(template.len() + name.len() + room.len());
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        let (value, length) = match rest {
            _ if rest.starts_with("{name}") => (name, "{name}".len()),
            _ if rest.starts_with("{room}") => (room, "{room}".len()),
            _ => ("{", 1),
        };
        filled.push_str(value);
        rest = &rest[length..];
    }
    filled.push_str(rest);
    filled
}

/// The first word in braces that means nothing here.
pub(crate) fn unknown(template: &str) -> Option<&str> {
    let words = template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(word, _)| word);
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || c == '_');
    words.filter(is_word).find(|word| !matches!(*word, "name" | "room"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_filled_in_and_not_read_again() {
        assert_eq!(fill("{name} 来到 {room}，{name}", "{room}", "茶馆"), "{room} 来到 茶馆，{room}");
        assert_eq!(fill("a { b {nam} {", "x", "y"), "a { b {nam} {");
    }

    #[test]
    fn a_misspelt_word_is_found() {
        assert_eq!(unknown("{name} {romo}"), Some("romo"));
        assert_eq!(unknown("{name} {} { room } {a b}"), None);
    }
}
