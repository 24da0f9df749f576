//! Takes the labels that a document gives its item. What is not a label costs itself and is reported, and nothing else of the
//! document.

use std::{collections::HashMap, mem};

use super::{Effect, Flaw, Imported, Story};
use crate::{
    errors::Hint,
    interfaces::backlog::{Item, Labels, MOST_LABELS, rules::Refusal},
};

/// Labels of one document that are reported one by one.
const MOST_TOLD: usize = 20;

impl Imported {
    /// Takes out of a story the labels that it cannot have, with a finding for each.
    pub(super) fn sift_labels(&mut self, Story { key, path, told }: &mut Story) {
        let mut tell = |line, reason| self.findings.push(Flaw { line, reason }.of(path, Effect::InPart));
        if let Some(Flaw { line, reason }) = told.unread_labels.take() {
            tell(line, format!("{reason} `{key}` is imported without it."));
            // So it says nothing of labels, and the item keeps its own.
            told.lines.labels = None;
        }
        let (labels, refusals) = Labels::sift(key, mem::take(&mut told.labels));
        told.labels = labels.into();
        for refusal in refusals.iter().take(MOST_TOLD) {
            let rest = if matches!(refusal, Refusal::Labels { .. }) { format!("the first {MOST_LABELS}") } else { "the others".to_owned() };
            tell(told.lines.labels, format!("{} `{key}` is imported with {rest}.", refusal.explain()));
        }
        let more = refusals.len().saturating_sub(MOST_TOLD);
        if more > 0 {
            tell(
                told.lines.labels,
                format!("`{key}` is imported without {more} more values of `labels` that it cannot have; correct them."),
            );
        }
    }

    /// Lets items keep the labels of which their documents say nothing, as epics in a list cannot.
    pub(super) fn keep_labels(&mut self, items: &[Item]) {
        let known: HashMap<_, _> = items.iter().map(|item| (item.draft.key.as_str(), &item.draft.labels)).collect();
        let Self { drafts, origins, .. } = self;
        for draft in drafts {
            let are_said = origins.get(&draft.key).is_some_and(|origin| origin.lines.labels.is_some());
            if let Some(labels) = known.get(draft.key.as_str()).filter(|_| !are_said) {
                draft.labels = (*labels).clone();
            }
        }
    }
}
