//! Joins two changes of one text line by line, as `diff3` does: what only one side changed is taken, and where both changed
//! the same, the three versions are kept side by side. Decides nothing between them.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// What the lines between the markers are, after the marker.
pub(super) struct Labels {
    pub(super) ours: String,
    pub(super) before: String,
    pub(super) theirs: String,
}

/// A part of the joined text. The texts hold whole lines.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// Neither side alone, or only one of them, changed it.
    Settled(String),
    Conflict(Conflict),
}

/// What each side has where both changed the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Conflict {
    pub(super) ours: String,
    pub(super) before: String,
    pub(super) theirs: String,
}

pub(super) fn joined(before: &str, ours: &str, theirs: &str) -> Vec<Part> {
    let [before, ours, theirs] = [before, ours, theirs].map(lines);
    let (in_ours, in_theirs) = (places(&before, &ours), places(&before, &theirs));
    let mut parts = Parts::default();
    let (mut place, mut our, mut their) = (0, 0, 0);
    loop {
        // The next line that both sides kept.
        let kept = (place..before.len()).find_map(|line| Some((line, in_ours[line]?, in_theirs[line]?)));
        let (line, at_ours, at_theirs) = kept.unwrap_or((before.len(), ours.len(), theirs.len()));
        parts.differing(&before[place..line], &ours[our..at_ours], &theirs[their..at_theirs]);
        if kept.is_none() {
            return parts.0;
        }
        parts.settled(&before[line..=line]);
        (place, our, their) = (line + 1, at_ours + 1, at_theirs + 1);
    }
}

/// The joined text with the three versions of each conflict between markers.
pub(super) fn marked(parts: &[Part], labels: &Labels) -> String {
    let Labels { ours, before, theirs } = labels;
    let shown = |part: &Part| match part {
        Part::Settled(text) => text.clone(),
        Part::Conflict(conflict) => format!(
            "<<<<<<< {ours}\n{}||||||| {before}\n{}=======\n{}>>>>>>> {theirs}\n",
            ended(&conflict.ours),
            ended(&conflict.before),
            ended(&conflict.theirs)
        ),
    };
    parts.iter().map(shown).collect()
}

pub(super) fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A last line without its end must not swallow the marker behind it.
fn ended(text: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    format!("{text}{end}")
}

/// Where the other text has each line that it kept.
fn places(before: &[&str], other: &[&str]) -> Vec<Option<usize>> {
    let mut places = vec![None; before.len()];
    for operation in capture_diff_slices(Algorithm::Myers, before, other) {
        if let DiffOp::Equal { old_index, new_index, len } = operation {
            for line in 0..len {
                places[old_index + line] = Some(new_index + line);
            }
        }
    }
    places
}

#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn settled(&mut self, lines: &[&str]) {
        if lines.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(Part::Settled(text)) => text.push_str(&lines.concat()),
            _ => self.0.push(Part::Settled(lines.concat())),
        }
    }

    fn differing(&mut self, before: &[&str], ours: &[&str], theirs: &[&str]) {
        if ours == theirs || before == theirs {
            self.settled(ours);
        } else if before == ours {
            self.settled(theirs);
        } else {
            self.0.push(Part::Conflict(Conflict { ours: ours.concat(), before: before.concat(), theirs: theirs.concat() }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels() -> Labels {
        Labels { ours: "story".to_owned(), before: "before both".to_owned(), theirs: "main".to_owned() }
    }

    fn settled(text: &str) -> Part {
        Part::Settled(text.to_owned())
    }

    fn conflict(ours: &str, before: &str, theirs: &str) -> Part {
        Part::Conflict(Conflict { ours: ours.to_owned(), before: before.to_owned(), theirs: theirs.to_owned() })
    }

    #[test]
    fn what_one_side_changed_is_taken() {
        let before = "one\ntwo\nthree\nfour\n";
        assert_eq!(joined(before, "ONE\ntwo\nthree\nfour\n", "one\ntwo\nthree\nFOUR\nfive\n"), [settled("ONE\ntwo\nthree\nFOUR\nfive\n")]);
        assert_eq!(joined(before, before, "two\nfour\n"), [settled("two\nfour\n")]);
        assert_eq!(joined(before, "same\n", "same\n"), [settled("same\n")]);
        assert_eq!(joined("", "", ""), []);
    }

    #[test]
    fn what_both_changed_is_kept_in_three_versions_between_what_neither_did() {
        let parts = joined("a\nb\nc\n", "a\nours\nc\n", "a\ntheirs\nmore\nc\n");
        assert_eq!(parts, [settled("a\n"), conflict("ours\n", "b\n", "theirs\nmore\n"), settled("c\n")]);
        let marked = marked(&parts, &labels());
        assert_eq!(marked, "a\n<<<<<<< story\nours\n||||||| before both\nb\n=======\ntheirs\nmore\n>>>>>>> main\nc\n");
    }

    #[test]
    fn two_additions_in_one_place_conflict_and_so_do_two_new_files() {
        assert_eq!(joined("a\nz\n", "a\nb\nz\n", "a\nc\nz\n"), [settled("a\n"), conflict("b\n", "", "c\n"), settled("z\n")]);
        assert_eq!(joined("", "b\n", "c\n"), [conflict("b\n", "", "c\n")]);
    }

    #[test]
    fn a_deletion_against_a_change_conflicts() {
        assert_eq!(joined("a\nb\nc\n", "a\nc\n", "a\nB\nc\n"), [settled("a\n"), conflict("", "b\n", "B\n"), settled("c\n")]);
    }

    #[test]
    fn a_last_line_without_its_end_swallows_no_marker() {
        let marked = marked(&joined("a", "b", "c"), &labels());
        assert_eq!(marked, "<<<<<<< story\nb\n||||||| before both\na\n=======\nc\n>>>>>>> main\n");
    }

    /// Whatever the three texts are, each side's own additions are somewhere in the parts.
    #[test]
    fn nothing_that_a_side_added_is_lost() {
        let texts: Vec<String> = (0..64_u32)
            .map(|seed| (0..12).map(|line| format!("{}\n", seed.wrapping_mul(2_654_435_761).wrapping_shr(line * 2) % 5)).collect())
            .collect();
        for (number, before) in texts.iter().enumerate() {
            let ours = format!("{before}mine\n");
            let theirs = format!("theirs\n{}", texts[(number * 7 + 3) % texts.len()]);
            let all: String = joined(before, &ours, &theirs)
                .into_iter()
                .map(|part| match part {
                    Part::Settled(text) => text,
                    Part::Conflict(conflict) => conflict.ours + &conflict.theirs,
                })
                .collect();
            assert!(all.contains("mine\n") && all.contains("theirs\n"), "{number}");
        }
    }
}
