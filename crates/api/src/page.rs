//! Lists in pages: how many, and from where on.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

/// How many items a page has at most: 1 to 200, 50 without a wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit(u16);

impl Limit {
    const DEFAULT: u16 = 50;
    const MAX: u16 = 200;

    pub(crate) const fn get(self) -> u16 {
        self.0
    }
}

/// Where a page begins: what `next` of the page before said. Opaque to clients, so that what pages are cut by may
/// change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(pub(crate) Uuid);

impl Cursor {
    fn text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Uuid::from_slice(&bytes).ok().map(Self)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

/// Where the next page begins: always there, and null on the last page.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Next<T>(pub(crate) Option<T>);

impl<T: Type> Type for Next<T> {
    const IS_REQUIRED: bool = true;
    type RawValueType = T::RawValueType;
    type RawElementValueType = T::RawElementValueType;

    fn name() -> Cow<'static, str> {
        format!("next_{}", T::name()).into()
    }

    fn schema_ref() -> MetaSchemaRef {
        T::schema_ref().merge(MetaSchema { nullable: true, ..MetaSchema::ANY })
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        self.0.as_ref().and_then(Type::as_raw_value)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        self.0.raw_element_iter()
    }
}

impl<T: ParseFromJSON> ParseFromJSON for Next<T> {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Option::<T>::parse_from_json(value).map(Self).map_err(ParseError::propagate)
    }
}

impl<T: ToJSON> ToJSON for Next<T> {
    fn to_json(&self) -> Option<Value> {
        self.0.to_json()
    }
}

macro_rules! scalar {
    ($type:ty, $name:literal, required: $required:literal, $schema:expr) => {
        impl Type for $type {
            const IS_REQUIRED: bool = $required;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $name.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self> {
                Some(self)
            }

            fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
                Box::new(std::iter::once(self))
            }
        }
    };
}
pub(crate) use scalar;

scalar!(
    Limit,
    "integer_limit",
    required: false,
    MetaSchema {
        default: Some(Value::from(Limit::DEFAULT)),
        minimum: Some(1.0),
        maximum: Some(f64::from(Limit::MAX)),
        ..MetaSchema::new_with_format("integer", "int32")
    }
);

scalar!(
    Cursor,
    "string_cursor",
    required: true,
    // 128 bits: the last character carries two of them.
    MetaSchema { pattern: Some("^[A-Za-z0-9_-]{21}[AQgw]$".to_owned()), ..MetaSchema::new("string") }
);

impl ParseFromParameter for Limit {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        match text.parse() {
            Ok(limit) if (1..=Self::MAX).contains(&limit) => Ok(Self(limit)),
            _ => Err(ParseError::custom(format!("must be from 1 to {}", Self::MAX))),
        }
    }

    fn parse_from_parameters<I: IntoIterator<Item = A>, A: AsRef<str>>(iter: I) -> ParseResult<Self> {
        let given = iter.into_iter().next();
        given.map_or(Ok(Self(Self::DEFAULT)), |text| Self::parse_from_parameter(text.as_ref()))
    }
}

impl ParseFromParameter for Cursor {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        Self::parse(text).ok_or_else(|| ParseError::custom("must be what `next` of a page said"))
    }
}

impl ParseFromJSON for Cursor {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        Self::parse_from_parameter(value.as_ref().and_then(Value::as_str).unwrap_or_default())
    }
}

impl ToJSON for Cursor {
    fn to_json(&self) -> Option<Value> {
        Some(Value::String(self.text()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_from_1_to_200_and_50_without_a_wish() {
        let limit = |text: &[&str]| Limit::parse_from_parameters(text).map(Limit::get).ok();
        assert_eq!(limit(&[]), Some(50));
        assert_eq!(limit(&["1"]), Some(1));
        assert_eq!(limit(&["200"]), Some(200));
        for wrong in ["0", "201", "-1", "x", "", "1.5", "99999999999"] {
            assert_eq!(limit(&[wrong]), None, "{wrong}");
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let cursor = Cursor(Uuid::now_v7());
        assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
        for wrong in ["", "x", "AAAA", "!!!!!!!!!!!!!!!!!!!!!!", &"A".repeat(23)] {
            assert_eq!(Cursor::parse(wrong), None, "{wrong}");
        }
    }
}
