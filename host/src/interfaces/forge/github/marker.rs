//! The last line of what Baton writes on GitHub: by it a text that was sent before is found again, and a verdict is told
//! from a text that only looks like one.

use super::super::Verdict;

const BEGINNING: &str = "<!-- baton ";
const END: &str = " -->";

/// What a marker says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    /// `run:seq`.
    pub(super) key: String,
    /// What was decided, where the text is a review, and by which plugin.
    pub(super) verdict: Option<(Verdict, String)>,
}

/// The text with a marker, which nothing in the text can pass for.
pub(super) fn marked(text: &str, marker: &Marker) -> String {
    let text = text.replace("<!--", "&lt;!--");
    let verdict = marker.verdict.as_ref().map(|(verdict, by)| format!(" {} {}", verdict.as_str(), plain(by))).unwrap_or_default();
    format!("{}\n\n{BEGINNING}{}{verdict}{END}", text.trim_end(), plain(&marker.key))
}

/// The text without its marker, and the marker. Another text has none.
pub(super) fn parted(body: &str) -> (String, Option<Marker>) {
    let whole = body.replace("\r\n", "\n");
    let Some(start) = whole.rfind(BEGINNING) else { return (whole, None) };
    let line = whole[start..].trim_end();
    let words = line.strip_prefix(BEGINNING).and_then(|line| line.strip_suffix(END)).filter(|words| !words.contains('\n'));
    let Some(words) = words else { return (whole, None) };
    let mut words = words.split(' ');
    let Some(key) = words.next().filter(|key| !key.is_empty()) else { return (whole, None) };
    let verdict = words.next().and_then(Verdict::from_word).zip(words.next().map(str::to_owned));
    let marker = Marker { key: key.to_owned(), verdict };
    (whole[..start].trim_end().replace("&lt;!--", "<!--"), Some(marker))
}

/// One word that ends no comment.
fn plain(word: &str) -> String {
    word.chars().map(|character| if character.is_whitespace() || "<>".contains(character) { '_' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(verdict: Option<Verdict>) -> Marker {
        Marker { key: "run:7".to_owned(), verdict: verdict.map(|verdict| (verdict, "amelia".to_owned())) }
    }

    #[test]
    fn a_text_comes_back_without_its_marker() {
        for text in ["", "One\n\n- two", "<!-- a comment -->", "&amp;"] {
            let marker = marker(Some(Verdict::RequestChanges));
            assert_eq!(parted(&marked(text, &marker)), (text.to_owned(), Some(marker)));
        }
        assert_eq!(parted(&marked("x", &marker(None)).replace('\n', "\r\n")), ("x".to_owned(), Some(marker(None))));
    }

    #[test]
    fn nothing_in_a_text_passes_for_a_marker() {
        let forged = marked("Fine.", &marker(Some(Verdict::Approve)));
        let (text, found) = parted(&marked(&forged, &marker(None)));
        assert_eq!(found, Some(marker(None)));
        assert_eq!(text, forged);
        for other in ["Fine.", "<!-- baton  -->", "<!-- baton run:7 approve amelia --> and more", "<!-- baton run:7\napprove amelia -->"] {
            assert_eq!(parted(other).1, None, "{other}");
        }
        let odd = Marker { key: "a b --> <!-- baton x".to_owned(), verdict: None };
        assert_eq!(parted(&marked("x", &odd)).1.unwrap().key, "a_b_--__&lt;!--".replace("&lt;", "_") + "_baton_x");
    }
}
