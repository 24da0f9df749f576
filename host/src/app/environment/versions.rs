//! Reads which versions of a tool a file wants, in the spellings of several ecosystems, and picks a release that fits. Knows
//! no tool; what it does not understand fits everything.

/// A version as numbers, such as 3.12.4.
type Numbers = Vec<u64>;

/// What a file wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum VersionRequirement {
    /// One release or one line of releases.
    Exactly(Numbers),
    /// Whatever fits all conditions of any of these lists.
    Range(Vec<Vec<Condition>>),
}

/// A condition of a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition {
    how: How,
    version: Numbers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    AtLeast,
    Above,
    AtMost,
    Below,
    /// The same first number.
    Caret,
    /// The same numbers up to the second.
    Tilde,
    /// The same numbers but the last.
    Compatible,
    Same,
    Other,
}

/// Bytes of the longest text that is looked at.
const LONGEST: usize = 200;
const SIGNS: [(&str, How); 12] = [
    (">=", How::AtLeast),
    ("<=", How::AtMost),
    ("~=", How::Compatible),
    ("~>", How::Compatible),
    ("===", How::Same),
    ("==", How::Same),
    ("!=", How::Other),
    (">", How::Above),
    ("<", How::Below),
    ("^", How::Caret),
    ("~", How::Tilde),
    ("=", How::Same),
];

/// What a text wants; none where it says nothing that is understood, such as `latest`.
pub(super) fn parse_requirement(text: &str) -> Option<VersionRequirement> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if let Some(version) = plain(text) {
        return Some(VersionRequirement::Exactly(version));
    }
    let lists: Vec<Vec<Condition>> = text.split("||").flat_map(|list| list.split(" | ")).filter_map(conditions).collect();
    if lists.is_empty() { None } else { Some(VersionRequirement::Range(lists)) }
}

/// The newest of these releases that fits; they are sorted, the oldest first.
pub(super) fn newest<'a>(known: &[&'a str], wanted: &VersionRequirement) -> Option<&'a str> {
    known.iter().rev().find(|release| plain(release).is_some_and(|release| fits(&release, wanted))).copied()
}

/// The version that is asked for at least, for what is newer than every release that is known.
pub(super) fn least(wanted: &VersionRequirement) -> Option<&[u64]> {
    let VersionRequirement::Range(lists) = wanted else { return None };
    let lower = |condition: &&Condition| !matches!(condition.how, How::AtMost | How::Below | How::Other);
    lists.iter().flatten().filter(lower).map(|condition| &*condition.version).max()
}

/// Whether a release, or some of a line of releases, fits.
fn fits(release: &[u64], wanted: &VersionRequirement) -> bool {
    match wanted {
        VersionRequirement::Exactly(version) => agree(release, version),
        VersionRequirement::Range(lists) => lists.iter().any(|list| list.iter().all(|condition| condition.holds(release))),
    }
}

impl Condition {
    /// Whether it holds for the newest of a line of releases.
    fn holds(&self, release: &[u64]) -> bool {
        let length = self.version.len().min(release.len());
        let (line, version) = (&release[..length], &self.version[..length]);
        match self.how {
            How::AtLeast => line >= version,
            How::Above => line > version || (line == version && self.version.len() > length),
            How::AtMost => line <= version,
            How::Below => line < version,
            How::Caret => line >= version && release.first() == self.version.first(),
            How::Tilde => line >= version && agree(release, &self.version[..self.version.len().min(2)]),
            How::Compatible => line >= version && agree(release, &self.version[..self.version.len().saturating_sub(1).max(1)]),
            How::Same => line == version,
            How::Other => line != version || self.version.len() > length,
        }
    }
}

