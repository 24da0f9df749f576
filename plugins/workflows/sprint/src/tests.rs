//! The whole workflow on a host in memory: a repository, a backlog, and stand-ins for the workflows that do the work.

use std::cell::RefCell;
use std::collections::BTreeMap;

use baton_sdk::backlog::{Draft, Kind, Status};
use baton_sdk::git::Merged;
use baton_sdk::prelude::*;
use baton_sdk::testing::Host;

use crate::SprintWorkflow;

/// Stories of one file each, with what they wait for.
fn host(stories: &[(&str, &[&str])]) -> Host {
    let mut host = Host::new().with_manifest(&manifest()).with_file("kitty", "begin\n").with_repository();
    for (key, after) in stories {
        let draft = Draft::new(Kind::Story, *key, format!("Story {key}")).after(after.iter().copied());
        host = host.with_item(draft, Status::Todo);
    }
    host.with_workflow("dev-story", developed).with_workflow("code-review", |_| Ok(approved())).with_workflow("land", landed)
}

/// The stand-ins work inside the same host and need what their originals have.
fn manifest() -> String {
    include_str!("../plugin.toml")
        .replace("\"read\", \"worktree\"", "\"*\"")
        .replace("\"story/*\", \"land/*\", \"story-*\", \"land-*\"", "\"**\"")
        .replace("[needs]", "[needs]\nread = [\"**\"]\nwrite = [\"**\"]")
}

fn approved() -> Value {
    json!({ "verdict": "approve", "summary": "Good.", "findings": [] })
}

/// Writes a file of the story's name.
fn developed(input: &Value) -> Result<Value> {
    let key = input["key"].as_str().unwrap_or_default();
    files::write(key, "done")?;
    git::commit(&format!("story {key}"), Some("amelia"))?;
    Ok(json!({ "outcome": "done", "tests": { "passed": true }, "guards": [] }))
}

/// Lands so, and finds nothing when it is to look whether it could.
fn landing(host: Host, land: impl Fn(&Value) -> Result<Value> + 'static) -> Host {
    host.with_workflow("land", move |input| if looks(input) { landed(input) } else { land(input) })
}

/// Whether it is an order to look.
fn looks(input: &Value) -> bool {
    input["stories"] == json!([])
}

fn landed(input: &Value) -> Result<Value> {
    if looks(input) {
        return Ok(json!({}));
    }
    let (mut landed, mut conflicts) = (Vec::new(), Vec::new());
    let expected = git::log(Some("main"), 1)?.remove(0).id;
    for story in input["stories"].as_array().into_iter().flatten() {
        let (key, branch) = (story["key"].as_str().unwrap_or_default(), story["branch"].as_str().unwrap_or_default());
        match git::merge(branch, "Merge", &[])? {
            Merged::Clean(commit) => {
                backlog::move_to(key, Status::Done, "landed")?;
                landed.push(json!({ "key": key, "commit": commit }));
            }
            Merged::Conflicts(paths) => conflicts.push(json!({ "key": key, "paths": paths })),
        }
    }
    git::advance("main", &expected)?;
    Ok(json!({ "landed": landed, "conflicts": conflicts, "red": [], "main": "", "documents": [] }))
}

fn sprint(host: &Host) -> Value {
    host.run(SprintWorkflow::run, json!({})).expect("a summary")
}

fn outcomes(summary: &Value) -> BTreeMap<String, String> {
    let story = |story: &Value| Some((story["key"].as_str()?.to_owned(), story["outcome"].as_str()?.to_owned()));
    summary["stories"].as_array().into_iter().flatten().filter_map(story).collect()
}

fn started(host: &Host, workflow: &str) -> Vec<Value> {
    host.requests("workflows.start").into_iter().filter(|request| request["workflow"] == workflow && !looks(&request["input"])).collect()
}

fn status(host: &Host, key: &str) -> Status {
    host.inside(|| backlog::get(key)).expect("an item").status
}

/// Whether a branch is left of any sprint's work.
fn branch(host: &Host, name: &str) -> bool {
    host.inside(|| git::log(Some(name), 1)).is_ok()
}

