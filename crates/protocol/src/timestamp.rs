//! Points in time, in milliseconds, written as RFC 3339 in UTC.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970-01-01T00:00:00Z; on the wire `2026-11-21T10:00:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the epoch, as they stand in the database.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long `earlier` lies back; zero when it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let millis = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Self(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// The length of `2026-11-21T10:00:00.000Z`.
const TEXT_LEN: usize = 24;
/// The years 0 to 9999, all that RFC 3339 can write.
const WRITABLE: std::ops::RangeInclusive<i64> = -62_167_219_200_000..=253_402_300_799_999;

impl Timestamp {
    /// The text on the wire, digit by digit: every message and every ack carries one, and the formatting machinery
    /// would cost more than the rest of an ack. A time that RFC 3339 can't write is the nearest that it can.
    fn text(self) -> [u8; TEXT_LEN] {
        let millis = self.0.clamp(*WRITABLE.start(), *WRITABLE.end());
        let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        put(&mut text[0..4], time.year().unsigned_abs());
        put(&mut text[5..7], u32::from(u8::from(time.month())));
        put(&mut text[8..10], u32::from(time.day()));
        put(&mut text[11..13], u32::from(time.hour()));
        put(&mut text[14..16], u32::from(time.minute()));
        put(&mut text[17..19], u32::from(time.second()));
        put(&mut text[20..23], u32::from(time.millisecond()));
        text
    }
}

/// Writes `number` right-aligned over the zeros in `digits`.
fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).map_err(|_| fmt::Error)?)
    }
}

impl std::str::FromStr for Timestamp {
    type Err = time::error::Parse;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = OffsetDateTime::parse(text, &Rfc3339)?;
        Ok(Self(i64::try_from(time.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or(i64::MAX)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.text()).map_err(serde::ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use std::borrow::Cow;

    use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
    use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};

    use super::Timestamp;

    impl Type for Timestamp {
        const IS_REQUIRED: bool = true;
        type RawValueType = Self;
        type RawElementValueType = Self;

        fn name() -> Cow<'static, str> {
            "string_date-time".into()
        }

        fn schema_ref() -> MetaSchemaRef {
            MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "date-time")))
        }

        fn as_raw_value(&self) -> Option<&Self::RawValueType> {
            Some(self)
        }

        fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
            Box::new(self.as_raw_value().into_iter())
        }
    }

    impl ParseFromJSON for Timestamp {
        fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
            match value {
                Some(serde_json::Value::String(text)) => Self::parse_from_parameter(&text),
                other => Err(ParseError::expected_type(other.unwrap_or_default())),
            }
        }
    }

    impl ParseFromParameter for Timestamp {
        fn parse_from_parameter(text: &str) -> ParseResult<Self> {
            text.parse().map_err(|_| ParseError::custom("must be an RFC 3339 time"))
        }
    }

    impl ToJSON for Timestamp {
        fn to_json(&self) -> Option<serde_json::Value> {
            Some(serde_json::Value::String(self.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_written_with_milliseconds_in_utc() {
        let time = Timestamp::from_millis(1_477_314_187_005);
        assert_eq!(time.to_string(), "2016-10-24T13:03:07.005Z");
        assert_eq!("2016-10-24T21:03:07.005+08:00".parse::<Timestamp>().unwrap(), time);
    }

    #[test]
    fn a_time_past_all_calendars_is_the_last_that_can_be_written() {
        assert_eq!(Timestamp::from_millis(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
        assert_eq!(Timestamp::from_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_again(millis in -62_167_219_200_000_i64..253_402_300_799_000) {
            let time = Timestamp::from_millis(millis);
            proptest::prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }
    }
}
