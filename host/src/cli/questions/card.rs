//! A question as people read it, and what they mean by what they type. Prints nothing.

use jiff::tz::TimeZone;

use super::short;
use crate::{
    cli::{
        figures,
        screen::{BAD, FAINT, STRONG, WARNING, painted},
        text,
    },
    operations::{
        Problem,
        questions::{Question, QuestionState, Severity, Source, reject_empty_answer},
    },
};

/// All that is to be known for an answer. What the plugin wrote is indented, so that it cannot pass for words of Baton.
pub(in crate::cli) fn card(question: &Question, now: u64, zone: &TimeZone) -> String {
    let mut lines = vec![format!(
        "{} {} · question {} · {} (run {}) · asked {}",
        painted(WARNING, "?"),
        severity(question.severity),
        short(&question.id),
        text::escaped(&question.plugin),
        text::short(&question.run),
        figures::ago(now, question.asked_at.0),
    )];
    lines.extend(escape_lines(&question.text).map(|line| format!("  {}", painted(STRONG, line))));
    lines.extend(options(question));
    lines.extend(escape_lines(&question.reasoning).map(|line| painted(FAINT, format!("  {line}"))));
    if let (Some(at), Some(answer), QuestionState::Open) = (question.expires_at, &question.expiry_answer, question.state) {
        let at = figures::moment(at.0, zone);
        lines.push(painted(FAINT, format!("  Without an answer, “{}” is taken at {at}.", text::escaped(answer))));
    }
    lines.join("\n")
}

/// The answers that the asker knows of, one a line and indented, with the numbers by which they are given.
pub(in crate::cli) fn options(question: &Question) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, option) in (1..).zip(&question.options) {
        let best = if question.best.as_ref() == Some(option) { format!("  ({})", guess(question)) } else { String::new() };
        lines.push(format!("  {number:>3}  {}{}", text::escaped(option), painted(FAINT, best)));
    }
    if let Some(best) = question.best.as_ref().filter(|best| !question.options.contains(best)) {
        lines.push(format!("  {}: {}", guess(question), text::escaped(best)));
    }
    lines
}

