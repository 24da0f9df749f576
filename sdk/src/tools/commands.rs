//! Ready-made tools that run commands in the sandbox, and read what they printed. They can do what the plugin's own grants
//! allow and nothing more.

use serde_json::json;

use super::{
    Tool,
    reading::{argument, lines, number, object},
    text,
};
use crate::sandbox::{self, Ending, Execution, Job};
use crate::{Error, ErrorKind, Result, run};

/// Seconds a command gets when the model says nothing.
const USUAL_TIMEOUT: u32 = 120;
/// Most seconds a model may ask for.
const LONGEST_TIMEOUT: u32 = 1800;

/// Runs a command in the sandbox, with the project as its working directory and in the image that the project is tested in.
pub fn run_command() -> Tool {
    let parameters = object(
        &json!({
            "command": { "type": "string", "minLength": 1, "description": "A line for the shell, such as `make test`" },
            "timeout": { "type": "integer", "minimum": 1, "maximum": LONGEST_TIMEOUT, "description": "Seconds; 120 when left out" }
        }),
        &["command"],
    );
    Tool::new(
        "run_command",
        "Runs a shell command in a new container, in the project's folder. Nothing outside of the folder is there, and no network unless the image has it. Gives the exit code, and the head and the tail of what was printed.",
        parameters,
        |arguments| {
            let seconds = number(arguments, "timeout").unwrap_or(USUAL_TIMEOUT);
            let job = Job::shell(argument(arguments, "command")?).with_timeout_ms(seconds.saturating_mul(1000)).in_image_of_tests()?;
            Ok(show(&executed(&job)?, seconds))
        },
    )
}

/// Reads by lines what a command of this run printed, where `run_command` did not show all of it.
pub fn read_output() -> Tool {
    let parameters = object(
        &json!({
            "output": { "type": "string", "minLength": 1, "description": "The name that run_command gave" },
            "first-line": { "type": "integer", "minimum": 1, "description": "Number of the line to start at; 1 when left out" },
            "lines": { "type": "integer", "minimum": 1, "maximum": 2000, "description": "How many lines; 500 when left out" }
        }),
        &["output"],
    );
    let description = "Reads lines of what a command printed, where run_command left some out and gave a name for all of it. Both streams are in it, in the order in which they were written.";
    Tool::new("read_output", description, parameters, |arguments| {
        let (first, count) = lines(arguments);
        let excerpt = sandbox::read_output(argument(arguments, "output")?, first, count, text::LONGEST_EXCERPT)?;
        Ok(text::show_excerpt("output", &excerpt))
    })
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

fn show(outcome: &Execution, seconds: u32) -> String {
    let mut shown = outcome.report();
    if outcome.ending == Ending::TimedOut {
        shown.push_str(&format!("[It was given {seconds} s. `timeout` may be at most {LONGEST_TIMEOUT}.]\n"));
    }
    if let Some(name) = &outcome.output {
        shown.push_str(&text::say_kept(name));
    }
    shown
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
    fn of_much_output_both_ends_are_shown_and_the_rest_can_be_read() {
        let printed = format!("the begin\n{}the failing test\n", "ok ä\n".repeat(20_000));
        let warnings = "warning\n".repeat(20_000);
        let host = Host::new().when_executed("make", Execution::exited(1).with_stdout(&printed).with_stderr(&warnings));
        let shown = call(&host, &run_command(), &json!({ "command": "make" })).unwrap();
        assert!(shown.starts_with("The command ended with exit code 1.\n--- stdout\nthe begin\n"), "{}", &shown[..200]);
        assert!(shown.contains("the failing test\n--- stderr\nwarning\n") && shown.len() < text::SHOWN_OUTPUT + 500);
        let name = shown.split('`').nth(1).unwrap();
        let read = call(&host, &read_output(), &json!({ "output": name, "first-line": 20_001, "lines": 3 })).unwrap();
        assert_eq!(
            read,
            " 20001\tok ä\n 20002\tthe failing test\n 20003\twarning\n[Lines 20001 to 20003 of 40002. Read on with first-line 20004.]"
        );
        for other in ["0", "../a", &"a".repeat(10_000)] {
            let said = call(&host, &read_output(), &json!({ "output": other })).unwrap_err();
            assert_eq!(said.kind, ErrorKind::NotFound, "{said}");
        }
    }

    #[test]
    fn a_timeout_names_its_seconds() {
        let outcome =
            Execution { ending: Ending::TimedOut, exit_code: 137, took_ms: 120_020, ..Execution::exited(0).with_stdout("so far\n") };
        let host = Host::new().when_executed("make", outcome);
        let shown = call(&host, &run_command(), &json!({ "command": "make" })).unwrap();
        assert_eq!(
            shown,
            "The command was stopped after 120 s, because its time was over.\n--- stdout\nso far\n[It was given 120 s. `timeout` may be at most 1800.]\n"
        );
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
