//! Commands in containers, with the run's workspace at `/workspace`. Needs `images`.
//!
//! ```
//! use baton_sdk::{prelude::*, sandbox::Execution};
//!
//! fn test() -> Result<bool> {
//!     let outcome = sandbox::execute(&Job::new(["cargo", "test"]).with_image("rust").with_timeout_ms(600_000))?;
//!     Ok(outcome.succeeded())
//! }
//! # let host = baton_sdk::testing::Host::new().when_executed("cargo test", Execution::exited(0));
//! # assert_eq!(host.inside(test), Ok(true));
//! ```

use crate::files::Excerpt;
use crate::imports::sandbox as host;
use crate::tools::text;
use crate::{Result, settings};

pub use host::{Ending, Execution, Job, SetupOutcome};

/// Executes a command and waits until it ends. A command that fails is not an error.
///
/// Errors: `denied` without a grant for the image, `not-found` for an image that the operator did not name, `unavailable`
/// without a container engine.
pub fn execute(job: &Job) -> Result<Execution> {
    Ok(host::execute(job)?)
}

/// Reads lines of all that a command of this run printed, by the name in [`Execution::output`]; as
/// [`read_lines`](crate::files::read_lines).
///
/// ```
/// # use baton_sdk::{prelude::*, sandbox::Execution, testing::Host};
/// /// How many lines the tests printed, also where the outcome does not hold all of them.
/// fn count() -> Result<u32> {
///     let outcome = sandbox::execute(&Job::shell("make test"))?;
///     match &outcome.output {
///         Some(output) => Ok(sandbox::read_output(output, 1, 0, 0)?.total_lines),
///         None => Ok(outcome.stdout.lines().chain(outcome.stderr.lines()).count() as u32),
///     }
/// }
/// # let host = Host::new().when_executed("make test", Execution::exited(0).with_stdout("ok\n".repeat(50_000)));
/// # assert_eq!(host.inside(count), Ok(50_000));
/// ```
pub fn read_output(output: &str, first: u32, count: u32, most_bytes: u32) -> Result<Excerpt> {
    Ok(host::read_output(output, first, count, most_bytes)?)
}

