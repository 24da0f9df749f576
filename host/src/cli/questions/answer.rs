//! `baton questions answer`, and answering from anywhere else.

use std::time::{Duration, Instant};

use anyhow::Result;
use clap::Args;

use super::card;
use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    kernel::run::State,
    operations::{
        Access, Host, Problem,
        questions::{self, AnswerQuestion, AnsweredQuestion},
    },
};

/// How long it is watched whether the running host continues the run, and how often.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(20);

/// Answer a question, so that the run that waits for it continues
#[derive(Debug, Args)]
pub(in crate::cli) struct Answer {
    /// Any beginning or end of the question's id
    question: String,
    /// The answer, or the number of an option
    #[arg(required_unless_present = "yes", allow_hyphen_values = true)]
    answer: Option<String>,
    /// Use the suggested answer, or the first option
    #[arg(long, conflicts_with = "answer")]
    yes: bool,
}

impl Answer {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        if self.answer.as_ref().is_some_and(|typed| typed.trim().is_empty()) {
            // Nobody said anything; what the asker thinks best is no person's word.
            return Err(Misuse(
                "An answer has at least one character; give one, or take what the asker thinks best with `--yes`.".to_owned(),
            )
            .into());
        }
        let (app, elsewhere) = open(context).await?;
        let question = questions::find(&app, &self.question).await?;
        let answer = self.answer.as_ref().map(|typed| card::meant(&question, typed).map_err(Misuse)).transpose()?;
        let request = AnswerQuestion { question: question.id.clone(), answer };
        let answered = questions::answer(&app, &app.config.operator, &request).await?;
        let next = Next::of(&app, &answered, elsewhere).await?;
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&answered)?;
        } else {
            context.screen.tell(told(context, &answered, next));
        }
        Ok(Exit::Done)
    }
}

/// The data for an answer, and whether another Baton executes runs in it.
pub(super) async fn open(context: &Context) -> Result<(Host, bool)> {
    match context.open(Access::Execute).await {
        Ok(app) => Ok((app, false)),
        Err(error) if error.downcast_ref::<Problem>().is_some_and(Problem::is_in_use) => Ok((context.open(Access::Attached).await?, true)),
        Err(error) => Err(error),
    }
}

/// What becomes of a run that has its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It goes on already.
    GoesOn,
    /// Nobody executes it.
    Stands,
    /// Another Baton is at work on the data and has not taken it up: it executes a run of its own, or is about to end.
    Queued,
}

impl Next {
    /// Looks what happens instead of guessing it: whoever is at work on the data need not be at work on this run.
    pub(super) async fn of(app: &Host, answered: &AnsweredQuestion, elsewhere: bool) -> Result<Self> {
        let begun = Instant::now();
        while elsewhere && begun.elapsed() < PATIENCE {
            let run = app.kernel.runs().find(&answered.run).await?;
            if run.is_some_and(|run| run.state != State::Queued) {
                return Ok(Self::GoesOn);
            }
            tokio::time::sleep(LOOK).await;
        }
        Ok(if elsewhere && !app.is_alone() { Self::Queued } else { Self::Stands })
    }
}

/// What was answered, and what becomes of the run.
pub(super) fn told(context: &Context, answered: &AnsweredQuestion, next: Next) -> String {
    let answer = text::excerpt(&text::escaped(&answered.answer), 200);
    let (run, resume) = (text::short(&answered.run), context.again(&format!("runs resume {}", text::short(&answered.root))));
    let answered = format!("{} Answered “{answer}”.", painted(GOOD, "✓"));
    match next {
        Next::GoesOn => format!("{answered} The running host continues run {run}."),
        Next::Stands => format!("{answered} No host is running, so the answer is kept until one is. Continue with `{resume}`."),
        Next::Queued => format!("{answered} The running host has not resumed run {run} yet; `{resume}` follows it."),
    }
}
