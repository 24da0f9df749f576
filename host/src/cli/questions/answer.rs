//! `baton questions answer`, and answering from anywhere else.

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{card, resolve};
use crate::{
    app::{Access, App, AppError},
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{GOOD, painted},
        text,
    },
    interfaces::people::{Asked, Given, Source},
};

/// Answer a question; the run that waits for it goes on
#[derive(Debug, Args)]
pub(in crate::cli) struct Answer {
    /// Any beginning or end of the question's id
    question: String,
    /// The answer, or the number of an option
    #[arg(required_unless_present = "yes", allow_hyphen_values = true)]
    answer: Option<String>,
    /// Take what the asker thinks best, or its first option
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
        let asked = resolve(&app, &self.question).await?;
        let (answer, source) = match &self.answer {
            Some(typed) => (card::meant(&asked.question, typed).map_err(Misuse)?, Source::Person),
            None => {
                let best = asked.question.best_or_first();
                let none = || Misuse("The asker has no best answer and no options; give an answer of your own.".to_owned());
                (best.ok_or_else(none)?.to_owned(), Source::Yes)
            }
        };
        give(&app, &asked, &answer, source).await?;
        app.close().await;
        if context.screen.is_json() {
            context
                .screen
                .document(&json!({ "question": asked.id, "answer": answer, "source": source, "run": asked.run, "root": asked.root }))?;
        } else {
            context.screen.tell(told(context, &asked, &answer, elsewhere));
        }
        Ok(Exit::Done)
    }
}

/// The data for an answer, and whether another Baton executes runs in it.
pub(super) async fn open(context: &Context) -> Result<(App, bool)> {
    match context.open(Access::Execute).await {
        Ok(app) => Ok((app, false)),
        Err(error) if error.downcast_ref::<AppError>().is_some_and(AppError::is_held) => Ok((context.open(Access::Beside).await?, true)),
        Err(error) => Err(error),
    }
}

/// Answers in the name of whoever sits here.
pub(in crate::cli) async fn give(app: &App, asked: &Asked, answer: &str, source: Source) -> Result<()> {
    let given = Given { answer: answer.to_owned(), by: app.config.operator.clone(), source };
    app.questions.answer(&asked.id, &given).await?;
    app.kernel.changed();
    Ok(())
}

/// What was answered, and what becomes of the run.
pub(super) fn told(context: &Context, asked: &Asked, answer: &str, elsewhere: bool) -> String {
    let answer = text::excerpt(&text::escaped(answer), 200);
    let mark = painted(GOOD, "✓");
    if elsewhere {
        return format!("{mark} Answered “{answer}”. The Baton that executes run {} carries on with it.", text::short(&asked.run));
    }
    let resume = context.again(&format!("runs resume {}", text::short(&asked.root)));
    format!("{mark} Answered “{answer}”. Nobody executes the run now; carry on with `{resume}`.")
}
