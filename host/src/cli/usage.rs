//! Mistakes of the command line itself, as the parser finds them: a document where JSON is asked for, else the parser's own
//! text. Parses nothing of its own accord but the form that is asked for.

use std::ffi::OsString;

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{
    exit::Exit,
    screen::{Colour, Output, Screen},
};
use crate::operations::{Problem, ProblemKind, ProblemSource, code};

/// Reports why a command line was not read; help and versions are asked for like that, too.
pub(super) fn report(error: &Error, arguments: &[OsString]) -> Exit {
    let is_answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if is_answer || !wants_json(arguments) {
        // A reader who has gone away is no failure.
        let _ = error.print();
    } else {
        let screen = Screen { output: Output::Json, quiet: true, colour: Colour::Never, option: None };
        screen.problem(&problem(error));
    }
    if is_answer { Exit::Done } else { Exit::Usage }
}

fn wants_json(arguments: &[OsString]) -> bool {
    let arguments: Vec<_> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let joined = ["-ojson", "-o=json", "--output=json"];
    arguments.iter().any(|argument| joined.contains(argument))
        || arguments.windows(2).any(|pair| ["-o", "--output"].contains(&pair[0]) && pair[1] == "json")
}

/// The first paragraph says what is wrong; what follows are tips and the usage.
fn problem(error: &Error) -> Problem {
    let text = error.render().to_string();
    let text = text.trim_start_matches("error: ").trim();
    let (message, rest) = text.split_once("\n\n").unwrap_or((text, ""));
    let tip = rest.lines().find_map(|line| line.trim().strip_prefix("tip: "));
    let usage = rest.lines().find_map(|line| line.trim().strip_prefix("Usage: "));
    let hint = tip.map(str::to_owned).or_else(|| usage.map(|usage| format!("Usage: {usage}")));
    let field = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => {
            Some(argument.split(' ').next().unwrap_or(argument).trim_matches(['-', '<', '>']).to_owned())
        }
        _ => None,
    };
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    Problem { hint, field, ..Problem::new(ProblemKind::Invalid, code::USAGE, message, ProblemSource::Client) }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    fn of(arguments: &[&str]) -> Problem {
        problem(&Cli::try_parse_from([&["baton"], arguments].concat()).unwrap_err())
    }

    #[test]
    fn a_mistake_has_its_field_and_a_hint() {
        let wrong = of(&["runs", "list", "--limit", "0"]);
        assert_eq!((&*wrong.code, wrong.field.as_deref()), ("usage", Some("limit")));
        assert!(wrong.message.contains("invalid value '0'") && !wrong.message.contains('\n'), "{}", wrong.message);
        let unknown = of(&["plugn", "list"]);
        assert!(unknown.hint.is_some_and(|hint| hint.contains("plugin")));
    }

    #[test]
    fn the_form_that_is_asked_for_is_found() {
        let wants = |arguments: &[&str]| wants_json(&arguments.iter().map(OsString::from).collect::<Vec<_>>());
        assert!(wants(&["runs", "-o", "json"]) && wants(&["--output=json"]) && wants(&["-ojson"]));
        assert!(!wants(&["runs", "-o", "table", "json"]) && !wants(&["json"]));
    }
}
