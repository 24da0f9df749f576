//! Unified diffs, as `git diff` and `diff -u` write them. Believes no number in them.

use super::{
    Action, FilePatch, Hunk, Line,
    reading::{Lines, hunk_line, refuse},
};
use crate::Result;

const NO_BREAK: &str = "\\ No newline at end of file";
const NOWHERE: &str = "/dev/null";

/// What the head of a file's part says.
#[derive(Default)]
struct Head {
    old: Option<String>,
    new: Option<String>,
    renamed: (Option<String>, Option<String>),
    is_new: bool,
    is_deleted: bool,
}

pub(super) fn read(lines: &mut Lines<'_>) -> Result<Vec<FilePatch>> {
    let (mut files, mut head) = (Vec::new(), Head::default());
    while let Some(line) = lines.peek() {
        if line.starts_with("@@") {
            let hunks = hunks(lines)?;
            files.push(file(std::mem::take(&mut head), hunks)?);
            continue;
        }
        lines.take();
        if let Some(paths) = line.strip_prefix("diff --git ") {
            finish(&mut head, &mut files)?;
            head = Head::default();
            if let Some((old, new)) = paths.split_once(" b/") {
                head.old = Some(old.to_owned());
                head.new = Some(format!("b/{new}"));
            }
        } else if let Some(path) = line.strip_prefix("--- ") {
            if head.renamed == (None, None) && !head.is_new && !head.is_deleted {
                head = Head::default();
            }
            head.old = Some(path_of(path));
        } else if let Some(path) = line.strip_prefix("+++ ") {
            head.new = Some(path_of(path));
        } else if let Some(path) = line.strip_prefix("rename from ") {
            head.renamed.0 = Some(path_of(path));
        } else if let Some(path) = line.strip_prefix("rename to ") {
            head.renamed.1 = Some(path_of(path));
        } else if line.starts_with("new file mode") {
            head.is_new = true;
        } else if line.starts_with("deleted file mode") {
            head.is_deleted = true;
        } else if line.starts_with("GIT binary patch") || line.starts_with("Binary files ") {
            return Err(lines.wrong("binary files cannot be patched"));
        }
    }
    finish(&mut head, &mut files)?;
    Ok(files)
}

/// The number of a hunk's first line in the file before, by the numbers behind `@@`.
pub(super) fn first_line(text: &str) -> Option<usize> {
    let (ranges, _) = text.trim_start().strip_prefix('-')?.split_once("@@")?;
    let (old, new) = ranges.trim().split_once(" +")?;
    let number = |range: &str| range.split(',').next()?.trim().parse::<usize>().ok();
    number(new)?;
    let first = number(old)?;
    // Before nothing stands the line after which something is added.
    let is_empty = old.split(',').nth(1).is_some_and(|count| count.trim() == "0");
    Some(if is_empty { first.saturating_add(1) } else { first })
}

fn hunks(lines: &mut Lines<'_>) -> Result<Vec<Hunk>> {
    let mut hunks: Vec<Hunk> = Vec::new();
    while let Some(line) = lines.peek() {
        if let Some(head) = line.strip_prefix("@@") {
            lines.take();
            // Without numbers the lines alone say where it is.
            hunks.push(Hunk { at: first_line(head), ..Hunk::default() });
            continue;
        }
        if line.starts_with("diff --git ") || begins_file(lines) {
            break;
        }
        lines.take();
        let Some(hunk) = hunks.last_mut() else { break };
        if line.starts_with(NO_BREAK) || line == "\\" {
            hunk.ends_with_break = Some(matches!(hunk.lines.last(), Some(Line::Goes(_))));
        } else if let Some(line) = hunk_line(line) {
            hunk.lines.push(line);
        } else if !line.starts_with("```") {
            return Err(lines.wrong("a line of a hunk begins with a blank, `-` or `+`"));
        }
    }
    Ok(hunks.into_iter().map(super::reading::without_blank_end).collect())
}

/// Whether the next two lines name a file. A line that goes may begin with `--` itself.
fn begins_file(lines: &Lines<'_>) -> bool {
    lines.peek().is_some_and(|line| line.starts_with("--- ")) && lines.second().is_some_and(|line| line.starts_with("+++ "))
}

/// A part without hunks: a new or removed empty file, or one that is only moved.
fn finish(head: &mut Head, files: &mut Vec<FilePatch>) -> Result<()> {
    if head.is_new || head.is_deleted || head.renamed != (None, None) {
        files.push(file(std::mem::take(head), Vec::new())?);
    }
    Ok(())
}

fn file(head: Head, hunks: Vec<Hunk>) -> Result<FilePatch> {
    let is_nowhere = |path: &Option<String>| path.as_deref() == Some(NOWHERE);
    let (old, new) = match head.renamed {
        (Some(from), Some(to)) => (from, to),
        _ => {
            let is_new = is_nowhere(&head.old) || head.is_new;
            let is_deleted = is_nowhere(&head.new) || head.is_deleted;
            let (old, new) = plain(head.old, head.new);
            match (is_new, is_deleted) {
                (true, false) => return Ok(FilePatch { path: new.unwrap_or_default(), action: Action::Add(content(&hunks)) }),
                (false, true) => return Ok(FilePatch { path: old.unwrap_or_default(), action: Action::Delete }),
                _ => {}
            }
            let Some(new) = new.or_else(|| old.clone()) else {
                return Err(refuse("a hunk in it belongs to no file. Write `--- a/PATH` and `+++ b/PATH` before it"));
            };
            (old.unwrap_or_else(|| new.clone()), new)
        }
    };
    let moved_to = (old != new).then_some(new);
    Ok(FilePatch { path: old, action: Action::Update { moved_to, hunks } })
}

fn content(hunks: &[Hunk]) -> String {
    let lines = hunks.iter().flat_map(|hunk| &hunk.lines);
    let mut content: String =
        lines.filter_map(|line| if let Line::Comes(text) = line { Some(format!("{text}\n")) } else { None }).collect();
    if hunks.iter().any(|hunk| hunk.ends_with_break == Some(false)) {
        content.pop();
    }
    content
}

/// The paths without the `a/` and `b/` that git puts before them.
fn plain(old: Option<String>, new: Option<String>) -> (Option<String>, Option<String>) {
    let fits = |path: &Option<String>, prefix: &str| path.as_ref().is_none_or(|path| path == NOWHERE || path.starts_with(prefix));
    let bare = |path: Option<String>| path.filter(|path| path != NOWHERE);
    if !fits(&old, "a/") || !fits(&new, "b/") {
        return (bare(old), bare(new));
    }
    let strip = |path: Option<String>| bare(path).map(|path| path[2..].to_owned());
    (strip(old), strip(new))
}

/// A path as it is written: without the time that `diff` puts behind it, and without quotes.
fn path_of(text: &str) -> String {
    let path = text.split('\t').next().unwrap_or(text).trim();
    path.strip_prefix('"').and_then(|path| path.strip_suffix('"')).unwrap_or(path).to_owned()
}
