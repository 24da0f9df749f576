//! `files`, from memory.

use globset::GlobMatcher;
use regex::{Regex, RegexBuilder};
use serde_json::{Value, json};

use super::Contract;
pub use crate::bindings::host::baton::plugin::files::{Entry, Excerpt, Kind, LineMatch, TextLine};
use crate::testing::{installed, path, workspace, world::World};
use crate::tools::text;
use crate::{Error, Result};

const MOST_ENTRIES: usize = 10_000;
const MOST_MATCHES: u32 = 1000;
const MOST_CONTEXT: u32 = 20;
const LONGEST_EXCERPT: u32 = 1 << 20;
const COMPILED_SIZE: usize = 1 << 20;
const LONGEST_EXPRESSION: usize = 4096;

pub(crate) fn read(path: &str) -> Contract<Vec<u8>> {
    let (world, path) = (installed::world("files.read"), path::plain(path)?);
    let read = || world.files.borrow().read(&path);
    Ok(world.call("files.read", json!({ "path": path }), Some(("read", &path)), read, |content| workspace::noted(content))?)
}

pub(crate) fn read_lines(path: &str, first: u32, count: u32, most_bytes: u32) -> Contract<Excerpt> {
    let (world, path) = (installed::world("files.read-lines"), path::plain(path)?);
    check_first(first)?;
    let read = || {
        let content = world.files.borrow().read(&path)?;
        let content = text::decode(&path, &content).map_err(|problem| Error::invalid(problem).about(&*path))?;
        Ok(text::excerpt(content, first, count, most_bytes.min(LONGEST_EXCERPT)))
    };
    let request = json!({ "path": path, "first": first, "count": count, "most-bytes": most_bytes });
    Ok(world.call("files.read-lines", request, Some(("read", &path)), read, noted_excerpt)?)
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
    Ok(world.call(
        "files.find",
        json!({ "glob": glob }),
        None,
        || found(&world, &wanted),
        |found| found.iter().map(noted_entry).collect(),
    )?)
}

pub(crate) fn search(pattern: &str, glob: Option<&str>, limit: u32, context: u32) -> Contract<Vec<LineMatch>> {
    let (world, wanted) = (installed::world("files.search"), Wanted::parse(pattern, glob, limit, context)?);
    let mut request = json!({ "pattern": pattern, "glob": glob, "limit": limit });
    if context > 0 {
        request["context"] = json!(context);
    }
    let noted = |found: &LineMatch| json!({ "path": found.path, "line": found.line, "text": found.text, "before": found.before, "after": found.after });
    Ok(world.call("files.search", request, None, || Ok(wanted.search(&world)), |found| found.iter().map(noted).collect())?)
}

/// What fits a glob and may be read.
pub(in crate::testing) fn found(world: &World, wanted: &GlobMatcher) -> Result<Vec<Entry>> {
    let files = world.files.borrow();
    let found = files.entries().filter(|entry| wanted.is_match(&entry.path) && world.allows("read", &entry.path).is_ok());
    let found: Vec<_> = found.collect();
    if found.len() > MOST_ENTRIES {
        return Err(Error::invalid(format!("More than {MOST_ENTRIES} paths match, which is the most for one call; narrow the glob.")));
    }
    Ok(found)
}

/// What a search looks for.
pub(in crate::testing) struct Wanted {
    expression: Regex,
    glob: Option<GlobMatcher>,
    limit: u32,
    context: u32,
}

impl Wanted {
    pub(in crate::testing) fn parse(pattern: &str, glob: Option<&str>, limit: u32, context: u32) -> Result<Self> {
        let (expression, glob) = (expression(pattern)?, glob.map(path::glob).transpose()?);
        if context > MOST_CONTEXT {
            return Err(Error::invalid(format!("A context of {context} lines is not accepted; ask for 0 to {MOST_CONTEXT}.")));
        }
        Ok(Self { expression, glob, limit: limit.min(MOST_MATCHES), context })
    }

    /// The lines that match, in files that may be read.
    pub(in crate::testing) fn search(&self, world: &World) -> Vec<LineMatch> {
        let wanted = |path: &str| self.glob.as_ref().is_none_or(|glob| glob.is_match(path)) && world.allows("read", path).is_ok();
        world.files.borrow().search(&self.expression, wanted, self.limit as usize, self.context as usize)
    }
}

fn expression(pattern: &str) -> Result<Regex> {
    let refuse = |why: String| Error::invalid(format!("The regular expression is not accepted: {why} Write a simpler one."));
    if pattern.len() > LONGEST_EXPRESSION {
        return Err(refuse(format!("it has more than {LONGEST_EXPRESSION} bytes.")));
    }
    let expression = RegexBuilder::new(pattern).size_limit(COMPILED_SIZE).dfa_size_limit(COMPILED_SIZE).build();
    expression.map_err(|error| refuse(format!("{error}.")))
}

/// Lines are counted from 1.
pub(in crate::testing) fn check_first(first: u32) -> Result<()> {
    if first == 0 { Err(Error::invalid("Lines are counted from 1, so there is no line 0; ask for one from 1 on.")) } else { Ok(()) }
}

pub(in crate::testing) fn noted_excerpt(excerpt: &Excerpt) -> Value {
    let line = |line: &TextLine| json!({ "text": line.text, "left-out-bytes": line.left_out_bytes });
    let lines: Vec<_> = excerpt.lines.iter().map(line).collect();
    let size = crate::numbers::from_contract(excerpt.size_bytes);
    json!({ "first": excerpt.first, "lines": lines, "total-lines": excerpt.total_lines, "size": size })
}

fn noted_entry(entry: &Entry) -> Value {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
    };
    json!({ "path": entry.path, "kind": kind, "size": crate::numbers::from_contract(entry.size_bytes) })
}