#[test]
fn ready_stories_land_and_those_that_wait_for_them_follow() {
    let host = host(&[("1-1", &[]), ("1-2", &["1-1"]), ("1-3", &[])]);
    let summary = sprint(&host);
    assert_eq!((&summary["landed"], &summary["branch"], &summary["shortfall"]), (&json!(3), &json!("main"), &Value::Null));
    assert!(["1-1", "1-2", "1-3"].iter().all(|path| host.file(path).is_some()), "{:?}", host.files());
    assert!(["1-1", "1-2", "1-3"].iter().all(|key| status(&host, key) == Status::Done));
    assert!(!branch(&host, "story/1-1"), "its commits are in main");
    let developed = started(&host, "dev-story");
    assert_eq!(developed[0], json!({ "workflow": "dev-story", "input": { "key": "1-1", "base": "main" }, "worktree": "story/1-1" }));
    assert_eq!(host.requests("git.worktree-add").len(), host.requests("git.worktree-remove").len());
}

#[test]
fn no_more_stories_are_at_work_than_allowed() {
    let stories: &[(&str, &[&str])] = &[("1-1", &[]), ("1-2", &[]), ("1-3", &[]), ("1-4", &[])];
    // What was started before the first of them was waited for.
    let at_once = |host: &Host| {
        let calls = host.calls();
        let begun = calls.iter().skip_while(|call| call.request["workflow"] != "dev-story");
        begun.take_while(|call| call.name != "waits.any").filter(|call| call.request["workflow"] == "dev-story").count()
    };
    let usual = host(stories);
    sprint(&usual);
    assert_eq!(at_once(&usual), 2);
    let set = host(stories).with_setting("sprint.parallel", 3);
    sprint(&set);
    assert_eq!(at_once(&set), 3);
    let said = host(stories).with_setting("sprint.parallel", 3);
    said.run(SprintWorkflow::run, json!({ "parallel": 1, "most": 2 })).expect("a summary");
    assert_eq!((at_once(&said), started(&said, "dev-story").len()), (1, 2));
}

#[test]
fn a_review_sends_a_story_back_with_its_findings() {
    let turn = RefCell::new(0);
    let host = host(&[("1-1", &[])]).with_workflow("code-review", move |_| {
        *turn.borrow_mut() += 1;
        let changes =
            json!({ "verdict": "changes", "summary": "No.", "findings": [{ "path": "kitty", "line": 1, "what": "Wrong", "why": "FR1" }] });
        Ok(if *turn.borrow() == 1 { changes } else { approved() })
    });
    let summary = sprint(&host);
    assert_eq!((&summary["landed"], &summary["stories"][0]["sent_back"]), (&json!(1), &json!(1)));
    let again = &started(&host, "dev-story")[1]["input"];
    assert_eq!((&again["findings"][0]["what"], &again["ask"]), (&json!("Wrong"), &json!(false)));
    let history = host.inside(|| backlog::history("1-1")).expect("a history");
    let moves: Vec<_> = history.iter().map(|step| step.after).collect();
    use Status::{Done, InProgress, Review, Todo};
    assert_eq!(moves, [Todo, InProgress, Review, InProgress, Review, Done]);
}

/// Both stories change the same file.
fn conflicting() -> Host {
    host(&[("1-1", &[]), ("1-2", &[])]).with_workflow("dev-story", |input| {
        let key = input["key"].as_str().unwrap_or_default();
        if input["mode"] == "resolve" {
            let both = git::Resolution::keep("kitty", "1-1 and 1-2\n");
            git::merge("main", "Merge main", &[both])?;
        } else {
            files::write("kitty", key)?;
            git::commit(&format!("story {key}"), Some("amelia"))?;
        }
        Ok(json!({ "outcome": "done", "tests": { "passed": true }, "guards": [] }))
    })
}

#[test]
fn a_conflict_becomes_a_task_is_resolved_reviewed_and_landed() {
    let host = conflicting();
    let summary = sprint(&host);
    assert_eq!((&summary["landed"], &summary["stories"][1]["merged_anew"]), (&json!(2), &json!(1)));
    assert_eq!(host.file("kitty").as_deref(), Some("1-1 and 1-2\n"));
    assert_eq!((started(&host, "code-review").len(), started(&host, "land").len()), (3, 3));
    let task = host.inside(|| backlog::get("1-2-merge")).expect("a task");
    assert_eq!((task.status, task.draft.parent.as_deref()), (Status::Done, Some("1-2")));
    assert!(
        task.draft.body.contains("In `story/1-2`:\n\n    1-2\n") && task.draft.body.contains("In `main`:\n\n    1-1\n"),
        "{}",
        task.draft.body
    );
    let history = host.inside(|| backlog::history("1-2")).expect("a history");
    assert!(history.iter().any(|step| step.after == Status::Blocked && step.reason.contains("kitty conflict with main")));
}

