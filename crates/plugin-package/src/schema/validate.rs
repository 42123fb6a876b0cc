//! Says what is wrong with a configuration.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Field, Format, Schema, Shape, TextShape};
use crate::Problem;

pub(super) fn config(fields: &[Field], config: &Value) -> Vec<Problem> {
    let Value::Object(given) = config else {
        return vec![Problem::new("", "must be an object", "必须是对象")];
    };
    let most = Schema::MAX_CONFIG_BYTES;
    if config.to_string().len() > most {
        let most = most / 1024;
        return vec![Problem::new(
            "",
            format!("settings may have {most} KiB at most"),
            format!("配置最多 {most} KiB"),
        )];
    }
    let mut problems = Vec::new();
    group("", fields, given, &mut problems);
    problems
}

/// What is wrong with one field's `value`.
pub(super) fn value(field: &Field, value: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    shape(&field.name, &field.shape, value, &mut problems);
    problems
}

fn group(path: &str, fields: &[Field], given: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let full = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    for field in fields {
        match given.get(&field.name) {
            Some(value) => shape(&full(&field.name), &field.shape, value, problems),
            None if field.required => {
                problems.push(Problem::new(full(&field.name), "is required", "是必填项"));
            }
            None => {}
        }
    }
    for name in given.keys().filter(|name| !fields.iter().any(|field| field.name == **name)) {
        problems.push(Problem::new(full(name), "is not a known setting", "不是已知的设置项"));
    }
}

fn shape(path: &str, shape: &Shape, value: &Value, problems: &mut Vec<Problem>) {
    let mut wrong = |en: String, zh: String| problems.push(Problem::new(path, en, zh));
    match (shape, value) {
        (Shape::Text(text), Value::String(value)) => check_text(text, value, &mut wrong),
        (Shape::Integer { min, max }, value) => match whole(value) {
            Some(number) if (*min..=*max).contains(&number) => {}
            Some(_) => wrong(format!("must be from {min} to {max}"), format!("必须在 {min} 到 {max} 之间")),
            None => wrong("must be a whole number".into(), "必须是整数".into()),
        },
        (Shape::Number { min, max }, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) || number.is_nan() {
                let (en, zh) = range(*min, *max);
                wrong(en, zh);
            }
        }
        (Shape::Boolean, Value::Bool(_)) => {}
        (Shape::Texts { item, min, max, unique }, Value::Array(values)) => {
            if !(*min..=*max).contains(&values.len()) {
                wrong(format!("must have {min} to {max} entries"), format!("必须有 {min} 到 {max} 项"));
            } else if *unique && repeats(values) {
                wrong("must not repeat an entry".into(), "不能有重复项".into());
            }
            for (index, value) in values.iter().enumerate() {
                let mut wrong =
                    |en: String, zh: String| problems.push(Problem::new(format!("{path}[{index}]"), en, zh));
                match value {
                    Value::String(value) => check_text(item, value, &mut wrong),
                    _ => wrong("must be a text".into(), "必须是文本".into()),
                }
            }
        }
        (Shape::Group(fields), Value::Object(given)) => group(path, fields, given, problems),
        (Shape::Text(_), _) => wrong("must be a text".into(), "必须是文本".into()),
        (Shape::Number { .. }, _) => wrong("must be a number".into(), "必须是数字".into()),
        (Shape::Boolean, _) => wrong("must be true or false".into(), "必须是 true 或 false".into()),
        (Shape::Texts { .. }, _) => wrong("must be a list of texts".into(), "必须是文本列表".into()),
        (Shape::Group(_), _) => wrong("must be an object".into(), "必须是对象".into()),
    }
}

/// Whether a text occurs more than once.
fn repeats(values: &[Value]) -> bool {
    let mut seen = HashSet::new();
    !values.iter().filter_map(Value::as_str).all(|text| seen.insert(text))
}

/// A whole number, also when it is written with a fraction of zero, as JavaScript may do.
fn whole(value: &Value) -> Option<i64> {
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    let number = value.as_number()?;
    number.as_i64().or_else(|| {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= WHOLE)?;
        format!("{float:.0}").parse().ok()
    })
}

fn range(min: Option<f64>, max: Option<f64>) -> (String, String) {
    match (min, max) {
        (Some(min), Some(max)) => {
            (format!("must be from {min} to {max}"), format!("必须在 {min} 到 {max} 之间"))
        }
        (Some(min), None) => (format!("must be {min} at least"), format!("不能小于 {min}")),
        (None, Some(max)) => (format!("must be {max} at most"), format!("不能大于 {max}")),
        (None, None) => ("must be a number".into(), "必须是数字".into()),
    }
}

fn check_text(shape: &TextShape, value: &str, wrong: &mut impl FnMut(String, String)) {
    if !shape.choices.is_empty() {
        if !shape.choices.iter().any(|choice| choice == value) {
            wrong(
                format!("must be one of: {}", shape.choices.join(", ")),
                format!("必须是其中之一：{}", shape.choices.join("、")),
            );
        }
        return;
    }
    let length = value.chars().count();
    let (min, max) = (shape.min_length, shape.max_length);
    if !(min..=max).contains(&length) {
        wrong(format!("must have {min} to {max} characters"), format!("必须有 {min} 到 {max} 个字符"));
    }
    if shape.format != Some(Format::Multiline) && value.contains(['\n', '\r']) {
        wrong("must be one line".into(), "必须是单行".into());
    }
    if let Some(pattern) = shape.pattern.as_ref().filter(|pattern| !pattern.is_match(value)) {
        wrong(format!("must match {pattern}"), format!("必须匹配 {pattern}"));
    }
    // An empty id means that none is chosen; a field that needs one has a minLength.
    if matches!(shape.format, Some(Format::Room | Format::User)) && !value.is_empty() && !is_uuid(value) {
        wrong("must be an id".into(), "必须是一个 id".into());
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
