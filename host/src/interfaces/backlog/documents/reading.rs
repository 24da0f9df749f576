//! The text of a document, or why there is none.

use super::{Documents, findings::Flaw};
use crate::journal::{CallError, ErrorKind};

/// The text of a document; none where there is no such file. The inner error is about this document and no other.
pub(super) fn text(documents: &dyn Documents, path: &str) -> Result<Result<Option<String>, Flaw>, CallError> {
    match documents.read(path) {
        Ok(content) => Ok(content.map(decode_text).transpose()),
        Err(CallError { kind: ErrorKind::Unavailable, text: reason, .. }) => Err(CallError::unavailable(reason)),
        Err(error) => Ok(Err(flaw(path, &error))),
    }
}

/// An error about a document, in a sentence that stands behind its path.
pub(super) fn flaw(path: &str, error: &CallError) -> Flaw {
    let reason = error.to_string();
    let about_it = reason.strip_prefix(&format!("`{path}` ")).map(|rest| format!("It {rest}"));
    about_it.unwrap_or(reason).into()
}

fn decode_text(content: Vec<u8>) -> Result<String, Flaw> {
    let text = String::from_utf8(content).map_err(|error| {
        let sound = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = sound.iter().filter(|byte| **byte == b'\n').count() + 1;
        Flaw::at(line, "It is not UTF-8 text from this line on; save it as UTF-8.")
    })?;
    let feeds = text.matches('\n').count();
    let returns_alone = text.matches('\r').count() - text.matches("\r\n").count();
    if returns_alone > feeds {
        return Err(Flaw::at(1, "Its lines end with a carriage return (CR) alone; save it with LF or CRLF as the end of each line."));
    }
    Ok(text)
}
