//! Reads a Dockerfile that others wrote, as far as that is needed to build it safely: which images it begins with, so that
//! each is pinned, and which files it copies, so that it is handed those and no others. What it does not know it rejects.

use std::collections::{BTreeMap, BTreeSet};

use super::{image_name, recipe::DOCKERFILE};

/// Bytes of the longest file, and instructions in it.
const LONGEST: usize = 64 << 10;
const MOST: usize = 500;
/// Files that may be copied.
const MOST_COPIED: usize = 100;
/// How an instruction names an image that it copies from.
const FROM: &str = "--from=";

/// A Dockerfile that Baton can build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Dockerfile {
    instructions: Vec<Instruction>,
    stages: usize,
    /// The images that it begins with or copies from, by their usual names.
    pub(super) images: BTreeSet<String>,
    /// The files that it copies, seen from the folder that it is given.
    pub(super) copied: BTreeSet<String>,
    /// What it fetches outside of a command, which no network setting of a build prevents.
    pub(super) fetched: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Instruction {
    word: String,
    rest: String,
    /// The image that it begins with or copies from.
    image: Option<String>,
}

impl Dockerfile {
    /// Reads it. `arguments` are those that the build is given. An error is a sentence.
    pub(super) fn parse(text: &str, arguments: &BTreeMap<String, String>) -> Result<Self, String> {
        let instructions = instructions(text)?;
        let mut read = Self { instructions: Vec::new(), stages: 0, images: BTreeSet::new(), copied: BTreeSet::new(), fetched: Vec::new() };
        let mut variables = BTreeMap::new();
        let mut stages = BTreeSet::new();
        for mut instruction in instructions {
            match instruction.word.as_str() {
                "ARG" if stages.is_empty() => note_argument(&instruction.rest, arguments, &mut variables),
                "FROM" => read.begin(&mut instruction, &variables, &mut stages)?,
                "COPY" | "ADD" if !stages.is_empty() => read.copy(&mut instruction, &variables, &stages)?,
                "RUN" if instruction.rest.trim_start().starts_with("--mount") => {
                    return Err("It uses `RUN --mount`, which Baton does not build.".to_owned());
                }
                _ if stages.is_empty() => return Err(format!("It begins with `{}` and not with `FROM`.", instruction.word)),
                _ => {}
            }
            read.instructions.push(instruction);
        }
        if stages.is_empty() { Err("It has no `FROM`.".to_owned()) } else { Ok(read) }
    }

    /// Its text, with each image by the name that it is pinned by.
    pub(super) fn render(&self, pins: &BTreeMap<String, String>) -> String {
        self.instructions.iter().map(|instruction| format!("{} {}\n", instruction.word, instruction.render_pinned(pins))).collect()
    }

    /// A stage. Leaves the instruction without variables.
    fn begin(
        &mut self,
        instruction: &mut Instruction,
        variables: &BTreeMap<String, String>,
        stages: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        let (flags, words): (Vec<&str>, Vec<&str>) = instruction.rest.split_whitespace().partition(|word| word.starts_with("--"));
        let Some(image) = words.first() else { return Err("A `FROM` names no image.".to_owned()) };
        let image = substituted(image, variables)?;
        let mut written: Vec<String> = flags.iter().map(|flag| substituted(flag, variables)).collect::<Result<_, _>>()?;
        written.push(image.clone());
        let name = match words.get(1..) {
            Some([]) | None => None,
            Some([word, name]) if word.eq_ignore_ascii_case("as") => Some((*name).to_lowercase()),
            Some(_) => return Err("A `FROM` has more than an image and a name.".to_owned()),
        };
        written.extend(name.iter().map(|name| format!("AS {name}")));
        let is_image = !stages.contains(&image.to_lowercase()) && image != "scratch";
        instruction.image = if is_image { Some(checked_name(&image)?) } else { None };
        self.images.extend(instruction.image.clone());
        // A stage that has no name is known by its number.
        stages.insert(self.stages.to_string());
        stages.extend(name);
        self.stages += 1;
        instruction.rest = written.join(" ");
        Ok(())
    }

    /// Notes what is copied. Leaves an instruction that copies from an image without variables in its name.
    fn copy(
        &mut self,
        instruction: &mut Instruction,
        variables: &BTreeMap<String, String>,
        stages: &BTreeSet<String>,
    ) -> Result<(), String> {
        let (flags, words): (Vec<&str>, Vec<&str>) = instruction.rest.split_whitespace().partition(|word| word.starts_with("--"));
        let Some(from) = flags.iter().find_map(|flag| flag.strip_prefix("--from=")) else {
            return sources(&words.join(" "))?.iter().try_for_each(|source| self.note_source(source));
        };
        let image = substituted(from, variables)?;
        let others = flags.iter().filter(|flag| !flag.starts_with("--from=")).chain(&words).copied();
        let rest = [format!("{FROM}{image}")].into_iter().chain(others.map(str::to_owned)).collect::<Vec<_>>().join(" ");
        let is_image = !stages.contains(&image.to_lowercase());
        instruction.image = if is_image { Some(checked_name(&image)?) } else { None };
        self.images.extend(instruction.image.clone());
        instruction.rest = rest;
        Ok(())
    }

