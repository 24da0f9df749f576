//! `files`, from memory.

use regex::{Regex, RegexBuilder};
use serde_json::{Value, json};

use super::Contract;
pub use crate::bindings::host::baton::plugin::files::{Entry, Kind, LineMatch};
use crate::testing::{installed, path, workspace};
use crate::{Error, Result};

const MOST_ENTRIES: usize = 10_000;
const MOST_MATCHES: u32 = 1000;
const COMPILED_SIZE: usize = 1 << 20;
const LONGEST_EXPRESSION: usize = 4096;

pub(crate) fn read(path: &str) -> Contract<Vec<u8>> {
    let (world, path) = (installed::world("files.read"), path::plain(path)?);
    let read = || world.files.borrow().read(&path);
    Ok(world.call("files.read", json!({ "path": path }), Some(("read", &path)), read, |content| workspace::noted(content))?)
}

pub(crate) fn write(path: &str, content: &[u8]) -> Contract<()> {
    let (world, path) = (installed::world("files.write"), path::plain(path)?);
    let request = json!({ "path": path, "content": workspace::noted(content) });
    let write = || world.files.borrow_mut().write(&path, content);
    Ok(world.call("files.write", request, Some(("write", &path)), write, super::done)?)
}

pub(crate) fn remove(path: &str) -> Contract<()> {
    let (world, path) = (installed::world("files.remove"), path::plain(path)?);
    let remove = || world.files.borrow_mut().remove(&path);
    Ok(world.call("files.remove", json!({ "path": path }), Some(("write", &path)), remove, super::done)?)
}

pub(crate) fn find(glob: &str) -> Contract<Vec<Entry>> {
    let (world, wanted) = (installed::world("files.find"), path::glob(glob)?);
    let find = || {
        let files = world.files.borrow();
        let found = files.entries().filter(|entry| wanted.is_match(&entry.path) && world.allows("read", &entry.path).is_ok());
        let found: Vec<_> = found.collect();
        if found.len() > MOST_ENTRIES {
            return Err(Error::invalid(format!("More than {MOST_ENTRIES} paths match, which is the most for one call; narrow the glob.")));
        }
        Ok(found)
    };
    Ok(world.call("files.find", json!({ "glob": glob }), None, find, |found| found.iter().map(noted_entry).collect())?)
}

pub(crate) fn search(pattern: &str, glob: Option<&str>, limit: u32) -> Contract<Vec<LineMatch>> {
    let (world, expression) = (installed::world("files.search"), expression(pattern)?);
    let wanted = glob.map(path::glob).transpose()?;
    let request = json!({ "pattern": pattern, "glob": glob, "limit": limit });
    let search = || {
        let wanted = |path: &str| wanted.as_ref().is_none_or(|glob| glob.is_match(path)) && world.allows("read", path).is_ok();
        Ok(world.files.borrow().search(&expression, wanted, limit.min(MOST_MATCHES) as usize))
    };
    let noted = |found: &LineMatch| json!({ "path": found.path, "line": found.line, "text": found.text });
    Ok(world.call("files.search", request, None, search, |found| found.iter().map(noted).collect())?)
}

fn expression(pattern: &str) -> Result<Regex> {
    let refuse = |why: String| Error::invalid(format!("The regular expression is not accepted: {why} Write a simpler one."));
    if pattern.len() > LONGEST_EXPRESSION {
        return Err(refuse(format!("it has more than {LONGEST_EXPRESSION} bytes.")));
    }
    let expression = RegexBuilder::new(pattern).size_limit(COMPILED_SIZE).dfa_size_limit(COMPILED_SIZE).build();
    expression.map_err(|error| refuse(format!("{error}.")))
}

fn noted_entry(entry: &Entry) -> Value {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
    };
    json!({ "path": entry.path, "kind": kind, "size": crate::numbers::from_contract(entry.size_bytes) })
}
