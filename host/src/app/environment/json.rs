//! Reads JSON with comments and trailing commas, as `devcontainer.json` has them. Accepts nothing else that is not JSON.

use serde_json::Value;

/// The document, or where it is not one.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(&plain(text)).map_err(|error| format!("line {}: it is not JSON with comments", error.line()))
}

/// The same without comments and trailing commas. Lines stay where they are.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    // Where a comma stands behind which nothing but space and comments came, and what came before it.
    let (mut comma, mut last) = (None, '[');
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let taken = match character {
            '"' => {
                let length = string_length(rest);
                (comma, last) = (None, '"');
                plain.push_str(&rest[..length]);
                length
            }
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => {
                let length = rest[2..].find("*/").map_or(rest.len(), |end| end + 4);
                plain.push(' ');
                plain.extend(rest[..length].chars().filter(|character| *character == '\n'));
                length
            }
            other => {
                match other {
                    ',' => comma = Some(plain.len()).filter(|_| !matches!(last, '[' | '{' | ',' | ':')),
                    ']' | '}' => {
                        if let Some(comma) = comma.take() {
                            plain.replace_range(comma..=comma, " ");
                        }
                    }
                    other if other.is_whitespace() => {}
                    _ => comma = None,
                }
                last = if other.is_whitespace() { last } else { other };
                plain.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    plain
}

/// The length of the string that a text begins with, with both quotes.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (position, character) in text.char_indices().skip(1) {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return position + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn comments_and_trailing_commas_are_read_over() {
        let text = "// head\n{ /* a\nb */ \"image\": \"a//b/*c*/\", \"list\": [1, 2, /* x */ ], \"quote\": \"\\\"//\", // end\n}\n// last";
        assert_eq!(parse(text), Ok(json!({ "image": "a//b/*c*/", "list": [1, 2], "quote": "\"//" })));
        assert_eq!(parse("{\n\n\"a\": }"), Err("line 3: it is not JSON with comments".to_owned()));
        for wrong in ["", "{", "[,]", "{,}", "\"", "/*", "/", "[1,,]", "{} {}", &"[".repeat(100_000)] {
            assert!(parse(wrong).is_err(), "{}", &wrong[..wrong.len().min(20)]);
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "[\\[\\]{}\",:/*\\\\\n a1é]{0,200}") {
            let _ = parse(&text);
        }

        #[test]
        fn plain_json_is_read_as_it_is(texts in prop::collection::vec(".{0,20}", 0..8)) {
            let document = json!({ "texts": texts, "number": 1.5, "none": null });
            prop_assert_eq!(parse(&document.to_string()), Ok(document.clone()));
            prop_assert_eq!(parse(&serde_json::to_string_pretty(&document).unwrap()), Ok(document));
        }
    }
}