#[test]
fn a_child_that_fails_costs_its_own_story_alone() {
    let host = host(&[("1-1", &[]), ("1-2", &["1-1"]), ("1-3", &[])]).with_workflow("dev-story", |input| match input["key"].as_str() {
        Some("1-1") => Err(Error::other("The model declined.")),
        _ => developed(input),
    });
    let summary = sprint(&host);
    assert_eq!(outcomes(&summary), BTreeMap::from([("1-1".into(), "failed".into()), ("1-3".into(), "landed".into())]));
    assert!(summary["stories"][0]["reason"].to_string().contains("The model declined."));
    assert!(summary["shortfall"].to_string().contains("1 of 2 stories did not land in `main`: 1-1 (failed)."), "{summary}");
    assert_eq!((status(&host, "1-1"), status(&host, "1-2")), (Status::Failed, Status::Todo));
    assert_eq!(host.requests("git.worktree-add").len(), host.requests("git.worktree-remove").len());
}

#[test]
fn a_story_a_person_leaves_is_blocked_and_its_branch_stays() {
    let host = host(&[("1-1", &[])]).with_workflow("dev-story", |input| {
        developed(input)?;
        Ok(json!({ "outcome": "skipped", "reason": "Nobody wants it." }))
    });
    let summary = sprint(&host);
    assert_eq!((&summary["stories"][0]["outcome"], status(&host, "1-1")), (&json!("skipped"), Status::Blocked));
    assert!(branch(&host, "story/1-1"), "what was written is kept");
}

#[test]
fn a_branch_of_an_earlier_sprint_is_left_alone() {
    let host = host(&[("1-1", &[])]).with_commit("story/1-1", "old", "work");
    assert_eq!(sprint(&host)["landed"], 1);
    assert!(branch(&host, "story/1-1") && !branch(&host, "story/1-1-2"));
    assert_eq!(host.file("old"), None);
}

#[test]
fn what_cannot_be_landed_is_blocked_with_the_reason() {
    let host = landing(host(&[("1-1", &[])]), |_| Err(Error::conflict("`kitty` was changed and not committed.")));
    let summary = sprint(&host);
    assert_eq!(summary["stories"][0]["outcome"], "blocked");
    assert!(summary["stories"][0]["reason"].to_string().contains("not committed"));
    let silent = landing(self::host(&[("1-1", &[])]), |_| Ok(json!({})));
    assert_eq!(sprint(&silent)["stories"][0]["outcome"], "blocked");
}

#[test]
fn a_story_that_is_red_once_merged_goes_back() {
    let turn = RefCell::new(0);
    let host = landing(host(&[("1-1", &[])]), move |input| {
        *turn.borrow_mut() += 1;
        if *turn.borrow() > 1 {
            return landed(input);
        }
        Ok(json!({ "red": [{ "key": "1-1", "report": "2 passed\n1 failed\n" }] }))
    });
    assert_eq!(sprint(&host)["landed"], 1);
    assert_eq!(started(&host, "dev-story")[1]["input"]["mode"], "resolve");
    assert!(host.inside(|| backlog::get("1-1-merge")).is_err(), "there is no conflict to file");
}

#[test]
fn a_dirty_checkout_is_refused_with_advice() {
    let host = host(&[("1-1", &[])]).with_file("kitty", "mine\n");
    let refused = host.run(SprintWorkflow::run, json!({}));
    assert!(matches!(refused, Err(Error { kind: ErrorKind::Invalid, text, .. }) if text.contains("kitty") && text.contains("Commit them")));
    assert_eq!(status(&host, "1-1"), Status::Todo);
}

