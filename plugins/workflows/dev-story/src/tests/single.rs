//! What is made of the results of single tests.

use super::*;

/// A run that names its tests.
fn named(passed: &[&str], failed: &[&str]) -> Value {
    let failing: Vec<_> =
        failed.iter().map(|name| json!({ "name": name, "file": "tests/a.py", "line": 3, "message": "1 is not 2" })).collect();
    let mut run = result(failed.is_empty(), "the output");
    run["names"] = json!(passed);
    run["failing"] = json!(failing);
    run["counts"] = json!({ "passed": passed.len(), "failed": failed.len(), "skipped": 0 });
    run
}

/// A project whose tests are as `judge` says, with the files that it looks at.
fn judged(judge: fn() -> Value) -> Host {
    bare().with_workflow("run-tests", move |input| Ok(command(input).unwrap_or_else(judge)))
}

fn has(path: &str, part: &str) -> bool {
    files::read_text(path).is_ok_and(|text| text.contains(part))
}

#[test]
fn a_review_is_told_which_tests_a_story_added_and_which_pass_without_it() {
    let judge = || match (as_before(), has("tests/balances.sh", "check")) {
        (false, _) => named(&["one", "balances", "always"], &[]),
        (true, true) => named(&["one", "always"], &["balances"]),
        (true, false) => named(&["one"], &[]),
    };
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("tests/balances.sh", "@test \"balances\" {\n@test \"always\" {\ncheck\n")
    }];
    let output = developed(&amelia(judged(judge), deed), json!({ "key": KEY }));
    assert_eq!(output["tests"]["added"], json!(["balances", "always"]));
    assert_eq!(output["tests"]["names"], Value::Null, "they are of use to nobody else");
    assert_eq!(output["guards"], json!(["These tests of the story pass also without it: `always`. Look what they test."]));
}

#[test]
fn tests_of_before_tell_exactly_what_is_new() {
    let judge = || match (as_before(), has("tests/run.sh", "three")) {
        (true, _) => named(&["one"], &["three"]),
        (false, true) => named(&["one", "two", "three"], &[]),
        (false, false) => named(&["one", "two"], &[]),
    };
    let deed: &[fn() -> Result<()>] = &[|| {
        write()?;
        files::write("tests/run.sh", "check one\ncheck two\ncheck three\n")
    }];
    let host = amelia(judged(judge), deed);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!(
        (&output["tests"]["added"], &output["guards"][0]),
        (&json!(["three"]), &json!("`tests/run.sh` has a say in which tests are run: look whether all of them still are."))
    );
    let runs = host.requests("workflows.start").iter().filter(|start| start["workflow"] == "run-tests").count();
    assert_eq!(runs, 4, "which command, the story, its tests before it, the tests of before");
}

/// A story that has its tests in a file of its code.
const INLINE: &[fn() -> Result<()>] = &[|| files::write("kitty", "balances\n#[test]\nfn balances_add_up() {}\n")];

#[test]
fn tests_in_files_of_code_are_known_by_new_names() {
    let judge = || if as_before() { named(&["tests::one"], &[]) } else { named(&["tests::one", "tests::balances_add_up"], &[]) };
    let output = developed(&amelia(judged(judge), INLINE), json!({ "key": KEY }));
    assert_eq!((&output["tests"]["added"], &output["guards"]), (&json!(["tests::balances_add_up"]), &json!([])));
    let judge = || named(&["tests::one"], &[]);
    let output = developed(&amelia(judged(judge), INLINE), json!({ "key": KEY }));
    assert!(output["guards"][0].as_str().is_some_and(|note| note.contains("none of them is new")), "{output}");
}

#[test]
fn where_results_cannot_be_read_files_decide() {
    let output = developed(&amelia(judged(|| result(true, "")), INLINE), json!({ "key": KEY }));
    assert!(output["guards"][0].as_str().is_some_and(|note| note.contains("could not be tried without it")), "{output}");
    assert_eq!(output["tests"]["added"], Value::Null);
}

#[test]
fn a_repair_is_tested_by_the_parts_it_changed_before_the_whole() {
    let quick = Cell::new(0);
    let host = bare().with_workflow("run-tests", move |input| {
        if input["find_only"] == true {
            return Ok(command(input).unwrap_or_default());
        }
        if as_before() {
            return Ok(named(&[], &["balances"]));
        }
        if input["changed"].is_array() {
            assert_eq!(input["changed"], json!(["kitty", "tests/balances.sh"]));
            quick.set(quick.get() + 1);
        }
        Ok(if has("kitty", "best") { named(&["balances"], &[]) } else { named(&[], &["balances"]) })
    });
    let host = amelia(host, &[write, || files::write("kitty", "better\n"), || files::write("kitty", "best\n")]);
    let output = developed(&host, json!({ "key": KEY }));
    assert_eq!((&output["outcome"], &output["attempts"]), (&json!("done"), &json!(3)));
    let orders: Vec<_> = host
        .requests("workflows.start")
        .into_iter()
        .filter(|start| start["workflow"] == "run-tests")
        .map(|start| start["input"].to_string())
        .collect();
    let is_quick: Vec<_> = orders.iter().skip(1).map(|order| order.contains("changed")).collect();
    assert_eq!(
        is_quick,
        [false, true, true, false, false],
        "red, quickly red, quickly green, the whole, and without the story: {orders:?}"
    );
    let told = host.requests("agents.perform")[2]["task"]["context"].to_string();
    assert!(told.contains("Then: its tests fail (sh tests/run.sh): `balances`."), "{told}");
}

#[test]
fn a_quick_run_that_names_no_failing_test_decides_nothing() {
    let host = bare().with_workflow("run-tests", |input| {
        if input["find_only"] == true {
            return Ok(command(input).unwrap_or_default());
        }
        Ok(result(!input["changed"].is_array() && has("kitty", "better") && !as_before(), "no package of that name"))
    });
    let host = amelia(host, &[write, || files::write("kitty", "better\n")]);
    assert_eq!(developed(&host, json!({ "key": KEY }))["attempts"], 2);
}

#[test]
fn who_is_asked_and_who_reviews_hears_the_names() {
    let host = bare().with_workflow("run-tests", |input| Ok(command(input).unwrap_or_else(|| named(&[], &["balances"]))));
    let deeds: &[fn() -> Result<()>] = &[write, || files::write("kitty", "1\n"), || files::write("kitty", "2\n")];
    let host = amelia(host, deeds).answers("", "Leave this story");
    developed(&host, json!({ "key": KEY }));
    assert!(
        host.requests("people.ask")[0].to_string().contains("- tests/a.py:3 `balances`: 1 is not 2"),
        "{:?}",
        host.requests("people.ask")
    );
    let flaky = bare().with_workflow("run-tests", |input| {
        let mut flaky = named(&["balances"], &[]);
        (flaky["flaky"], flaky["flaky_tests"]) = (json!(true), json!(["waits"]));
        Ok(command(input).unwrap_or_else(|| if as_before() { named(&[], &["balances"]) } else { flaky }))
    });
    let guards = developed(&amelia(flaky, &[write]), json!({ "key": KEY }))["guards"].to_string();
    assert!(guards.contains("These failed at first: `waits`."), "{guards}");
}
