//! A client that was generated from the document and nothing else, with a host in another process: from a brief to a merged story.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use baton_tests::{
    api_host::{ApiHost, eventually},
    docker::{self, IMAGE},
    folder, installed,
};
use serde_json::{Value, json};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
const STORY: &str = "1-1-init-ledger";

/// A host with a brief below the folder for projects, and a script that answers for its models.
fn serve() -> ApiHost {
    let home = tempfile::tempdir().unwrap();
    for folder in ["data", "projects/kitty", ".config/baton"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    let example = Path::new(EXAMPLES).join("expense-splitter");
    fs::copy(example.join("brief.md"), home.path().join("projects/kitty/brief.md")).unwrap();
    folder::copy(&example, &home.path().join("script"));
    let script = home.path().join("script/replies.yaml");
    let rules = fs::read_to_string(&script).unwrap();
    let quick: Vec<_> = rules.lines().filter(|line| !line.trim_start().starts_with("delay-ms:")).collect();
    fs::write(&script, quick.join("\n")).unwrap();
    let roots = home.path().join("projects").canonicalize().unwrap();
    let sandbox = match docker::ready() {
        true => format!("[sandbox.images.default]\nimage = \"{IMAGE}\"\n"),
        false => "[sandbox]\nengine = \"process\"\n".to_owned(),
    };
    let settings = format!(
        "[api]\nuser-rate = 1000000\naddress-rate = 1000000\nproject-roots = [{roots:?}]\n[models]\ndefault = \"script/{}\"\n{sandbox}",
        script.display()
    );
    fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
    ApiHost::over(home)
}

/// Generates the client into a folder by the generator that the example names.
fn generate(generator: &Path, target: &Path) {
    let programs = generator.parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let generate = Command::new(Path::new(EXAMPLES).join("python-client/generate")).arg(target).env("PATH", path).output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&generate.stdout), String::from_utf8_lossy(&generate.stderr));
    assert!(generate.status.success(), "{printed}");
    assert!(!printed.contains("Warning") && !printed.contains("Unable"), "the generator leaves something out:\n{printed}");
}

fn token(host: &ApiHost) -> String {
    let user = json!({ "name": "ada", "password": "correct horse battery", "role": "admin", "all_projects": true });
    host.post("/users", &user).expect(201);
    let token = host.post("/tokens", &json!({ "name": "client", "user": "ada" })).expect(201);
    token["secret"].as_str().unwrap().to_owned()
}

#[test]
fn a_generated_client_has_a_story_planned_and_merged_while_the_host_is_killed_and_starts_again() {
    let untested = "no client was generated from the document of the API";
    let Some(generator) = installed::find("BATON_TEST_OPENAPI_CLIENT", "openapi-python-client", untested, "it with pip") else { return };
    let generated = tempfile::tempdir().unwrap();
    generate(&generator, generated.path());
    let mut host = serve();
    let project: PathBuf = host.home().join("projects/kitty");
    let mut client = Command::new(generator.with_file_name("python"))
        .arg(Path::new(EXAMPLES).join("python-client/land_a_story.py"))
        .arg(&project)
        .arg(STORY)
        .env("PYTHONPATH", generated.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BATON_URL", format!("http://{}", host.address))
        .env("BATON_TOKEN", token(&host))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told: Vec<Value> = Vec::new();
    for line in BufReader::new(client.stdout.take().unwrap()).lines().map_while(Result::ok) {
        let step: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let is_sprint = step["what"] == "started" && step["workflow"] == "sprint";
        told.push(step);
        if is_sprint {
            // A story is at work.
            eventually("the developer begins", || {
                let instances = host.get("/agents/instances");
                instances["items"].as_array().is_some_and(|agents| !agents.is_empty()).then_some(())
            });
            host = host.killed_and_restarted_there();
        }
    }
    assert!(client.wait().unwrap().success(), "{told:#?}");
    let steps: Vec<_> = told.iter().map(|step| step["what"].as_str().unwrap()).collect();
    let count = |what: &str| steps.iter().filter(|step| **step == what).count();
    assert_eq!((count("started"), count("answered"), count("ended"), count("done")), (2, 1, 2, 1), "{told:#?}");
    assert!(count("stream ended") >= 1, "it lost the stream, and went on: {told:#?}");
    let done = told.last().unwrap();
    assert_eq!((&done["story"], &done["pull_requests"]), (&json!("done"), &json!({ "story/1-1-init-ledger": "merged" })), "{done}");
    assert!(done["replies"].as_u64().unwrap() >= 10 && done["cost_usd"].is_string(), "{done}");
    let log = Command::new("git").arg("-C").arg(&project).args(["log", "--format=%s"]).output().unwrap();
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert!(log.contains("Merge story 1-1-init-ledger"), "{log}");
}