#[test]
fn what_every_story_would_meet_is_found_before_the_first_is_moved() {
    let stories: &[(&str, &[&str])] = &[("1-1", &[]), ("1-2", &[])];
    let refused = |host: Host| {
        let error = host.run(SprintWorkflow::run, json!({})).expect_err("a refusal").to_string();
        assert_eq!((status(&host, "1-1"), status(&host, "1-2")), (Status::Todo, Status::Todo), "{error}");
        assert!(host.requests("backlog.move-to").is_empty() && started(&host, "dev-story").is_empty(), "{error}");
        assert_eq!(host.requests("git.worktree-add").len(), host.requests("git.worktree-remove").len(), "{error}");
        error
    };
    let locked = host(stories).with_workflow("land", |_| Err(Error::conflict("The checkout is locked by another git.")));
    assert!(refused(locked).contains("locked by another git"));
    let red = |_: &Value| Ok(json!({ "base": { "passed": false, "command": "make test", "report": "1 passed\n1 failed\n" } }));
    let stopped = refused(host(stories).with_workflow("land", red).answers("are red before", "Fix the tests first"));
    assert!(stopped.contains("`make test`") && stopped.contains("1 failed"), "{stopped}");
    let lacking = |_: &Value| {
        Ok(json!({ "base": { "passed": false, "outcome": "not-started", "command": "cargo test", "report": "sh: cargo: not found" } }))
    };
    let stopped = refused(host(stories).with_workflow("land", lacking).answers("cannot be started in their image", "Fix the tests first"));
    assert!(stopped.contains("(`cargo test`) cannot be started in their image. Approve an image"), "{stopped}");
    assert!(stopped.contains("`baton project environment build`"), "{stopped}");
    let named = |_: &Value| {
        let failing = json!([{ "name": "cents", "file": "t/a.t", "line": 3, "message": "1 is not 2" }]);
        Ok(json!({ "base": { "passed": false, "command": "make test", "report": "1 failed", "failing": failing } }))
    };
    let stopped = refused(host(stories).with_workflow("land", named).answers("are red before", "Fix the tests first"));
    assert!(stopped.contains("t/a.t:3 `cents`: 1 is not 2. Fix them"), "{stopped}");
    let begun = host(&[("1-1", &[])])
        .answers("are red before", "Begin all the same")
        .with_workflow("land", move |input| if looks(input) { red(input) } else { landed(input) });
    assert_eq!(sprint(&begun)["landed"], 1, "a story may be what mends them");
    let without = host(&[("1-1", &[])]).with_workflow("land", |input| match looks(input) {
        true => Ok(json!({ "base": { "passed": false, "command": null, "report": "No command is known." } })),
        false => landed(input),
    });
    assert_eq!((sprint(&without)["landed"].clone(), without.questions().len()), (json!(1), 0), "tests may come with the first story");
}

#[test]
fn a_branch_named_like_those_of_all_stories_or_batches_costs_no_story() {
    for (taken, other) in [("story", "story-1-1"), ("land", "land/")] {
        let host = host(&[("1-1", &[]), ("1-2", &["1-1"])]).with_commit(taken, "a", "A");
        let summary = sprint(&host);
        assert_eq!((&summary["landed"], &summary["stopped"]), (&json!(2), &Value::Null), "{summary}");
        let logged: Vec<_> = host.logged().into_iter().map(|line| line.message).collect();
        let warned = |text: &String| text.contains(&format!("beside the branch `{taken}`")) && text.contains(other);
        assert!(logged.iter().any(warned), "{logged:?}");
    }
    let host = host(&[("1-1", &[]), ("1-2", &[])]).with_commit("story", "a", "A").with_commit("story-1-1/mine", "a", "A");
    let summary = sprint(&host);
    assert_eq!((&summary["landed"], outcomes(&summary)["1-1"].as_str()), (&json!(1), "skipped"), "{summary}");
}

#[test]
fn a_branch_in_the_way_of_one_story_costs_that_one_alone() {
    for first in [true, false] {
        let taken = if first { "story/1-1/mine" } else { "story/1-3/mine" };
        let host = host(&[("1-1", &[]), ("1-2", &["1-1"]), ("1-3", &[]), ("1-4", &[])]).with_commit(taken, "a", "A");
        let summary = host.run(SprintWorkflow::run, json!({ "parallel": 1 })).expect("a summary");
        let (left, landed) = if first { ("1-1", 2) } else { ("1-3", 3) };
        assert_eq!((&summary["landed"], outcomes(&summary)[left].as_str(), status(&host, left)), (&json!(landed), "skipped", Status::Todo));
        assert!(summary["shortfall"].to_string().contains(left) && summary["stopped"].is_null(), "{summary}");
        assert_eq!(host.requests("git.worktree-add").iter().filter(|request| request["branch"] == format!("story/{left}")).count(), 1);
    }
}

