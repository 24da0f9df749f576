//! Files that import each other in a circle: none can be understood, or moved, without all the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    paths,
    source::{Source, Violation},
};

/// The rooms in which no files import each other in a circle. `mod.rs` gives out what is below it, and is in none.
const ROOMS: &[&[&str]] = &[&["kernel"], &["store"], &["journal"], &["interfaces", "llm"]];

/// Circles that are still there, each file with the one it must not import. This list only becomes shorter.
const LEFT: &[(&str, &str)] = &[];

/// No files of a room import each other in a circle.
pub(crate) fn files_import_in_one_direction(sources: &[Source]) -> Vec<Violation> {
    circles(sources, LEFT)
}

fn circles(sources: &[Source], left: &[(&str, &str)]) -> Vec<Violation> {
    let files: BTreeMap<String, &Source> = sources.iter().filter_map(|source| Some((name_of(source)?, source))).collect();
    let mut imports: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    let mut violations = Vec::new();
    for (name, source) in &files {
        let targets = paths::of(source).into_iter().filter_map(|path| target(&path.names, &files)).filter(|target| target != name);
        imports.insert(name, targets.collect());
    }
    for (from, to) in left {
        let is_there = imports.get_mut(from).is_some_and(|targets| targets.remove(*to));
        if let (false, Some(source)) = (is_there, files.values().next()) {
            violations
                .push(source.violation_of_file(format!("`{from}` does not import `{to}` any more; take it out of LEFT in circles.rs")));
        }
    }
    for (name, source) in &files {
        if let Some(next) = imports[name.as_str()].iter().find(|next| reaches(next, name, &imports)) {
            let advice = format!("`{name}` imports `{next}`, which imports it back; move what both need into a file of its own");
            violations.push(source.violation_of_file(advice));
        }
    }
    violations
}

/// The module of a file in one of the rooms, unless it is a `mod.rs`.
fn name_of(source: &Source) -> Option<String> {
    let module = source.module()?;
    let is_in_room = ROOMS.iter().any(|room| module.starts_with(room));
    (is_in_room && !source.path.ends_with("/mod.rs")).then(|| module.join("::"))
}

/// The file that a path leads into: the longest beginning that is one.
fn target(names: &[String], files: &BTreeMap<String, &Source>) -> Option<String> {
    (1..=names.len()).rev().map(|length| names[..length].join("::")).find(|name| files.contains_key(name))
}

fn reaches(from: &str, to: &str, imports: &BTreeMap<&str, BTreeSet<String>>) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(name) = open.pop() {
        if name == to {
            return true;
        }
        if seen.insert(name) {
            open.extend(imports.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_import_each_other_are_found() {
        let file = |path: &str, text: &str| Source::new(path, text);
        let sources = [
            file("host/src/kernel/a.rs", "use super::b::B;"),
            file("host/src/kernel/b.rs", "use crate::kernel::{c::C, d};"),
            file("host/src/kernel/c.rs", "fn f(_: &super::a::A) {}"),
            file("host/src/kernel/d.rs", "use super::a::A;\n#[cfg(test)]\nmod tests {}"),
            file("host/src/kernel/e.rs", "use super::a::A;"),
            file("host/src/kernel/mod.rs", "use a::A; use self::e::E;"),
        ];
        let found = circles(&sources, &[]).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(["a", "b", "c", "d"].iter().all(|name| found.contains(&format!("`kernel::{name}` imports"))), "{found}");
        assert!(!found.contains("`kernel::e` imports"), "{found}");
        let left = [("kernel::c", "kernel::a"), ("kernel::d", "kernel::a")];
        assert_eq!(circles(&sources, &left).len(), 0);
        assert_eq!(circles(&sources, &[left[0], left[1], ("kernel::e", "kernel::b")]).len(), 1, "what is not there is not left");
    }
}
