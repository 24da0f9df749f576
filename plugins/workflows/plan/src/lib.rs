//! Turns a product brief into documents a team can build from. Agents think; this workflow keeps the order, checks
//! what they answer and writes the files. It decides nothing about the product.

mod brief;
mod checks;
mod documents;
mod items;
mod open;
mod render;
#[cfg(test)]
mod tests;
mod waves;
#[cfg(test)]
mod whole;

use baton_sdk::prelude::*;
use baton_slots::{ANALYST, ARCHITECT, PRODUCT_MANAGER, SCRUM_MASTER, TEST_ARCHITECT};
use serde::Serialize;
use serde::de::DeserializeOwned;

use brief::Brief;
use documents::{Analysis, Architecture, Backlog, Readiness, Requirements, TestStrategy};

struct Plan;

/// The run's output.
#[derive(Debug, Serialize)]
struct Planned {
    title: String,
    /// Paths written, in the order written.
    documents: Vec<String>,
    epics: usize,
    stories: usize,
    /// Functional requirements.
    requirements: usize,
    /// The readiness verdict.
    ready: bool,
    /// Story keys in the order they can be built; those of one wave at the same time.
    waves: Vec<Vec<String>>,
}

impl Workflow<Value, Planned> for Plan {
    fn run(input: Value) -> Result<Planned> {
        let brief = Brief::from_input(input)?.loaded(files::read_text)?;
        let mut documents = Vec::new();

        run::progress(0.0, "The analyst analyses the brief");
        let analysis: Analysis =
            ask(ANALYST, Task::new(goals::ANALYSE).with_context(&brief.text), &documents::analysis_schema(), |_| Vec::new())?;

        let settled = open::settle(&analysis.open_questions)?;

        run::progress(0.15, "The product manager writes the requirements");
        let context = sections(&[("Brief", &brief.text), ("Analysis", &render::analysis(&analysis, &settled))]);
        let mut requirements: Requirements =
            ask(PRODUCT_MANAGER, Task::new(goals::REQUIRE).with_context(context), &documents::requirements_schema(), checks::requirements)?;
        if let Some(title) = brief.title {
            requirements.title = title;
        }
        let prd = render::requirements(&requirements, &analysis);
        write(&mut documents, "docs/PRD.md", &prd)?;

        run::progress(0.35, "The architect designs the architecture");
        let context = sections(&[("Constraints and risks", &render::constraints(&analysis))]);
        let architecture: Architecture =
            ask(ARCHITECT, Task::new(goals::DESIGN).with_context(context), &documents::architecture_schema(), |_| Vec::new())?;
        let design = render::architecture(&requirements.title, &architecture);
        write(&mut documents, "docs/architecture.md", &design)?;

        run::progress(0.5, "The test architect writes the test strategy");
        let context = sections(&[("Product requirements", &prd), ("Architecture", &design)]);
        let strategy: TestStrategy =
            ask(TEST_ARCHITECT, Task::new(goals::TEST).with_context(&context), &documents::test_strategy_schema(), |_| Vec::new())?;
        let tests = render::test_strategy(&requirements.title, &strategy);
        write(&mut documents, "docs/test-strategy.md", &tests)?;

        run::progress(0.65, "The scrum master breaks the product into epics and stories");
        let backlog: Backlog =
            ask(SCRUM_MASTER, Task::new(goals::BREAK_DOWN).with_context(context), &documents::backlog_schema(), |backlog| {
                checks::backlog(backlog, &requirements)
            })?;
        let waves = waves::waves(&backlog);
        let epics = render::backlog(&requirements.title, &backlog, &waves);
        write(&mut documents, "docs/epics.md", &epics)?;
        for (epic, story) in backlog.stories() {
            write(&mut documents, &format!("docs/stories/{}.md", story.key), &render::story(epic, story, &requirements))?;
        }
        baton_sdk::backlog::put(&items::of(&backlog, &requirements))?;
        for path in baton_sdk::backlog::write_documents()? {
            if !documents.contains(&path) {
                documents.push(path);
            }
        }

        run::progress(0.85, "The test architect judges whether the plan is ready");
        let context = sections(&[
            ("Product requirements", &prd),
            ("Architecture", &design),
            ("Test strategy", &tests),
            ("Epics and stories", &epics),
        ]);
        let readiness: Readiness =
            ask(TEST_ARCHITECT, Task::new(goals::JUDGE).with_context(context), &documents::readiness_schema(), |_| Vec::new())?;
        write(&mut documents, "docs/readiness.md", &render::readiness(&requirements.title, &readiness))?;

        run::progress(
            1.0,
            if readiness.ready { "The plan is ready to build" } else { "The plan is written; the readiness check has findings" },
        );
        Ok(Planned {
            title: requirements.title,
            documents,
            epics: backlog.epics.len(),
            stories: backlog.stories().count(),
            requirements: requirements.functional.len(),
            ready: readiness.ready,
            waves,
        })
    }
}