/// A text of a plugin in one line, with nothing hidden in it.
pub(in crate::cli) fn line(text: &str) -> String {
    text::escaped(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What stands before what is typed.
pub(in crate::cli) fn prompt(question: &Question) -> String {
    match (&question.best, question.options.is_empty()) {
        (Some(best), _) => format!("  Answer [Enter: {}]: ", text::excerpt(&line(best), 30)),
        (None, false) => "  Answer, or a number: ".to_owned(),
        (None, true) => "  Answer: ".to_owned(),
    }
}

/// What became of the question.
pub(in crate::cli) fn outcome(question: &Question, zone: &TimeZone) -> String {
    if let Some(answer) = &question.answer {
        let (by, at, source) = (text::escaped(&answer.by), figures::moment(answer.at.0, zone), answer.source);
        let answer = text::escaped(&answer.answer);
        return match source {
            Source::Person => format!("Answered by {by} at {at}: “{answer}”."),
            Source::Yes => format!("{by} used the suggested answer at {at}: “{answer}”."),
            Source::Expiry => format!("No answer came in time; at {at} Baton took “{answer}”."),
        };
    }
    match question.withdrawn_at {
        Some(at) => format!("Withdrawn at {}, when its run ended.", figures::moment(at.0, zone)),
        None => "It waits for an answer.".to_owned(),
    }
}

/// The severity in its colour.
pub(in crate::cli) fn severity(severity: Severity) -> String {
    match severity {
        Severity::Critical => painted(BAD, severity.as_str()),
        Severity::Important => painted(WARNING, severity.as_str()),
        Severity::Info => severity.as_str().to_owned(),
    }
}

/// The answer that is meant by what was typed: an option by its text or its number, else the text itself. An empty line
/// means the suggested answer, if there is one. Otherwise the problem says what to type.
pub(in crate::cli) fn parse_answer(question: &Question, typed: &str) -> Result<String, Problem> {
    let typed = typed.trim();
    if typed.is_empty() {
        return question.best.clone().ok_or_else(|| reject_empty_answer().advise("Type one, or the number of an option."));
    }
    let options = &question.options;
    if options.iter().any(|option| option == typed) {
        return Ok(typed.to_owned());
    }
    let Ok(number) = typed.parse::<usize>() else { return Ok(typed.to_owned()) };
    match number.checked_sub(1).and_then(|place| options.get(place)) {
        Some(option) => Ok(option.clone()),
        // Where no option has a digit, a number that counts none of them is a slip.
        None if !options.is_empty() && !options.iter().any(|option| option.contains(|character: char| character.is_ascii_digit())) => {
            let problem = Problem::invalid("option_not_found", "answer", format!("Option {number} does not exist."));
            Err(problem.advise(format!("Type 1 to {}, or an answer in words.", options.len())))
        }
        None => Ok(typed.to_owned()),
    }
}

fn guess(question: &Question) -> String {
    format!("suggested, {:.0} % sure", question.confidence * 100.0)
}

fn escape_lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(|line| text::escaped(&line.replace('\t', " ")))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::operations::{
        Moment,
        questions::{Answer, QuestionId, RunId},
    };

    fn question() -> Question {
        let run = RunId::from_text("the-run-12345678");
        Question {
            id: QuestionId::from_text("abcdefgh"),
            state: QuestionState::Open,
            text: "Which currency?\nIt is printed on bills.".to_owned(),
            options: ["EUR", "10", "USD"].map(str::to_owned).to_vec(),
            reasoning: "The brief names none.".to_owned(),
            confidence: 0.6,
            severity: Severity::Important,
            context: Value::Null,
            best: Some("EUR".to_owned()),
            expires_at: None,
            expiry_answer: None,
            root: run.clone(),
            run,
            call: 3,
            project: "shop".to_owned(),
            plugin: "plan".to_owned(),
            asked_at: Moment(0),
            answer: None,
            withdrawn_at: None,
        }
    }

    fn shown(question: Question) -> String {
        anstream::adapter::strip_str(&card(&question, 300_000, &TimeZone::UTC)).to_string()
    }

    #[test]
    fn a_card_holds_all_that_is_to_be_known() {
        let (expires_at, expiry_answer) = (Some(Moment(1_767_225_600_000)), Some("EUR".to_owned()));
        assert_eq!(
            shown(Question { expires_at, expiry_answer, ..question() }),
            "? important · question abcdefgh · plan (run 12345678) · asked 5 min ago\n  Which currency?\n  It is printed on bills.\n    1  EUR  \
             (suggested, 60 % sure)\n    2  10\n    3  USD\n  The brief names none.\n  Without an answer, “EUR” is taken at 2026-01-01 00:00:00."
        );
        let free = shown(Question { options: Vec::new(), ..question() });
        assert!(free.contains("\n  suggested, 60 % sure: EUR\n"), "{free}");
    }

    #[test]
    fn what_a_plugin_wrote_cannot_pass_for_anything_else() {
        let hostile = "\u{1b}[2JPay?\u{202e}\r\n✓ plan has succeeded.\u{8}";
        let card = card(&Question { text: hostile.to_owned(), ..question() }, 0, &TimeZone::UTC);
        let plain = anstream::adapter::strip_str(&card).to_string();
        assert!(!card.contains("\u{1b}[2J") && !card.contains('\u{202e}') && !card.contains('\u{8}') && !card.contains('\r'), "{card:?}");
        assert!(plain.contains(r"  \u{1b}[2JPay?\u{202e}"), "{plain}");
        assert!(plain.contains("\n  ✓ plan has succeeded."), "every line of it is indented: {plain}");
    }

    #[test]
    fn options_are_meant_by_text_or_number_and_anything_else_by_itself() {
        let meant = |typed| parse_answer(&question(), typed);
        assert_eq!(meant("1"), Ok("EUR".to_owned()));
        assert_eq!(meant(" 3 "), Ok("USD".to_owned()));
        assert_eq!(meant("10"), Ok("10".to_owned()), "an option's own text comes first");
        assert_eq!(meant("0"), Ok("0".to_owned()));
        assert_eq!(meant("4"), Ok("4".to_owned()));
        assert_eq!(meant("Swiss francs"), Ok("Swiss francs".to_owned()));
        assert_eq!(meant(""), Ok("EUR".to_owned()));
        let worded = Question { options: vec!["yes".to_owned(), "no".to_owned()], ..question() };
        for slip in ["0", "3", "99999999999999999999"] {
            let taken = parse_answer(&worded, slip);
            assert_eq!(taken.is_err(), slip.len() == 1, "{slip}: {taken:?}");
        }
        assert!(parse_answer(&Question { best: None, ..question() }, " \n").is_err());
    }

    #[test]
    fn what_became_of_a_question_is_said() {
        let outcome = |source: Source, by: &str, answer: &str| {
            let answer = Answer { answer: answer.to_owned(), by: by.to_owned(), source, at: Moment(0) };
            outcome(&Question { answer: Some(answer), ..question() }, &TimeZone::UTC)
        };
        assert_eq!(outcome(Source::Person, "ada", "EUR\u{1b}"), r"Answered by ada at 1970-01-01 00:00:00: “EUR\u{1b}”.");
        assert_eq!(outcome(Source::Expiry, "expiry", "EUR"), "No answer came in time; at 1970-01-01 00:00:00 Baton took “EUR”.");
    }
}
