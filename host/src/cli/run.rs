//! `baton run`.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde_json::Value;

use super::{
    Context,
    answering::Answers,
    attached, bindings, budget,
    client::{self, Remote},
    exit::Exit,
    input, model,
    place::{ProjectArguments, ProjectChoice},
    plugin, project,
    screen::{GOOD, WARNING, painted},
    text, there,
};
use crate::operations::{
    Dollars, Host, Problem, code,
    execution::{self, RunOptions, StartInProject, StartNotice, StartRun, Workflow},
    plugins::{self, GrantPlugin, InstallPlugin, InstalledPlugin, PluginFile, is_plugin_name},
    projects::ProjectRef,
};

/// Run a workflow to completion and print its output
///
/// WORKFLOW is the name of an installed workflow, or the directory of a workflow folder, such as `./my-workflow`. Baton packs
/// and installs a folder first, so that each run begins with the folder as it is now.
///
/// Progress goes to standard error, the output to standard output. Ctrl-C stops after the call in flight, waiting at most 5
/// s for a model; you can then resume the run. With --server, the run starts in a project of that server, which continues it
/// after Ctrl-C. While `baton serve` executes runs on the same data, it also executes this
/// run, and this command follows it; if the host stops first, this command continues the run. If the run needs an answer or
/// something that you provide (a key, a grant, a budget), the command waits for it on a terminal. Without a terminal, and
/// with `-o json` or `--quiet`, it exits with code 3.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Name of the workflow, as `baton plugin list` shows it, or the directory of a workflow folder
    workflow: String,
    /// Grant everything that the workflow folder asks for, and what the agents and workflows that it starts may do for it
    #[arg(long)]
    grant: bool,
    #[command(flatten)]
    project: ProjectArguments,
    /// Input of the workflow: JSON, @FILE, or - for standard input; a file or standard input that is not JSON becomes a
    /// JSON string
    #[arg(long, value_name = "INPUT", default_value = "{}", allow_hyphen_values = true)]
    input: String,
    /// Model to use: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
    /// Dollars that the run and its child runs may spend on models
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    budget: Option<String>,
    #[command(flatten)]
    answers: Answers,
}

