//! `baton questions answer`, and answering from anywhere else.

use anyhow::Result;
use clap::Args;

use super::card;
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::questions::{self, AnswerQuestion, AnsweredQuestion, Continuation},
};

/// Answer a question, so that the run that waits for it continues
#[derive(Debug, Args)]
pub(in crate::cli) struct Answer {
    /// Question id, or a unique prefix or suffix
    question: String,
    /// Answer, or the number of an option
    #[arg(required_unless_present = "yes", allow_hyphen_values = true)]
    answer: Option<String>,
    /// Use the suggested answer, or the first option
    #[arg(long, conflicts_with = "answer")]
    yes: bool,
}

impl Answer {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        if self.answer.as_ref().is_some_and(|typed| typed.trim().is_empty()) {
            // An empty line at a prompt means the suggested answer; here it is not a person's word.
            return Err(questions::reject_empty_answer().into());
        }
        let client = context.connect_to_change().await?;
        let question = client::questions::find(&client, &self.question).await?;
        let answer = self.answer.as_ref().map(|typed| card::parse_answer(&question, typed)).transpose()?;
        let request = AnswerQuestion { question: question.id.clone(), answer };
        let answered = client::questions::answer(&client, &request).await?;
        let continuation = client::questions::continuation(&client, &answered).await?;
        client.close().await;
        if context.screen.is_json() {
            context.screen.document(&answered)?;
        } else {
            context.screen.tell(describe(context, &answered, continuation));
        }
        Ok(Exit::Done)
    }
}

/// What was answered, and what becomes of the run.
pub(super) fn describe(context: &Context, answered: &AnsweredQuestion, continuation: Continuation) -> String {
    let answer = text::excerpt(&text::escaped(&answered.answer), 200);
    let (run, resume) = (text::short(&answered.run), context.again(&format!("runs resume {}", text::short(&answered.root))));
    let answered = format!("{} Answered “{answer}”.", painted(GOOD, "✓"));
    match continuation {
        Continuation::Continues => format!("{answered} The running host continues run {run}."),
        Continuation::NoHost => format!("{answered} No host is running, so the answer is kept until one is. Continue with `{resume}`."),
        Continuation::Queued => format!("{answered} The running host has not resumed run {run} yet; `{resume}` follows it."),
    }
}
