//! Cuts a text into passages: whole paragraphs under their heading, none longer than a reader takes in at once.
//! Understands no markup but headings.

/// Bytes after which a passage ends with its paragraph.
const ENOUGH: usize = 1_200;
/// Bytes that no passage exceeds; a longer paragraph is cut.
const LONGEST: usize = 2_400;

/// The passages of a text, in order. A passage below a heading begins with it.
pub(super) fn passages(text: &str) -> Vec<String> {
    let mut passages = Passages::default();
    for paragraph in text.replace("\r\n", "\n").split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        if paragraph.starts_with('#') {
            passages.open(paragraph);
        } else {
            passages.take(paragraph);
        }
    }
    passages.close();
    passages.done
}

#[derive(Default)]
struct Passages {
    done: Vec<String>,
    heading: String,
    current: String,
}

impl Passages {
    /// A paragraph that begins with a heading: it opens a passage, with what stands below it in the same paragraph.
    fn open(&mut self, paragraph: &str) {
        self.close();
        let (heading, below) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        self.heading = beginning(heading, LONGEST / 4).to_owned();
        let below = below.trim();
        if !below.is_empty() {
            self.take(below);
        }
    }

    fn take(&mut self, paragraph: &str) {
        let mut rest = paragraph;
        while !rest.is_empty() {
            if self.current.is_empty() && !self.heading.is_empty() {
                self.current = format!("{}\n\n", self.heading);
            }
            let piece = beginning(rest, LONGEST - self.current.len().min(LONGEST / 2));
            rest = rest[piece.len()..].trim_start();
            self.current.push_str(piece);
            self.current.push_str("\n\n");
            if self.current.len() >= ENOUGH || !rest.is_empty() {
                self.end();
            }
        }
    }

    /// Ends the passage; the next one stands under the same heading.
    fn end(&mut self) {
        let passage = std::mem::take(&mut self.current);
        if !passage.trim().is_empty() {
            self.done.push(passage.trim_end().to_owned());
        }
    }

    /// Ends what stands under a heading. A heading with nothing below it is a passage of its own.
    fn close(&mut self) {
        let heading_alone =
            self.current.is_empty() && !self.heading.is_empty() && !self.done.last().is_some_and(|last| last.starts_with(&self.heading));
        if heading_alone {
            self.current = self.heading.clone();
        }
        self.end();
        self.heading.clear();
    }
}

/// At most `bytes` of a text, ended between words where there are any.
fn beginning(text: &str, bytes: usize) -> &str {
    if text.len() <= bytes {
        return text;
    }
    let end = text.floor_char_boundary(bytes);
    let word = text[..end].rfind(char::is_whitespace).filter(|word| *word > end / 2).unwrap_or(end);
    &text[..word]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_stands_under_its_heading() {
        let text = "# Product\n\nFor flatmates.\n\n## Money\nIn cents.\r\n\r\nNever floats.\n\n## Empty\n";
        assert_eq!(passages(text), ["# Product\n\nFor flatmates.", "## Money\n\nIn cents.\n\nNever floats.", "## Empty"]);
        assert!(passages(" \n\n \n").is_empty());
    }

    #[test]
    fn no_passage_is_too_long_and_nothing_is_lost() {
        let words: Vec<_> = (0..2_000).map(|number| format!("wort{number}ü")).collect();
        let found = passages(&format!("# Long\n\n{}", words.join(" ")));
        assert!(found.len() > 3 && found.iter().all(|passage| passage.len() <= LONGEST && passage.starts_with("# Long")));
        let kept: Vec<_> = found.iter().flat_map(|passage| passage.split_whitespace().skip(2)).collect();
        assert_eq!(kept, words.iter().map(String::as_str).collect::<Vec<_>>());
        let one_word = "ü".repeat(5_000);
        assert_eq!(passages(&one_word).concat(), one_word);
    }
}
