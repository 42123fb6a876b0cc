//! Reads a schema, and refuses what is not of the subset.

use std::cell::RefCell;

use regex::RegexBuilder;

use super::{Field, Format, Schema, Shape, TextShape, ordered::Node, validate};
use crate::{Problem, Problems, words::Word};

/// Characters of a one-line string when the schema names no `maxLength`, and of its `pattern`.
const LINE: usize = 4096;
/// Characters of a string at most.
const MAX_LENGTH: usize = 256 * 1024;
/// Strings of an array at most.
const MAX_ITEMS: usize = 20_000;
/// Words of an enum at most.
const MAX_CHOICES: usize = 100;
/// Bytes that a compiled pattern may take: patterns come from strangers.
const PATTERN_BYTES: usize = 256 * 1024;
/// Whole numbers that every guest language can hold.
const WHOLE: i64 = 1 << 53;

type Notes = RefCell<Vec<Problem>>;

pub(super) fn fields(text: &str) -> Result<Vec<Field>, Problems> {
    let whole = |en: String, zh: String| Problems::one(Problem::new("", en, zh));
    if text.len() > Schema::MAX_BYTES {
        let most = Schema::MAX_BYTES / 1024;
        return Err(whole(
            format!("a schema may have {most} KiB at most"),
            format!("schema 最多 {most} KiB"),
        ));
    }
    let node = serde_json::from_str::<Node>(text)
        .map_err(|error| whole(format!("not JSON: {error}"), format!("不是有效的 JSON：{error}")))?;
    let notes = Notes::default();
    let fields = match Keywords::new("", node, &notes) {
        Some(mut root) => root_fields(&mut root),
        None => Vec::new(),
    };
    let total: usize = fields.iter().map(|field| 1 + field.inner().len()).sum();
    if total > Schema::MAX_FIELDS {
        let most = Schema::MAX_FIELDS;
        notes.borrow_mut().push(Problem::new(
            "",
            format!("a schema may have {most} fields at most, not {total}"),
            format!("schema 最多 {most} 个字段，现有 {total} 个"),
        ));
    }
    Problems::check(notes.into_inner()).map(|()| fields)
}

impl Field {
    /// The fields of an object; none for anything else.
    #[must_use]
    pub fn inner(&self) -> &[Self] {
        match &self.shape {
            Shape::Group(fields) => fields,
            _ => &[],
        }
    }
}

fn root_fields(root: &mut Keywords<'_>) -> Vec<Field> {
    // Said by many editors' templates, and of no meaning to a form.
    for said in ["$schema", "$id", "title", "description"] {
        root.take(said);
    }
    if root.text("type").as_deref() != Some("object") {
        root.note("type", "must be \"object\" at the top", "顶层必须是 \"object\"");
    }
    let fields = group(root, 0);
    root.finish();
    fields
}

/// `properties`, `required` and `additionalProperties` of an object.
fn group(keywords: &mut Keywords<'_>, depth: usize) -> Vec<Field> {
    let required = keywords.texts("required").unwrap_or_default();
    if !matches!(keywords.take("additionalProperties"), None | Some(Node::Boolean(false))) {
        keywords.note("additionalProperties", "can only be false", "只能是 false");
    }
    let properties = match keywords.take("properties") {
        Some(Node::Object(entries)) => entries,
        Some(_) => {
            keywords.note("properties", "must be an object", "必须是对象");
            Vec::new()
        }
        None => {
            keywords.note("properties", "is required", "是必填项");
            Vec::new()
        }
    };
    for name in required.iter().filter(|name| !properties.iter().any(|(known, _)| known == *name)) {
        keywords.note("required", format!("{name:?} is no property"), format!("{name:?} 不是已声明的属性"));
    }
    let read = |(name, node): (String, Node)| {
        let path = keywords.path(&format!("properties.{name}"));
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            let (en, zh) = (
                "a property's name is 1 to 64 letters, digits, - and _",
                "属性名由 1 到 64 个字母、数字、- 和 _ 组成",
            );
            keywords.notes.borrow_mut().push(Problem::new(path.clone(), en, zh));
        }
        let required = required.contains(&name);
        field(name, required, Keywords::new(path, node, keywords.notes)?, depth)
    };
    properties.into_iter().filter_map(read).collect()
}

