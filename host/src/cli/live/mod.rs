//! Shows what a tree of runs is doing while it does it. Follows the feed of its operations and changes nothing.

mod display;
mod keys;
mod lines;
#[cfg(test)]
mod tests;
mod words;

use anyhow::Result;

use super::{
    Context,
    client::{Remote, ServedFeed, ServedReplies},
};
use crate::operations::{
    Host, Problem,
    execution::{Feed, RunId, Snapshot, Step, Update},
};
use display::Display;
use lines::Line;
use words::Words;

/// Follows a tree of runs.
pub(super) struct Watch<'a> {
    context: &'a Context,
    feed: Source<'a>,
    words: Words,
    display: Display,
}

impl<'a> Watch<'a> {
    /// Begins to follow the tree under `root`. What happened in it before is not shown. What models write is followed on a
    /// terminal alone.
    pub(super) async fn begin(host: &'a Host, context: &'a Context, root: &RunId) -> Result<Self> {
        let feed = Feed::begin(host, root, context.screen.is_live()).await?;
        Ok(Self::of(context, Source::Here(Box::new(feed))))
    }

    /// The same of a tree on a server: of all that happened in it, where it was just started.
    pub(super) async fn begin_there(remote: &'a Remote, context: &'a Context, root: &RunId, is_new: bool) -> Result<Self> {
        let feed = ServedFeed::begin(remote, root, is_new, context.screen.is_live()).await?;
        Ok(Self::of(context, Source::There(Box::new(feed))))
    }

    /// The same of a tree that the running host executes: its events come with each look at the log, and what models write from the
    /// host, where it serves.
    pub(super) async fn begin_attached(host: &'a Host, running: Option<&'a Remote>, context: &'a Context, root: &RunId) -> Result<Self> {
        let feed = Feed::begin(host, root, false).await?;
        let replies = running.map(|running| ServedReplies::of(running, root));
        Ok(Self::of(context, Source::Attached(Box::new(feed), replies)))
    }

    fn of(context: &'a Context, feed: Source<'a>) -> Self {
        let watch = Self { context, feed, words: Words::default(), display: Display::new(context.screen.clone()) };
        watch.show_status();
        watch
    }

    /// Waits for the next event and shows it. Can be dropped at any point and misses nothing.
    pub(super) async fn next(&mut self) -> Result<()> {
        match self.feed.next().await? {
            Update::Steps(steps) => self.show(&steps),
            Update::Reply(piece) => {
                self.words.hear(piece);
                self.display.words(&self.words);
            }
            Update::MissedReplies => {
                self.words.forget();
                self.display.words(&self.words);
            }
        }
        Ok(())
    }

    /// What the root was doing last, as far as it has told.
    pub(super) fn step(&self) -> Option<String> {
        self.feed.snapshot().step
    }

    /// Says something between the lines.
    pub(super) fn say(&self, text: &str) {
        self.display.say(text);
    }

    /// Shows a question and a prompt in place of the live view, which is held back until `resume`.
    pub(super) fn ask(&mut self, question: &str, prompt: &str) {
        self.display.ask(question, prompt);
    }

    /// Says how the question was settled, and shows what was held back.
    pub(super) fn resume(&mut self, text: &str) {
        self.display.resume(text);
        self.show_status();
    }

    /// Shows what is left to show, and stops.
    pub(super) async fn end(mut self) -> Result<()> {
        self.catch_up().await
    }

    /// Shows what happened since the last look.
    pub(super) async fn catch_up(&mut self) -> Result<()> {
        let steps = self.feed.catch_up().await?;
        self.show(&steps);
        Ok(())
    }

    fn show(&mut self, steps: &[Step]) {
        for step in steps {
            let line = lines::line(step);
            self.display.show(&Line { text: self.context.advice(&line.text), ..line });
        }
        self.show_status();
    }

    fn show_status(&self) {
        let snapshot = self.feed.snapshot();
        self.display.status(snapshot.fraction, &lines::status(&snapshot), &lines::branches(&snapshot));
    }
}

/// Where the events come from.
enum Source<'a> {
    /// The host of this process.
    Here(Box<Feed<'a>>),
    /// The log, while another host of this machine executes.
    Attached(Box<Feed<'a>>, Option<ServedReplies<'a>>),
    /// A server.
    There(Box<ServedFeed<'a>>),
}

impl Source<'_> {
    async fn next(&mut self) -> Result<Update, Problem> {
        match self {
            Self::Here(feed) => feed.next().await,
            // An event that this process caused must not be shown before those that the log has from others.
            Self::Attached(_, Some(replies)) => Ok(replies.next().await),
            Self::Attached(_, None) => std::future::pending().await,
            Self::There(feed) => feed.next().await,
        }
    }

    async fn catch_up(&mut self) -> Result<Vec<Step>, Problem> {
        match self {
            Self::Here(feed) | Self::Attached(feed, _) => feed.catch_up().await,
            Self::There(feed) => feed.catch_up().await,
        }
    }

    fn snapshot(&self) -> Snapshot {
        match self {
            Self::Here(feed) | Self::Attached(feed, _) => feed.snapshot(),
            Self::There(feed) => feed.snapshot(),
        }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.display.end();
    }
}