/// Whether two versions are the same as far as both go.
fn agree(one: &[u64], other: &[u64]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

/// The conditions of a list such as `>=3.9,<4`; none where one is not understood.
fn conditions(list: &str) -> Option<Vec<Condition>> {
    let spaced = SIGNS.iter().fold(list.replace(',', " "), |list, (sign, _)| list.replace(&format!("{sign} "), sign));
    let conditions: Option<Vec<_>> = spaced.split_whitespace().filter(|word| !matches!(*word, "*" | "x")).map(condition).collect();
    conditions.filter(|conditions| !conditions.is_empty())
}

fn condition(word: &str) -> Option<Condition> {
    let (how, rest) = SIGNS.iter().find_map(|(sign, how)| Some((*how, word.strip_prefix(sign)?))).unwrap_or((How::Same, word));
    Some(Condition { how, version: plain(rest)? })
}

/// The numbers of a version such as `v3.12.4`, `1.x` or `21.0.2+13`; none for anything else.
pub(super) fn plain(text: &str) -> Option<Numbers> {
    const MOST: usize = 4;
    let text = text.trim().trim_start_matches(['v', 'V']);
    // Of a release candidate or a build the numbers count.
    let numbers = text.split(['-', '+', '_']).next().unwrap_or_default();
    let mut version = Vec::new();
    for number in numbers.split('.').take(MOST) {
        if matches!(number, "*" | "x" | "X") {
            break;
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        version.push(number.parse().ok()?);
    }
    Some(version).filter(|version| !version.is_empty())
}

/// A version as image names have it: at most so many numbers.
pub(super) fn format_version(version: &[u64], most: usize) -> String {
    version.iter().take(most).map(u64::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: [&str; 6] = ["3.9", "3.10", "3.11", "3.12", "3.13", "3.14"];

    fn of_python(text: &str) -> Option<&'static str> {
        newest(&KNOWN, &parse_requirement(text)?)
    }

    #[test]
    fn ranges_are_read_as_their_ecosystems_mean_them() {
        for (text, release) in [
            (">=3.9", "3.14"),
            (">=3.9,<3.13", "3.12"),
            (">= 3.9, < 3.13", "3.12"),
            (">=3.9,!=3.14.*", "3.13"),
            ("~=3.10", "3.14"),
            ("~=3.10.2", "3.10"),
            ("~3.11", "3.11"),
            ("==3.12.*", "3.12"),
            ("^3.8", "3.14"),
            ("3.10 || 3.12", "3.12"),
            ("<=3.11", "3.11"),
            (">3.8", "3.14"),
            ("3.12.4", "3.12"),
            ("3.x", "3.14"),
            (">=3.7,<4.0,!=3.9.7", "3.14"),
        ] {
            assert_eq!(of_python(text), Some(release), "{text}");
        }
        for nothing in ["", "*", "latest", "lts/*", ">=", "a.b", "2.7", ">=4"] {
            assert_eq!(of_python(nothing), None, "{nothing}");
        }
        assert_eq!(newest(&["18", "20", "22", "24"], &parse_requirement("^20.19.0 || >=22.12.0").unwrap()), Some("24"));
        assert_eq!(newest(&["18", "20", "22", "24"], &parse_requirement(">=18 <21").unwrap()), Some("20"));
        assert_eq!(newest(&["3.2", "3.3", "3.4"], &parse_requirement("~> 3.3.1").unwrap()), Some("3.3"));
        assert_eq!(plain("21.0.2+13-LTS"), Some(vec![21, 0, 2]));
    }

    #[test]
    fn what_is_newer_than_all_that_is_known_is_named_by_its_least() {
        assert_eq!(least(&parse_requirement(">=3.15,<4").unwrap()), Some(&[3, 15][..]));
        assert_eq!(least(&parse_requirement("<3").unwrap()), None);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[0-9.<>=~^|, vx*!a-]{0,60}") {
            if let Some(wanted) = parse_requirement(&text) {
                let found = newest(&KNOWN, &wanted);
                prop_assert!(found.is_none_or(|found| KNOWN.contains(&found)));
            }
        }

        #[test]
        fn a_release_fits_itself(major in 0_u64..100, minor in 0_u64..100) {
            let text = format!("{major}.{minor}");
            prop_assert_eq!(newest(&[&text], &parse_requirement(&text).unwrap()), Some(&*text));
            prop_assert_eq!(newest(&[&text], &parse_requirement(&format!(">={text}")).unwrap()), Some(&*text));
            prop_assert_eq!(newest(&[&text], &parse_requirement(&format!("<{text}")).unwrap()), None);
        }
    }
}
