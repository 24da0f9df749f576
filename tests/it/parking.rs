//! Models that fail while others answer, accounts that are used up while runs wait for them, and a service that says so.

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use baton::{
    interfaces::RunOptions,
    journal::{EntryState, NeedKind, PauseKind, Wait},
    kernel::run::{Run, State},
};
use baton_tests::{
    host::{TestHost, tester},
    listed, program,
};
use serde_json::{Value, json};

fn asking(host: &TestHost, models: &[&str]) -> baton::kernel::Order {
    let mut order = host.order(json!({ "do": "ask", "prompt": "a question" }));
    order.options.models = models.iter().map(ToString::to_string).collect();
    order
}

fn script(host: &TestHost) -> String {
    format!("script/{}", host.workspace().parent().unwrap().join("answers.yaml").display())
}

async fn driven(host: &TestHost, models: &[&str]) -> Run {
    let run = host.app.kernel.start(asking(host, models)).await.unwrap();
    host.drive(&run.id).await;
    host.find(&run.id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_model_of_a_list_answers_and_the_steps_are_events() {
    let host = TestHost::new().await;
    let run = driven(&host, &["nobody/at-all", "anthropic/without-a-key", &script(&host)]).await;
    assert_eq!(run.output, Some(json!("an answer")), "{:?}", run.state);
    let events = host.events(&run.id).await;
    let steps: Vec<_> = events.iter().filter(|event| event.draft.name == "fell_back").map(|event| event.draft.data["to"].clone()).collect();
    assert_eq!(steps, [json!("anthropic/without-a-key"), json!(script(&host))]);
    let calls = host.journal(&run.id).await;
    assert_eq!(calls.iter().filter(|call| call.call == "llm.complete").count(), 1, "one call, whoever answered");

    let run = driven(&host, &["nobody/at-all", "anthropic/without-a-key"]).await;
    let State::Waiting { wait: Wait::Needed(needed) } = run.state else { panic!("{:?}", run.state) };
    assert_eq!((needed.kind, needed.subject.as_str()), (NeedKind::Key, "ANTHROPIC_API_KEY"));
    assert!(needed.reason.contains("nobody/at-all: ") && needed.reason.contains("baton secret set ANTHROPIC_API_KEY"), "{needed:?}");

    let run = driven(&host, &["nobody/at-all", "nobody/either"]).await;
    let State::Paused { pause } = run.state else { panic!("{:?}", run.state) };
    assert!(pause.kind == PauseKind::Provider && pause.reason.contains("nobody/either: "), "{pause:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_an_account_goes_on_by_itself_also_after_a_restart() {
    let host = TestHost::new().await;
    let run = host.app.kernel.start(asking(&host, &[&script(&host)])).await.unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let until = u64::try_from(now).unwrap() + 1_500;
    let wait = Wait::Account { account: "lab".to_owned(), until, reason: "No more.".to_owned() };
    host.app.kernel.runs().transition(&run.id, &["queued"], State::Waiting { wait }, None, Vec::new()).await.unwrap();
    let host = host.restarted().await;
    assert_eq!(host.app.kernel.runs().next_due(Some(&run.id)).await.unwrap(), Some(until));
    host.drive(&run.id).await;
    assert_eq!(host.find(&run.id).await.output, Some(json!("an answer")));
}

/// Says the same to each request, and counts them.
fn service(status: &'static str, header: &'static str, message: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            // As much as comes at once tells enough: the answer is the same.
            let _ = stream.read(&mut [0; 1 << 16]);
            counted.fetch_add(1, Ordering::SeqCst);
            let body = json!({ "error": { "message": message } }).to_string();
            let head = format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{header}connection: close\r\n");
            let _ = stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes());
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    (port, asked)
}

#[test]
fn the_program_stays_and_says_for_which_account_it_waits_until_when_and_why() {
    // The words alone say it.
    let (port, asked) = service("403 Forbidden", "", "You have hit your usage limit, resets at 2099-01-01T00:00:00Z.");
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("baton.toml"), format!("[providers.lab]\nbase-url = \"http://127.0.0.1:{port}/v1\"\n")).unwrap();
    std::fs::create_dir(home.path().join("shop")).unwrap();
    let baton = |arguments: &[&str]| {
        let mut command = program::command(home.path(), arguments);
        command.args(["--data-dir", "data"]).env("BATON_CONFIG", home.path().join("baton.toml"));
        command
    };
    let arguments = ["run", "plan", "--input", "\"A shop for bread\"", "--workspace", "shop", "--model", "lab/any"];
    let mut child = baton(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let waiting = || -> Value {
        let runs = listed::runs(&program::output(baton(&["runs", "list", "--all", "-o", "json"])).exits(0));
        runs.into_iter().find(|run| !run["wakes_at"].is_null()).unwrap_or_default()
    };
    let parked = program::wait_until(&mut child, || !waiting().is_null());
    thread::sleep(Duration::from_millis(500));
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    let told = program::end(child).stderr;
    assert!(parked && alive, "it does not wait: {told}");
    assert!(told.contains("waits for lab until 2") && told.contains("You have hit your usage limit"), "{told}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    let run = waiting();
    assert_eq!(run["state"], "waiting");
    assert!(run["reason"].as_str().unwrap().contains("You have hit your usage limit"), "{run}");
    let list = program::output(baton(&["runs", "list"])).exits(0).stdout;
    assert!(list.contains("waiting for lab until 2"), "{list}");
    let show = program::output(baton(&["runs", "show", listed::id(&run)])).exits(0).stdout;
    assert!(show.contains("waiting for lab until 2"), "{show}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_waited_is_no_repetition() {
    let (port, asked) = service("429 Too Many Requests", "retry-after: 3600\r\n", "Slow down.");
    let host = TestHost::with_settings(json!({ "providers": { "lab": { "base-url": format!("http://127.0.0.1:{port}/v1") } } })).await;
    let runs = [
        host.app.kernel.start(asking(&host, &["lab/any"])).await.unwrap(),
        host.app.kernel.start(asking(&host, &["lab/any"])).await.unwrap(),
    ];
    let (stop, drive) = (baton::journal::Halt::default(), baton::kernel::Drive { root: None, until_idle: true });
    let watching = async {
        for run in &runs {
            while !matches!(host.find(&run.id).await.state, State::Waiting { wait: Wait::Account { .. } }) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        stop.stop();
    };
    let (driven, ()) = tokio::join!(host.app.kernel.drive(&drive, &stop), watching);
    driven.unwrap();
    assert!(asked.load(Ordering::SeqCst) <= 2, "at most what was on its way");
    let options = Some(RunOptions { models: vec![script(&host)], ..RunOptions::default() });
    for run in &runs {
        host.app.kernel.resume(&host.find(&run.id).await, options.clone(), &tester()).await.unwrap();
        host.drive(&run.id).await;
        assert_eq!(host.find(&run.id).await.output, Some(json!("an answer")), "another model is asked at once");
        let calls = host.journal(&run.id).await;
        let call = calls.iter().find(|call| call.call == "llm.complete").unwrap();
        assert_eq!((call.state, call.repeated), (EntryState::Done, false));
    }
}
