//! Whether events are of kinds that are in the table of events, and carry what their types write. Reads no log itself.

use baton::{
    events::{Category, EventKind},
    operations::events::kinds,
};
use serde_json::Value;

/// Fails where no kind has this name, or where the particulars are not as its type would write them.
pub fn check(category: Category, name: &str, data: &Value) {
    let is_it = |kind: &&EventKind| kind.category == category && kind.name == name;
    let kind = kinds().find(is_it).unwrap_or_else(|| panic!("{}.{name} is not in the table of events", category.as_str()));
    let written = kind.reread(data.clone()).unwrap_or_else(|error| panic!("{}.{name}: {error} in {data}", category.as_str()));
    assert_eq!(&written, data, "{}.{name} carries something else than its type", category.as_str());
}
