//! A workspace in memory: files and directories by plain path. Knows neither links nor `.gitignore`, nor any limit of size.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use regex::Regex;
use serde_json::{Value, json};

use super::path;
use crate::files::{Entry, Kind, LineMatch};
use crate::{Error, Result};

#[derive(Default)]
pub(super) struct Workspace(BTreeMap<String, Node>);

enum Node {
    Directory,
    File(Vec<u8>),
}

impl Workspace {
    pub(super) fn read(&self, path: &str) -> Result<Vec<u8>> {
        match self.at(path)? {
            Node::File(content) => Ok(content.clone()),
            Node::Directory => Err(is_directory(path)),
        }
    }

    pub(super) fn write(&mut self, path: &str, content: &[u8]) -> Result<()> {
        self.check_above(path)?;
        if matches!(self.0.get(path), Some(Node::Directory)) {
            return Err(is_directory(path));
        }
        for directory in path::above(path) {
            self.0.insert(directory.to_owned(), Node::Directory);
        }
        self.0.insert(path.to_owned(), Node::File(content.to_vec()));
        Ok(())
    }

    pub(super) fn remove(&mut self, path: &str) -> Result<()> {
        self.at(path)?;
        let below = format!("{path}/");
        if self.0.keys().any(|other| other.starts_with(&below)) {
            return Err(Error::invalid(format!("The directory `{path}` is not empty; remove what it holds first.")));
        }
        self.0.remove(path);
        Ok(())
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = Entry> {
        self.0.iter().map(|(path, node)| match node {
            Node::File(content) => Entry { path: path.clone(), kind: Kind::File, size_bytes: content.len() as f64 },
            Node::Directory => Entry { path: path.clone(), kind: Kind::Directory, size_bytes: 0.0 },
        })
    }

    /// Matches in the text files of which `wanted` approves, in order of path and line.
    pub(super) fn search(&self, expression: &Regex, wanted: impl Fn(&str) -> bool, limit: usize, context: usize) -> Vec<LineMatch> {
        let files = self.0.iter().filter_map(|(path, node)| match node {
            Node::File(content) if wanted(path) => Some((path, std::str::from_utf8(content).ok().filter(|text| !text.contains('\0'))?)),
            _ => None,
        });
        let matches = files.flat_map(|(path, text)| {
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();
            let matching: Vec<_> = (0..lines.len()).filter(|index| expression.is_match(&lines[*index])).collect();
            matching.into_iter().map(move |index| found(path, &lines, index, context))
        });
        matches.take(limit).collect()
    }

    /// The contents of all files.
    pub(super) fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let file = |(path, node): (&String, &Node)| match node {
            Node::File(content) => Some((path.clone(), content.clone())),
            Node::Directory => None,
        };
        self.0.iter().filter_map(file).collect()
    }

    /// A workspace of just these files.
    pub(super) fn of(tree: &BTreeMap<String, Vec<u8>>) -> Self {
        let directories = tree.keys().flat_map(|path| path::above(path)).map(|path| (path.to_owned(), Node::Directory));
        let files = tree.iter().map(|(path, content)| (path.clone(), Node::File(content.clone())));
        Self(directories.chain(files).collect())
    }

    fn at(&self, path: &str) -> Result<&Node> {
        self.check_above(path)?;
        self.0
            .get(path)
            .ok_or_else(|| Error::not_found(format!("`{path}` does not exist in the workspace; `files.find` lists what exists.")))
    }

    fn check_above(&self, path: &str) -> Result<()> {
        match path::above(path).any(|directory| matches!(self.0.get(directory), Some(Node::File(_)))) {
            true => Err(Error::invalid(format!("A file stands where `{path}` needs a directory; choose another path."))),
            false => Ok(()),
        }
    }
}

/// The line at an index, with lines around it.
fn found(path: &str, lines: &[String], index: usize, context: usize) -> LineMatch {
    let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
    let before = lines[index.saturating_sub(context)..index].to_vec();
    let after = lines[index + 1..(index + 1 + context).min(lines.len())].to_vec();
    LineMatch { path: path.to_owned(), line, text: lines[index].clone(), before, after }
}

fn is_directory(path: &str) -> Error {
    Error::invalid(format!("`{path}` is a directory; name a file, or list it with `files.find`."))
}

/// Bytes as the journal keeps them: readable where they can be.
pub(super) fn noted(content: &[u8]) -> Value {
    match std::str::from_utf8(content) {
        Ok(text) => json!({ "text": text }),
        Err(_) => json!({ "base64": BASE64_STANDARD.encode(content) }),
    }
}
