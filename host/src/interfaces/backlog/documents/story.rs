//! `docs/stories/<key>.md`: an item's front matter and its body. Touches the fields it knows, and of the body nothing
//! unless the backlog has a new one.

use super::{
    findings::Flaw,
    lines::{self, Value},
    sprint::means,
};
use crate::interfaces::backlog::{Draft, Item, Kind, Labels};

const FENCE: &str = "---";
/// Lines of front matter: each field is looked for in all of them.
const MOST_LINES: usize = 2_000;
/// The fields that belong to the backlog, in the order of a new document.
const FIELDS: [&str; 11] = ["key", "title", "kind", "status", "epic", "story", "after", "priority", "labels", "assignee", "branch"];
/// What a priority is where nobody gave one.
pub const USUAL_PRIORITY: u8 = 5;

/// How the body of a document stands to that of the backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// The document was never given one: what stands there was there first.
    NeverGiven,
    /// The backlog has another one since.
    Changed,
    /// The backlog has still the one that the document was given.
    Given,
}

/// What a document says of an item. What it does not say is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedStory {
    /// Its key.
    pub key: Option<String>,
    /// What it is called.
    pub title: Option<String>,
    /// How wide it is.
    pub kind: Option<Kind>,
    /// The word of its status.
    pub status: Option<String>,
    /// What it belongs to.
    pub parent: Option<String>,
    /// That is given as a story, not as an epic.
    pub(super) is_in_story: bool,
    /// What it waits for.
    pub after: Vec<String>,
    /// 0 to 10.
    pub priority: Option<u8>,
    /// What people find it by, as it stands there.
    pub labels: Vec<String>,
    /// Why its labels cannot be read.
    pub(super) unread_labels: Option<Flaw>,
    /// Who works on it.
    pub assignee: Option<String>,
    /// Where.
    pub branch: Option<String>,
    /// All below the front matter.
    pub body: String,
    /// Where some of it stands.
    pub(super) lines: Lines,
}

/// Lines of a document, from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) status: Option<usize>,
    pub(super) key: Option<usize>,
    pub(super) title: Option<usize>,
    pub(super) parent: Option<usize>,
    pub(super) after: Option<usize>,
    pub(super) labels: Option<usize>,
    pub(super) assignee: Option<usize>,
    pub(super) branch: Option<usize>,
}

/// The document with what the backlog says, or none where it says so already; else why it is left alone.
pub(super) fn update_story(old: Option<&str>, item: &Item, parent: Option<Kind>, body: Body) -> Result<Option<String>, Flaw> {
    let wanted = DesiredFields { item, parent };
    let Some(old) = old else { return Ok(Some(fresh(&wanted))) };
    let (mark, old) = lines::marked(old);
    let new = match Front::read(old)? {
        Some(mut front) => {
            wanted.fields().try_for_each(|(name, value)| front.set(name, value.as_ref(), item))?;
            format!("{FENCE}{}{}{}{}", front.opening, front.lines.concat(), front.closing, rest(front.rest, item, body))
        }
        None => format!("{}{}", wanted.front(), rest(&format!("\n{old}"), item, body)),
    };
    Ok((new != old).then(|| format!("{mark}{new}")))
}

