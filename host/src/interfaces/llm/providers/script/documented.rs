//! `docs/reference/scripts.md` describes what a script may say.

use super::rules::Rules;

const PAGE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/scripts.md"));

fn read(yaml: &str) -> Result<Rules, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("replies")).unwrap();
    std::fs::write(folder.path().join("replies/analysis.json"), "{}").unwrap();
    std::fs::write(folder.path().join("s.yaml"), yaml).unwrap();
    Rules::read(&folder.path().join("s.yaml"))
}

#[test]
fn the_examples_are_scripts() {
    let examples: Vec<_> = PAGE.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!examples.is_empty());
    for example in examples {
        read(example).map(drop).unwrap_or_else(|error| panic!("{example}\n{error}"));
    }
}

/// What refuses an unknown field names the fields that there are.
#[test]
fn no_field_is_left_out() {
    let places = ["xyzzy: 1", "rules: [ { xyzzy: 1 } ]", "rules: [ { when: { xyzzy: 1 } } ]", "rules: [ { usage: { xyzzy: 1 } } ]"];
    for place in places.into_iter().chain(["rules: [ { calls: [ { xyzzy: 1 } ] } ]"]) {
        let error = read(place).err().unwrap();
        let expected = error.split("expected one of ").nth(1).and_then(|rest| rest.split(" at line").next());
        let fields: Vec<_> = expected.unwrap_or_else(|| panic!("{error}")).split(", ").collect();
        assert!(fields.len() > 1, "{error}");
        for field in fields {
            assert!(PAGE.contains(&format!("| `{field}` |")), "scripts.md leaves out `{field}`: {error}");
        }
    }
}
