use std::path::{Path, PathBuf};

use super::{HOSTILE, fresh, id, open, run};
use crate::{
    actor::Actor,
    events::{Category, EventLog},
    interfaces::{
        git::{Claim, Claimed, Register, WorktreeState},
        llm::money::{BudgetStore, Scope},
        pins::Pin,
    },
    journal::CallError,
    kernel::{
        projects::{Opening, Project, ProjectChange, ProjectState, Projects, Purpose, Refusal},
        run::{Run, Runs, State},
    },
    store::Store,
};

fn opening(number: u64, folder: &str, purpose: Purpose) -> Opening {
    Opening { id: format!("id-{number}"), folder: PathBuf::from(folder), purpose, by: Some(Actor::operator("ada")) }
}

fn adding(name: Option<&str>) -> Purpose {
    Purpose::Add { name: name.map(str::to_owned), repository: None }
}

async fn added(store: &Store, number: u64, folder: &str) -> Project {
    store.open_project(&opening(number, folder, Purpose::Write)).await.unwrap().unwrap()
}

async fn changed(store: &Store, project: &Project, change: ProjectChange) -> Result<Project, Refusal> {
    store.change_project(&project.id, &change, &Actor::operator("ada")).await.unwrap()
}

async fn started(store: &Store, name: &str, folder: &str) -> Result<Run, Refusal> {
    let run = Run { project: String::new(), workspace: PathBuf::from(folder), ..run(name) };
    let opening = Opening { by: None, id: format!("id of {name}"), ..opening(0, folder, Purpose::Run(run.id.clone())) };
    store.start_run(&run, Some(&opening), Vec::new()).await.unwrap()
}

async fn ended(store: &Store, name: &str, to: State) {
    assert!(store.transition(&id(name), &["queued"], to, None, Vec::new()).await.unwrap());
}

fn to(folder: &str, from: Option<&str>) -> ProjectChange {
    ProjectChange::Move { from: from.map(PathBuf::from), to: PathBuf::from(folder), pin: Some(Pin("there".to_owned())) }
}

#[tokio::test]
async fn a_folder_is_one_project_however_often_and_by_whomever_it_is_opened() {
    let (folder, store) = fresh().await;
    let beside = Store::open_beside(folder.path(), super::clock()).await.unwrap();
    let openings: Vec<_> = (0..20).map(|number| opening(number, "/home/ada/shop", Purpose::Write)).collect();
    let opened = openings.iter().enumerate().map(|(number, opening)| if number % 2 == 0 { &store } else { &beside }.open_project(opening));
    let opened = futures::future::join_all(opened).await;
    let first = opened[0].clone().unwrap().unwrap();
    assert!(opened.iter().all(|opened| opened.clone().unwrap().unwrap() == first));
    assert_eq!(
        (first.name.as_str(), first.state, first.folders.as_slice()),
        ("shop", ProjectState::Inactive, &[PathBuf::from("/home/ada/shop")][..])
    );
    assert_eq!(store.all_projects().await.unwrap(), [first]);
}

#[tokio::test]
async fn a_run_makes_its_folder_a_project_and_the_project_active() {
    let (folder, store) = fresh().await;
    let first = started(&store, "a", "/home/ada/shop").await.unwrap();
    let again = started(&store, "b", "/home/ada/shop").await.unwrap();
    let below = started(&store, "c", "/home/ada/shop/below").await.unwrap();
    assert_eq!(first.project, again.project);
    assert_ne!(first.project, below.project, "a directory below is a project of its own");
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().project, first.project);
    store.close().await;
    let store = open(folder.path()).await;
    let project = store.load_project(&first.project).await.unwrap().unwrap();
    assert_eq!((project.name.as_str(), project.state), ("shop", ProjectState::Active));
    let events = store.latest(Category::Audit, None, 10).await.unwrap();
    let told: Vec<_> = events.iter().map(|event| (event.draft.name.as_str(), event.draft.run.clone())).collect();
    assert_eq!(told, [("project_added", Some(id("c"))), ("project_added", Some(id("a")))]);
}

