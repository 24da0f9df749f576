//! `baton questions watch`.

use std::{
    collections::HashSet,
    io::IsTerminal,
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use super::{answer, card};
use crate::{
    cli::{
        Context,
        client::{self, Client},
        exit::Exit,
        figures,
        keyboard::{Keyboard, next_line},
        there,
    },
    operations::{
        Access,
        questions::{AnswerQuestion, ListQuestions, Question, QuestionId},
    },
};

/// How often new questions are looked for.
const LOOK: Duration = Duration::from_millis(250);
/// The same on a server, which limits the requests of a user.
const LOOK_THERE: Duration = Duration::from_secs(2);

/// Show questions as they are asked, and answer them on a terminal, until Ctrl-C
#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {}

impl Watch {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let look = if matches!(client, Client::Here(_)) { LOOK } else { LOOK_THERE };
        let answers = !context.screen.is_json() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let mut following = Following { context, client, known: HashSet::new(), shown: None, keyboard: answers.then(Keyboard::new) };
        context.screen.tell("Questions are shown as they are asked. Ctrl-C ends this.");
        let mut reached = Instant::now();
        loop {
            match following.look().await {
                Ok(()) => reached = Instant::now(),
                // It may come back.
                Err(error) if there::is_away(&error) && reached.elapsed() < there::PATIENCE => {}
                Err(error) => return Err(error),
            }
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Done),
                line = next_line(&mut following.keyboard), if following.shown.is_some() => following.answer(line).await?,
                () = tokio::time::sleep(look) => {}
            }
        }
    }
}

struct Following<'a> {
    context: &'a Context,
    client: Client,
    known: HashSet<QuestionId>,
    /// The question whose answer is being typed.
    shown: Option<Question>,
    /// None where standard input is not a terminal.
    keyboard: Option<Keyboard>,
}

impl Following<'_> {
    /// Shows new questions: every one at once, or on a terminal one after the other.
    async fn look(&mut self) -> Result<()> {
        let open = client::questions::list(&self.client, &ListQuestions::default()).await?.items;
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
        let now = client::questions::find(&self.client, shown.id.as_str()).await?;
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
                let client = self.context.connect_to_change().await?;
                let request = AnswerQuestion { question: asked.id, answer: Some(text) };
                match client::questions::answer(&client, &request).await {
                    Ok(answered) => {
                        let continuation = client::questions::continuation(&client, &answered).await?;
                        self.context.screen.warn(answer::describe(self.context, &answered, continuation));
                    }
                    Err(problem) => self.context.screen.warn(crate::cli::text::plain(&problem.to_string())),
                }
                client.close().await;
            }
        }
        Ok(())
    }
}
