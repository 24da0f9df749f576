use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;
use tempfile::TempDir;

use super::{Access, App, AppError, read_plugin};
use crate::{
    actor::Actor,
    config::{Config, Faults},
    interfaces::RunOptions,
    interfaces::{
        children::{self, ChildError, Role},
        llm,
    },
    journal::{Redactor, RunId},
    kernel::{
        Order,
        ceiling::Limit,
        package::Kind,
        run::{CancelCause, Filter, Run, State},
    },
    secrets::Secrets,
};

/// A host over `folder`, with no model.
pub(crate) fn config(folder: &Path) -> Config {
    Config {
        api: crate::config::ApiSettings::default(),
        prices: crate::interfaces::llm::money::Prices::new(None).unwrap(),
        data_dir: folder.join("data"),
        user_file: folder.join("baton.toml"),
        cache_dir: folder.join("cache"),
        cache_key: folder.join("cache.key"),
        user: json!({}),
        models: llm::Config::scripts_only(folder),
        slots: 1,
        operator: Actor::operator("tester"),
        faults: Faults::default(),
        servers: Vec::new(),
        bindings: Default::default(),
        mistaken_bindings: Vec::new(),
        trust: Default::default(),
        forge: Default::default(),
        program: None,
        git: None,
        compile: Default::default(),
        secrets: Secrets::new(folder.join("data/secrets.json"), folder.join("secret.key"), None),
        redactor: Redactor::default(),
        setup: Default::default(),
        sandbox: Default::default(),
    }
}

async fn open(folder: &Path, access: Access) -> Result<App, AppError> {
    App::open(config(folder), access).await
}

#[tokio::test]
async fn a_cache_that_cannot_be_used_keeps_nobody_from_looking() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("cache"), "in the way").unwrap();
    drop(open(folder.path(), Access::Execute).await.unwrap());
    assert!(open(folder.path(), Access::Look).await.is_ok());
}

#[tokio::test]
async fn threads_may_be_given_up_inside_another_runtime() {
    let guests = super::building::Guests::start(Access::Execute).unwrap();
    let spawned = guests.handle.spawn(std::future::pending::<()>());
    drop(guests);
    assert!(spawned.await.unwrap_err().is_cancelled());
}

async fn runs(app: &App) -> Vec<Run> {
    app.kernel.runs().list(&Filter { limit: 10, ..Filter::default() }).await.unwrap()
}

