//! What is printed once a run has ended, or cannot continue. Pure but for the printing at the end.

use anyhow::Result;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{
    Context, answering,
    continuing::Way,
    exit::Exit,
    figures,
    screen::{BAD, FAINT, GOOD, WARNING, painted},
    text, waits,
};
use crate::{
    journal::{CallError, ErrorKind, Wait},
    kernel::{
        retrying::Retry,
        run::{Run, State, Tally},
    },
    operations::{questions::Question, runs},
};

/// How a tree of runs stands after it was driven.
pub(super) struct Ended {
    /// The root.
    pub(super) run: Run,
    /// What all of it took.
    pub(super) tally: Tally,
    /// The runs below the root that are paused, or wait for what an operator provides.
    pub(super) paused: Vec<Run>,
    /// The runs of other trees that it waits for, as a fork does for what its source has started.
    pub(super) elsewhere: Vec<Run>,
    /// The paused project that holds it back.
    pub(super) held: Option<String>,
    /// The runs of the tree that wait for a signal or for a change of an item, where nothing else in it can continue.
    pub(super) awaiting: Vec<Run>,
    /// The questions of the tree that have no answer yet.
    pub(super) questions: Vec<Question>,
    /// How long it was driven, in milliseconds.
    pub(super) took: u64,
    /// It was ended at once.
    pub(super) interrupted: bool,
    /// An input of the form that the workflow takes, where it did not take the one it was given.
    pub(super) refused: Option<String>,
    /// How it continues, if it failed or cannot continue by itself.
    pub(super) way: Way,
    /// How the root does where it failed.
    pub(super) retry: Option<Retry>,
    /// Another process, the running host, executes the runs.
    pub(super) served: bool,
}

impl Ended {
    /// How the command ends.
    pub(super) fn exit(&self) -> Exit {
        match &self.run.state {
            _ if self.interrupted => Exit::Interrupted,
            State::Failed { .. } if self.refused.is_some() => Exit::Usage,
            State::Succeeded if self.shortfall().is_some() => Exit::Short,
            state => Exit::of(state),
        }
    }

    fn error(&self) -> Option<&CallError> {
        match &self.run.state {
            State::Failed { error } => Some(error),
            _ => None,
        }
    }

    /// What a workflow that succeeded says that it leaves undone.
    fn shortfall(&self) -> Option<&str> {
        self.run.shortfall.as_deref().filter(|_| self.run.state == State::Succeeded)
    }

    /// What became of the run, and how it continues: with `again` where the caller has a command of its own for it.
    pub(super) fn tell(&self, context: &Context, again: Option<String>) {
        let lines = self.lines(again.as_deref(), context);
        // What did not succeed is worth a line also to those who want quiet.
        if self.exit() == Exit::Done { context.screen.tell(lines) } else { context.screen.warn(lines) }
    }

    /// Writes the run's output, or all about the run as a JSON document.
    pub(super) fn answer(&self, context: &Context) -> Result<()> {
        if context.screen.is_json() {
            return context.screen.document(&self.document(context));
        }
        match &self.run.output {
            Some(output) => context.screen.document(output),
            None => Ok(()),
        }
    }

    fn document(&self, context: &Context) -> Value {
        let reason = |run: &Run| reason(&run.state).map(|reason| context.advice(reason));
        let reasons = self.paused.iter().map(|run| json!({ "run": run.id, "plugin": run.plugin, "reason": reason(run) }));
        json!({
            "run": self.run.id,
            "workflow": self.run.plugin,
            "state": self.run.state.as_str(),
            "reason": reason(&self.run),
            "paused": reasons.collect::<Vec<_>>(),
            "questions": self.questions,
            "error": self.error().map(|error| CallError { text: context.advice(&error.text), ..error.clone() }),
            "output": self.run.output,
            "shortfall": self.shortfall(),
            "tally": self.tally,
            "took-ms": self.took,
        })
    }