#[tokio::test]
async fn no_run_starts_where_an_operator_is_against_it() {
    let (_folder, store) = fresh().await;
    let project = added(&store, 1, "/shop").await;
    let _paused = changed(&store, &project, ProjectChange::Pause).await.unwrap();
    assert_eq!(started(&store, "a", "/shop").await, Err(Refusal::Paused("shop".to_owned())));
    assert_eq!(changed(&store, &project, ProjectChange::Resume).await.unwrap().state, ProjectState::Active);
    let _completed = changed(&store, &project, ProjectChange::Complete).await.unwrap();
    assert_eq!(started(&store, "a", "/shop").await, Err(Refusal::Completed("shop".to_owned())));
    assert_eq!(changed(&store, &project, ProjectChange::Pause).await, Err(Refusal::Completed("shop".to_owned())));
    assert!(store.find(&id("a")).await.unwrap().is_none());
    let _resumed = changed(&store, &project, ProjectChange::Resume).await.unwrap();
    let run = started(&store, "a", "/shop").await.unwrap();
    assert_eq!(
        changed(&store, &project, ProjectChange::Complete).await,
        Err(Refusal::Unfinished { name: "shop".to_owned(), run: "a".to_owned() })
    );
    let fork = Run { project: run.project.clone(), forked_from: Some((id("a"), 1)), ..super::run("fork") };
    let _paused = changed(&store, &project, ProjectChange::Pause).await.unwrap();
    assert_eq!(store.start_run(&fork, None, Vec::new()).await.unwrap(), Err(Refusal::Paused("shop".to_owned())));
}

#[tokio::test]
async fn the_runs_of_a_paused_project_stay_queued_until_it_is_resumed() {
    let (_folder, store) = fresh().await;
    let (shop, notes) = (started(&store, "a", "/shop").await.unwrap(), started(&store, "b", "/notes").await.unwrap());
    let queued = async |root: Option<&str>, plugin: Option<&str>| {
        let queued = store.queued(root.map(id).as_ref(), plugin, 10).await.unwrap();
        queued.into_iter().map(|queued| queued.id.to_string()).collect::<Vec<_>>()
    };
    let project = store.load_project(&shop.project).await.unwrap().unwrap();
    let _paused = changed(&store, &project, ProjectChange::Pause).await.unwrap();
    for plugin in [None, Some(notes.plugin.as_str())] {
        assert_eq!(queued(None, plugin).await, ["b"]);
        assert_eq!((queued(Some("a"), plugin).await, queued(Some("b"), plugin).await), (Vec::new(), vec!["b".to_owned()]));
    }
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().state, State::Queued);
    let _resumed = changed(&store, &project, ProjectChange::Resume).await.unwrap();
    assert_eq!(queued(None, None).await, ["a", "b"]);
}

#[tokio::test]
async fn names_are_unique_whatever_their_case_and_free_again_after_a_removal() {
    let (_folder, store) = fresh().await;
    let shop = added(&store, 1, "/a/shop").await;
    let second = added(&store, 2, "/b/Shop").await;
    assert_eq!(second.name, "Shop-2");
    let taken = store.open_project(&opening(3, "/c", adding(Some("SHOP")))).await.unwrap();
    assert_eq!(taken, Err(Refusal::NameTaken("shop".to_owned())), "as the project is called");
    assert_eq!(changed(&store, &second, ProjectChange::Rename("shop".to_owned())).await, Err(Refusal::NameTaken("shop".to_owned())));
    assert_eq!(changed(&store, &second, ProjectChange::Rename("shop-two".to_owned())).await.unwrap().name, "shop-two");
    let _removed = changed(&store, &shop, ProjectChange::Remove).await.unwrap();
    assert_eq!(changed(&store, &second, ProjectChange::Rename("shop".to_owned())).await.unwrap().name, "shop");
    assert_eq!(changed(&store, &shop, ProjectChange::Pause).await, Err(Refusal::Unknown(shop.id.clone())));
    assert_eq!(store.load_project(&shop.id).await.unwrap().unwrap().name, "shop", "its history keeps the name");
    assert_ne!(added(&store, 4, "/a/shop").await.id, shop.id);
}

#[tokio::test]
async fn a_folder_belongs_to_one_project() {
    let (_folder, store) = fresh().await;
    let (shop, notes) = (added(&store, 1, "/shop").await, added(&store, 2, "/notes").await);
    let taken = || Err(Refusal::FolderTaken { folder: "/shop".to_owned(), name: "shop".to_owned() });
    assert_eq!(store.open_project(&opening(3, "/shop", adding(Some("mine")))).await.unwrap(), taken());
    assert_eq!(changed(&store, &notes, ProjectChange::AddFolder("/shop".into())).await, taken());
    assert_eq!(changed(&store, &notes, to("/shop", Some("/notes"))).await, taken());
    assert_eq!(changed(&store, &shop, to("/shop", Some("/shop"))).await.unwrap(), shop);
    let two = changed(&store, &notes, ProjectChange::AddFolder("/other".into())).await.unwrap();
    assert_eq!(two.folders, ["/notes", "/other"].map(PathBuf::from));
    assert_eq!(store.project_of_folder(Path::new("/other")).await.unwrap(), Some(two));
}

