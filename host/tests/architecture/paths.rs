//! Finds the paths in Rust code, with the groups of `use` spread out: `crate::{a, b::c}` is `crate::a` and `crate::b::c`.

use crate::source::Source;

/// A path in a file of the host, written from the crate's root: `kernel::run::State`.
#[derive(Debug, PartialEq)]
pub(crate) struct Named {
    /// Its names.
    pub(crate) names: Vec<String>,
    /// Where it begins in the file's bare code.
    pub(crate) position: usize,
}

/// Every path of `source` that says where it comes from: by `crate`, `baton`, `self` or `super`.
pub(crate) fn of(source: &Source) -> Vec<Named> {
    let Some(module) = source.module() else { return Vec::new() };
    let mut found = Vec::new();
    for (position, _) in source.bare.match_indices("::") {
        let before = &source.bare[..position];
        let start = before.rfind(|character: char| !is_name(character)).map_or(0, |index| index + 1);
        let first = &before[start..];
        let continued = before[..start].trim_end().ends_with("::");
        if !continued && ["crate", "baton", "self", "super"].contains(&first) {
            spread(&source.bare[start..], &mut Vec::new(), &mut |names| {
                found.extend(from_root(&module, names).map(|names| Named { names, position: start }));
            });
        }
    }
    found
}

fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Reads one path or group at the beginning of `text`, tells every full path, and returns how far it read.
fn spread(text: &str, prefix: &mut Vec<String>, tell: &mut impl FnMut(&[String])) -> usize {
    let depth = prefix.len();
    let mut position = skip_blanks(text, 0);
    loop {
        let rest = &text[position..];
        if rest.starts_with('{') {
            position += spread_group(rest, prefix, tell);
            break;
        }
        let length = rest.find(|character: char| !is_name(character)).unwrap_or(rest.len());
        prefix.push(if rest.starts_with('*') { "*".to_owned() } else { rest[..length].to_owned() });
        position += length;
        let next = skip_blanks(text, position);
        if length > 0 && text[next..].starts_with("::") {
            position = skip_blanks(text, next + 2);
        } else {
            tell(prefix);
            break;
        }
    }
    prefix.truncate(depth);
    position
}

fn spread_group(text: &str, prefix: &mut Vec<String>, tell: &mut impl FnMut(&[String])) -> usize {
    let mut position = 1;
    loop {
        position = skip_blanks(text, position);
        match text.as_bytes().get(position) {
            Some(b'}') => return position + 1,
            Some(_) if is_start(&text[position..]) => {
                position += spread(&text[position..], prefix, tell);
                // An `as` names nothing that is not named already.
                position += text[position..].find([',', '}']).unwrap_or(0);
            }
            Some(_) => position += text[position..].chars().next().map_or(1, char::len_utf8),
            None => return position,
        }
    }
}

fn is_start(text: &str) -> bool {
    text.starts_with(is_name)
}

fn skip_blanks(text: &str, position: usize) -> usize {
    text.len() - text[position..].trim_start().len()
}

/// Resolves `crate`, `self` and `super`. None for a path that begins with anything else.
fn from_root(module: &[&str], names: &[String]) -> Option<Vec<String>> {
    let mut root: Vec<String> = module.iter().map(|name| (*name).to_owned()).collect();
    let mut rest = names;
    match names.first()?.as_str() {
        "crate" | "baton" => {
            root.clear();
            rest = &names[1..];
        }
        "self" => rest = &names[1..],
        "super" => {}
        _ => return None,
    }
    while rest.first().is_some_and(|name| name == "super") {
        root.pop();
        rest = &rest[1..];
    }
    root.extend(rest.iter().filter(|name| *name != "self").cloned());
    Some(root)
}

#[test]
fn groups_are_spread_out() {
    let found = |path: &str, text: &str| of(&Source::new(path, text)).into_iter().map(|path| path.names.join("::")).collect::<Vec<_>>();
    assert_eq!(
        found("host/src/app.rs", "use crate::{\n  a,\n  b::{self, C as D},\n  e::*,\n};"),
        ["a", "b", "b::C", "e::*"].map(str::to_owned)
    );
    assert_eq!(found("host/src/x/y.rs", "super::super::z::f(); super::w; self::v; std::mem::take(a)"), ["z::f", "x::w", "x::y::v"]);
    assert_eq!(found("host/src/main.rs", "baton::cli::run()"), ["cli::run"]);
    assert!(found("host/src/x.rs", "// crate::a\n\"crate::b\"; std::crate_::c").is_empty());
}
