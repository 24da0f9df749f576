//! Databases from before projects had ids.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};
use tempfile::TempDir;

use super::{clock, id, open};
use crate::{
    interfaces::{
        backlog::Backlog,
        forge::PullRequests,
        git::{Register, WorktreeState},
        llm::money::{BudgetStore, Scope},
        state::{DocumentScope, Documents},
    },
    kernel::{
        projects::{Opening, Project, ProjectState, Projects, Purpose, Refusal, former_key},
        run::{Filter, Runs},
    },
    store::{Store, StoreError, database},
};

const PROJECTS: i64 = 20_261_129_002_000;
/// Every table and column in which a key stands, without the two below an item and a pull request.
const PLACES: [&str; 10] = [
    "runs.project",
    "state.project",
    "questions.project",
    "worktrees.project",
    "items.project",
    "item_moves.project",
    "pull_requests.project",
    "pull_request_checks.project",
    "pull_request_reviews.project",
    "budgets.of_id",
];

/// A data directory as the version before left it.
struct Old {
    data: TempDir,
    connection: AnyConnection,
}

impl Old {
    async fn new() -> Self {
        let data = TempDir::new().unwrap();
        sqlx::any::install_default_drivers();
        let address = format!("sqlite://{}?mode=rwc", data.path().join("baton.db").display());
        let mut connection = AnyConnection::connect(&address).await.unwrap();
        let mut migrations = database::migrations();
        migrations.migrations = Cow::Owned(migrations.iter().filter(|migration| migration.version < PROJECTS).cloned().collect());
        migrations.run(&mut connection).await.unwrap();
        Self { data, connection }
    }

    async fn does(&mut self, statement: String) {
        self.connection.execute(sqlx::query(AssertSqlSafe(statement))).await.unwrap();
    }

    async fn run(&mut self, name: &str, key: &str, workspace: &str, more: &str) {
        self.does(format!(
            "insert into runs (id, root_id, plugin, plugin_version, plugin_hash, kind, input, project, workspace, settings, seed, started_at, \
             state, created_at, updated_at) values ('{name}', '{name}', 'plan', '0.1.0', '00', 'workflow', '{{}}', '{key}', '{workspace}', \
             '{{}}', 's', 5, 'succeeded', 1700000000000, 6)"
        ))
        .await;
        if !more.is_empty() {
            self.does(format!("update runs set {more} where id = '{name}'")).await;
        }
    }

    /// A row in every table.
    async fn fill(&mut self, key: &str, run: &str) {
        for statement in [
            format!("insert into state values ('{key}', 'notes', 'k', 1, '\"kept\"', 'w', 1)"),
            format!(
                "insert into questions (id, run_id, seq, root_id, project, plugin, text, options, reasoning, confidence, severity, context, asked_at) \
                 values ('q-{run}', '{run}', 1, '{run}', '{key}', 'plan', 'Which?', '[]', '', 0.5, 'info', 'null', 1)"
            ),
            format!(
                "insert into worktrees (project, slot, checkout, branch, base, made_by, root_id, state, changed_at) \
                 values ('{key}', 1, '/home/ada/shop', 'story/1', 'main', '{run}:1', '{run}', 'ready', 1)"
            ),
            format!(
                "insert into items (project, key, kind, title, body, after, priority, status, created_at, updated_at) \
                 values ('{key}', '1-1-init', 'story', 'Begin', '', '[]', 5, 'todo', 1, 1)"
            ),
            format!("insert into item_moves values ('{key}', '1-1-init', 1, 1, null, 'todo', '', null, 'ada')"),
            format!(
                "insert into pull_requests (project, number, branch, into_branch, title, body, state, opened_key, opened_by, opened_at) \
                 values ('{key}', 1, 'story/1', 'main', 'Begin', '', 'open', '{run}:2', 'amelia', 1)"
            ),
            format!("insert into pull_request_checks values ('{key}', 1, 'tests', 'passed', '', null, 1)"),
            format!("insert into pull_request_reviews values ('{key}', 1, '{run}:3', 'approve', '', 'murat', 1)"),
            format!("insert into budgets values ('project', '{key}', 5000000000, 1, 'ada')"),
        ] {
            self.does(statement).await;
        }
    }

