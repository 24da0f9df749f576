//! `docs/security.md` says what is in the suite: its table is made from what the cases say of themselves.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use baton_tests::hostile::{Header, folder};

const BEGIN: &str = "<!-- made by `UPDATE_DOCS=1 cargo test -p baton-tests --test all hostile::table`; edit the cases instead -->\n";
const END: &str = "<!-- end of what is made -->\n";

#[test]
fn the_table_of_threats_is_in_step_with_the_suite() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/security.md");
    let present = fs::read_to_string(&path).unwrap();
    let (before, rest) = present.split_once(BEGIN).expect("docs/security.md has a place for the table");
    let (_, after) = rest.split_once(END).expect("the table ends somewhere");
    let wanted = format!("{before}{BEGIN}\n{}\n{END}{after}", table());
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
        return;
    }
    assert!(
        present == wanted,
        "docs/security.md is out of step with the hostile suite. Renew it with\n  UPDATE_DOCS=1 cargo test -p baton-tests --test all hostile::table"
    );
}

/// One test of the suite.
struct Test {
    file: String,
    name: String,
    text: String,
}

fn table() -> String {
    let tests = tests();
    assert!(tests.len() > 15, "the tests were found");
    let mut rows = BTreeMap::new();
    for (name, header) in guests() {
        let place = tests.iter().position(|test| test.text.contains(&format!("\"{name}\"")));
        let place = place.unwrap_or_else(|| panic!("no test lets `{name}` loose; write one, or remove the guest"));
        rows.insert((place, name), header);
    }
    for (place, test) in tests.iter().enumerate() {
        rows.extend(Header::parse(doc_of(&test.text)).map(|header| ((place, String::new()), header)));
    }
    let mut table = "| threat | what stops it | test |\n|---|---|---|\n".to_owned();
    for ((place, _), header) in rows {
        let Header { threat, stopped_by, expects, .. } = header;
        assert!(!stopped_by.is_empty() && !expects.is_empty(), "a case says `Threat`, `Stopped by` and `Expects`: {threat}");
        let Test { file, name, .. } = &tests[place];
        table += &format!("| {} | {} *{}* | `{file}`: `{name}` |\n", cell(&threat), cell(&stopped_by), cell(&expects));
    }
    table
}

/// The hostile components, by name.
fn guests() -> Vec<(String, Header)> {
    let files = ["src", "wat"].iter().flat_map(|folder_name| files(&folder().join(folder_name)));
    let guests = files.filter(|path| path.file_stem().is_some_and(|name| name != "lib"));
    let read = |path: PathBuf| {
        let header = Header::parse(&fs::read_to_string(&path).unwrap());
        let header = header.unwrap_or_else(|| panic!("{} does not begin with its `Threat`", path.display()));
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), header)
    };
    guests.map(read).collect()
}

/// The tests of the suite, in the order of their files.
fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for path in ["it/hostile", "malformed"].iter().flat_map(|folder| files(&root.join(folder))) {
        let file = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        for item in
            fs::read_to_string(&path).unwrap().split("\n}\n").filter(|item| item.contains("#[test]") || item.contains("#[tokio::test"))
        {
            let name = item.split("fn ").find_map(|part| part.split_once("() {")).map(|(name, _)| name.to_owned()).unwrap();
            tests.push(Test { file: file.clone(), name, text: item.to_owned() });
        }
    }
    tests
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The comment right above the test.
fn doc_of(item: &str) -> &str {
    item.find("/// Threat:").map_or("", |start| &item[start..])
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