fn field(name: String, required: bool, mut keywords: Keywords<'_>, depth: usize) -> Option<Field> {
    let title = keywords.line("title", 100);
    let description = keywords.line("description", 1000);
    let default = keywords.take("default").map(Node::into_value);
    let kind = keywords.take("type");
    let kind = if let Some(Node::Text(kind)) = &kind { Some(kind.as_str()) } else { None };
    let shape = match kind {
        Some("string") => Some(Shape::Text(text(&mut keywords))),
        Some("integer") => {
            let min = keywords.whole("minimum").unwrap_or(-WHOLE);
            Some(Shape::Integer { min, max: keywords.whole("maximum").unwrap_or(WHOLE) })
        }
        Some("number") => {
            Some(Shape::Number { min: keywords.number("minimum"), max: keywords.number("maximum") })
        }
        Some("boolean") => Some(Shape::Boolean),
        Some("array") => texts(&mut keywords),
        Some("object") if depth == 0 => Some(Shape::Group(group(&mut keywords, depth + 1))),
        Some("object") => {
            keywords.note("type", "an object inside an object can't be drawn", "不支持对象里再嵌套对象");
            None
        }
        _ => {
            keywords.note(
                "type",
                "must be one of: string, integer, number, boolean, array, object",
                "必须是其中之一：string、integer、number、boolean、array、object",
            );
            None
        }
    };
    keywords.finish_unless(shape.is_none());
    let field = Field { name, title, description, required, shape: shape?, default };
    check_field(&field, &keywords);
    Some(field)
}

/// Limits in their order, and a default that fits.
fn check_field(field: &Field, keywords: &Keywords<'_>) {
    let crossed = match &field.shape {
        Shape::Integer { min, max } => min > max,
        Shape::Number { min: Some(min), max: Some(max) } => min > max,
        Shape::Text(text) => text.min_length > text.max_length,
        Shape::Texts { item, min, max, .. } => min > max || item.min_length > item.max_length,
        _ => false,
    };
    if crossed {
        keywords.note("", "its least is more than its most", "下限大于上限");
    }
    match (&field.shape, &field.default) {
        (Shape::Group(_), Some(_)) => {
            keywords.note(
                "default",
                "stands at the fields of an object, not at the object",
                "请写在对象的各个字段上",
            );
        }
        (_, Some(default)) => {
            for problem in validate::value(field, default) {
                keywords.note("default", problem.text.en, problem.text.zh);
            }
        }
        _ => {}
    }
}

fn text(keywords: &mut Keywords<'_>) -> TextShape {
    let format = keywords.text("format").and_then(|format| {
        let found = Format::find(&format);
        if found.is_none() {
            keywords.note(
                "format",
                "must be one of: password, multiline, room, user",
                "必须是其中之一：password、multiline、room、user",
            );
        }
        found
    });
    let choices = keywords.texts("enum");
    let few = |choices: &Vec<String>| (1..=MAX_CHOICES).contains(&choices.len());
    if choices.as_ref().is_some_and(|choices| !few(choices)) {
        keywords.note("enum", format!("has 1 to {MAX_CHOICES} words"), format!("有 1 到 {MAX_CHOICES} 个词"));
    }
    let longest = if format == Some(Format::Multiline) { MAX_LENGTH } else { LINE };
    TextShape {
        choices: choices.unwrap_or_default(),
        pattern: keywords.text("pattern").and_then(|pattern| compile(&pattern, keywords)),
        format,
        min_length: keywords.count("minLength", MAX_LENGTH).unwrap_or(0),
        max_length: keywords.count("maxLength", MAX_LENGTH).unwrap_or(longest),
    }
}

fn compile(pattern: &str, keywords: &Keywords<'_>) -> Option<regex::Regex> {
    if pattern.len() > LINE {
        keywords.note("pattern", format!("may have {LINE} bytes at most"), format!("最多 {LINE} 字节"));
        return None;
    }
    let built = RegexBuilder::new(pattern)
        .size_limit(PATTERN_BYTES)
        .dfa_size_limit(PATTERN_BYTES)
        .nest_limit(50)
        .build();
    built
        .map_err(|error| {
            let error = error.to_string();
            keywords.note("pattern", format!("not understood: {error}"), format!("无法解析：{error}"));
        })
        .ok()
}

