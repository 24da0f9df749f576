//! Takes answers to the questions of a tree while it is executed, here or by the running host: from the person at the
//! terminal, or the askers' best ones. Without either it leaves the questions open and reports when nothing else can
//! continue.

use std::{
    collections::HashSet,
    future,
    io::IsTerminal,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Interval, MissedTickBehavior, interval},
};

use super::{
    Context, figures,
    keyboard::Keyboard,
    live::Watch,
    questions::{self, card},
    screen::{GOOD, painted},
    text, waits,
};
use crate::{
    events::{Category, Event},
    journal::{QuestionId, RunId},
    kernel::run::State,
    operations::{
        Host, Problem, ProblemKind,
        questions::{self as operations, AnswerQuestion, ListQuestions, Question, QuestionState},
    },
};

/// How often it is looked whether an answer was given elsewhere.
const LOOK: Duration = Duration::from_millis(250);
/// How long a run may have to come to rest, before its open questions are told while others continue.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who answers what the runs ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The person at the terminal, if there is one.
    Ask,
    /// No person: the asker's best answer is taken.
    Best,
}

/// Who answers, as an argument.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Answers {
    /// Answer every question with its suggested answer
    #[arg(long)]
    yes: bool,
}

impl Answers {
    /// Who answers.
    pub(super) fn manner(self) -> Manner {
        if self.yes { Manner::Best } else { Manner::Ask }
    }
}

/// What was heard.
pub(super) enum Heard {
    /// Some question was asked or answered, or it is time to look.
    Change,
    /// A line was typed.
    Line(String),
    /// No more lines will be typed.
    End,
}

/// The keyboard of the person who answers. None where standard input is not a terminal.
pub(super) fn keyboard(manner: Manner) -> Option<Keyboard> {
    let attached = manner == Manner::Ask && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    attached.then(Keyboard::new)
}

/// Takes the answers to the questions of one tree.
pub(super) struct Answering<'a> {
    app: &'a Host,
    context: &'a Context,
    root: RunId,
    manner: Manner,
    events: Receiver<Event>,
    look: Interval,
    /// None where standard input is not a terminal.
    keyboard: &'a mut Option<Keyboard>,
    /// The question whose answer is being typed.
    shown: Option<Question>,
    /// The questions that stay open.
    left: HashSet<QuestionId>,
    /// Those of them of which nothing was said yet.
    untold: Vec<(Instant, Question)>,
    /// A person may yet answer here.
    patient: &'a AtomicBool,
    /// It was looked at what was asked before.
    begun: bool,
}

impl<'a> Answering<'a> {
    /// `patient` says from now on whether a person may yet answer here.
    pub(super) fn new(
        app: &'a Host,
        context: &'a Context,
        root: &RunId,
        (manner, keyboard): (Manner, &'a mut Option<Keyboard>),
        patient: &'a AtomicBool,
    ) -> Self {
        patient.store(keyboard.is_some() || manner == Manner::Best, Ordering::SeqCst);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            app,
            context,
            root: root.clone(),
            manner,
            events: app.kernel.events().listen(),
            look,
            keyboard,
            shown: None,
            left: HashSet::new(),
            untold: Vec::new(),
            patient,
            begun: false,
        }
    }

