//! Where text goes: the answer to standard output, all else to standard error. Knows what the terminal can show.

use std::{
    fmt::Display,
    io::{self, IsTerminal, Write},
    sync::Arc,
};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::{text, wrapping::wrapped};
use crate::operations::Problem;

/// What went well.
pub(super) const GOOD: Style = AnsiColor::Green.on_default();
/// What needs attention.
pub(super) const WARNING: Style = AnsiColor::Yellow.on_default();
/// What failed.
pub(super) const BAD: Style = AnsiColor::Red.on_default();
/// What is beside the point.
pub(super) const FAINT: Style = Style::new().dimmed();
/// What is to be seen first.
pub(super) const STRONG: Style = Style::new().bold();

/// A text in a style.
pub(super) fn painted(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// Tables and text for people.
    #[default]
    Table,
    /// One JSON document.
    Json,
}

/// Whether there are colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Also in files and pipes.
    Always,
    /// Without colours.
    Never,
}

/// Where text goes.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    /// The form of the answer.
    pub(super) output: Output,
    /// Nothing is told but the answer and what went wrong.
    pub(super) quiet: bool,
    /// Whether there are colours.
    pub(super) colour: Colour,
    /// The option without which a command does not find the same data: each command that is told is told with it.
    pub(super) option: Option<Arc<str>>,
}

impl Screen {
    /// The answer is a JSON document.
    pub(super) fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    /// Lines that change can be shown.
    pub(super) fn is_live(&self) -> bool {
        !self.quiet && io::stderr().is_terminal()
    }

    /// Columns that standard error shows in a line; 80 where nobody knows.
    pub(super) fn columns(&self) -> usize {
        #[cfg(unix)]
        if let Ok(size) = rustix::termios::tcgetwinsize(io::stderr())
            && size.ws_col > 0
        {
            return size.ws_col.into();
        }
        80
    }

    /// Rows that standard error shows; 24 where nobody knows.
    pub(super) fn rows(&self) -> usize {
        #[cfg(unix)]
        if let Ok(size) = rustix::termios::tcgetwinsize(io::stderr())
            && size.ws_row > 0
        {
            return size.ws_row.into();
        }
        24
    }

    /// Whether a person sits at the terminal and sees what is told: a script wants an end and an exit code.
    pub(super) fn is_watched(&self) -> bool {
        !self.quiet && !self.is_json() && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Columns that a line of the answer can have on a terminal; none where it goes elsewhere, and is whole.
    pub(super) fn room(&self) -> Option<usize> {
        #[cfg(unix)]
        if let Ok(size) = rustix::termios::tcgetwinsize(io::stdout())
            && size.ws_col > 0
        {
            return Some(size.ws_col.into());
        }
        None
    }

    /// Standard error shows colours.
    pub(super) fn shows_colour(&self) -> bool {
        AutoStream::new(io::stderr(), self.choice()).current_choice() != ColorChoice::Never
    }

    /// Writes a line of the answer.
    pub(super) fn answer(&self, text: impl Display) -> io::Result<()> {
        let mut stream = AutoStream::new(io::stdout(), self.choice()).lock();
        writeln!(stream, "{text}")
    }

    /// Writes lines of the answer that are words for people.
    pub(super) fn words(&self, text: &str) -> io::Result<()> {
        let text = text::commands_with(text, self.option.as_deref());
        self.answer(self.room().map_or_else(|| text.clone(), |room| wrapped(&text, room)))
    }

    /// Writes the answer as a JSON document.
    pub(super) fn document(&self, document: &impl Serialize) -> anyhow::Result<()> {
        let text = text::document(&serde_json::to_string_pretty(document)?);
        // No colours inside, and none may be taken for such.
        writeln!(io::stdout().lock(), "{text}")?;
        Ok(())
    }

    /// Writes one of many answers as a JSON document in a line of its own.
    pub(super) fn line(&self, document: &impl Serialize) -> anyhow::Result<()> {
        writeln!(io::stdout().lock(), "{}", text::document(&serde_json::to_string(document)?))?;
        Ok(())
    }

    /// Tells whoever watches, unless they want quiet.
    pub(super) fn tell(&self, text: impl Display) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// Asks for a line, which is typed behind the text.
    pub(super) fn prompt(&self, text: impl Display) {
        let mut stream = AutoStream::new(io::stderr(), self.choice()).lock();
        // Where standard error is gone there is nobody to ask.
        let _ = write!(stream, "{text}").and_then(|()| stream.flush());
    }

    /// Tells what nobody should miss.
    pub(super) fn warn(&self, text: impl Display) {
        let text = text::commands_with(&text.to_string(), self.option.as_deref());
        let text = if io::stderr().is_terminal() { wrapped(&text, self.columns()) } else { text };
        let mut stream = AutoStream::new(io::stderr(), self.choice()).lock();
        // Where standard error is gone there is nobody to tell.
        let _ = writeln!(stream, "{text}");
    }

    /// Writes what went wrong: as a JSON document, or as a line with a hint below it.
    pub(super) fn problem(&self, problem: &Problem) {
        if !self.is_json() {
            self.warn(format!("{} {}", painted(BAD, "error:"), text::plain(&problem.message)));
            if let Some(hint) = &problem.hint {
                self.warn(format!("{} {}", painted(STRONG, "hint:"), text::plain(hint)));
            }
            return;
        }
        let message = text::commands_with(&problem.message, self.option.as_deref());
        let hint = problem.hint.as_deref().map(|hint| text::commands_with(hint, self.option.as_deref()));
        // Where standard error is gone there is nobody to tell; text alone always has a JSON form.
        if let Ok(document) = serde_json::to_string_pretty(&Problem { message, hint, ..problem.clone() }) {
            let _ = writeln!(io::stderr().lock(), "{}", text::document(&document));
        }
    }

    fn choice(&self) -> ColorChoice {
        match self.colour {
            Colour::Auto => ColorChoice::Auto,
            Colour::Always => ColorChoice::AlwaysAnsi,
            Colour::Never => ColorChoice::Never,
        }
    }
}
