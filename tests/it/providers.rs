//! `plan`, the real program and a model server that others wrote: a brief nobody scripted, over both protocols, through
//! a server that is down, a kill, and a service that says the key aloud.

use std::{
    collections::HashSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use baton::{
    interfaces::{
        keys::NoKeys,
        llm::{
            Caller, Catalogue, Config, Endpoint, Message, Part, Protocol, Provider, ReplyProgress, Request, Role, Secret, Tool, Watchers,
            providers::pace::SystemPace,
        },
    },
    journal::Redactor,
};
use baton_tests::{
    host::TestHost,
    listed::{self, id},
    litellm::{self, Litellm},
    program::{self, Ended},
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Must be found nowhere but in the header it belongs in. Not `sk-…`, which LiteLLM itself would blot out.
const KEY: &str = "0p3n-535am3-0f-7h3-0p3ra70r";
/// Questions of an undisturbed run: one for each of the six documents.
const QUESTIONS: usize = 6;

const BAKERY: &str =
    "# Bread round\n\nFor bakers who deliver.\n\n- Take an order by telephone\n- Print the labels of a day\n- Tell the driver the round\n";
const CHOIR: &str = "A notebook for choirs.\n\n- Keep the scores\n- Remember who sang what\n";

/// One server serves all: it takes long to start.
#[test]
fn plan_works_with_a_real_model_server() {
    let Some(litellm) = litellm::program() else { return };
    let port = litellm::free_port();
    let early = Home::new(port, BAKERY);
    waits_while_the_server_is_down(&early);
    let server = Litellm::start(&litellm, port, KEY);
    carries_on_once_the_server_is_up(&early, &server);
    plans_over_chat_completions(&early.neighbour(BAKERY), &server);
    plans_over_messages(&early.neighbour(CHOIR), &server);
    let kills = [("lite/any", 2), ("lite/any", 4), ("anthropic/any", 6)];
    let twice = kills.map(|(model, question)| carries_on_after_a_kill(&early.neighbour(BAKERY), &server, model, question));
    assert!(twice.iter().sum::<usize>() > 0, "no question was ever in flight: nothing was rehearsed");
    for model in ["keyed/refusing", "anthropic/refusing"] {
        tells_a_refusal_without_the_key(&early.neighbour(CHOIR), model);
    }
    hears_no_key_from_a_model_that_says_it(&early.neighbour(CHOIR));
    says_the_same_in_pieces(&early.base_url());
}

fn waits_while_the_server_is_down(home: &Home) {
    let mut child = home.command(&planning("keyed/any")).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let waits = program::wait_until(&mut child, || home.runs().iter().any(|run| !run["wakes_at"].is_null()));
    child.kill().unwrap();
    let ended = program::end(child);
    assert!(waits && ended.stdout.is_empty(), "it neither ends nor answers: {}{}", ended.stdout, ended.stderr);
    assert!(!ended.stderr.contains(KEY) && !ended.stderr.contains("WARN"), "{}", ended.stderr);
    let list = home.baton(&["runs", "list"]).exits(0);
    let told = format!("{}{}", list.stdout, list.stderr);
    assert!(told.contains("waiting for keyed until 2") && told.contains("/ cannot be reached: "), "{told}");
    assert!(!home.path("shop/docs").exists());
}

fn carries_on_once_the_server_is_up(home: &Home, server: &Litellm) {
    let before = server.requests().len();
    let ended = home.baton(&["runs", "resume", id(&home.run())]).exits(0);
    assert_eq!(output(&ended)["requirements"], 3);
    assert_eq!(server.requests().len() - before, QUESTIONS);
    assert_eq!(home.run()["tally"]["repeated_model_calls"], 0, "nothing was asked before");
    home.keeps_no_key();
}

fn plans_over_chat_completions(home: &Home, server: &Litellm) {
    let before = server.requests().len();
    let ended = home.plan("lite/any").exits(0);
    let output = output(&ended);
    assert_eq!((&output["requirements"], &output["stories"], &output["ready"]), (&json!(3), &json!(3), &json!(true)), "{output}");
    assert_eq!(output["waves"], json!([["1-1-story"], ["1-2-story", "1-3-story"]]));
    let requirements = fs::read_to_string(home.path("shop/docs/PRD.md")).unwrap();
    assert!(requirements.contains("### FR2: Print the labels of a day\n"), "{requirements}");
    for document in output["documents"].as_array().unwrap() {
        assert!(home.path("shop").join(document.as_str().unwrap()).is_file(), "{document}");
    }
    let tally = &home.run()["tally"];
    assert_eq!(tally["model_calls"], QUESTIONS);
    assert_eq!(tally["input_tokens"], 100 * QUESTIONS, "what the server counts");
    assert_eq!(tally["cost_usd"], Value::Null, "unknown is not free");
    let keys = &server.requests()[before..];
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), QUESTIONS, "each question has an idempotency key of its own: {keys:?}");
    home.keeps_no_key();
}

