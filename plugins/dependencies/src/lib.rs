//! Reads lockfiles, and the manifests of those that have none: which packages a change adds, removes or brings in another
//! version, and which licence the packages that were fetched say they have. Fetches nothing, and judges nothing.

mod go;
mod gradle;
mod javascript;
mod licences;
mod maven;
mod others;
mod python;
mod tables;
#[cfg(test)]
mod tests;
mod toml;
mod xml;

use std::collections::{BTreeMap, BTreeSet};

use baton_slots::dependency::Dependency;

pub use licences::Licences;

/// Bytes of a lockfile that is read.
pub const MOST_READ: usize = 32 << 20;
/// Changes that are told of one change.
pub const MOST_CHANGES: usize = 2_000;
/// Bytes of a name, a version or a licence.
const LONGEST: usize = 200;

/// A package as a lockfile has it, beside its name and version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Locked {
    /// The host of its registry, or the whole address of something that is not a registry; empty where that is not said.
    origin: String,
    checksum: String,
    licence: String,
}

/// Packages by name, each in its versions.
type Packages = BTreeMap<String, BTreeMap<String, Locked>>;

/// What a file says of what is fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Contents {
    packages: Packages,
    /// What else of it may decide what is fetched and is not understood. None: any change of the file does.
    others: Option<Vec<String>>,
}

/// What reads a file. None: the text is not of this format.
#[derive(Clone, Copy)]
enum Reader {
    /// Of what a program writes and which holds nothing but packages.
    Lockfile(fn(&str) -> Option<Packages>),
    /// Of what people write, who say more in it.
    Manifest(fn(&str) -> Option<Contents>),
}

impl Reader {
    fn read(self, text: Option<&str>) -> Option<Contents> {
        match (self, text) {
            (_, Some(text)) if text.len() > MOST_READ => None,
            (Self::Lockfile(_), None) => Some(Contents::default()),
            (Self::Manifest(_), None) => Some(Contents { others: Some(Vec::new()), ..Contents::default() }),
            (Self::Lockfile(read), Some(text)) => read(text).map(|packages| Contents { packages, others: None }),
            (Self::Manifest(read), Some(text)) => read(text),
        }
    }
}

/// A file that says what is fetched, before and after a change; none where it was not there.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its path in the repository.
    pub path: &'a str,
    /// What it was.
    pub before: Option<&'a str>,
    /// What it is.
    pub after: Option<&'a str>,
}

/// What these files say of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Sorted by what manages them, and by name.
    pub dependencies: Vec<Dependency>,
    /// Files that could not be read as they are now, or in which something else than packages changed.
    pub unclear: Vec<String>,
}

/// Whether a file says which packages are fetched: a lockfile, or a manifest of a program that has none or need not have one.
pub fn is_read(path: &str) -> bool {
    reader(path).is_some()
}

/// Whether a file of this path says which dependencies a project wants, by the managers whose lockfiles are read.
pub fn is_manifest(path: &str) -> bool {
    const MANIFESTS: [&str; 13] = [
        "Cargo.toml",
        "package.json",
        "pnpm-workspace.yaml",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "Pipfile",
        "go.mod",
        "Gemfile",
        "composer.json",
        "mix.exs",
        "pom.xml",
        "libs.versions.toml",
    ];
    let name = path.rsplit('/').next().unwrap_or_default();
    MANIFESTS.contains(&name) || [".gradle", ".gradle.kts", ".gemspec"].iter().any(|end| name.ends_with(end))
}

