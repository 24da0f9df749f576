use std::{fs, path::Path};

use sqlx::{AnyConnection, Connection, Executor, Row, migrate::Migrator};
use tempfile::TempDir;

use super::{clock, id, open, run};
use crate::{
    app::events::Rejected,
    events::EventLog,
    interfaces::{llm::events::Completed, people::events::QuestionAsked},
    journal::{Journal, PauseKind, Wait, form::FORM},
    kernel::{
        events::Waiting,
        grants::{Grants, Rule},
        permissions::Patterns,
        run::{Added, Run, Runs, State},
    },
    moment::Moment,
    store::{Store, StoreError, backup, database},
};

/// The migration by which forms of the journal are counted.
const FORMS: i64 = 20_261_129_001_000;

/// A migration that others follow.
const TOOL_FORMS: i64 = 20_261_129_000_400;

const ROWS: &str = "insert into runs (id, root_id, plugin, plugin_version, plugin_hash, kind, input, project, workspace, settings, seed, started_at, \
    state, state_detail, wake_at, output, created_at, updated_at) values \
    ('queued', 'queued', 'p', '1', '0', 'workflow', '{}', 'd', '/', '{}', 's', 1, 'queued', null, null, null, 1, 1), \
    ('running', 'running', 'p', '1', '0', 'workflow', '{}', 'd', '/', '{}', 's', 1, 'running', null, null, null, 1, 1), \
    ('asleep', 'asleep', 'p', '1', '0', 'workflow', '{}', 'd', '/', '{}', 's', 1, 'waiting', '{\"state\":\"waiting\",\"wait\":{\"until\":9}}', 9, null, 1, 1), \
    ('parent', 'parent', 'p', '1', '0', 'workflow', '{}', 'd', '/', '{}', 's', 1, 'waiting', '{\"state\":\"waiting\",\"wait\":{\"runs\":[\"asleep\"]}}', null, null, 1, 1), \
    ('paused', 'paused', 'p', '1', '0', 'workflow', '{}', 'd', '/', '{}', 's', 1, 'paused', '{\"state\":\"paused\",\"pause\":{\"kind\":\"limit\",\"reason\":\"Enough.\"}}', null, null, 1, 1), \
    ('done', 'done', 'p', '1', '0', 'workflow', '{}', 'd', '/', '{}', 's', 1, 'succeeded', null, null, '7', 1, 1), \
    ('failed', 'failed', 'p', '1', '0', 'workflow', '{}', 'd', '/', '{}', 's', 1, 'failed', '{\"state\":\"failed\",\"reason\":\"No.\"}', null, null, 1, 1)";
const WAIT: &str = "insert into waits values ('parent', 'asleep')";
const CALL: &str =
    "insert into journal values ('done', 1, 'files.read', 'read', 'an older hash', '{}', null, 'done', '{\"ok\":1}', null, 0, 1, 2)";
const QUESTION: &str = "insert into questions (id, run_id, seq, root_id, project, plugin, text, options, reasoning, confidence, severity, context, asked_at) \
    values ('q', 'asleep', 1, 'asleep', 'd', 'p', 'Which?', '[]', '', 0.5, 'info', 'null', 3)";

const GRANTS: &str = "insert into grants (plugin, hash, granted, withheld, state, decided_at, decided_by, revision) values \
    ('starter', 'aa', '{\"agents\":[\"amelia\"],\"hosts\":[\"*\"]}', '{}', 'enabled', 1, 'ada', 1), \
    ('writer', 'bb', '{\"write\":[\"docs/**\"]}', '{}', 'enabled', 1, 'ada', 2)";

async fn connect(file: &Path) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap()
}

/// The newest schema before that.
fn older_schema() -> i64 {
    database::migrations().iter().map(|migration| migration.version).filter(|version| *version < FORMS).max().unwrap()
}

/// A data directory as the host before forms left it.
async fn older() -> TempDir {
    let folder = TempDir::new().unwrap();
    let mut connection = connect(&folder.path().join("baton.db")).await;
    let before = database::migrations().iter().filter(|migration| migration.version < FORMS).cloned().collect();
    Migrator::with_migrations(before).run(&mut connection).await.unwrap();
    for statement in [ROWS, WAIT, CALL, QUESTION] {
        connection.execute(statement).await.unwrap();
    }
    connection.close().await.unwrap();
    folder
}

async fn count(file: &Path, statement: &'static str) -> i64 {
    let mut connection = connect(file).await;
    let count = sqlx::query(statement).fetch_one(&mut connection).await.unwrap().try_get(0).unwrap();
    connection.close().await.unwrap();
    count
}

fn copies(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut copies: Vec<_> = names.filter(|name| name.contains("schema")).collect();
    copies.sort();
    copies
}

