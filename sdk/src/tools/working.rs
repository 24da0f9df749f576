//! Ready-made tools for whoever changes code: edit a file in one place, run a command in the sandbox. They can do what
//! the plugin's own grants allow and nothing more.

use serde_json::json;

use super::{Tool, workspace::text};
use crate::sandbox::{self, Execution, Job};
use crate::{Error, ErrorKind, Result, files, run};

/// Bytes of a command's output that a model is shown, the last ones: what went wrong stands at the end.
const LONGEST_OUTPUT: usize = 12 * 1024;
/// Seconds a command gets when the model says nothing.
const USUAL_TIMEOUT: u32 = 120;
/// Most seconds a model may ask for.
const LONGEST_TIMEOUT: u32 = 1800;

/// Replaces one passage of a text file.
pub fn edit_file() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": {
            "path": { "type": "string", "description": "Relative path" },
            "old": { "type": "string", "minLength": 1, "description": "The passage to replace, exactly as it stands in the file; it has to be there once" },
            "new": { "type": "string", "description": "What stands there afterwards" }
        },
        "required": ["path", "old", "new"],
        "additionalProperties": false
    });
    Tool::new("edit_file", "Replaces one passage of a text file of the project and leaves the rest as it is.", parameters, |arguments| {
        let path = text(arguments, "path")?;
        let edited = replaced(&files::read_text(path)?, text(arguments, "old")?, text(arguments, "new")?, path)?;
        files::write(path, &edited)?;
        Ok(format!("Changed {path}, which has {} bytes now.", edited.len()))
    })
}

/// Runs a command in the sandbox, with the project as its working directory and in the image that the project is tested in.
pub fn run_command() -> Tool {
    let parameters = json!({
        "type": "object",
        "properties": {
            "command": { "type": "string", "minLength": 1, "description": "A line for the shell, such as `make test`" },
            "timeout": { "type": "integer", "minimum": 1, "maximum": LONGEST_TIMEOUT, "description": "Seconds; 120 when left out" }
        },
        "required": ["command"],
        "additionalProperties": false
    });
    Tool::new(
        "run_command",
        "Runs a shell command in a container that holds the project and nothing else, without network. Gives its exit code and output.",
        parameters,
        |arguments| {
            let seconds = arguments["timeout"].as_u64().and_then(|seconds| u32::try_from(seconds).ok()).unwrap_or(USUAL_TIMEOUT);
            let job = Job::shell(text(arguments, "command")?).with_timeout_ms(seconds.saturating_mul(1000)).in_image_of_tests()?;
            Ok(shown(&executed(&job)?))
        },
    )
}

/// Without an engine a model could only guess, and what it guesses is paid for: the operator has to know.
fn executed(job: &Job) -> Result<Execution> {
    loop {
        match sandbox::execute(job) {
            Err(Error { kind: ErrorKind::Unavailable, text: reason, .. }) => {
                run::pause(&format!("A command cannot be executed: {reason} Then resume the run."))?;
            }
            done => return done,
        }
    }
}

fn replaced(content: &str, old: &str, new: &str, path: &str) -> Result<String> {
    match content.matches(old).count() {
        1 => Ok(content.replacen(old, new, 1)),
        0 => Err(Error::invalid(format!("`{path}` does not hold this passage. Read the file and copy the passage exactly."))),
        more => Err(Error::invalid(format!("`{path}` holds this passage {more} times. Name more of the lines around it."))),
    }
}

fn shown(outcome: &Execution) -> String {
    let report = outcome.report();
    if report.len() <= LONGEST_OUTPUT {
        return report;
    }
    let begin = report.ceil_char_boundary(report.len() - LONGEST_OUTPUT);
    let first = report.lines().next().unwrap_or_default();
    format!("{first}\n[{begin} bytes left out]\n{}", &report[begin..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;
    use serde_json::Value;

    fn call(host: &Host, tool: &Tool, arguments: &Value) -> Result<String> {
        host.inside(|| tool.call(arguments))
    }

    #[test]
    fn a_passage_is_replaced_where_it_stands_once() {
        let host = Host::new().with_file("a.sh", "one\ntwo\ntwo\n");
        let edit = |old: &str| call(&host, &edit_file(), &json!({ "path": "a.sh", "old": old, "new": "$1 three" }));
        assert!(edit("two").is_err_and(|error| error.to_string().contains("2 times")));
        assert!(edit("four").is_err_and(|error| error.to_string().contains("does not hold")));
        assert!(edit("one").is_ok());
        assert_eq!(host.file("a.sh").as_deref(), Some("$1 three\ntwo\ntwo\n"));
    }

    #[test]
    fn a_command_that_fails_is_an_answer() {
        let host = Host::new().when_executed("sh -c make test", Execution::exited(2).with_stderr("1 failed"));
        let shown = call(&host, &run_command(), &json!({ "command": "make test" })).expect("an answer");
        assert!(shown.contains("exit code 2") && shown.contains("1 failed"), "{shown}");
        assert_eq!(host.requests("sandbox.execute")[0]["timeout-ms"], 120_000);
        assert_eq!(host.requests("sandbox.execute")[0]["image"], "default");
    }

    #[test]
    fn a_command_finds_what_the_projects_tests_need() {
        let host = Host::new().with_setting("test.image", "python").when_executed("sh -c python3 a.py", Execution::exited(0));
        call(&host, &run_command(), &json!({ "command": "python3 a.py" })).expect("an answer");
        assert_eq!(host.requests("sandbox.execute")[0]["image"], "python");
    }

    #[test]
    fn of_much_output_the_end_is_shown() {
        let outcome = Execution::exited(1).with_stdout("ä".repeat(LONGEST_OUTPUT) + "the end");
        let shown = shown(&outcome);
        assert!(shown.starts_with("The command ended with exit code 1.\n[") && shown.ends_with("the end\n"), "{}", &shown[..80]);
        assert!(shown.len() < LONGEST_OUTPUT + 100);
    }

    #[test]
    fn an_engine_that_is_missing_is_for_the_operator_and_not_for_the_model() {
        let asked = std::rc::Rc::new(std::cell::Cell::new(0));
        let count = std::rc::Rc::clone(&asked);
        let host = Host::new().granting("images", "default").resumes(1).with_sandbox(move |_| {
            count.set(count.get() + 1);
            Some(if count.get() == 1 { Err(Error::unavailable("Docker does not answer; start it.")) } else { Ok(Execution::exited(0)) })
        });
        assert_eq!(call(&host, &run_command(), &json!({ "command": "make" })).unwrap(), "The command ended with exit code 0.\n");
        assert_eq!(asked.get(), 2);
        assert_eq!(host.pauses(), ["A command cannot be executed: Docker does not answer; start it. Then resume the run."]);
    }
}
