use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::Script;
use crate::interfaces::llm::tests::{CALLER, StillPace, ask, assistant, user};
use crate::interfaces::llm::*;

struct Stage {
    folder: TempDir,
    pace: Arc<StillPace>,
    script: Script,
}

impl Stage {
    fn new(yaml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("s.yaml"), yaml).unwrap();
        let pace = Arc::new(StillPace::default());
        let script = Script::new(folder.path().to_owned(), pace.clone());
        Self { folder, pace, script }
    }

    async fn ask(&self, request: &Request) -> Result<Reply, ProviderError> {
        self.script.complete(CALLER, "s.yaml", request).await
    }

    async fn says(&self, text: &str) -> String {
        self.ask(&ask(text)).await.unwrap().text()
    }

    async fn complains(&self) -> String {
        let error = self.ask(&ask("hello")).await.unwrap_err();
        assert!(matches!(error, ProviderError::Script { .. }), "{error}");
        assert_eq!(error.charged(), Charge::No);
        error.to_string()
    }
}

#[tokio::test]
async fn the_first_rule_whose_every_condition_holds_answers() {
    let stage = Stage::new(
        r#"
rules:
  - { when: { plugin: amelia }, reply: not mary }
  - { when: { plugin: mary, turn: 1 }, reply: too late }
  - { when: { contains: [expense, "2024"] }, reply: both }
  - { when: { contains: expense, matches: "(?i)REPORT$" }, reply: pattern }
  - { when: { contains: expense }, reply: one }
  - { reply: fallback }
"#,
    );
    assert_eq!(stage.says("expense of 2024").await, "both");
    assert_eq!(stage.says("expense report").await, "pattern");
    assert_eq!(stage.says("expense").await, "one");
    assert_eq!(stage.says("").await, "fallback");
}

#[tokio::test]
async fn the_system_prompt_the_turn_the_schema_and_results_of_tools_are_conditions_too() {
    let stage = Stage::new(
        r"
rules:
  - { when: { turn: 1, contains: 'file text' }, reply: second turn }
  - { when: { reply-schema: true }, json: { b: 1, a: [x] } }
  - { when: { system: [analyst, kind], reply-schema: false }, reply: system }
",
    );
    let mut request = ask("go");
    request.system = Some("a kind analyst".to_owned());
    assert_eq!(stage.ask(&request).await.unwrap().text(), "system");
    request.reply_schema = Some(json!({}));
    let structured = stage.ask(&request).await.unwrap().text();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&structured).unwrap(), json!({"a": ["x"], "b": 1}));
    let result = ToolResult { call_id: "call-0-0".into(), content: "the file text".into(), failed: false };
    request.messages.push(assistant(vec![Part::Text("file text of the model's own does not count".into())]));
    request.messages.push(user(vec![Part::ToolResult(result)]));
    assert_eq!(stage.ask(&request).await.unwrap().text(), "second turn");
}

#[tokio::test]
async fn calls_get_derived_ids_and_usage_is_told_or_estimated() {
    let stage = Stage::new(
        r"
rules:
  - when: { contains: tools }
    reply: looking
    calls: [ { name: read_file, arguments: { path: docs/PRD.md } }, { name: list } ]
    usage: { input: 1850, output: 900 }
    delay-ms: 120
  - reply: 12345
",
    );
    let reply = stage.ask(&ask("tools")).await.unwrap();
    let call = |id: &str, name: &str, arguments| Part::ToolCall(ToolCall { id: id.to_owned(), name: name.to_owned(), arguments });
    let read = call("call-0-0", "read_file", json!({"path": "docs/PRD.md"}));
    assert_eq!(reply.parts, [Part::Text("looking".into()), read, call("call-0-1", "list", json!({}))]);
    assert_eq!((reply.stop, reply.model.as_str()), (Stop::ToolUse, "script/s.yaml"));
    assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens, reply.usage.cost_usd), (1850, 900, Some(0.0)));
    assert_eq!(stage.pace.pauses(), [Duration::from_millis(120)]);

    let reply = stage.ask(&ask("eight ch")).await.unwrap();
    assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens, reply.stop), (2, 2, Stop::End));
}

