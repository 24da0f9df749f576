//! Takes answers to the questions of a tree while it is executed, here or by the running host: from the person at the
//! terminal, or the suggested ones. Without either it leaves the questions open and reports when nothing else can
//! continue.

use std::{
    collections::HashSet,
    io::IsTerminal,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::{
    Context,
    client::{self, Remote},
    figures,
    keyboard::{Keyboard, next_line},
    live::Watch,
    questions::{self, card},
    screen::{GOOD, painted},
    text,
};
use crate::operations::{
    Host, Problem, ProblemKind,
    execution::{self, TreeState, TreeStatus},
    questions::{
        self as operations, AnswerQuestion, AnsweredQuestion, Changes, ListQuestions, Question, QuestionChange, QuestionId, QuestionState,
        RunId,
    },
};

/// How often answers that were given elsewhere are looked for.
const LOOK: Duration = Duration::from_millis(250);
/// The same on a server, which limits the requests of a user.
const LOOK_THERE: Duration = Duration::from_secs(2);
/// How long runs may take to come to rest, before open questions are listed while others continue.
const PATIENCE: Duration = Duration::from_secs(1);

/// Who answers what the runs ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// The person at the terminal, if there is one.
    Ask,
    /// No person: Baton uses the suggested answers.
    Suggested,
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
        if self.yes { Manner::Suggested } else { Manner::Ask }
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

/// Where the questions are asked.
enum Asker<'a> {
    /// The host of this process, which says when they change.
    Here(&'a Host, Changes),
    /// A server, and how the tree stood there at the last look.
    There(&'a Remote, Option<TreeStatus>),
}

/// Takes the answers to the questions of one tree.
pub(super) struct Answering<'a> {
    asker: Asker<'a>,
    context: &'a Context,
    root: RunId,
    manner: Manner,
    look: Interval,
    /// None where standard input is not a terminal.
    keyboard: &'a mut Option<Keyboard>,
    /// The question whose answer is being typed.
    shown: Option<Question>,
    /// The questions that stay open.
    left: HashSet<QuestionId>,
    /// Those of them that were not listed yet.
    unlisted: Vec<(Instant, Question)>,
    /// A person may yet answer here.
    patient: &'a AtomicBool,
    /// Questions that were asked before were looked for.
    begun: bool,
}

impl<'a> Answering<'a> {
    /// `patient` says from now on whether a person may yet answer here.
    pub(super) fn new(
        host: &'a Host,
        context: &'a Context,
        root: &RunId,
        (manner, keyboard): (Manner, &'a mut Option<Keyboard>),
        patient: &'a AtomicBool,
    ) -> Self {
        Self::of(Asker::Here(host, Changes::of(host)), context, root, (manner, keyboard), patient)
    }

    /// The same for a tree on a server.
    pub(super) fn there(
        remote: &'a Remote,
        context: &'a Context,
        root: &RunId,
        answers: (Manner, &'a mut Option<Keyboard>),
        patient: &'a AtomicBool,
    ) -> Self {
        Self::of(Asker::There(remote, None), context, root, answers, patient)
    }

    fn of(
        asker: Asker<'a>,
        context: &'a Context,
        root: &RunId,
        (manner, keyboard): (Manner, &'a mut Option<Keyboard>),
        patient: &'a AtomicBool,
    ) -> Self {
        patient.store(keyboard.is_some() || manner == Manner::Suggested, Ordering::SeqCst);
        let mut look = interval(if matches!(asker, Asker::Here(..)) { LOOK } else { LOOK_THERE });
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            asker,
            context,
            root: root.clone(),
            manner,
            look,
            keyboard,
            shown: None,
            left: HashSet::new(),
            unlisted: Vec::new(),
            patient,
            begun: false,
        }
    }

    /// Waits for something to do. Can be dropped at any point and misses nothing.
    pub(super) async fn next(&mut self) -> Heard {
        if !std::mem::replace(&mut self.begun, true) {
            return Heard::Change;
        }
        loop {
            tokio::select! {
                change = self.asker.next() => {
                    if change == QuestionChange::Question || !self.left.is_empty() {
                        return Heard::Change;
                    }
                }
                _ = self.look.tick(), if self.shown.is_some() || !self.left.is_empty() => return Heard::Change,
                line = next_line(self.keyboard), if self.shown.is_some() => return line.map_or(Heard::End, Heard::Line),
            }
        }
    }

    /// Shows questions and gives answers. True when nothing in the tree can continue without an answer that is not given here.
    pub(super) async fn take(&mut self, heard: Heard, watch: &mut Watch<'_>) -> Result<bool> {
        match heard {
            Heard::Line(line) => self.answer_shown(&line, watch).await?,
            Heard::End => {
                *self.keyboard = None;
                self.patient.store(false, Ordering::SeqCst);
                if self.shown.take().is_some() {
                    watch.resume("");
                }
            }
            Heard::Change => {}
        }
        self.look(watch).await
    }

    /// Takes no more answers. Says what became of the question that is shown.
    pub(super) async fn close(&mut self, watch: &mut Watch<'_>) -> Result<()> {
        match self.shown.take() {
            Some(shown) => self.show_outcome(&shown, watch).await,
            None => Ok(()),
        }
    }

    /// How the tree stood at the last look, where a server executes it.
    pub(super) fn tree_state(&self) -> Option<TreeState> {
        match &self.asker {
            Asker::Here(..) => None,
            Asker::There(_, status) => status.as_ref().map(|status| status.state),
        }
    }

    async fn look(&mut self, watch: &mut Watch<'_>) -> Result<bool> {
        let open = self.asker.open(&self.root).await?;
        if !open.is_empty() {
            // What led to a question stands above it and above its answer.
            watch.catch_up().await?;
        }
        self.left.retain(|id| open.iter().any(|asked| asked.id == *id));
        if let Some(shown) = self.shown.take_if(|shown| !open.iter().any(|asked| asked.id == shown.id)) {
            self.show_outcome(&shown, watch).await?;
        }
        for asked in open {
            if self.manner == Manner::Suggested && !self.left.contains(&asked.id) {
                let left = self.use_suggestion(asked, watch).await?;
                self.unlisted.extend(left.map(|asked| (Instant::now(), asked)));
            } else if self.keyboard.is_none() {
                if self.left.insert(asked.id.clone()) {
                    self.unlisted.push((Instant::now(), asked));
                }
            } else if self.shown.is_none() {
                self.show(asked, watch);
            }
        }
        let stands = self.shown.is_none() && !self.left.is_empty() && self.asker.waits_for_people(&self.root).await?;
        if !stands {
            // Otherwise the command ends and lists them.
            self.unlisted.retain(|(since, asked)| {
                let is_due = since.elapsed() > PATIENCE;
                if is_due && self.left.contains(&asked.id) {
                    watch.say(&describe(self.context, asked));
                }
                !is_due
            });
        }
        Ok(stands)
    }

    /// The answer was given elsewhere, or the question was withdrawn.
    async fn show_outcome(&self, shown: &Question, watch: &mut Watch<'_>) -> Result<()> {
        let now = self.asker.find(&shown.id).await.ok();
        let closed = now.filter(|asked| asked.state != QuestionState::Open);
        let outcome = closed.map(|asked| format!("\n  {}", card::outcome(&asked, &TimeZone::system())));
        watch.resume(&outcome.unwrap_or_default());
        Ok(())
    }

    fn show(&mut self, asked: Question, watch: &mut Watch<'_>) {
        let card = card::card(&asked, figures::now(), &TimeZone::system());
        watch.ask(&format!("\n{card}"), &card::prompt(&asked));
        self.shown = Some(asked);
    }

    /// Returns the question where it has no suggested answer and stays open.
    async fn use_suggestion(&mut self, asked: Question, watch: &Watch<'_>) -> Result<Option<Question>> {
        let Some(suggested) = asked.best_or_first() else {
            self.left.insert(asked.id.clone());
            return Ok(Some(asked));
        };
        if self.answer(&asked, None).await?.is_none() {
            let question = text::excerpt(&card::line(&asked.text), 100);
            watch.say(&format!("{} {question} {}", painted(GOOD, "→"), text::excerpt(&card::line(suggested), 100)));
        }
        Ok(None)
    }

    async fn answer_shown(&mut self, line: &str, watch: &mut Watch<'_>) -> Result<()> {
        let Some(asked) = self.shown.take() else { return Ok(()) };
        match card::parse_answer(&asked, line) {
            Err(problem) => {
                watch.ask(&format!("  {problem}"), &card::prompt(&asked));
                self.shown = Some(asked);
            }
            Ok(answer) => {
                let late = self.answer(&asked, Some(answer.clone())).await?;
                let given = || format!("{} {}", painted(GOOD, "→"), text::excerpt(&card::line(&answer), 200));
                watch.resume(&late.map_or_else(given, |late| text::plain(&late)));
            }
        }
        Ok(())
    }

    /// Answers as the operator, with the suggested answer if none is given. Returns what happened elsewhere first, which is not a
    /// failure here.
    async fn answer(&self, asked: &Question, answer: Option<String>) -> Result<Option<String>> {
        let request = AnswerQuestion { question: asked.id.clone(), answer };
        match self.asker.answer(&request).await {
            Ok(_) => Ok(None),
            Err(Problem { kind: ProblemKind::Conflict, message, .. }) => Ok(Some(message)),
            Err(problem) => Err(problem.into()),
        }
    }
}

impl Asker<'_> {
    /// The next change. Can be dropped at any point and misses nothing.
    async fn next(&mut self) -> QuestionChange {
        match self {
            Self::Here(_, changes) => changes.next().await,
            // Whoever follows the tree looks often enough.
            Self::There(..) => std::future::pending().await,
        }
    }

    async fn open(&mut self, root: &RunId) -> Result<Vec<Question>> {
        match self {
            Self::Here(host, _) => open(host, root).await,
            Self::There(remote, status) => Ok(status.insert(client::runs::tree_status(remote, root).await?).questions.clone()),
        }
    }

    async fn waits_for_people(&self, root: &RunId) -> Result<bool, Problem> {
        match self {
            Self::Here(host, _) => execution::waits_for_people(host, root).await,
            Self::There(_, status) => Ok(status.as_ref().is_some_and(|status| status.waits_for_people)),
        }
    }

    async fn find(&self, question: &QuestionId) -> Result<Question, Problem> {
        match self {
            Self::Here(host, _) => operations::find(host, question.as_str()).await,
            Self::There(remote, _) => client::questions::find_there(remote, question.as_str()).await,
        }
    }

    async fn answer(&self, request: &AnswerQuestion) -> Result<AnsweredQuestion, Problem> {
        match self {
            Self::Here(host, _) => operations::answer(host, host.operator(), request).await,
            Self::There(remote, _) => client::questions::answer_there(remote, request).await,
        }
    }
}

/// The questions of a tree that wait for an answer, most severe first.
pub(super) async fn open(host: &Host, root: &RunId) -> Result<Vec<Question>> {
    let request = ListQuestions { all: false, root: Some(root.clone()) };
    Ok(operations::list(host, &request).await?.items)
}

/// A question with the command that answers it, in one line.
pub(super) fn how_to_answer(context: &Context, asked: &Question) -> String {
    let answer = context.again(&format!("questions answer {} ANSWER", questions::short(&asked.id)));
    let text = text::excerpt(&card::line(&asked.text), 100);
    format!("{} question {}: {text} Answer with `{answer}`.", card::severity(asked.severity), questions::short(&asked.id))
}

/// The same with its options, for a person who cannot be shown the whole question.
pub(super) fn describe(context: &Context, asked: &Question) -> String {
    let options = card::options(asked).into_iter().map(|option| format!("\n  {option}"));
    std::iter::once(how_to_answer(context, asked)).chain(options).collect()
}