/// What a document says.
pub(super) fn parse_story(text: &str) -> Result<ParsedStory, Flaw> {
    let (_, text) = lines::marked(text);
    let Some(front) = Front::read(text)? else {
        let lines =
            Lines { status: find_status(text).map(|(line, _)| line), title: heading_in(text).map(|(line, _)| line), ..Lines::default() };
        return Ok(ParsedStory {
            title: heading(text),
            status: parse_status(text),
            body: normal(text).to_owned(),
            lines,
            ..ParsedStory::default()
        });
    };
    let unclear = |name: &str| front.unclear(name);
    let scalar = |name: &str| -> Result<Option<String>, Flaw> {
        match front.value(name)? {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Scalar(text)) => Ok(Some(text)),
            Some(Value::List(_)) => Err(unclear(name)),
        }
    };
    let wrong = |name: &str, wanted: &str| Flaw {
        line: front.line(name),
        reason: format!("The value of `{name}` in its front matter has to be {wanted}."),
    };
    let kind = scalar("kind")?.map(|word| Kind::from_word(&word).ok_or_else(|| wrong("kind", "`epic`, `story` or `task`"))).transpose()?;
    let number = |word: String| priority(&word).ok_or_else(|| wrong("priority", "a number from 0 to 10, or `high`, `medium` or `low`"));
    let priority = scalar("priority")?.map(number).transpose()?;
    let (labels, unread_labels) = match front.list("labels") {
        Ok(labels) => (labels, None),
        Err(flaw) => (Vec::new(), Some(flaw)),
    };
    let story = scalar("story")?;
    let below = |found: Option<(usize, String)>| found.map(|(line, _)| line + front.height());
    Ok(ParsedStory {
        lines: Lines {
            status: front.line("status").or_else(|| below(find_status(front.rest))),
            key: front.line("key"),
            title: front.line("title").or_else(|| below(heading_in(front.rest))),
            parent: front.line(if story.is_some() { "story" } else { "epic" }),
            after: front.line("after"),
            labels: front.line("labels"),
            assignee: front.line("assignee"),
            branch: front.line("branch"),
        },
        key: scalar("key")?,
        title: scalar("title")?.or_else(|| heading(front.rest)),
        kind,
        status: scalar("status")?.or_else(|| parse_status(front.rest)),
        is_in_story: story.is_some(),
        parent: story.or(scalar("epic")?),
        after: front.list("after")?,
        priority,
        labels,
        unread_labels,
        assignee: scalar("assignee")?,
        branch: scalar("branch")?,
        body: normal(front.rest).to_owned(),
    })
}

/// A number, or a word as the planning documents have it.
fn priority(word: &str) -> Option<u8> {
    match word {
        "high" => Some(8),
        "medium" => Some(USUAL_PRIORITY),
        "low" => Some(2),
        number => number.parse().ok().filter(|number| *number <= 10),
    }
}

fn fresh(wanted: &DesiredFields<'_>) -> String {
    let body = wanted.item.draft.body.trim();
    let heading = format!("# {}", wanted.item.draft.title);
    format!("{}\n{}\n", wanted.front(), if body.is_empty() { &heading } else { body })
}

/// What stands below the front matter.
fn rest(old: &str, item: &Item, body: Body) -> String {
    let (there, new) = (normal(old), normal(&item.draft.body));
    let keeps = new.is_empty() || there == new || body == Body::Given || body == Body::NeverGiven && !there.is_empty();
    if keeps { old.to_owned() } else { format!("\n{new}\n") }
}

/// A body without the lines around it that nobody sees.
fn normal(body: &str) -> &str {
    body.trim_start_matches(['\r', '\n']).trim_end()
}

/// The first heading.
fn heading(text: &str) -> Option<String> {
    heading_in(text).map(|(_, title)| title)
}

/// The same with its line.
fn heading_in(text: &str) -> Option<(usize, String)> {
    let title = |(place, line): (usize, &str)| Some((place + 1, line.strip_prefix("# ")?.trim().to_owned()));
    text.lines().enumerate().find_map(title).filter(|(_, title)| !title.is_empty())
}

/// The word of a line `Status: drafted` near the top, where there is no front matter to say it.
fn parse_status(text: &str) -> Option<String> {
    find_status(text).map(|(_, word)| word)
}

/// The same with its line.
fn find_status(text: &str) -> Option<(usize, String)> {
    const NEAR: usize = 12;
    let word = |(place, line): (usize, &str)| Some((place + 1, line.strip_prefix("Status:")?.trim().to_lowercase()));
    text.lines().take(NEAR).enumerate().find_map(word)
}

/// What the backlog says of an item's fields.
struct DesiredFields<'a> {
    item: &'a Item,
    /// The kind of what it belongs to.
    parent: Option<Kind>,
}