    /// Waits for something to do. Can be called off at any point and misses nothing.
    pub(super) async fn next(&mut self) -> Heard {
        if !std::mem::replace(&mut self.begun, true) {
            return Heard::Change;
        }
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Ok(event) if event.draft.category == Category::Question => return Heard::Change,
                    Ok(event) if !self.left.is_empty() && event.draft.name == "waiting" => return Heard::Change,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Heard::Change,
                    Err(RecvError::Closed) => future::pending().await,
                },
                _ = self.look.tick(), if self.shown.is_some() || !self.left.is_empty() => return Heard::Change,
                line = typed(self.keyboard), if self.shown.is_some() => return line.map_or(Heard::End, Heard::Line),
            }
        }
    }

    /// Does what is to be done. True when nothing in the tree can continue without an answer that is not given here.
    pub(super) async fn take(&mut self, heard: Heard, watch: &mut Watch<'_>) -> Result<bool> {
        match heard {
            Heard::Line(line) => self.typed(&line, watch).await?,
            Heard::End => {
                *self.keyboard = None;
                self.patient.store(false, Ordering::SeqCst);
                if self.shown.take().is_some() {
                    watch.go_on("");
                }
            }
            Heard::Change => {}
        }
        self.look(watch).await
    }

    /// Takes no more answers. Says what became of the question that is shown.
    pub(super) async fn close(&mut self, watch: &mut Watch<'_>) -> Result<()> {
        match self.shown.take() {
            Some(shown) => self.settled(&shown, watch).await,
            None => Ok(()),
        }
    }

    async fn look(&mut self, watch: &mut Watch<'_>) -> Result<bool> {
        let open = open(self.app, &self.root).await?;
        if !open.is_empty() {
            // What led to a question stands above it and above its answer.
            watch.catch_up().await?;
        }
        self.left.retain(|id| open.iter().any(|asked| asked.id == *id));
        if let Some(shown) = self.shown.take_if(|shown| !open.iter().any(|asked| asked.id == shown.id)) {
            self.settled(&shown, watch).await?;
        }
        for asked in open {
            if self.manner == Manner::Best && !self.left.contains(&asked.id) {
                let left = self.take_best(asked, watch).await?;
                self.untold.extend(left.map(|asked| (Instant::now(), asked)));
            } else if self.keyboard.is_none() {
                if self.left.insert(asked.id.clone()) {
                    self.untold.push((Instant::now(), asked));
                }
            } else if self.shown.is_none() {
                self.show(asked, watch);
            }
        }
        let stands = self.shown.is_none() && !self.left.is_empty() && self.stands_still().await?;
        if !stands {
            // Otherwise the command ends and lists them.
            self.untold.retain(|(since, asked)| {
                let is_due = since.elapsed() > PATIENCE;
                if is_due && self.left.contains(&asked.id) {
                    watch.say(&told(self.context, asked));
                }
                !is_due
            });
        }
        Ok(stands)
    }

    /// The answer was given elsewhere, or the question was withdrawn.
    async fn settled(&self, shown: &Question, watch: &mut Watch<'_>) -> Result<()> {
        let now = operations::find(self.app, shown.id.as_str()).await.ok();
        let closed = now.filter(|asked| asked.state != QuestionState::Open);
        let outcome = closed.map(|asked| format!("\n  {}", card::outcome(&asked, &TimeZone::system())));
        watch.go_on(&outcome.unwrap_or_default());
        Ok(())
    }

    fn show(&mut self, asked: Question, watch: &mut Watch<'_>) {
        let card = card::card(&asked, figures::now(), &TimeZone::system());
        watch.ask(&format!("\n{card}"), &card::prompt(&asked));
        self.shown = Some(asked);
    }

    /// Gives the question back where it has no best answer and stays open.
    async fn take_best(&mut self, asked: Question, watch: &Watch<'_>) -> Result<Option<Question>> {
        let Some(best) = asked.best_or_first() else {
            self.left.insert(asked.id.clone());
            return Ok(Some(asked));
        };
        if self.answer(&asked, None).await?.is_none() {
            let question = text::excerpt(&card::line(&asked.text), 100);
            watch.say(&format!("{} {question} {}", painted(GOOD, "→"), text::excerpt(&card::line(best), 100)));
        }
        Ok(None)
    }

    async fn typed(&mut self, line: &str, watch: &mut Watch<'_>) -> Result<()> {
        let Some(asked) = self.shown.take() else { return Ok(()) };
        match card::meant(&asked, line) {
            Err(sentence) => {
                watch.ask(&format!("  {sentence}"), &card::prompt(&asked));
                self.shown = Some(asked);
            }
            Ok(answer) => {
                let late = self.answer(&asked, Some(answer.clone())).await?;
                let taken = || format!("{} {}", painted(GOOD, "→"), text::excerpt(&card::line(&answer), 200));
                watch.go_on(&late.map_or_else(taken, |late| text::plain(&late)));
            }
        }
        Ok(())
    }

    /// Answers in the name of whoever sits here, by the asker's best answer if there is none. Gives what was done elsewhere
    /// first, which is not a failure here.
    async fn answer(&self, asked: &Question, answer: Option<String>) -> Result<Option<String>> {
        let request = AnswerQuestion { question: asked.id.clone(), answer };
        match operations::answer(self.app, &self.app.config.operator, &request).await {
            Ok(_) => Ok(None),
            Err(Problem { kind: ProblemKind::Conflict, message, .. }) => Ok(Some(message)),
            Err(problem) => Err(problem.into()),
        }
    }

    /// Whether all of the tree waits for people or operators.
    async fn stands_still(&self) -> Result<bool> {
        let tree = self.app.kernel.tree(&self.root).await?;
        let stands = |state: &State| match state {
            State::Waiting { wait } => waits::is_for_others(wait),
            state => state.is_final() || matches!(state, State::Paused { .. }),
        };
        Ok(tree.iter().all(|run| stands(&run.state)))
    }
}

/// The questions of a tree that wait for an answer, most severe first.
pub(super) async fn open(app: &Host, root: &RunId) -> Result<Vec<Question>> {
    let request = ListQuestions { all: false, root: Some(root.clone()) };
    Ok(operations::list(app, &request).await?.items)
}

/// A question with the command that answers it, in one line.
pub(super) fn how_to_answer(context: &Context, asked: &Question) -> String {
    let answer = context.again(&format!("questions answer {} ANSWER", questions::short(&asked.id)));
    let text = text::excerpt(&card::line(&asked.text), 100);
    format!("{} question {}: {text} Answer with `{answer}`.", card::severity(asked.severity), questions::short(&asked.id))
}

/// The same with the answers that the asker knows of, for a person who cannot be shown the whole question.
pub(super) fn told(context: &Context, asked: &Question) -> String {
    let options = card::options(asked).into_iter().map(|option| format!("\n  {option}"));
    std::iter::once(how_to_answer(context, asked)).chain(options).collect()
}

async fn typed(keyboard: &mut Option<Keyboard>) -> Option<String> {
    match keyboard {
        Some(keyboard) => keyboard.line().await,
        None => future::pending().await,
    }
}
