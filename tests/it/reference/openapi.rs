//! `docs/reference/openapi.json` is the document of the API. What clients may rely on goes from it only after it was marked
//! deprecated.

use std::{env, fs, path::PathBuf};

use serde_json::Value;

use super::compatible;

#[test]
fn the_document_of_the_api_is_kept_and_breaks_no_client() {
    let file = PathBuf::from(format!("{}/../docs/reference/openapi.json", env!("CARGO_MANIFEST_DIR")));
    let document = baton::api::document();
    let wanted = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let present = fs::read_to_string(&file).unwrap_or_default();
    if present == wanted {
        return;
    }
    if !present.is_empty() {
        let kept: Value = serde_json::from_str(&present).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let breaks = compatible::breaks(&kept, &document);
        assert!(
            breaks.is_empty(),
            "The API would break its clients:\n  {}\nMark what goes as deprecated first (`removed_in` of a route, `#[deprecated]` of a field). Where no release has it, take it out of {} by hand.",
            breaks.join("\n  "),
            file.display()
        );
    }
    assert!(
        env::var_os("UPDATE_DOCS").is_some(),
        "{} does not match the code. Run\n  UPDATE_DOCS=1 cargo test -p baton-tests --test all reference",
        file.display()
    );
    fs::write(&file, wanted).unwrap();
}
