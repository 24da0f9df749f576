//! `baton questions show`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{card, short};
use crate::{
    cli::{Context, client, exit::Exit, figures, text},
    operations::{Access, questions::QuestionState},
};

/// Show a question: its text, its reason and its answer
#[derive(Debug, Args)]
pub(in crate::cli) struct Show {
    /// Question id, or a unique prefix or suffix
    question: String,
}

impl Show {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let question = client::questions::find(&client, &self.question).await?;
        if context.screen.is_json() {
            context.screen.document(&question)?;
            return Ok(Exit::Done);
        }
        let zone = TimeZone::system();
        context.screen.words(&card::card(&question, figures::now(), &zone))?;
        if !question.context.is_null() {
            context.screen.answer(format!("  Context: {}", text::escaped(&question.context.to_string())))?;
        }
        context.screen.words(&format!("  {}", card::outcome(&question, &zone)))?;
        if question.state == QuestionState::Open {
            let answer = context.again(&format!("questions answer {} ANSWER", short(&question.id)));
            context.screen.tell(format!("\nAnswer with `{answer}`."));
        }
        Ok(Exit::Done)
    }
}
