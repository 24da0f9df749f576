//! Lines with their numbers. Counts them from 1, and cuts what is long with a mark.

use crate::files::{Excerpt, TextLine};
use crate::numbers;

/// Bytes of a line that are shown.
const LONGEST_LINE: usize = 2000;
/// A file with a NUL in its first bytes is not text.
const TELLING: usize = 8 << 10;

/// Bytes of lines that a tool shows at once.
pub const LONGEST_EXCERPT: u32 = 24 << 10;
/// Lines that a tool shows where it is not told how many.
pub const USUAL_LINES: u32 = 500;

/// The content of a file as text, without a byte order mark; or a sentence that says what it is instead.
///
/// ```
/// # use baton_sdk::tools::text;
/// assert_eq!(text::decode("a.md", b"one"), Ok("one"));
/// assert!(text::decode("a.png", b"\x89PNG\0").unwrap_err().starts_with("`a.png` is a binary file of 5 bytes"));
/// ```
pub fn decode<'a>(name: &str, content: &'a [u8]) -> Result<&'a str, String> {
    let size = content.len();
    if content[..size.min(TELLING)].contains(&0) {
        return Err(format!("`{name}` is a binary file of {size} bytes, not text. Name a text file."));
    }
    match std::str::from_utf8(content) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => Err(format!(
            "`{name}` is not UTF-8 text: its byte {} is part of no character, and it has {size} bytes. Name a text file.",
            error.valid_up_to()
        )),
    }
}

/// Lines of a text from line `first` on: at most `count`, and at most `most_bytes` of them unless one alone is longer.
///
/// ```
/// # use baton_sdk::tools::text;
/// let excerpt = text::excerpt("one\ntwo\r\nthree", 2, 1, 1000);
/// assert_eq!((&*excerpt.lines[0].text, excerpt.first, excerpt.total_lines), ("two", 2, 3));
/// ```
pub fn excerpt(content: &str, first: u32, count: u32, most_bytes: u32) -> Excerpt {
    let first = first.max(1);
    let (mut lines, mut room) = (Vec::new(), most_bytes as usize);
    let wanted = content.lines().skip(first as usize - 1).take(count as usize);
    for line in wanted.map(cut) {
        let length = line.text.len() + 1;
        if length > room && !lines.is_empty() {
            break;
        }
        room = room.saturating_sub(length);
        lines.push(line);
    }
    Excerpt { first, lines, total_lines: whole(content.lines().count()), size_bytes: numbers::to_contract(content.len() as u64) }
}

/// Lines with their numbers, as `cat -n` writes them.
///
/// ```
/// # use baton_sdk::tools::text;
/// assert_eq!(text::number(9, ["nine", "ten"]), "     9\tnine\n    10\tten\n");
/// ```
pub fn number<'a>(first: u32, lines: impl IntoIterator<Item = &'a str>) -> String {
    let numbered = (u64::from(first)..).zip(lines);
    numbered.map(|(number, line)| format!("{number:>6}\t{}\n", show(&cut(line)))).collect()
}

/// An excerpt as `read_file` shows it: numbered lines, and below them where it ends and how to read on.
///
/// ```
/// # use baton_sdk::tools::text;
/// let excerpt = text::excerpt("one\ntwo\nthree", 1, 2, 1000);
/// assert_eq!(
///     text::show_excerpt("a.md", &excerpt),
///     "     1\tone\n     2\ttwo\n[Lines 1 to 2 of 3. Read on with first-line 3.]"
/// );
/// ```
pub fn show_excerpt(name: &str, excerpt: &Excerpt) -> String {
    let Excerpt { first, lines, total_lines: total, .. } = excerpt;
    if *total == 0 {
        return format!("`{name}` is empty.");
    }
    if lines.is_empty() {
        return format!("`{name}` has no line {first}: it has {total} lines.");
    }
    let next = first + whole(lines.len());
    let shown: String = (*first..).zip(lines).map(|(number, line)| format!("{number:>6}\t{}\n", show(line))).collect();
    match (*first, next > *total) {
        (1, true) => format!("{shown}[All {total} lines.]"),
        (_, true) => format!("{shown}[Lines {first} to {total}, the last.]"),
        _ => format!("{shown}[Lines {first} to {} of {total}. Read on with first-line {next}.]", next - 1),
    }
}

pub(super) fn cut(line: &str) -> TextLine {
    let end = line.floor_char_boundary(LONGEST_LINE);
    TextLine { text: line[..end].to_owned(), left_out_bytes: whole(line.len() - end) }
}

fn show(line: &TextLine) -> String {
    match line.left_out_bytes {
        0 => line.text.clone(),
        more => format!("{}[… {more} bytes more in this line]", line.text),
    }
}

/// No text in memory has more lines.
pub(super) fn whole(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_join_to_the_whole() {
        let content: String = (1..=1000).map(|line| format!("line {line} {}\r\n", "ä".repeat(line % 50))).collect();
        let (mut next, mut read) = (1, Vec::new());
        while next <= 1000 {
            let part = excerpt(&content, next, USUAL_LINES, 4096);
            assert!(part.lines.iter().map(|line| line.text.len() + 1).sum::<usize>() <= 4096);
            next += whole(part.lines.len());
            read.extend(part.lines.into_iter().map(|line| line.text));
        }
        assert_eq!(read, content.lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_long_line_is_cut_with_a_mark() {
        let content = format!("short\n{}\nend", "ä".repeat(3000));
        let shown = show_excerpt("a", &excerpt(&content, 1, 10, LONGEST_EXCERPT));
        assert!(shown.contains("[… 4000 bytes more in this line]\n     3\tend\n[All 3 lines.]"), "{}", &shown[2000..]);
        assert_eq!(excerpt(&content, 2, 10, 1).lines.len(), 1, "one line is always given");
    }

    #[test]
    fn places_past_the_end_and_odd_numbers_are_sentences() {
        let show = |content: &str, first, count| show_excerpt("a", &excerpt(content, first, count, u32::MAX));
        assert_eq!(show("one\n", 2, 5), "`a` has no line 2: it has 1 lines.");
        assert_eq!(show("one\n", u32::MAX, u32::MAX), format!("`a` has no line {}: it has 1 lines.", u32::MAX));
        assert_eq!(show("", 1, 5), "`a` is empty.");
        assert_eq!(show("one", 0, 5), "     1\tone\n[All 1 lines.]");
        assert_eq!(show("a\nb", 2, 5), "     2\tb\n[Lines 2 to 2, the last.]");
    }

    #[test]
    fn what_is_not_text_is_a_sentence() {
        assert!(decode("a", &[0xff, b'a']).unwrap_err().contains("its byte 0"));
        assert!(decode("a", "ä\0".as_bytes()).unwrap_err().contains("binary file of 3 bytes"));
        assert_eq!(decode("a", "\u{feff}one".as_bytes()), Ok("one"));
    }
}
