//! `baton demo`: plans a small product, and takes its first stories to a tested program, with a scripted model. Begins or
//! continues in one folder.

mod engine;
mod files;
mod landed;
mod stages;
mod summary;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Value, json};

use super::{
    Context,
    exit::{Exit, Misuse},
    model,
    screen::{FAINT, WARNING, painted},
    text,
};
use crate::{
    app::worktrees,
    interfaces::RunOptions,
    interfaces::git::Program,
    operations::{Access, Host},
};
use files::Brief;
use stages::{Stage, Stages};

/// The stories that the script can answer for. They make a program that can be used.
const STORIES: [&str; 5] = ["1-1-init-ledger", "1-3-exact-shares", "1-2-add-expense", "2-1-list-entries", "2-2-balances"];

/// As many are taken of a brief of one's own.
const MOST: usize = 5;

/// Plan a small product and build its first stories: from a brief to a program whose tests pass
///
/// Five agents turn a brief into requirements, an architecture and stories. Then a developer and a reviewer take five
/// stories to the main branch of a repository, two at a time, each in a worktree, with their tests run in containers. A
/// script answers instead of a model, so it needs no key. Kill it half way and run it again: it continues where it was.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where the brief, the documents and the program go; what is there already is not overwritten
    #[arg(long, value_name = "DIR", default_value = "baton-demo")]
    dir: PathBuf,
    /// A real model instead of the script: provider/model, with its key in the environment
    #[arg(long)]
    model: Option<String>,
    /// Stop once the plan is written
    #[arg(long)]
    plan: bool,
}

/// Where the demo is at work.
struct Place {
    folder: PathBuf,
    data_dir: PathBuf,
    brief: Brief,
}