fn plans_over_messages(home: &Home, server: &Litellm) {
    let before = server.requests().len();
    let ended = home.plan("anthropic/any").exits(0);
    assert_eq!(output(&ended)["requirements"], 2);
    let requirements = fs::read_to_string(home.path("shop/docs/PRD.md")).unwrap();
    assert!(requirements.contains("### FR2: Remember who sang what\n"), "{requirements}");
    let keys = &server.requests()[before..];
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), QUESTIONS, "{keys:?}");
    home.keeps_no_key();
}

/// Kills the program while the server is at work on a question; gives how many were asked twice.
fn carries_on_after_a_kill(home: &Home, server: &Litellm, model: &str, question: usize) -> usize {
    let before = server.requests().len();
    let mut child = home.command(&planning(model)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let asked = program::wait_until(&mut child, || server.requests().len() >= before + question);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(asked, "{model} ended before question {question}");
    let ended = home.baton(&["runs", "resume", id(&home.run())]).exits(0);
    assert_eq!(output(&ended)["requirements"], 3);
    let keys = &server.requests()[before..];
    let questions = keys.iter().collect::<HashSet<_>>().len();
    assert_eq!(questions, QUESTIONS, "{model}, killed at question {question}: {keys:?}");
    let twice = keys.len() - questions;
    assert!(twice <= 1, "{model}, killed at question {question}: {twice} questions were asked twice");
    let flagged = home.run()["tally"]["repeated_model_calls"].as_u64().unwrap();
    assert!((twice..=1).contains(&usize::try_from(flagged).unwrap()), "{twice} asked twice, {flagged} flagged");
    home.keeps_no_key();
    twice
}

fn tells_a_refusal_without_the_key(home: &Home, model: &str) {
    let ended = home.plan(model).exits(3);
    assert!(ended.stderr.contains("Incorrect API key provided: [key]"), "{}", ended.stderr);
    home.keeps_no_key();
}

/// The key lies sealed among the secrets, the model writes it into every document, and it is found nowhere afterwards.
fn hears_no_key_from_a_model_that_says_it(home: &Home) {
    let set = |value: &str| {
        let mut command = home.command(&["secret", "set", "LAB", "--stdin"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(value.as_bytes()).unwrap();
        program::end(child)
    };
    let refused = set("short").exits(2);
    assert!(refused.stderr.contains("8 to 4096 bytes"), "{}", refused.stderr);
    let _ = set(KEY).exits(0);
    assert_eq!(home.baton(&["secret", "list"]).exits(0).stdout, "LAB\n");
    let _ = home.plan("sealed/telling").exits(0);
    let requirements = fs::read_to_string(home.path("shop/docs/PRD.md")).unwrap();
    assert!(requirements.contains("and my key is [key]"), "{requirements}");
    home.keeps_no_key();
    fs::rename(home.path(".local/state/baton/secret.key"), home.path("elsewhere")).unwrap();
    let locked = home.baton(&["secret", "list"]).exits(1);
    assert!(locked.stderr.contains("Put it back, or set BATON_SECRET_KEY"), "{}", locked.stderr);
    let _ = home.baton(&["runs", "list"]).exits(0);
    let _ = home.baton(&["secret", "remove", "LAB"]).exits(0);
}

/// The same questions asked where somebody watches and where nobody does.
#[tokio::main(flavor = "current_thread")]
async fn says_the_same_in_pieces(base_url: &str) {
    let _host = TestHost::new().await;
    let lite = Endpoint { protocol: Protocol::OpenAiCompatible, base_url: base_url.to_owned(), api_key: None, key_variable: None };
    let config = Config {
        endpoints: [("lite".to_owned(), lite)].into(),
        anthropic_api_key: Some(Secret::new(KEY)),
        anthropic_base_url: Some(base_url.to_owned()),
        ..Config::scripts_only(".")
    };
    let watchers = Watchers::new(Redactor::default());
    let models = Catalogue::new(&config, Arc::new(SystemPace::default()), &watchers, &(Arc::new(NoKeys) as _)).unwrap();
    for model in ["lite/any", "anthropic/any"] {
        for request in [question(), errand()] {
            let caller = Caller { run: "run", plugin: "mary", idempotency_key: "run:1" };
            let whole = models.complete(caller, model, &request).await.unwrap();
            let mut pieces = watchers.watch();
            let streamed = models.complete(caller, model, &request).await.unwrap();
            assert_eq!(streamed, whole, "{model}");
            let mut told = Vec::new();
            while let Ok(piece) = pieces.try_recv() {
                told.push(piece.said);
            }
            assert_eq!(told.pop(), Some(ReplyProgress::Over), "{model}");
            let text: String = told.iter().map(|said| if let ReplyProgress::Text(text) = said { text.as_str() } else { "" }).collect();
            assert_eq!(text, whole.text(), "{model}");
            assert!(text.is_empty() || told.len() > 1, "{model} says it in one piece: {told:?}");
        }
    }
}

/// Is answered in words.
fn question() -> Request {
    let schema = json!({ "type": "object", "properties": { "summary": { "type": "string" }, "goals": { "type": "array", "items": { "type": "string" } } } });
    let text = format!("What is to be done?\nIt has to satisfy this JSON Schema:\n{schema}");
    Request { messages: vec![Message { role: Role::User, parts: vec![Part::Text(text)] }], ..Request::default() }
}

/// Is answered by a tool call.
fn errand() -> Request {
    let parameters = json!({ "type": "object", "properties": { "path": { "type": "string" } } });
    let tool = Tool { name: "read_file".to_owned(), description: "Reads a file.".to_owned(), parameters };
    let message = Message { role: Role::User, parts: vec![Part::Text("Read docs/PRD.md first.".to_owned())] };
    Request { messages: vec![message], tools: vec![tool], ..Request::default() }
}

/// One user: a folder with a brief, a project, settings and keys.
struct Home {
    folder: TempDir,
    port: u16,
}

impl Home {
    /// `lite` and `keyed` are the same server; the second is sent the key.
    fn new(port: u16, brief: &str) -> Self {
        let home = Self { folder: tempfile::tempdir().unwrap(), port };
        fs::create_dir(home.path("shop")).unwrap();
        fs::write(home.path("brief.md"), brief).unwrap();
        let url = home.base_url();
        let settings = format!(
            "[providers.lite]\nbase-url = \"{url}\"\n\n[providers.keyed]\nbase-url = \"{url}\"\nkey-env = \"SHOP_KEY\"\n\n[providers.sealed]\nbase-url = \"{url}\"\nkey-secret = \"LAB\"\n\n[plan]\nsure = 0\n"
        );
        fs::write(home.path("settings.toml"), settings).unwrap();
        home
    }

    /// Another user of the same server.
    fn neighbour(&self, brief: &str) -> Self {
        Self::new(self.port, brief)
    }

    fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn plan(&self, model: &str) -> Ended {
        self.baton(&planning(model))
    }

    /// Runs `baton` to its end and sees to it that it says no key.
    fn baton(&self, arguments: &[&str]) -> Ended {
        let ended = program::output(self.command(arguments));
        assert!(!ended.stdout.contains(KEY) && !ended.stderr.contains(KEY), "{arguments:?} says the key: {}{}", ended.stdout, ended.stderr);
        ended
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.folder.path(), arguments);
        command.args(["--data-dir", "data"]).env("BATON_CONFIG", self.path("settings.toml")).env("SHOP_KEY", KEY);
        command.env("ANTHROPIC_API_KEY", KEY).env("ANTHROPIC_BASE_URL", self.base_url());
        command
    }

    /// All runs, with those that others started.
    fn runs(&self) -> Vec<Value> {
        listed::runs(&self.baton(&["runs", "list", "--all", "-o", "json"]).exits(0))
    }

    /// The only run there is, as `baton runs list` shows it.
    fn run(&self) -> Value {
        let mut list = listed::runs(&self.baton(&["runs", "list", "-o", "json"]).exits(0));
        assert_eq!(list.len(), 1, "{list:?}");
        list.remove(0)
    }

    /// Looks for the key in the journals as they are shown, and in every file.
    fn keeps_no_key(&self) {
        let root = self.run();
        let shown: Value = serde_json::from_str(&self.baton(&["runs", "show", id(&root), "-o", "json"]).exits(0).stdout).unwrap();
        let below = shown["runs"].as_array().unwrap();
        for run in [&root, below.last().unwrap()] {
            let journal: Value = serde_json::from_str(&self.baton(&["runs", "journal", id(run), "-o", "json"]).exits(0).stdout).unwrap();
            assert!(!journal["entries"].as_array().unwrap().is_empty(), "{journal}");
        }
        let files = files(self.folder.path());
        assert!(files.iter().any(|file| file.starts_with(self.path("data"))), "{files:?}");
        for file in files {
            let content = fs::read(&file).unwrap();
            assert!(!content.windows(KEY.len()).any(|bytes| bytes == KEY.as_bytes()), "{} holds the key", file.display());
        }
    }
}

fn planning(model: &str) -> [&str; 8] {
    ["run", "plan", "--input", "@brief.md", "--workspace", "shop", "--model", model]
}

fn output(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let (below, here): (Vec<_>, Vec<_>) =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).partition(|path| path.is_dir());
        folders.extend(below);
        files.extend(here);
    }
    files
}
