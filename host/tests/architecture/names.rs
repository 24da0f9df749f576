//! Types that describe themselves have names of their own: in one document there is one description under a name.

use std::collections::BTreeMap;

use crate::source::{Source, Violation};

/// No two types that derive `ToSchema` have the same name, or the same `#[schema(as = …)]`. Payloads of events are described each
/// in a document of its own.
pub(crate) fn described_types_have_names_of_their_own(sources: &[Source]) -> Vec<Violation> {
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.path.starts_with("host/src/") && !source.path.ends_with("events.rs")) {
        for (name, position) in described(&source.code) {
            match known.get(name.as_str()) {
                Some(other) => {
                    let advice = format!("`{name}` is described in {other} as well; name one of them by `#[schema(as = …)]`");
                    violations.push(source.violation(&source.code, position, advice));
                }
                None => drop(known.insert(name, &source.path)),
            }
        }
    }
    violations
}

/// The names under which the types of a file are described, each with where it stands.
fn described(code: &str) -> Vec<(String, usize)> {
    let (mut found, mut position) = (Vec::new(), 0);
    let (mut is_described, mut given) = (false, None);
    for line in code.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(rest) = trimmed.strip_prefix("#[schema(as = ") {
            given = rest.split([')', ',']).next().map(str::to_owned);
        }
        is_described |= trimmed.contains("ToSchema") && (trimmed.starts_with("#[derive(") || trimmed.ends_with(")]"));
        let words: Vec<_> = trimmed.split(|character: char| !character.is_alphanumeric() && character != '_').collect();
        let name = words.iter().zip(words.iter().skip(1)).find(|(word, _)| matches!(**word, "struct" | "enum"));
        if let Some((_, name)) = name.filter(|_| !trimmed.starts_with('#')) {
            if is_described {
                found.push((given.take().unwrap_or_else(|| (*name).to_owned()), position));
            }
            (is_described, given) = (false, None);
        }
        position += line.len();
    }
    found
}

#[test]
fn two_descriptions_under_one_name_are_found() {
    let view = "#[derive(Debug, ToSchema)]\npub struct Check {\n}\n";
    let named = "#[derive(Debug, utoipa::ToSchema)]\n#[schema(as = PullRequestCheck)]\npub(crate) enum Check {\n}\n";
    let plain = "#[derive(Debug)]\nstruct Check;\n";
    let count = |files: &[(&str, &str)]| {
        described_types_have_names_of_their_own(&files.iter().map(|(path, text)| Source::new(path, text)).collect::<Vec<_>>()).len()
    };
    assert_eq!(count(&[("host/src/a.rs", view), ("host/src/b.rs", view)]), 1);
    assert_eq!(count(&[("host/src/a.rs", view), ("host/src/b.rs", named), ("host/src/c.rs", plain)]), 0);
    assert_eq!(count(&[("host/src/b.rs", named), ("host/src/c.rs", named)]), 1);
    assert_eq!(count(&[("host/src/a.rs", view), ("host/src/x/events.rs", view)]), 0);
}