#[tokio::test]
async fn files_and_opaque_parts_are_nothing_that_a_rule_sees_or_counts() {
    let stage = Stage::new("rules: [ { when: { matches: '^one$' }, reply: two } ]");
    let mut request = ask("one");
    let media = Media { media_type: "image/png".into(), path: "a.png".into(), data: vec![0; 900].into() };
    request.messages[0].parts.push(Part::Media(media));
    request.messages.push(assistant(vec![Part::Opaque(Opaque { provider: "anthropic".into(), data: json!({"type": "x"}) })]));
    let reply = stage.ask(&request).await.unwrap();
    assert_eq!((reply.text().as_str(), reply.usage.input_tokens), ("two", 1));
}

#[tokio::test]
async fn a_tool_is_named_as_people_do_or_as_it_is_spelled_for_models() {
    let stage = Stage::new("rules: [ { calls: [ { name: web.look }, { name: web__look }, { name: web.other } ] } ]");
    let tool = |name: &str| Tool { name: name.to_owned(), description: String::new(), parameters: json!({}) };
    for offered in ["web.look", "web__look"] {
        let request = Request { tools: vec![tool("read_file"), tool(offered)], ..ask("go") };
        let reply = stage.ask(&request).await.unwrap();
        let names = reply.parts.iter().map(|part| if let Part::ToolCall(call) = part { call.name.as_str() } else { "" });
        assert_eq!(names.collect::<Vec<_>>(), [offered, offered, "web.other"]);
    }
}

#[tokio::test]
async fn every_answered_call_is_one_line_of_the_log_and_an_unanswered_one_none() {
    let stage = Stage::new("log: calls.log\nrules:\n  - { name: \"greets\\nback\", when: { contains: hello }, reply: hi }\n");
    stage.says("hello").await;
    stage.says("hello").await;
    stage.ask(&ask("other")).await.unwrap_err();
    let log = fs::read_to_string(stage.folder.path().join("calls.log")).unwrap();
    assert_eq!(log, "run-1:7 mary greets back\n".repeat(2));
}

#[tokio::test]
async fn an_unanswered_prompt_shows_its_end_the_closest_rule_and_what_to_add() {
    let stage =
        Stage::new("rules:\n  - { name: far, when: { plugin: x, turn: 3 }, reply: a }\n  - { name: near, when: { turn: 2 }, reply: b }\n");
    let prompt = format!("{}the very end", "beginning ".repeat(200));
    let error = stage.ask(&ask(&prompt)).await.unwrap_err();
    let text = error.to_string();
    for wanted in ["plugin \"mary\" at turn 0", "rule is \"near\", but it wants turn 2", "the very end\n", "Add a rule"] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(text.len() < 1500, "{}", text.len());
}

#[tokio::test]
async fn a_changed_script_is_read_again() {
    let stage = Stage::new("rules: [ { reply: old } ]");
    assert_eq!(stage.says("x").await, "old");
    fs::write(stage.folder.path().join("s.yaml"), "rules: [ { reply: newer } ]").unwrap();
    assert_eq!(stage.says("x").await, "newer");
}

