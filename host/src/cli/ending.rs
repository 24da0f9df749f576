//! What is printed once a run has ended, or cannot continue. Pure but for the printing at the end.

use anyhow::Result;
use jiff::tz::TimeZone;

use super::{
    Context, answering, continuing,
    exit::Exit,
    figures,
    screen::{BAD, FAINT, GOOD, WARNING, painted},
    text, waits,
};
use crate::operations::{
    execution::{Continuation, Outcome, RetryKind},
    runs::{Awaited, RunState, RunSummary, Tally, Wait},
};

/// The kind of the error with which a plugin ends that crashes.
const TRAPPED: &str = "trapped";

/// How a tree of runs stands after it was followed.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
}

/// Prints how a run ended that was followed, where it was not left before; how the command ends.
pub(super) fn finish(ended: Option<Ended>, context: &Context) -> Result<Exit> {
    let Some(ended) = ended else { return Ok(Exit::Unfinished) };
    ended.tell(context, None);
    ended.answer(context)?;
    Ok(ended.exit())
}

impl Ended {
    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        match &self.outcome.run.state {
            _ if self.outcome.is_interrupted => Exit::Interrupted,
            RunState::Failed { .. } if self.outcome.rejects_input() => Exit::Usage,
            RunState::Succeeded if self.shortfall().is_some() => Exit::Short,
            state => Exit::of(state),
        }
    }

    /// What a workflow that succeeded says that it leaves undone.
    fn shortfall(&self) -> Option<&str> {
        self.outcome.run.shortfall.as_deref().filter(|_| self.outcome.run.state == RunState::Succeeded)
    }

    /// Says how the run ended, and how it continues: with `again` where the caller has a command of its own for it.
    pub(super) fn tell(&self, context: &Context, again: Option<String>) {
        let lines = self.lines(again.as_deref(), context);
        // A run that did not succeed is worth a line also with `--quiet`.
        if self.exit() == Exit::Done { context.screen.tell(lines) } else { context.screen.warn(lines) }
    }

    /// Writes the run's output, or the outcome as a JSON document.
    pub(super) fn answer(&self, context: &Context) -> Result<()> {
        if context.screen.is_json() {
            return context.screen.document(&self.outcome);
        }
        match &self.outcome.output {
            Some(output) => context.screen.document(output),
            None => Ok(()),
        }
    }

    fn lines(&self, again: Option<&str>, context: &Context) -> String {
        let Outcome { run, took_ms, paused, elsewhere, awaiting, questions, .. } = &self.outcome;
        let mut lines = vec![context.advice(&self.headline())];
        for paused in paused {
            let reason = context.advice(&text::plain(paused.state.reason().unwrap_or_default()));
            lines.push(format!("  {} (run {}): {reason}", text::line(&paused.plugin), text::short(&paused.id)));
        }
        for awaited in elsewhere {
            let resume = context.again(&format!("runs resume {}", text::short(&awaited.root)));
            lines.push(format!("  {} (run {}): `{resume}`", text::line(&awaited.plugin), text::short(&awaited.id)));
        }
        for awaiting in awaiting {
            lines.extend(self.describe_awaiting(awaiting, context));
        }
        lines.extend(questions.iter().map(|asked| format!("  {}", answering::describe(context, asked))));
        lines.extend(self.advice(again, context).map(|advice| format!("  {advice}")));
        if run.tally.host_calls > 0 {
            lines.push(painted(FAINT, format!("  {}", spent(run.tally, *took_ms))));
        }
        lines.join("\n")
    }

    /// What a run waits for that comes from outside of its tree, and the command that sends it.
    fn describe_awaiting(&self, run: &RunSummary, context: &Context) -> Vec<String> {
        let id = text::short(&run.id);
        let mut lines = Vec::new();
        let Some(wait) = run.state.wait() else { return lines };
        if run.id != self.outcome.run.id {
            lines.push(format!("  {} (run {id}) waits {}.", text::line(&run.plugin), waits::describe(wait, &TimeZone::system())));
        }
        for awaited in wait.awaited() {
            let Awaited::Signal(signal) = awaited else { continue };
            let command = context.again(&format!("runs signal {id} {} JSON", text::shell_word(&text::escaped(&signal))));
            lines.push(format!("  Send the signal with `{command}`."));
        }
        lines
    }

    /// How the run continues, in one sentence with one command.
    fn advice(&self, again: Option<&str>, context: &Context) -> Option<String> {
        let Outcome { run: root, continuation, retry, elsewhere, questions, held_by, is_served, .. } = &self.outcome;
        let run = text::short(&root.id);
        let command = match (again, continuation) {
            (Some(again), _) => again.to_owned(),
            (None, Continuation::Unknown) => context.again(&format!("runs journal {run}")),
            (None, continuation) => context.again(&continuing::command(continuation)?),
        };
        match (&root.state, retry) {
            (RunState::Succeeded | RunState::Cancelled, _) => None,
            (RunState::Failed { .. }, Some(RetryKind::Input)) => {
                Some(format!("The input does not fit this workflow. Start a new run with another input: `{command}`."))
            }
            (RunState::Failed { .. }, Some(RetryKind::Repeat)) => Some(format!(
                "Its model replies are kept and not paid for again. Grant what was denied, then make the call again with `{command}`."
            )),
            (RunState::Failed { .. }, Some(RetryKind::Fork)) => Some(format!(
                "Its model replies are kept and not paid for again. Fix the cause, then make the failed call again with `{command}`."
            )),
            (RunState::Failed { .. }, Some(RetryKind::Itself)) if root.tally.host_calls == 0 => {
                let other = context.again(&format!("run {}", text::shell_word(&text::line(&root.plugin))));
                Some(format!(
                    "It failed before its first call. Install a fixed version of the plugin and repeat the run with `{command}`, or give \
                     `{other}` another input."
                ))
            }
            (RunState::Failed { failure }, Some(RetryKind::Itself)) if failure.kind == TRAPPED => Some(format!(
                "Its model replies are kept and not paid for again. Install a fixed version of the plugin, then continue with `{command}`: Baton replays its calls \
                     with that version first."
            )),
            // The plugin ended by what its calls had found, and a replay finds the same.
            (RunState::Failed { .. }, Some(RetryKind::Itself)) => {
                let repeat = context.again(&format!("runs fork {run} --at {}", root.first_call()));
                Some(format!(
                    "Correct what it says, then make all calls again with `{repeat}`. If the plugin is wrong, fix it, and keep what was paid for \
                     with `{command}`."
                ))
            }
            (RunState::Failed { .. }, _) => Some(format!("What it did: `{command}`.")),
            _ if root.cancelling.is_some() => {
                let cancel = context.again(&format!("runs cancel {run}"));
                Some(format!("`{cancel}` ends it."))
            }
            _ if *is_served && !questions.is_empty() => {
                let show = context.again(&format!("runs show {run}"));
                Some(format!("After the answer the running host continues the run; `{show}` shows its state."))
            }
            _ if *is_served && (self.waits_outside() || self.is_in_need()) => {
                let show = context.again(&format!("runs show {run}"));
                Some(format!("The running host then continues the run; `{show}` shows its state."))
            }
            _ if self.waits_outside() || !elsewhere.is_empty() || !questions.is_empty() || held_by.is_some() => {
                Some(format!("Then continue with `{command}`."))
            }
            _ => Some(format!("Continue with `{command}`.")),
        }
    }

    /// Whether something from outside of the tree, which is not an answer, continues it.
    fn waits_outside(&self) -> bool {
        !self.outcome.awaiting.is_empty()
    }

    /// Whether an operator has to provide something, and nothing is there to resume.
    fn is_in_need(&self) -> bool {
        let Outcome { run, paused, .. } = &self.outcome;
        let is_paused = |run: &RunSummary| matches!(run.state, RunState::Paused { .. });
        !is_paused(run) && !paused.iter().any(is_paused) && paused.iter().chain([run]).any(|run| run.state.need().is_some())
    }

    fn headline(&self) -> String {
        let Outcome { run, paused, elsewhere, awaiting, questions, held_by, is_interrupted, .. } = &self.outcome;
        let name = format!("{} (run {})", text::line(&run.plugin), text::short(&run.id));
        let (good, bad, warning) = (painted(GOOD, "✓"), painted(BAD, "✗"), painted(WARNING, "!"));
        match &run.state {
            _ if *is_interrupted => format!("{warning} {name} was stopped at once. Its journal is kept."),
            state if !state.is_final() && run.cancelling.is_some() => format!("{warning} {name} is being cancelled."),
            RunState::Queued | RunState::Running | RunState::Waiting { .. } if questions.is_empty() && held_by.is_some() => {
                let project = text::escaped(held_by.as_deref().unwrap_or_default());
                format!("{warning} {name} is held back: project {project} is paused. Resume it with `baton project resume {project}`.")
            }
            RunState::Succeeded => match self.shortfall() {
                None => format!("{good} {name} succeeded."),
                Some(shortfall) => format!("{warning} {name} ended with work left undone: {}", text::plain(shortfall)),
            },
            RunState::Failed { failure } => format!("{bad} {name} failed: {}", text::plain(&failure.text)),
            RunState::Cancelled => format!("{bad} {name} was cancelled."),
            RunState::Paused { pause } => format!("{warning} {name} is paused: {}", text::plain(&pause.reason)),
            RunState::Waiting { wait: Wait::Time { until } } => {
                format!("{warning} {name} waits until {}.", figures::moment(until.0, &TimeZone::system()))
            }
            RunState::Waiting { .. } if !questions.is_empty() => {
                let answers = match questions.len() {
                    1 => "an answer".to_owned(),
                    many => format!("{many} answers"),
                };
                format!("{warning} {name} waits for {answers}:")
            }
            RunState::Waiting { wait: Wait::Account { account, until, reason } } => {
                let until = figures::moment(until.0, &TimeZone::system());
                format!("{warning} {name} waits for {} until {until}: {}", text::line(account), text::plain(reason))
            }
            RunState::Waiting { wait: wait @ Wait::Operator { need } } => {
                let what = waits::describe(wait, &TimeZone::system());
                format!("{warning} {name} waits {what}: {}", text::plain(&need.reason))
            }
            RunState::Waiting { .. } if paused.iter().any(|run| run.state.need().is_some()) => {
                format!("{warning} {name} waits for its operator:")
            }
            RunState::Waiting { .. } if !paused.is_empty() => format!("{warning} {name} waits for paused runs:"),
            RunState::Waiting { .. } if !elsewhere.is_empty() => {
                format!("{warning} {name} waits for runs that another run started. Resume that first:")
            }
            RunState::Waiting { wait } if awaiting.iter().any(|awaiting| awaiting.id == run.id) => {
                format!("{warning} {name} waits {}.", waits::describe(wait, &TimeZone::system()))
            }
            RunState::Waiting { .. } if self.waits_outside() => {
                let below = if awaiting.len() == 1 { "a run below it" } else { "runs below it" };
                format!("{warning} {name} waits for {below}:")
            }
            RunState::Waiting { .. } | RunState::Queued | RunState::Running => {
                format!("{warning} {name} was stopped. Nothing is lost.")
            }
        }
    }
}

