//! The form between `*** Begin Patch` and `*** End Patch`, which has no line numbers: hunks are found by their lines and by
//! what stands behind `@@`.

use super::{
    Action, FilePatch, Hunk,
    reading::{Lines, hunk_line, without_blank_end},
};
use crate::Result;

pub(super) const BEGIN: &str = "*** Begin Patch";
const END: &str = "*** End Patch";
const ADD: &str = "*** Add File:";
const DELETE: &str = "*** Delete File:";
const UPDATE: &str = "*** Update File:";
const MOVE: &str = "*** Move to:";
const END_OF_FILE: &str = "*** End of File";

/// Whether a line begins what is to be done to a file.
pub(super) fn begins_file(line: &str) -> bool {
    [ADD, DELETE, UPDATE].iter().any(|head| line.trim_start().starts_with(head))
}

pub(super) fn read(lines: &mut Lines<'_>) -> Result<Vec<FilePatch>> {
    let mut files = Vec::new();
    while let Some(line) = lines.take() {
        let head = line.trim();
        let path = |word: &str| head.strip_prefix(word).map(|path| path.trim().to_owned());
        if let Some(path) = path(ADD) {
            files.push(FilePatch { path, action: Action::Add(added(lines)?) });
        } else if let Some(path) = path(DELETE) {
            files.push(FilePatch { path, action: Action::Delete });
        } else if let Some(path) = path(UPDATE) {
            files.push(FilePatch { path, action: update(lines)? });
        } else if head == END {
            break;
        } else if head != BEGIN && !head.is_empty() && !head.starts_with("```") {
            return Err(
                lines.wrong("it begins with none of `*** Add File: `, `*** Update File: `, `*** Delete File: ` and `*** End Patch`")
            );
        }
    }
    Ok(files)
}

/// Whether a line ends what is done to a file.
fn ends(line: &str) -> bool {
    begins_file(line) || line.trim() == END
}

fn added(lines: &mut Lines<'_>) -> Result<String> {
    let mut content = String::new();
    while let Some(line) = lines.peek().filter(|line| !ends(line)) {
        lines.take();
        match line.strip_prefix('+') {
            Some(text) => content.push_str(text),
            // Models leave out the mark of an empty line.
            None if line.trim().is_empty() => {
                if lines.peek().is_none_or(|next| !next.starts_with('+')) {
                    continue;
                }
            }
            None if line.trim() == END_OF_FILE => continue,
            None => return Err(lines.wrong("each line of a new file begins with `+`")),
        }
        content.push('\n');
    }
    Ok(content)
}

fn update(lines: &mut Lines<'_>) -> Result<Action> {
    let mut moved_to = None;
    if let Some(path) = lines.peek().and_then(|line| line.trim().strip_prefix(MOVE)) {
        moved_to = Some(path.trim().to_owned());
        lines.take();
    }
    let (mut hunks, mut hunk) = (Vec::new(), Hunk::default());
    while let Some(line) = lines.peek().filter(|line| !ends(line)) {
        lines.take();
        if let Some(anchor) = line.strip_prefix("@@") {
            if !hunk.lines.is_empty() {
                hunks.push(without_blank_end(std::mem::take(&mut hunk)));
            }
            note_anchor(&mut hunk, anchor);
        } else if line.trim() == END_OF_FILE {
            hunk.is_last = true;
        } else {
            let line = hunk_line(line).ok_or_else(|| lines.wrong("a line of a hunk begins with a blank, `-` or `+`"))?;
            hunk.lines.push(line);
        }
    }
    let hunk = without_blank_end(hunk);
    if !hunk.lines.is_empty() {
        hunks.push(hunk);
    }
    Ok(Action::Update { moved_to, hunks })
}

/// What stands behind `@@`: a line of the file; or the numbers of a unified diff, which models mix in.
fn note_anchor(hunk: &mut Hunk, anchor: &str) {
    if let Some(at) = super::unified::first_line(anchor) {
        hunk.at = Some(at);
        return;
    }
    let anchor = anchor.strip_prefix(' ').unwrap_or(anchor).trim_end();
    let anchor = anchor.strip_suffix("@@").map_or(anchor, str::trim_end);
    if !anchor.trim().is_empty() {
        hunk.anchors.push(anchor.to_owned());
    }
}