#[test]
fn a_branch_that_comes_in_the_way_in_the_middle_of_a_sprint_costs_no_story() {
    let host = host(&[("1-1", &[]), ("1-2", &["1-1"]), ("1-3", &["1-1"])]);
    let host = landing(host, |input| {
        let landed = landed(input);
        if git::worktree_remove("story/1-1").is_ok() {
            git::worktree_add("story", "main")?;
        }
        landed
    });
    let summary = sprint(&host);
    assert_eq!((&summary["landed"], &summary["stopped"]), (&json!(3), &Value::Null), "{summary}");
}

#[test]
fn stories_that_cannot_be_taken_are_named() {
    let host = host(&[("1-1", &[]), ("1-2", &["1-1"]), ("1-3", &["1-2"])])
        .with_item(Draft::new(Kind::Epic, "1", "All"), Status::Todo)
        .with_item(Draft::new(Kind::Story, "1-4", "Stuck"), Status::Blocked);
    let refused = |input: Value| host.run(SprintWorkflow::run, input).expect_err("a refusal").to_string();
    for (key, why) in
        [("nope", "not in the backlog"), ("../x", "not in"), ("1", "is an epic"), ("1-4", "is `blocked`"), ("1-2", "waits for 1-1")]
    {
        let error = refused(json!({ "stories": [key] }));
        assert!(error.contains(key) && error.contains(why), "{key}: {error}");
    }
    for input in [json!({ "parallel": 0 }), json!({ "parallel": 17 }), json!({ "most": 0 })] {
        assert!(refused(input.clone()).contains("give 1"), "{input}");
    }
    assert!(host.requests("git.worktree-add").is_empty());
    let all = host.run(SprintWorkflow::run, json!({ "stories": ["1-3", "1-1", "1-2"] })).expect("a summary");
    assert_eq!(all["landed"], 3, "one makes the next ready");
    assert_eq!(host.run(SprintWorkflow::run, json!({ "stories": ["1-1"] })).expect("a summary")["stories"], json!([]), "it is done");
}

#[test]
fn what_an_earlier_sprint_left_at_work_is_named() {
    let left = host(&[("1-1", &[])])
        .with_item(Draft::new(Kind::Story, "1-2", "B"), Status::InProgress)
        .with_item(Draft::new(Kind::Story, "1-3", "C"), Status::Review);
    let summary = sprint(&left);
    assert_eq!((&summary["landed"], &summary["held"]), (&json!(1), &json!(["1-2", "1-3"])));
    assert!(left.logged().iter().any(|line| line.message.contains("`baton backlog move 1-2 todo`")), "{:?}", left.logged());
    assert_eq!(sprint(&host(&[("1-1", &[])]))["held"], json!([]));
}

#[test]
fn only_wanted_stories_are_taken_and_nothing_ready_is_no_failure() {
    let host = host(&[("1-1", &[]), ("1-2", &[])]);
    let summary = host.run(SprintWorkflow::run, json!({ "stories": ["1-2"] })).expect("a summary");
    assert_eq!(outcomes(&summary).keys().collect::<Vec<_>>(), ["1-2"]);
    let nothing = self::host(&[]);
    let idle = sprint(&nothing);
    assert_eq!((&idle["stories"], &idle["shortfall"]), (&json!([]), &Value::Null));
    assert!(nothing.progress().contains(&"Nothing is ready: the backlog is empty".to_owned()), "it says so");
    assert!(matches!(nothing.run(SprintWorkflow::run, json!({ "storys": [] })), Err(Error { kind: ErrorKind::Invalid, .. })));
}

fn pull_request(host: &Host, number: u32) -> forge::PullRequest {
    host.inside(|| forge::get(number)).expect("a pull request")
}

#[test]
fn a_story_is_proposed_with_its_criteria_its_tests_and_what_becomes_of_it() {
    let host = host(&[("1-1", &[])]).with_workflow("dev-story", |input| {
        let mut told = developed(input)?;
        told["summary"] = json!("It adds.");
        told["tests"]["command"] = json!("make test");
        Ok(told)
    });
    let summary = sprint(&host);
    assert_eq!((&summary["stories"][0]["outcome"], &summary["stories"][0]["pull_request"]), (&json!("landed"), &json!(1)));
    let found = pull_request(&host, 1);
    assert_eq!((found.proposal.branch.as_str(), found.proposal.into.as_str()), ("story/1-1", "main"));
    assert_eq!(found.proposal.title, "1-1: Story 1-1");
    assert!(found.proposal.body.starts_with("It adds.\n\n## What was asked for") && found.proposal.body.contains("baton runs show"));
    assert_eq!((found.checks[0].name.as_str(), found.checks[0].summary.as_str()), ("tests", "`make test` is green"));
    assert_eq!(started(&host, "code-review")[0]["input"]["pull_request"], 1);
    assert_eq!(started(&host, "land")[0]["input"]["stories"][0]["pull_request"], 1);
}

