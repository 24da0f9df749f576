//! `baton runs output`.

use std::collections::HashMap;

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use crate::{
    cli::{
        Context, Misuse,
        exit::Exit,
        figures,
        number::number,
        table::{Align, Table},
        text,
    },
    events::{Category, Event},
    journal::RunId,
    kernel::run::Run,
    operations::{Access, Host},
};

/// Events that are read at once.
const PAGE: u32 = 1_000;
/// Commands that are listed.
const MOST_LISTED: usize = 200;

/// Show the commands that a run and those below it executed, or all that one of its own printed
#[derive(Debug, Args)]
pub(in crate::cli) struct Output {
    /// Any beginning or end of the run's id
    run: String,
    /// The number of the call that executed the command
    #[arg(value_parser = number(0..=u64::MAX, "give the number of a call, as `baton runs output RUN` lists it"))]
    seq: Option<u64>,
}

impl Output {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let run = app.kernel.resolve(&self.run).await?;
        let Some(seq) = self.seq else {
            let runs = app.kernel.tree(&run.id).await?;
            let mut events = Vec::new();
            for run in &runs {
                events.extend(told_of(&app, &run.id).await?);
            }
            list(context, &executed(&runs, events), &run.id)?;
            return Ok(Exit::Done);
        };
        let executed = executed(std::slice::from_ref(&run), told_of(&app, &run.id).await?);
        let Some(command) = executed.iter().find(|command| command["seq"] == seq) else {
            let again = context.again(&format!("runs output {}", text::short(&run.id)));
            let advice = format!("`{again}` lists those that have, each with its run");
            return Err(Misuse(format!("Call {seq} of the run executed no command, or has not ended; {advice}.")).into());
        };
        let printed = match command["output"].as_str() {
            Some(name) => app.artifacts().load(name).await?,
            None => answered(&app, &run.id, seq).await?,
        };
        if context.screen.is_json() {
            let mut document = command.clone();
            document["printed"] = json!(printed);
            context.screen.document(&document)?;
        } else {
            context.screen.answer(text::plain(printed.trim_end_matches('\n')))?;
        }
        Ok(Exit::Done)
    }
}

fn list(context: &Context, executed: &[Value], run: &RunId) -> Result<()> {
    if context.screen.is_json() {
        context.screen.document(&executed)?;
        return Ok(());
    }
    if executed.is_empty() {
        context.screen.tell("Neither the run nor one below it has executed a command that has ended.");
        return Ok(());
    }
    let earlier = executed.len().saturating_sub(MOST_LISTED);
    context.screen.answer(table(&executed[earlier..]).fit(context.screen.room()))?;
    if earlier > 0 {
        let all = context.again(&format!("runs output {} -o json", text::short(run)));
        let earlier = figures::counted(earlier as u64, "earlier command is", "earlier commands are");
        context.screen.tell(format!("\n{earlier} left out; `{all}` has all of them."));
    }
    context.screen.tell(format!("\nWhat one of them printed: `{}`", context.again("runs output RUN SEQ")));
    Ok(())
}

fn table(executed: &[Value]) -> Table {
    const EXCERPT: usize = 60;
    let (left, right) = (Align::Left, Align::Right);
    let head = [("RUN", left), ("OF", left), ("SEQ", right), ("ENDING", left), ("CODE", right), ("IMAGE", left), ("COMMAND", left)];
    let mut table = Table::new(&head);
    for command in executed {
        let word = |name: &str| text::excerpt(command[name].as_str().unwrap_or_default(), EXCERPT);
        let worktree = if command["worktree"].is_string() { format!(" on {}", word("worktree")) } else { String::new() };
        table.row([
            text::ending(command["run"].as_str().unwrap_or_default()).into(),
            format!("{}{worktree}", word("plugin")).into(),
            command["seq"].to_string().into(),
            word("ending").into(),
            command["exit_code"].to_string().into(),
            word("image").into(),
            word("command").into(),
        ]);
    }
    table
}

