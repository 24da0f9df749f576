//! `docs/reference/plugin-toml.md` and `needs-and-grants.md`: their examples are read by the host, and no field or need is
//! left out.

use baton::{
    interfaces::CAPABILITIES,
    kernel::{
        package::Manifest,
        permissions::{Patterns, Permissions},
    },
};

use super::{Page, quoted};

/// The contract, as its files in `wit/` have it, by the names of interfaces.
const CONTRACT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit");

#[test]
fn every_manifest_of_the_reference_is_read() {
    for example in ["plugin-toml.md", "persona.md"].iter().flat_map(|page| Page::named(page).examples("toml")) {
        let is_whole = example.contains("\nkind = ");
        let head = if is_whole { "" } else { "name = \"a\"\nversion = \"0.1.0\"\nkind = \"workflow\"\n" };
        let manifest = Manifest::parse(format!("{head}{example}").as_bytes()).unwrap_or_else(|error| panic!("{example}\n{error}"));
        Permissions::new(&manifest.name, CAPABILITIES, &manifest.needs, &Patterns::default())
            .unwrap_or_else(|error| panic!("{example}\n{error}"));
    }
}

#[test]
fn every_field_of_a_manifest_is_in_the_reference() {
    let unknown = Manifest::parse(b"xyzzy = 1").unwrap_err().to_string();
    let fields: Vec<_> = quoted(&unknown).filter(|word| *word != "xyzzy").collect();
    assert!(fields.len() > 5, "{unknown}");
    let page = Page::named("plugin-toml.md").text();
    for field in fields {
        assert!(page.contains(&format!("| `{field}`")) || page.contains(&format!("## `[{field}]`")), "plugin-toml.md leaves out `{field}`");
    }
}

#[test]
fn every_need_is_in_the_reference() {
    let page = Page::named("needs-and-grants.md");
    let text = page.text();
    for need in CAPABILITIES {
        assert!(text.contains(&format!("### `{}`\n", need.word)), "needs-and-grants.md leaves out `{}`", need.word);
    }
    for example in page.examples("toml") {
        let head = "name = \"a\"\nversion = \"0.1.0\"\nkind = \"workflow\"\n";
        let needs = if example.contains("[needs]") { example } else { format!("[needs]\n{example}") };
        let manifest = Manifest::parse(format!("{head}{needs}").as_bytes()).unwrap_or_else(|error| panic!("{needs}\n{error}"));
        Permissions::new("a", CAPABILITIES, &manifest.needs, &Patterns::default()).unwrap_or_else(|error| panic!("{needs}\n{error}"));
    }
}

#[test]
fn every_call_of_the_contract_has_its_need_in_the_reference() {
    let (page, git) = (Page::named("needs-and-grants.md").text(), include_str!("../../../docs/git.md"));
    let mut calls = 0;
    for file in std::fs::read_dir(CONTRACT).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut interface = "";
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("interface ") {
                interface = name.trim_end_matches(" {");
            }
            let Some((call, _)) = line.trim().split_once(": func(").filter(|(call, _)| !call.contains(' ')) else { continue };
            calls += 1;
            let is_named = |text: &str| {
                [format!("`{interface}.{call}`"), format!("`{interface}.*`"), format!("`{call}`")].iter().any(|name| text.contains(name))
            };
            assert!(is_named(&page) || (interface == "git" && is_named(git)), "needs-and-grants.md leaves out `{interface}.{call}`");
        }
    }
    assert!(calls > 60, "the contract has more calls than {calls}");
}
