//! What a request brings to say who asks: read without asking anything whether it is good.

use super::{Secret, SecretKind};

/// Characters of the longest. An access token of Baton's has about 400.
const LONGEST: usize = 2_048;

/// What a request brings.
#[derive(Clone, Debug)]
pub enum Bearer {
    /// Three parts with dots between them, which may be an access token.
    Access(String),
    /// An API token.
    Token(Secret),
    /// What the credential file of a serving host holds.
    Operator(Secret),
}

impl Bearer {
    /// What a text can be; none where it cannot be any of them.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let token = Secret::read(SecretKind::Token, text).map(Self::Token);
        let operator = || Secret::read(SecretKind::Operator, text).map(Self::Operator);
        token.or_else(operator).or_else(|| is_access(text).then(|| Self::Access(text.to_owned())))
    }
}

fn is_access(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    text.split('.').count() == 3 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_kind_is_told_from_the_others() {
        let secret = |kind| Secret::generate(kind).reveal();
        assert!(matches!(Bearer::read(&secret(SecretKind::Token)), Some(Bearer::Token(_))));
        assert!(matches!(Bearer::read(&secret(SecretKind::Operator)), Some(Bearer::Operator(_))));
        assert!(matches!(Bearer::read("eyJh.eyJp.c2ln"), Some(Bearer::Access(text)) if text == "eyJh.eyJp.c2ln"));
        for kind in [SecretKind::Refresh, SecretKind::Ticket, SecretKind::Setup] {
            assert!(Bearer::read(&secret(kind)).is_none(), "{kind:?} signs nobody in");
        }
        let long = format!("{0}.{0}.{0}", "a".repeat(1_000));
        for wrong in
            ["", ".", "..", "a.b", "a.b.", ".b.c", "a..c", "a.b.c.d", "a.b.c ", "a.b=.c", "Bearer a.b.c", "ä.b.c", "a.b.c\n", &long]
        {
            assert!(Bearer::read(wrong).is_none(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in ".*") {
            let _ = Bearer::read(&text);
        }

        #[test]
        fn what_is_read_is_what_was_written(text in "(baton_)?(operator_)?[A-Za-z0-9_.-]{0,60}") {
            match Bearer::read(&text) {
                Some(Bearer::Access(read)) => prop_assert_eq!(read, text),
                Some(Bearer::Token(secret) | Bearer::Operator(secret)) => prop_assert_eq!(secret.reveal(), text),
                None => {}
            }
        }

        #[test]
        fn a_secret_that_is_changed_is_another_or_none(place in 0_usize..49, other in any::<char>()) {
            let secret = Secret::generate(SecretKind::Token);
            let mut characters: Vec<char> = secret.reveal().chars().collect();
            prop_assume!(characters[place] != other);
            characters[place] = other;
            let changed: String = characters.into_iter().collect();
            if let Some(Bearer::Token(read)) = Bearer::read(&changed) {
                prop_assert!(!read.is_same(&secret) && read.hash() != secret.hash());
            }
        }
    }
}