/// The commands of runs that have ended, as their events tell them, in the order in which they ended; each with its run,
/// the plugin of that, and the worktree that it or one above it was started in.
fn executed(runs: &[Run], mut events: Vec<Event>) -> Vec<Value> {
    events.sort_by_key(|event| event.cursor);
    let known: HashMap<&RunId, &Run> = runs.iter().map(|run| (&run.id, run)).collect();
    let mut worktrees = HashMap::new();
    let mut executed = Vec::new();
    for event in events {
        let Some(run) = event.draft.run.as_ref().and_then(|run| known.get(run)) else { continue };
        let mut data = event.draft.data;
        if event.draft.category == Category::Run {
            let above = run.parent.as_ref().and_then(|(above, _)| worktrees.get(above).cloned());
            worktrees.extend(data["worktree"].as_str().map(str::to_owned).or(above).map(|worktree| (run.id.clone(), worktree)));
            continue;
        }
        data["run"] = json!(run.id);
        data["plugin"] = json!(run.plugin);
        data["worktree"] = json!(worktrees.get(&run.id));
        executed.push(data);
    }
    executed
}

/// A run's beginning, and what its events tell of commands that have ended.
async fn told_of(app: &Host, run: &RunId) -> Result<Vec<Event>> {
    let (mut told, mut cursor) = (Vec::new(), 0);
    loop {
        let page = app.kernel.events().after(cursor, Some(run), PAGE).await?;
        let Some(last) = page.last().map(|event| event.cursor) else { return Ok(told) };
        let wanted = |event: &Event| {
            matches!((event.draft.category, event.draft.name.as_str()), (Category::Run, "created") | (Category::Sandbox, "executed"))
        };
        told.extend(page.into_iter().filter(wanted));
        cursor = last;
    }
}

/// What a command printed that fits into its answer.
async fn answered(app: &Host, run: &RunId, seq: u64) -> Result<String> {
    let entries = app.kernel.journal().entries(run).await?;
    let answer = entries.into_iter().find(|entry| entry.seq == seq).and_then(|entry| entry.answer).unwrap_or_default();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let part = |name: &str| answer["ok"][name].as_str().unwrap_or_default().to_owned();
    // A tool's answer is the text for a model.
    Ok([part("stdout"), part("stderr"), part("content")].concat())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::sample::run, events::Draft, kernel::run::State};

    fn below(id: &str, plugin: &str, parent: &str) -> Run {
        Run { parent: Some((RunId::from_text(parent), 1)), ..run(id, plugin, State::Succeeded) }
    }

    fn event(cursor: i64, run: &str, name: &str, data: Value) -> Event {
        let category = if name == "created" { Category::Run } else { Category::Sandbox };
        Event { cursor, at: 0, draft: Draft::for_test(category, name, Some(&RunId::from_text(run)), data) }
    }

    #[test]
    fn commands_of_the_whole_tree_are_told_with_their_run_and_worktree() {
        let runs =
            [below("tests-01", "run-tests", "story-01"), below("story-01", "dev-story", "root"), run("root", "sprint", State::Succeeded)];
        let ended = |command: &str| json!({ "seq": 3, "command": command, "image": "default", "ending": "exited", "exit_code": 0 });
        let events = vec![
            event(5, "tests-01", "executed", ended("make\u{1b}[2J test")),
            event(1, "root", "created", json!({})),
            event(2, "story-01", "created", json!({ "worktree": "story/1-1-add" })),
            event(3, "tests-01", "created", json!({})),
            event(4, "root", "executed", ended("true")),
            event(6, "stranger", "executed", ended("false")),
        ];
        let executed = executed(&runs, events);
        let told: Vec<_> = executed.iter().map(|command| (&command["run"], &command["plugin"], &command["worktree"])).collect();
        assert_eq!(
            told,
            [(&json!("root"), &json!("sprint"), &Value::Null), (&json!("tests-01"), &json!("run-tests"), &json!("story/1-1-add"))]
        );
        let shown = anstream::adapter::strip_str(&table(&executed).render()).to_string();
        assert!(shown.contains("tests-01  run-tests on story/1-1-add    3  exited     0  default  make test"), "{shown}");
    }
}
