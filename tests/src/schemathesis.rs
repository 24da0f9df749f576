//! Schemathesis, which makes up requests from the document of an API and judges the answers by it: a program that others wrote.

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{installed, program};

/// How it makes requests, without what exists on a host.
const SETTINGS: &str = include_str!("../schemathesis/schemathesis.toml");

/// What it has to be told beside them.
const HOOKS: &str = include_str!("../schemathesis/hooks.py");

/// Where its program is.
pub fn program() -> Option<PathBuf> {
    let untested = "no requests were made up from the document of the API";
    installed::find("BATON_TEST_SCHEMATHESIS", "schemathesis", untested, "`schemathesis` with pip")
}

/// Who asks, and what for.
pub struct Session<'a> {
    /// Where the API is, such as `http://127.0.0.1:40001`.
    pub url: String,
    /// The credential, if there is one.
    pub bearer: Option<&'a str>,
    /// What exists, by the name of a dictionary of the settings.
    pub known: &'a [(&'a str, Vec<Value>)],
}

impl Session<'_> {
    /// Makes requests, by these options of its own. What it says where an answer was not as the document says.
    pub fn run(&self, program: &Path, options: &[&str]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("schemathesis.toml");
        fs::write(&settings, self.settings()).unwrap();
        fs::write(folder.path().join("hooks.py"), HOOKS).unwrap();
        // Each commit asks for others.
        let seed = env::var("BATON_TEST_OFFSET").unwrap_or_else(|_| "1".to_owned());
        let mut command = Command::new(program);
        command.current_dir(folder.path()).env("NO_COLOR", "1").arg("--config-file").arg(settings).arg("run");
        command.arg(format!("{}/api/v1/openapi.json", self.url)).args(["--seed", &seed]).args(options);
        if let Some(secret) = self.bearer {
            command.arg("--header").arg(format!("Authorization: Bearer {secret}"));
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let ended = program::end(command.spawn().unwrap());
        let printed = format!("{}{}", ended.stdout, ended.stderr);
        if ended.code == Some(0) { Ok(printed) } else { Err(printed) }
    }

    fn settings(&self) -> String {
        self.known.iter().fold(SETTINGS.to_owned(), |mut settings, (name, values)| {
            // A list of JSON texts and numbers is one of TOML, too.
            let _ = write!(settings, "\n[dictionaries.{name}]\nvalues = {}\n", Value::from(values.clone()));
            settings
        })
    }
}
