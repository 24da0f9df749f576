//! Lines as a person sees them: without colours, with what a progress bar left last. Changes no line's order.

/// Bytes of a line that are looked at.
const LONGEST_LINE: usize = 4 << 10;
const ESCAPE: char = '\u{1b}';

/// The text without the sequences that colour it or move a cursor.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = rest.find(ESCAPE) {
        plain.push_str(&rest[..begin]);
        rest = after_sequence(&rest[begin + 1..]);
    }
    plain.push_str(rest);
    plain
}

fn after_sequence(rest: &str) -> &str {
    let Some(inner) = rest.strip_prefix('[') else { return rest };
    // A sequence ends with a letter or one of a few signs, and never in another line.
    match inner.find(|letter: char| letter.is_ascii_alphabetic() || matches!(letter, '@' | '~' | '\n')) {
        Some(end) if inner.as_bytes()[end] == b'\n' => &inner[end..],
        Some(end) => &inner[end + 1..],
        None => "",
    }
}

/// What a line shows at last, not longer than is looked at.
pub(crate) fn clipped(line: &str) -> &str {
    let line = line.trim_end();
    let line = line.rfind('\r').map_or(line, |back| &line[back + 1..]);
    &line[..line.floor_char_boundary(LONGEST_LINE)]
}

/// Blanks before the first letter.
pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// A whole number at the beginning, and what follows it.
pub(crate) fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// The number after a word such as `passed:`, or before one such as `passed`, anywhere in a line.
pub(crate) fn counted(line: &str, word: &str, is_before: bool) -> u32 {
    let mut words = line.split(|letter: char| letter.is_whitespace() || matches!(letter, ',' | ';' | '(' | ')' | '='));
    let words: Vec<_> = words.by_ref().filter(|word| !word.is_empty()).take(40).collect();
    let found = words.iter().position(|found| found.trim_end_matches(['.', '!']) == word);
    let place = found.and_then(|place| if is_before { place.checked_sub(1) } else { Some(place + 1) });
    place.and_then(|place| words.get(place)).and_then(|number| number.trim_end_matches('.').parse().ok()).unwrap_or_default()
}

/// Takes a length of time in brackets, such as ` (81ms)` or ` [0.2 s]`, off the end of a name.
pub(crate) fn timed(name: &str) -> (&str, Option<f64>) {
    let name = name.trim_end();
    let rounded = name.strip_suffix(')').and_then(|name| name.rsplit_once(" ("));
    let inner = rounded.or_else(|| name.strip_suffix(']').and_then(|name| name.rsplit_once(" [")));
    match inner.and_then(|(before, time)| Some((before, duration(time)?))) {
        Some((before, seconds)) => (before.trim_end(), Some(seconds)),
        None => (name, None),
    }
}

/// `12ms`, `1.5 s`, `0.00s`, `2m`.
pub(crate) fn duration(text: &str) -> Option<f64> {
    let text = text.trim();
    let unit = text.find(|letter: char| letter.is_ascii_alphabetic())?;
    let number: f64 = text[..unit].trim().parse().ok()?;
    match &text[unit..] {
        "ms" => Some(number / 1000.0),
        "s" | "sec" | "seconds" => Some(number),
        "m" | "min" => Some(number * 60.0),
        _ => None,
    }
}