impl DesiredFields<'_> {
    /// Each field with its value; none where it says nothing.
    fn fields(&self) -> impl Iterator<Item = (&'static str, Option<Value>)> {
        let Item { draft, status, assignee, branch } = self.item;
        let Draft { key, kind, title, parent, after, priority, labels, .. } = draft;
        let text = |text: &str| Some(Value::Scalar(text.to_owned()));
        let above = |kind: Kind| parent.as_deref().filter(|_| self.parent == Some(kind)).and_then(text);
        let values = FIELDS.map(|name| match name {
            "key" => text(key),
            "title" => text(title),
            "kind" => text(kind.as_str()).filter(|_| *kind != Kind::Story),
            "status" => text(status.as_str()),
            "epic" => above(Kind::Epic),
            "story" => above(Kind::Story),
            "after" => Some(Value::List(after.clone())),
            "priority" => text(&priority.to_string()),
            "labels" => Some(Value::List(labels.clone().into())),
            "assignee" => assignee.as_deref().and_then(text),
            _ => branch.as_deref().and_then(text),
        });
        FIELDS.into_iter().zip(values)
    }

    fn front(&self) -> String {
        let says_none = |name: &str, value: &Value| name == "labels" && *value == Value::List(Vec::new());
        let fields = self.fields().filter_map(|(name, value)| Some((name, value?))).filter(|(name, value)| !says_none(name, value));
        let lines: String = fields.map(|(name, value)| format!("{name}: {}\n", describe_field(name, &value))).collect();
        format!("{FENCE}\n{lines}{FENCE}\n")
    }
}

fn describe_field(name: &str, value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Scalar(number) if name == "priority" => number.clone(),
        Value::Scalar(text) if name == "title" => serde_json::Value::from(text.as_str()).to_string(),
        Value::Scalar(text) => lines::scalar(text),
        Value::List(texts) => lines::list(texts),
    }
}

/// A document's front matter, line by line, each with its end.
struct Front<'a> {
    /// What ends the first line.
    opening: &'a str,
    lines: Vec<String>,
    closing: &'a str,
    rest: &'a str,
}

impl<'a> Front<'a> {
    /// None where the document has none.
    fn read(text: &'a str) -> Result<Option<Self>, Flaw> {
        let begins = |line: &str| line.trim_end() == FENCE;
        // YAML itself ends a document with three dots.
        let ends = |line: &str| begins(line) || line.trim_end() == "...";
        let mut all = text.split_inclusive('\n');
        let Some(first) = all.next().filter(|line| begins(line)) else { return Ok(None) };
        let (mut lines, mut at) = (Vec::new(), first.len());
        for line in all {
            if ends(line) {
                let front = Self { opening: &first[FENCE.len()..], lines, closing: line, rest: &text[at + line.len()..] };
                return front.checked().map(Some);
            }
            if lines.len() == MOST_LINES {
                return Err(format!("Its front matter has more than {MOST_LINES} lines; shorten it.").into());
            }
            at += line.len();
            lines.push(line.to_owned());
        }
        Err(Flaw::at(1, "Its front matter begins here and does not end; close it with a line of three dashes."))
    }

