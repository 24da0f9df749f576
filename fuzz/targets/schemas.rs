//! A schema and an instance, `[schema, instance]` as JSON: both checkers end soon, whatever they find.
#![no_main]

use baton::interfaces::schema_check::{self, Unchecked};
use baton_fuzz::soon;
use baton_sdk::schema;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|json: &[u8]| {
    let Ok((schema, instance)) = serde_json::from_slice::<(Value, Value)>(json) else { return };
    if let Err(Unchecked::Costly(reason)) = soon(|| schema_check::check(&schema, &instance, 8)) {
        assert!(!reason.contains(char::is_control) && reason.len() < 300, "{reason}");
    }
    soon(|| schema::violations(&schema, &instance));
});