/// What a run took, in one line.
pub(super) fn spent(tally: impl Into<Tally>, took: u64) -> String {
    let tally = tally.into();
    let mut parts = vec![
        figures::counted(tally.runs, "run", "runs"),
        figures::counted(tally.host_calls, "host call", "host calls"),
        figures::counted(tally.model_calls, "model reply", "model replies"),
    ];
    if tally.model_calls > 0 {
        parts.push(format!("{} → {} tokens", figures::count(tally.input_tokens), figures::count(tally.output_tokens)));
        parts.push(cost(&tally));
    }
    if tally.repeated_model_calls > 0 {
        let calls = figures::counted(tally.repeated_model_calls, "model call", "model calls");
        parts.push(format!("{calls} made again, perhaps charged twice"));
    }
    parts.push(figures::duration(took));
    parts.join(" · ")
}

/// What the replies cost, where every price is known.
fn cost(tally: &Tally) -> String {
    match tally.cost_usd {
        None => "cost unknown".to_owned(),
        known => figures::money(known),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::sample::summary as run,
        operations::{
            Moment,
            runs::{CancelCause, Cancelling, Failure, Pause, PauseKind, RunId},
        },
    };

    fn ended(state: RunState) -> Ended {
        let continuation = Continuation::Resume { run: RunId::from_text("12345678") };
        let outcome = Outcome {
            run: run("12345678", "plan", state),
            output: None,
            took_ms: 0,
            is_served: false,
            is_interrupted: false,
            paused: Vec::new(),
            elsewhere: Vec::new(),
            awaiting: Vec::new(),
            questions: Vec::new(),
            held_by: None,
            continuation,
            retry: None,
        };
        Ended { outcome }
    }

    fn failed(kind: &str, text: &str) -> RunState {
        let failure = Failure { kind: kind.to_owned(), text: text.to_owned(), subject: None, details: None, call: None };
        RunState::Failed { failure }
    }

    fn for_runs() -> RunState {
        RunState::Waiting { wait: Wait::Runs { runs: Vec::new() } }
    }

    fn text_of(ended: &Ended) -> String {
        anstream::adapter::strip_str(&ended.lines(None, &Context::bare())).to_string()
    }

    #[test]
    fn success_is_said_with_what_it_took() {
        let mut ended = ended(RunState::Succeeded);
        ended.outcome.run.tally =
            Tally { runs: 7, host_calls: 61, model_calls: 6, input_tokens: 12_000, output_tokens: 900, ..Tally::default() };
        ended.outcome.took_ms = 9_400;
        assert_eq!(
            text_of(&ended),
            "✓ plan (run 12345678) succeeded.\n  7 runs · 61 host calls · 6 model replies · 12,000 → 900 tokens · cost unknown · 9.4 s"
        );
        assert_eq!(ended.exit(), Exit::Done);
    }

    #[test]
    fn what_a_workflow_leaves_undone_is_no_success_to_a_script() {
        let mut ended = ended(RunState::Succeeded);
        ended.outcome.run.shortfall = Some("1 of 1 story did not land.\u{1b}[2J".to_owned());
        assert_eq!(text_of(&ended), "! plan (run 12345678) ended with work left undone: 1 of 1 story did not land.");
        assert_eq!(ended.exit(), Exit::Short);
        ended.outcome.run.state = RunState::Cancelled;
        assert_eq!(ended.exit(), Exit::Failed);
    }

    #[test]
    fn a_paused_child_is_named_with_its_reason() {
        let pause = Pause { kind: PauseKind::Provider, reason: "No key is set.\u{1b}[2J".to_owned(), fork_at: None };
        let mut ended = ended(for_runs());
        ended.outcome.paused = vec![run("abcdefgh", "mary", RunState::Paused { pause })];
        assert_eq!(
            text_of(&ended),
            "! plan (run 12345678) waits for paused runs:\n  mary (run abcdefgh): No key is set.\n  Continue with `baton runs resume 12345678`."
        );
        assert_eq!(ended.exit(), Exit::Unfinished);
    }

    #[test]
    fn what_another_run_has_started_is_resumed_there_first() {
        let mut ended = ended(for_runs());
        let awaited = run("abcdefgh", "mary", RunState::Queued);
        ended.outcome.elsewhere = vec![RunSummary { root: RunId::from_text("the-source"), ..awaited }];
        assert_eq!(
            text_of(&ended),
            "! plan (run 12345678) waits for runs that another run started. Resume that first:\n  mary (run abcdefgh): `baton runs resume e-source`\n  \
             Then continue with `baton runs resume 12345678`."
        );
    }

    #[test]
    fn a_refused_input_is_the_callers_mistake() {
        let mut ended = ended(failed("other", "It names no brief."));
        assert_eq!(ended.exit(), Exit::Failed);
        ended.outcome.continuation = Continuation::Unknown;
        assert!(text_of(&ended).ends_with("What it did: `baton runs journal 12345678`."), "{}", text_of(&ended));
        ended.outcome.continuation = Continuation::Fork { run: RunId::from_text("12345678"), at: 7 };
        ended.outcome.retry = Some(RetryKind::Fork);
        assert!(text_of(&ended).ends_with("make the failed call again with `baton runs fork 12345678 --at 7`."), "{}", text_of(&ended));
        let (workflow, workspace) = ("plan".to_owned(), "/srv/shop".to_owned());
        let input_schema = Some(serde_json::json!({ "required": ["brief_file"] }));
        ended.outcome.continuation = Continuation::AnotherInput { workflow, workspace, input_schema };
        ended.outcome.retry = Some(RetryKind::Input);
        assert_eq!(ended.exit(), Exit::Usage);
        assert_eq!(
            text_of(&ended),
            "✗ plan (run 12345678) failed: It names no brief.\n  The input does not fit this workflow. Start a new run with another input: \
             `baton run plan --workspace /srv/shop --input '{\"brief_file\": …}'`."
        );
    }

    #[test]
    fn a_run_whose_plugin_crashed_names_the_version_to_install() {
        let mut ended = ended(failed(TRAPPED, "It panicked."));
        ended.outcome.retry = Some(RetryKind::Itself);
        ended.outcome.continuation = Continuation::ResumeOnCurrent { run: RunId::from_text("12345678") };
        ended.outcome.run.tally.host_calls = 3;
        let lines = text_of(&ended);
        assert!(
            lines.contains("Install a fixed version of the plugin, then continue with `baton runs resume 12345678 --on current`"),
            "{lines}"
        );
    }

    #[test]
    fn what_was_stopped_says_how_to_go_on() {
        let mut ended = ended(RunState::Queued);
        assert_eq!(text_of(&ended), "! plan (run 12345678) was stopped. Nothing is lost.\n  Continue with `baton runs resume 12345678`.");
        assert_eq!(ended.exit(), Exit::Unfinished);
        ended.outcome.is_interrupted = true;
        assert_eq!(ended.exit(), Exit::Interrupted);
    }

    fn awaiting_signal(id: &str, plugin: &str) -> RunSummary {
        let of = vec![Awaited::Signal("go".to_owned())];
        run(id, plugin, RunState::Waiting { wait: Wait::Any { of, until: None } })
    }

    #[test]
    fn a_run_that_waits_for_a_signal_says_so_with_the_command_that_sends_it() {
        let waiting = awaiting_signal("12345678", "plan");
        let mut ended = ended(waiting.state.clone());
        ended.outcome.awaiting = vec![waiting];
        assert_eq!(
            text_of(&ended),
            "! plan (run 12345678) waits for the signal `go`.\n  Send the signal with `baton runs signal 12345678 go JSON`.\n  \
             Then continue with `baton runs resume 12345678`."
        );
        assert_eq!(ended.exit(), Exit::Unfinished);
        (ended.outcome.run.state, ended.outcome.awaiting) = (for_runs(), vec![awaiting_signal("abcdefgh", "mary")]);
        assert_eq!(
            text_of(&ended),
            "! plan (run 12345678) waits for a run below it:\n  mary (run abcdefgh) waits for the signal `go`.\n  \
             Send the signal with `baton runs signal abcdefgh go JSON`.\n  Then continue with `baton runs resume 12345678`."
        );
        ended.outcome.is_served = true;
        assert!(
            text_of(&ended).ends_with("The running host then continues the run; `baton runs show 12345678` shows its state."),
            "{}",
            text_of(&ended)
        );
    }

    #[test]
    fn a_run_that_is_being_cancelled_says_so() {
        let mut ended = ended(RunState::Queued);
        ended.outcome.run.cancelling = Some(Cancelling { since: Some(Moment(1)), cause: CancelCause::Operator });
        assert_eq!(text_of(&ended), "! plan (run 12345678) is being cancelled.\n  `baton runs cancel 12345678` ends it.");
    }

    #[test]
    fn a_run_that_its_project_holds_back_says_so() {
        let mut ended = ended(RunState::Queued);
        ended.outcome.held_by = Some("shop".to_owned());
        assert_eq!(
            text_of(&ended),
            "! plan (run 12345678) is held back: project shop is paused. Resume it with `baton project resume shop`.\n  \
             Then continue with `baton runs resume 12345678`."
        );
        assert_eq!(ended.exit(), Exit::Unfinished);
    }

    #[test]
    fn calls_that_were_made_again_are_counted() {
        let tally = Tally { runs: 2, repeated_model_calls: 1, ..Tally::default() };
        assert_eq!(spent(tally, 0).split(" · ").nth(3), Some("1 model call made again, perhaps charged twice"));
        assert!(!spent(Tally::default(), 0).contains("again"));
    }

    #[test]
    fn the_command_in_an_error_leads_to_the_same_data() {
        let context = Context { data_dir: Some("my data".into()), ..Context::bare() };
        let lines = ended(failed("denied", "Grant it with `baton plugin grant p`.")).lines(None, &context);
        assert!(lines.contains("Grant it with `baton plugin grant p --data-dir 'my data'`."), "{lines}");
    }
}
