//! How a test command ended and what it printed, of both streams the beginning and the end: which test failed stands in
//! either, and warnings of one stream must not push the other out.

use baton_sdk::sandbox::Execution;
use baton_slots::run_tests::outcome;

/// Bytes of both streams together.
const LONGEST: usize = 16 << 10;
/// The share of what is shown of a stream that is its beginning.
const HEAD: usize = 4;

pub(crate) fn written(execution: &Execution, outcome: &str) -> String {
    let half = LONGEST / 2;
    let (stdout, stderr) = (execution.stdout.trim_end(), execution.stderr.trim_end());
    let unused = |stream: &str| half.saturating_sub(stream.len());
    let streams = [("stdout", stdout, half + unused(stderr)), ("stderr", stderr, half + unused(stdout))];
    let shown = streams
        .iter()
        .filter(|(_, text, _)| !text.is_empty())
        .map(|(name, text, room)| format!("\n--- {name}\n{}", shortened(text, *room)));
    format!("{}{}\n", ending(execution, outcome), shown.collect::<String>())
}

fn ending(execution: &Execution, outcome: &str) -> String {
    let took = seconds(execution.took_ms);
    match outcome {
        outcome::TIMED_OUT => format!("The tests were stopped after {took}, which is their time limit. It is not known whether they pass."),
        outcome::OUT_OF_MEMORY => format!("The tests were stopped after {took}, because they used up the memory of their container."),
        outcome::KILLED => format!("Something other than Baton stopped the tests after {took}, twice if they were run again."),
        outcome::NOT_STARTED => format!(
            "The test command could not be started: the shell ended with exit code {}. The image lacks a program that the command names, which an \
             operator corrects with `test.image` or `test.command`.",
            execution.exit_code
        ),
        _ => format!("The tests ended with exit code {} after {took}.", execution.exit_code),
    }
}

fn seconds(milliseconds: u32) -> String {
    match milliseconds {
        0..10_000 => format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100),
        _ => format!("{} s", milliseconds / 1000),
    }
}

/// The beginning and the end, in whole lines where there are any.
fn shortened(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let head = text.floor_char_boundary(room / HEAD);
    let head = text[..head].rfind('\n').map_or(head, |line_break| line_break + 1);
    let tail = text.ceil_char_boundary(text.len() - (room - room / HEAD));
    let tail = text[tail..].find('\n').filter(|line_break| *line_break < room / HEAD).map_or(tail, |line_break| tail + line_break + 1);
    let gap = if text[..head].ends_with('\n') { "" } else { "\n" };
    format!("{}{gap}[{} bytes left out]\n{}", &text[..head], tail - head, &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_keep_their_beginning_and_their_end() {
        let noise = "warning: unused\n".repeat(4000);
        let execution = Execution::exited(1)
            .with_stdout(format!("FIRST failed\n{noise}1 failed, 3 passed"))
            .with_stderr(format!("compiling\n{noise}error: test failed"));
        let report = written(&execution, outcome::FAILED);
        for expected in
            ["exit code 1", "FIRST failed\n", "1 failed, 3 passed", "compiling\n", "error: test failed", "bytes left out]\nwarning"]
        {
            assert!(report.contains(expected), "{expected}: {report}");
        }
        assert!(report.len() < LONGEST + 500, "{}", report.len());
    }

    #[test]
    fn a_stream_gets_what_the_other_leaves() {
        let long = "ä".repeat(LONGEST);
        let report = written(&Execution::exited(1).with_stdout(&long), outcome::FAILED);
        assert!((LONGEST..LONGEST + 500).contains(&report.len()), "{}", report.len());
        let exact = "a".repeat(LONGEST);
        assert!(written(&Execution::exited(1).with_stderr(&exact), outcome::FAILED).contains(&exact));
    }

    #[test]
    fn what_did_not_end_is_said_with_its_seconds() {
        let execution = |took_ms| Execution { took_ms, ..Execution::exited(137) };
        assert!(written(&execution(600_000), outcome::TIMED_OUT).contains("after 600 s, which is their time limit"));
        assert!(written(&execution(1250), outcome::OUT_OF_MEMORY).contains("after 1.2 s"));
        assert!(written(&execution(0), outcome::NOT_STARTED).contains("exit code 137"));
    }
}
