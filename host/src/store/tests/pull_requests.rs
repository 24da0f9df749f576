use std::path::Path;

use super::{HOSTILE, fresh, open};
use crate::interfaces::forge::{Check, Ending, ForgeError, Progress, Proposal, PullRequestContext, PullRequests, State, Verdict};

fn place<'a>(project: &'a str, key: &'a str) -> PullRequestContext<'a> {
    PullRequestContext { project, folder: Path::new("/nowhere"), author: "amelia", key, again: false }
}

fn proposal(branch: &str) -> Proposal {
    Proposal { branch: branch.to_owned(), into: "main".to_owned(), title: "A title".to_owned(), body: String::new() }
}

fn check(name: &str, progress: Progress) -> Check {
    Check { name: name.to_owned(), progress, summary: "3 of 3".to_owned() }
}

fn ending(state: State, commit: Option<&str>) -> Ending {
    Ending { state, head: Some("ab".repeat(20)), merge_commit: commit.map(str::to_owned) }
}

#[tokio::test]
async fn a_branch_has_one_open_pull_request_and_numbers_count_by_project() {
    let (folder, store) = fresh().await;
    assert_eq!(store.open(place("shop", "r:1"), &proposal("story/1")).await, Ok(1));
    assert_eq!(store.open(place("shop", "r:1"), &proposal("story/1")).await, Ok(1), "the same call");
    assert_eq!(store.open(place("shop", "r:2"), &proposal("story/1")).await, Ok(1), "the same branches");
    assert_eq!(store.open(place("shop", "r:3"), &proposal("story/2")).await, Ok(2));
    assert_eq!(store.open(place("shop", "r:4"), &Proposal { into: "next".into(), ..proposal("story/1") }).await, Ok(3));
    assert_eq!(store.open(place("other", "r:5"), &proposal("story/1")).await, Ok(1), "another project");
    store.end(place("shop", "r:6"), 1, &ending(State::Closed, None)).await.unwrap();
    assert_eq!(store.open(place("shop", "r:1"), &proposal("story/1")).await, Ok(1), "a call that was cut off opens no second one");
    assert_eq!(store.open(place("shop", "r:7"), &proposal("story/1")).await, Ok(4));
    let numbers =
        |list: Vec<(crate::interfaces::forge::Summary, State)>| list.iter().map(|(summary, _)| summary.number).collect::<Vec<_>>();
    assert_eq!(numbers(store.list("shop", false).await.unwrap()), [2, 3, 4]);
    assert_eq!(numbers(store.list("shop", true).await.unwrap()), [1, 2, 3, 4]);
    drop(store);
    assert_eq!(numbers(open(folder.path()).await.list("shop", true).await.unwrap()), [1, 2, 3, 4]);
}

#[tokio::test]
async fn checks_are_replaced_and_reviews_are_added_once() {
    let (_folder, store) = fresh().await;
    store.open(place("shop", "r:1"), &proposal("story/1")).await.unwrap();
    store.report(place("shop", "r:2"), 1, &check("tests", Progress::Pending), Some("aa")).await.unwrap();
    store.report(place("shop", "r:3"), 1, &check("tests", Progress::Passed), Some("bb")).await.unwrap();
    for _ in 0..2 {
        store.review(place("shop", "r:4"), 1, Verdict::RequestChanges, "Test it.").await.unwrap();
    }
    store.review(place("shop", "r:5"), 1, Verdict::Approve, "").await.unwrap();
    let kept = store.find("shop", 1).await.unwrap().unwrap();
    assert_eq!(kept.checks, [(check("tests", Progress::Passed), Some("bb".to_owned()))]);
    let verdicts: Vec<_> = kept.reviews.iter().map(|review| (review.verdict, review.author.as_str())).collect();
    assert_eq!(verdicts, [(Verdict::RequestChanges, "amelia"), (Verdict::Approve, "amelia")]);
}

#[tokio::test]
async fn what_has_ended_stays_so() {
    let (_folder, store) = fresh().await;
    store.open(place("shop", "r:1"), &proposal("story/1")).await.unwrap();
    let merged = ending(State::Merged, Some("cd"));
    for _ in 0..2 {
        store.end(place("shop", "r:2"), 1, &merged).await.unwrap();
    }
    let kept = store.find("shop", 1).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.merge_commit.as_deref()), (State::Merged, Some("cd")));
    let refused = |result: Result<(), ForgeError>| matches!(result, Err(ForgeError::Conflict(_)));
    assert!(refused(store.end(place("shop", "r:3"), 1, &ending(State::Merged, Some("ef"))).await));
    assert!(refused(store.end(place("shop", "r:4"), 1, &ending(State::Closed, None)).await));
    assert!(refused(store.review(place("shop", "r:5"), 1, Verdict::Approve, "").await));
    assert!(refused(store.report(place("shop", "r:6"), 1, &check("tests", Progress::Failed), None).await));
    assert_eq!(store.review(place("shop", "r:7"), 9, Verdict::Approve, "").await, Err(ForgeError::Unknown(9)));
    assert_eq!(store.end(place("other", "r:8"), 1, &merged).await, Err(ForgeError::Unknown(1)));
    assert_eq!(store.find("other", 1).await, Ok(None));
}

#[tokio::test]
async fn any_text_comes_back_as_it_went() {
    let (_folder, store) = fresh().await;
    for (place_of, text) in HOSTILE.iter().enumerate() {
        let key = format!("r:{place_of}");
        let proposal = Proposal { branch: format!("b{place_of}"), into: "main".into(), title: (*text).into(), body: (*text).into() };
        let number = store.open(place(text, &key), &proposal).await.unwrap();
        store.review(place(text, &key), number, Verdict::Comment, text).await.unwrap();
        let kept = store.find(text, number).await.unwrap().unwrap();
        assert_eq!((&kept.proposal, kept.reviews[0].text.as_str()), (&proposal, *text));
    }
}
