//! Environments of projects: found, approved and built with the real program, from a real registry on loopback, and used.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use baton::{
    app::environment::{BuildOptions, Origin},
    kernel::run::State,
};
use baton_tests::{
    docker::{self, docker},
    host::{TestHost, person},
    program::{self, Ended},
    registry::{self, Registry},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::mpsc;

/// A program that says its version and does nothing else.
fn lay_program(root: &Path, path: &str, says: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A registry that has these official images and no others, none of which is on this machine any more.
struct Hub {
    registry: Registry,
    images: Vec<String>,
}

impl Hub {
    fn start(program: &Path) -> Self {
        Self { registry: Registry::start(program), images: Vec::new() }
    }

    fn publish(&mut self, name: &str, add: impl FnOnce(&Path)) {
        let image = format!("{}/library/{name}", self.registry.host());
        docker::import(&image, add);
        docker(&["push", "--quiet", &image]).expect("the image can be pushed");
        docker(&["rmi", &image]).unwrap();
        self.images.push(image);
    }

    /// One with Python and Go.
    fn usual(program: &Path) -> Self {
        let mut hub = Self::start(program);
        hub.publish("python:3.12", |root| lay_program(root, "bin/python3", "Python 3.12.9"));
        hub.publish("golang:1.22", |root| lay_program(root, "usr/local/go/bin/go", "go version go1.22.5"));
        hub
    }

    fn settings(&self) -> Value {
        json!({ "sandbox": { "docker-hub": self.registry.host() } })
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        for image in &self.images {
            let _ = docker(&["rmi", "--force", image]);
        }
    }
}

/// A user with a project.
struct User {
    home: TempDir,
}

impl User {
    fn new(hub: &Hub, files: &[(&str, &str)]) -> Self {
        let user = Self { home: tempfile::tempdir().unwrap() };
        fs::write(user.home.path().join("settings.toml"), format!("[sandbox]\ndocker-hub = \"{}\"\n", hub.registry.host())).unwrap();
        files.iter().for_each(|(path, text)| user.write(path, text));
        user
    }

    fn project(&self) -> PathBuf {
        self.home.path().join("shop")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.project().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn environment(&self, arguments: &[&str]) -> Ended {
        let project = self.project();
        let arguments = [&["project", "environment"], arguments, &["--workspace", project.to_str().unwrap()]].concat();
        let mut command = program::command(self.home.path(), &arguments);
        command.env("BATON_DATA_DIR", self.home.path().join("data")).env("BATON_CONFIG", self.home.path().join("settings.toml"));
        program::output(command)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.environment(&[arguments, &["-o", "json"]].concat()).exits(0);
        serde_json::from_str(&ended.stdout).unwrap()
    }
}

const FILES: [(&str, &str); 2] =
    [("pyproject.toml", "[project]\nrequires-python = \"==3.12.*\"\n"), ("tools/go.mod", "module tools\ngo 1.22\n")];

#[test]
fn an_environment_is_found_approved_built_once_and_tried() {
    let (true, Some(program)) = (docker::ready(), registry::program()) else { return };
    let hub = Hub::usual(&program);
    let user = User::new(&hub, &FILES);
    let detected = user.json(&["detect"]);
    assert_eq!((&detected["origin"]["kind"], &detected["origin"]["image"]), (&json!("tools"), &json!("python:3.12")), "{detected}");
    assert_eq!(user.json(&["show"])["state"], "proposed");
    let asked = user.environment(&["build"]).exits(2);
    assert!(asked.stderr.contains("Add --yes."), "{}", asked.stderr);
    assert!(!user.home.path().join("data").exists(), "nothing is approved, and no directory becomes a project");
    let built = user.json(&["build", "--yes"]);
    let image = built["approved"]["image"].as_str().unwrap();
    assert!(image.starts_with("baton-environment:") && built["approved"]["local"] == true, "{built}");
    let id = || docker(&["image", "inspect", "--format", "{{.Id}}", image]);
    let first = id().expect("the image is here");
    let history = docker(&["history", "--no-trunc", "--format", "{{.CreatedBy}}", image]).unwrap();
    assert!(history.contains("/usr/local/go"), "{history}");
    let tried = user.json(&["test"]);
    let versions: Vec<_> =
        tried["tools"].as_array().unwrap().iter().map(|tool| (tool["tool"].as_str().unwrap(), tool["version"].as_str())).collect();
    assert_eq!(&versions[..2], [("Python", Some("Python 3.12.9")), ("Go", Some("go version go1.22.5"))]);
    assert_eq!(user.json(&["show"])["state"], "approved");
    // A file that changes and proposes the same changes nothing.
    user.write("pyproject.toml", "[project]\nrequires-python = \"==3.12.*\"\ndependencies = [\"attrs\"]\n");
    assert_eq!(user.json(&["show"])["state"], "approved");
    assert_eq!((&user.json(&["build", "--yes"])["approved"]["image"], id()), (&json!(image), Some(first)), "the same is built once");
    user.write("pyproject.toml", "[project]\nrequires-python = \"==3.11.*\"\n");
    let shown = user.json(&["show"]);
    assert_eq!(
        (&shown["state"], &shown["approved"]["image"], &shown["changed"]["origin"]["image"]),
        (&json!("changed"), &json!(image), &json!("python:3.11"))
    );
    let failed = user.environment(&["build", "--yes"]).exits(1);
    assert!(failed.stderr.contains("library/python:3.11` is not on this machine and cannot be fetched"), "{}", failed.stderr);
    assert_eq!(user.json(&["show"])["approved"]["image"], json!(image), "what was approved stays");
    // An image that is named is tried for what the files want, which it may lack.
    let named = user.json(&["build", "--image", docker::IMAGE, "--yes"]);
    let approved = &named["approved"];
    assert!(approved["image"].as_str().unwrap().starts_with("sha256:") && approved["local"] == true, "{named}");
    let lacking = user.environment(&["test"]).exits(1);
    assert!(lacking.stdout.contains("missing  Python"), "{}", lacking.stdout);
    assert!(user.json(&["remove"])["project"].is_string());
    assert_eq!(user.json(&["show"])["state"], "proposed");
    let _ = docker(&["rmi", "--force", image]);
}

const CONTAINER: &str = r#"{
    // Everything a repository could wish for.
    "build": { "dockerfile": "Dockerfile", "args": { "NAME": "x" } },
    "privileged": true, "runArgs": ["--network=host"], "mounts": ["source=/,target=/x,type=bind"],
    "initializeCommand": "touch ../initialized", "features": { "ghcr.io/evil/feature:1": {} },
}"#;
/// Sees no network, no file of the repository that it does not name, and no more memory than it is given.
const DOCKERFILE: &str = "FROM python:3.12\nCOPY named.txt /\nRUN test \"$(cat /named.txt)\" = named && test -z \"$(ls /sys/class/net | grep -v lo)\" && \\\n  \
                          test ! -e /secret.txt && touch /proven\n";

#[test]
fn a_dockerfile_gets_no_network_no_folder_and_nothing_that_a_devcontainer_wants() {
    let (true, Some(program)) = (docker::ready(), registry::program()) else { return };
    let hub = Hub::usual(&program);
    let files = [
        (".devcontainer/devcontainer.json", CONTAINER),
        (".devcontainer/Dockerfile", DOCKERFILE),
        (".devcontainer/named.txt", "named"),
        (".devcontainer/secret.txt", "secret"),
    ];
    let user = User::new(&hub, &files);
    let detected = user.json(&["detect"]);
    let left_out: Vec<_> = detected["left_out"].as_array().unwrap().iter().map(|left| left["what"].as_str().unwrap()).collect();
    assert_eq!(left_out, ["features", "initializeCommand", "mounts", "privileged", "runArgs"]);
    let shown = user.environment(&["detect"]).exits(0);
    assert!(shown.stdout.contains("Left out: initializeCommand of .devcontainer/devcontainer.json"), "{}", shown.stdout);
    let built = user.json(&["build", "--yes"]);
    let image = built["approved"]["image"].as_str().unwrap();
    assert_eq!(docker(&["run", "--rm", "--network=none", image, "ls", "/proven"]).as_deref(), Some("/proven"));
    assert!(!user.home.path().join("initialized").exists());
    let _ = docker(&["rmi", "--force", image]);
    // What has changed is another image, once it is approved; what fails says why.
    user.write(".devcontainer/Dockerfile", "FROM python:3.12\nRUN echo broken here; false\n");
    assert_eq!(user.json(&["show"])["state"], "changed");
    let failed = user.environment(&["build", "--yes"]).exits(1);
    assert!(failed.stderr.contains("The image cannot be built"), "{}", failed.stderr);
    user.write(".devcontainer/Dockerfile", "FROM python:3.12\nCOPY . /all\n");
    let refused = user.environment(&["build", "--yes"]).exits(2);
    assert!(refused.stderr.contains("copies the directory `.`"), "{}", refused.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_a_project_run_in_the_image_that_was_approved_for_it() {
    let (true, Some(program)) = (docker::ready(), registry::program()) else { return };
    let hub = Hub::usual(&program);
    let host = TestHost::with_settings(hub.settings()).await;
    fs::write(host.workspace().join(".python-version"), "3.12\n").unwrap();
    let execute = async || host.run(json!({ "do": "execute", "image": "project", "command": ["python3"] })).await;
    match execute().await.state {
        State::Failed { error } => assert!(error.text.contains("`baton project environment build`"), "{error:?}"),
        other => panic!("{other:?}"),
    }
    let set = async || host.run(json!({ "do": "setting", "key": "test.image" })).await.output.unwrap();
    assert_eq!(set().await, Value::Null, "as before");
    let options = BuildOptions::default();
    let proposal = host.app.propose_environment(&host.workspace(), &options).unwrap();
    assert_eq!(proposal.origin, Some(Origin::Tools { image: "python:3.12".to_owned(), steps: Vec::new() }));
    let (pieces, _unheard) = mpsc::channel(64);
    let image = host.app.build_environment(&host.workspace(), &proposal, &options, &pieces).await.unwrap();
    let pinned = format!("{}/library/python@sha256:", hub.registry.host());
    assert!(image.reference.starts_with(&pinned) && !image.is_local, "{image:?}");
    let project = host.app.kernel.open_project(&host.workspace(), &person("ada")).await.unwrap();
    host.app.approve_environment(&project.id, &proposal, image, false, &person("ada")).await.unwrap();
    assert_eq!(set().await, json!("project"));
    let run = execute().await;
    assert_eq!(run.output.as_ref().map(|output| &output["stdout"]), Some(&json!("Python 3.12.9\n")), "{:?}", run.state);
    host.app.close().await;
}
