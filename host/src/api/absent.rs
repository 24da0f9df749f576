//! Whether what a client leaves out is left out: an optional field may be absent, and is never null. Null is a value where any JSON is
//! taken, and nowhere else.

use serde::{
    Deserializer,
    de::{
        DeserializeOwned, Error as _, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Error, Value};

/// The path of an optional field that is null, in a document that can be read as `T`.
pub(super) fn find_null<T: DeserializeOwned>(document: Value) -> Option<String> {
    serde_path_to_error::deserialize::<_, T>(Strict(document)).err().map(|error| error.path().to_string())
}

/// A document in which null is no way to leave something out.
struct Strict(Value);

impl serde::de::IntoDeserializer<'_, Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => Err(Error::custom("null")),
            value => visitor.visit_some(Self(value)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _: &'static str, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(MapDeserializer::new(fields.into_iter().map(|(name, value)| (name, Self(value))))),
            value => value.deserialize_map(visitor),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.into_iter().map(Self))),
            value => value.deserialize_seq(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.0.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    struct Body {
        #[serde(default, rename = "answer")]
        _answer: Option<String>,
        #[serde(default, rename = "input")]
        _input: Value,
        #[serde(default, rename = "below")]
        _below: Vec<Below>,
    }

    #[derive(Deserialize)]
    struct Below {
        #[serde(rename = "limit")]
        _limit: Option<u64>,
    }

    #[test]
    fn a_field_that_is_null_is_found_and_json_of_any_form_may_be_null() {
        let null = |document: Value| find_null::<Body>(document);
        assert_eq!(null(json!({})), None);
        assert_eq!(null(json!({ "answer": "yes", "input": { "a": null }, "below": [{ "limit": 1 }] })), None);
        assert_eq!(null(json!({ "input": null })), None);
        assert_eq!(null(json!({ "answer": null })).as_deref(), Some("answer"));
        assert_eq!(null(json!({ "below": [{}, { "limit": null }] })).as_deref(), Some("below[1].limit"));
    }
}
