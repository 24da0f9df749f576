//! A Markdown document line by line, as a reader of the rendered text sees it: without front matter and comments, and with
//! what each line is.

/// A line that a reader sees.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a str,
    /// It stands in a block of code between fences.
    is_fenced: bool,
}

impl<'a> Line<'a> {
    /// Whether it is code, in which nothing is a heading.
    pub(super) fn is_code(&self) -> bool {
        self.is_fenced || self.text.starts_with('\t') || indent(self.text) > 3
    }

    /// The depth and the text of a heading with `#` before it. The blank after the marks may be missing before a letter, as
    /// people write it, but not in `#tag`.
    pub(super) fn marked(&self) -> Option<(usize, &'a str)> {
        let text = self.text.trim();
        let depth = text.len() - text.trim_start_matches('#').len();
        let rest = &text[depth..];
        let is_tag = depth == 1 && rest.starts_with(|first: char| first.is_lowercase());
        let is_heading = depth > 0 && !is_tag && !self.is_code();
        is_heading.then(|| (depth, rest.trim().trim_end_matches('#').trim_end()))
    }

    /// The text of a line that is bold from its beginning to its end.
    pub(super) fn bold(&self) -> Option<&'a str> {
        let text = self.text.trim().trim_end_matches(':');
        let inner = ["**", "__"].iter().find_map(|mark| text.strip_prefix(mark)?.strip_suffix(mark).filter(|inner| !inner.contains(mark)));
        inner.filter(|_| !self.is_code())
    }

    /// Whether it is part of a paragraph, which a line below it makes a heading.
    pub(super) fn is_text(&self) -> bool {
        let text = self.text.trim();
        let is_block = text.starts_with(['>', '|']) || is_element(text) || self.is_rule() || self.underlines().is_some();
        !text.is_empty() && !self.is_code() && !is_block && self.marked().is_none()
    }

    /// The depth of the heading that it makes of the line above it.
    pub(super) fn underlines(&self) -> Option<usize> {
        let text = self.text.trim();
        let is_all = |mark: char| !text.is_empty() && !self.is_code() && text.trim_start_matches(mark).is_empty();
        if is_all('=') { Some(1) } else { is_all('-').then_some(2) }
    }

    /// Whether it is a line across the page.
    pub(super) fn is_rule(&self) -> bool {
        let text = self.text.replace([' ', '\t'], "");
        text.len() >= 3 && !self.is_code() && ['-', '*', '_'].iter().any(|mark| text.trim_start_matches(*mark).is_empty())
    }
}

/// Whether a text is an element of a list.
fn is_element(text: &str) -> bool {
    let digits = text.len() - text.trim_start_matches(|first: char| first.is_ascii_digit()).len();
    let rest = if digits > 0 { text[digits..].strip_prefix(['.', ')']) } else { text.strip_prefix(['-', '*', '+']) };
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

fn indent(text: &str) -> usize {
    text.len() - text.trim_start_matches(' ').len()
}

/// The lines without front matter and comments, and the line in which a block begins that never ends.
pub(super) fn visible(text: &str) -> (Vec<Line<'_>>, Option<usize>) {
    let mut lines = Vec::new();
    let mut all = text.lines().enumerate().map(|(place, text)| (place + 1, text)).skip(front_matter(text));
    while let Some((number, text)) = all.next() {
        if let Some(fence) = fence(text) {
            lines.push(Line { number, text, is_fenced: true });
            let mut closed = false;
            for (number, text) in all.by_ref() {
                lines.push(Line { number, text, is_fenced: true });
                closed = closes(fence, text);
                if closed {
                    break;
                }
            }
            if !closed {
                return (lines, Some(number));
            }
        } else if text.trim_start().starts_with("<!--") {
            let mut closed = text.contains("-->");
            while !closed {
                let Some((_, text)) = all.next() else { return (lines, Some(number)) };
                closed = text.contains("-->");
            }
        } else {
            lines.push(Line { number, text, is_fenced: false });
        }
    }
    (lines, None)
}

/// The lines of front matter at the beginning, if it ends.
fn front_matter(text: &str) -> usize {
    let is_fence = |line: &str| line.trim_end() == "---";
    match text.lines().next() {
        Some(first) if is_fence(first) => text.lines().skip(1).position(is_fence).map_or(0, |end| end + 2),
        _ => 0,
    }
}

/// The fence with which a block of code begins.
fn fence(text: &str) -> Option<&str> {
    let is_indented = indent(text) > 3;
    let text = text.trim();
    let length = ['`', '~'].into_iter().map(|mark| text.len() - text.trim_start_matches(mark).len()).max().unwrap_or_default();
    (!is_indented && length >= 3).then(|| &text[..length])
}

fn closes(fence: &str, line: &str) -> bool {
    let line = line.trim();
    line.len() >= fence.len() && line.starts_with(fence) && line.trim_start_matches(&fence[..1]).is_empty()
}