    fn lines(&self, again: Option<&str>, context: &Context) -> String {
        let mut lines = vec![context.advice(&self.headline())];
        for paused in &self.paused {
            let reason = context.advice(&text::plain(reason(&paused.state).unwrap_or_default()));
            lines.push(format!("  {} (run {}): {reason}", text::line(&paused.plugin), text::short(&paused.id)));
        }
        for awaited in &self.elsewhere {
            let resume = context.again(&format!("runs resume {}", text::short(&awaited.root)));
            lines.push(format!("  {} (run {}): `{resume}`", text::line(&awaited.plugin), text::short(&awaited.id)));
        }
        for awaiting in &self.awaiting {
            lines.extend(self.describe_awaiting(awaiting, context));
        }
        lines.extend(self.questions.iter().map(|asked| format!("  {}", answering::told(context, asked))));
        lines.extend(self.advice(again, context).map(|advice| format!("  {advice}")));
        if self.tally.host_calls > 0 {
            lines.push(painted(FAINT, format!("  {}", spent(self.tally, self.took))));
        }
        lines.join("\n")
    }

    /// What a run waits for that comes from outside of its tree, and the command that sends it.
    fn describe_awaiting(&self, run: &Run, context: &Context) -> Vec<String> {
        let id = text::short(&run.id);
        let mut lines = Vec::new();
        if let (State::Waiting { wait }, true) = (&run.state, run.id != self.run.id) {
            lines.push(format!("  {} (run {id}) waits {}.", text::line(&run.plugin), waits::describe(wait, &TimeZone::system())));
        }
        for signal in waits::awaited_signals(run) {
            let command = context.again(&format!("runs signal {id} {} JSON", text::shell_word(&text::escaped(&signal))));
            lines.push(format!("  Send the signal with `{command}`."));
        }
        lines
    }

    /// How the run continues, in one sentence with one command.
    fn advice(&self, again: Option<&str>, context: &Context) -> Option<String> {
        let run = text::short(&self.run.id);
        let command = match (again, &self.way) {
            (Some(again), _) => again.to_owned(),
            (None, Way::Command(command)) => context.again(command),
            (None, Way::Unknown) => context.again(&format!("runs journal {run}")),
            (None, Way::Told) => return None,
        };
        match (&self.run.state, &self.retry) {
            (State::Succeeded | State::Cancelled, _) => None,
            (State::Failed { .. }, _) if self.refused.is_some() => None,
            (State::Failed { .. }, Some(Retry::Repeat(_))) => {
                Some(format!("What it paid for is kept. Grant what was denied, then make the call again with `{command}`."))
            }
            (State::Failed { .. }, Some(Retry::Fork(_))) => {
                Some(format!("What it paid for is kept. Fix the cause, then make the failed call again with `{command}`."))
            }
            (State::Failed { .. }, Some(Retry::Itself(_))) if self.tally.host_calls == 0 => {
                let other = context.again(&format!("run {}", text::shell_word(&text::line(&self.run.plugin))));
                Some(format!(
                    "It failed before its first call. Install a fixed version of the plugin and repeat the run with `{command}`, or give \
                     `{other}` another input."
                ))
            }
            (State::Failed { error }, Some(Retry::Itself(_))) if error.kind == ErrorKind::Trapped => Some(format!(
                "What it paid for is kept. Install a fixed version of the plugin, then continue with `{command}`: Baton replays its calls \
                     with that version first."
            )),
            // The plugin ended by what its calls had found, and a replay finds the same.
            (State::Failed { .. }, Some(Retry::Itself(_))) => {
                let repeat = context.again(&format!("runs fork {run} --at {}", self.run.first_call()));
                Some(format!(
                    "Correct what it says, then make all calls again with `{repeat}`. If the plugin is wrong, fix it, and keep what was paid for \
                     with `{command}`."
                ))
            }
            (State::Failed { .. }, _) => Some(format!("What it did: `{command}`.")),
            _ if self.run.cancelling.is_some() => {
                let cancel = context.again(&format!("runs cancel {run}"));
                Some(format!("`{cancel}` ends it."))
            }
            _ if self.served && !self.questions.is_empty() => {
                let show = context.again(&format!("runs show {run}"));
                Some(format!("After the answer the running host continues the run; `{show}` shows its state."))
            }
            _ if self.served && (self.waits_outside() || self.is_in_need()) => {
                let show = context.again(&format!("runs show {run}"));
                Some(format!("The running host then continues the run; `{show}` shows its state."))
            }
            _ if self.waits_outside() || !self.elsewhere.is_empty() || !self.questions.is_empty() || self.held.is_some() => {
                Some(format!("Then continue with `{command}`."))
            }
            _ => Some(format!("Continue with `{command}`.")),
        }
    }