    async fn closed(self) -> TempDir {
        self.connection.close().await.unwrap();
        self.data
    }
}

async fn named(store: &Store, name: &str) -> Project {
    let mut projects = store.all_projects().await.unwrap();
    projects.retain(|project| project.name == name);
    assert_eq!(projects.len(), 1, "{name}");
    projects.remove(0)
}

/// The keys that stand in a column.
async fn keys(data: &Path, place: &str) -> Vec<String> {
    let (table, column) = place.split_once('.').unwrap();
    let mut connection = AnyConnection::connect(&format!("sqlite://{}", data.join("baton.db").display())).await.unwrap();
    let statement = AssertSqlSafe(format!("select distinct {column} from {table} order by {column}"));
    let rows = sqlx::query(statement).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn everything_that_was_kept_under_a_folders_hash_belongs_to_a_project() {
    let mut old = Old::new().await;
    let key = former_key(Path::new("/home/ada/shop"));
    old.run("a", &key, "/home/ada/shop", "").await;
    old.run("child", &key, "/data/worktrees/x", "parent_id = 'a', parent_seq = 1, root_id = 'a'").await;
    old.run("fork", &key, "/data/worktrees/y", "forked_from_id = 'child', forked_from_seq = 1, created_at = 1800000000000").await;
    old.fill(&key, "a").await;
    let data = old.closed().await;
    let store = open(data.path()).await;
    let project = named(&store, "shop").await;
    let expected = (ProjectState::Active, vec![PathBuf::from("/home/ada/shop")], Some(key.clone()), 1_700_000_000_000);
    assert_eq!((project.state, project.folders, project.former_key, project.created_at), expected);
    assert_eq!(uuid::Uuid::parse_str(&project.id).unwrap().get_version_num(), 7);
    assert_eq!(store.all_projects().await.unwrap().len(), 1);
    for place in PLACES {
        assert_eq!(keys(data.path(), place).await, std::slice::from_ref(&project.id), "{place}");
    }
    let place = DocumentScope { project: &project.id, bucket: "notes", key: "k" };
    assert_eq!(store.get(place).await.unwrap().unwrap().value, "kept");
    assert_eq!(store.history(&project.id, "1-1-init").await.unwrap().len(), 1);
    assert!(store.item(&project.id, "1-1-init").await.unwrap().draft.labels.is_empty());
    let (summary, _) = PullRequests::list(&store, &project.id, true).await.unwrap().remove(0);
    assert_eq!(summary.number, 1);
    assert_eq!(store.budgets().await.unwrap()[0].scope, Scope::Project(project.id.clone()));
    let worktree = store.worktrees().await.unwrap().remove(0);
    assert_eq!((worktree.folder, worktree.state), (key, WorktreeState::Ready), "its files stay where they lie");
    let runs = Runs::list(&store, &Filter { limit: 10, ..Filter::default() }).await.unwrap();
    assert!(runs.len() == 3 && runs.iter().all(|run| run.project == project.id));
}

#[tokio::test]
async fn projects_of_one_name_stay_apart_and_none_without_a_folder_is_lost() {
    let mut old = Old::new().await;
    let [ada, bob, notes] = ["/home/ada/shop", "/home/bob/shop", "/home/ada/notes"].map(|folder| former_key(Path::new(folder)));
    old.run("a", &ada, "/home/ada/shop", "created_at = 1800000000000").await;
    old.run("b", &bob, "/home/bob/shop", "").await;
    // From when the hash was shorter: the same folder, used before.
    old.run("c", "shop-1a2b3c", "/home/ada/shop", "").await;
    old.does(format!("insert into budgets values ('project', '{notes}', 1, 1, 'ada')")).await;
    old.does("insert into budgets values ('organisation', '', 1, 1, 'ada')".to_owned()).await;
    old.does("insert into state values ('''; drop table runs; --', 'b', 'k', 1, '1', 'w', 1)".to_owned()).await;
    let data = old.closed().await;
    let store = open(data.path()).await;
    let folders = |project: &Project| project.folders.clone();
    let of_ada = store.project_of_folder(Path::new("/home/ada/shop")).await.unwrap().unwrap();
    let of_bob = store.project_of_folder(Path::new("/home/bob/shop")).await.unwrap().unwrap();
    assert_eq!((of_ada.former_key.as_ref(), of_bob.former_key.as_ref()), (Some(&ada), Some(&bob)));
    let projects = store.all_projects().await.unwrap();
    let mut names: Vec<_> = projects.iter().map(|project| project.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["drop-table-runs", "notes", "shop", "shop-2", "shop-3"]);
    let short = projects.iter().find(|project| project.former_key.as_deref() == Some("shop-1a2b3c")).unwrap();
    assert_eq!(folders(short), [""; 0].map(PathBuf::from), "the directory belongs to the one that was used last");
    let kept = named(&store, "notes").await;
    assert_eq!((kept.state, folders(&kept)), (ProjectState::Inactive, Vec::new()));
    assert_eq!(store.budgets().await.unwrap().len(), 2);
    // Its folder is recognized as soon as somebody uses it.
    let opening = Opening { id: "new".to_owned(), folder: "/home/ada/notes".into(), purpose: Purpose::Run(id("d")), by: None };
    assert_eq!(store.project_of_folder(&opening.folder).await.unwrap().unwrap().id, kept.id);
    let added = |name: &str| Purpose::Add { name: Some(name.to_owned()), repository: Some("https://example.org/notes".to_owned()) };
    let taken = store.open_project(&Opening { purpose: added("shop"), ..opening.clone() }).await.unwrap();
    assert_eq!(taken, Err(Refusal::NameTaken("shop".to_owned())));
    assert_eq!(folders(&named(&store, "notes").await), [""; 0].map(PathBuf::from));
    let opened = store.open_project(&Opening { purpose: added("diary"), ..opening.clone() }).await.unwrap().unwrap();
    assert_eq!((opened.id, opened.name.as_str(), opened.folders), (kept.id.clone(), "diary", vec![opening.folder.clone()]));
    assert_eq!(opened.repository.as_deref(), Some("https://example.org/notes"));
    assert_eq!(store.open_project(&opening).await.unwrap().unwrap().id, kept.id);
}

#[tokio::test]
async fn a_host_that_is_killed_between_the_steps_is_finished_by_the_next() {
    let mut old = Old::new().await;
    let key = former_key(Path::new("/home/ada/shop"));
    old.run("a", &key, "/home/ada/shop", "").await;
    database::migrations().run(&mut old.connection).await.unwrap();
    let data = old.closed().await;
    assert!(matches!(Store::open_read_only(data.path()).await.err(), Some(StoreError::Older(_))));
    assert!(matches!(Store::open_beside(data.path(), clock()).await.err(), Some(StoreError::Older(_))));
    let store = open(data.path()).await;
    let project = named(&store, "shop").await;
    store.close().await;
    let again = open(data.path()).await;
    assert_eq!(again.all_projects().await.unwrap(), [project]);
    assert!(Store::open_read_only(data.path()).await.is_ok());
}

#[tokio::test]
async fn a_database_without_projects_is_brought_up_to_date() {
    let data = Old::new().await.closed().await;
    let store = open(data.path()).await;
    assert_eq!(store.all_projects().await.unwrap(), []);
    assert!(Store::open_beside(data.path(), clock()).await.is_ok());
}
