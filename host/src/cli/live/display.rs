//! Shows lines as they come: with a bar on a terminal, with the time elsewhere. Decides nothing about what to say.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use jiff::tz::TimeZone;

use super::{
    keys::SilentKeys,
    lines::{Line, Mark},
    words::Words,
};
use crate::cli::{
    figures,
    screen::{BAD, FAINT, GOOD, Screen, WARNING, painted},
    text,
};

/// Shorter than this and nobody asks how long it took.
const WORTH_TELLING: u64 = 100;

/// Columns of the bar and all that stands beside the text of the status, and a few to spare.
const BESIDE_STATUS: usize = 42;

/// Columns of a terminal on which the bar is long.
const LONG_BAR: usize = 72;

/// Rows of the bar and of the words of a model, and one to spare.
const BESIDE_LINES: usize = 3;

/// Columns before the words of a model, and one to spare.
const BESIDE_WORDS: usize = 3;

/// Where lines are shown.
pub(super) enum Display {
    /// A terminal: a bar, and above it a line per finished step.
    Live {
        bar: ProgressBar,
        screen: Screen,
        children: Vec<String>,
        /// While somebody types an answer: the lines to show afterwards, for they would tear up what is typed.
        held: Option<Vec<String>>,
        _keys: SilentKeys,
    },
    /// Anything else: a line per event, with the time.
    Plain { screen: Screen, zone: TimeZone },
}

impl Display {
    /// What fits the screen.
    pub(super) fn new(screen: Screen) -> Self {
        if !screen.is_live() {
            return Self::Plain { screen, zone: TimeZone::system() };
        }
        Self::Live { bar: bar(&screen, Duration::ZERO), screen, children: Vec::new(), held: None, _keys: SilentKeys::begin() }
    }

    /// Shows a line.
    pub(super) fn show(&mut self, line: &Line) {
        match self {
            Self::Plain { screen, zone } => {
                if let Some(text) = plain(line, zone) {
                    screen.tell(text);
                }
            }
            Self::Live { bar, screen, children, held, .. } => {
                let (now, kept) = live(line, std::mem::take(children));
                *children = kept;
                match held {
                    Some(held) => held.extend(now),
                    None => bar.suspend(|| now.iter().for_each(|text| screen.tell(text))),
                }
            }
        }
    }

    /// Says something that is no event.
    pub(super) fn say(&self, text: &str) {
        match self {
            Self::Plain { screen, .. } => screen.tell(text),
            Self::Live { screen, held: Some(_), .. } => screen.tell(format!("\n{text}")),
            Self::Live { bar, screen, .. } => bar.suspend(|| screen.tell(text)),
        }
    }

    /// Shows a question and a prompt. On a terminal nothing else is shown until `resume`.
    pub(super) fn ask(&mut self, question: &str, prompt: &str) {
        let (Self::Plain { screen, .. } | Self::Live { screen, .. }) = self;
        let screen = screen.clone();
        if let Self::Live { bar, held, .. } = self
            && held.is_none()
        {
            *held = Some(Vec::new());
            bar.finish_and_clear();
        }
        screen.warn(question);
        screen.prompt(prompt);
    }

    /// Shows what was held back while a question was there.
    pub(super) fn resume(&mut self, text: &str) {
        let (Self::Plain { screen, .. } | Self::Live { screen, .. }) = self;
        let screen = screen.clone();
        screen.warn(text);
        if let Self::Live { bar: shown, held, .. } = self {
            held.take().unwrap_or_default().iter().for_each(|text| screen.tell(text));
            *shown = bar(&screen, shown.elapsed());
        }
    }

    /// Shows where the run is, and below that a line for each run that is at work beside others.
    pub(super) fn status(&self, fraction: f64, text: &str, lines: &[String]) {
        if let Self::Live { bar, screen, held: None, .. } = self {
            let columns = screen.columns();
            let room = columns.saturating_sub(BESIDE_STATUS - bar_width(LONG_BAR) + bar_width(columns));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
            bar.set_position((fraction.clamp(0.0, 1.0) * 100.0).round() as u64);
            let below = fitting(lines, screen.rows().saturating_sub(BESIDE_LINES));
            let below = below.iter().map(|line| format!("\n  {}", text::excerpt(line, columns.saturating_sub(BESIDE_WORDS))));
            bar.set_message(format!("{}{}", text::excerpt(text, room), below.collect::<String>()));
        }
    }

