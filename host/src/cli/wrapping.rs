//! Breaks lines between words, where a terminal would break them anywhere. Leaves commands whole, so that they can be
//! copied.

use unicode_width::UnicodeWidthStr;

/// Columns before what continues a line that has none of its own.
const INDENT: usize = 2;

/// A text of which no line is wider than `columns`, as far as its words allow. What stands between backquotes is one word.
pub(super) fn wrapped(text: &str, columns: usize) -> String {
    text.split('\n').map(|line| broken(line, columns)).collect::<Vec<_>>().join("\n")
}

fn broken(line: &str, columns: usize) -> String {
    if width(line) <= columns {
        return line.to_owned();
    }
    let own = line.len() - line.trim_start_matches(' ').len();
    let indent = " ".repeat(own.max(INDENT));
    let (mut lines, mut current) = (Vec::new(), " ".repeat(own));
    let mut is_empty = true;
    for word in words(&line[own..]) {
        if !is_empty && width(&current) + 1 + width(word) > columns {
            lines.push(current.trim_end_matches(' ').to_owned());
            current = indent.clone();
            is_empty = true;
        }
        if !is_empty {
            current.push(' ');
        }
        current.push_str(word);
        is_empty &= word.is_empty();
    }
    lines.push(current);
    lines.join("\n")
}

/// What stands between spaces, a command in one piece.
fn words(line: &str) -> Vec<&str> {
    let (mut words, mut begun, mut within) = (Vec::new(), 0, false);
    for (at, character) in line.char_indices() {
        match character {
            '`' => within = !within && line[at + 1..].contains('`'),
            ' ' if !within => {
                words.push(&line[begun..at]);
                begun = at + 1;
            }
            _ => {}
        }
    }
    words.push(&line[begun..]);
    words
}

/// Columns of what is seen.
fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_go_on_below_their_beginning() {
        assert_eq!(wrapped("one two three", 13), "one two three");
        assert_eq!(wrapped("one two three", 12), "one two\n  three");
        assert_eq!(wrapped("    one two three\n\nfour", 12), "    one two\n    three\n\nfour");
        assert_eq!(wrapped("a  b  cccc", 6), "a  b\n  cccc", "spaces inside a line stay");
        assert_eq!(wrapped("京京 京京", 6), "京京\n  京京", "what is seen is counted");
        assert_eq!(wrapped("\u{1b}[1mone\u{1b}[0m two", 7), "\u{1b}[1mone\u{1b}[0m two", "a colour takes no room");
        assert_eq!(wrapped("unbreakable", 4), "unbreakable");
        assert_eq!(wrapped("", 4), "");
        for columns in 0..6 {
            assert_eq!(wrapped("a bb ccc", columns).split_whitespace().collect::<Vec<_>>(), ["a", "bb", "ccc"]);
        }
    }

    #[test]
    fn a_command_stays_in_one_line() {
        assert_eq!(wrapped("Carry on with `baton runs resume 1`.", 20), "Carry on with\n  `baton runs resume 1`.");
        assert_eq!(wrapped("it is ` alone here", 9), "it is `\n  alone\n  here");
    }
}