#[tokio::test]
async fn reply_files_are_read_from_below_the_scripts_folder_alone() {
    let stage = Stage::new("rules: [ { name: far, file: replies/prd.md } ]");
    assert!(stage.complains().await.contains("replies/prd.md of rule \"far\" cannot be read"));
    fs::create_dir(stage.folder.path().join("replies")).unwrap();
    fs::write(stage.folder.path().join("replies/prd.md"), "# PRD").unwrap();
    assert_eq!(stage.says("x").await, "# PRD");

    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    fs::write(&secret, "secret").unwrap();
    std::os::unix::fs::symlink(&secret, stage.folder.path().join("link")).unwrap();
    for path in ["../s.yaml", "link", &secret.display().to_string()] {
        let stage_yaml = format!("rules: [ {{ file: {path} }} ]");
        fs::write(stage.folder.path().join("s.yaml"), stage_yaml).unwrap();
        assert!(stage.complains().await.contains("must lie in the script's folder"), "{path}");
    }
    fs::write(stage.folder.path().join("s.yaml"), "log: ../out.log\nrules: [ { reply: a } ]").unwrap();
    assert!(stage.complains().await.contains("log ../out.log cannot be written"));
}

#[tokio::test]
async fn a_wrong_script_is_told_what_is_wrong() {
    let cases = [
        ("rules: [ { reply: a, file: b } ]", "rule \"rule 1\" has several answers"),
        ("rules: [ { name: mute } ]", "rule \"mute\" has no answer"),
        ("rules: [ { name: bad, reply: a, when: { matches: '(' } } ]", "matches of rule \"bad\" is wrong"),
        ("rules: [ { reply: a, when: { plugins: mary } } ]", "plugins"),
        ("rules: [ { replies: a } ]", "replies"),
        ("rules: [ { reply: a, when: { contains: { a: b } } } ]", "a text or a list of texts"),
        ("rules: [ { reply: a, usage: { input: -1 } } ]", "not a script"),
        ("rule: []", "unknown field"),
        (": : [", "not a script"),
        ("", "not a script"),
        ("rules: [ { reply: a, reply: b } ]", "not a script"),
    ];
    for (yaml, wanted) in cases {
        let text = Stage::new(yaml).complains().await;
        assert!(text.contains(wanted) && text.contains("s.yaml"), "{yaml}: {text}");
    }
}

#[tokio::test]
async fn a_missing_script_and_a_way_upwards_are_told() {
    let stage = Stage::new("");
    let ask = ask("x");
    for (name, wanted) in [("none.yaml", "Create it"), ("a/../../etc/passwd", "leads upwards")] {
        let error = stage.script.complete(CALLER, name, &ask).await.unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
    }
}

#[tokio::test]
async fn an_error_shows_nothing_of_a_file_that_is_no_script() {
    let text = Stage::new("root:x:0:0:topsecret\nuser:x:1:1:topsecret\n").complains().await;
    assert!(!text.contains("topsecret"), "{text}");
}

#[tokio::test]
async fn hostile_yaml_is_turned_away_quickly() {
    let bomb: String = (1..30).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |yaml, level| {
        let below = level - 1;
        format!("{yaml}a{level}: &a{level} [*a{below},*a{below},*a{below},*a{below},*a{below},*a{below},*a{below}]\n")
    });
    let hostile = [
        format!("rules:\n  - json:\n{}", bomb.lines().map(|line| format!("      {line}\n")).collect::<String>()),
        format!("rules: [ {{ json: {}1{} }} ]", "[".repeat(50_000), "]".repeat(50_000)),
        format!("rules:\n  - json:\n{}", (2..2_000).map(|depth| format!("{}a:\n", "  ".repeat(depth))).collect::<String>()),
        "a: &a\n  - *a\n".to_owned(),
        format!("rules: [ {{ reply: {} }} ]", "x".repeat(2_000_000)),
        "\u{0}\u{1}\u{2}".to_owned(),
    ];
    for yaml in hostile {
        let started = std::time::Instant::now();
        let text = Stage::new(&yaml).complains().await;
        assert!(text.len() < 1_000, "{text}");
        assert!(started.elapsed() < Duration::from_secs(5), "{text}");
    }
    let stage = Stage::new("");
    fs::write(stage.folder.path().join("s.yaml"), [0xff, 0xfe, 0x00, 0xc3]).unwrap();
    assert!(stage.complains().await.contains("cannot be read"));
}
