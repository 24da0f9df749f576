//! `state`, from memory.

use serde_json::json;

use super::Contract;
pub(crate) use crate::bindings::host::baton::plugin::state::Versioned;
use crate::testing::{
    documents::{check_bucket, check_key, document},
    installed,
};

pub(crate) fn get(bucket: &str, key: &str) -> Contract<Option<Versioned>> {
    let world = installed::world("state.get");
    check_bucket(bucket)?;
    check_key(key)?;
    let get = || Ok(world.documents.borrow().get(bucket, key));
    let noted = |found: &Option<(_, _)>| {
        found.as_ref().map_or_else(Default::default, |(value, version)| json!({ "value": value, "version": version }))
    };
    let found = world.call("state.get", json!({ "bucket": bucket, "key": key }), Some(("state", bucket)), get, noted)?;
    Ok(found.map(|(value, version)| Versioned { value: value.to_string(), version }))
}

pub(crate) fn set(bucket: &str, key: &str, value: &str, expected: Option<u32>) -> Contract<u32> {
    let world = installed::world("state.set");
    check_bucket(bucket)?;
    check_key(key)?;
    let value = document(value)?;
    let request = json!({ "bucket": bucket, "key": key, "value": value, "expected": expected });
    let set = || world.documents.borrow_mut().set(bucket, key, value, expected);
    Ok(world.call("state.set", request, Some(("state", bucket)), set, |version| json!(version))?)
}

pub(crate) fn remove(bucket: &str, key: &str) -> Contract<()> {
    let world = installed::world("state.remove");
    check_bucket(bucket)?;
    check_key(key)?;
    let remove = || {
        world.documents.borrow_mut().remove(bucket, key);
        Ok(())
    };
    Ok(world.call("state.remove", json!({ "bucket": bucket, "key": key }), Some(("state", bucket)), remove, super::done)?)
}

pub(crate) fn keys(bucket: &str, prefix: &str) -> Contract<Vec<String>> {
    let world = installed::world("state.keys");
    check_bucket(bucket)?;
    if !prefix.is_empty() {
        check_key(prefix)?;
    }
    let keys = || Ok(world.documents.borrow().keys(bucket, prefix));
    Ok(world.call("state.keys", json!({ "bucket": bucket, "prefix": prefix }), Some(("state", bucket)), keys, |keys| json!(keys))?)
}
