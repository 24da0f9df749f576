//! The requirements that a story cites by id, as the project's documents word them. Knows no form but that the id begins a
//! heading, a row of a table, an item of a list or a line.

use std::collections::BTreeMap;

use baton_sdk::Result;
use baton_survey::{Titled, read, search};

const DOCUMENTS: &str = "{*.md,docs/**/*.md}";
/// What follows from requirements, and is for other stories.
const LEFT_OUT: &[&str] = &["docs/stories/"];
/// Words in the names of documents that word requirements.
const FIRST: &[&str] = &["prd", "requirement", "spec"];

const MOST_IDS: usize = 40;
/// Documents of which an id is taken: where it is worded, and where something is added, such as its checks.
const MOST_DOCUMENTS: usize = 2;
const MOST_MATCHES: u32 = 500;
const MOST_LETTERS: usize = 6;
const MOST_DIGITS: usize = 4;

/// The ids in a text, such as `FR1`, `NFR-2` or `AC1.3`, in the order in which they first stand there.
pub(crate) fn cited(text: &str) -> Vec<String> {
    let mut ids = Vec::<String>::new();
    for word in text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '.') {
        let word = word.trim_matches(['.', '-']);
        if is_id(word) && !ids.iter().any(|known| known == word) && ids.len() < MOST_IDS {
            ids.push(word.to_owned());
        }
    }
    ids
}

/// What documents say of these ids, a text for each document, those that word requirements first.
pub(crate) fn worded(ids: &[String]) -> Result<Vec<Titled>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // Ids hold letters, digits, `-` and `.` alone.
    let alternatives = ids.join("|").replace('.', "\\.");
    let matches = search(&format!(r"^[^A-Za-z0-9]{{0,12}}({alternatives})\b"), Some(DOCUMENTS), MOST_MATCHES)?;
    let mut places = BTreeMap::<(usize, String), Vec<usize>>::new();
    for found in matches {
        if LEFT_OUT.iter().all(|folder| !found.path.starts_with(folder)) {
            places.entry((rank(&found.path), found.path)).or_default().push(found.line as usize - 1);
        }
    }
    let mut taken = BTreeMap::<&str, usize>::new();
    let mut worded = Vec::new();
    for ((_, path), lines) in places {
        let Some(document) = read(&path)? else { continue };
        let text = of_document(&document, &lines, ids, &mut taken);
        if !text.is_empty() {
            worded.push(Titled { title: path, text });
        }
    }
    Ok(worded)
}

/// The blocks of a document that begin with the ids, in the order of the document.
fn of_document<'a>(document: &str, begins: &[usize], ids: &'a [String], taken: &mut BTreeMap<&'a str, usize>) -> String {
    let lines: Vec<_> = document.lines().collect();
    let (mut blocks, mut here, mut end) = (Vec::new(), Vec::new(), 0);
    for begin in begins.iter().copied().filter(|begin| *begin < lines.len()) {
        let Some(id) = ids.iter().find(|id| begins_with(lines[begin], id)) else { continue };
        // A block inside another has been taken with it.
        if begin < end || here.contains(&id) || taken.get(id.as_str()).is_some_and(|taken| *taken >= MOST_DOCUMENTS) {
            continue;
        }
        let block = block(&lines, begin);
        end = begin + block.length;
        here.push(id);
        *taken.entry(id).or_default() += 1;
        blocks.push(block.text);
    }
    blocks.join("\n\n")
}

struct Block {
    text: String,
    /// Lines of the document.
    length: usize,
}

fn block(lines: &[&str], begin: usize) -> Block {
    let rest = &lines[begin..];
    if let Some(level) = heading(rest[0]) {
        let inner = rest[1..].iter().take_while(|line| heading(line).is_none_or(|other| other > level)).count();
        return Block { text: rest[..=inner].join("\n").trim().to_owned(), length: inner + 1 };
    }
    if rest[0].trim_start().starts_with('|') {
        let head = lines[..begin].iter().rev().take_while(|line| line.trim_start().starts_with('|')).last();
        let text = head.map_or_else(|| rest[0].to_owned(), |head| format!("{head}\n{}", rest[0]));
        return Block { text, length: 1 };
    }
    let indentation = indentation(rest[0]);
    let goes_on =
        |line: &&&str| !line.trim().is_empty() && heading(line).is_none() && (self::indentation(line) > indentation || !is_item(line));
    let inner = rest[1..].iter().take_while(goes_on).count();
    Block { text: rest[..=inner].join("\n"), length: inner + 1 }
}

