//! Times as views and events carry them: text by RFC 3339, in UTC and with milliseconds. Knows no time zone of a person's.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type},
};

/// A moment, in milliseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    /// The same for calculations with calendars; the last there is for one beyond it.
    pub fn timestamp(self) -> Timestamp {
        i64::try_from(self.0).ok().and_then(|at| Timestamp::from_millisecond(at).ok()).unwrap_or(Timestamp::MAX)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.3}", self.timestamp())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let at = Timestamp::deserialize(deserializer)?.as_millisecond();
        u64::try_from(at).map(Self).map_err(|_| de::Error::custom("a time before 1970"))
    }
}

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime))).into()
    }
}

impl ToSchema for Moment {}

/// Reads a moment, or milliseconds since 1970 UTC, which older versions of Baton wrote into events.
pub fn either<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
    Ok(Either::deserialize(deserializer)?.into())
}

/// The same of what may be absent.
pub fn either_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    Ok(Option::<Either>::deserialize(deserializer)?.map(Moment::from))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Either {
    Moment(Moment),
    Milliseconds(u64),
}

impl From<Either> for Moment {
    fn from(either: Either) -> Self {
        match either {
            Either::Moment(moment) => moment,
            Either::Milliseconds(at) => Self(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_text_that_reads_back() {
        let moment = Moment(1_767_362_645_007);
        assert_eq!(serde_json::to_string(&moment).unwrap(), r#""2026-01-02T14:04:05.007Z""#);
        assert_eq!(serde_json::from_str::<Moment>(r#""2026-01-02T14:04:05.007Z""#).unwrap(), moment);
        assert!(serde_json::from_str::<Moment>(r#""1969-12-31T23:59:59Z""#).is_err());
        assert!(serde_json::to_string(&Moment(u64::MAX)).unwrap().starts_with("\"9999-"), "a time beyond all calendars");
    }
    #[test]
    fn an_old_event_has_milliseconds() {
        #[derive(Deserialize, PartialEq, Debug)]
        struct Old {
            #[serde(deserialize_with = "either")]
            at: Moment,
            #[serde(default, deserialize_with = "either_or_none")]
            until: Option<Moment>,
        }
        let read = |text| serde_json::from_str::<Old>(text).unwrap();
        assert_eq!(read(r#"{"at": 7}"#), Old { at: Moment(7), until: None });
        assert_eq!(read(r#"{"at": "1970-01-01T00:00:00.007Z", "until": 8}"#), Old { at: Moment(7), until: Some(Moment(8)) });
        assert_eq!(read(r#"{"at": 7, "until": null}"#), Old { at: Moment(7), until: None });
    }
}