    fn checked(self) -> Result<Self, Flaw> {
        let said = |(_, line): &(usize, &String)| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        let first = self.lines.iter().enumerate().find(said);
        if let Some((place, line)) = first
            && lines::field(line).is_none_or(|field| field.indent > 0)
        {
            return Err(Flaw::at(Self::number(place), "Its front matter has to begin with a `name: value` at the margin; correct it."));
        }
        for (place, line) in self.lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let continues = line.starts_with([' ', '\t', '-', '#']);
            if !continues && lines::field(line).is_none() {
                let line: String = line.trim_end().chars().take(60).flat_map(char::escape_debug).collect();
                return Err(Flaw::at(Self::number(place), format!("`{line}` in its front matter is not a `name: value`; correct it.")));
            }
        }
        for name in FIELDS {
            let mut places = self.places(name);
            if let (Some(first), Some(second)) = (places.next(), places.next()) {
                let reason = format!("Its front matter says `{name}` twice, first in line {}; leave one of them out.", Self::number(first));
                return Err(Flaw::at(Self::number(second), reason));
            }
        }
        Ok(self)
    }

    /// The line of the document in which a line of the front matter stands.
    fn number(place: usize) -> usize {
        place + 2
    }

    /// Lines down to the end of the front matter.
    fn height(&self) -> usize {
        self.lines.len() + 2
    }

    /// Where a field stands.
    fn line(&self, name: &str) -> Option<usize> {
        self.places(name).next().map(Self::number)
    }

    /// A value that is not read: where, and why.
    fn unclear(&self, name: &str) -> Flaw {
        let place = self.places(name).next();
        let tab = place.and_then(|place| self.below(place).find(|below| self.lines[*below].starts_with('\t')));
        match tab {
            Some(tab) => {
                Flaw::at(Self::number(tab), "A line of its front matter begins with a tab, which YAML does not allow; use spaces.")
            }
            None => Flaw {
                line: place.map(Self::number),
                reason: format!(
                    "The value of `{name}` in its front matter cannot be read; write it on one line as a plain value, in quotes where it holds \
                     `: `, or as a list such as [a, b]."
                ),
            },
        }
    }

    fn places(&self, name: &str) -> impl Iterator<Item = usize> {
        let named = move |line: &String| lines::field(line).is_some_and(|field| field.indent == 0 && field.name == name);
        self.lines.iter().enumerate().filter(move |(_, line)| named(line)).map(|(place, _)| place)
    }

    /// The lines that go on with the value of the field in a line.
    fn below(&self, place: usize) -> std::ops::Range<usize> {
        let goes_on = |line: &&String| line.trim().is_empty() || line.starts_with([' ', '\t', '-', '#']);
        let mut end = place + 1 + self.lines[place + 1..].iter().take_while(goes_on).count();
        // Blank lines and comments at the end belong to what comes next.
        let is_loose = |line: &str| line.trim().is_empty() || line.starts_with('#');
        while end > place + 1 && is_loose(&self.lines[end - 1]) {
            end -= 1;
        }
        place + 1..end
    }

    fn value(&self, name: &str) -> Result<Option<Value>, Flaw> {
        let Some(place) = self.places(name).next() else { return Ok(None) };
        let line = &self.lines[place];
        let Some(field) = lines::field(line) else { return Ok(None) };
        let below = &self.lines[self.below(place)];
        let said: Vec<_> = below.iter().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')).collect();
        let value = lines::value(&line[field.value]).ok_or_else(|| self.unclear(name))?;
        match (value, said.is_empty()) {
            (value, true) => Ok(Some(value)),
            (Value::Null, false) => {
                let indent = |line: &str| line.len() - line.trim_start().len();
                // A list within a list looks the same otherwise.
                let side_by_side = said.windows(2).all(|pair| indent(pair[0]) == indent(pair[1]));
                let elements: Option<_> = said.into_iter().map(|line| lines::element(line).filter(|_| side_by_side)).collect();
                Ok(Some(Value::List(elements.ok_or_else(|| self.unclear(name))?)))
            }
            _ => Err(self.unclear(name)),
        }
    }

    /// The values of a field that may have several.
    fn list(&self, name: &str) -> Result<Vec<String>, Flaw> {
        Ok(match self.value(name)? {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Scalar(one)) => vec![one],
            Some(Value::List(all)) => all,
        })
    }

    /// Lets the elements below a field be these and no others, each once; the lines of those that stay keep their comments,
    /// and so does the place of one that goes. Says whether the field is such a list, with something to keep in it.
    fn set_elements(&mut self, place: usize, wanted: &[String], ending: &str) -> bool {
        let below = self.below(place);
        let is_element = |line: &usize| lines::element(&self.lines[*line]).is_some();
        let (Some(first), Some(last)) = (below.clone().find(is_element), below.clone().rfind(is_element)) else { return false };
        if wanted.is_empty() {
            return false;
        }
        let margin = self.lines[first].split('-').next().unwrap_or_default().to_owned();
        let mut missing = wanted.to_vec();
        let mut kept = Vec::new();
        for line in self.lines.drain(below.start..=last) {
            match lines::element(&line) {
                Some(text) => match missing.iter().position(|wanted| *wanted == text) {
                    Some(found) => {
                        missing.remove(found);
                        kept.push(line);
                    }
                    None => kept.extend(lines::without_element(&line)),
                },
                None => kept.push(line),
            }
        }
        kept.extend(missing.iter().map(|text| format!("{margin}- {}{ending}", lines::scalar(text))));
        self.lines.splice(place + 1..place + 1, kept);
        true
    }

    /// Lets a field say what is wanted, and touches nothing where it does.
    fn set(&mut self, name: &str, wanted: Option<&Value>, item: &Item) -> Result<(), Flaw> {
        let ending = if self.opening.ends_with("\r\n") { "\r\n" } else { "\n" };
        let present = match (self.value(name), wanted) {
            // What stands there was written for others than Baton, whose item has no labels.
            (Err(_), Some(Value::List(labels))) if name == "labels" && labels.is_empty() => return Ok(()),
            (present, _) => present?,
        };
        if says(name, present.as_ref(), wanted, item) {
            return Ok(());
        }
        let text = wanted.map_or_else(String::new, |value| describe_field(name, value));
        let Some(place) = self.places(name).next() else {
            let before = FIELDS.into_iter().rev().skip_while(|other| *other != name).find_map(|other| self.places(other).next());
            let place = before.map_or(0, |place| self.below(place).end);
            self.lines.insert(place, format!("{name}: {text}{ending}"));
            return Ok(());
        };
        if let (true, Some(Value::List(labels))) = (name == "labels", wanted)
            && self.set_elements(place, labels, ending)
        {
            return Ok(());
        }
        for line in self.below(place).rev() {
            if lines::element(&self.lines[line]).is_some() {
                let comment = lines::without_element(&self.lines.remove(line));
                comment.into_iter().for_each(|comment| self.lines.insert(line, comment));
            }
        }
        if let Some(field) = lines::field(&self.lines[place]) {
            lines::replace(&mut self.lines[place], field.value, &text);
        }
        Ok(())
    }
}