#[tokio::test]
async fn a_folder_moves_with_its_history_once_nothing_is_at_work() {
    let (_folder, store) = fresh().await;
    let run = started(&store, "a", "/old").await.unwrap();
    let project = store.load_project(&run.project).await.unwrap().unwrap();
    let unfinished = Refusal::Unfinished { name: "old".to_owned(), run: "a".to_owned() };
    for change in [to("/new", Some("/old")), ProjectChange::Remove] {
        assert_eq!(changed(&store, &project, change).await, Err(unfinished.clone()));
    }
    ended(&store, "a", State::Failed { error: CallError::other("no") }).await;
    let claim = Claim {
        project: run.project.clone(),
        checkout: "/old".into(),
        branch: "story/1".to_owned(),
        base: "main".to_owned(),
        made_by: "a:1".to_owned(),
        root: id("a"),
        pin: None,
    };
    let Claimed::Yours(worktree) = store.claim(&claim).await.unwrap() else { panic!("it is taken") };
    let open_story = Refusal::Worktrees { name: "old".to_owned(), run: "a".to_owned() };
    for change in [to("/new", Some("/old")), ProjectChange::Remove] {
        assert_eq!(changed(&store, &project, change).await, Err(open_story.clone()));
    }
    store.set_state(&worktree, WorktreeState::Free).await.unwrap();
    let moved = changed(&store, &project, to("/new", Some("/old"))).await.unwrap();
    assert_eq!((moved.id.as_str(), moved.name.as_str(), moved.folders), (run.project.as_str(), "old", vec![PathBuf::from("/new")]));
    let kept = store.find(&id("a")).await.unwrap().unwrap();
    assert_eq!((kept.workspace, kept.pin), (PathBuf::from("/new"), Some(Pin("there".to_owned()))));
    let again = Claim { checkout: "/new".into(), made_by: "b:1".to_owned(), ..claim };
    let Claimed::Yours(worktree) = store.claim(&again).await.unwrap() else { panic!("it is taken") };
    assert_eq!((worktree.slot, worktree.folder.as_str()), (1, run.project.as_str()), "its directory is used again");
    let told = store.latest(Category::Audit, None, 1).await.unwrap().pop().unwrap().draft;
    assert_eq!(
        (told.name.as_str(), &told.data["from"], &told.data["to"], told.actor),
        ("project_moved", &"/old".into(), &"/new".into(), Some(Actor::operator("ada")))
    );
    assert!(store.project_of_folder(Path::new("/old")).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_removed_keeps_its_runs_and_loses_its_budget() {
    let (_folder, store) = fresh().await;
    let run = started(&store, "a", "/shop").await.unwrap();
    let project = store.load_project(&run.project).await.unwrap().unwrap();
    ended(&store, "a", State::Cancelled).await;
    store.set_budget(&Scope::Project(project.id.clone()), Some("5".parse().unwrap()), &Actor::operator("ada")).await.unwrap();
    assert!(changed(&store, &project, ProjectChange::Remove).await.unwrap().removed_at.is_some());
    assert_eq!(store.budgets().await.unwrap(), []);
    assert_eq!(store.find(&id("a")).await.unwrap().unwrap().project, project.id);
    let fork = Run { project: project.id.clone(), forked_from: Some((id("a"), 1)), ..super::run("fork") };
    assert_eq!(store.start_run(&fork, None, Vec::new()).await.unwrap(), Err(Refusal::Removed("shop".to_owned())));
}

#[tokio::test]
async fn what_changes_nothing_is_not_told() {
    let (_folder, store) = fresh().await;
    let project = added(&store, 1, "/shop").await;
    for change in [ProjectChange::Resume, ProjectChange::Rename("shop".to_owned()), ProjectChange::AddFolder("/shop".into())] {
        assert_eq!(changed(&store, &project, change).await.unwrap(), project);
    }
    assert_eq!(store.latest(Category::Audit, None, 10).await.unwrap().len(), 1, "that it was added");
}

#[tokio::test]
async fn whatever_a_folder_is_called_comes_back_as_it_was() {
    let (_folder, store) = fresh().await;
    for (number, text) in HOSTILE.iter().enumerate() {
        let folder = format!("/odd/{text}");
        let project = added(&store, number as u64, &folder).await;
        assert_eq!(project.folders, [PathBuf::from(&folder)]);
        assert_eq!(store.project_of_folder(Path::new(&folder)).await.unwrap().as_ref(), Some(&project));
        assert!(crate::kernel::projects::check_name(&project.name).is_ok(), "{}", project.name);
    }
}
