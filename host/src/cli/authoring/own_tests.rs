//! The tests that come with a plugin, run natively by the tool of its language.

use super::{Language, Program, Project};
use crate::{config, operations::Problem};

const PYTHON_TESTS: &str = include_str!("own_tests.py");
/// Names Baton to tests that start its host in memory.
const BATON: &str = "BATON";

impl Project {
    /// Runs the plugin's own tests, if it has any; false where it has none. Their words go to standard error.
    pub(in crate::cli) async fn run_tests(&self) -> Result<bool, Problem> {
        let tests = match self.language {
            Language::Rust => {
                Program::new("cargo", &self.folder, "Install Rust as https://rustup.rs says and try again.").with(["test", "--quiet"])
            }
            Language::Python if self.has_python_tests() => {
                let python = Program::new(self.python(), &self.folder, "Install Python 3.11 or later and try again.");
                python.with(["-B", "-c", PYTHON_TESTS])
            }
            Language::JavaScript if self.has_script("test") => {
                Program::new("npm", &self.folder, "Install Node.js 20 or later and try again.").with(["test", "--silent"])
            }
            Language::Python | Language::JavaScript | Language::Persona | Language::Folder => return Ok(false),
        };
        self.write_sdk()?;
        let baton = config::path_of_this_program();
        baton.into_iter().fold(tests, |tests, path| tests.variable(BATON, path)).run().await?;
        Ok(true)
    }

    fn has_python_tests(&self) -> bool {
        let names = std::fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.into_iter().any(|name| name.to_str().is_some_and(|name| name.starts_with("test") && name.ends_with(".py")))
    }

    fn has_script(&self, name: &str) -> bool {
        let package = std::fs::read_to_string(self.folder.join("package.json")).unwrap_or_default();
        let package: serde_json::Value = serde_json::from_str(&package).unwrap_or_default();
        package["scripts"][name].is_string()
    }
}
