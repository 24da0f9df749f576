//! A bug that another build of this component does not have. Everything else of the two is the same.

use std::hint::black_box;

use baton_sdk::prelude::*;

use crate::{deeds, said};

/// Tells the two builds apart: `baton_tests::repaired_probe` puts another text of the same length in its place.
static BUILD: [u8; 24] = *b"<build with the defect!>";

/// Expects: what is in `before`, then what is `wrong` or, in the repaired build, what is `right`, then what is in `after`.
pub(crate) fn perform(input: &Value) -> Result<Value> {
    let list = |name: &str| input[name].as_array().cloned().unwrap_or_default();
    let between = if is_repaired() { "right" } else { "wrong" };
    let deeds = [list("before"), vec![input[between].clone()], list("after")].concat();
    deeds.iter().filter(|deed| !deed.is_null()).map(deeds::perform).collect()
}

/// Expects: what becomes of a deed that may fail, as a text where it does.
pub(crate) fn attempt(deed: &Value) -> Value {
    deeds::perform(deed).unwrap_or_else(|error| json!(said(&error)))
}

fn is_repaired() -> bool {
    black_box(&BUILD)[11] == b'o'
}