/// What changed between two states of a repository's lockfiles and manifests.
pub fn changes(files: &[File<'_>]) -> Changes {
    let mut found = Changes::default();
    for file in files.iter().filter(|file| !is_told_by_another(file.path, files)) {
        let Some((manager, reader)) = reader(file.path) else { continue };
        // What cannot be read was not there: everything is new then.
        let before = reader.read(file.before).or_else(|| reader.read(None)).unwrap_or_default();
        let after = reader.read(file.after);
        let dependencies = after.as_ref().map(|after| between(manager, file.path, &before.packages, &after.packages));
        let is_clear = match after.map(|after| after.others) {
            Some(Some(others)) => before.others == Some(others) || file.after.is_none(),
            Some(None) => file.before == file.after || dependencies.as_ref().is_some_and(|dependencies| !dependencies.is_empty()),
            None => file.before == file.after,
        };
        if !is_clear {
            found.unclear.push(file.path.to_owned());
        }
        dependencies.into_iter().flatten().for_each(|dependency| add(&mut found.dependencies, dependency));
    }
    found.dependencies.sort_by(|one, other| (&one.manager, &one.name).cmp(&(&other.manager, &other.name)));
    found
}

/// The name of what manages a file's packages, and what reads it.
fn reader(path: &str) -> Option<(&'static str, Reader)> {
    use Reader::{Lockfile, Manifest};

    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let above = folder.rsplit('/').next().unwrap_or_default();
    let is_text = |begin: &str| name.starts_with(begin) && name.ends_with(".txt");
    let found = match name {
        "Cargo.lock" => ("cargo", Lockfile(tables::cargo)),
        "uv.lock" | "poetry.lock" | "pdm.lock" | "pylock.toml" => ("python", Lockfile(tables::python)),
        "Pipfile.lock" => ("python", Lockfile(python::pipfile)),
        _ if is_text("requirements") || is_text("constraints") => ("python", Lockfile(python::requirements)),
        _ if above == "requirements" && is_text("") => ("python", Lockfile(python::requirements)),
        "package-lock.json" | "npm-shrinkwrap.json" => ("npm", Lockfile(javascript::npm)),
        "yarn.lock" => ("npm", Lockfile(javascript::yarn)),
        "pnpm-lock.yaml" => ("npm", Lockfile(javascript::pnpm)),
        "bun.lock" => ("npm", Lockfile(javascript::bun)),
        "go.sum" => ("go", Lockfile(go::sums)),
        "go.mod" => ("go", Lockfile(go::requirements)),
        "Gemfile.lock" => ("ruby", Lockfile(others::gems)),
        "composer.lock" => ("php", Lockfile(others::composer)),
        "mix.lock" => ("elixir", Lockfile(others::mix)),
        "packages.lock.json" => ("nuget", Lockfile(others::nuget)),
        "gradle.lockfile" | "buildscript-gradle.lockfile" | "settings-gradle.lockfile" => ("java", Lockfile(gradle::lockfile)),
        "pom.xml" => ("java", Manifest(maven::project)),
        "extensions.xml" if above == ".mvn" => ("java", Manifest(maven::project)),
        "maven-wrapper.properties" | "gradle-wrapper.properties" => ("java", Manifest(maven::wrapper)),
        "libs.versions.toml" => ("java", Manifest(gradle::catalogue)),
        _ if name.ends_with(".gradle") || name.ends_with(".gradle.kts") => ("java", Manifest(gradle::script)),
        _ => return None,
    };
    Some(found)
}

/// `go.sum` says what `go.mod` says, and what that brings with it.
fn is_told_by_another(path: &str, files: &[File<'_>]) -> bool {
    let sums = path.strip_suffix("go.mod").map(|folder| format!("{folder}go.sum"));
    sums.is_some_and(|sums| files.iter().any(|file| file.path == sums && file.before != file.after))
}

fn between(manager: &str, path: &str, before: &Packages, after: &Packages) -> Vec<Dependency> {
    let none = BTreeMap::new();
    let origins: BTreeSet<_> = before.values().flat_map(BTreeMap::values).map(|locked| locked.origin.as_str()).collect();
    let names: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter_map(|name| {
        let (old, new) = (before.get(name).unwrap_or(&none), after.get(name).unwrap_or(&none));
        let note = note(old, new, &origins);
        if old.keys().eq(new.keys()) && note.is_empty() {
            return None;
        }
        let licence = new.values().map(|locked| locked.licence.as_str()).find(|licence| !licence.is_empty()).unwrap_or_default();
        Some(Dependency {
            name: clipped(name),
            manager: manager.to_owned(),
            before: old.keys().map(|version| clipped(version)).collect(),
            after: new.keys().map(|version| clipped(version)).collect(),
            licence: clipped(licence),
            files: vec![path.to_owned()],
            note,
        })
    });
    changed.collect()
}

/// What versions alone do not say: another content under the same version, or another place to fetch it from.
fn note(old: &BTreeMap<String, Locked>, new: &BTreeMap<String, Locked>, origins: &BTreeSet<&str>) -> String {
    let mut notes = Vec::new();
    let both = || new.iter().filter_map(|(version, locked)| old.get(version).map(|before| (before, locked)));
    let differ = |before: &str, after: &str| !before.is_empty() && !after.is_empty() && before != after;
    if both().any(|(before, after)| differ(&before.checksum, &after.checksum)) {
        notes.push("the same version with another checksum".to_owned());
    }
    let is_usual = |locked: &&Locked| {
        locked.origin.is_empty() || origins.contains(locked.origin.as_str()) || origins.is_empty() && is_host(&locked.origin)
    };
    let is_as_before = |version: &String, locked: &Locked| old.get(version).is_some_and(|before| before.origin == locked.origin);
    let moved = new.iter().filter(|(version, locked)| !is_as_before(version, locked)).map(|(_, locked)| locked);
    let moved: BTreeSet<_> = moved.filter(|locked| !is_usual(locked)).map(|locked| clipped(&locked.origin)).collect();
    notes.extend(moved.into_iter().map(|origin| format!("fetched from `{origin}`, as nothing else was before")));
    let swapped = both().find(|(before, after)| differ(&before.origin, &after.origin) && is_usual(after));
    notes.extend(
        swapped.map(|(before, after)| format!("fetched from `{}` and no more from `{}`", clipped(&after.origin), clipped(&before.origin))),
    );
    notes.join("; ")
}

/// The same in several lockfiles is told once.
fn add(dependencies: &mut Vec<Dependency>, dependency: Dependency) {
    if dependencies.len() >= MOST_CHANGES {
        return;
    }
    let is_same = |other: &Dependency| {
        let (one, other) = (&dependency, other);
        (&one.manager, &one.name, &one.note) == (&other.manager, &other.name, &other.note)
            && (&one.before, &one.after) == (&other.before, &other.after)
    };
    let place = dependencies.iter().position(is_same);
    match place.and_then(|place| dependencies.get_mut(place)) {
        Some(other) => other.files.extend(dependency.files),
        None => dependencies.push(dependency),
    }
}

/// Where an address leads: a host, where it is a file of a registry, or all of it.
fn origin(address: &str) -> String {
    let bare = ["registry+", "sparse+"].iter().find_map(|kind| address.strip_prefix(kind)).unwrap_or(address);
    let host = bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://")).and_then(|rest| rest.split('/').next());
    host.map_or_else(|| bare.split('#').next().unwrap_or_default().to_owned(), str::to_owned)
}

fn is_host(origin: &str) -> bool {
    !origin.contains(['/', ':', '+'])
}

/// In one line, without what a terminal or Markdown would read.
fn clipped(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() || letter == '`' { ' ' } else { letter }).collect();
    plain[..plain.floor_char_boundary(LONGEST)].trim().to_owned()
}

fn put(packages: &mut Packages, name: &str, version: &str, locked: Locked) {
    if !name.is_empty() {
        packages.entry(name.to_owned()).or_default().insert(version.to_owned(), locked);
    }
}
