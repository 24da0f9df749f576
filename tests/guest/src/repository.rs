//! Deeds on the repository of the workspace. Expects each change to be made once, however often the run is resumed.

use baton_sdk::{
    git::{Merged, Resolution},
    prelude::*,
};

/// What both stories write, each its own.
const SHARED: &str = "out/shared.txt";

/// Expects: two stories, made at once in worktrees of their own, in `main` with one merge; what is left of them is gone.
pub(crate) fn sprint() -> Result<Value> {
    let expected = git::log(Some("main"), 1)?[0].id.clone();
    let mut runs = Vec::new();
    for story in ["one", "two"] {
        let worktree = git::worktree_add(&format!("story/{story}"), "main")?;
        let options = ChildOptions::new().in_worktree(worktree);
        runs.push(workflows::start_with::<Value, _>("probe", &json!({ "do": "story", "say": story }), &options)?);
    }
    for run in runs {
        run.wait()?;
    }
    let options = ChildOptions::new().in_worktree("story/one");
    let land = workflows::start_with::<Value, _>("probe", &json!({ "do": "land", "say": expected }), &options)?;
    let conflicts = land.wait()?.output;
    for story in ["one", "two"] {
        git::worktree_remove(&format!("story/{story}"))?;
    }
    let subjects: Vec<_> = git::log(Some("main"), 10)?.into_iter().map(|commit| commit.summary).collect();
    Ok(json!({ "conflicts": conflicts, "commits": subjects }))
}

/// Expects: to work in a worktree, and one commit there.
pub(crate) fn story(name: &str) -> Result<Value> {
    files::write(&format!("out/{name}.txt"), format!("story {name}\n"))?;
    files::write(SHARED, format!("written by {name}\n"))?;
    Ok(json!(git::commit(&format!("Write {name}"), Some("amelia"))?))
}

/// Expects: a conflict, one merge once it is resolved, and `main` moved forward from where it was.
pub(crate) fn land(expected: &str) -> Result<Value> {
    let Merged::Conflicts(conflicts) = git::merge("story/two", "Merge two", &[])? else {
        return Err(Error::other("The two stories wrote the same file, and no conflict was found."));
    };
    let resolved = [Resolution::keep(SHARED, "written by one and two\n")];
    if let Merged::Conflicts(paths) = git::merge("story/two", "Merge two", &resolved)? {
        return Err(Error::other(format!("{paths:?} were resolved and conflict.")));
    }
    git::advance("main", expected)?;
    Ok(json!(conflicts))
}
