//! Names of users and of tokens: what may be one, and which are the same. Knows no rows.

use super::AccountError;

/// Characters of a name.
const LONGEST: usize = 64;
/// Characters of a rejected name that are repeated.
const EXCERPT: usize = 100;

/// Checks that a text can be the name of a user. Letters are those of ASCII: names that look alike must not be two users.
pub fn check_name(name: &str) -> Result<(), AccountError> {
    // An id names a user too.
    if is_plain(name, "-_.@+") && uuid::Uuid::try_parse(name).is_err() { Ok(()) } else { Err(AccountError::UserName(excerpt(name))) }
}

/// Checks that a text can be the name of a token.
pub fn check_token_name(name: &str) -> Result<(), AccountError> {
    if is_plain(name, "-_. ") && !name.ends_with(' ') && uuid::Uuid::try_parse(name).is_err() {
        Ok(())
    } else {
        Err(AccountError::TokenName(excerpt(name)))
    }
}

/// What two names have in common that differ in case alone.
pub fn key_of_name(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn is_plain(name: &str, others: &str) -> bool {
    let begins = name.chars().next().is_some_and(|first| first.is_ascii_alphanumeric());
    begins && name.len() <= LONGEST && name.chars().all(|each| each.is_ascii_alphanumeric() || others.contains(each))
}

fn excerpt(name: &str) -> String {
    name.chars().take(EXCERPT).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_plain_and_no_id() {
        for good in ["ada", "Ada.Lovelace", "ada@example.com", "a+b_c-d", "7", &"a".repeat(64)] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            ".ada",
            "-x",
            "a b",
            "a/b",
            "a\nb",
            "a\u{1b}[2J",
            "аdа",
            "ad\u{200b}a",
            "größe",
            "0194b2f0-7c00-7abc-8def-0123456789ab",
            &"a".repeat(65),
        ] {
            assert!(matches!(check_name(bad), Err(AccountError::UserName(shown)) if !shown.contains(char::is_control)), "{bad:?}");
        }
        assert_eq!(key_of_name("ADA@Example.com"), "ada@example.com");
    }

    #[test]
    fn the_name_of_a_token_may_have_spaces_between_its_words() {
        assert_eq!(check_token_name("nightly build 2"), Ok(()));
        for bad in ["", " x", "x ", "a\tb", "a@b", "x\u{202e}y", &"a".repeat(65)] {
            assert!(check_token_name(bad).is_err(), "{bad:?}");
        }
    }
}
