//! What in a text is most like a passage that is not in it, and how it differs, so that a model can correct the passage
//! without reading the file again. Bounded, whatever the text and the passage are.

use super::super::text::number;

/// Lines of the passage by which a place is looked for.
const ANCHORS: usize = 3;
/// Lines of a place that are compared.
const MOST_COMPARED: usize = 60;
/// Lines that are shown.
const MOST_SHOWN: usize = 25;
/// Lines of the text among which likeness is looked for, and not only equality.
const MOST_LIKENED: usize = 20_000;
/// Bytes of a line by which it is likened, and that are shown of it.
const LONGEST_LINE: usize = 200;
/// What is less alike is not shown.
const LEAST: f64 = 0.45;

/// Sentences about the lines of `text` that are nearest to `passage`, which is not in it. `name` is what the model calls the
/// passage.
pub(in crate::tools) fn show_nearest(text: &str, passage: &str, name: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    let wanted: Vec<_> = passage.trim_matches('\n').lines().collect();
    let Some((first, likeness)) = nearest(&lines, &wanted) else {
        return format!("No lines of the file's {} are like it. Read the file and copy the passage from it", lines.len());
    };
    let end = (first + wanted.len()).min(lines.len());
    let shown = number(u32::try_from(first + 1).unwrap_or(u32::MAX), lines[first..end.min(first + MOST_SHOWN)].iter().copied());
    let more = if end - first > MOST_SHOWN { format!("[{} lines more]\n", end - first - MOST_SHOWN) } else { String::new() };
    let percent = (likeness * 100.0).floor();
    format!(
        "Nearest are the lines {} to {end}, which are {percent} % alike:\n{shown}{more}{}Copy the passage exactly, without the numbers",
        first + 1,
        difference(&lines[first..end], &wanted, name)
    )
}

/// The first line that differs, as sentences.
fn difference(lines: &[&str], wanted: &[&str], name: &str) -> String {
    let Some((index, (line, wanted))) = lines.iter().zip(wanted).enumerate().find(|(_, (line, wanted))| line != wanted) else {
        return "The file ends before the passage does. ".to_owned();
    };
    let how = if line.trim() == wanted.trim() { " They differ in blanks alone." } else { "" };
    format!("Line {} of {name} is `{}`, and the file has `{}`.{how} ", index + 1, shorten(wanted), shorten(line))
}

/// The index of the first line of the place that is most like the passage, and how alike it is, up to 1.
fn nearest(lines: &[&str], wanted: &[&str]) -> Option<(usize, f64)> {
    let mut anchors: Vec<_> = wanted.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()).collect();
    anchors.sort_by_key(|(_, line)| std::cmp::Reverse(line.trim().len().min(LONGEST_LINE)));
    let mut best: Option<(usize, f64)> = None;
    for (offset, anchor) in anchors.into_iter().take(ANCHORS) {
        let Some(at) = most_alike(lines, anchor) else { continue };
        let first = at.saturating_sub(offset);
        let likeness = alike(&lines[first..], wanted);
        if likeness >= LEAST && best.is_none_or(|(_, known)| likeness > known) {
            best = Some((first, likeness));
        }
    }
    best
}

fn most_alike(lines: &[&str], wanted: &str) -> Option<usize> {
    if let Some(same) = lines.iter().position(|line| line.trim() == wanted.trim()) {
        return Some(same);
    }
    let scored = lines.iter().take(MOST_LIKENED).map(|line| likeness(line, wanted)).enumerate();
    scored.filter(|(_, score)| *score >= LEAST).max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(index, _)| index)
}

/// How alike lines are on average.
fn alike(lines: &[&str], wanted: &[&str]) -> f64 {
    let compared = wanted.len().clamp(1, MOST_COMPARED);
    let sum: f64 = lines.iter().zip(wanted).take(compared).map(|(line, wanted)| likeness(line, wanted)).sum();
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let compared = compared as f64;
    sum / compared
}

fn likeness(one: &str, other: &str) -> f64 {
    let (one, other) = (head(one.trim()), head(other.trim()));
    if one == other {
        return 1.0;
    }
    // Lines of very different lengths are not alike, and comparing takes longer than saying so.
    if one.len() > 3 * other.len() || other.len() > 3 * one.len() {
        return 0.0;
    }
    strsim::sorensen_dice(one, other)
}

fn head(line: &str) -> &str {
    &line[..line.floor_char_boundary(LONGEST_LINE)]
}

fn shorten(line: &str) -> String {
    let short = head(line);
    if short.len() < line.len() { format!("{short}…") } else { short.to_owned() }
}
