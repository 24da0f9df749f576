//! Whose plugins the operator takes. Decides by the key that signed a file; reads no file itself.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::PublicKey;
use crate::kernel::package::Package;

/// What becomes of a file that no trusted key signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// It is taken.
    Off,
    /// It is taken, and that is told where it is installed.
    #[default]
    Warn,
    /// It is refused.
    Require,
}

/// `[signatures]` in the user's settings. The default rejects no plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// What becomes of other files.
    pub policy: Policy,
    /// The keys that are trusted, by the operator's names for them.
    pub keys: BTreeMap<String, PublicKey>,
}

/// A value in `[signatures]` that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustError {
    /// The key below `signatures`, with a dot before it; empty for all of it.
    pub key: String,
    /// What it has to be.
    pub wanted: &'static str,
    /// What it is.
    pub found: String,
}

/// Who signed a file, as its operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// No key.
    Unsigned,
    /// A key that the operator does not know.
    Unknown(PublicKey),
    /// A key of the operator's, by its name.
    Trusted(String),
}

impl Trust {
    /// Understands the table.
    pub fn from_settings(table: &Value) -> Result<Self, TrustError> {
        let refuse = |key: &str, wanted, found: &Value| TrustError { key: key.to_owned(), wanted, found: found.to_string() };
        let fields = table.as_object().ok_or_else(|| refuse("", "a table with `policy` and `keys`", table))?;
        let mut trust = Self::default();
        for (name, value) in fields {
            match name.as_str() {
                "policy" => {
                    let policy = Policy::from_word(value.as_str().unwrap_or_default());
                    trust.policy = policy.ok_or_else(|| refuse(".policy", "\"off\", \"warn\" or \"require\"", value))?;
                }
                "keys" => trust.keys = keys(value)?,
                other => return Err(refuse(&format!(".{}", other.escape_debug()), "left out: there are `policy` and `keys`", value)),
            }
        }
        Ok(trust)
    }

    /// Who signed the file.
    pub fn signer(&self, package: &Package) -> Signer {
        let Some(key) = package.signed_by else { return Signer::Unsigned };
        let known = self.keys.iter().find(|(_, trusted)| **trusted == key);
        known.map_or(Signer::Unknown(key), |(name, _)| Signer::Trusted(name.clone()))
    }

    /// Lets the file become a plugin, or says why not.
    pub fn admit(&self, package: &Package) -> Result<(), String> {
        match (self.policy, self.doubt(package)) {
            (Policy::Require, Some(doubt)) => Err(format!(
                "{doubt}, and `signatures.policy` is \"require\". Sign it with `baton plugin sign`, or name its author's key under [signatures.keys] in your settings."
            )),
            _ => Ok(()),
        }
    }

    /// What to tell whoever installs the file.
    pub fn warning(&self, package: &Package) -> Option<String> {
        let doubt = self.doubt(package).filter(|_| self.policy == Policy::Warn)?;
        Some(format!("{doubt}: who made it is not known. `signatures.policy` in your settings says whether that matters."))
    }

    fn doubt(&self, package: &Package) -> Option<String> {
        match self.signer(package) {
            Signer::Unsigned => Some("The file is not signed".to_owned()),
            Signer::Unknown(key) => Some(format!("The file is signed by the key {key}, which is none of yours")),
            Signer::Trusted(_) => None,
        }
    }
}

impl Policy {
    fn from_word(word: &str) -> Option<Self> {
        [("off", Self::Off), ("warn", Self::Warn), ("require", Self::Require)]
            .into_iter()
            .find(|(known, _)| *known == word)
            .map(|found| found.1)
    }
}

impl fmt::Display for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsigned => formatter.write_str("no key"),
            Self::Unknown(key) => write!(formatter, "the unknown key {key}"),
            Self::Trusted(name) => formatter.write_str(name),
        }
    }
}

fn keys(table: &Value) -> Result<BTreeMap<String, PublicKey>, TrustError> {
    const WANTED: &str = "a public key: 32 bytes in base64 or hexadecimal, as `baton plugin key new` prints it";
    let refuse = |key: String, wanted, found: &Value| TrustError { key, wanted, found: found.to_string() };
    let named = table.as_object().ok_or_else(|| refuse(".keys".to_owned(), "a table of names and public keys", table))?;
    let key = |(name, value): (&String, &Value)| {
        let key = value.as_str().and_then(|text| text.parse().ok());
        let key = key.ok_or_else(|| refuse(format!(".keys.{}", name.escape_debug()), WANTED, value))?;
        Ok((name.clone(), key))
    };
    named.iter().map(key).collect()
}
