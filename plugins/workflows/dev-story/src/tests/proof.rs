//! Whether tests test the story.

use super::*;

/// A project in which the tests pass where `judge` says so.
fn judged(judge: fn() -> bool) -> Host {
    bare().with_workflow("run-tests", move |input| Ok(command(input).unwrap_or_else(|| result(judge(), "1 failed"))))
}

#[test]
fn tests_that_pass_without_the_story_prove_nothing_and_go_back() {
    let deeds: &[fn() -> Result<()>] = &[write, || files::write("tests/balances.sh", "check balances\n")];
    let proves = || !as_before() || files::read_text("tests/balances.sh").is_ok_and(|text| !text.contains("balances"));
    let host = amelia(judged(proves), deeds);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], goals(&host).len()), (&json!("done"), 2));
    let told = &host.requests("agents.perform")[1]["task"];
    assert!(told["goal"].to_string().contains("its tests pass without its change"), "{told}");
    assert!(told["context"].to_string().contains("`tests/balances.sh`"), "{told}");
    assert_eq!(host.file("kitty").as_deref(), Some("balances\n"), "the story's files are as they were");
    host.inside(|| assert!(git::status().expect("a status").is_empty()));
}

#[test]
fn an_operator_may_turn_the_trial_of_tests_off() {
    let host = amelia(judged(|| true), &[write]).with_setting("story.check-tests", false);
    assert_eq!(developed(&host, json!({ "key": KEY }))["attempts"], 1);
    let runs = host.requests("workflows.start").iter().filter(|start| start["workflow"] == "run-tests").count();
    assert_eq!(runs, 2, "which command, and one run");
}

#[test]
fn a_story_without_tests_says_why_and_the_review_judges_it() {
    let reasons = Cell::new(0);
    let host = judged(|| true).with_agent("developer", move |_| {
        files::write("kitty", "balances\n")?;
        reasons.set(reasons.get() + 1);
        let untested = if reasons.get() == 1 { "" } else { "Only words of the help change." };
        Ok(Report::new(json!({ "summary": "Reworded.", "assumptions": [], "untested": untested }).to_string(), "did"))
    });
    let output = developed(&host, json!({ "key": KEY }));
    assert!(host.requests("agents.perform")[1]["task"]["goal"].to_string().contains("it brings no test"));
    assert!(output["guards"].to_string().contains("says why: Only words of the help change."), "{output}");
}

#[test]
fn tests_of_before_that_fail_on_the_story_are_told_to_the_review() {
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("tests/run.sh", "check one\ncheck two\ncheck three\n")
    }];
    let judge = || !as_before() && files::read_text("tests/run.sh").is_ok_and(|text| text.contains("three"));
    let host = amelia(judged(judge), deed);
    let guards = developed(&host, json!({ "key": KEY }))["guards"].to_string();
    assert!(guards.contains("as they were before the story (`tests/run.sh`)") && guards.contains("1 failed"), "{guards}");
    assert_eq!(host.file("tests/run.sh").as_deref(), Some("check one\ncheck two\ncheck three\n"));
}
