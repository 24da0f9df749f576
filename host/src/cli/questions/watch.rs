//! `baton questions watch`.

use std::{collections::HashSet, io::IsTerminal, time::Duration};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{answer, card};
use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        keyboard::{Keyboard, next_line},
    },
    operations::{
        Access, Host,
        questions::{self, AnswerQuestion, ListQuestions, Question, QuestionId},
    },
};

/// How often new questions are looked for.
const LOOK: Duration = Duration::from_millis(250);

/// Show questions as they are asked, and answer them on a terminal, until Ctrl-C
#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {}

impl Watch {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let answers = !context.screen.is_json() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let mut following = Following { context, host, known: HashSet::new(), shown: None, keyboard: answers.then(Keyboard::new) };
        context.screen.tell("Questions are shown as they are asked. Ctrl-C ends this.");
        loop {
            following.look().await?;
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
                line = next_line(&mut following.keyboard), if following.shown.is_some() => following.answer(line).await?,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

struct Following<'a> {
    context: &'a Context,
    host: Host,
    known: HashSet<QuestionId>,
    /// The question whose answer is being typed.
    shown: Option<Question>,
    /// None where standard input is not a terminal.
    keyboard: Option<Keyboard>,
}

impl Following<'_> {
    /// Shows new questions: every one at once, or on a terminal one after the other.
    async fn look(&mut self) -> Result<()> {
        let open = questions::list(&self.host, &ListQuestions::default()).await?.items;
        if let Some(shown) = self.shown.take_if(|shown| !open.iter().any(|asked| asked.id == shown.id)) {
            self.show_outcome(&shown).await?;
        }
        for asked in open {
            if self.keyboard.is_some() && self.shown.is_some() {
                break;
            }
            if self.known.insert(asked.id.clone()) {
                self.show(asked)?;
            }
        }
        Ok(())
    }

    fn show(&mut self, asked: Question) -> Result<()> {
        if self.context.screen.is_json() {
            return self.context.screen.line(&asked);
        }
        self.context.screen.words(&card::card(&asked, figures::now(), &TimeZone::system()))?;
        if self.keyboard.is_some() {
            self.context.screen.prompt(card::prompt(&asked));
            self.shown = Some(asked);
        }
        Ok(())
    }

    async fn show_outcome(&self, shown: &Question) -> Result<()> {
        let now = questions::find(&self.host, shown.id.as_str()).await?;
        self.context.screen.warn(format!("\n  {}", card::outcome(&now, &TimeZone::system())));
        Ok(())
    }

    /// Answers the question that is shown, by a line that was typed.
    async fn answer(&mut self, line: Option<String>) -> Result<()> {
        let Some(asked) = self.shown.take() else { return Ok(()) };
        let Some(line) = line else {
            self.keyboard = None;
            return Ok(());
        };
        match card::parse_answer(&asked, &line) {
            Err(problem) => {
                self.context.screen.warn(problem);
                self.context.screen.prompt(card::prompt(&asked));
                self.shown = Some(asked);
            }
            Ok(text) => {
                let host = self.context.open_to_change().await?;
                let request = AnswerQuestion { question: asked.id, answer: Some(text) };
                match questions::answer(&host, host.operator(), &request).await {
                    Ok(answered) => {
                        let continuation = questions::continuation(&host, &answered).await?;
                        self.context.screen.warn(answer::describe(self.context, &answered, continuation));
                    }
                    Err(problem) => self.context.screen.warn(crate::cli::text::plain(&problem.to_string())),
                }
                host.close().await;
            }
        }
        Ok(())
    }
}