#[tokio::test]
async fn an_older_database_is_copied_and_what_had_not_ended_is_paused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = older().await;
    fs::write(folder.path().join(format!("baton.schema-{}.db-new", older_schema())), "half of a copy").unwrap();
    let store = open(folder.path()).await;
    for name in ["queued", "running", "asleep", "parent"] {
        let run = store.find(&id(name)).await.unwrap().unwrap();
        let State::Paused { pause } = &run.state else { panic!("{name}: {run:?}") };
        assert_eq!((pause.kind, pause.at, run.journal_form, run.is_replayable()), (PauseKind::JournalForm, Some(1), 0, false));
        assert!(pause.reason.contains("earlier version of Baton") && pause.reason.contains("begin again"), "{pause}");
    }
    let state = async |name: &str| store.find(&id(name)).await.unwrap().unwrap().state.as_str();
    assert_eq!((state("paused").await, state("done").await, state("failed").await), ("paused", "succeeded", "failed"));
    assert_eq!(store.find(&id("done")).await.unwrap().unwrap().output, Some(7.into()));
    assert_eq!(store.entries(&id("done")).await.unwrap()[0].answer.as_deref(), Some("{\"ok\":1}"));
    assert_eq!((store.next_due(None).await.unwrap(), store.requeue_running().await.unwrap()), (None, 0));
    assert_eq!(store.add(&run("new"), u64::MAX, Vec::new()).await.unwrap(), Added::New);
    assert_eq!(store.find(&id("new")).await.unwrap().map(|run: Run| run.journal_form), Some(FORM));
    store.close().await;
    let database = folder.path().join("baton.db");
    assert_eq!(count(&database, "select count(*) from waiting").await, 0);
    assert_eq!(count(&database, "select count(*) from questions where withdrawn_at is null").await, 0);

    let copy = folder.path().join(format!("baton.schema-{}.db", older_schema()));
    assert_eq!(copies(folder.path()), [format!("baton.schema-{}.db", older_schema())]);
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    open(folder.path()).await.close().await;
    assert_eq!(copies(folder.path()).len(), 1, "a database that is up to date is not copied");

    // The way back: the copy in the place of the database.
    fs::rename(&copy, &database).unwrap();
    assert_eq!(count(&database, "select max(version) from _sqlx_migrations").await, older_schema());
    assert_eq!(count(&database, "select count(*) from runs where state in ('queued', 'running', 'waiting')").await, 4);
    let store = open(folder.path()).await;
    assert_eq!(store.find(&id("queued")).await.unwrap().unwrap().state.as_str(), "paused");
}

/// A database of a branch with a later migration, to which one with an earlier number is added.
#[tokio::test]
async fn a_migration_below_one_that_was_run_is_not_run_without_a_copy() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("baton.db");
    let mut connection = connect(&file).await;
    let without = database::migrations().iter().filter(|migration| migration.version != TOOL_FORMS).cloned().collect();
    Migrator::with_migrations(without).run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert!(matches!(Store::open_read_only(folder.path()).await, Err(StoreError::Older(_))), "it is not read as if it were up to date");
    open(folder.path()).await.close().await;
    let newest = database::migrations().iter().map(|migration| migration.version).max().unwrap();
    assert_eq!(copies(folder.path()), [format!("baton.schema-{newest}.db")]);
    let copy = folder.path().join(format!("baton.schema-{newest}.db"));
    let ran = "select count(*) from _sqlx_migrations where version = 20261129000400";
    assert_eq!((count(&copy, ran).await, count(&file, ran).await), (0, 1));
    open(folder.path()).await.close().await;
    assert_eq!(copies(folder.path()).len(), 1);
}

#[tokio::test]
async fn what_a_host_that_was_killed_left_unfinished_is_finished_without_a_copy() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("baton.db");
    let mut connection = connect(&file).await;
    database::migrations().run(&mut connection).await.unwrap();
    connection.execute("insert into project_keys (key) values ('k')").await.unwrap();
    connection.close().await.unwrap();
    assert!(matches!(Store::open_read_only(folder.path()).await, Err(StoreError::Older(_))));
    open(folder.path()).await.close().await;
    assert_eq!(copies(folder.path()), [""; 0], "nothing is migrated");
    assert_eq!(count(&file, "select count(*) from sqlite_master where name = 'project_keys'").await, 0);
}

#[tokio::test]
async fn grants_that_reach_less_are_marked_and_what_nothing_serves_is_taken_back() {
    let folder = older().await;
    let mut connection = connect(&folder.path().join("baton.db")).await;
    connection.execute(GRANTS).await.unwrap();
    connection.close().await.unwrap();
    let store = open(folder.path()).await;
    let decisions = store.decisions().await.unwrap();
    let marked: Vec<_> = decisions.iter().map(|decision| (&*decision.plugin, decision.grant_state.reaches_less)).collect();
    assert_eq!(marked, [("starter", true), ("writer", false)]);
    assert!(decisions.iter().all(|decision| decision.grant_state.limited.is_empty()));
    let kinds = ["hosts".to_owned(), "secrets".to_owned()].into();
    let rulings: Vec<_> = store.rulings().await.unwrap().into_iter().map(|ruling| (ruling.plugin, ruling.rule, ruling.revision)).collect();
    assert_eq!(rulings, [("starter".to_owned(), Rule::TakenBack { kinds, rest: Patterns::default() }, 3)]);
    assert!(store.find(&id("done")).await.unwrap().unwrap().ceiling.is_empty());
}

