//! Shows what a tree of runs is doing while it does it. Reads events and changes nothing.

mod display;
mod keys;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::{collections::BTreeMap, future};

use anyhow::Result;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{Context, text};
use crate::{
    events::Event,
    interfaces::llm::{Piece, Watchers},
    journal::RunId,
    kernel::{Kernel, run::Run},
};
use display::Display;
use view::{Line, View};
use words::Words;

/// Events read from the log at once.
const PAGE: u32 = 500;

/// Follows a tree of runs.
pub(super) struct Watch<'a> {
    context: &'a Context,
    kernel: &'a Kernel,
    receiver: Receiver<Event>,
    /// Events were missed and have to be read from the log.
    behind: bool,
    /// What models are saying. None: there is no place to show it.
    pieces: Option<Receiver<Piece>>,
    words: Words,
    view: View,
    display: Display,
}

impl<'a> Watch<'a> {
    /// Begins to follow the tree under `root`. What happened in it before is taken in and not shown. Models are watched
    /// on a terminal alone.
    pub(super) async fn begin(kernel: &'a Kernel, watchers: &Watchers, context: &'a Context, root: &Run) -> Result<Self> {
        let receiver = kernel.events().listen();
        let mut view = View::new(root, titles(kernel));
        let runs = kernel.tree(&root.id).await?;
        runs.iter().for_each(|run| view.include(run));
        let unfinished: Vec<_> = runs.iter().filter(|run| !run.state.is_final()).map(|run| run.id.clone()).collect();
        let mut past = Vec::new();
        for run in unfinished.iter().chain([&root.id]) {
            past.extend(events_of(kernel, run).await?);
        }
        past.sort_by_key(|event| event.cursor);
        for event in &past {
            view.see(event);
        }
        view.carry_on();
        let screen = &context.screen;
        let display = Display::new(screen.clone());
        display.status(view.fraction(), &view.status(), &view.lines());
        let pieces = screen.is_live().then(|| watchers.watch());
        Ok(Self { context, kernel, receiver, behind: false, pieces, words: Words::default(), view, display })
    }

    /// Waits for the next event and shows it. Can be called off at any point and misses nothing.
    pub(super) async fn next(&mut self) -> Result<()> {
        if self.behind {
            self.catch_up().await?;
            self.behind = false;
        }
        tokio::select! {
            event = self.receiver.recv() => match event {
                Ok(event) => self.show(&event),
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => future::pending().await,
            },
            piece = said(&mut self.pieces) => self.hear(piece),
        }
        Ok(())
    }

    /// What the root was doing last, as far as it has told.
    pub(super) fn step(&self) -> Option<&str> {
        self.view.step()
    }

    /// Says something between the lines.
    pub(super) fn say(&self, text: &str) {
        self.display.say(text);
    }

    /// Shows a question and a prompt in place of the live view, which is held back until `go_on`.
    pub(super) fn ask(&mut self, question: &str, prompt: &str) {
        self.display.ask(question, prompt);
    }

    /// Says how the question was settled, and shows what was held back.
    pub(super) fn go_on(&mut self, text: &str) {
        self.display.go_on(text);
        self.display.status(self.view.fraction(), &self.view.status(), &self.view.lines());
    }

    /// Shows what is left to show, and stops.
    pub(super) async fn end(mut self) -> Result<()> {
        self.catch_up().await
    }

    /// Shows what happened since the last look.
    pub(super) async fn catch_up(&mut self) -> Result<()> {
        loop {
            let events = self.kernel.events().after(self.view.cursor(), None, PAGE).await?;
            events.iter().for_each(|event| self.show(event));
            if events.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    fn hear(&mut self, piece: Option<Piece>) {
        match piece {
            Some(piece) if self.view.includes(&RunId::from_text(&piece.run)) => self.words.hear(piece),
            Some(_) => return,
            None => self.words.forget(),
        }
        self.display.words(&self.words);
    }

    fn show(&mut self, event: &Event) {
        let lines = self.view.see(event);
        for line in lines {
            self.display.show(&Line { text: self.context.advice(&line.text), ..line });
        }
        self.display.status(self.view.fraction(), &self.view.status(), &self.view.lines());
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.display.end();
    }
}

/// The next piece; none where some were missed.
async fn said(pieces: &mut Option<Receiver<Piece>>) -> Option<Piece> {
    match pieces {
        Some(pieces) => match pieces.recv().await {
            Ok(piece) => Some(piece),
            Err(RecvError::Lagged(_)) => None,
            Err(RecvError::Closed) => future::pending().await,
        },
        None => future::pending().await,
    }
}

async fn events_of(kernel: &Kernel, run: &RunId) -> Result<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let cursor = events.last().map_or(0, |event| event.cursor);
        let page = kernel.events().after(cursor, Some(run), PAGE).await?;
        let full = page.len() == PAGE as usize;
        events.extend(page);
        if !full {
            return Ok(events);
        }
    }
}

/// What people call the plugins: `Mary, business analyst` of `Mary, business analyst: finds out what …`.
fn titles(kernel: &Kernel) -> BTreeMap<String, String> {
    const LONGEST: usize = 40;
    let plugins = kernel.registry().all();
    let title = |description: &str| description.split_once(':').map(|(title, _)| text::line(title));
    let titled = plugins.values().filter_map(|plugin| {
        let title = title(&plugin.package.manifest.description).filter(|title| (1..=LONGEST).contains(&title.chars().count()))?;
        Some((plugin.name().to_owned(), title))
    });
    titled.collect()
}
