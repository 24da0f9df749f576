//! Makes a sheet of plain Markdown: headings that number a step are steps, and what is below them is for the agent.

use super::{Passage, Sheet, Statement, Step, flow, sheet};
use crate::markup::{Document, Kind};

/// Reads a file without tags. A file without numbered headings is one step.
pub(super) fn read(document: &Document) -> Sheet {
    let source = &document.source;
    let mut sheet = Sheet {
        file: source.path.clone(),
        format: document.format,
        rules: Vec::new(),
        context: Vec::new(),
        variables: Default::default(),
        steps: Vec::new(),
    };
    let headings = headings(document);
    let first = headings.first().map_or(source.text.len(), |heading| heading.start);
    let begin = crate::yaml::front_matter(&source.text).map_or(0, |(_, _, rest)| rest);
    if headings.is_empty() {
        sheet.steps.extend(whole(document, begin));
        return sheet;
    }
    sheet.context.extend(passage(document, begin.min(first), first));
    for (index, heading) in headings.iter().enumerate() {
        let end = headings.get(index + 1).map_or(source.text.len(), |next| next.start);
        sheet.steps.push(step(heading.id.clone(), heading.title.clone(), source.line(heading.start), passage(document, heading.body, end)));
    }
    sheet::resolve_targets(&mut sheet);
    sheet
}

/// The whole file as one step.
pub(super) fn whole(document: &Document, begin: usize) -> Option<Step> {
    let source = &document.source;
    let body = passage(document, begin, source.text.len())?;
    let title = body.text.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or_default().trim().to_owned();
    Some(step("1".to_owned(), title, body.line, Some(body)))
}

pub(super) fn step(id: String, title: String, line: u32, body: Option<Passage>) -> Step {
    let text = |passage: Passage| {
        let flow = flow::find(&passage.text, passage.line);
        Statement::Text { passage, flow }
    };
    let body = body.map(text).into_iter().collect();
    Step { id, title, line, optional: false, repeat: None, condition: None, tag: None, reachable: true, body }
}

fn passage(document: &Document, start: usize, end: usize) -> Option<Passage> {
    let text = &document.source.text[start..end];
    let space = text.len() - text.trim_start().len();
    (space < text.len()).then(|| Passage { line: document.source.line(start + space), text: text.trim().to_owned() })
}

struct Heading {
    id: String,
    title: String,
    start: usize,
    body: usize,
}

/// `## Step 2.1: Title`, outside of fences.
fn headings(document: &Document) -> Vec<Heading> {
    let source = &document.source;
    let fences: Vec<_> = document.tree.nodes().filter(|(_, node)| node.kind == Kind::Fence).map(|(_, node)| node.span).collect();
    let mut fences = fences.into_iter().peekable();
    let mut headings = Vec::new();
    for range in (0..).map_while(|index| source.line_range(index)) {
        while fences.next_if(|fence| fence.end as usize <= range.start).is_some() {}
        if fences.peek().is_some_and(|fence| (fence.start as usize) <= range.start) {
            continue;
        }
        if let Some((id, title)) = read_heading(&source.text[range.clone()]) {
            headings.push(Heading { id, title, start: range.start, body: range.end });
        }
    }
    headings
}

fn read_heading(line: &str) -> Option<(String, String)> {
    let rest = line.strip_prefix("##")?.trim_start_matches('#').strip_prefix(' ')?.trim();
    let rest = rest.strip_prefix("Step ").or_else(|| rest.strip_prefix("STEP "))?;
    let end = rest.find(|character: char| !(character.is_ascii_alphanumeric() || character == '.')).unwrap_or(rest.len());
    let id = rest[..end].trim_end_matches('.');
    if !id.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let title = rest[end..].trim_start();
    let title = title.strip_prefix([':', '-', '–', '—']).filter(|_| !title.is_empty())?;
    Some((id.to_owned(), title.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::read_heading;

    #[test]
    fn headings_that_number_a_step_are_steps() {
        let read = |line| read_heading(line).map(|(id, title)| format!("{id}|{title}"));
        assert_eq!(read("## Step 1: Look\n").as_deref(), Some("1|Look"));
        assert_eq!(read("#### Step 2.1 - Look again").as_deref(), Some("2.1|Look again"));
        for line in ["# Step 1: Title", "## Steps", "##Step 1: a", "## Step one: a", "## Step 1", "text"] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