impl Run {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let input = input::read(&self.input, "input", "--input")?;
        let options = self.options()?;
        let packed = self.pack(context)?;
        if let Some(remote) = context.remote().await? {
            return self.execute_there(context, remote, packed, (input, options)).await;
        }
        // Where another host executes runs, it executes this one as well.
        let host = context.open_to_change().await?;
        let choice = self.project.choice()?;
        let workspace = choice.workspace(&host).await?;
        let workflow = match packed {
            Some(packed) => self.install(context, &host, packed).await?,
            None => self.workflow.clone(),
        };
        let request = StartRun { workflow: workflow.clone(), input, workspace, options };
        let started = execution::start(&host, host.operator(), &request).await.map_err(|problem| match problem.code.as_ref() {
            code::INPUT_UNFIT => problem.advise(describe_input(&execution::workflows(&host), context, &choice, &workflow)),
            _ => problem,
        })?;
        started.notices.iter().for_each(|notice| report(context, notice, &workflow));
        let proposed = bindings::unapproved(&host, context, &choice).await?;
        let changed = project::unapproved(&host, context, &choice).await?;
        proposed.into_iter().chain(changed).for_each(|line| context.screen.tell(line));
        attached::finish(host, context, &started.run, self.answers.manner()).await
    }

    /// Starts the run on a server and follows it.
    async fn execute_there(
        &self,
        context: &Context,
        remote: Remote,
        packed: Option<PluginFile>,
        (input, options): (Value, RunOptions),
    ) -> Result<Exit> {
        let choice = self.project.choice_for(context)?;
        let ProjectRef::Name(project) = choice.reference() else { return Err(client::projects::reject_directory().into()) };
        let workflow = match packed {
            Some(packed) => self.install_there(context, &remote, &packed).await?,
            None => self.workflow.clone(),
        };
        let request = StartInProject { workflow: workflow.clone(), project, input, options };
        let started = match client::runs::start(&remote, &request).await {
            Err(problem) if problem.is(code::INPUT_UNFIT) => {
                let workflows = client::runs::workflows(&remote).await?;
                return Err(problem.advise(describe_input(&workflows, context, &choice, &workflow)).into());
            }
            started => started?,
        };
        started.notices.iter().for_each(|notice| report(context, notice, &workflow));
        there::finish(&remote, context, &started.run, self.answers.manner(), true).await
    }

    async fn install_there(&self, context: &Context, remote: &Remote, packed: &PluginFile) -> Result<String> {
        let request = InstallPlugin { grant: self.grant, reason: None };
        let installed = client::plugins::install_there(remote, packed, &request).await?;
        if self.grants_through(&installed) {
            client::plugins::grant_there(remote, &through(&installed)).await?;
        }
        Ok(self.tell_installed(context, installed))
    }

    /// The plugin of the folder that is named in the place of a workflow. The name of a plugin is not a path.
    fn pack(&self, context: &Context) -> Result<Option<PluginFile>> {
        if !is_plugin_name(&self.workflow) && Path::new(&self.workflow).is_dir() {
            return Ok(Some(PluginFile::pack(Path::new(&self.workflow), &context.config()?)?));
        }
        if self.grant {
            let message = format!("`{}` is not the directory of a workflow folder.", self.workflow.escape_debug());
            let hint = "Name one, such as `./my-workflow`, or grant with `baton plugin grant NAME`.";
            return Err(Problem::invalid("grant_unfit", "grant", message).advise(hint).into());
        }
        Ok(None)
    }

    async fn install(&self, context: &Context, host: &Host, packed: PluginFile) -> Result<String> {
        let request = InstallPlugin { grant: self.grant, reason: None };
        let installed = plugins::install_changed(host, host.operator(), packed, &request).await?;
        if self.grants_through(&installed) {
            plugins::grant(host, host.operator(), &through(&installed)).await?;
        }
        Ok(self.tell_installed(context, installed))
    }

    /// Whether others are to do something for the plugin: without a grant for that, its agents could not even ask a model.
    fn grants_through(&self, installed: &InstalledPlugin) -> bool {
        self.grant && ["agents", "workflows"].iter().any(|kind| installed.plugin.needs.contains_key(*kind))
    }

    fn tell_installed(&self, context: &Context, installed: InstalledPlugin) -> String {
        let (name, folder) = (text::escaped(&installed.plugin.name), text::escaped(&self.workflow));
        context.screen.tell(format!("{} Installed `{name}` from {folder}.", painted(GOOD, "✓")));
        installed.plugin.name
    }

    fn options(&self) -> Result<RunOptions> {
        let options = self.model.as_deref().map(model::options).transpose()?.unwrap_or_default();
        let budget_usd = self.budget.as_deref().map(|budget| budget::amount("budget", budget)).transpose()?.map(Dollars);
        Ok(RunOptions { budget_usd, ..options })
    }
}

/// A grant of all that others may do for a plugin.
fn through(installed: &InstalledPlugin) -> GrantPlugin {
    GrantPlugin { plugin: installed.plugin.name.clone(), capabilities: vec!["through".to_owned()], ..GrantPlugin::default() }
}

/// The command with an input of the form that the workflow takes.
fn describe_input(workflows: &[Workflow], context: &Context, choice: &ProjectChoice, workflow: &str) -> String {
    let known = workflows.iter().find(|known| known.name == workflow);
    let sample = plugin::sample(known.and_then(|known| known.input.as_ref()));
    let name = text::shell_word(&text::line(workflow));
    let run = choice.again(context, &format!("run {name} --input {}", text::shell_word(&sample)));
    let show = context.again(&format!("plugin show {name}"));
    format!("Give an input of this form: `{run}`. `{show}` lists its fields.")
}

/// Says what the operator should know of a run that was started.
fn report(context: &Context, notice: &StartNotice, workflow: &str) {
    let mark = painted(WARNING, "!");
    match notice {
        StartNotice::MisspeltSetting(setting) => context.report_misspelt(std::slice::from_ref(setting)),
        StartNotice::DefaultModelUnusable { reason } => {
            context.screen.tell(format!("{mark} The model of `models.default` cannot be used: {}", text::plain(reason)));
        }
        // Other code than the operator expects is more than a message.
        StartNotice::OlderVersion { reason } => context.screen.warn(format!("{mark} {}", text::plain(reason))),
        StartNotice::Undecided { capabilities } => {
            let name = text::shell_word(&text::line(workflow));
            let grant = context.again(&format!("plugin grant {name}"));
            let asks = plugin::list_capabilities(capabilities);
            context.screen.tell(format!(
                "{mark} `{name}` asks for {asks}, which is not granted: calls that need it are denied. Grant it with `{grant}`, or a part."
            ));
        }
    }
}