    /// Shows the end of what a model is saying, in a line below the bar that is there as long as it speaks.
    pub(super) fn words(&self, words: &Words) {
        if let Self::Live { bar, screen, held: None, .. } = self {
            let shown = words.end(screen.columns().saturating_sub(BESIDE_WORDS)).map(|words| match screen.shows_colour() {
                true => format!("\n  {}", painted(FAINT, words)),
                false => format!("\n  {words}"),
            });
            bar.set_prefix(shown.unwrap_or_default());
        }
    }

    /// Takes the bar away; the lines stay.
    pub(super) fn end(&mut self) {
        if let Self::Live { bar, screen, children, held, .. } = self {
            bar.finish_and_clear();
            held.take().unwrap_or_default().iter().for_each(|text| screen.tell(text));
            children.drain(..).for_each(|text| screen.tell(text));
        }
    }
}

/// At most so many lines, of which the last counts those that have no room.
fn fitting(lines: &[String], most: usize) -> Vec<String> {
    let most = most.max(1);
    if lines.len() <= most {
        return lines.to_vec();
    }
    let shown = most - 1;
    lines.iter().take(shown).cloned().chain([format!("{} more", lines.len() - shown)]).collect()
}

/// Columns of the bar on a terminal of so many.
fn bar_width(columns: usize) -> usize {
    if columns < LONG_BAR { 8 } else { 20 }
}

/// A bar that says it has been there for so long.
fn bar(screen: &Screen, elapsed: Duration) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr()).with_elapsed(elapsed);
    bar.set_style(style(screen.shows_colour(), bar_width(screen.columns())));
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn style(colour: bool, width: usize) -> ProgressStyle {
    let template = match colour {
        true => format!("{{spinner:.cyan}} {{bar:{width}.cyan/dim}} {{percent:>3}}%  {{elapsed:.dim}}  {{msg}}{{prefix}}"),
        false => format!("{{spinner}} {{bar:{width}}} {{percent:>3}}%  {{elapsed}}  {{msg}}{{prefix}}"),
    };
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸─")
}

/// The lines to show now, and those of the step's children, which stand below it once it is done.
fn live(line: &Line, mut children: Vec<String>) -> (Vec<String>, Vec<String>) {
    match line.mark {
        Mark::Begun | Mark::Asked => (Vec::new(), children),
        Mark::Child => {
            children.push(painted(FAINT, format!("{}{}{}", "  ".repeat(line.depth), line.text, took(line, " · "))));
            (Vec::new(), children)
        }
        Mark::Warning => (vec![format!("{} {}", painted(WARNING, "!"), line.text)], children),
        Mark::Done | Mark::Broken => {
            let sign = if line.mark == Mark::Done { painted(GOOD, "✓") } else { painted(BAD, "✗") };
            let mut lines = vec![format!("{sign} {}{}", line.text, painted(FAINT, took(line, "  ")))];
            lines.append(&mut children);
            (lines, children)
        }
    }
}

fn plain(line: &Line, zone: &TimeZone) -> Option<String> {
    let time = figures::clock(line.at, zone);
    match line.mark {
        Mark::Begun => Some(format!("{time}  {}", line.text)),
        Mark::Child => Some(format!("{time}  {}{}{}", "  ".repeat(line.depth), line.text, took(line, " · "))),
        Mark::Asked => Some(format!("{time}  ? {}", line.text)),
        Mark::Warning => Some(format!("{time}  ! {}", line.text)),
        // The next line tells as much.
        Mark::Done | Mark::Broken => None,
    }
}

fn took(line: &Line, before: &str) -> String {
    match line.took {
        Some(took) if took >= WORTH_TELLING => format!("{before}{}", figures::duration(took)),
        _ => String::new(),
    }
}

/// All that a terminal shows of these lines in the end, without colours.
#[cfg(test)]
pub(super) fn transcript(lines: &[Line]) -> String {
    let (mut shown, mut children) = (Vec::new(), Vec::new());
    for line in lines {
        let (now, kept) = live(line, children);
        shown.extend(now);
        children = kept;
    }
    shown.append(&mut children);
    anstream::adapter::strip_str(&shown.join("\n")).to_string()
}

/// All that a file shows of these lines.
#[cfg(test)]
pub(super) fn log(lines: &[Line]) -> String {
    lines.iter().filter_map(|line| plain(line, &TimeZone::UTC)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_do_not_fit_are_counted() {
        let lines: Vec<_> = (1..=4).map(|number| number.to_string()).collect();
        assert_eq!(fitting(&lines, 4), ["1", "2", "3", "4"]);
        assert_eq!(fitting(&lines, 3), ["1", "2", "2 more"]);
        assert_eq!(fitting(&lines, 0), ["4 more"]);
        assert_eq!(fitting(&[], 0), [""; 0]);
    }
}
