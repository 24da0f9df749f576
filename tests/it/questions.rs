//! Runs that ask people: suspended until the answer, whatever happens to the host meanwhile.

use std::{path::Path, process::Stdio, time::Duration};

use baton::{
    interfaces::people::{Answer, Asked, Filter, Given, QuestionStatus, QuestionsError, Source},
    journal::{Halt, RunId},
    kernel::{Drive, run::State},
};
use baton_tests::{
    host::{TestHost, person, tester},
    program,
};
use serde_json::{Value, json};

const CURRENCY: &str = "Which currency?";

fn currency() -> Value {
    json!({ "do": "ask-person", "say": CURRENCY, "options": ["EUR", "USD"], "best": "EUR" })
}

async fn open(host: &TestHost) -> Vec<Asked> {
    host.app.questions.list(&Filter::default()).await.unwrap()
}

fn given(answer: &str) -> Given {
    Given { answer: answer.to_owned(), by: person("ada"), source: Source::Person }
}

async fn named(host: &TestHost, run: &RunId, name: &str) -> usize {
    host.events(run).await.iter().filter(|event| event.draft.name == name).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_its_answer_through_crashes_and_goes_on_with_it() {
    let host = TestHost::new().await;
    let run = host.run(currency()).await;
    assert_eq!(run.state.as_str(), "waiting");
    let [asked] = &open(&host).await[..] else { panic!("one question") };
    assert_eq!((&asked.run, asked.question.text.as_str(), asked.plugin.as_str()), (&run.id, CURRENCY, "probe"));

    // The host dies, once while the run waits and once while it is about to.
    let host = host.restarted().await;
    host.app.kernel.runs().transition(&run.id, &["waiting"], State::Running, None, Vec::new()).await.unwrap();
    let host = host.restarted().await;
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.state.as_str(), "waiting");
    assert_eq!(open(&host).await.len(), 1, "it was not asked again");

    host.app.questions.answer(&asked.id, &given("USD")).await.unwrap();
    assert_eq!(host.find(&run.id).await.state, State::Queued, "in the same step");
    let host = host.restarted().await;
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!("USD")));
    for once in ["asked", "answered", "waiting"] {
        assert!(named(&host, &run.id, once).await >= 1, "{once}");
    }
    assert_eq!((named(&host, &run.id, "asked").await, named(&host, &run.id, "answered").await), (1, 1));
    assert_eq!(named(&host, &run.id, "progress").await, 2, "nothing was told twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_counts_and_the_second_is_told_of_it() {
    let host = TestHost::new().await;
    let run = host.run(currency()).await;
    let id = open(&host).await[0].id.clone();
    let answers = ["EUR", "USD"].map(given);
    let (one, other) = tokio::join!(host.app.questions.answer(&id, &answers[0]), host.app.questions.answer(&id, &answers[1]));
    let late = [one, other].into_iter().find_map(Result::err).expect("one of them is late");
    let QuestionsError::Answered(Answer { answer, by, .. }) = &late else { panic!("{late:?}") };
    assert!(late.to_string().contains(&format!("was answered already, by {by} at")) && late.to_string().contains(answer), "{late}");
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!(answer)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_comes_before_the_run_is_put_away_is_not_lost() {
    let host = TestHost::new().await;
    let run = host.run(currency()).await;
    let asked = open(&host).await.remove(0);
    let State::Waiting { wait } = run.state.clone() else { panic!("{:?}", run.state) };
    // As if it had been asked and were still being suspended when the answer comes.
    host.app.kernel.runs().transition(&run.id, &["waiting"], State::Running, None, Vec::new()).await.unwrap();
    host.app.questions.answer(&asked.id, &given("EUR")).await.unwrap();
    assert_eq!(host.find(&run.id).await.state, State::Running);
    host.app.kernel.runs().transition(&run.id, &["running"], State::Waiting { wait }, None, Vec::new()).await.unwrap();
    assert_eq!(host.find(&run.id).await.state, State::Queued);
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!("EUR")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_expires_into_its_answer() {
    let host = TestHost::new().await;
    host.run(json!({ "do": "echo" })).await;
    let run = host.run(json!({ "do": "ask-person", "say": CURRENCY, "expires-in": 400, "otherwise": "EUR" })).await;
    assert_eq!(run.output, Some(json!("EUR")), "{:?}", run.state);
    assert!(named(&host, &run.id, "waiting").await >= 1, "it was suspended first");
    let all = host.app.questions.list(&Filter { all: true, ..Filter::default() }).await.unwrap();
    assert!(
        matches!(&all[0].status, QuestionStatus::Answered(answer) if answer.source == Source::Expiry && answer.answer == "EUR"),
        "{all:?}"
    );
    let late = host.app.questions.answer(&all[0].id, &given("USD")).await;
    assert!(matches!(late, Err(QuestionsError::Answered(_))), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_a_run_takes_its_questions_back() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "start-all", "inputs": [currency(), currency()] })).await;
    let asked = open(&host).await;
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|asked| asked.root == run.id && asked.run != run.id));
    host.app.kernel.cancel(&run, &tester()).await.unwrap();
    host.drive(&run.id).await;
    assert!(open(&host).await.is_empty());
    let late = host.app.questions.answer(&asked[0].id, &given("EUR")).await;
    assert!(matches!(late, Err(QuestionsError::Withdrawn(_))), "{late:?}");
    assert_eq!(named(&host, &asked[0].run, "withdrawn").await, 1);
    assert_eq!(host.find(&asked[0].run).await.state, State::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_needs_a_grant_for_its_severity_and_telling_does_not() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "ask-person", "say": "Drop the database?", "severity": "critical" })).await;
    assert!(matches!(&run.state, State::Failed { error } if error.text.contains("`people` of `critical`")), "{:?}", run.state);
    assert!(open(&host).await.is_empty());
    let run = host.run(json!({ "do": "ask-person", "say": "  " })).await;
    assert!(matches!(&run.state, State::Failed { error } if error.text.contains("empty")), "{:?}", run.state);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_runs_of_a_root_cannot_bury_people_in_questions() {
    let host = TestHost::new().await;
    let inputs: Vec<_> = (0..33).map(|_| currency()).collect();
    let run = host.run(json!({ "do": "start-all", "inputs": inputs })).await;
    assert_eq!(open(&host).await.len(), 32);
    let tree = host.app.kernel.tree(&run.id).await.unwrap();
    let refused: Vec<_> =
        tree.iter().filter(|run| matches!(&run.state, State::Failed { error } if error.text.contains("32 questions"))).collect();
    assert_eq!(refused.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_waiting_runs_are_rows_and_nothing_else() {
    let host = TestHost::new().await;
    // Compiles the probe once, and not once for each of those that begin together.
    host.run(json!({ "do": "echo" })).await;
    let mut runs = Vec::new();
    for _ in 0..100 {
        runs.push(host.start(currency()).await.id);
    }
    host.app.kernel.drive(&Drive { root: None, until_idle: true }, &Halt::default()).await.unwrap();
    let asked = open(&host).await;
    assert_eq!(asked.len(), 100);
    // The host that put them away is gone, and another knows them all.
    let host = host.restarted().await;
    for asked in &asked {
        host.app.questions.answer(&asked.id, &given("EUR")).await.unwrap();
    }
    host.app.kernel.drive(&Drive { root: None, until_idle: true }, &Halt::default()).await.unwrap();
    for run in &runs {
        assert_eq!(host.find(run).await.output, Some(json!("EUR")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_and_a_replay_ask_nobody_for_what_was_answered() {
    let host = TestHost::new().await;
    let run = host.run(currency()).await;
    host.app.questions.answer(&open(&host).await[0].id, &given("USD")).await.unwrap();
    host.drive(&run.id).await;
    let after = host.journal(&run.id).await.iter().find(|entry| entry.call == "people.ask").unwrap().seq + 1;
    let fork = host.app.kernel.fork(&run, after, None, &tester()).await.unwrap();
    host.drive(&fork.id).await;
    assert_eq!(host.find(&fork.id).await.output, Some(json!("USD")));
    let recording = host.app.kernel.record(&host.find(&run.id).await).await.unwrap();
    let plugin = host.app.kernel.recorded_plugin(&recording).unwrap();
    assert_eq!(host.app.kernel.replay(&recording, plugin).await.unwrap(), baton::kernel::replay::Verdict::Same);
    assert!(open(&host).await.is_empty());

    let anew = host.app.kernel.fork(&run, after - 1, None, &tester()).await.unwrap();
    host.drive(&anew.id).await;
    assert_eq!(open(&host).await.iter().map(|asked| &asked.run).collect::<Vec<_>>(), [&anew.id], "asked again where the fork says so");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_is_told_once() {
    let host = TestHost::new().await;
    let run = host.run(json!({ "do": "inform", "say": "Is it", "times": 2 })).await;
    host.app.kernel.runs().transition(&run.id, &["succeeded"], State::Queued, None, Vec::new()).await.unwrap();
    let host = host.restarted().await;
    host.drive(&run.id).await;
    let decisions =
        host.app.questions.decisions(&baton::interfaces::people::DecisionFilter { limit: 10, ..Default::default() }).await.unwrap();
    let told: Vec<_> = decisions.iter().map(|decided| (decided.decision.question.as_str(), decided.decision.confidence)).collect();
    assert_eq!(told, [("Is it 1?", 0.95), ("Is it 0?", 0.95)]);
    assert_eq!(decisions[0].run, run.id);
}

/// The program as others use it: the probe in its plugin folder, granted what it asks for.
fn installed(home: &Path) {
    std::fs::write(home.join("probe.wasm"), baton_tests::PROBE).unwrap();
    let _installed = program::run(home, &["plugin", "install", "probe.wasm", "--grant", "--data-dir", "data"]).exits(0);
}

fn json_of(home: &Path, arguments: &[&str]) -> Value {
    let ended = program::run(home, &[arguments, &["--data-dir", "data", "-o", "json"]].concat()).exits(0);
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn without_a_terminal_the_program_says_what_is_asked_and_how_to_answer() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    installed(home);
    let input = json!({ "do": "ask-person", "say": "\u{1b}[2JPay?\u{202e}\n✓ done", "options": ["EUR", "USD"] }).to_string();
    let run = ["run", "probe", "--input", &input, "--data-dir", "data"];
    let ended = program::run(home, &run).exits(3);
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(
        said.contains("waits for an answer") && said.contains("baton questions answer ") && said.contains("baton runs resume "),
        "{said}"
    );
    assert!(!said.contains("\u{1b}[2J") && !said.contains('\u{202e}'), "{said:?}");

    let shown = program::run(home, &["questions", "list", "--data-dir", "data"]).exits(0).stdout;
    assert!(
        shown.contains("important") && shown.contains("probe") && !shown.contains("\u{1b}[2J") && !shown.contains('\u{202e}'),
        "{shown:?}"
    );
    let listed = json_of(home, &["questions", "list"])["items"].clone();
    let (id, root) = (listed[0]["id"].as_str().unwrap(), listed[0]["root"].as_str().unwrap());
    assert_eq!(program::run(home, &["questions", "answer", "nobody", "x", "--data-dir", "data"]).code, Some(2));
    for nothing in ["", " \t\n"] {
        let refused = program::run(home, &["questions", "answer", id, nothing, "--data-dir", "data"]).exits(2).stderr;
        assert!(refused.contains("at least one character") && refused.contains("`--yes`"), "{refused}");
        assert_eq!(json_of(home, &["questions", "show", id])["state"], "open");
    }
    let _answered = program::run(home, &["questions", "answer", id, "2", "--data-dir", "data"]).exits(0);
    let late = program::run(home, &["questions", "answer", id, "1", "--data-dir", "data"]).exits(1).stderr;
    assert!(late.contains("was answered already, by") && late.contains("USD"), "{late}");
    let resumed = program::run(home, &["runs", "resume", root, "--data-dir", "data"]).exits(0);
    assert_eq!(resumed.stdout.trim(), "\"USD\"");
    assert_eq!(json_of(home, &["questions", "show", id])["answer"]["answer"], "USD");
    assert_eq!(json_of(home, &["questions", "list"])["items"], json!([]));

    let told = json!({ "do": "inform", "say": "Is it \u{1b}[2J", "times": 1 }).to_string();
    let _told = program::run(home, &["run", "probe", "--input", &told, "--data-dir", "data"]).exits(0);
    let decided = program::run(home, &["decisions", "--data-dir", "data"]).exits(0).stdout;
    assert!(decided.contains("→ yes") && decided.contains("docs/PRD.md") && !decided.contains('\u{1b}'), "{decided:?}");
    let decisions = json_of(home, &["decisions"])["items"].clone();
    let project = decisions[0]["project"].as_str().unwrap();
    let narrowed = json_of(home, &["decisions", "--project", project, "--run", decisions[0]["run"].as_str().unwrap()]);
    assert_eq!(narrowed["items"], decisions);
    let unknown = program::run(home, &["decisions", "--project", "another", "-o", "json", "--data-dir", "data"]).exits(2).stderr;
    let problem: Value = serde_json::from_str(&unknown).unwrap();
    assert_eq!((&problem["kind"], &problem["code"]), (&json!("not_found"), &json!("project_not_found")), "{unknown}");
    assert!(problem["message"].as_str().unwrap().contains("Project `another` does not exist"), "{unknown}");
}

#[test]
fn yes_takes_what_the_asker_thinks_best() {
    let home = tempfile::tempdir().unwrap();
    installed(home.path());
    let best = currency().to_string();
    let ended = program::run(home.path(), &["run", "probe", "--yes", "--input", &best, "--data-dir", "data"]).exits(0);
    assert_eq!(ended.stdout.trim(), "\"EUR\"");
    let place = |part: &str| ended.stderr.find(part).unwrap_or_else(|| panic!("{part}: {}", ended.stderr));
    let places = ["before the question", "→ Which currency?", "after the answer"].map(place);
    assert!(places.is_sorted(), "what happened first is told first: {}", ended.stderr);
    assert_eq!(json_of(home.path(), &["questions", "list", "--all"])["items"][0]["answer"]["source"], "yes");
    let open = json!({ "do": "ask-person", "say": "What is it called?" }).to_string();
    let ended = program::run(home.path(), &["run", "probe", "--yes", "--input", &open, "--data-dir", "data"]).exits(3);
    assert!(ended.stderr.contains("baton questions answer "), "{}", ended.stderr);
}

#[test]
fn killed_hosts_forget_no_question_and_an_answer_from_beside_is_heard() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    installed(home);
    // The other child sleeps, so that the host goes on executing while it is answered from beside.
    let inputs = json!([currency(), { "do": "sleep", "milliseconds": 60_000 }]);
    let input = json!({ "do": "start-any", "inputs": inputs }).to_string();
    let run = ["run", "probe", "--input", &input, "--data-dir", "data"];
    let mut child = program::command(home, &run).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let asked = || data_is_there(home) && !json_of(home, &["questions", "list"])["items"].as_array().unwrap().is_empty();
    assert!(program::wait_until(&mut child, asked));
    child.kill().unwrap();
    child.wait().unwrap();

    let listed = json_of(home, &["questions", "list"])["items"].clone();
    let (id, root) = (listed[0]["id"].as_str().unwrap(), listed[0]["root"].as_str().unwrap());
    let mut child = program::command(home, &["runs", "resume", root, "--data-dir", "data"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let process = format!("process {},", child.id());
    let executes = || std::fs::read_to_string(home.join("data/lock")).unwrap_or_default().contains(&process);
    assert!(program::wait_until(&mut child, executes));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(json_of(home, &["questions", "list"])["items"].as_array().unwrap().len(), 1, "not asked again");
    let told = program::run(home, &["questions", "answer", id, "--yes", "--data-dir", "data"]).exits(0).stderr;
    assert!(told.contains("The running host continues run "), "{told}");
    let answered = std::time::Instant::now();
    let settled = || {
        let all = json_of(home, &["questions", "list", "--all"])["items"].clone();
        let run = all[0]["run"].as_str().unwrap();
        json_of(home, &["runs", "show", run])["state"] == "succeeded"
    };
    assert!(program::wait_until(&mut child, settled));
    println!("from the answer beside to the end of the run that asked: {:?}, two processes started in between", answered.elapsed());
    child.kill().unwrap();
    child.wait().unwrap();
}

fn data_is_there(home: &Path) -> bool {
    home.join("data/baton.db").exists()
}