/// Whether a value says what is wanted, in whatever words.
fn says(name: &str, present: Option<&Value>, wanted: Option<&Value>, item: &Item) -> bool {
    match (present, wanted) {
        (None | Some(Value::Null), None) => true,
        (present, Some(Value::List(labels))) if name == "labels" => labels_in(present, &item.draft.key).as_slice() == labels,
        (Some(Value::Scalar(word)), None) => name == "kind" && word == Kind::Story.as_str(),
        (None | Some(Value::Null), Some(Value::List(keys))) => keys.is_empty(),
        (Some(Value::Scalar(key)), Some(Value::List(keys))) => keys.len() == 1 && keys[0] == *key,
        (None, Some(Value::Scalar(number))) if name == "priority" => *number == USUAL_PRIORITY.to_string(),
        (Some(Value::Scalar(word)), Some(Value::Scalar(_))) if name == "status" => means(word, item.status),
        (Some(Value::Scalar(word)), Some(Value::Scalar(number))) if name == "priority" => priority(word) == number.parse().ok(),
        (present, wanted) => present == wanted,
    }
}

/// The labels that an import takes from a value. What it leaves out says nothing: it is not a label, or beyond the last that
/// an item may have.
fn labels_in(present: Option<&Value>, key: &str) -> Labels {
    let all = match present {
        Some(Value::List(all)) => all.clone(),
        Some(Value::Scalar(one)) => vec![one.clone()],
        None | Some(Value::Null) => Vec::new(),
    };
    Labels::sift(key, all).0
}
