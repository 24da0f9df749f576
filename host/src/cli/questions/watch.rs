//! `baton questions watch`.

use std::{collections::HashSet, io::IsTerminal, time::Duration};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{answer, card};
use crate::{
    cli::{Context, exit::Exit, figures, keyboard::Keyboard},
    journal::QuestionId,
    operations::{
        Access, Host,
        questions::{self, AnswerQuestion, ListQuestions, Question},
    },
};

/// How often it is looked whether there is a new question.
const LOOK: Duration = Duration::from_millis(250);

/// Show questions as they are asked, until Ctrl-C; on a terminal, take the answers as well
#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {}

impl Watch {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let answers = !context.screen.is_json() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let mut following = Following { context, app, known: HashSet::new(), shown: None, keyboard: answers.then(Keyboard::new) };
        context.screen.tell("Questions are shown as they are asked. Ctrl-C ends this.");
        loop {
            following.look().await?;
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
                typed = typed(&mut following.keyboard), if following.shown.is_some() => following.typed(typed).await?,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

struct Following<'a> {
    context: &'a Context,
    app: Host,
    known: HashSet<QuestionId>,
    /// The question whose answer is being typed.
    shown: Option<Question>,
    /// None where standard input is not a terminal.
    keyboard: Option<Keyboard>,
}

impl Following<'_> {
    /// Shows what is new: every question at once, or on a terminal one after the other.
    async fn look(&mut self) -> Result<()> {
        let open = questions::list(&self.app, &ListQuestions::default()).await?.items;
        if let Some(shown) = self.shown.take_if(|shown| !open.iter().any(|asked| asked.id == shown.id)) {
            self.settled(&shown).await?;
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

    async fn settled(&self, shown: &Question) -> Result<()> {
        let now = questions::find(&self.app, shown.id.as_str()).await?;
        self.context.screen.warn(format!("\n  {}", card::outcome(&now, &TimeZone::system())));
        Ok(())
    }

    async fn typed(&mut self, typed: Option<String>) -> Result<()> {
        let Some(asked) = self.shown.take() else { return Ok(()) };
        let Some(typed) = typed else {
            self.keyboard = None;
            return Ok(());
        };
        match card::meant(&asked, &typed) {
            Err(sentence) => {
                self.context.screen.warn(sentence);
                self.context.screen.prompt(card::prompt(&asked));
                self.shown = Some(asked);
            }
            Ok(text) => {
                let (app, elsewhere) = answer::open(self.context).await?;
                let request = AnswerQuestion { question: asked.id, answer: Some(text) };
                match questions::answer(&app, &app.config.operator, &request).await {
                    Ok(answered) => {
                        let next = answer::Next::of(&app, &answered, elsewhere).await?;
                        self.context.screen.warn(answer::told(self.context, &answered, next));
                    }
                    Err(error) => self.context.screen.warn(crate::cli::text::plain(&error.to_string())),
                }
                app.close().await;
            }
        }
        Ok(())
    }
}

async fn typed(keyboard: &mut Option<Keyboard>) -> Option<String> {
    match keyboard {
        Some(keyboard) => keyboard.line().await,
        None => std::future::pending().await,
    }
}