impl Place {
    /// Where Baton keeps worktrees, and what it knows of repositories.
    fn worktrees(&self) -> PathBuf {
        worktrees(&self.data_dir)
    }
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
            None => RunOptions { models: vec![model::script(&laid.script)?], ..RunOptions::default() },
        };
        let config = if self.plan { context.config_at(Some(data_dir.clone()))? } else { engine::chosen(context, data_dir.clone()).await? };
        let app = context.open_with(config, Access::Execute).await?;
        model::check(&app.config, &folder, Some(&options))?;
        let place = Place { folder, data_dir, brief: laid.brief };
        let stages = Stages { app: &app, context, folder: &place.folder, options };
        let reached = self.reach(&stages, &place).await;
        app.close().await;
        reached
    }

    /// The folder, made if need be, as an absolute path.
    fn folder(&self) -> Result<PathBuf> {
        let make = || {
            fs::create_dir_all(&self.dir)?;
            self.dir.canonicalize()
        };
        if self.dir.to_str().is_none() {
            return Err(Misuse(format!(
                "The path `{}` is not UTF-8; name another with --dir.",
                text::escaped(&self.dir.display().to_string())
            ))
            .into());
        }
        make().with_context(|| format!("The folder `{}` cannot be used; name another with --dir", self.dir.display()))
    }

    /// One stage after the other, as far as they succeed.
    async fn reach(&self, stages: &Stages<'_>, place: &Place) -> Result<Exit> {
        let context = stages.context;
        if !self.plan {
            // Told before anything is paid for.
            git(stages.app)?.check(&place.folder, &place.worktrees()).map_err(|error| anyhow::anyhow!("{error}"))?;
        }
        let plan = stages.run("plan", json!({ "brief-file": files::BRIEF }), || self.introduce(context, place)).await?;
        if self.plan || !plan.succeeded() {
            return self.planned(context, place, &plan);
        }
        self.tell(context, &plan);
        let program = git(stages.app)?;
        program.begin(&place.folder, &place.worktrees(), "Plan the product").map_err(|error| anyhow::anyhow!("{error}"))?;
        let sprint = stages.run("sprint", self.order(place), || context.screen.tell(BUILDING)).await?;
        self.tell(context, &sprint);
        if !sprint.succeeded() {
            return Ok(sprint.ended.exit());
        }
        let tests = stages.run("run-tests", json!({}), || {}).await?;
        if !tests.succeeded() {
            self.tell(context, &tests);
            return Ok(tests.ended.exit());
        }
        self.built(stages, place, &plan, &sprint, &tests)
    }

    fn introduce(&self, context: &Context, place: &Place) {
        let shown = text::escaped(&place.folder.join(files::BRIEF).display().to_string());
        context.screen.tell(format!(
            "Five agents plan what {shown} asks for. Documents go to {}. Where they would ask you, their best answer is taken.",
            text::escaped(&place.folder.join("docs").display().to_string())
        ));
        if place.brief == Brief::TheirOwn && self.model.is_none() {
            let warning =
                "This brief is not the demo's own, and the script answers for the demo's alone: name a model with --model to plan yours.";
            context.screen.tell(format!("{} {warning}", painted(WARNING, "!")));
        }
    }

    /// What to build: of the demo's own brief the stories that its script knows.
    fn order(&self, place: &Place) -> Value {
        match place.brief {
            Brief::Ours => json!({ "stories": STORIES }),
            Brief::TheirOwn => json!({ "most": MOST }),
        }
    }

    fn tell(&self, context: &Context, stage: &Stage) {
        if !stage.before {
            stage.ended.tell(context, Some(self.again(context)));
        }
    }

    fn again(&self, context: &Context) -> String {
        context.again(&format!("demo --dir {}", text::shell_word(&text::escaped(&self.dir.display().to_string()))))
    }

    /// The end of a demo that stops with the plan, or at it.
    fn planned(&self, context: &Context, place: &Place, plan: &Stage) -> Result<Exit> {
        let (screen, ended) = (&context.screen, &plan.ended);
        if screen.is_json() {
            ended.answer(context)?;
        } else if plan.before {
            screen.answer(finished(place))?;
            screen.answer(summary::documents(&place.folder, &ended.run).fit(screen.room()))?;
            screen.answer(how_to_repeat(context, place))?;
        }
        self.tell(context, plan);
        if !screen.is_json() && !plan.before && plan.succeeded() {
            screen.answer(summary::text(&place.folder, &place.data_dir, ended))?;
        }
        Ok(ended.exit())
    }

    /// The end of a demo that went all the way.
    fn built(&self, stages: &Stages<'_>, place: &Place, plan: &Stage, sprint: &Stage, tests: &Stage) -> Result<Exit> {
        let (context, nothing) = (stages.context, Value::Null);
        let screen = &context.screen;
        let output = |stage: &Stage| stage.ended.run.output.clone().unwrap_or_default();
        let (stories, tested) = (output(sprint), output(tests));
        if screen.is_json() {
            screen.document(&json!({ "plan": output(plan), "sprint": stories, "tests": tested }))?;
        } else {
            if tests.before {
                screen.answer(finished(place))?;
            }
            screen.answer(summary::documents(&place.folder, &plan.ended.run).fit(screen.room()))?;
            screen.answer(format!("\n{}", landed::stories(&stories).fit(screen.room())))?;
            screen.answer(format!(
                "\n{}\n",
                painted(FAINT, landed::history(stages.app.config.git.as_ref(), &place.folder, &place.worktrees()))
            ))?;
            screen.answer(landed::tests(&tested))?;
            screen.answer(format!("\n{}", summary::next(&place.folder, &place.data_dir, &sprint.ended)))?;
            if tests.before {
                screen.answer(how_to_repeat(context, place))?;
            }
        }
        let all = stories["stories"].as_array().is_some_and(|stories| stories.iter().all(|story| story["outcome"] == "landed"));
        let green = tested.get("passed").unwrap_or(&nothing) == true;
        Ok(if all && green { Exit::Done } else { Exit::Failed })
    }
}

const BUILDING: &str =
    "A developer builds the first stories, two at a time, and a reviewer judges them; each lands when the merged tree is green.";

fn finished(place: &Place) -> String {
    format!("The demo in {} is finished. Its documents are in {}.", shown(&place.folder), shown(&place.folder.join("docs")))
}

fn how_to_repeat(context: &Context, place: &Place) -> String {
    format!(
        "\nStart again: `{} --dir another-folder`, or remove {} and run this command again.",
        context.again("demo"),
        shown(&place.data_dir)
    )
}

fn shown(path: &Path) -> String {
    text::escaped(&path.display().to_string())
}

fn git(app: &Host) -> Result<&Program> {
    app.config
        .git
        .as_ref()
        .context("The stories are built in a git repository, and `git` is not in PATH; install it, or stop after the plan with --plan")
}
