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
        drive::presses,
        exit::Exit,
        figures,
        keyboard::{Keyboard, next_line},
        text, there,
    },
    operations::{
        Access, Problem,
        questions::{AnswerQuestion, Continuation, ListQuestions, Question, QuestionId},
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
        let (mut presses, mut reached) = (presses(), Instant::now());
        loop {
            let looked = tokio::select! {
                Some(()) = presses.recv() => return Ok(Exit::Done),
                looked = following.look() => looked,
            };
            match looked {
                Ok(()) => reached = Instant::now(),
                // It may come back.
                Err(error) if there::is_away(&error) && reached.elapsed() < there::PATIENCE => {}
                Err(error) => return Err(error),
            }
            tokio::select! {
                Some(()) = presses.recv() => return Ok(Exit::Done),
                line = next_line(&mut following.keyboard), if following.shown.is_some() => following.take(line).await?,
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
        if let Some(shown) = self.shown.as_ref().filter(|shown| !open.iter().any(|asked| asked.id == shown.id)) {
            self.show_outcome(shown).await?;
            self.shown = None;
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

    /// Answers the question that is shown, by a line that was typed. One whose answer did not arrive is shown on.
    async fn take(&mut self, line: Option<String>) -> Result<()> {
        let Some(asked) = self.shown.take() else { return Ok(()) };
        let Some(line) = line else {
            self.keyboard = None;
            return Ok(());
        };
        let text = match card::parse_answer(&asked, &line) {
            Ok(text) => text,
            Err(problem) => {
                self.context.screen.warn(problem);
                self.ask_again(asked);
                return Ok(());
            }
        };
        match self.answer(&asked, text).await {
            Ok(outcome) => self.context.screen.warn(outcome),
            Err(error) => {
                let Some(problem) = error.downcast_ref::<Problem>() else { return Err(error) };
                self.context.screen.warn(text::plain(&problem.to_string()));
                if there::is_away(&error) {
                    self.ask_again(asked);
                }
            }
        }
        Ok(())
    }

    fn ask_again(&mut self, asked: Question) {
        self.context.screen.prompt(card::prompt(&asked));
        self.shown = Some(asked);
    }

    /// What came of the answer.
    async fn answer(&self, asked: &Question, answer: String) -> Result<String> {
        let client = self.context.connect_to_change().await?;
        let request = AnswerQuestion { question: asked.id.clone(), answer: Some(answer) };
        let answered = client::questions::answer(&client, &request).await?;
        // It is given, whether or not it is known what becomes of the run.
        let continuation = client::questions::continuation(&client, &answered).await.unwrap_or(Continuation::Queued);
        client.close().await;
        Ok(answer::describe(self.context, &answered, continuation))
    }
}