    /// Whether something from outside of the tree, which is not an answer, continues it.
    fn waits_outside(&self) -> bool {
        !self.awaiting.is_empty()
    }

    /// Whether an operator has to provide something, and nothing is there to resume.
    fn is_in_need(&self) -> bool {
        let is_paused = |run: &Run| matches!(run.state, State::Paused { .. });
        let mut runs = self.paused.iter().chain([&self.run]);
        !is_paused(&self.run) && !self.paused.iter().any(is_paused) && runs.any(|run| waits::needed(run).is_some())
    }

    fn headline(&self) -> String {
        let name = format!("{} (run {})", text::line(&self.run.plugin), text::short(&self.run.id));
        match &self.run.state {
            _ if self.interrupted => format!("{} {name} was stopped at once. What its journal holds is kept.", painted(WARNING, "!")),
            state if !state.is_final() && self.run.cancelling.is_some() => format!("{} {name} is being cancelled.", painted(WARNING, "!")),
            State::Queued | State::Running | State::Waiting { .. } if self.questions.is_empty() && self.held.is_some() => {
                let project = text::escaped(self.held.as_deref().unwrap_or_default());
                let mark = painted(WARNING, "!");
                format!("{mark} {name} is held back: project {project} is paused. Resume it with `baton project resume {project}`.")
            }
            State::Succeeded => match self.shortfall() {
                None => format!("{} {name} has succeeded.", painted(GOOD, "✓")),
                Some(said) => format!("{} {name} has come to its end, and not all is done: {}", painted(WARNING, "!"), text::plain(said)),
            },
            State::Failed { error } => format!("{} {name} has failed: {}", painted(BAD, "✗"), text::plain(&error.text)),
            State::Cancelled => format!("{} {name} was cancelled.", painted(BAD, "✗")),
            State::Paused { pause } => format!("{} {name} is paused: {}", painted(WARNING, "!"), text::plain(&pause.reason)),
            State::Waiting { wait: Wait::Until(until) } => {
                format!("{} {name} waits until {}.", painted(WARNING, "!"), figures::moment(*until, &TimeZone::system()))
            }
            State::Waiting { .. } if !self.questions.is_empty() => {
                let answers = match self.questions.len() {
                    1 => "an answer".to_owned(),
                    many => format!("{many} answers"),
                };
                format!("{} {name} waits for {answers}:", painted(WARNING, "!"))
            }
            State::Waiting { wait: Wait::Account { account, until, reason } } => {
                let until = figures::moment(*until, &TimeZone::system());
                format!("{} {name} waits for {} until {until}: {}", painted(WARNING, "!"), text::line(account), text::plain(reason))
            }
            State::Waiting { wait: wait @ Wait::Needed(needed) } => {
                let what = waits::describe(wait, &TimeZone::system());
                format!("{} {name} waits {what}: {}", painted(WARNING, "!"), text::plain(&needed.reason))
            }
            State::Waiting { .. } if self.paused.iter().any(|run| waits::needed(run).is_some()) => {
                format!("{} {name} waits for its operator:", painted(WARNING, "!"))
            }
            State::Waiting { .. } if !self.paused.is_empty() => format!("{} {name} waits for what is paused:", painted(WARNING, "!")),
            State::Waiting { .. } if !self.elsewhere.is_empty() => {
                format!("{} {name} waits for what another run has started. Resume that first:", painted(WARNING, "!"))
            }
            State::Waiting { wait } if self.awaiting.iter().any(|run| run.id == self.run.id) => {
                format!("{} {name} waits {}.", painted(WARNING, "!"), waits::describe(wait, &TimeZone::system()))
            }
            State::Waiting { .. } if self.waits_outside() => {
                let below = if self.awaiting.len() == 1 { "a run below it" } else { "runs below it" };
                format!("{} {name} waits for {below}:", painted(WARNING, "!"))
            }
            State::Waiting { .. } | State::Queued | State::Running => {
                format!("{} {name} was stopped. Nothing is lost.", painted(WARNING, "!"))
            }
        }
    }
}