#[tokio::test]
async fn looking_where_nobody_has_been_shows_nothing_and_makes_nothing() {
    let folder = TempDir::new().unwrap();
    let app = open(folder.path(), Access::Look).await.unwrap();
    assert_eq!(runs(&app).await, []);
    assert!(app.kernel.registry().find("plan").is_some());
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn who_executes_leaves_one_whole_file() {
    let folder = TempDir::new().unwrap();
    open(folder.path(), Access::Execute).await.unwrap().close().await;
    assert!(!folder.path().join("data/baton.db-wal").exists());
}

/// An order for `plan` in a folder, which is made for it.
fn plan_in(workspace: PathBuf) -> Order {
    fs::create_dir(&workspace).unwrap();
    Order {
        plugin: "plan".to_owned(),
        kind: Kind::Workflow,
        input: json!({}),
        workspace,
        options: RunOptions::default(),
        by: Actor::operator("ada"),
    }
}

#[tokio::test]
async fn word_that_was_left_while_nobody_listened_is_heeded_first() {
    let folder = TempDir::new().unwrap();
    let app = open(folder.path(), Access::Execute).await.unwrap();
    let run = app.kernel.start(plan_in(folder.path().join("workspace"))).await.unwrap();
    app.close().await;
    let beside = open(folder.path(), Access::Attached).await.unwrap();
    beside.kernel.runs().request_cancel(&run.id, CancelCause::Operator, false, &Actor::operator("ada")).await.unwrap();
    beside.close().await;
    let app = open(folder.path(), Access::Execute).await.unwrap();
    assert_eq!(runs(&app).await[0].state, State::Cancelled);
}

#[tokio::test]
async fn a_child_may_be_started_for_less_and_never_for_more() {
    let folder = TempDir::new().unwrap();
    let app = open(folder.path(), Access::Execute).await.unwrap();
    let run = app.kernel.start(plan_in(folder.path().join("workspace"))).await.unwrap();
    let start = async |parent: &RunId, seq: u64, agent: &str, within: Option<&[(&str, &str)]>| {
        let within = within.map(|kinds| kinds.iter().map(|(kind, pattern)| ((*kind).to_owned(), vec![(*pattern).to_owned()])).collect());
        let order = children::Order { role: Role::Agent, plugin: agent, input: json!({}), worktree: None, item: None, within };
        app.kernel.children().start(parent, seq, order).await
    };
    let bounds = async |run: &RunId| {
        let run = app.kernel.runs().find(run).await.unwrap().unwrap();
        run.ceiling.bounds().iter().map(|bound| (bound.run.clone(), bound.limit.clone())).collect::<Vec<_>>()
    };
    let limit = |kind: &str, pattern: &str| Limit::Narrowed { to: [(kind.to_owned(), vec![pattern.to_owned()])].into_iter().collect() };
    let whole = start(&run.id, 1, "mary", None).await.unwrap();
    assert_eq!(bounds(&whole).await, []);
    let less = start(&run.id, 2, "mary", Some(&[("read", "docs/**")])).await.unwrap();
    assert_eq!(bounds(&less).await, [(less.clone(), limit("read", "docs/**"))]);
    let still_less = start(&less, 1, "bob", Some(&[("read", "docs/a.md")])).await.unwrap();
    assert_eq!(bounds(&still_less).await, [(less.clone(), limit("read", "docs/**")), (still_less.clone(), limit("read", "docs/a.md"))]);
    let inherited = start(&less, 2, "bob", None).await.unwrap();
    assert_eq!(bounds(&inherited).await, bounds(&less).await, "also where nobody narrows it further");
    for (seq, wider) in (3..).zip([("read", "**"), ("models", "*"), ("root", "x"), ("read", "{a")]) {
        let refused = start(&less, seq, "bob", Some(&[wider])).await.unwrap_err();
        assert!(matches!(refused, ChildError::NotNarrower(_)), "{wider:?}: {refused}");
        assert!(app.kernel.runs().find(&less.child(seq)).await.unwrap().is_none(), "nothing was started");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_plugin_and_is_not_waited_for() {
    let folder = TempDir::new().unwrap();
    let pipe = folder.path().join("x.wasm");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    assert!(read_plugin(&pipe, &Default::default()).err().unwrap().contains("not a file"));
}

#[cfg(unix)]
#[tokio::test]
async fn records_of_commands_that_no_run_made_move_nothing() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = TempDir::new().unwrap();
    let workspace = folder.path().join("w");
    let app = open(folder.path(), Access::Execute).await.unwrap();
    let run = app.kernel.start(plan_in(folder.path().join("other"))).await.unwrap();
    app.close().await;
    fs::create_dir_all(workspace.join("sub/.git")).unwrap();
    fs::write(workspace.join("sub/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
    let records = folder.path().join("data/sandbox/commands");
    fs::create_dir_all(&records).unwrap();
    let bytes = workspace.to_str().unwrap().as_bytes();
    let record = json!({ "workspace": bytes, "known": { "marks": [], "top": [] }, "swept": { "traces": [] }, "lost": false });
    for name in ["unknown-1.json".to_owned(), format!("{}-1.json", run.id)] {
        fs::write(records.join(&name), record.to_string()).unwrap();
        fs::set_permissions(records.join(&name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    rustix::fs::mkfifoat(rustix::fs::CWD, records.join("unknown-2.json"), rustix::fs::Mode::RUSR).unwrap();
    open(folder.path(), Access::Execute).await.unwrap().close().await;
    assert!(workspace.join("sub/.git/HEAD").exists());
    assert!(!records.join("unknown-1.json").exists() && !records.join(format!("{}-1.json", run.id)).exists());
}
