//! The operator's secrets in a file of the data directory, each sealed under a key that lies elsewhere. Prints none, logs
//! none, and never writes over what it cannot open.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use crate::{errors::Hint, own_files};
use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// Bytes of the largest secret.
const LARGEST: usize = 4096;
/// Bytes of the smallest: shorter ones could not be blotted out of what is shown.
const SMALLEST: usize = 8;

/// Why a secret was not kept or read. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("`{0}` is not a valid name for a secret.")]
    Name(String),
    #[error("A secret has {SMALLEST} to {LARGEST} bytes in one line, without control characters; this one has {0}. Nothing was kept.")]
    Value(String),
    /// `file` is what the key opens.
    #[error("The key of the secrets, `{}`, does not exist.", .key.display())]
    NoKey { key: PathBuf, file: PathBuf },
    #[error("The key to the secrets, `{}`, can be read by others than its owner.", .0.display())]
    OpenKey(PathBuf),
    #[error("{0} does not hold a key: it has to be 32 bytes, in the variable as 64 hexadecimal digits or as base64.")]
    BadKey(String),
    /// Another key, or a damaged or swapped entry.
    #[error("The secret `{0}` cannot be opened: it was sealed with another key, or the file was changed.")]
    Sealed(String),
    /// `reason` is a sentence.
    #[error("`{}` is damaged: {reason}", .path.display())]
    Damaged { path: PathBuf, reason: String },
    #[error("`{}` cannot be used: {source}.", .path.display())]
    File { path: PathBuf, source: io::Error },
}

impl Hint for SecretError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Name(_) => "Use up to 64 letters, digits, dashes and underscores.".to_owned(),
            Self::Value(_) | Self::BadKey(_) => return None,
            Self::NoKey { file, .. } => {
                format!("Put it back, or set BATON_SECRET_KEY to it; without it, remove `{}` and set the secrets again.", file.display())
            }
            Self::OpenKey(_) => "Run `chmod 600` on it; if others may have read it, set other secrets.".to_owned(),
            Self::Sealed(name) => {
                format!("Put the right key back, or set the secret again after `baton secret remove {name}`.")
            }
            Self::Damaged { .. } => "Restore it from a copy, or remove it and set the secrets again.".to_owned(),
            Self::File { .. } => "Make it readable and writable for this user alone.".to_owned(),
        })
    }
}

/// Where secrets are kept.
#[derive(Clone)]
pub struct Secrets {
    file: PathBuf,
    key_file: PathBuf,
    key_variable: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    secrets: BTreeMap<String, Sealed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    nonce: String,
    sealed: String,
}

impl Secrets {
    /// The secrets in `file`. Their key is in `key_variable`, 64 hexadecimal digits or base64 of 32 bytes, else in the file
    /// `key_file`, which is made with the first secret.
    pub fn new(file: PathBuf, key_file: PathBuf, key_variable: Option<String>) -> Self {
        Self { file, key_file, key_variable }
    }

    /// The names of all secrets.
    pub fn names(&self) -> Result<Vec<String>, SecretError> {
        Ok(self.read()?.secrets.into_keys().collect())
    }

    /// The secret, if it is there.
    pub fn find(&self, name: &str) -> Result<Option<String>, SecretError> {
        let kept = self.read()?;
        let Some(entry) = kept.secrets.get(name) else { return Ok(None) };
        let key = self.key()?.ok_or_else(|| self.no_key())?;
        open(&key, name, entry).map(Some)
    }

    /// Keeps a secret, in place of an older one of that name. White space around it is dropped.
    pub fn set(&self, name: &str, value: &str) -> Result<(), SecretError> {
        check_name(name)?;
        let value = check_value(value)?;
        let mut kept = self.read()?;
        let key = match self.key()? {
            Some(key) => key,
            None if kept.secrets.is_empty() => self.make_key()?,
            None => return Err(self.no_key()),
        };
        // With another key some of the secrets could be opened by nobody.
        if let Some((other, entry)) = kept.secrets.iter().find(|(other, _)| *other != name) {
            open(&key, other, entry)?;
        }
        kept.secrets.insert(name.to_owned(), seal(&key, name, value)?);
        self.write(&kept)
    }

    /// Forgets a secret; false when there is none of that name.
    pub fn remove(&self, name: &str) -> Result<bool, SecretError> {
        let mut kept = self.read()?;
        let removed = kept.secrets.remove(name).is_some();
        if removed {
            self.write(&kept)?;
        }
        Ok(removed)
    }

