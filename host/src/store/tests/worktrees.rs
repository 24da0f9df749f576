use std::path::PathBuf;

use super::{HOSTILE, fresh, id, open};
use crate::interfaces::{
    git::{Claim, Claimed, Register, Worktree, WorktreeState},
    pins::Pin,
};

fn claim(branch: &str, call: &str) -> Claim {
    Claim {
        project: "demo".to_owned(),
        checkout: PathBuf::from("/demo"),
        branch: branch.to_owned(),
        base: "main".to_owned(),
        made_by: call.to_owned(),
        root: id("a"),
        pin: Some(Pin("bound".to_owned())),
    }
}

fn yours(claimed: Claimed) -> Worktree {
    match claimed {
        Claimed::Yours(worktree) => worktree,
        Claimed::Taken(worktree) => panic!("taken: {worktree:?}"),
    }
}

#[tokio::test]
async fn a_call_finds_its_worktree_again_and_another_does_not_get_it() {
    let (folder, store) = fresh().await;
    let made = yours(store.claim(&claim("story/1", "a:1")).await.unwrap());
    assert_eq!((made.slot, made.state), (1, WorktreeState::Making));
    store.set_state(&made, WorktreeState::Ready).await.unwrap();
    store.close().await;
    let store = open(folder.path()).await;
    let again = yours(store.claim(&claim("story/1", "a:1")).await.unwrap());
    assert_eq!((again.slot, again.state), (1, WorktreeState::Ready));
    assert!(matches!(store.claim(&claim("story/1", "b:1")).await.unwrap(), Claimed::Taken(found) if found.claim.made_by == "a:1"));
    assert_eq!(yours(store.claim(&claim("story/2", "a:2")).await.unwrap()).slot, 2);
}

#[tokio::test]
async fn what_was_given_back_is_used_again_for_the_same_checkout_alone() {
    let (_folder, store) = fresh().await;
    let made = yours(store.claim(&claim("story/1", "a:1")).await.unwrap());
    store.set_state(&made, WorktreeState::Free).await.unwrap();
    let elsewhere = Claim { checkout: PathBuf::from("/other"), ..claim("story/1", "a:2") };
    assert_eq!(yours(store.claim(&elsewhere).await.unwrap()).slot, 2);
    assert_eq!(yours(store.claim(&claim("story/2", "a:3")).await.unwrap()).slot, 1);
    // Whoever still thinks that it is its own changes nothing.
    store.set_state(&made, WorktreeState::Free).await.unwrap();
    let kept = store.worktrees().await.unwrap();
    assert_eq!(
        kept.iter().map(|kept| (kept.slot, kept.state)).collect::<Vec<_>>(),
        [(1, WorktreeState::Making), (2, WorktreeState::Making)]
    );
}

#[tokio::test]
async fn whatever_a_branch_is_called_comes_back_as_it_was() {
    let (_folder, store) = fresh().await;
    for (number, text) in HOSTILE.iter().enumerate() {
        let claim = Claim { base: (*text).to_owned(), project: (*text).to_owned(), ..claim(text, &format!("a:{number}")) };
        let made = yours(store.claim(&claim).await.unwrap());
        assert!(store.worktrees().await.unwrap().contains(&made));
        assert_eq!(made.claim, claim);
    }
}