#[tokio::test]
async fn what_is_in_the_log_alone_is_copied() {
    let folder = older().await;
    let file = folder.path().join("baton.db");
    let mut writer = connect(&file).await;
    writer.execute("pragma journal_mode = wal").await.unwrap();
    writer.execute("update runs set plugin = 'late' where id = 'done'").await.unwrap();
    assert!(fs::metadata(folder.path().join("baton.db-wal")).unwrap().len() > 0);
    let copy = backup::keep(&mut writer, &file, older_schema(), backup::free).await.unwrap();
    assert_eq!(count(&copy, "select count(*) from runs where plugin = 'late'").await, 1);
}

#[tokio::test]
async fn a_copy_is_kept_once_and_never_changed() {
    let folder = older().await;
    let file = folder.path().join("baton.db");
    let mut connection = connect(&file).await;
    let first = backup::keep(&mut connection, &file, older_schema(), backup::free).await.unwrap();
    let again = backup::keep(&mut connection, &file, older_schema(), backup::free).await.unwrap();
    assert_eq!((&first, copies(folder.path()).len()), (&again, 1));
    let before = fs::read(&first).unwrap();
    connection.execute("update runs set plugin = 'other'").await.unwrap();
    let other = backup::keep(&mut connection, &file, older_schema(), backup::free).await.unwrap();
    assert_eq!(other.file_name().unwrap().to_str().unwrap(), format!("baton.schema-{}-2.db", older_schema()));
    assert_eq!(fs::read(&first).unwrap(), before);
    assert_eq!(copies(folder.path()).len(), 2);
}

#[tokio::test]
async fn without_room_for_the_copy_nothing_is_begun() {
    let folder = older().await;
    let file = folder.path().join("baton.db");
    let before = fs::read(&file).unwrap();
    let mut connection = connect(&file).await;
    let error = backup::keep(&mut connection, &file, older_schema(), |_| Ok(8 << 20)).await.unwrap_err();
    assert!(matches!(error, StoreError::NoRoomForCopy { needed: 33, free: 8 }), "{error:?}");
    assert!(error.to_string().contains("Nothing was changed"), "{error}");
    assert_eq!((copies(folder.path()), fs::read(&file).unwrap()), (Vec::new(), before));
}

#[tokio::test]
async fn a_database_is_whole_from_the_moment_that_it_has_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().canonicalize().unwrap().join("baton.db");
    database::make(&file, &*clock()).await.unwrap();
    database::open_for_reading(folder.path()).await.expect("nothing is left to be done before it can be read");
}

#[tokio::test]
async fn events_of_before_have_the_names_and_keys_of_today() {
    const TYPED_EVENTS: i64 = 20_261_202_002_000;
    let folder = TempDir::new().unwrap();
    let mut connection = connect(&folder.path().join("baton.db")).await;
    let before = database::migrations().iter().filter(|migration| migration.version < TYPED_EVENTS).cloned().collect();
    Migrator::with_migrations(before).run(&mut connection).await.unwrap();
    let reply = r#"{"seq":1,"model":"a/b","input-tokens":7,"output-tokens":null,"cost-usd":0.5,"stop":"end","possibly-charged":true}"#;
    let asked =
        r#"{"question":"q","seq":1,"text":"\"expires-at\":","options":[],"confidence":0.5,"severity":"info","best":null,"expires-at":7}"#;
    let waiting = r#"{"for":{"until":7}}"#;
    let old = [
        ("llm", "completed", reply),
        ("question", "asked", asked),
        ("run", "waiting", waiting),
        ("plugin", "refused", r#"{"file":"a","reason":"b","kept":null}"#),
        ("git", "worktree-added", r#"{"worktree":"story/1"}"#),
    ];
    for (cursor, (category, name, data)) in (1_i64..).zip(old) {
        let query = sqlx::query("insert into events (cursor, at, category, name, run_id, data) values ($1, 5, $2, $3, 'r', $4)");
        query.bind(cursor).bind(category).bind(name).bind(data).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();

    let events = open(folder.path()).await.after(0, None, 10).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.draft.name.as_str()).collect();
    assert_eq!(names, ["completed", "asked", "waiting", "rejected", "worktree_added"]);
    let reply: Completed = events[0].draft.payload().unwrap();
    assert_eq!((reply.input_tokens, reply.output_tokens, reply.cost_usd, reply.possibly_charged), (Some(7), None, Some(0.5), true));
    let asked: QuestionAsked = events[1].draft.payload().unwrap();
    assert_eq!((asked.text.as_str(), asked.expires_at), ("\"expires-at\":", Some(Moment(7))), "what a text says stays");
    let Waiting { wait } = events[2].draft.payload().unwrap();
    assert_eq!(Wait::from(wait), Wait::Until(7));
    let rejected: Rejected = events[3].draft.payload().unwrap();
    assert_eq!((rejected.file.as_str(), rejected.kept), ("a", None));
}