    fn read(&self) -> Result<Kept, SecretError> {
        let text = match fs::read_to_string(&self.file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
            Err(source) => return Err(SecretError::File { path: self.file.clone(), source }),
        };
        serde_json::from_str(&text).map_err(|error| SecretError::Damaged { path: self.file.clone(), reason: format!("{error}.") })
    }

    fn write(&self, kept: &Kept) -> Result<(), SecretError> {
        let text = serde_json::to_string_pretty(kept).map_err(io::Error::from);
        let written = text.and_then(|text| own_files::replace(&self.file, text.as_bytes(), None));
        written.map_err(|source| SecretError::File { path: self.file.clone(), source })
    }

    fn key(&self) -> Result<Option<[u8; 32]>, SecretError> {
        if let Some(text) = &self.key_variable {
            let text = text.trim();
            let bytes = hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok());
            let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            return key.map(Some).ok_or_else(|| SecretError::BadKey("BATON_SECRET_KEY".to_owned()));
        }
        if is_open(&self.key_file) {
            return Err(SecretError::OpenKey(self.key_file.clone()));
        }
        match fs::read(&self.key_file) {
            Ok(bytes) => match <[u8; 32]>::try_from(bytes) {
                Ok(key) => Ok(Some(key)),
                Err(_) => Err(SecretError::BadKey(format!("`{}`", self.key_file.display()))),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(SecretError::File { path: self.key_file.clone(), source }),
        }
    }

    fn make_key(&self) -> Result<[u8; 32], SecretError> {
        let key: [u8; 32] = rand::random();
        own_files::replace(&self.key_file, &key, None).map_err(|source| SecretError::File { path: self.key_file.clone(), source })?;
        Ok(key)
    }

    fn no_key(&self) -> SecretError {
        SecretError::NoKey { key: self.key_file.clone(), file: self.file.clone() }
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Secrets").field("file", &self.file).finish_non_exhaustive()
    }
}

/// The name is sealed with the value, so that none can be passed off as another.
fn seal(key: &[u8; 32], name: &str, value: &str) -> Result<Sealed, SecretError> {
    let nonce: [u8; 12] = rand::random();
    let payload = Payload { msg: value.as_bytes(), aad: name.as_bytes() };
    let sealed = Aes256Gcm::new(key.into()).encrypt(&nonce.into(), payload).map_err(|_| SecretError::Sealed(name.to_owned()))?;
    Ok(Sealed { nonce: hex::encode(nonce), sealed: hex::encode(sealed) })
}

fn open(key: &[u8; 32], name: &str, entry: &Sealed) -> Result<String, SecretError> {
    let shut = || SecretError::Sealed(name.escape_debug().to_string());
    let nonce = hex::decode(&entry.nonce).ok().and_then(|nonce| <[u8; 12]>::try_from(nonce).ok()).ok_or_else(shut)?;
    let sealed = hex::decode(&entry.sealed).map_err(|_| shut())?;
    let payload = Payload { msg: &sealed, aad: name.as_bytes() };
    let value = Aes256Gcm::new(key.into()).decrypt(&nonce.into(), payload).map_err(|_| shut())?;
    String::from_utf8(value).map_err(|_| shut())
}

fn check_name(name: &str) -> Result<(), SecretError> {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(SecretError::Name(name.escape_debug().to_string()));
    }
    Ok(())
}

fn is_open(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|about| about.is_file() && own_files::is_open(&about))
}

