//! What a command printed, whole within bounds: an outcome holds of a long stream only its beginning and its end, and which
//! test failed may stand between them.

use baton_sdk::Result;
use baton_sdk::sandbox::{self, Execution};

/// Bytes of each of two pieces of a long output that are read: its first and its last.
const PIECE: u32 = 1 << 20;
/// How an outcome marks what it leaves out.
const LEFT_OUT: &str = " bytes left out …]";

pub(crate) struct Printed {
    /// Each with its name, none of them empty.
    pub(crate) streams: Vec<(&'static str, String)>,
}

pub(crate) fn whole(execution: Execution) -> Result<Printed> {
    let Execution { stdout, stderr, output, .. } = execution;
    let is_cut = [&stdout, &stderr].iter().any(|stream| stream.contains(LEFT_OUT));
    let streams = match output.filter(|_| is_cut) {
        Some(name) => vec![("stdout and stderr", pieces(&name)?)],
        None => vec![("stdout", stdout), ("stderr", stderr)],
    };
    Ok(Printed { streams: streams.into_iter().filter(|(_, text)| !text.trim().is_empty()).collect() })
}

fn pieces(name: &str) -> Result<String> {
    let first = sandbox::read_output(name, 1, u32::MAX, PIECE)?;
    let read = u32::try_from(first.lines.len()).unwrap_or(u32::MAX);
    let mut text = String::new();
    push(&mut text, first.lines.iter().map(|line| line.text.as_str()));
    let left = first.total_lines.saturating_sub(read);
    if left == 0 || read == 0 {
        return Ok(text);
    }
    // Lines are as long at the end as at the beginning, or what is missing is said.
    let begin = read + left.saturating_sub(read) + 1;
    let last = sandbox::read_output(name, begin, u32::MAX, PIECE)?;
    if begin > read + 1 {
        push(&mut text, [format!("[{} lines left out]", begin - read - 1).as_str()]);
    }
    push(&mut text, last.lines.iter().map(|line| line.text.as_str()));
    Ok(text)
}

fn push<'a>(text: &mut String, lines: impl IntoIterator<Item = &'a str>) {
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
}
