//! Conflicts: how the developer finds them, what is taken for a merge, and who is asked.

use super::*;

/// Both sides changed `kitty` since they parted.
fn conflicting() -> Host {
    let host = red(0).with_commit("other", "kitty", "theirs\n");
    host.inside(|| {
        files::write("kitty", "ours\n")?;
        git::commit("Ours", Some("amelia"))
    })
    .expect("a commit");
    host
}

/// A developer who leaves `kitty` like this, one task after the other, and something else beside it.
fn resolving(host: Host, contents: &'static [&'static str]) -> Host {
    let turn = Cell::new(0);
    host.with_agent("developer", move |_| {
        let found = files::read_text("kitty")?;
        assert!(turn.get() > 0 || found.contains("<<<<<<< story 1-2-balances\n"), "{found}");
        files::write("kitty", contents[turn.get().min(contents.len() - 1)])?;
        if turn.get() == 0 {
            files::write("notes", "scribbled meanwhile\n")?;
        }
        turn.set(turn.get() + 1);
        Ok(Report::new(json!({ "summary": "Both." }).to_string(), "did"))
    })
}

fn resolved(host: &Host) -> Value {
    developed(host, json!({ "key": KEY, "base": "other", "mode": "resolve" }))
}

#[test]
fn a_conflict_is_resolved_in_the_file_and_merged() {
    let host = resolving(conflicting(), &["ours\ntheirs\n"]);
    assert_eq!(resolved(&host)["outcome"], "done");
    assert_eq!((host.file("kitty").as_deref(), host.file("notes")), (Some("ours\ntheirs\n"), None));
    assert_eq!(host.requests("agents.perform").len(), 1, "what is put back does not have to be told");
    let task = &host.requests("agents.perform")[0]["task"];
    let marked = "<<<<<<< story 1-2-balances\\nours\\n||||||| before both\\nbegin\\n=======\\ntheirs\\n>>>>>>> other";
    assert!(task["context"].to_string().contains(marked), "{task}");
    host.inside(|| assert_eq!(git::merge_base("other", "story/1-2-balances"), Ok(git::log(Some("other"), 1).unwrap().remove(0).id)));
}

#[test]
fn what_is_not_a_merge_goes_back_twice_and_then_to_a_person() {
    const MARKED: &str = "<<<<<<< story 1-2-balances\nours\n=======\ntheirs\n>>>>>>> other\n";
    let host = resolving(conflicting(), &[MARKED, "both\n"]);
    resolved(&host);
    assert_eq!((host.file("kitty").as_deref(), host.questions().len()), (Some("both\n"), 0));
    let second = host.requests("agents.perform")[1]["task"]["context"].to_string();
    assert!(second.contains("still holds a marker of a conflict at line 1"), "{second}");
    let host = resolving(conflicting(), &[MARKED, MARKED, MARKED, "both\n"]).answers("are not resolved", "Keep both lines.");
    resolved(&host);
    assert_eq!((host.file("kitty").as_deref(), host.questions().len()), (Some("both\n"), 1));
    assert!(host.requests("agents.perform")[3]["task"]["context"].to_string().contains("Keep both lines."));
    let host = resolving(conflicting(), &[MARKED]).answers("are not resolved", "Leave this story");
    assert_eq!(resolved(&host)["outcome"], "skipped");
    host.inside(|| assert_eq!(git::read("story/1-2-balances", "kitty"), Ok(b"ours\n".to_vec()), "no marker is committed"));
}

#[test]
fn lines_of_either_side_outside_of_the_conflict_survive() {
    let host = red(0).with_file("kitty", "one\ntwo\nthree\n");
    let host = host.with_commit("other", "kitty", "ONE\nbegin\ntheirs\n");
    host.inside(|| {
        files::write("kitty", "one\nbegin\nours\n")?;
        git::commit("Ours", Some("amelia"))
    })
    .expect("a commit");
    let host = resolving(host, &["ours\n", "ONE\nbegin\nours\ntheirs\n"]);
    resolved(&host);
    let second = host.requests("agents.perform")[1]["task"]["context"].to_string();
    assert!(second.contains("was changed outside of its conflicts"), "{second}");
    assert_eq!(host.file("kitty").as_deref(), Some("ONE\nbegin\nours\ntheirs\n"));
}

/// The story and `other` both changed a file that began like this.
fn both_changed(before: &str, ours: &[u8], theirs: &[u8]) -> Host {
    let host = Host::new()
        .with_manifest(include_str!("../../plugin.toml"))
        .with_item(Draft::new(Kind::Story, KEY, "Show balances"), Status::InProgress)
        .with_file("kitty", "begin\n")
        .with_file("shared", before)
        .with_repository()
        .in_worktree("story/1-2-balances")
        .with_workflow("run-tests", |input| Ok(command(input).unwrap_or_else(|| result(true, ""))));
    let host = if theirs.is_empty() { host } else { host.with_commit("other", "shared", theirs) };
    host.inside(|| {
        if ours.is_empty() {
            files::remove("shared")?
        } else {
            files::write("shared", ours)?
        }
        git::commit("Ours", Some("amelia"))
    })
    .expect("a commit");
    host
}

#[test]
fn changes_of_different_lines_need_no_developer() {
    let host = both_changed("one\ntwo\nthree\n", b"ONE\ntwo\nthree\n", b"one\ntwo\nTHREE\n");
    assert_eq!(resolved(&host)["outcome"], "done");
    assert_eq!(host.file("shared").as_deref(), Some("ONE\ntwo\nTHREE\n"));
    assert!(host.requests("agents.perform").is_empty());
}

#[test]
fn a_file_that_one_side_removed_is_kept_or_removed_and_told() {
    for (removes, expected) in [(false, Some("theirs\n")), (true, None)] {
        let host = both_changed("begin\n", b"", b"theirs\n").with_agent("developer", move |_| {
            assert_eq!(files::read_text("shared").as_deref(), Ok("theirs\n"), "it is there to be looked at");
            if removes {
                files::remove("shared")?;
            }
            Ok(Report::new(json!({ "summary": "Decided." }).to_string(), "did"))
        });
        let output = resolved(&host);
        assert_eq!(host.file("shared").as_deref(), expected);
        assert!(output["guards"].to_string().contains("`shared` was changed by one side and removed by the story"), "{output}");
    }
}

#[test]
fn of_a_file_that_is_not_text_one_version_is_chosen() {
    let host = both_changed("begin\n", b"\0ours", b"\0theirs");
    let turn = Cell::new(0);
    let host = host.with_agent("developer", move |_| {
        turn.set(turn.get() + 1);
        let versions = if turn.get() == 1 { json!([]) } else { json!([{ "path": "shared", "keep": "base" }]) };
        Ok(Report::new(json!({ "summary": "Decided.", "versions": versions }).to_string(), "did"))
    });
    let output = resolved(&host);
    assert_eq!(host.file("shared").as_deref(), Some("\0theirs"));
    assert!(host.requests("agents.perform")[1]["task"]["context"].to_string().contains("say in `versions`"));
    assert!(output["guards"].to_string().contains("that of other was taken"), "{output}");
}

#[test]
fn a_failed_resolution_leaves_no_marker_on_the_branch() {
    let host = conflicting().with_agent("developer", |_| Err(Error::other("The model is gone.")));
    assert!(host.run(DevStory::run, json!({ "key": KEY, "base": "other", "mode": "resolve" })).is_err());
    host.inside(|| assert_eq!(git::read("story/1-2-balances", "kitty"), Ok(b"ours\n".to_vec())));
}
