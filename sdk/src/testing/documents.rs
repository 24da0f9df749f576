//! Documents in memory, with versions that go on counting after a document was deleted.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{Error, Result};

const LONGEST_NAME: usize = 128;
const LARGEST_VALUE: usize = 1 << 20;

#[derive(Default)]
pub(super) struct Documents(BTreeMap<(String, String), (Option<Value>, u32)>);

impl Documents {
    pub(super) fn get(&self, bucket: &str, key: &str) -> Option<(Value, u32)> {
        let (value, version) = self.0.get(&(bucket.to_owned(), key.to_owned()))?;
        Some((value.clone()?, *version))
    }

    pub(super) fn set(&mut self, bucket: &str, key: &str, value: Value, expected: Option<u32>) -> Result<u32> {
        let kept = self.0.entry((bucket.to_owned(), key.to_owned())).or_default();
        let found = if kept.0.is_some() { kept.1 } else { 0 };
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(Error::conflict(format!(
                "`{key}` has version {found} and not {expected}, because something else changed it; read it and decide again."
            )));
        }
        *kept = (Some(value), kept.1 + 1);
        Ok(kept.1)
    }

    pub(super) fn remove(&mut self, bucket: &str, key: &str) {
        if let Some((value, _)) = self.0.get_mut(&(bucket.to_owned(), key.to_owned())) {
            *value = None;
        }
    }

    pub(super) fn keys(&self, bucket: &str, prefix: &str) -> Vec<String> {
        let kept = self.0.iter().filter(|((other, key), (value, _))| other == bucket && key.starts_with(prefix) && value.is_some());
        kept.map(|((_, key), _)| key.clone()).collect()
    }
}

pub(super) fn check_bucket(bucket: &str) -> Result<()> {
    let fits = (1..=LONGEST_NAME).contains(&bucket.len()) && bucket.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !fits {
        return Err(Error::invalid(format!("A bucket is named with 1 to {LONGEST_NAME} of the characters a-z, 0-9 and `-`; rename it.")));
    }
    Ok(())
}

pub(super) fn check_key(key: &str) -> Result<()> {
    let fits = (1..=LONGEST_NAME).contains(&key.len()) && !key.chars().any(char::is_control);
    if !fits {
        return Err(Error::invalid(format!("A key has 1 to {LONGEST_NAME} bytes and no control characters; choose another.")));
    }
    Ok(())
}

pub(super) fn document(text: &str) -> Result<Value> {
    if text.len() > LARGEST_VALUE {
        return Err(Error::invalid(format!(
            "A document of {} bytes is more than the {LARGEST_VALUE} that one key may hold; split it.",
            text.len()
        )));
    }
    serde_json::from_str(text).map_err(|error| Error::invalid(format!("The value is not JSON: {error}. Send a JSON document.")))
}