#[test]
fn where_a_person_merges_an_approved_story_waits_for_one() {
    let host = host(&[("1-1", &[]), ("1-2", &["1-1"]), ("1-3", &[])]).without_auto_merge();
    let summary = sprint(&host);
    assert_eq!(outcomes(&summary), BTreeMap::from([("1-1".into(), "proposed".into()), ("1-3".into(), "proposed".into())]));
    assert!(summary["stories"][0]["reason"].to_string().contains("baton pull-requests merge 1"), "{summary}");
    assert_eq!((summary["landed"].clone(), started(&host, "land").len()), (json!(0), 0));
    assert_eq!(summary["shortfall"], Value::Null, "a person merges them");
    assert_eq!((status(&host, "1-1"), status(&host, "1-2")), (Status::Review, Status::Todo));
    assert!(branch(&host, "story/1-1") && pull_request(&host, 1).state == forge::State::Open);
    assert_eq!(host.requests("git.worktree-add").len(), host.requests("git.worktree-remove").len());
}

#[test]
fn a_story_that_does_not_land_leaves_its_pull_request_open_with_the_reason() {
    let host = host(&[("1-1", &[])]).with_workflow("code-review", |_| Err(Error::other("The model declined.")));
    assert_eq!(sprint(&host)["stories"][0]["outcome"], "failed");
    let found = pull_request(&host, 1);
    assert_eq!((found.state, found.reviews[0].verdict), (forge::State::Open, forge::Verdict::Comment));
    assert!(found.reviews[0].text.contains("failed: The model declined."), "{}", found.reviews[0].text);
}

#[test]
fn a_conflict_is_told_on_the_pull_request_and_it_stays_the_same_one() {
    let host = conflicting();
    assert_eq!(sprint(&host)["stories"][1]["pull_request"], 2);
    assert!(pull_request(&host, 2).reviews[0].text.contains("kitty conflict with main"));
    assert_eq!(host.requests("forge.open").len(), 2, "one a story");
}

#[test]
fn without_the_grant_stories_land_and_nothing_is_proposed() {
    let bare = manifest().replace("pull-requests = [\"read\", \"open\", \"review\", \"report\"]", "");
    let host = host(&[("1-1", &[])]).with_manifest(&bare);
    let summary = sprint(&host);
    assert_eq!((&summary["landed"], &summary["stories"][0]["pull_request"]), (&json!(1), &Value::Null));
    assert!(host.requests("forge.open").is_empty());
}

#[test]
fn a_story_whose_pull_request_somebody_closed_does_not_land() {
    let wider = manifest().replace("\"open\", ", "\"open\", \"close\", ");
    let host = host(&[("1-1", &[])]).with_manifest(&wider).with_workflow("code-review", |input| {
        forge::close(input["pull_request"].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default())?;
        Ok(approved())
    });
    let summary = sprint(&host);
    assert_eq!((&summary["stories"][0]["outcome"], started(&host, "land").len()), (&json!("blocked"), 0));
    assert!(summary["stories"][0]["reason"].to_string().contains("its pull request was closed"), "{summary}");
    assert!(branch(&host, "story/1-1"), "what was written is kept");
}

#[test]
fn a_story_that_a_person_takes_away_is_left_where_the_person_put_it() {
    for (at, theirs) in [("dev-story", Status::Cancelled), ("dev-story", Status::Todo), ("code-review", Status::Cancelled)] {
        let take = move |input: &Value| backlog::move_to(input["key"].as_str().unwrap_or_default(), theirs, "Not this one.");
        let host = host(&[("1-1", &[])]).with_workflow(at, move |input| {
            take(input)?;
            if at == "dev-story" { developed(input) } else { Ok(approved()) }
        });
        let summary = sprint(&host);
        assert_eq!((&summary["stories"][0]["outcome"], status(&host, "1-1")), (&json!("withdrawn"), theirs), "{at}: {summary}");
        assert_eq!(summary["shortfall"], Value::Null, "it is as the person wants it");
        assert!(summary["stories"][0]["reason"].to_string().contains("`story/1-1`"), "{summary}");
        assert!(branch(&host, "story/1-1") && started(&host, "land").is_empty(), "what was written is kept, and nothing landed");
        assert_eq!(host.requests("git.worktree-add").len(), host.requests("git.worktree-remove").len());
    }
}

