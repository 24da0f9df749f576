//! Names of projects: what may be one, and which one a folder gives.

use std::path::Path;

use super::Refusal;

/// Characters of a name.
const LONGEST: usize = 64;
/// Hexadecimal digits of a former key: 96 bits.
const DIGITS: usize = 24;
/// What a folder without a usable name is called.
const NAMELESS: &str = "project";

/// Checks that a text can be the name of a project.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    let begins = name.chars().next().is_some_and(char::is_alphanumeric);
    let is_usual = begins && name.chars().all(is_usual) && name.chars().count() <= LONGEST;
    if is_usual && !is_reserved(name) { Ok(()) } else { Err(Refusal::Name(name.chars().take(100).flat_map(char::escape_debug).collect())) }
}

/// A name for the project in `folder`, which no other project may have.
pub fn name_of(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    usable(&name)
}

/// The name in a former key: what stands before the digits of the hash.
pub fn name_of_key(key: &str) -> String {
    usable(hash_of(key).map_or(key, |(name, _)| name))
}

/// The name, or the first of `name-2`, `name-3` … that is not taken.
pub fn unique_name(name: &str, is_taken: impl Fn(&str) -> bool) -> String {
    if !is_taken(name) {
        return name.to_owned();
    }
    let numbered = |number: u64| {
        let ending = format!("-{number}");
        format!("{}{ending}", name.chars().take(LONGEST - ending.len()).collect::<String>())
    };
    (2..).map(numbered).find(|name| !is_taken(name)).unwrap_or_else(|| name.to_owned())
}

/// By what a project was known before projects had ids: the name of its folder and a hash of the folder's path.
pub fn former_key(folder: &Path) -> String {
    let name = folder.file_name().map_or_else(|| NAMELESS.into(), |name| name.to_string_lossy());
    let digest = blake3::hash(folder.as_os_str().as_encoded_bytes()).to_hex();
    format!("{name}-{}", &digest[..DIGITS])
}

/// Whether two names look alike enough to be taken for each other.
pub fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn is_usual(character: char) -> bool {
    character.is_alphanumeric() || "-_.".contains(character)
}

/// Ids and former keys name projects too; a project that is called like one would be taken for another.
fn is_reserved(name: &str) -> bool {
    uuid::Uuid::try_parse(name).is_ok() || hash_of(name).is_some_and(|(_, digits)| digits.len() == DIGITS)
}

/// A former key in its parts. The oldest have 6 digits.
fn hash_of(key: &str) -> Option<(&str, &str)> {
    let (name, digits) = key.rsplit_once('-')?;
    let is_hash = [6, DIGITS].contains(&digits.len()) && digits.chars().all(|digit| digit.is_ascii_digit() || ('a'..='f').contains(&digit));
    is_hash.then_some((name, digits))
}

fn usable(text: &str) -> String {
    let plain: String = text.chars().map(|character| if is_usual(character) { character } else { '-' }).collect();
    let name: String = plain.trim_start_matches(|first: char| !first.is_alphanumeric()).chars().take(LONGEST).collect();
    let name = name.trim_end_matches('-');
    match name {
        "" => NAMELESS.to_owned(),
        name if is_reserved(name) => unique_name(name, is_reserved),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_plain_and_no_id() {
        for good in ["shop", "Shop-2", "a.b_c", "größe", "商店", "7", &"a".repeat(64)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        let digits = "0123456789abcdef01234567";
        for bad in [
            "",
            ".",
            "..",
            "-x",
            ".hidden",
            "a b",
            "a/b",
            "a\nb",
            "a\u{1b}[2J",
            "a\u{202e}b",
            "a\u{200b}b",
            "0194b2f0-7c00-7abc-8def-0123456789ab",
            &format!("shop-{digits}"),
            &"a".repeat(65),
        ] {
            assert!(matches!(check_name(bad), Err(Refusal::Name(shown)) if !shown.contains(char::is_control)), "{bad:?}");
        }
    }

    #[test]
    fn every_folder_gives_a_name_that_can_be_one() {
        let digits = "0123456789abcdef01234567";
        for (folder, name) in [
            ("/home/ada/shop", "shop"),
            ("/home/ada/My Product!", "My-Product"),
            ("/a/..hidden", "hidden"),
            ("/a/\u{1b}[2J\n", "2J"),
            ("/a/---", "project"),
            ("/", "project"),
            ("/a/größe", "größe"),
        ] {
            assert_eq!(name_of(Path::new(folder)), name, "{folder}");
        }
        for odd in [format!("/a/shop-{digits}"), "/a/0194b2f0-7c00-7abc-8def-0123456789ab".to_owned(), format!("/a/{}", "x".repeat(300))] {
            assert_eq!(check_name(&name_of(Path::new(&odd))), Ok(()), "{odd}");
        }
    }

    #[test]
    fn a_former_key_gives_the_name_of_its_folder() {
        let folder = Path::new("/home/ada/shop");
        assert_eq!(name_of_key(&former_key(folder)), "shop");
        assert_eq!(name_of_key("shop-1a2b3c"), "shop");
        assert_eq!(name_of_key("demo"), "demo");
        assert_eq!(name_of_key("shop-2"), "shop-2");
        assert_eq!(name_of_key("'; drop table runs; --"), "drop-table-runs");
        assert_ne!(former_key(folder), former_key(Path::new("/home/bob/shop")));
    }

    #[test]
    fn a_taken_name_is_numbered() {
        let taken = ["shop", "shop-2"];
        assert_eq!(unique_name("shop", |name| taken.contains(&name)), "shop-3");
        assert_eq!(unique_name("notes", |name| taken.contains(&name)), "notes");
        let long = "a".repeat(64);
        let second = unique_name(&long, |name| name == long);
        assert_eq!((second.len(), check_name(&second)), (64, Ok(())));
    }
}
