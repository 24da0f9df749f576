//! `baton project setup`: which command fetches what a project depends on, who approved it, and its execution by a run.

mod run;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    cli::{
        Context,
        exit::{Exit, Misuse},
        place::{ProjectArguments, ProjectChoice},
        screen::{FAINT, GOOD, WARNING, painted},
        text,
    },
    events::{Category, Draft},
    interfaces::sandbox::{Approved, Decision, Plan, decide},
    operations::{Access, Host},
};

/// Manage the command that fetches what a project depends on
///
/// It runs in a container with the network that your settings allow, once for each state of the lockfiles, before agents and
/// tests work, which have no network. A repository only proposes a setup; it holds once you approve it.
#[derive(Debug, Args)]
pub(super) struct Setup {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Approve(Approve),
    Revoke(Revoke),
    Run(run::Run),
}

impl Setup {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::Show(command) => command.execute(context).await,
            Command::Approve(command) => command.execute(context).await,
            Command::Revoke(command) => command.execute(context).await,
            Command::Run(command) => command.execute(context).await,
        }
    }
}

/// Show the setup of a project, and what its repository proposes
#[derive(Debug, Args)]
struct Show {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Show {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let choice = self.project.choice()?;
        let known = Known::of(&app, &choice).await?;
        if context.screen.is_json() {
            context.screen.document(&known.document())?;
            return Ok(Exit::Done);
        }
        context.screen.answer(known.lines())?;
        if let Decision::Undecided(_) | Decision::None(_) = known.decision()
            && let Some(plan) = known.approvable()
        {
            let again = choice.again(context, "project setup approve");
            let mark = painted(WARNING, "!");
            context.screen.warn(format!("{mark} `{}` is not used until you approve it with `{again}`.", shown(plan)));
        }
        Ok(Exit::Done)
    }
}

/// Approve the setup that a repository proposes or its lockfiles suggest
///
/// It holds as it is now. Once baton.toml proposes another, runs of the project pause until you approve that.
#[derive(Debug, Args)]
struct Approve {
    #[command(flatten)]
    project: ProjectArguments,
    /// Command line to approve instead of the suggested one
    #[arg(long, value_name = "LINE")]
    command: Option<String>,
}

impl Approve {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let choice = self.project.choice()?;
        let known = Known::of(&app, &choice).await?;
        let plan = self.plan(&known)?;
        let found = choice.open(&app).await?;
        let data = json!({
            "project": found.id(), "hash": plan.hash(), "setup": plan.command, "setup-files": plan.files,
        });
        let event = Draft::of_host(Category::Audit, "setup-approved", data).by(&app.config.operator);
        app.setups().approve_setup(found.id(), Some(&plan), &app.config.operator, vec![event]).await?;
        let known = Known::of(&app, &choice).await?;
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&known.document())?;
        } else {
            let hash = plan.hash();
            let hash = hash.get(..12).unwrap_or_default();
            context.screen.tell(format!("{} Approved the setup `{}` (sha256 {hash}).", painted(GOOD, "✓"), shown(&plan)));
        }
        Ok(Exit::Done)
    }

    fn plan(&self, known: &Known) -> Result<Plan, Misuse> {
        let proposed =
            known.proposed.as_ref().map_err(|reason| Misuse(format!("The proposed setup cannot be used: {}", text::line(reason))))?;
        match (&self.command, proposed, &known.suggested) {
            (Some(_), Some(_), _) => {
                Err(Misuse("The repository's baton.toml proposes a setup. Approve that, or change it there.".to_owned()))
            }
            (Some(line), None, _) => match Plan::read(&json!({ "setup": line })) {
                Ok(Some(plan)) if !plan.command.is_empty() => Ok(plan),
                _ => Err(Misuse("--command is not a command line. Give one such as `npm ci`.".to_owned())),
            },
            (None, Some(plan), _) | (None, None, Some(plan)) => Ok(plan.clone()),
            (None, None, None) => Err(Misuse(
                "The repository proposes no setup and has no lockfile that Baton knows. Give a command line with --command.".to_owned(),
            )),
        }
    }
}

