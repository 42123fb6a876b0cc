//! The OpenAPI schema of the types whose limits a derive can't state.

use std::borrow::Cow;

use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde_json::Value;

use crate::{ClientId, DisplayName, RoomName, Seq};

macro_rules! inline_type {
    ($name:ident, $schema_name:literal, $schema:expr) => {
        impl Type for $name {
            const IS_REQUIRED: bool = true;
            type RawValueType = Self;
            type RawElementValueType = Self;

            fn name() -> Cow<'static, str> {
                $schema_name.into()
            }

            fn schema_ref() -> MetaSchemaRef {
                MetaSchemaRef::Inline(Box::new($schema))
            }

            fn as_raw_value(&self) -> Option<&Self::RawValueType> {
                Some(self)
            }

            fn raw_element_iter<'a>(
                &'a self,
            ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
                Box::new(self.as_raw_value().into_iter())
            }
        }
    };
}

macro_rules! text_type {
    ($name:ident, $schema_name:literal, $most:expr, $pattern:literal) => {
        inline_type!(
            $name,
            $schema_name,
            MetaSchema {
                pattern: Some($pattern.to_owned()),
                min_length: Some(1),
                // JSON Schema counts code points.
                max_length: Some($most),
                ..MetaSchema::new("string")
            }
        );

        impl ParseFromJSON for $name {
            fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
                match value {
                    Some(Value::String(text)) => Self::new(&text).map_err(ParseError::custom),
                    other => Err(ParseError::expected_type(other.unwrap_or_default())),
                }
            }
        }

        impl ToJSON for $name {
            fn to_json(&self) -> Option<Value> {
                Some(Value::String(self.as_str().to_owned()))
            }
        }
    };
}

text_type!(ClientId, "string_client_id", ClientId::MAX_CHARS, r"^[^\x00-\x1F\x7F-\x9F]+$");
// A name is more than white space.
text_type!(
    DisplayName,
    "string_display_name",
    DisplayName::MAX_CODE_POINTS,
    r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$"
);
text_type!(
    RoomName,
    "string_room_name",
    RoomName::MAX_CODE_POINTS,
    r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$"
);

inline_type!(
    Seq,
    "integer_seq",
    MetaSchema {
        minimum: Some(0.0),
        // Exact: below 2^53 every integer is a double.
        maximum: Some(9_007_199_254_740_991.0),
        ..MetaSchema::new_with_format("integer", "int64")
    }
);

impl ParseFromJSON for Seq {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        let value = value.unwrap_or_default();
        match value.as_i64().and_then(Self::new) {
            Some(seq) => Ok(seq),
            None => Err(ParseError::expected_type(value)),
        }
    }
}

impl ParseFromParameter for Seq {
    fn parse_from_parameter(text: &str) -> ParseResult<Self> {
        let seq = text.parse().ok().and_then(Self::new);
        seq.ok_or_else(|| ParseError::custom("must be from 0 to 2^53 - 1"))
    }
}

impl ToJSON for Seq {
    fn to_json(&self) -> Option<Value> {
        Some(Value::from(self.get()))
    }
}
