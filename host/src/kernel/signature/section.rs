//! Where the signature's section lies in a file. Checks its place and its form, not what it says.

use wasmparser::{Parser, Payload};

use super::SignatureError;

/// The custom section's name.
pub const SECTION: &str = "baton:signature";
/// Bytes of its content: the algorithm, the public key, the signature.
pub(super) const CONTENT: usize = 1 + 32 + 64;

/// The section in a file.
pub(super) struct SignatureSection<'a> {
    /// Where it begins, its id and size included.
    pub(super) start: usize,
    /// What it says.
    pub(super) content: &'a [u8; CONTENT],
}

/// The section's bytes: id, size, length of the name, name, content.
pub(super) fn encode_section(content: &[u8; CONTENT]) -> Vec<u8> {
    [&HEADER[..], SECTION.as_bytes(), content].concat()
}

/// The one section there is, which is the last of the file; none when there is none.
pub(super) fn find(wasm: &[u8]) -> Result<Option<SignatureSection<'_>>, SignatureError> {
    let (mut depth, mut found) = (0_usize, None);
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.map_err(|error| SignatureError::Malformed(error.message().escape_debug().to_string()))? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(section) if section.name() == SECTION => {
                let place = (depth, section.range().end, section.data());
                if found.replace(place).is_some() {
                    return Err(SignatureError::Several);
                }
            }
            _ => {}
        }
    }
    let Some((depth, end, content)) = found else { return Ok(None) };
    if depth > 0 || end != wasm.len() {
        return Err(SignatureError::NotLast);
    }
    let content: &[u8; CONTENT] = content.try_into().map_err(|_| SignatureError::Length(content.len()))?;
    let start = wasm.len().saturating_sub(HEADER.len() + SECTION.len() + CONTENT);
    // The same size written in more bytes would be a second file with the same signature.
    if wasm[start..].starts_with(&HEADER) { Ok(Some(SignatureSection { start, content })) } else { Err(SignatureError::Form) }
}

/// Id 0, the size of what follows, the length of the name: each one byte, since all of them are below 128.
const HEADER: [u8; 3] = [0, (1 + SECTION.len() + CONTENT) as u8, SECTION.len() as u8];
