//! What a heading says once its markup is taken off, and the key and title in it.

use crate::interfaces::backlog::check_key;

/// Words that follow `Epic` in the headings of documents and name none.
const PROSE: [&str; 5] = ["breakdown", "index", "list", "overview", "summary"];
/// Bytes of a line whose markup is taken off; a title has at most 1024.
const LONGEST: usize = 2048;

/// An epic as a heading names it.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) key: String,
    pub(super) title: String,
    /// The key is a number or a name in capitals. `Epic Goal: …` may be meant otherwise.
    pub(super) is_distinct: bool,
    /// A mark such as `:` stands between the two, so that it is not a sentence.
    is_separated: bool,
}

/// Why a heading is not an epic's.
pub(super) enum Unclear {
    Prose,
    NoTitle,
    NoKey,
    Key(String),
}

/// What stands after the word `Epic` at the beginning of a text, whatever number or symbol stands before it; none where
/// another word is meant.
pub(super) fn after_word(text: &str) -> Option<&str> {
    let text = text.trim_start_matches(is_decoration);
    let unnumbered = text.trim_start_matches(|first: char| first.is_ascii_digit() || matches!(first, '.' | ')'));
    let is_numbered = text.starts_with(|first: char| first.is_ascii_digit());
    word(text).or_else(|| word(unnumbered.trim_start_matches(is_decoration)).filter(|_| is_numbered))
}

/// What is not read before a heading. A text that is struck out is not a heading.
fn is_decoration(first: char) -> bool {
    !first.is_alphanumeric() && first != '~'
}

/// What stands after the word `Epic`.
fn word(text: &str) -> Option<&str> {
    let (word, rest) = text.split_at_checked("epic".len())?;
    let ends = rest.chars().next().is_none_or(|next| !next.is_alphabetic());
    let rest = rest.trim_start_matches(['-', '–', '_', '#', '№', ' ', '\t', '\u{a0}']);
    (word.eq_ignore_ascii_case("epic") && ends).then_some(rest)
}

/// The epic that a line names somewhere, such as `Epic 2: Two` in a list or behind other words.
pub(super) fn inside(line: &str) -> Option<Name> {
    const MOST: usize = 8;
    if line.len() > LONGEST || !line.to_ascii_lowercase().contains("epic") {
        return None;
    }
    let text = plain(line);
    let lower = text.to_ascii_lowercase();
    let begins = |at: &usize| !text[..*at].ends_with(char::is_alphanumeric);
    let mut places = lower.match_indices("epic").map(|(at, _)| at).filter(begins).take(MOST);
    places.find_map(|at| read_name(word(&text[at..])?).ok().filter(|name| name.is_separated && name.is_distinct))
}

/// Key and title of `KEY: Title`, `KEY - Title`, `3. Title` and `3 Title`.
pub(super) fn read_name(rest: &str) -> Result<Name, Unclear> {
    let separators = [":", "：", " - ", " – ", " — ", " | ", ". "];
    let (at, separator) = separators.iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min().unwrap_or((rest.len(), ""));
    let (first, rest_of_it) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let is_number = |text: &str| text.trim_start_matches(is_decoration).starts_with(|first: char| first.is_ascii_digit());
    let (label, title, is_separated) = match separator {
        "" if is_number(first) => (first, rest_of_it, false),
        "" if rest.is_empty() => return Err(Unclear::NoTitle),
        // A name in capitals is meant as a key.
        "" if rest_of_it.is_empty() && !rest.chars().any(char::is_lowercase) => (rest, "", false),
        "" => return Err(Unclear::Prose),
        _ if PROSE.contains(&first.trim_end_matches(':').to_lowercase().as_str()) => return Err(Unclear::Prose),
        // The colon of a sentence: `Epic 3 Three: the rest`.
        _ if is_number(first) && first.len() < at => (first, rest_of_it, false),
        separator => (&rest[..at], &rest[at + separator.len()..], true),
    };
    let label = label.trim_matches(|end: char| !end.is_alphanumeric());
    let title = title_of(title);
    if label.is_empty() {
        return Err(Unclear::NoKey);
    }
    let key = label.replace(['.', '_'], "-").to_lowercase();
    if check_key(&key).is_err() {
        return Err(Unclear::Key(label.to_owned()));
    }
    let is_distinct = label.contains(|letter: char| letter.is_ascii_digit()) || !label.contains(char::is_lowercase);
    if title.is_empty() { Err(Unclear::NoTitle) } else { Ok(Name { key, title, is_distinct, is_separated }) }
}