    fn note_source(&mut self, source: &str) -> Result<(), String> {
        let is_elsewhere = source.contains("://") || source.starts_with("git@");
        if is_elsewhere {
            self.fetched.push(source.to_owned());
            return Ok(());
        }
        if source.contains(['*', '?', '[', '$']) {
            return Err(format!("It copies `{source}`, and Baton hands a build only files that are named."));
        }
        let path = super::files::resolve("", source.trim_start_matches('/'))
            .ok_or_else(|| format!("It copies `{source}`, which is outside of its directory."))?;
        if path.is_empty() || source.ends_with('/') {
            return Err(format!("It copies the directory `{source}`, and Baton hands a build only files that are named."));
        }
        if path == DOCKERFILE {
            return Err(format!("It copies `{DOCKERFILE}`, which is Baton's own name for it."));
        }
        if self.copied.len() == MOST_COPIED {
            return Err(format!("It copies more than {MOST_COPIED} files."));
        }
        self.copied.insert(path);
        Ok(())
    }
}

impl Instruction {
    /// What follows its word, with the image by the name that it is pinned by.
    fn render_pinned(&self, pins: &BTreeMap<String, String>) -> String {
        let Some((image, pin)) = self.image.as_ref().and_then(|image| Some((image, pins.get(image)?))) else { return self.rest.clone() };
        let mut is_done = false;
        let words = self.rest.split(' ').map(|word| {
            let is_it = !is_done && (word == image || word.strip_prefix(FROM).is_some_and(|name| name == image));
            is_done |= is_it;
            if is_it { word.replace(image.as_str(), pin) } else { word.to_owned() }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}

/// The files that an instruction copies: all its words but the last, in either of its forms.
fn sources(words: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = match words.starts_with('[') {
        true => serde_json::from_str(words).map_err(|_| "A `COPY` is not understood.".to_owned())?,
        false => words.split(' ').map(str::to_owned).collect(),
    };
    match words.pop() {
        Some(_) if !words.is_empty() => Ok(words),
        _ => Err("A `COPY` names no file.".to_owned()),
    }
}

/// The instructions, each in one line.
fn instructions(text: &str) -> Result<Vec<Instruction>, String> {
    if text.len() > LONGEST {
        return Err(format!("It has more than {} KiB.", LONGEST >> 10));
    }
    let mut instructions = Vec::new();
    let mut line = String::new();
    for written in text.lines() {
        let written = written.trim();
        if written.to_lowercase().replace(' ', "").starts_with("#escape=") {
            return Err("It has an escape character of its own.".to_owned());
        }
        // A comment between the lines of an instruction is left out, as the engine does.
        if written.starts_with('#') || (written.is_empty() && !line.is_empty()) {
            continue;
        }
        match written.strip_suffix('\\') {
            Some(begun) => line.push_str(&format!("{} ", begun.trim_end())),
            None => {
                line.push_str(written);
                instructions.extend(instruction(&std::mem::take(&mut line))?);
            }
        }
        if instructions.len() > MOST {
            return Err(format!("It has more than {MOST} instructions."));
        }
    }
    instructions.extend(instruction(&line)?);
    Ok(instructions)
}

fn instruction(line: &str) -> Result<Option<Instruction>, String> {
    let line = line.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let word = word.to_uppercase();
    const KNOWN: [&str; 17] = [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ];
    if !KNOWN.contains(&word.as_str()) {
        let word: String = word.chars().take(40).flat_map(char::escape_debug).collect();
        return Err(format!("It has the instruction `{word}`, which Baton does not build."));
    }
    if matches!(word.as_str(), "RUN" | "COPY" | "ADD") && rest.contains("<<") {
        return Err("It has text in place of a file (`<<`), which Baton does not build.".to_owned());
    }
    Ok(Some(Instruction { word, rest: rest.trim().to_owned(), image: None }))
}

/// An argument before the first stage: only these may stand in the name of an image.
fn note_argument(rest: &str, given: &BTreeMap<String, String>, variables: &mut BTreeMap<String, String>) {
    let (name, default) = rest.split_once('=').unwrap_or((rest, ""));
    let value = given.get(name.trim()).map_or(default, String::as_str);
    variables.insert(name.trim().to_owned(), value.trim().trim_matches(['"', '\'']).to_owned());
}

/// A word without variables.
fn substituted(word: &str, variables: &BTreeMap<String, String>) -> Result<String, String> {
    let mut text = word.to_owned();
    // The longer names first, so that none is taken for the beginning of another.
    let mut names: Vec<_> = variables.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for name in names {
        let value = &variables[name];
        text = text.replace(&format!("${{{name}}}"), value).replace(&format!("${name}"), value);
    }
    if text.contains('$') {
        let word: String = word.chars().take(100).flat_map(char::escape_debug).collect();
        return Err(format!("It names an image by `{word}`, whose variable has no value."));
    }
    Ok(text)
}

fn checked_name(image: &str) -> Result<String, String> {
    if image_name::is_one(image) {
        return Ok(image.to_owned());
    }
    let shown: String = image.chars().take(100).flat_map(char::escape_debug).collect();
    Err(format!("`{shown}` is not the name of an image."))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Dockerfile, String> {
        Dockerfile::parse(text, &BTreeMap::new())
    }

    #[test]
    fn images_and_files_are_found_and_images_are_pinned() {
        let text = "# syntax=docker/dockerfile:1\nARG VERSION=3.12\nfrom --platform=linux/amd64 python:${VERSION}-slim as base\n\
                    RUN apt-get update && \\\n    # a comment\n    apt-get install -y git\nCOPY requirements.txt setup.cfg /tmp/\n\
                    COPY [\"a b.txt\", \"/tmp/\"]\nCOPY --from=node:22 /usr/local/bin/node /bin/\nFROM base\nCOPY --from=base /x /y\nCOPY --from=0 /x /y\n";
        let read = parse(text).unwrap();
        assert_eq!(read.images.iter().map(String::as_str).collect::<Vec<_>>(), ["node:22", "python:3.12-slim"]);
        assert_eq!(read.copied.iter().map(String::as_str).collect::<Vec<_>>(), ["a b.txt", "requirements.txt", "setup.cfg"]);
        let pins = BTreeMap::from([
            ("node:22".to_owned(), "node@sha256:1".to_owned()),
            ("python:3.12-slim".to_owned(), "python@sha256:2".to_owned()),
        ]);
        let rendered = read.render(&pins);
        assert!(
            rendered.starts_with("ARG VERSION=3.12\nFROM --platform=linux/amd64 python@sha256:2 AS base\nRUN apt-get update &&"),
            "{rendered}"
        );
        assert!(rendered.contains("COPY --from=node@sha256:1 /usr/local/bin/node /bin/\nFROM base\n"), "{rendered}");
        assert!(!rendered.contains("syntax"), "no other program builds it");
        assert_eq!(parse(&rendered).unwrap().copied, read.copied);
    }

    #[test]
    fn what_would_need_more_than_named_files_is_rejected() {
        for (text, why) in [
            ("", "no `FROM`"),
            ("RUN x\nFROM a", "not with `FROM`"),
            ("FROM a\nCOPY . /x", "copies the directory"),
            ("FROM a\nCOPY src/ /x", "copies the directory"),
            ("FROM a\nCOPY ../secret /x", "outside of its directory"),
            ("FROM a\nCOPY *.txt /x", "files that are named"),
            ("FROM a\nCOPY ./.baton.Dockerfile /x", "Baton's own name"),
            ("FROM a\nRUN --mount=type=bind,target=/x cat /x", "RUN --mount"),
            ("FROM a\nCOPY <<EOF /x\nhi\nEOF", "in place of a file"),
            ("FROM $NONE", "has no value"),
            ("FROM a;b", "not the name of an image"),
            ("FROM a\nONBUILD RUN x", "`ONBUILD`"),
            ("# escape=`\nFROM a", "escape character"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        assert_eq!(parse("FROM a\nADD https://example.org/x /x").unwrap().fetched, ["https://example.org/x"]);
        assert!(parse(&format!("FROM a\n{}", "RUN x\n".repeat(501))).is_err() && parse(&"x".repeat(LONGEST + 1)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_breaks_it_and_no_image_stays_unpinned(text in "((FROM|from|COPY|ADD|RUN|ARG) [-a-z$={}:/.\\[\\]\" ]{0,40}\\\\?\n){0,8}") {
            if let Ok(read) = parse(&text) {
                let pins: BTreeMap<_, _> = read.images.iter().map(|image| (image.clone(), "pinned".to_owned())).collect();
                let again = parse(&read.render(&pins));
                prop_assert!(again.is_ok_and(|again| again.images.iter().all(|image| image == "pinned")));
            }
        }
    }
}
