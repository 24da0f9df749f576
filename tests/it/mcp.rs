//! `baton mcp`, spoken to by a real MCP client as an editor would.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use baton_tests::{folder, program};
use rmcp::{
    ClientHandler, RoleClient,
    model::{CallToolRequestParams, CallToolResult, ClientConfig, ProgressNotificationParam},
    service::{NotificationContext, RunningService, ServiceError, serve_client},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// Writes down the progress it hears of.
#[derive(Clone, Default)]
struct Editor(Arc<Mutex<Vec<(f64, String)>>>);

impl ClientHandler for Editor {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::default()
    }

    async fn on_progress(&self, progress: ProgressNotificationParam, _: NotificationContext<RoleClient>) {
        self.0.lock().unwrap().push((progress.progress, progress.message.unwrap_or_default()));
    }
}

struct Scene {
    home: TempDir,
    editor: Editor,
    client: RunningService<RoleClient, Editor>,
    baton: Child,
}

impl Scene {
    /// The program over the demo's script, with a client.
    async fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        folder::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/expense-splitter"), &home.path().join("work"));
        // Nobody is there to ask.
        std::fs::write(home.path().join("work/baton.toml"), "[plan]\nsure = 0\n").unwrap();
        let arguments = ["mcp", "--workspace", "work", "--data-dir", "data", "--model", "script/work/replies.yaml"];
        let mut command = Command::from(program::command(home.path(), &arguments));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut baton = command.spawn().unwrap();
        let pipes = (baton.stdout.take().unwrap(), baton.stdin.take().unwrap());
        let editor = Editor::default();
        let client = serve_client(editor.clone(), pipes).await.unwrap();
        Self { home, editor, client, baton }
    }

    async fn call(&self, workflow: &str, input: Value) -> Result<CallToolResult, ServiceError> {
        let request = CallToolRequestParams::new(workflow.to_owned()).with_arguments(input.as_object().cloned().unwrap());
        tokio::time::timeout(Duration::from_secs(60), self.client.call_tool(request)).await.expect("the call takes more than a minute")
    }
}

fn text(result: &CallToolResult) -> &str {
    &result.content[0].as_text().unwrap().text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_lists_and_calls_workflows_and_hears_of_their_progress() {
    let mut scene = Scene::new().await;
    let tools = scene.client.list_all_tools().await.unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool.name.as_ref()).collect();
    assert!(names.contains(&"plan") && !names.contains(&"mary"), "{names:?}");
    assert!(tools.iter().all(|tool| tool.description.is_some() && tool.input_schema["type"] == "object"));

    let done = scene.call("plan", json!({ "brief-file": "brief.md" })).await.unwrap();
    assert_eq!(done.is_error, Some(false), "{}", text(&done));
    let output: Value = serde_json::from_str(text(&done)).unwrap();
    assert!(output["stories"].as_u64().unwrap() > 0, "{output}");
    assert!(scene.home.path().join("work/docs/PRD.md").is_file());
    let heard = scene.editor.0.lock().unwrap().clone();
    assert!(heard.len() > 3 && heard.is_sorted_by(|one, next| one.0 < next.0), "{heard:?}");
    assert!(heard.iter().any(|(_, step)| step.contains("architect")), "{heard:?}");

    scene.client.cancel().await.unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), scene.baton.wait()).await.expect("it outlives its client").unwrap();
    assert!(ended.success(), "{ended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_told_to_the_client() {
    let scene = Scene::new().await;
    let refused = scene.call("plan", json!({ "brief": 7 })).await.unwrap();
    assert_eq!(refused.is_error, Some(true));
    assert!(text(&refused).contains("brief"), "{}", text(&refused));
    let paused = scene.call("plan", json!({ "brief": "Something no script foresaw." })).await.unwrap();
    assert!(paused.is_error == Some(true) && text(&paused).contains("baton runs resume"), "{}", text(&paused));
    for name in ["mary", "nothing", ""] {
        assert!(matches!(scene.call(name, json!({})).await, Err(ServiceError::McpError(_))), "{name}");
    }
}
