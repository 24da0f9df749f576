//! Makes what documents say fit together and with the backlog. A reference that leads nowhere, to what is no wider, or round
//! in a circle is taken out with a finding, and everything else stays.

use std::collections::HashMap;

use super::{Effect, Flaw, Imported, Kind, STORIES};
use crate::{
    errors::Hint,
    interfaces::backlog::{
        Draft, Item, SortKey,
        graph::circle,
        rules::{LARGEST_LIST, MOST_ITEMS, Refusal, weight},
    },
};

/// Circles that are opened; each takes a walk through the whole backlog.
const MOST_CIRCLES: usize = 100;

impl Imported {
    pub(super) fn fit(&mut self, items: &[Item]) {
        self.leave_out_narrowed(items);
        self.leave_out_surplus(items);
        self.drop_parents(items);
        self.drop_missing(items);
        for _ in 0..MOST_CIRCLES {
            let Some(keys) = circle(items, &self.drafts) else { return };
            self.open_circle(&keys);
        }
    }

    /// Leaves out documents that make something of an item to which others of the backlog can no longer belong.
    fn leave_out_narrowed(&mut self, items: &[Item]) {
        let given: HashMap<_, _> = self.drafts.iter().map(|draft| (draft.key.as_str(), draft.kind)).collect();
        let kept = items.iter().filter(|item| !given.contains_key(item.draft.key.as_str()));
        let narrowed = kept.filter_map(|item| {
            let parent = item.draft.parent.as_deref()?;
            let kind = given.get(parent).filter(|kind| **kind >= item.draft.kind)?;
            Some((parent.to_owned(), Refusal::belongs(&item.draft, parent, *kind).explain()))
        });
        for (key, reason) in narrowed.collect::<HashMap<_, _>>() {
            self.leave_out(&key, reason);
        }
    }

    /// Leaves out what a backlog has no room for: the last in the order of the keys. Items that are known come first, then epics,
    /// to which the others belong.
    fn leave_out_surplus(&mut self, items: &[Item]) {
        let known: HashMap<_, _> = items.iter().map(|item| (item.draft.key.as_str(), &item.draft)).collect();
        let mut in_order: Vec<_> = self.drafts.iter().collect();
        in_order.sort_by_cached_key(|draft| (!known.contains_key(draft.key.as_str()), draft.kind, SortKey::of(&draft.key)));
        let (mut count, mut bytes) = (items.len(), items.iter().map(|item| weight(&item.draft)).sum::<usize>());
        let is_surplus = |draft: &&&Draft| {
            let before = known.get(draft.key.as_str());
            let (more, larger) = (count + usize::from(before.is_none()), bytes + weight(draft) - before.map_or(0, |before| weight(before)));
            let fits = more <= MOST_ITEMS && larger <= LARGEST_LIST;
            if fits {
                (count, bytes) = (more, larger);
            }
            !fits
        };
        let surplus: Vec<_> = in_order.iter().filter(is_surplus).map(|draft| draft.key.clone()).collect();
        let Some(first) = surplus.first() else { return };
        let reason = format!(
            "A backlog holds at most {MOST_ITEMS} items, whose titles, references and labels have at most {LARGEST_LIST} bytes. {} of {} items were \
             not imported, `{first}` first; their documents stay as they are. Remove documents of work that is done, or import the rest \
             into another project.",
            surplus.len(),
            self.drafts.len(),
        );
        self.findings.push(Flaw::from(reason).of(STORIES, Effect::InPart));
        self.surplus = surplus.into_iter().collect();
        let Self { drafts, standings, origins, surplus, .. } = self;
        drafts.retain(|draft| !surplus.contains(&draft.key));
        standings.retain(|standing| !surplus.contains(&standing.key));
        origins.retain(|key, _| !surplus.contains(key));
    }

    fn drop_parents(&mut self, items: &[Item]) {
        let kinds = kinds(items, &self.drafts);
        let Self { drafts, origins, findings, surplus, .. } = self;
        for draft in drafts {
            let Some(parent) = draft.parent.clone() else { continue };
            let reason = match kinds.get(&parent) {
                Some(kind) if *kind < draft.kind => continue,
                Some(kind) => Refusal::belongs(draft, &parent, *kind).explain(),
                None if surplus.contains(&parent) => format!("`{}` belongs to `{parent}`, for which the backlog has no room.", draft.key),
                None => {
                    format!("`{}` belongs to `{parent}`, which is neither in the documents nor in the backlog; correct the key.", draft.key)
                }
            };
            draft.parent = None;
            let reason = format!("{reason} `{}` is imported without it.", draft.key);
            findings.extend(origins.get(&draft.key).map(|origin| origin.finding(origin.lines.parent, reason, Effect::InPart)));
        }
    }

    fn drop_missing(&mut self, items: &[Item]) {
        let kinds = kinds(items, &self.drafts);
        let Self { drafts, origins, findings, surplus, .. } = self;
        for Draft { key, after, .. } in drafts {
            let Some(origin) = origins.get(key) else { continue };
            after.retain(|other| {
                let is_known = kinds.contains_key(other);
                if !is_known {
                    let why = match surplus.contains(other) {
                        true => "for which the backlog has no room.",
                        false => "which is neither in the documents nor in the backlog; correct the key.",
                    };
                    let reason = format!("`{key}` waits for `{other}`, {why} `{key}` is imported without waiting for it.");
                    findings.push(origin.finding(origin.lines.after, reason, Effect::InPart));
                }
                is_known
            });
        }
    }

    /// Takes one reference out of a circle: of an item that waits for a later one, if there is such, for work is mostly
    /// numbered in its order.
    fn open_circle(&mut self, keys: &[String]) {
        let waits = |pair: &&[String]| {
            let draft = self.drafts.iter().find(|draft| draft.key == pair[0]);
            draft.is_some_and(|draft| draft.after.contains(&pair[1]))
        };
        let rank = |pair: &&[String]| (SortKey::of(&pair[0]) > SortKey::of(&pair[1]), SortKey::of(&pair[0]));
        let found = keys.windows(2).filter(waits).min_by_key(rank).map(|pair| (pair[0].clone(), pair[1].clone()));
        let circle = Refusal::Cycle(keys.to_vec());
        let Some((key, other)) = found else {
            // Not `after` but what belongs to what closes it.
            let key = keys.iter().find(|key| self.drafts.iter().any(|draft| draft.key == **key));
            return key.cloned().into_iter().for_each(|key| self.leave_out(&key, circle.explain()));
        };
        let Self { drafts, origins, findings, .. } = self;
        drafts.iter_mut().filter(|draft| draft.key == key).for_each(|draft| draft.after.retain(|one| *one != other));
        let reason = format!("{circle} `{key}` is imported without waiting for `{other}`.");
        findings.extend(origins.get(&key).map(|origin| origin.finding(origin.lines.after, reason, Effect::InPart)));
    }

    fn leave_out(&mut self, key: &str, reason: String) {
        self.drafts.retain(|draft| draft.key != key);
        self.standings.retain(|standing| standing.key != key);
        self.findings.extend(self.origins.remove(key).map(|origin| origin.finding(origin.lines.key, reason, Effect::LeftOut)));
    }
}

/// What every item is once the drafts are put.
fn kinds(items: &[Item], drafts: &[Draft]) -> HashMap<String, Kind> {
    let all = items.iter().map(|item| &item.draft).chain(drafts);
    all.map(|draft| (draft.key.clone(), draft.kind)).collect()
}
