//! Turns a product brief into documents a team can build from. Agents think; this workflow keeps the order, checks
//! what they answer and writes the files. It decides nothing about the product.

mod brief;
mod checks;
mod documents;
mod items;
mod kept;
mod open;
#[cfg(test)]
mod prompts;
mod render;
mod survey;
#[cfg(test)]
mod tests;
mod waves;
#[cfg(test)]
mod whole;

use baton_sdk::prelude::*;
use baton_slots::plan::Output;
use baton_slots::{ANALYST, ARCHITECT, PRODUCT_MANAGER, SCRUM_MASTER, TEST_ARCHITECT};
use serde::de::DeserializeOwned;

use brief::Brief;
use documents::{Analysis, Architecture, Backlog, Readiness, Requirements, TestStrategy};
use kept::Kept;
use survey::Survey;

struct Plan;

impl Workflow<Value, Output> for Plan {
    fn run(input: Value) -> Result<Output> {
        let brief = Brief::from_input(input)?.loaded(files::read_text)?;
        let survey = survey::survey()?;
        let mut kept = Kept::read()?;

        run::progress(0.0, "The analyst analyses the brief");
        let context = [("Brief", brief.text.as_str()), ("The project as it is", survey.text.as_str())];
        let analysis: Analysis = ask(ANALYST, goals::ANALYSE, &context, &documents::analysis_schema(), |_| Vec::new())?;
        let settled = open::settle(&analysis.open_questions)?;

        run::progress(0.15, "The product manager writes the requirements");
        let analysed = render::analysis(&analysis, &settled);
        let context = [context[0], ("Analysis", analysed.as_str()), context[1]];
        let mut requirements: Requirements =
            ask(PRODUCT_MANAGER, goals::REQUIRE, &context, &documents::requirements_schema(), checks::requirements)?;
        if let Some(title) = brief.title {
            requirements.title = title;
        }
        let prd = render::requirements(&requirements, &analysis);
        kept.write("docs/PRD.md", &prd)?;

        run::progress(0.35, "The architect designs the architecture");
        let limits = render::constraints(&analysis);
        let context = [("Product requirements", prd.as_str()), ("Constraints and risks", limits.as_str()), context[2]];
        let architecture: Architecture = ask(ARCHITECT, goals::DESIGN, &context, &documents::architecture_schema(), |_| Vec::new())?;
        let design = render::architecture(&requirements.title, &architecture);
        kept.write("docs/architecture.md", &design)?;

        run::progress(0.5, "The test architect writes the test strategy");
        let context = [context[0], ("Architecture", design.as_str()), context[2]];
        let strategy: TestStrategy = ask(TEST_ARCHITECT, goals::TEST, &context, &documents::test_strategy_schema(), |_| Vec::new())?;
        let tests = render::test_strategy(&requirements.title, &strategy);
        kept.write("docs/test-strategy.md", &tests)?;

        run::progress(0.65, "The scrum master breaks the product into epics and stories");
        let check = |backlog: &Backlog| checks::backlog(backlog, &requirements);
        let backlog: Backlog = ask(SCRUM_MASTER, goals::BREAK_DOWN, &context, &documents::backlog_schema(), check)?;
        let waves = waves::waves(&backlog);
        let epics = render::backlog(&requirements.title, &backlog, &waves);
        kept.write("docs/epics.md", &epics)?;
        put_stories(&mut kept, &backlog, render::Context { requirements: &requirements, makes_tests: makes_tests(&survey, &waves) })?;

        run::progress(0.85, "The test architect judges whether the plan is ready");
        let context = [context[0], context[1], ("Test strategy", tests.as_str()), ("Epics and stories", epics.as_str()), context[2]];
        let readiness: Readiness = ask(TEST_ARCHITECT, goals::JUDGE, &context, &documents::readiness_schema(), |_| Vec::new())?;
        kept.write("docs/readiness.md", &render::readiness(&requirements.title, &readiness))?;

        run::progress(
            1.0,
            if readiness.ready { "The plan is ready to build" } else { "The plan is written; the readiness check has findings" },
        );
        Ok(Output {
            title: requirements.title,
            documents: kept.written(),
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
    pub(super) const DESIGN: &str = "Design the architecture. Every decision serves one of the product requirements. Where the project has code, say what of it stays, and \
        what is added where.";
    pub(super) const TEST: &str = "Write the test strategy. Put the effort where a failure would cost the most, and name the checks for every functional requirement.";
    pub(super) const BREAK_DOWN: &str = "Break the product into epics and stories. A story is one piece of work that can be reviewed by itself. Keys look like \
        1-2-short-name: epic, number, name. `after` lists only stories that truly have to be done first, so that the rest can be built side by side. \
        `files` lists the files or folders that a story makes or changes, as far as the architecture or the project says so. Every functional requirement is covered by \
        a story.";
    pub(super) const JUDGE: &str = "Judge whether the plan is ready to be built. It is ready when a developer could start every story of the first wave without asking.";
}

/// Asks an agent for a document and checks it. An answer with findings is shown to the agent once, and is the operator's
/// after that.
fn ask<T: DeserializeOwned>(
    agent: &str,
    goal: &str,
    context: &[(&str, &str)],
    schema: &Value,
    check: impl Fn(&T) -> Vec<String>,
) -> Result<T> {
    let documents = context.iter().map(|(title, text)| baton_survey::document(title, text));
    let task = Task::new(goal).with_context(documents.collect::<Vec<_>>().join("\n\n"));
    agents::checked(agent, &task, schema, check)
}

/// The story that makes the entry by which the project's tests are run, where there is none: the first that can begin.
fn makes_tests<'a>(survey: &Survey, waves: &'a [Vec<String>]) -> Option<&'a str> {
    if survey.has_tests { None } else { waves.first()?.first().map(String::as_str) }
}

/// Puts the stories into the backlog, and brings their documents in step with it.
fn put_stories(kept: &mut Kept, backlog: &Backlog, context: render::Context<'_>) -> Result<()> {
    for (epic, story) in backlog.stories() {
        kept.begin(&format!("docs/stories/{}.md", story.key), &render::story(epic, story, context))?;
    }
    baton_sdk::backlog::put(&items::of(backlog, context))?;
    kept.add(baton_sdk::backlog::write_documents()?);
    Ok(())
}
