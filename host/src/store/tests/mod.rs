//! The store on real files.

mod accounts;
mod autopilots;
mod backlog;
mod bindings;
mod continuing;
mod documents;
mod environments;
mod events;
mod grants;
mod item_lists;
mod journal;
mod kept_answers;
mod ledger;
mod memory;
mod migrating;
mod opening;
mod plugins;
mod projects;
mod published;
mod pull_requests;
mod questions;
mod runs;
mod signals;
mod sources;
mod tool_forms;
mod upgrading;
mod waiting;
mod worktrees;
mod writing;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::Store;
use crate::{
    events::{Category, Draft},
    interfaces::pins::Pin,
    journal::{Clock, Effect, Entry, EntryState, RunId, Write, form::FORM},
    kernel::{
        ceiling::Ceiling,
        package::Kind,
        run::{Run, State},
    },
};

/// What people and machines put into texts to see what breaks.
const HOSTILE: [&str; 6] = [
    "'; drop table runs; --",
    "\"quoted\" and \\ back $1 ?1 :name",
    "100% _under_ [set] *",
    "\u{1F3BC} ünïcødé \u{202e}right to left\u{202c} e\u{301}",
    "line\nline\r\n\ttab\u{7f}",
    "",
];

/// Moves on by one millisecond each time it is asked.
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(Ticking(AtomicU64::new(1_000)))
}

async fn open(data: &Path) -> Store {
    Store::open(data, clock()).await.unwrap()
}

async fn fresh() -> (TempDir, Store) {
    let folder = TempDir::new().unwrap();
    let store = open(folder.path()).await;
    (folder, store)
}

fn id(text: &str) -> RunId {
    RunId::from_text(text)
}

fn entry(run: &str, seq: u64) -> Entry {
    Entry {
        run: id(run),
        seq,
        call: "files.read".to_owned(),
        effect: Effect::Read,
        request_hash: Entry::hash("files.read", "{}"),
        request: "{}".to_owned(),
        state: EntryState::Done,
        answer: Some(format!("{{\"ok\":{seq}}}")),
        repeated: false,
        asked_at: 10,
        answered_at: Some(11),
    }
}

fn write(run: &str, seq: u64) -> Write {
    Write { entry: entry(run, seq), events: Vec::new() }
}

fn draft(run: &str, name: &str, data: Value) -> Draft {
    Draft::for_test(Category::Run, name, Some(&id(run)), data)
}

fn run(name: &str) -> Run {
    Run {
        id: id(name),
        parent: None,
        root: id(name),
        forked_from: None,
        plugin: "hello".to_owned(),
        plugin_version: "0.1.0".to_owned(),
        plugin_hash: "00".repeat(32),
        kind: Kind::Workflow,
        input: json!({ "name": "Ada" }),
        project: "demo".to_owned(),
        workspace: PathBuf::from("/demo"),
        pin: Some(Pin("bound".to_owned())),
        settings: json!({}),
        project_settings: Some(json!({ "team": { "motto": "on" } })),
        ceiling: Ceiling::default(),
        slot: None,
        item: None,
        seed: "seed".to_owned(),
        started_at: 5,
        started_by: None,
        journal_form: FORM,
        journal_from: 0,
        state: State::Queued,
        output: None,
        shortfall: None,
        failed_call: None,
        cancelling: None,
        created_at: 5,
        updated_at: 5,
    }
}

fn child(name: &str, parent: &str, seq: u64) -> Run {
    Run { parent: Some((id(parent), seq)), root: id(parent), ..run(name) }
}