fn check_value(value: &str) -> Result<&str, SecretError> {
    let value = value.trim();
    if !(SMALLEST..=LARGEST).contains(&value.len()) {
        return Err(SecretError::Value(format!("{} bytes", value.len())));
    }
    match value.chars().find(|character| character.is_control()) {
        None => Ok(value),
        Some('\n' | '\r') => Err(SecretError::Value("several lines".to_owned())),
        Some(other) => Err(SecretError::Value(format!("the control character {}", other.escape_unicode()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn secrets(&self) -> Secrets {
            self.with_variable(None)
        }

        fn with_variable(&self, key: Option<&str>) -> Secrets {
            Secrets::new(self.file(), self.key(), key.map(str::to_owned))
        }

        fn file(&self) -> PathBuf {
            self.0.path().join("data/secrets.json")
        }

        fn put_key(&self, key: &[u8]) {
            drop(fs::remove_file(self.key()));
            own_files::replace(&self.key(), key, None).unwrap();
        }

        fn key(&self) -> PathBuf {
            self.0.path().join("state/secret.key")
        }
    }

    #[test]
    fn a_secret_is_kept_sealed_and_comes_back() {
        let place = Place::new();
        let secrets = place.secrets();
        assert_eq!(secrets.find("LAB").unwrap(), None);
        secrets.set("LAB", " sk-lab-12345\n").unwrap();
        secrets.set("OTHER", "sk-other-12345").unwrap();
        assert_eq!(place.secrets().find("LAB").unwrap().as_deref(), Some("sk-lab-12345"));
        assert_eq!(secrets.names().unwrap(), ["LAB", "OTHER"]);
        assert!(!fs::read_to_string(place.file()).unwrap().contains("sk-"));
        #[cfg(unix)]
        for file in [place.file(), place.key()] {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(secrets.remove("LAB").unwrap() && !secrets.remove("LAB").unwrap());
        assert_eq!(secrets.names().unwrap(), ["OTHER"]);
    }

    #[test]
    fn a_lost_or_wrong_key_loses_nothing() {
        let place = Place::new();
        place.secrets().set("LAB", "sk-lab-12345").unwrap();
        let (before, key) = (fs::read(place.file()).unwrap(), fs::read(place.key()).unwrap());
        fs::remove_file(place.key()).unwrap();
        assert!(matches!(place.secrets().find("LAB"), Err(SecretError::NoKey { .. })));
        assert!(matches!(place.secrets().set("NEW", "sk-new-12345"), Err(SecretError::NoKey { .. })));
        for wrong in [[7; 32].as_slice(), b"short", b""] {
            place.put_key(wrong);
            assert!(place.secrets().find("LAB").is_err() && place.secrets().set("NEW", "sk-new-12345").is_err());
        }
        assert_eq!((fs::read(place.file()).unwrap(), place.secrets().names().unwrap()), (before, vec!["LAB".to_owned()]));
        place.put_key(&key);
        assert_eq!(place.secrets().find("LAB").unwrap().as_deref(), Some("sk-lab-12345"));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_opens_nothing() {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new();
        place.secrets().set("LAB", "sk-lab-12345").unwrap();
        let mode = |mode| fs::set_permissions(place.key(), fs::Permissions::from_mode(mode)).unwrap();
        for open in [0o644, 0o640, 0o604, 0o620] {
            mode(open);
            let error = place.secrets().find("LAB").unwrap_err();
            assert!(matches!(error, SecretError::OpenKey(_)) && error.explain().contains("chmod 600"), "{error}");
            assert!(place.secrets().set("LAB", "sk-lab-54321").is_err());
        }
        mode(0o400);
        assert_eq!(place.secrets().find("LAB").unwrap().as_deref(), Some("sk-lab-12345"));
    }

    #[test]
    fn the_key_may_come_from_the_environment() {
        let place = Place::new();
        let (hexadecimal, base64) = (hex::encode([9; 32]), STANDARD.encode([9; 32]));
        place.with_variable(Some(&hexadecimal)).set("LAB", "sk-lab-12345").unwrap();
        assert!(!place.key().exists());
        assert!(place.with_variable(Some(&base64)).find("LAB").unwrap().is_some());
        assert!(matches!(place.with_variable(Some("nonsense")).find("LAB"), Err(SecretError::BadKey(_))));
    }

    #[test]
    fn a_sealed_value_cannot_be_passed_off_under_another_name() {
        let place = Place::new();
        place.secrets().set("LAB", "sk-lab-12345").unwrap();
        let swapped = fs::read_to_string(place.file()).unwrap().replace("LAB", "ANTHROPIC_API_KEY");
        fs::write(place.file(), swapped).unwrap();
        assert!(matches!(place.secrets().find("ANTHROPIC_API_KEY"), Err(SecretError::Sealed(_))));
        for damaged in ["", "{", "[]", r#"{"secrets":{"LAB":{"nonce":"zz","sealed":""}}}"#] {
            fs::write(place.file(), damaged).unwrap();
            assert!(place.secrets().find("LAB").is_err(), "{damaged}");
        }
    }

    #[test]
    fn what_is_no_secret_or_no_name_is_refused_without_repeating_it() {
        let place = Place::new();
        for value in ["", "short", "two\nlines-of-it", &"x".repeat(5_000)] {
            assert!(matches!(place.secrets().set("LAB", value), Err(SecretError::Value(_))));
        }
        let reason = |value: &str| place.secrets().set("LAB", value).unwrap_err().to_string();
        assert!(reason("two\nlines-of-it").contains("this one has several lines"));
        assert!(reason("sk-12345\u{0}678").contains(r"has the control character \u{0}"), "{}", reason("sk-12345\u{0}678"));
        for name in ["", "a b", "../x", &"x".repeat(65)] {
            assert!(matches!(place.secrets().set(name, "sk-lab-12345"), Err(SecretError::Name(_))));
        }
        assert!(!place.file().exists());
    }
}
