//! Secrets that Baton makes: 32 random bytes, and the text that a person or program carries. Keeps none; what is kept of one is
//! its hash.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What every secret of Baton's begins with, so that those who search for leaked secrets recognize it.
const PREFIX: &str = "baton_";
/// Characters that 32 bytes have as base64 without padding.
const CHARACTERS: usize = 43;

/// What a secret is for. One that is for something else is never accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// An API token.
    Token,
    /// What a session is refreshed by.
    Refresh,
    /// What opens one stream.
    Ticket,
    /// The link with which the first admin is made.
    Setup,
    /// The credential file of a serving host.
    Operator,
}

impl SecretKind {
    /// What stands between the prefix and the characters. Their count tells a token from the others.
    fn word(self) -> &'static str {
        match self {
            Self::Token => "",
            Self::Refresh => "refresh_",
            Self::Ticket => "ticket_",
            Self::Setup => "setup_",
            Self::Operator => "operator_",
        }
    }
}

/// A secret. It has no form that is shown but the one asked for.
#[derive(Clone)]
pub struct Secret {
    kind: SecretKind,
    bytes: [u8; 32],
}

impl Secret {
    /// A new one, from the random numbers of the system.
    pub fn generate(kind: SecretKind) -> Self {
        Self { kind, bytes: rand::random() }
    }

    /// The secret in a text, if it is one of this kind.
    pub fn read(kind: SecretKind, text: &str) -> Option<Self> {
        let characters = text.strip_prefix(PREFIX)?.strip_prefix(kind.word())?;
        if characters.len() != CHARACTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(characters).ok()?;
        Some(Self { kind, bytes: bytes.try_into().ok()? })
    }

    /// The text that whoever it is for carries.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}{}", self.kind.word(), URL_SAFE_NO_PAD.encode(self.bytes))
    }

    /// What is kept of it: its SHA-256, in hexadecimal. 256 random bits need no slow hash.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.bytes))
    }

    /// Whether they are the same, in a time that does not say where they differ.
    pub fn is_same(&self, other: &Self) -> bool {
        self.kind == other.kind && bool::from(self.bytes.ct_eq(&other.bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Secret").field("kind", &self.kind).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [SecretKind; 5] = [SecretKind::Token, SecretKind::Refresh, SecretKind::Ticket, SecretKind::Setup, SecretKind::Operator];

    #[test]
    fn a_secret_reads_back_as_its_own_kind_alone() {
        for kind in KINDS {
            let (secret, other) = (Secret::generate(kind), Secret::generate(kind));
            let text = secret.reveal();
            for wanted in KINDS {
                let read = Secret::read(wanted, &text);
                assert_eq!(read.is_some(), wanted == kind, "{text} as {wanted:?}");
                assert!(read.is_none_or(|read| read.is_same(&secret) && !read.is_same(&other)));
            }
            assert!(!format!("{secret:?}").contains(&text[text.len() - 20..]), "a secret is not shown by mistake");
            assert!(secret.hash().len() == 64 && secret.hash() != other.hash());
        }
    }

    #[test]
    fn one_secret_has_one_text() {
        let text = Secret::generate(SecretKind::Token).reveal();
        let last = text.chars().next_back().unwrap();
        for other in ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['-', '_']).filter(|other| *other != last) {
            let changed = format!("{}{other}", &text[..text.len() - 1]);
            let is_same = |read: Secret| read.hash() == Secret::read(SecretKind::Token, &text).unwrap().hash();
            assert!(!Secret::read(SecretKind::Token, &changed).is_some_and(is_same), "{other}");
        }
        for wrong in [format!("{text}="), format!(" {text}"), format!("{text}\n"), text.to_uppercase(), text[1..].to_owned()] {
            assert!(Secret::read(SecretKind::Token, &wrong).is_none(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_stops_the_reader(text in ".*", tail in "[A-Za-z0-9_-]{0,60}") {
            for kind in KINDS {
                for text in [text.clone(), format!("baton_{tail}"), format!("baton_{}{tail}", kind.word())] {
                    if let Some(secret) = Secret::read(kind, &text) {
                        prop_assert_eq!(secret.reveal(), text);
                    }
                }
            }
        }
    }
}
