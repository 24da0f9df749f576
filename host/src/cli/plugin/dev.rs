//! `baton plugin dev`: builds, installs and runs a plugin whenever its sources change. A mistake ends nothing: it is shown, and
//! the command waits for the next change.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::sync::watch;

use super::{build, decision::describe_grants};
use crate::{
    cli::{
        Context,
        answering::Manner,
        attached,
        authoring::{Changes, Project},
        drive,
        exit::Exit,
        input, model,
        place::ProjectChoice,
        screen::{FAINT, GOOD, painted},
        text,
    },
    operations::{
        Host, Problem,
        execution::{self, StartRun},
        named_files,
        plugins::{self, InstallPlugin, PluginFile, PluginKind},
    },
};

/// Build, install and run a plugin whenever its sources change, until Ctrl-C
///
/// While `baton serve` executes runs on the same data, it executes the run, and this command follows it.
///
/// The plugin keeps its grants as long as it does not ask for more. Baton runs a workflow with the input; it only installs
/// an agent or a toolbox, for other plugins to use.
#[derive(Debug, Args)]
pub(in crate::cli) struct Dev {
    /// Directory of the plugin
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
    /// Input of the workflow: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "INPUT", default_value = "{}", allow_hyphen_values = true)]
    input: String,
    /// Grant everything that it asks for, after each build
    #[arg(long)]
    grant: bool,
    /// Directory whose files the run sees [default: target/workspace in the plugin's directory]
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// Name of the project in whose directory the run works
    #[arg(long, value_name = "NAME", conflicts_with = "workspace")]
    project: Option<String>,
    /// Model to use: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
}

impl Dev {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let project = Project::at(&self.folder)?;
        let input = input::read(&self.input, "input", "--input")?;
        let options = self.model.as_deref().map(model::options).transpose()?.unwrap_or_default();
        let request = StartRun { workflow: String::new(), input, workspace: PathBuf::new(), options };
        let apart = context.data_dir.as_ref().map(std::path::absolute).transpose()?;
        let mut changes = Changes::of(&project, apart).context("The folder cannot be watched for changes")?;
        let mut ended = interrupted();
        loop {
            let round = self.round(context, &project, &request, &mut ended).await;
            if let Err(error) = round {
                context.screen.problem(&Problem::of(error.as_ref()));
            }
            if *ended.borrow() {
                return Ok(Exit::Done);
            }
            context.screen.tell(painted(FAINT, "Waiting for the next change; Ctrl-C ends."));
            tokio::select! {
                _ = ended.wait_for(|ended| *ended) => return Ok(Exit::Done),
                changed = changes.next() => match changed {
                    Some(path) => context.screen.tell(format!("\n{} has changed.", text::path(&path))),
                    None => return Ok(Exit::Failed),
                },
            }
        }
    }

    /// Once through it all.
    async fn round(&self, context: &Context, project: &Project, request: &StartRun, ended: &mut watch::Receiver<bool>) -> Result<()> {
        let file = tokio::select! {
            _ = ended.wait_for(|ended| *ended) => return Ok(()),
            built = build::build(context, project, None, false) => built?.0,
        };
        self.run(context, project, file, request).await
    }

    /// Ctrl-C is the run's own affair as long as there is one.
    async fn run(&self, context: &Context, project: &Project, file: PluginFile, request: &StartRun) -> Result<()> {
        // Where another Baton executes, it executes this run as well.
        let mut app = context.open_to_change().await?;
        let installation = InstallPlugin { grant: self.grant, reason: None };
        let plugin = plugins::install(&app, app.operator(), file, &installation).await?.plugin;
        let (name, path) = (text::escaped(&plugin.name), text::escaped(plugin.file.as_deref().unwrap_or_default()));
        context.screen.tell(format!("{} Installed `{name}` from {} as {path}.", painted(GOOD, "✓"), text::path(&project.folder)));
        context.screen.tell(describe_grants(context, &plugin));
        if plugin.kind == PluginKind::Workflow {
            let (workflow, workspace) = (plugin.name.clone(), self.workspace(&app, project).await?);
            let started = execution::start(&app, app.operator(), &StartRun { workflow, workspace, ..request.clone() }).await?;
            let ended;
            (app, ended) = attached::drive_or_follow(app, context, &started.run, Manner::Ask).await?;
            if let Some(ended) = ended {
                ended.tell(context, None);
                ended.answer(context)?;
            }
        }
        app.close().await;
        Ok(())
    }

    async fn workspace(&self, app: &Host, project: &Project) -> Result<PathBuf> {
        if let Some(name) = &self.project {
            let named = ProjectChoice::Name(name.clone()).find(app).await?;
            return Ok(named.folder()?.to_owned());
        }
        let Some(named) = &self.workspace else { return Ok(project.make_build_folder(Some("workspace"))?) };
        std::fs::create_dir_all(named)
            .map_err(|error| named_files::unwritable("workspace", named, &error).advise("Name another with --workspace."))?;
        Ok(named.clone())
    }
}

/// Becomes true at Ctrl-C, or when the system asks the process to end. The task ends with the process.
fn interrupted() -> watch::Receiver<bool> {
    let (sender, receiver) = watch::channel(false);
    let mut presses = drive::presses();
    tokio::spawn(async move {
        if presses.recv().await.is_some() {
            sender.send_replace(true);
        }
    });
    receiver
}