baton_sdk::export!(Plan);

/// What each agent is asked for. A scripted model tells the steps apart by these sentences.
mod goals {
    pub(super) const ANALYSE: &str = "Analyse this product brief. Say what is asked for, by whom and within which limits, and list what is left open: each question with the \
        most cautious assumption, how sure you are that its author would agree, and the answers worth offering.";
    pub(super) const REQUIRE: &str = "Write the product requirements for this brief. Number functional requirements FR1, FR2, … and non-functional ones NFR1, NFR2, …; \
        each functional requirement has acceptance criteria that a test can decide.";
    pub(super) const DESIGN: &str = "Design the architecture. Read docs/PRD.md first; every decision serves a requirement written there.";
    pub(super) const TEST: &str = "Write the test strategy. Put the effort where a failure would cost the most, and name the checks for every functional requirement.";
    pub(super) const BREAK_DOWN: &str = "Break the product into epics and stories. A story is one piece of work that can be reviewed by itself. Keys look like \
        1-2-short-name: epic, number, name. `after` lists only stories that truly have to be done first, so that the rest can be built side by side. \
        Every functional requirement is covered by a story.";
    pub(super) const JUDGE: &str = "Judge whether the plan is ready to be built. It is ready when a developer could start every story of the first wave without asking.";
}

/// Asks an agent for a document and checks it. Findings are shown to the agent once; a second answer with findings
/// ends the run, because a third would cost as much and change little.
fn ask<T: DeserializeOwned + Serialize>(agent: &str, task: Task, schema: &Value, check: impl Fn(&T) -> Vec<String>) -> Result<T> {
    let document: T = agents::answer(agent, task.clone(), schema)?;
    let findings = check(&document);
    if findings.is_empty() {
        return Ok(document);
    }
    run::warn(&format!("The answer of {agent} has findings and goes back: {}", findings.join(" ")));
    let previous = baton_sdk::serde_json::to_string(&document)?;
    let context =
        sections(&[("Context", &task.context), ("Your previous answer", &previous), ("Correct these findings", &render::list(&findings))]);
    let document: T = agents::answer(agent, task.with_context(context), schema)?;
    let findings = check(&document);
    if findings.is_empty() {
        return Ok(document);
    }
    Err(Error::other(format!(
        "The answer of {agent} still has findings after a second attempt: {} Make the brief more precise, or bind another plugin to the slot `{agent}`, and start again.",
        findings.join(" ")
    )))
}

fn sections(parts: &[(&str, &str)]) -> String {
    parts.iter().map(|(title, text)| format!("<document title=\"{title}\">\n{}\n</document>", text.trim())).collect::<Vec<_>>().join("\n\n")
}

fn write(documents: &mut Vec<String>, path: &str, content: &str) -> Result<()> {
    files::write(path, content)?;
    documents.push(path.to_owned());
    Ok(())
}
