//! What runs wait for, in words. Decides nothing about how they continue.

use jiff::tz::TimeZone;

use super::{figures, questions, text};
use crate::operations::{
    Moment,
    needs::describe_needed,
    runs::{Awaited, Need, RunId, Wait},
};

/// What a run waits for, after the word "waiting" or "waits".
pub(super) fn describe(wait: &Wait, zone: &TimeZone) -> String {
    match wait {
        Wait::Time { until } => format!("until {}", figures::moment(until.0, zone)),
        Wait::Account { account, until, .. } => format!("for {} until {}", text::line(account), figures::moment(until.0, zone)),
        Wait::Operator { need } => {
            let until = need.until.map(|until| format!(", at most until {}", figures::moment(until.0, zone))).unwrap_or_default();
            format!("for {}{until}", describe_need(need))
        }
        Wait::Question { question, .. } => format!("for an answer to question {}", questions::short(question)),
        Wait::Runs { .. } | Wait::Any { .. } => several(&wait.awaited(), wait.due(), zone),
    }
}

/// What an operator is to provide.
pub(super) fn describe_need(need: &Need) -> String {
    text::line(&describe_needed(need))
}

fn several(awaited: &[Awaited], until: Option<Moment>, zone: &TimeZone) -> String {
    const NAMED: usize = 3;
    let mut parts: Vec<String> = awaited.iter().filter(|awaited| !matches!(awaited, Awaited::Run(_))).map(describe_awaited).collect();
    let runs: Vec<&RunId> = awaited
        .iter()
        .filter_map(|awaited| match awaited {
            Awaited::Run(run) => Some(run),
            _ => None,
        })
        .collect();
    match runs.len() {
        0 => {}
        1..=NAMED => parts.push(format!("{} {}", if runs.len() == 1 { "run" } else { "runs" }, list_ids(&runs))),
        many => parts.push(figures::counted(many as u64, "run", "runs")),
    }
    if parts.len() > NAMED {
        let more = parts.len() - NAMED;
        parts.truncate(NAMED);
        parts.push(format!("{more} more"));
    }
    let until = until.map(|until| format!("until {}", figures::moment(until.0, zone)));
    match (parts.is_empty(), until) {
        (true, until) => until.unwrap_or_default(),
        (false, None) => format!("for {}", parts.join(" or ")),
        (false, Some(until)) => format!("for {}, at most {until}", parts.join(" or ")),
    }
}

fn describe_awaited(awaited: &Awaited) -> String {
    match awaited {
        Awaited::Run(run) => format!("run {}", text::short(run)),
        Awaited::Question(id) => format!("an answer to question {}", questions::short(id)),
        Awaited::Signal(name) => format!("the signal `{}`", text::escaped(name)),
        Awaited::Item(key) => format!("a change of {}", text::escaped(key)),
    }
}

fn list_ids(runs: &[&RunId]) -> String {
    runs.iter().map(|run| text::short(run)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::runs::QuestionId;

    #[test]
    fn what_is_waited_for_is_named_briefly() {
        let run = |id: &str| Awaited::Run(RunId::from_text(id));
        let described = |of: Vec<Awaited>, until: Option<u64>| describe(&Wait::Any { of, until: until.map(Moment) }, &TimeZone::UTC);
        assert_eq!(described(vec![run("a")], None), "for run a");
        assert_eq!(described(vec![run("a"), run("b")], Some(0)), "for runs a, b, at most until 1970-01-01 00:00:00");
        assert_eq!(described(vec![], Some(0)), "until 1970-01-01 00:00:00");
        let signal = Awaited::Signal("go\u{1b}[2J".to_owned());
        let item = Awaited::Item("1-2".to_owned());
        let all = described(vec![signal, item, run("a"), run("b"), run("c"), run("d")], None);
        assert_eq!(all, "for the signal `go\\u{1b}[2J` or a change of 1-2 or 4 runs");
        let question = Wait::Question { question: QuestionId::from_text("0123456789"), until: None };
        assert!(describe(&question, &TimeZone::UTC).starts_with("for an answer to question"));
    }
}
