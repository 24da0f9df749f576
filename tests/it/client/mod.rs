//! The command line as a client of a served host: the same commands with the same output, and what a server may not do to it.

mod changing;
mod following;
mod hostile;
mod login;
mod reading;
mod terminal;

use std::{fs, path::Path, process::Command};

use baton_tests::{PROBE, api_host::ApiHost, program};
use serde_json::{Value, json};

/// A served host with a bit of everything, whose data a command without options finds as well.
struct Served {
    host: ApiHost,
    /// The secret of an admin's token.
    token: String,
}

impl Served {
    fn start() -> Self {
        Self::with_settings("")
    }

    /// The same with settings besides.
    fn with_settings(more: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        for directory in ["data/plugins", "shop", ".config/baton", ".local/share"] {
            fs::create_dir_all(home.path().join(directory)).unwrap();
        }
        std::os::unix::fs::symlink(home.path().join("data"), home.path().join(".local/share/baton")).unwrap();
        fs::write(home.path().join("data/plugins/probe.wasm"), PROBE).unwrap();
        fs::write(home.path().join("data/plugins/broken.wasm"), "no component").unwrap();
        fs::write(home.path().join("answers.yaml"), "rules:\n  - { name: any, when: { contains: question }, reply: an answer }\n").unwrap();
        let script = home.path().join("answers.yaml");
        let rates = "[api]\nuser-rate = 1000000\naddress-rate = 1000000\n";
        let roots = home.path().canonicalize().unwrap();
        let settings = format!(
            "{rates}project-roots = [{roots:?}]\n[models]\ndefault = \"script/{}\"\n[sandbox]\nengine = \"process\"\n{more}",
            script.display()
        );
        fs::write(home.path().join(".config/baton/baton.toml"), settings).unwrap();
        git(&home.path().join("shop"), &["init", "--quiet", "--initial-branch=main"]);
        for arguments in [&["project", "add", "shop"][..], &["plugin", "grant", "probe"]] {
            let _done = program::run(home.path(), arguments).exits(0);
        }
        let host = ApiHost::over(home);
        let user = json!({ "name": "ada", "password": PASSWORD, "role": "admin", "all_projects": true });
        host.post("/users", &user).expect(201);
        let token = host.post("/tokens", &json!({ "name": "client", "user": "ada" })).expect(201);
        let token = token["secret"].as_str().unwrap().to_owned();
        Self { host, token }
    }

    fn url(&self) -> String {
        format!("http://{}", self.host.address)
    }

    /// A command on the server, as the admin.
    fn there(&self, arguments: &[&str]) -> program::Ended {
        program::output(self.command(arguments).env("BATON_TOKEN", &self.token))
    }

    /// The same, and nothing signs in but what is kept.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(self.host.home(), arguments);
        command.env("BATON_SERVER", self.url());
        command
    }

    /// A command in a process of its own, over the data.
    fn here(&self, arguments: &[&str]) -> program::Ended {
        program::run(self.host.home(), arguments)
    }

    /// The id of a run of the probe, once it is in this state.
    fn run(&self, input: &Value, state: &str) -> String {
        let started = self.host.post("/runs", &json!({ "workflow": "probe", "project": "shop", "input": input })).expect(202);
        let run = started["run"].as_str().unwrap().to_owned();
        self.host.await_that(&format!("/runs/{run}"), |run| run["state"] == state);
        run
    }
}

const PASSWORD: &str = "correct horse battery";

fn git(directory: &Path, arguments: &[&str]) {
    assert!(Command::new("git").arg("-C").arg(directory).args(arguments).status().unwrap().success());
}
