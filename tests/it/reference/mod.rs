//! `docs/reference` says what the code does: its generated parts are made here, and its examples are read by the code they are
//! about. `UPDATE_DOCS=1 cargo test -p baton-tests --test all reference` renews what is generated.

mod commands;
mod compatible;
mod contract;
mod events;
mod javascript;
mod manifests;
mod openapi;
mod python;
mod sdks;
mod settings;
mod streams;
mod words;

use std::{env, fs, path::PathBuf};

const BEGIN: &str = "<!-- generated: `UPDATE_DOCS=1 cargo test -p baton-tests --test all reference` -->\n";
const END: &str = "<!-- end of the generated part -->\n";

/// A page of the reference.
struct Page(PathBuf);

impl Page {
    fn named(name: &str) -> Self {
        Self(PathBuf::from(format!("{}/../docs/reference/{name}", env!("CARGO_MANIFEST_DIR"))))
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap_or_else(|error| panic!("{}: {error}", self.0.display()))
    }

    /// The page holds this text in its generated part, or is given it.
    fn holds(&self, generated: &str) {
        let present = self.text();
        let (before, rest) = present.split_once(BEGIN).expect("the page has a generated part");
        let (_, after) = rest.split_once(END).expect("the generated part ends");
        let wanted = format!("{before}{BEGIN}\n{}\n{END}{after}", generated.trim());
        if env::var_os("UPDATE_DOCS").is_some() {
            return fs::write(&self.0, wanted).unwrap();
        }
        assert!(
            present == wanted,
            "{} does not match the code. Run\n  UPDATE_DOCS=1 cargo test -p baton-tests --test all reference",
            self.0.display()
        );
    }

    /// The examples in this language.
    fn examples(&self, language: &str) -> Vec<String> {
        let (text, fence) = (self.text(), format!("```{language}\n"));
        text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
    }
}

/// The words between two backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
