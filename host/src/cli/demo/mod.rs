//! `baton demo`: plans a small product, and takes its first stories to a tested program, with a scripted model. Begins or
//! continues in one folder.

mod engine;
mod files;
mod stages;
mod stories;
mod summary;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Result;
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use super::{
    Context,
    exit::Exit,
    model,
    screen::{FAINT, WARNING, painted},
    text,
};
use crate::operations::{
    Access, Problem, code,
    demo::{self, DemoOutcome},
    execution::RunOptions,
    named_files, path_text,
};
use files::Brief;
use stages::{Stage, Stages};

/// The stories that the script can answer for. They make a program that can be used.
const STORIES: [&str; 5] = ["1-1-init-ledger", "1-3-exact-shares", "1-2-add-expense", "2-1-list-entries", "2-2-balances"];

/// At most as many stories of another brief are built.
const MOST: usize = 5;

/// What `plan` is given.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct PlanInput {
    brief_file: &'static str,
}

/// What `sprint` is given: the stories to build, or how many.
#[derive(Serialize)]
struct SprintInput {
    #[serde(skip_serializing_if = "Option::is_none")]
    stories: Option<[&'static str; STORIES.len()]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    most: Option<usize>,
}

/// What `run-tests` is given.
#[derive(Serialize)]
struct TestsInput {}

/// Plan a small product and build its first stories: from a brief to a program whose tests pass
///
/// Five agents turn a brief into requirements, an architecture and stories. Then a developer and a reviewer land five
/// stories on the main branch of a repository, two at a time, each in a worktree, and Baton runs their tests in containers.
/// A script takes the place of the model, so the demo needs no key. If you stop the demo, the next `baton demo` continues
/// it.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Directory for the brief, the documents and the program; existing files are not overwritten
    #[arg(long, value_name = "DIR", default_value = "baton-demo")]
    dir: PathBuf,
    /// Model to use instead of the script: provider/model, with its key in the environment
    #[arg(long)]
    model: Option<String>,
    /// Stop after planning
    #[arg(long)]
    plan: bool,
}

/// Where the demo is at work.
struct DemoLocation {
    folder: PathBuf,
    data_dir: PathBuf,
    brief: Brief,
}

