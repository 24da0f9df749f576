//! Whose a plugin's file is: the signature that lies in it as its last section, made and checked. Trusts no key by
//! itself, reads no settings file and keeps no private key.

mod section;
mod trust;

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{
    Signature, Signer as _, SigningKey, VerifyingKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, KeypairBytes, spki::der::pem::LineEnding},
};
use sha2::{Digest, Sha256};

use crate::errors::Hint;
pub use section::SECTION;
use section::{CONTENT, SignatureSection};
pub use trust::{Policy, Signer, Trust, TrustError};

/// Begins what is signed, so that no signature made for anything else can be taken for one of a plugin.
const DOMAIN: &[u8] = b"baton plugin signature v1\0";
/// The only algorithm there is: Ed25519 over the domain and the SHA-256 of all bytes before the section.
const ED25519: u8 = 1;

/// Why a signature does not hold. A file with one of these is rejected, whatever the policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("The file has more than one section `{SECTION}`.")]
    Several,
    /// Bytes after it, or it lies inside a module.
    #[error("The section `{SECTION}` is not the last of the file, so it does not cover all of it.")]
    NotLast,
    #[error("The section `{SECTION}` has {0} bytes and not {CONTENT}; it was cut off or made by another program.")]
    Length(usize),
    /// Another way to write the same.
    #[error("The section `{SECTION}` is not written as Baton writes it.")]
    Form,
    #[error("The file is signed with the algorithm {0}, which this Baton does not know.")]
    Algorithm(u8),
    #[error("The public key in the signature is not valid.")]
    Key,
    #[error("The signature does not fit the file: the file was changed after it was signed, or the signature was taken from another.")]
    Broken,
    #[error("The file is damaged or cut off: {0}.")]
    Malformed(String),
}

impl Hint for SignatureError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Several | Self::Form => "Get the file again from its author, or sign it again.",
            Self::NotLast | Self::Length(_) | Self::Key | Self::Broken => "Get the file again from its author.",
            Self::Algorithm(_) => "Use a newer Baton.",
            Self::Malformed(_) => return None,
        };
        Some(hint.to_owned())
    }
}

/// A public key: who signed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicKey([u8; 32]);

/// The text is no public key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a public key: 32 bytes in base64 or hexadecimal, as `baton plugin key new` prints it")]
pub struct NoPublicKey;

impl FromStr for PublicKey {
    type Err = NoPublicKey;

    fn from_str(text: &str) -> Result<Self, NoPublicKey> {
        let bytes = if text.len() == 64 { hex::decode(text).ok() } else { STANDARD.decode(text).ok() };
        let bytes: [u8; 32] = bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(NoPublicKey)?;
        // A weak key fits signatures that nobody made.
        let key = VerifyingKey::from_bytes(&bytes).ok().filter(|key| !key.is_weak());
        key.map(|_| Self(bytes)).ok_or(NoPublicKey)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({self})")
    }
}

/// A private key. Shows nothing of itself and is wiped when it is dropped.
pub struct PrivateKey(SigningKey);

/// The text is no private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("It is not an Ed25519 private key in PKCS #8 PEM; `baton plugin key new` makes one.")]
pub struct NoPrivateKey;

impl PrivateKey {
    /// The key with this seed, which has to be random and secret.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// Reads PKCS #8 in PEM, as OpenSSL writes it too.
    pub fn from_pem(text: &str) -> Result<Self, NoPrivateKey> {
        SigningKey::from_pkcs8_pem(text).map(Self).map_err(|_| NoPrivateKey)
    }

    /// PKCS #8 in PEM.
    pub fn to_pem(&self) -> Result<String, NoPrivateKey> {
        // Without the public key it is the version of the format that every program reads.
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).map_err(|_| NoPrivateKey)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }
}

/// The file with a signature of all its bytes as its last section; one that was there is replaced.
pub fn sign(wasm: &[u8], key: &PrivateKey) -> Result<Vec<u8>, SignatureError> {
    let bare = unsigned(wasm)?;
    let signature = key.0.sign(&message(bare));
    let mut content = [0; CONTENT];
    content[0] = ED25519;
    content[1..33].copy_from_slice(&key.public().0);
    content[33..].copy_from_slice(&signature.to_bytes());
    Ok([bare, &section::encode_section(&content)].concat())
}

/// The file without its signature, whether that is right or not.
pub fn unsigned(wasm: &[u8]) -> Result<&[u8], SignatureError> {
    match section::find(wasm)? {
        Some(found) => Ok(&wasm[..found.start]),
        None => Ok(wasm),
    }
}

/// Whose key signed the file; none when nobody did. Whether to trust the key is another matter.
pub fn check(wasm: &[u8]) -> Result<Option<PublicKey>, SignatureError> {
    let Some(SignatureSection { start, content }) = section::find(wasm)? else { return Ok(None) };
    let (key, signature) = (&content[1..33], &content[33..]);
    if content[0] != ED25519 {
        return Err(SignatureError::Algorithm(content[0]));
    }
    let key: [u8; 32] = key.try_into().map_err(|_| SignatureError::Key)?;
    let verifying = VerifyingKey::from_bytes(&key).map_err(|_| SignatureError::Key)?;
    let signature = Signature::from_slice(signature).map_err(|_| SignatureError::Broken)?;
    // The strict check refuses weak keys and second forms of one signature.
    verifying.verify_strict(&message(&wasm[..start]), &signature).map_err(|_| SignatureError::Broken)?;
    Ok(Some(PublicKey(key)))
}

fn message(bare: &[u8]) -> Vec<u8> {
    [DOMAIN, &Sha256::digest(bare)].concat()
}