/// Does the setup of the workspace that the operator approved, unless it is done for these lockfiles: fetches what the project
/// depends on, with the network that the operator allows. Commands have none. Where a setup fails, the run is paused.
///
/// Call it once before the work in a workspace, and again where lockfiles may have changed.
///
/// Errors: `denied` without a grant for the image of the project's tests, `not-found` for an image that the operator did not
/// name.
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn prepare() -> Result<()> {
///     let setup = sandbox::set_up()?;
///     run::info(&setup.summary());
///     Ok(())
/// }
/// # let host = Host::new();
/// # assert_eq!(host.inside(prepare), Ok(()));
/// ```
pub fn set_up() -> Result<SetupOutcome> {
    Ok(host::set_up()?)
}

/// Renews the lockfiles of the workspace after a manifest changed, by the command that the operator approved. Installs nothing:
/// [`set_up`] fetches what the lockfiles name then.
///
/// Errors: as [`set_up`].
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// fn add(manifest: &str) -> Result<()> {
///     files::write("package.json", manifest)?;
///     let renewed = sandbox::renew_lockfiles()?;
///     if renewed.state == "failed" {
///         return Err(Error::invalid(renewed.report));
///     }
///     Ok(())
/// }
/// # let host = Host::new();
/// # assert_eq!(host.inside(|| add("{}")), Ok(()));
/// ```
pub fn renew_lockfiles() -> Result<SetupOutcome> {
    Ok(host::renew_lockfiles()?)
}

impl SetupOutcome {
    /// A setup that there is not, for tests.
    pub fn none() -> Self {
        let (reached, denied) = (Vec::new(), Vec::new());
        Self { state: "none".to_owned(), command: None, report: String::new(), reached, denied, took_ms: 0 }
    }

    /// Whether the command was executed, or its result put into the workspace, by this call.
    pub fn is_new(&self) -> bool {
        matches!(self.state.as_str(), "done" | "restored")
    }

    /// What came of it, in one paragraph.
    pub fn summary(&self) -> String {
        let command = self.command.as_deref().unwrap_or_default();
        let told = match self.state.as_str() {
            "none" => "The project has no setup.".to_owned(),
            "done" => format!("The setup `{command}` took {} ms.", self.took_ms),
            "restored" => format!("What the setup `{command}` left before was put into the workspace."),
            "unchanged" => format!("The setup `{command}` holds."),
            other => format!("The setup `{command}`: {other}."),
        };
        let denied = match self.denied.is_empty() {
            true => String::new(),
            false => format!(" It tried to reach hosts that are not allowed: {}.", self.denied.join(", ")),
        };
        format!("{told}{denied} {}", self.report).trim_end().to_owned()
    }
}

impl Job {
    /// A program and its arguments, in the operator's `default` image, for at most ten minutes, or what the operator allows where
    /// that is less. No shell reads them.
    ///
    /// ```
    /// # use baton_sdk::prelude::*;
    /// let job = Job::new(["cargo", "test"]).with_image("rust").with_env("RUST_BACKTRACE", "1").with_timeout_ms(1_200_000);
    /// assert_eq!(job.command, ["cargo", "test"]);
    /// ```
    pub fn new<T: Into<String>>(command: impl IntoIterator<Item = T>) -> Self {
        let command = command.into_iter().map(Into::into).collect();
        Self { image: None, command, env: Vec::new(), timeout_ms: None }
    }

    /// A command line for the image's shell, such as `make && make test`.
    pub fn shell(line: impl Into<String>) -> Self {
        Self::new(["sh".to_owned(), "-c".to_owned(), line.into()])
    }

    /// An image, by the operator's name for it.
    #[must_use]
    pub fn with_image(mut self, name: impl Into<String>) -> Self {
        self.image = Some(name.into());
        self
    }

    /// The image for the project's tests: the setting `test.image`, else `default`.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, sandbox::Execution, testing::Host};
    /// fn test() -> Result<bool> {
    ///     Ok(sandbox::execute(&Job::shell("make test").in_image_of_tests()?)?.succeeded())
    /// }
    /// # let host = Host::new().with_setting("test.image", "rust").when_executed("make test", Execution::exited(0));
    /// # assert_eq!(host.inside(test), Ok(true));
    /// # assert_eq!(host.requests("sandbox.execute")[0]["image"], "rust");
    /// ```
    pub fn in_image_of_tests(self) -> Result<Self> {
        Ok(match settings::get::<String>("test.image")? {
            Some(image) => self.with_image(image),
            None => self,
        })
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn with_env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Wall time in milliseconds, instead of what is usual: ten minutes, or what the operator allows where that is less.
    #[must_use]
    pub fn with_timeout_ms(mut self, milliseconds: u32) -> Self {
        self.timeout_ms = Some(milliseconds);
        self
    }
}

impl Execution {
    /// A command that exited without output, for tests.
    pub fn exited(exit_code: i32) -> Self {
        Self { ending: Ending::Exited, exit_code, stdout: String::new(), stderr: String::new(), output: None, took_ms: 0 }
    }

    /// Adds standard output.
    #[must_use]
    pub fn with_stdout(mut self, text: impl Into<String>) -> Self {
        self.stdout = text.into();
        self
    }

    /// Adds standard error.
    #[must_use]
    pub fn with_stderr(mut self, text: impl Into<String>) -> Self {
        self.stderr = text.into();
        self
    }

    /// Whether the command exited with code 0.
    pub fn succeeded(&self) -> bool {
        self.ending == Ending::Exited && self.exit_code == 0
    }

    /// How it ended and what it printed, for a model or a log: at most about 16 KiB, of long streams the head and the tail.
    ///
    /// ```
    /// # use baton_sdk::sandbox::Execution;
    /// let report = Execution::exited(1).with_stdout("2 tests").with_stderr("1 failed\n").report();
    /// assert_eq!(report, "The command ended with exit code 1.\n--- stdout\n2 tests\n--- stderr\n1 failed\n");
    /// assert_eq!(Execution::exited(0).report(), "The command ended with exit code 0.\n");
    /// ```
    ///
    /// ```
    /// # use baton_sdk::sandbox::Execution;
    /// let outcome = Execution::exited(1).with_stderr("1 test failed");
    /// assert_eq!(outcome.report(), "The command ended with exit code 1.\n--- stderr\n1 test failed\n");
    /// ```
    pub fn report(&self) -> String {
        self.report_within(text::SHOWN_OUTPUT)
    }

    /// The same with at most about `most_bytes` of output. Where both streams are too long, each gets half, so that neither
    /// pushes the other out.
    ///
    /// ```
    /// # use baton_sdk::sandbox::Execution;
    /// let outcome = Execution::exited(1).with_stdout("test a failed\n").with_stderr("a warning\n".repeat(1000));
    /// let report = outcome.report_within(100);
    /// assert!(report.contains("--- stdout\ntest a failed\n--- stderr\na warning\n") && report.len() < 250);
    /// ```
    pub fn report_within(&self, most_bytes: usize) -> String {
        let ended = text::say_ended(self.ending, self.exit_code, self.took_ms);
        text::show_streams(&ended, &self.stdout, &self.stderr, most_bytes)
    }
}
