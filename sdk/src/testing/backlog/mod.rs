//! A backlog in memory, which accepts and refuses as the host's does, in its words.

mod rules;

use std::collections::BTreeMap;

use crate::backlog::{Draft, Item, Kind, Status, StatusChange};
use crate::rules::items::{LONGEST_REASON, MOST_ITEMS};
use crate::{Error, Result};

use rules::{check, check_graph, check_line, done, follows, order, waits};
pub(super) use rules::{check_key, sorted};

#[derive(Default)]
pub(super) struct Backlog {
    items: BTreeMap<String, Item>,
    moves: BTreeMap<String, Vec<StatusChange>>,
    /// How often each item was changed.
    revisions: BTreeMap<String, u64>,
}

impl Backlog {
    pub(super) fn put(&mut self, drafts: &[Draft], at: u64, run: Option<&str>) -> Result<()> {
        let mut items = self.items.clone();
        for (place, draft) in drafts.iter().enumerate() {
            check(draft)?;
            if drafts[..place].iter().any(|other| other.key == draft.key) {
                return Err(Error::invalid(format!("`{}` is given twice in one call. Say once what it is.", draft.key)).about(&*draft.key));
            }
            let mut draft = draft.clone();
            draft.labels = sorted(&draft.labels);
            match items.get_mut(&draft.key) {
                Some(item) => item.draft = draft,
                None => drop(items.insert(draft.key.clone(), Item { draft, status: Status::Todo, assignee: None, branch: None })),
            }
        }
        if items.len() > MOST_ITEMS {
            return Err(Error::invalid(format!(
                "A project has at most {MOST_ITEMS} items, and these would be {}. Keep fewer.",
                items.len()
            )));
        }
        check_graph(&items)?;
        for key in items.keys().filter(|key| !self.items.contains_key(*key)) {
            let added = StatusChange {
                at_ms: crate::numbers::to_contract(at),
                before: None,
                after: Status::Todo,
                reason: String::new(),
                run: run.map(str::to_owned),
            };
            self.moves.entry(key.clone()).or_default().push(added);
        }
        let changed = items.iter().filter(|(key, item)| self.items.get(*key) != Some(item)).map(|(key, _)| key.clone());
        changed.collect::<Vec<_>>().iter().for_each(|key| self.change(key));
        self.items = items;
        Ok(())
    }

    pub(super) fn get(&self, key: &str) -> Result<&Item> {
        self.items.get(key).ok_or_else(|| {
            let key: String = key.chars().take(100).flat_map(char::escape_debug).collect();
            Error::not_found(format!("Item `{key}` is not in the backlog. `baton backlog list` lists the items.")).about(key)
        })
    }

    pub(super) fn all(&self) -> Vec<Item> {
        let mut items: Vec<_> = self.items.values().map(without_body).collect();
        items.sort_by_cached_key(|item| order(&item.draft.key));
        items
    }

    pub(super) fn ready(&self) -> Vec<Item> {
        let mut ready = self.all();
        ready.retain(|item| {
            item.status == Status::Todo && item.draft.kind != Kind::Epic && waits(&self.items, item).all(|key| done(&self.items, key))
        });
        ready.sort_by_key(|item| u8::MAX - item.draft.priority);
        ready
    }

    pub(super) fn move_to(&mut self, key: &str, after: Status, reason: &str, at: u64, run: Option<&str>) -> Result<()> {
        if reason.len() > LONGEST_REASON {
            return Err(Error::invalid(format!("The reason has more than {LONGEST_REASON} bytes. Say it in fewer words.")).about("reason"));
        }
        let before = self.get(key)?.status;
        if !follows(before, after) {
            let advice = match before {
                Status::Done => "A run cannot reopen what is done; add another item for what is still to do.".to_owned(),
                before => {
                    let may = Status::ALL.into_iter().filter(|after| follows(before, *after));
                    let next: Vec<_> = may.map(|status| format!("`{}`", status.as_str())).collect();
                    format!("It may have been moved meanwhile, so look at its history. Next may be {}.", next.join(", "))
                }
            };
            let text = format!("`{key}` is `{}` and cannot become `{}`. {advice}", before.as_str(), after.as_str());
            return Err(Error::conflict(text).about(key));
        }
        let moved = StatusChange {
            at_ms: crate::numbers::to_contract(at),
            before: Some(before),
            after,
            reason: reason.to_owned(),
            run: run.map(str::to_owned),
        };
        self.moves.entry(key.to_owned()).or_default().push(moved);
        self.change(key);
        if let Some(item) = self.items.get_mut(key) {
            item.status = after;
        }
        Ok(())
    }

    pub(super) fn assign(&mut self, key: &str, assignee: Option<&str>, branch: Option<&str>) -> Result<()> {
        for (what, text) in [("assignee", assignee), ("branch", branch)] {
            text.map_or(Ok(()), |text| check_line(key, what, text))?;
        }
        let before = self.get(key)?;
        if (before.assignee.as_deref(), before.branch.as_deref()) != (assignee, branch) {
            self.change(key);
        }
        if let Some(item) = self.items.get_mut(key) {
            (item.assignee, item.branch) = (assignee.map(str::to_owned), branch.map(str::to_owned));
        }
        Ok(())
    }

    /// How often an item was changed.
    pub(super) fn revision(&self, key: &str) -> u64 {
        self.revisions.get(key).copied().unwrap_or_default()
    }

    fn change(&mut self, key: &str) {
        *self.revisions.entry(key.to_owned()).or_default() += 1;
    }

    pub(super) fn history(&self, key: &str) -> Result<Vec<StatusChange>> {
        self.get(key)?;
        Ok(self.moves.get(key).cloned().unwrap_or_default())
    }

    /// What the documents would say, by path, where nobody wrote anything into them.
    pub(super) fn documents(&self) -> Vec<(String, String)> {
        let items: Vec<_> = self.all().iter().filter_map(|item| self.items.get(&item.draft.key)).collect();
        let stories = items.iter().filter(|item| item.draft.kind != Kind::Epic).map(|item| {
            let Draft { key, title, body, .. } = &item.draft;
            let front = format!("key: {key}\ntitle: {}\nstatus: {}", serde_json::Value::from(title.as_str()), item.status.as_str());
            (format!("docs/stories/{key}.md"), format!("---\n{front}\n---\n\n{body}"))
        });
        let lines: String = items.iter().map(|item| format!("  {}: {}\n", item.draft.key, item.status.as_str())).collect();
        let status = ("docs/sprint-status.yaml".to_owned(), format!("# Where every item is.\ndevelopment_status:\n{lines}"));
        let rows: String = items.iter().map(|item| format!("- {}: {}\n", item.draft.key, item.status.as_str())).collect();
        let overview = ("docs/workflow-status.md".to_owned(), format!("# Workflow status\n\n{rows}"));
        stories.chain([status, overview]).collect()
    }
}

fn without_body(item: &Item) -> Item {
    let draft = Draft { body: String::new(), ..item.draft.clone() };
    Item { draft, ..item.clone() }
}
