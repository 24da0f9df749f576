//! What the demo made, and what to try next. Reads the documents and changes nothing.

use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

use crate::{
    cli::{
        figures,
        screen::{FAINT, STRONG, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::execution::Outcome,
};

/// The end of the plan.
pub(super) fn text(folder: &Path, data_dir: &Path, outcome: &Outcome) -> String {
    let mut parts = vec![documents(folder, outcome).render()];
    let repeated = outcome.run.tally.repeated_model_calls;
    if repeated > 0 {
        parts.push(format!(
            "{} {} cut off in flight and made again, perhaps charged twice; all others were made once.",
            painted(WARNING, "!"),
            figures::counted(repeated, "model call was", "model calls were")
        ));
    }
    parts.push(next(folder, data_dir, outcome));
    parts.join("\n\n")
}

/// The documents that the run wrote, with what each begins with.
pub(super) fn documents(folder: &Path, outcome: &Outcome) -> Table {
    const LONGEST: usize = 60;
    let mut table = Table::new(&[("DOCUMENT", Align::Left), ("SIZE", Align::Right), ("BEGINS", Align::Left)]);
    let written = outcome.output.as_ref().and_then(|output| output["documents"].as_array());
    for name in written.into_iter().flatten().filter_map(serde_json::Value::as_str) {
        let path = folder.join(name);
        let size = fs::metadata(&path).map_or_else(|_| "gone".to_owned(), |metadata| figures::bytes(metadata.len()));
        let beginning = text::excerpt(title(&path).trim_start_matches('#'), LONGEST);
        table.row([text::line(name).into(), size.into(), Cell::styled(beginning, FAINT)]);
    }
    table
}

/// The first heading of a document, or else its first line.
fn title(path: &Path) -> String {
    const ENOUGH: u64 = 4096;
    let mut beginning = Vec::new();
    let read = File::open(path).and_then(|file| file.take(ENOUGH).read_to_end(&mut beginning));
    let beginning = if read.is_ok() { String::from_utf8_lossy(&beginning).into_owned() } else { String::new() };
    let mut lines = beginning.lines().map(str::trim);
    lines.clone().find(|line| line.starts_with("# ")).or_else(|| lines.find(|line| !line.is_empty())).unwrap_or_default().to_owned()
}

/// Commands to try next.
pub(super) fn next(folder: &Path, data_dir: &Path, outcome: &Outcome) -> String {
    let word = |path: &Path| text::shell_word(&text::path(path));
    let (folder, data) = (word(folder), word(data_dir));
    let run = text::short(&outcome.run.id);
    let suggestions = [
        ("read the documents", format!("ls {folder}/docs")),
        ("see the backlog", format!("baton backlog graph --workspace {folder} --data-dir {data}")),
        ("see how each story was proposed and reviewed", format!("baton pull-requests list --all --workspace {folder} --data-dir {data}")),
        ("see which agent did what", format!("baton runs show {run} --data-dir {data}")),
        ("see what the runs decided without asking", format!("baton decisions --data-dir {data}")),
        ("see every call and its answer", format!("baton runs journal {run} --data-dir {data}")),
        ("stop it half way, then run it again", "baton demo --dir killed-demo".to_owned()),
        ("use a real model", "ANTHROPIC_API_KEY=… baton demo --dir real-demo --model anthropic/MODEL".to_owned()),
        ("plan your own product", "baton run plan --input @brief.md --model anthropic/MODEL".to_owned()),
    ];
    format!("Try next\n{}", list_suggestions(&suggestions))
}

/// A command on a line of its own is copied whole, however narrow the terminal is.
fn list_suggestions(suggestions: &[(&str, String)]) -> String {
    let lines = suggestions.iter().map(|(what, command)| format!("  {what}\n    {}", painted(STRONG, command)));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suggested_command_stands_alone() {
        let shown = list_suggestions(&[("look", "ls docs".to_owned()), ("again", "baton demo".to_owned())]);
        assert_eq!(anstream::adapter::strip_str(&shown).to_string(), "  look\n    ls docs\n  again\n    baton demo");
    }
}
