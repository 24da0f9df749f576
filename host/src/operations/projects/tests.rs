//! What is said of projects and their folders.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{change::check_repository, place::move_hint, *};

fn project(folders: &[&Path], state: ProjectState) -> projects::Project {
    projects::Project {
        id: "0194".to_owned(),
        name: "shop".to_owned(),
        folders: folders.iter().map(PathBuf::from).collect(),
        repository: None,
        state,
        settings: json!({}),
        former_key: None,
        created_at: 0,
        updated_at: 0,
        removed_at: None,
    }
}

#[test]
fn an_address_of_a_repository_holds_no_password() {
    for good in ["https://github.com/ada/shop", "git@github.com:ada/shop.git", "ssh://git@host:22/shop", "https://ada@host/x:y@z"] {
        assert_eq!(check_repository(good), Ok(()));
    }
    for bad in ["", "a b", "a\u{1b}[2J", &"x".repeat(3_000)] {
        assert!(check_repository(bad).unwrap_err().message.contains("not a repository URL"), "{bad}");
    }
    let problem = check_repository("https://ada:hunter2@host/shop").unwrap_err();
    assert!(problem.message.contains("password") && !problem.to_string().contains("hunter2"), "{problem}");
}

#[test]
fn a_project_without_its_folder_is_in_error_unless_an_operator_stopped_it() {
    let home = tempfile::tempdir().unwrap();
    let missing = home.path().join("gone");
    let view = |folders: &[&Path], state| Project::from(project(folders, state));
    let present = view(&[home.path()], ProjectState::Active);
    assert_eq!((present.state, present.reason, present.hint), (ProjectState::Active, None, None));
    let lost = view(&[&missing], ProjectState::Active);
    assert!(lost.state == ProjectState::Error && lost.reason.unwrap().ends_with("gone does not exist."));
    let paused = view(&[&missing], ProjectState::Paused);
    assert!(paused.state == ProjectState::Paused && paused.reason.is_some() && paused.hint.is_some());
    assert_eq!(view(&[], ProjectState::Inactive).state, ProjectState::Error);
}

#[test]
fn the_hint_for_a_missing_folder_is_the_command_that_sets_it() {
    let home = tempfile::tempdir().unwrap();
    let hint = |folders: &[&Path]| move_hint(&project(folders, ProjectState::Active));
    assert_eq!(hint(&[home.path()]), None);
    assert_eq!(hint(&[]).unwrap(), "Set it with `baton project move shop DIR`.");
    assert_eq!(hint(&[Path::new("/nowhere/shop")]).unwrap(), "If it moved, use `baton project move shop DIR`.");
    let two = hint(&[home.path(), Path::new("/nowhere/my shop")]).unwrap();
    assert_eq!(two, "If it moved, use `baton project move shop DIR --from '/nowhere/my shop'`.");
}

#[test]
fn a_folder_that_cannot_be_used_is_an_invalid_field() {
    let home = tempfile::tempdir().unwrap();
    let problem = usable_folder(&home.path().join("a\u{1b}[2J")).unwrap_err();
    assert!(problem.message.contains(r"a\u{1b}[2J does not exist"), "{problem}");
    assert_eq!((&*problem.code, problem.field.as_deref()), ("folder_unfit", Some("folder")));
}