fn texts(keywords: &mut Keywords<'_>) -> Option<Shape> {
    let Some(items) = keywords.take("items") else {
        keywords.note("items", "is required", "是必填项");
        return None;
    };
    let mut items = Keywords::new(keywords.path("items"), items, keywords.notes)?;
    if items.text("type").as_deref() != Some("string") {
        items.note("type", "an array holds strings and nothing else", "数组只能包含字符串");
        return None;
    }
    for said in ["title", "description"] {
        items.take(said);
    }
    let item = text(&mut items);
    items.finish();
    Some(Shape::Texts {
        item,
        min: keywords.count("minItems", MAX_ITEMS).unwrap_or(0),
        max: keywords.count("maxItems", MAX_ITEMS).unwrap_or(MAX_ITEMS),
        unique: matches!(keywords.take("uniqueItems"), Some(Node::Boolean(true))),
    })
}

/// The keywords of one schema object, taken one by one; what remains is outside the subset.
struct Keywords<'n> {
    path: String,
    entries: Vec<(String, Node)>,
    notes: &'n Notes,
}

impl<'n> Keywords<'n> {
    fn new(path: impl Into<String>, node: Node, notes: &'n Notes) -> Option<Self> {
        let path = path.into();
        let Node::Object(entries) = node else {
            notes.borrow_mut().push(Problem::new(path, "must be an object", "必须是对象"));
            return None;
        };
        Some(Self { path, entries, notes })
    }

    fn path(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }

    fn note(&self, key: &str, en: impl Into<String>, zh: impl Into<String>) {
        self.notes.borrow_mut().push(Problem::new(self.path(key), en, zh));
    }

    fn take(&mut self, key: &str) -> Option<Node> {
        let index = self.entries.iter().position(|(known, _)| known == key)?;
        Some(self.entries.remove(index).1)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.take(key)? {
            Node::Text(text) => Some(text),
            _ => {
                self.note(key, "must be a string", "必须是字符串");
                None
            }
        }
    }

    fn line(&mut self, key: &str, most: usize) -> Option<String> {
        let text = self.text(key)?;
        if text.chars().count() > most {
            self.note(key, format!("may have {most} characters at most"), format!("最多 {most} 个字符"));
        }
        Some(text)
    }

    fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        let node = self.take(key)?;
        let texts = match node {
            Node::List(nodes) => nodes
                .into_iter()
                .map(|node| if let Node::Text(text) = node { Some(text) } else { None })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        if texts.is_none() {
            self.note(key, "must be a list of strings", "必须是字符串列表");
        }
        texts
    }

    fn whole(&mut self, key: &str) -> Option<i64> {
        let node = self.take(key)?;
        let number = if let Node::Number(number) = &node { number.as_i64() } else { None };
        let whole = number.filter(|number| (-WHOLE..=WHOLE).contains(number));
        if whole.is_none() {
            self.note(key, "must be a whole number within ±2^53", "必须是 ±2^53 以内的整数");
        }
        whole
    }

    fn number(&mut self, key: &str) -> Option<f64> {
        let node = self.take(key)?;
        let number = if let Node::Number(number) = &node { number.as_f64() } else { None };
        if number.is_none() {
            self.note(key, "must be a number", "必须是数字");
        }
        number
    }

    fn count(&mut self, key: &str, most: usize) -> Option<usize> {
        let node = self.take(key)?;
        let number = if let Node::Number(number) = &node { number.as_u64() } else { None };
        let count = number.and_then(|number| usize::try_from(number).ok()).filter(|count| *count <= most);
        if count.is_none() {
            self.note(
                key,
                format!("must be a whole number from 0 to {most}"),
                format!("必须是 0 到 {most} 之间的整数"),
            );
        }
        count
    }

    /// Notes what remains, unless the type was not understood: then nobody knows what belongs here.
    fn finish_unless(&mut self, lost: bool) {
        let rest = std::mem::take(&mut self.entries);
        for (key, _) in rest.iter().filter(|_| !lost) {
            self.note(
                key,
                "is not part of the subset of JSON Schema that settings may use here",
                "不属于此处可用的 JSON Schema 子集",
            );
        }
    }

    fn finish(&mut self) {
        self.finish_unless(false);
    }
}
