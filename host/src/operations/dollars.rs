//! Amounts of dollars as views carry them: decimal text, and zero as well. Sums nothing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use super::Problem;
use crate::interfaces::llm::money::{Amount, AmountError};

/// Dollars, such as `12.50`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dollars(pub Amount);

impl Dollars {
    /// The amount in billionths of a dollar.
    pub fn billionths(self) -> u64 {
        self.0.as_billionths()
    }

    /// The amount as a number, which is exact for people only.
    pub fn as_number(self) -> f64 {
        self.0.dollars()
    }
}

impl Dollars {
    /// An amount as a client wrote it in a field of a request.
    pub fn read(text: &str, field: &str) -> Result<Self, Problem> {
        text.parse().map(Self).map_err(|error: AmountError| Problem::invalid("amount_invalid", field, format!("{error}.")))
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Dollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // What a person may set is above zero; what was spent may be nothing.
        if text == Amount::ZERO.to_string() {
            return Ok(Self(Amount::ZERO));
        }
        text.parse().map(Self).map_err(de::Error::custom)
    }
}

impl PartialSchema for Dollars {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).into()
    }
}

impl ToSchema for Dollars {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_reads_back_and_zero_does_too() {
        for text in [r#""0.00""#, r#""2.50""#, r#""0.000000001""#] {
            let dollars: Dollars = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&dollars).unwrap(), text);
        }
        assert!(serde_json::from_str::<Dollars>(r#""-1""#).is_err());
        assert!(serde_json::from_str::<Dollars>("2.5").is_err());
    }
}