/// Revoke the approval of a project's setup
#[derive(Debug, Args)]
struct Revoke {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Revoke {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let choice = self.project.choice()?;
        let found = choice.find(&app).await?;
        let event = Draft::of_host(Category::Audit, "setup-revoked", json!({ "project": found.id() })).by(&app.config.operator);
        app.setups().approve_setup(found.id(), None, &app.config.operator, vec![event]).await?;
        let known = Known::of(&app, &choice).await?;
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&known.document())?;
        } else {
            context.screen.tell(format!("{} No setup is approved for the project.", painted(GOOD, "✓")));
        }
        Ok(Exit::Done)
    }
}

/// All that is said of a project's setup.
struct Known {
    project: String,
    own: Option<Plan>,
    approved: Option<Approved>,
    /// What baton.toml says, or what is wrong with that.
    proposed: Result<Option<Plan>, String>,
    suggested: Option<Plan>,
}

impl Known {
    async fn of(app: &Host, choice: &ProjectChoice) -> Result<Self> {
        let found = choice.find(app).await?;
        let folder = found.folder()?;
        let settings = app.config.project(folder)?;
        Ok(Self {
            project: found.id().to_owned(),
            own: app.config.setup.own.clone(),
            approved: app.setups().approved_setup(found.id()).await?,
            proposed: settings.get("test").map_or(Ok(None), Plan::read),
            suggested: Plan::suggest(folder),
        })
    }

    fn decision(&self) -> Decision {
        match &self.proposed {
            Ok(proposed) => {
                let approved = self.approved.as_ref().map(|approved| &approved.plan);
                decide(self.own.as_ref(), proposed.clone(), approved, self.suggested.as_ref())
            }
            Err(reason) => Decision::Undecided(reason.clone()),
        }
    }

    fn approvable(&self) -> Option<&Plan> {
        self.proposed.as_ref().ok().and_then(Option::as_ref).or(self.suggested.as_ref())
    }

    /// For programs.
    fn document(&self) -> Value {
        let plan = |plan: &Plan| json!({ "command": plan.command, "files": plan.files, "hash": plan.hash() });
        let (state, holding) = match self.decision() {
            Decision::Use(holding) => ("approved", Some(holding)),
            Decision::None(_) => ("none", None),
            Decision::Undecided(_) => ("proposed", None),
        };
        json!({
            "project": self.project,
            "state": state,
            "setup": holding.as_ref().map(plan),
            "own": self.own.as_ref().map(plan),
            "approved": self.approved.as_ref().map(|approved| json!({ "setup": plan(&approved.plan), "by": approved.by, "at": approved.at })),
            "proposed": self.proposed.as_ref().ok().and_then(Option::as_ref).map(plan),
            "problem": self.proposed.as_ref().err(),
            "suggested": self.suggested.as_ref().map(plan),
        })
    }

    fn lines(&self) -> String {
        let line =
            |name: &str, plan: Option<String>| format!("{:<11}{}\n", name, plan.unwrap_or_else(|| painted(FAINT, "none").to_string()));
        let named = |plan: Option<&Plan>| plan.map(|plan| format!("`{}`", shown(plan)));
        let setup = match self.decision() {
            Decision::Use(plan) => named(Some(&plan)),
            Decision::None(_) | Decision::Undecided(_) => None,
        };
        let approved = self.approved.as_ref().map(|approved| format!("`{}`, by {}", shown(&approved.plan), text::escaped(&approved.by)));
        let proposed = match &self.proposed {
            Ok(plan) => named(plan.as_ref()),
            Err(reason) => Some(text::line(reason)),
        };
        let mut lines = line("Setup", setup);
        if self.own.is_some() {
            lines += &line("Settings", named(self.own.as_ref()));
        }
        lines += &line("Approved", approved);
        lines += &line("Proposed", proposed);
        lines += &line("Suggested", named(self.suggested.as_ref()));
        lines
    }
}

/// A command line for people.
fn shown(plan: &Plan) -> String {
    text::excerpt(&text::line(&plan.command), 300)
}