/// A title without what stood between it and the key, and without the end of a code span that began before it.
fn title_of(text: &str) -> String {
    let text = text.trim().trim_start_matches(['-', '–', '—', ':', '：', '|', '•', '→']).trim_start();
    let text = text.trim_end_matches(['|', ' ']);
    let is_cut = text.matches('`').count() % 2 == 1;
    if is_cut { text.replacen('`', "", 1).trim().to_owned() } else { text.to_owned() }
}

/// The text that a reader of the rendered line sees. Code keeps its backticks, and what is longer than any heading its marks.
pub(super) fn plain(text: &str) -> String {
    let text = text.trim();
    if text.len() > LONGEST {
        return text.to_owned();
    }
    let text = text.strip_suffix('}').and_then(|text| text.rsplit_once("{#")).map_or(text, |(text, _)| text.trim_end());
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let before = plain.chars().next_back();
        let (shown, length) = read_visible(first, before, rest);
        plain.push_str(&shown);
        rest = &rest[length..];
    }
    plain.replace('\u{a0}', " ").replace('\u{feff}', "").trim().to_owned()
}

/// What a reader sees of the beginning of a text, and the bytes that it takes.
fn read_visible(first: char, before: Option<char>, rest: &str) -> (String, usize) {
    let same = rest.len() - rest.trim_start_matches(first).len();
    let after = rest[same..].chars().next();
    let is_blank = |next: Option<char>| next.is_none_or(char::is_whitespace);
    let is_letter = |next: Option<char>| next.is_some_and(char::is_alphanumeric);
    let shown = match first {
        '\\' if rest[1..].starts_with(|next: char| next.is_ascii_punctuation()) => Some((rest[1..2].to_owned(), 2)),
        '`' => rest[same..].find(&rest[..same]).map(|end| (rest[..end + 2 * same].to_owned(), end + 2 * same)),
        '*' | '_' if is_blank(before) && is_blank(after) || is_letter(before) && is_letter(after) => Some((rest[..same].to_owned(), same)),
        '*' | '_' => Some((String::new(), same)),
        '!' if rest[1..].starts_with('[') => link(&rest[1..]).map(|(_, length)| (String::new(), length + 1)),
        '[' => link(rest).map(|(text, length)| (plain(text), length)),
        '<' => tag(rest).map(|length| (String::new(), length)),
        '&' => [("&amp;", "&"), ("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\"")]
            .iter()
            .find(|(entity, _)| rest.starts_with(entity))
            .map(|(entity, meant)| ((*meant).to_owned(), entity.len())),
        _ => None,
    };
    shown.unwrap_or_else(|| (first.to_string(), first.len_utf8()))
}

/// The text of a link at the beginning, `[text](address)` or `[text][reference]`, and the bytes of all of it.
fn link(rest: &str) -> Option<(&str, usize)> {
    let end = closing(rest, '[', ']')?;
    let (text, target) = (&rest[1..end], &rest[end + 1..]);
    let length = match target.chars().next() {
        Some('(') => closing(target, '(', ')')? + 1,
        Some('[') => closing(target, '[', ']')? + 1,
        _ => return None,
    };
    Some((text, end + 1 + length))
}

/// Where the bracket closes that a text begins with.
fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            _ if character == open => depth += 1,
            _ if character == close && depth == 1 => return Some(at),
            _ if character == close => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The bytes of a tag of HTML at the beginning. A word in angle brackets that is no tag is text.
fn tag(rest: &str) -> Option<usize> {
    const TAGS: [&str; 22] = [
        "a", "b", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "i", "img", "kbd", "mark", "small", "span", "strong",
        "sub", "sup", "u",
    ];
    let end = rest.find('>')?;
    let inner = rest[1..end].trim_start_matches('/').trim_end_matches('/');
    let name = inner.split([' ', '\t']).next().unwrap_or_default().to_ascii_lowercase();
    TAGS.contains(&name.as_str()).then_some(end + 1)
}
