//! What a command wrote, short enough for a model: of each stream the head and the tail, so that neither a failing test nor
//! the error behind it vanishes. Keeps nothing.

use std::borrow::Cow;

use crate::sandbox::Ending;

/// Bytes of a command's output that a model is shown, of both streams together.
pub const SHOWN_OUTPUT: usize = 16 << 10;

/// Bytes of what stands around the streams: how the command ended, their names and what is left out.
const AROUND: usize = 200;
const MARK: (&str, &str) = ("[… ", " bytes left out …]");

/// The line that stands where bytes were left out.
pub fn left_out(bytes: u64) -> String {
    format!("{}{bytes}{}\n", MARK.0, MARK.1)
}

/// A text of at most about `most_bytes`: of a longer one the first quarter of that and the last three, by whole lines where
/// it can be, and a line between them that says how many bytes are left out.
///
/// ```
/// # use baton_sdk::tools::text;
/// let text = format!("begin\n{}end\n", "line\n".repeat(1000));
/// let short = text::head_and_tail(&text, 40);
/// assert_eq!(short, "begin\n[… 4975 bytes left out …]\nline\nline\nline\nline\nline\nend\n");
/// ```
pub fn head_and_tail(text: &str, most_bytes: usize) -> Cow<'_, str> {
    if text.len() <= most_bytes {
        return Cow::Borrowed(text);
    }
    let head = end_of_head(text, most_bytes / 4);
    let tail = start_of_tail(text, text.len() - (most_bytes - most_bytes / 4)).max(head);
    let left = &text[head..tail];
    // What was left out before is left out still.
    let before: u64 = left.lines().filter_map(marked).map(|(bytes, length)| bytes.saturating_sub(length)).sum();
    let line_break = if head == 0 || text[..head].ends_with('\n') { "" } else { "\n" };
    Cow::Owned(format!("{}{line_break}{}{}", &text[..head], left_out(left.len() as u64 + before), &text[tail..]))
}

/// Both streams of a command below a first line. Where they are too long together, each gets half, and what one does not
/// need goes to the other.
///
/// ```
/// # use baton_sdk::tools::text;
/// assert_eq!(text::show_streams("It failed.", "2 tests", "1 failed\n", 1000), "It failed.\n--- stdout\n2 tests\n--- stderr\n1 failed\n");
/// ```
pub fn show_streams(first: &str, stdout: &str, stderr: &str, most_bytes: usize) -> String {
    let (out, err) = share(stdout.len(), stderr.len(), most_bytes);
    let mut shown = format!("{first}\n");
    for (name, text, most) in [("stdout", stdout, out), ("stderr", stderr, err)] {
        if !text.is_empty() {
            let line_break = if text.ends_with('\n') { "" } else { "\n" };
            shown.push_str(&format!("--- {name}\n{}{line_break}", head_and_tail(text, most)));
        }
    }
    shown
}

/// What a model is told of an output that is kept whole under a name.
pub fn say_kept(name: &str) -> String {
    format!("[All of the output is kept: read_output reads `{name}` by lines.]\n")
}

/// The first line of what a model is told of a command: how it ended.
pub fn say_ended(ending: Ending, exit_code: i32, took_ms: u32) -> String {
    match ending {
        Ending::Exited => format!("The command ended with exit code {exit_code}."),
        Ending::TimedOut => format!("The command was stopped after {} s, because its time was over.", took_ms.saturating_add(500) / 1000),
        Ending::OutOfMemory => "The command was stopped because it used up its memory.".to_owned(),
        Ending::Killed => "The command was stopped by something other than Baton.".to_owned(),
    }
}

fn share(one: usize, other: usize, most: usize) -> (usize, usize) {
    if one + other <= most {
        return (one, other);
    }
    // The lines around what is shown count as well.
    let most = most - (most / 16).min(AROUND);
    let half = most / 2;
    match (one <= half, other <= half) {
        (true, true) => (one, other),
        (true, false) => (one, most - one),
        (false, true) => (most - other, other),
        (false, false) => (half, half),
    }
}

fn end_of_head(text: &str, most: usize) -> usize {
    let end = text.floor_char_boundary(most);
    match text[..end].rfind('\n') {
        Some(line) if line >= end / 2 => line + 1,
        _ => end,
    }
}

fn start_of_tail(text: &str, least: usize) -> usize {
    let start = text.ceil_char_boundary(least);
    match text[start..].find('\n') {
        // It begins with a line already.
        _ if text[..start].ends_with('\n') => start,
        Some(line) if line < (text.len() - start) / 2 => start + line + 1,
        _ => start,
    }
}

/// The bytes that a line says are left out, and its own.
fn marked(line: &str) -> Option<(u64, u64)> {
    let bytes = line.strip_prefix(MARK.0)?.strip_suffix(MARK.1)?.parse().ok()?;
    Some((bytes, line.len() as u64 + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_and_the_tail_stay() {
        let text = format!("first\n{}last\n", "middle\n".repeat(10_000));
        let short = head_and_tail(&text, 1000);
        assert!(short.starts_with("first\nmiddle\n") && short.ends_with("middle\nlast\n"), "{short}");
        assert!(short.len() <= 1000 + 40, "{}", short.len());
        let said: u64 = short.lines().find_map(marked).map(|(bytes, _)| bytes).unwrap();
        let mark = left_out(said).len() as u64;
        assert_eq!(said + short.len() as u64 - mark, text.len() as u64);
    }

    #[test]
    fn text_without_lines_is_cut_between_characters() {
        for most in 0..40 {
            let text = "ä€𝄞".repeat(20);
            let short = head_and_tail(&text, most);
            assert!(short.len() <= most + 40, "{most}: {short}");
        }
    }

    #[test]
    fn what_was_left_out_before_is_counted() {
        let inner = format!("{}{}{}", "a\n".repeat(500), left_out(7000), "b\n".repeat(500));
        let whole = 7000 + 2000;
        let short = head_and_tail(&inner, 100);
        let said = short.lines().find_map(marked).map(|(bytes, _)| bytes).unwrap();
        assert_eq!(said as usize + short.len() - left_out(said).len(), whole);
    }

    #[test]
    fn neither_stream_pushes_the_other_out() {
        let warnings = "warning\n".repeat(100_000);
        let shown = show_streams("It ended.", "test a failed\n", &warnings, 4000);
        assert!(shown.contains("--- stdout\ntest a failed\n--- stderr\nwarning\n"), "{shown}");
        assert!(shown.len() <= 4000);
        let failing = format!("{}the failing test\n", "ok\n".repeat(100_000));
        let shown = show_streams("It ended.", &failing, &warnings, 4000);
        assert!(shown.contains("the failing test\n--- stderr\nwarning\n") && shown.len() <= 4000, "{shown}");
    }
}