#[test]
fn a_person_who_takes_a_story_away_ends_its_child_at_once() {
    let host = host(&[("1-1", &[])]).with_workflow_after("dev-story", 3_600_000, developed);
    let host = host.with_item_moved_after("1-1", 5_000, Status::Cancelled);
    let began = host.inside(run::now);
    let summary = sprint(&host);
    assert_eq!((&summary["stories"][0]["outcome"], status(&host, "1-1")), (&json!("withdrawn"), Status::Cancelled), "{summary}");
    assert_eq!(host.inside(run::now) - began, 5_000);
    assert_eq!(host.requests("git.worktree-add").len(), host.requests("git.worktree-remove").len());
}

#[test]
fn a_story_that_is_taken_away_while_it_lands_is_told_by_the_landing() {
    let host = landing(host(&[("1-1", &[])]), |_| {
        backlog::move_to("1-1", Status::Cancelled, "")?;
        Ok(json!({ "withdrawn": [{ "key": "1-1", "reason": "1-1 is `cancelled`." }] }))
    });
    let told = &sprint(&host)["stories"][0];
    assert_eq!((&told["outcome"], &told["reason"]), (&json!("withdrawn"), &json!("1-1 is `cancelled`.")));
    assert_eq!(pull_request(&host, 1).state, forge::State::Open);
    let failing = landing(self::host(&[("1-1", &[])]), |_| {
        backlog::move_to("1-1", Status::Todo, "")?;
        Err(Error::other("The tests cannot be run."))
    });
    assert_eq!((sprint(&failing)["stories"][0]["outcome"].clone(), status(&failing, "1-1")), (json!("withdrawn"), Status::Todo));
}

/// A story that a sprint left in this status, with a commit on its branch.
fn left(status: Status) -> Host {
    let host = host(&[("1-1", &[])]);
    host.inside(|| {
        let worktree = git::worktree_add("story/1-1", "main")?;
        backlog::move_to("1-1", Status::InProgress, "taken up")?;
        backlog::assign("1-1", Some("developer"), Some(&worktree))?;
        if status != Status::InProgress {
            backlog::move_to("1-1", status, "left")?;
        }
        let options = ChildOptions::new().in_worktree(&worktree);
        workflows::start_with::<Value, _>("dev-story", &json!({ "key": "half" }), &options)?.wait()?;
        git::worktree_remove(&worktree)
    })
    .expect("a story that was left");
    host
}

#[test]
fn a_story_that_was_left_is_continued_on_its_branch_where_that_is_wanted() {
    for status in [Status::InProgress, Status::Review, Status::Blocked, Status::Failed] {
        let order = json!({ "stories": ["1-1"], "resume": true });
        let host = left(status);
        let summary = host.run(SprintWorkflow::run, order).expect("a summary");
        assert_eq!((&summary["landed"], self::status(&host, "1-1")), (&json!(1), Status::Done), "{status:?}: {summary}");
        assert!(host.file("half").is_some() && host.file("1-1").is_some(), "what was written before landed with it");
        assert!(!branch(&host, "story/1-1") && !branch(&host, "story/1-1-2"), "{status:?}");
        assert_eq!(pull_request(&host, 1).proposal.branch, "story/1-1");
        let refused = left(status).run(SprintWorkflow::run, json!({ "stories": ["1-1"] })).expect_err("it is not ready");
        assert_eq!(refused.kind, ErrorKind::Invalid);
    }
}

#[test]
fn whoever_starts_a_sprint_says_on_which_branch_and_what_is_looked_at() {
    let host = host(&[("1-1", &[])]);
    let only = host.run(SprintWorkflow::run, json!({ "look": "only", "branch": "main" })).expect("a summary");
    assert_eq!((&only["stories"], host.requests("workflows.start").len()), (&json!([]), 1));
    let refused = host.run(SprintWorkflow::run, json!({ "branch": "next" })).expect_err("another is checked out");
    assert!(refused.text.contains("on `main`"), "{refused}");
    let never = host.run(SprintWorkflow::run, json!({ "look": "never" })).expect("a summary");
    assert_eq!(
        (&never["landed"], host.requests("workflows.start").iter().filter(|request| looks(&request["input"])).count()),
        (&json!(1), 1)
    );
}
