//! `docs/stream.md` has every type of frame that tells an event, from the table that names them.

use std::{collections::BTreeMap, fmt::Write as _};

use baton::operations::{events::kinds, streams::types_of};

use super::Page;

#[test]
fn every_type_of_a_stream_is_on_its_page() {
    let mut rows = BTreeMap::new();
    for kind in kinds() {
        let name = format!("{}.{}", kind.category.as_str(), kind.name);
        let sentence = kind.schema()["description"].as_str().unwrap_or_default().replace('\n', " ");
        for named in types_of(kind) {
            rows.insert((named, name.clone()), sentence.clone());
        }
    }
    let mut text = "| type | in the log | |\n|---|---|---|\n".to_owned();
    for ((named, name), sentence) in rows {
        writeln!(text, "| `{named}` | [`{name}`](events.md#{}) | {sentence} |", name.replace('.', "")).unwrap();
    }
    Page::named("../stream.md").holds(&text);
}