fn heading(line: &str) -> Option<usize> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    ((1..=6).contains(&level) && line[level..].starts_with(' ')).then_some(level)
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['-', '*', '+', '|']) || line.starts_with(|letter: char| letter.is_ascii_digit())
}

/// Whether the first word of a line is this id, and not a longer one.
fn begins_with(line: &str, id: &str) -> bool {
    let word = line.trim_start_matches(|letter: char| !letter.is_alphanumeric());
    word.strip_prefix(id).is_some_and(|rest| {
        let mut letters = rest.chars();
        match letters.next() {
            Some('.' | '-') => !letters.next().is_some_and(char::is_alphanumeric),
            next => !next.is_some_and(char::is_alphanumeric),
        }
    })
}

fn is_id(word: &str) -> bool {
    let letters = word.bytes().take_while(u8::is_ascii_uppercase).count();
    let number = word[letters..].strip_prefix('-').unwrap_or(&word[letters..]);
    (1..=MOST_LETTERS).contains(&letters)
        && number.split('.').all(|digits| (1..=MOST_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn rank(path: &str) -> usize {
    let path = path.to_lowercase();
    usize::from(!FIRST.iter().any(|word| path.contains(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    fn texts(host: &Host, ids: &[&str]) -> Vec<Titled> {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        host.inside(|| worded(&ids)).expect("texts")
    }

    #[test]
    fn ids_are_known_by_their_form() {
        let text = "Serves FR1, NFR-2 and AC1.3 (FR1 again). Not fr4, 1-2-login, R12345, TOOLONGID1 or FR.";
        assert_eq!(cited(text), ["FR1", "NFR-2", "AC1.3"]);
        assert!(cited(&(0..99).map(|number| format!("FR{number} ")).collect::<String>()).len() <= MOST_IDS);
    }

    #[test]
    fn every_form_of_a_requirement_is_taken_whole() {
        let prd = "# PRD\n\n## Functional\n\n### FR1: Begin\n\n`init` begins.\n\n- It writes a file.\n\n### FR10: Other\n\nNo.\n\n## Qualities\n\n| Id | Measure |\n| --- | --- |\n| NFR1 | fast |\n| NFR2 | safe |\n\n- **FR2**: Undo.\n  Twice is two.\n- **FR3**: Redo.\n";
        let host = Host::new().with_file("docs/PRD.md", prd).with_file("docs/stories/1.md", "- FR1: Begin");
        let found = texts(&host, &["FR1", "NFR2", "FR2"]);
        let expected = "### FR1: Begin\n\n`init` begins.\n\n- It writes a file.\n\n| Id | Measure |\n| NFR2 | safe |\n\n- **FR2**: Undo.\n  Twice is two.";
        assert_eq!(found, [Titled { title: "docs/PRD.md".to_owned(), text: expected.to_owned() }]);
    }

    #[test]
    fn the_requirements_themselves_come_before_what_is_said_of_them() {
        let host = Host::new()
            .with_file("docs/a-tests.md", "### FR1\n\n- The good case")
            .with_file("docs/b.md", "FR1: again")
            .with_file("docs/prd/one.md", "### FR1: Begin\n\nBegin.");
        let titles: Vec<_> = texts(&host, &["FR1"]).into_iter().map(|found| found.title).collect();
        assert_eq!(titles, ["docs/prd/one.md", "docs/a-tests.md"]);
    }

    #[test]
    fn an_id_that_stands_nowhere_and_no_id_at_all_give_nothing() {
        let host = Host::new().with_file("docs/PRD.md", "### FR1.2: Longer\n\n### FR1-b: Other");
        assert!(texts(&host, &["FR1"]).is_empty() && texts(&host, &[]).is_empty());
    }
}
