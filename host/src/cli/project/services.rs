//! `baton project services`: which programs run beside the commands of a project, and who approved them. Starts none.

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
    interfaces::sandbox::{ApprovedServices, Service, Services as Wanted, decide_services},
    operations::{Access, Host},
};

/// Manage the services beside a project's tests, such as a database
///
/// They run in containers that share a network with the commands of the project and reach nothing else. A repository only
/// proposes services; they hold once you approve them.
#[derive(Debug, Args)]
pub(super) struct Services {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Show(Show),
    Approve(Approve),
    Revoke(Revoke),
}

impl Services {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        match &self.command {
            Command::Show(command) => command.execute(context).await,
            Command::Approve(command) => command.execute(context).await,
            Command::Revoke(command) => command.execute(context).await,
        }
    }
}

/// Show the services of a project, and what its repository proposes
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
        if known.holding().is_err() && known.proposed.is_ok() {
            let again = choice.again(context, "project services approve");
            let mark = painted(WARNING, "!");
            context.screen.warn(format!("{mark} The proposed services are not used until you approve them with `{again}`."));
        }
        Ok(Exit::Done)
    }
}

/// Approve the services that a repository proposes
///
/// They hold as they are now. Once baton.toml proposes others, runs of the project pause until you approve those.
#[derive(Debug, Args)]
struct Approve {
    #[command(flatten)]
    project: ProjectArguments,
}

impl Approve {
    async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Decide).await?;
        let choice = self.project.choice()?;
        let services = match Known::of(&app, &choice).await?.proposed {
            Ok(Some(services)) => services,
            Ok(None) => return Err(Misuse("The repository's baton.toml proposes no services under `[test.services]`.".to_owned()).into()),
            Err(reason) => return Err(Misuse(format!("The proposed services cannot be used: {}", text::line(&reason))).into()),
        };
        let found = choice.open(&app).await?;
        let data = json!({ "project": found.id(), "hash": services.hash(), "services": services });
        let event = Draft::of_host(Category::Audit, "services-approved", data).by(&app.config.operator);
        app.setups().approve_services(found.id(), Some(&services), &app.config.operator, vec![event]).await?;
        let known = Known::of(&app, &choice).await?;
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&known.document())?;
        } else {
            let hash = services.hash();
            let hash = hash.get(..12).unwrap_or_default();
            context.screen.tell(format!("{} Approved the services {} (sha256 {hash}).", painted(GOOD, "✓"), names(&services)));
        }
        Ok(Exit::Done)
    }
}

/// Revoke the approval of a project's services
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
        let event = Draft::of_host(Category::Audit, "services-revoked", json!({ "project": found.id() })).by(&app.config.operator);
        app.setups().approve_services(found.id(), None, &app.config.operator, vec![event]).await?;
        let known = Known::of(&app, &choice).await?;
        app.close().await;
        if context.screen.is_json() {
            context.screen.document(&known.document())?;
        } else {
            context.screen.tell(format!("{} No services are approved for the project.", painted(GOOD, "✓")));
        }
        Ok(Exit::Done)
    }
}

/// All that is said of a project's services.
struct Known {
    project: String,
    own: Option<Wanted>,
    approved: Option<ApprovedServices>,
    /// What baton.toml says, or what is wrong with that.
    proposed: Result<Option<Wanted>, String>,
}

impl Known {
    async fn of(app: &Host, choice: &ProjectChoice) -> Result<Self> {
        let found = choice.find(app).await?;
        let settings = app.config.project(found.folder()?)?;
        Ok(Self {
            project: found.id().to_owned(),
            own: app.config.setup.services.clone(),
            approved: app.setups().approved_services(found.id()).await?,
            proposed: settings.get("test").map_or(Ok(None), Wanted::read),
        })
    }

    fn holding(&self) -> Result<Option<Wanted>, String> {
        decide_services(self.own.as_ref(), self.proposed.clone(), self.approved.as_ref().map(|approved| &approved.services))
    }

    /// For programs.
    fn document(&self) -> Value {
        let services = |services: &Wanted| json!({ "services": services, "hash": services.hash() });
        let (state, holding) = match self.holding() {
            Ok(Some(holding)) => ("approved", Some(holding)),
            Ok(None) => ("none", None),
            Err(_) => ("proposed", None),
        };
        json!({
            "project": self.project,
            "state": state,
            "services": holding.as_ref().map(services),
            "own": self.own.as_ref().map(services),
            "approved": self.approved.as_ref().map(|approved| json!({ "services": services(&approved.services), "by": approved.by, "at": approved.at })),
            "proposed": self.proposed.as_ref().ok().and_then(Option::as_ref).map(services),
            "problem": self.proposed.as_ref().err(),
        })
    }

    fn lines(&self) -> String {
        let line =
            |name: &str, shown: Option<String>| format!("{:<11}{}\n", name, shown.unwrap_or_else(|| painted(FAINT, "none").to_string()));
        let mut lines = line("Services", self.holding().ok().flatten().as_ref().map(names));
        if self.own.is_some() {
            lines += &line("Settings", self.own.as_ref().map(names));
        }
        let approved = self.approved.as_ref().map(|approved| format!("{}, by {}", names(&approved.services), text::escaped(&approved.by)));
        lines += &line("Approved", approved);
        match &self.proposed {
            Ok(proposed) => {
                lines += &line("Proposed", proposed.as_ref().map(names));
                lines.extend(proposed.iter().flat_map(|services| &services.0).flat_map(|(name, service)| details(name, service)));
            }
            Err(reason) => lines += &line("Proposed", Some(text::line(reason))),
        }
        lines
    }
}

/// All that a service is, a line each.
fn details(name: &str, service: &Service) -> Vec<String> {
    let words = |words: &[String]| text::excerpt(&text::line(&words.join(" ")), 300);
    let variables = |kind: &str, variables: &std::collections::BTreeMap<String, String>| {
        let line = |(name, value): (&String, &String)| format!("  {kind} {name}={}", text::excerpt(&text::line(value), 300));
        variables.iter().map(line).collect::<Vec<_>>()
    };
    let mut lines = vec![format!("{name}: {}", text::line(&service.image))];
    for (word, command) in [("executes", &service.command), ("is ready after", &service.ready)] {
        if !command.is_empty() {
            lines.push(format!("  {word} `{}`", words(command)));
        }
    }
    lines.extend(variables("has", &service.env));
    lines.extend(variables("gives", &service.gives));
    lines.into_iter().map(|line| line + "\n").collect()
}

fn names(services: &Wanted) -> String {
    let named: Vec<_> = services.0.iter().map(|(name, service)| format!("`{name}` ({})", text::line(&service.image))).collect();
    if named.is_empty() { "none".to_owned() } else { named.join(", ") }
}