impl Demo {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let named = self.model.as_deref().map(model::options).transpose()?;
        let folder = self.folder()?;
        let data_dir = context.data_dir.clone().unwrap_or_else(|| folder.join(".baton"));
        files::check(&folder, &data_dir, self.plan)?;
        let laid = files::lay_out(&folder, &data_dir)?;
        let options = match named {
            Some(options) => options,
            None => RunOptions::with_model(model::script(&laid.script)?),
        };
        let config = if self.plan { context.config_at(Some(data_dir.clone()))? } else { engine::choose(context, data_dir.clone()).await? };
        let host = context.open_with(config, Access::Execute).await?;
        options.check(&host, &folder)?;
        let place = DemoLocation { folder, data_dir, brief: laid.brief };
        let stages = Stages { host: &host, context, folder: &place.folder, options };
        let reached = self.reach(&stages, &place).await;
        host.close().await;
        reached
    }

    /// The folder, made if need be, as an absolute path.
    fn folder(&self) -> Result<PathBuf> {
        let make = || {
            fs::create_dir_all(&self.dir)?;
            self.dir.canonicalize()
        };
        if self.dir.to_str().is_none() {
            let message = format!("The path `{}` is not UTF-8.", text::path(&self.dir));
            return Err(Problem::invalid(code::FILE_UNREADABLE, "dir", message).advise(files::ANOTHER).into());
        }
        make().map_err(|error| named_files::unwritable("dir", &self.dir, &error).advise(files::ANOTHER).into())
    }

    /// One stage after the other, as far as they succeed.
    async fn reach(&self, stages: &Stages<'_>, place: &DemoLocation) -> Result<Exit> {
        let context = stages.context;
        if !self.plan {
            // Before anything is paid for.
            demo::check_repository(stages.host, &place.folder)?;
        }
        let input = serde_json::to_value(PlanInput { brief_file: files::BRIEF })?;
        let plan = stages.run("plan", input, || self.introduce(context, place)).await?;
        if self.plan || !plan.succeeded() {
            return self.planned(context, place, &plan);
        }
        self.tell(context, &plan);
        demo::begin_repository(stages.host, &place.folder, "Plan the product")?;
        let sprint = stages.run("sprint", serde_json::to_value(order(place))?, || context.screen.tell(BUILDING)).await?;
        self.tell(context, &sprint);
        if !sprint.succeeded() {
            answer_json(context, place, &plan, Some(&sprint), None)?;
            return Ok(sprint.ended.exit());
        }
        let tests = stages.run("run-tests", serde_json::to_value(TestsInput {})?, || {}).await?;
        if !tests.succeeded() {
            self.tell(context, &tests);
            answer_json(context, place, &plan, Some(&sprint), Some(&tests))?;
            return Ok(tests.ended.exit());
        }
        self.finish(stages, place, &plan, &sprint, &tests)
    }

    fn introduce(&self, context: &Context, place: &DemoLocation) {
        let shown = text::path(&place.folder.join(files::BRIEF));
        context.screen.tell(format!(
            "Planning from {shown} with five agents. Documents go to {}. Baton answers their questions with the suggested answers.",
            text::path(&place.folder.join("docs"))
        ));
        if place.brief == Brief::TheirOwn && self.model.is_none() {
            let warning =
                "The script only answers for the demo's own brief, and this is another: choose a model with --model to plan from it.";
            context.screen.tell(format!("{} {warning}", painted(WARNING, "!")));
        }
    }

    fn tell(&self, context: &Context, stage: &Stage) {
        if !stage.before {
            stage.ended.tell(context, Some(self.again(context)));
        }
    }

    fn again(&self, context: &Context) -> String {
        context.again(&format!("demo --dir {}", text::shell_word(&text::path(&self.dir))))
    }

    /// The end of a demo that stops with the plan, or at it.
    fn planned(&self, context: &Context, place: &DemoLocation, plan: &Stage) -> Result<Exit> {
        let (screen, ended) = (&context.screen, &plan.ended);
        answer_json(context, place, plan, None, None)?;
        if !screen.is_json() && plan.before {
            screen.answer(finished(place))?;
            screen.answer(summary::documents(&place.folder, &ended.outcome).fit(screen.room()))?;
            screen.answer(how_to_repeat(context, place))?;
        }
        self.tell(context, plan);
        if !screen.is_json() && !plan.before && plan.succeeded() {
            screen.answer(summary::text(&place.folder, &place.data_dir, &ended.outcome))?;
        }
        Ok(ended.exit())
    }

    /// The end of a demo that went all the way.
    fn finish(&self, stages: &Stages<'_>, place: &DemoLocation, plan: &Stage, sprint: &Stage, tests: &Stage) -> Result<Exit> {
        let (context, screen) = (stages.context, &stages.context.screen);
        let (stories, tested) = (sprint.output(), tests.output());
        answer_json(context, place, plan, Some(sprint), Some(tests))?;
        if !screen.is_json() {
            if tests.before {
                screen.answer(finished(place))?;
            }
            screen.answer(summary::documents(&place.folder, &plan.ended.outcome).fit(screen.room()))?;
            screen.answer(format!("\n{}", stories::stories(&stories).fit(screen.room())))?;
            screen.answer(format!("\n{}\n", painted(FAINT, stories::history(&demo::history(stages.host, &place.folder)))))?;
            screen.answer(stories::tests(&tested))?;
            screen.answer(format!("\n{}", summary::next(&place.folder, &place.data_dir, &sprint.ended.outcome)))?;
            if tests.before {
                screen.answer(how_to_repeat(context, place))?;
            }
        }
        let all = stories["stories"].as_array().is_some_and(|stories| stories.iter().all(|story| story["outcome"] == "landed"));
        let green = tested.get("passed").and_then(Value::as_bool) == Some(true);
        Ok(if all && green { Exit::Done } else { Exit::Failed })
    }
}

/// Prints how far the demo came as a document, where one is asked for.
fn answer_json(context: &Context, place: &DemoLocation, plan: &Stage, sprint: Option<&Stage>, tests: Option<&Stage>) -> Result<()> {
    if !context.screen.is_json() {
        return Ok(());
    }
    let outcome = |stage: &Stage| stage.ended.outcome.clone();
    let folder = path_text(&place.folder);
    context.screen.document(&DemoOutcome { folder, plan: outcome(plan), sprint: sprint.map(outcome), tests: tests.map(outcome) })
}

/// What to build: of the demo's own brief the stories that its script knows.
fn order(place: &DemoLocation) -> SprintInput {
    match place.brief {
        Brief::Ours => SprintInput { stories: Some(STORIES), most: None },
        Brief::TheirOwn => SprintInput { stories: None, most: Some(MOST) },
    }
}

const BUILDING: &str =
    "A developer builds the first stories, two at a time, and a reviewer reviews them. Each lands once the merged tree passes its tests.";

fn finished(place: &DemoLocation) -> String {
    format!("The demo in {} is finished. Its documents are in {}.", escape_path(&place.folder), escape_path(&place.folder.join("docs")))
}

fn how_to_repeat(context: &Context, place: &DemoLocation) -> String {
    format!(
        "\nStart again: `{} --dir another-folder`, or remove {} and run this command again.",
        context.again("demo"),
        escape_path(&place.data_dir)
    )
}

fn escape_path(path: &Path) -> String {
    text::path(path)
}