/// What a run took, in one line.
pub(super) fn spent(tally: impl Into<runs::Tally>, took: u64) -> String {
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

/// What the replies cost; an unknown price is said to be unknown.
fn cost(tally: &runs::Tally) -> String {
    match tally.cost_usd {
        None => "cost unknown".to_owned(),
        known => figures::money(known),
    }
}

/// Why a run stands where it stands, if there is a reason.
pub(super) fn reason(state: &State) -> Option<&str> {
    match state {
        State::Failed { error } => Some(&error.text),
        State::Paused { pause } => Some(&pause.reason),
        State::Waiting { wait: Wait::Account { reason, .. } } => Some(reason),
        State::Waiting { wait: Wait::Needed(needed) } => Some(&needed.reason),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cli::sample::run,
        journal::{Pause, PauseKind},
    };

    fn ended(state: State) -> Ended {
        Ended {
            run: run("12345678", "plan", state),
            tally: Tally::default(),
            paused: Vec::new(),
            elsewhere: Vec::new(),
            held: None,
            awaiting: Vec::new(),
            questions: Vec::new(),
            took: 0,
            interrupted: false,
            refused: None,
            way: Way::Command("runs resume 12345678".to_owned()),
            retry: None,
            served: false,
        }
    }

    fn said(ended: &Ended) -> String {
        anstream::adapter::strip_str(&ended.lines(None, &Context::bare())).to_string()
    }

    #[test]
    fn success_is_said_with_what_it_took() {
        let mut ended = ended(State::Succeeded);
        ended.tally = Tally { runs: 7, host_calls: 61, model_calls: 6, input_tokens: 12_000, output_tokens: 900, ..Tally::default() };
        ended.took = 9_400;
        assert_eq!(
            said(&ended),
            "✓ plan (run 12345678) has succeeded.\n  7 runs · 61 host calls · 6 model replies · 12,000 → 900 tokens · cost unknown · 9.4 s"
        );
        assert_eq!(ended.exit(), Exit::Done);
    }

    #[test]
    fn what_a_workflow_leaves_undone_is_no_success_to_a_script() {
        let mut ended = ended(State::Succeeded);
        ended.run.shortfall = Some("1 of 1 story did not land.\u{1b}[2J".to_owned());
        assert_eq!(said(&ended), "! plan (run 12345678) has come to its end, and not all is done: 1 of 1 story did not land.");
        assert_eq!(ended.exit(), Exit::Short);
        assert_eq!(ended.document(&Context::bare())["state"], "succeeded", "what it gives is there");
        ended.run.state = State::Cancelled;
        assert_eq!(ended.exit(), Exit::Failed);
    }

    #[test]
    fn a_paused_child_is_named_with_its_reason() {
        let pause = Pause::new(PauseKind::Provider, "No key is set.\u{1b}[2J");
        let mut ended = ended(State::Waiting { wait: Wait::Runs(Vec::new()) });
        ended.paused = vec![run("abcdefgh", "mary", State::Paused { pause })];
        assert_eq!(
            said(&ended),
            "! plan (run 12345678) waits for what is paused:\n  mary (run abcdefgh): No key is set.\n  Continue with `baton runs resume 12345678`."
        );
        assert_eq!(ended.exit(), Exit::Unfinished);
    }

    #[test]
    fn what_another_run_has_started_is_resumed_there_first() {
        let mut ended = ended(State::Waiting { wait: Wait::Runs(Vec::new()) });
        let awaited = run("abcdefgh", "mary", State::Queued);
        ended.elsewhere = vec![Run { root: crate::journal::RunId::from_text("the-source"), ..awaited }];
        assert_eq!(
            said(&ended),
            "! plan (run 12345678) waits for what another run has started. Resume that first:\n  mary (run abcdefgh): `baton runs resume e-source`\n  \
             Then continue with `baton runs resume 12345678`."
        );
    }

    #[test]
    fn a_refused_input_is_the_callers_mistake() {
        let mut ended = ended(State::Failed { error: CallError::other("It names no brief.") });
        assert_eq!(ended.exit(), Exit::Failed);
        ended.way = Way::Unknown;
        assert!(said(&ended).ends_with("What it did: `baton runs journal 12345678`."), "{}", said(&ended));
        (ended.way, ended.retry) = (Way::Command("runs fork 12345678 --at 7".to_owned()), Some(Retry::Fork(7)));
        assert!(said(&ended).ends_with("make the failed call again with `baton runs fork 12345678 --at 7`."), "{}", said(&ended));
        ended.refused = Some("{…}".to_owned());
        assert_eq!(ended.exit(), Exit::Usage);
        assert_eq!(said(&ended), "✗ plan (run 12345678) has failed: It names no brief.");
    }

    #[test]
    fn a_run_whose_plugin_crashed_names_the_version_to_install() {
        let mut ended = ended(State::Failed { error: CallError::new(ErrorKind::Trapped, "It panicked.") });
        ended.retry = Some(Retry::Itself(4));
        ended.way = Way::Command("runs resume 12345678 --on current".to_owned());
        ended.tally.host_calls = 3;
        let told = said(&ended);
        assert!(
            told.contains("Install a fixed version of the plugin, then continue with `baton runs resume 12345678 --on current`"),
            "{told}"
        );
    }

    #[test]
    fn what_was_stopped_says_how_to_go_on() {
        let mut ended = ended(State::Queued);
        assert_eq!(said(&ended), "! plan (run 12345678) was stopped. Nothing is lost.\n  Continue with `baton runs resume 12345678`.");
        assert_eq!(ended.exit(), Exit::Unfinished);
        ended.interrupted = true;
        assert_eq!(ended.exit(), Exit::Interrupted);
    }

    fn awaiting_signal(id: &str, plugin: &str) -> Run {
        let of = vec![crate::journal::Awaited::Signal("go".to_owned())];
        run(id, plugin, State::Waiting { wait: Wait::Any { of, until: None } })
    }

    #[test]
    fn a_run_that_waits_for_a_signal_says_so_with_the_command_that_sends_it() {
        let waiting = awaiting_signal("12345678", "plan");
        let mut ended = ended(waiting.state.clone());
        ended.awaiting = vec![waiting];
        assert_eq!(
            said(&ended),
            "! plan (run 12345678) waits for the signal `go`.\n  Send the signal with `baton runs signal 12345678 go JSON`.\n  \
             Then continue with `baton runs resume 12345678`."
        );
        assert_eq!(ended.exit(), Exit::Unfinished);
        (ended.run.state, ended.awaiting) = (State::Waiting { wait: Wait::Runs(Vec::new()) }, vec![awaiting_signal("abcdefgh", "mary")]);
        assert_eq!(
            said(&ended),
            "! plan (run 12345678) waits for a run below it:\n  mary (run abcdefgh) waits for the signal `go`.\n  \
             Send the signal with `baton runs signal abcdefgh go JSON`.\n  Then continue with `baton runs resume 12345678`."
        );
        ended.served = true;
        assert!(
            said(&ended).ends_with("The running host then continues the run; `baton runs show 12345678` shows its state."),
            "{}",
            said(&ended)
        );
    }

    #[test]
    fn a_run_that_is_being_cancelled_says_so() {
        let mut ended = ended(State::Queued);
        ended.run.cancelling = Some(crate::kernel::run::Cancelling { since: 1, cause: crate::kernel::run::CancelCause::Operator });
        assert_eq!(said(&ended), "! plan (run 12345678) is being cancelled.\n  `baton runs cancel 12345678` ends it.");
    }

    #[test]
    fn a_run_that_its_project_holds_back_says_so() {
        let mut ended = ended(State::Queued);
        ended.held = Some("shop".to_owned());
        assert_eq!(
            said(&ended),
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
        let error = CallError::denied("Grant it with `baton plugin grant p`.");
        let context = Context { data_dir: Some("my data".into()), ..Context::bare() };
        let document = ended(State::Failed { error }).document(&context);
        assert_eq!(document["error"]["text"], "Grant it with `baton plugin grant p --data-dir 'my data'`.");
        assert_eq!(document["reason"], document["error"]["text"]);
    }
}
