//! Shows people where the workflow is: to those who watch the run, and in `docs/workflow-status.md` between marks of its own.
//! Changes nothing around them, and nothing at all for a run that another one started: its files may be those of a branch.

use baton_folder_format::packing::phase_of;
use baton_folder_format::plan::Dialect;
use baton_sdk::prelude::*;

use crate::Status;
use crate::runner::Runner;

/// Where people read it.
const FILE: &str = "docs/workflow-status.md";
/// Variables that are shown, characters of one, and of what is said of the run.
const MOST_VARIABLES: usize = 12;
const LONGEST_VALUE: usize = 80;
const LONGEST_STATE: usize = 300;

/// Which of how many steps is at work, from 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Position {
    pub(crate) number: usize,
    pub(crate) of: usize,
}

impl Position {
    fn fraction(self) -> f32 {
        self.number.saturating_sub(1) as f32 / self.of.max(1) as f32
    }
}

impl Runner<'_> {
    /// Says that a step begins.
    pub(crate) fn show_step(&mut self) -> Result<()> {
        let Position { number, of } = self.position;
        run::progress(self.position.fraction(), &format!("Step {}", self.step_name()));
        self.show(&format!("is in step {number} of {of}: {}.", self.step_name()))
    }

    /// Says how the run ended.
    pub(crate) fn show_end(&mut self, status: Status, reason: Option<&str>) -> Result<()> {
        let day = crate::date(run::now());
        self.show(&match (status, reason) {
            (Status::Completed, _) => format!("completed on {day}."),
            (Status::Exited, _) => format!("ended on {day} where its instructions say so."),
            (Status::Halted, reason) => format!("halted on {day}: {}", reason.unwrap_or("its instructions say so.")),
        })
    }

    /// Says that the run failed.
    pub(crate) fn show_failure(&mut self, error: &Error) -> Result<()> {
        self.show(&format!("failed in step {}: {error}", self.step_name()))
    }

    fn show(&mut self, what: &str) -> Result<()> {
        let about = run::about();
        if about.parent.is_some() || !self.shows {
            return Ok(());
        }
        let block = self.describe(&about.plugin, what);
        let old = files::read_text(FILE).ok();
        let Some(new) = with_block(old.as_deref(), &about.plugin, &block) else {
            self.shows = false;
            run::warn(&format!("{FILE} stays as it is: the marks of `{}` in it do not belong together.", about.plugin));
            return Ok(());
        };
        if old.as_ref() == Some(&new) {
            return Ok(());
        }
        match files::write(FILE, &new) {
            Err(error) if error.ends_the_run() => Err(error),
            Err(error) => {
                self.shows = false;
                run::warn(&format!("{FILE} is not kept in step: {error}"));
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn describe(&self, plugin: &str, what: &str) -> String {
        let installed = self.value("installed_path").unwrap_or_default();
        let phase = phase_of(&format!("{installed}/{plugin}")).map(|phase| format!(" Phase: {phase}.")).unwrap_or_default();
        let mut text = format!(
            "**{}** {}{phase} Agent: {}.\n",
            cell(plugin, LONGEST_VALUE),
            cell(what, LONGEST_STATE),
            cell(&self.agent, LONGEST_VALUE)
        );
        let shown = self.values.iter().filter(|(_, value)| !value.trim().is_empty()).take(MOST_VARIABLES);
        let rows: String =
            shown.map(|(name, value)| format!("| {} | {} |\n", cell(name, LONGEST_VALUE), cell(value, LONGEST_VALUE))).collect();
        if !rows.is_empty() {
            text.push_str(&format!("\n| Variable | Value |\n| --- | --- |\n{rows}"));
        }
        text
    }
}

impl Position {
    /// The position of a step in its file, or of the file where each step has its own.
    pub(crate) fn of_step(dialect: Dialect, files: Self, number: usize, of: usize) -> Self {
        if dialect == Dialect::StepFiles { files } else { Self { number, of } }
    }
}

/// One line of at most so many characters, which stays inside its cell and closes no mark.
fn cell(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(most).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}

/// The document with the block of a workflow. None: its marks are not there once each and in their order.
fn with_block(old: Option<&str>, name: &str, block: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- baton:workflow {name} -->"), format!("<!-- /baton:workflow {name} -->"));
    let block = format!("{begin}\n{block}{end}");
    let Some(old) = old else { return Some(format!("# Workflow status\n\n{block}\n")) };
    match (old.matches(&begin).count(), old.matches(&end).count(), old.find(&begin), old.find(&end)) {
        (0, 0, _, _) => Some(format!("{}\n\n{block}\n", old.trim_end())),
        (1, 1, Some(start), Some(stop)) if start < stop => Some(format!("{}{block}{}", &old[..start], &old[stop + end.len()..])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_the_marks_changes() {
        let first = with_block(None, "garden", "a\n").expect("a document");
        assert_eq!(first, "# Workflow status\n\n<!-- baton:workflow garden -->\na\n<!-- /baton:workflow garden -->\n");
        let both = with_block(Some(&first), "water", "b\n").expect("a document");
        assert!(both.starts_with(first.trim_end()) && both.ends_with("water -->\nb\n<!-- /baton:workflow water -->\n"));
        assert_eq!(with_block(Some(&both), "garden", "c\n"), Some(both.replace("garden -->\na\n", "garden -->\nc\n")));
        assert_eq!(with_block(Some("x <!-- baton:workflow garden --> y"), "garden", "c\n"), None);
        assert_eq!(cell("äb", 1), "ä…");
        assert_eq!(cell("a | b\n<!-- /baton:workflow", 99), "a \\| b &lt;!-- /baton:workflow");
    }
}
