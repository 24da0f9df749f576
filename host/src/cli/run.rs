//! `baton run`.

use std::sync::Arc;

use anyhow::Result;
use clap::Args;

use super::{
    Context,
    answering::Answers,
    attached, bindings, budget,
    exit::{Exit, Misuse},
    input, model,
    place::ProjectArguments,
    project,
    screen::{WARNING, painted},
    text,
};
use crate::{
    interfaces::{agents::AGENTS, llm::money::Scope},
    journal::Capability,
    kernel::{Order, package::Kind, permissions::Circumstances, registry::Plugin},
    operations::Host,
};

/// Run a workflow to its end and print its output
///
/// Progress goes to standard error, the output to standard output. Ctrl-C stops after the call in flight, and leaves one to
/// a model after 5 s; the run can then be resumed. While `baton serve` executes runs on the same data, it executes this one
/// too, and this command follows it; if the host stops first, the run continues here. Where only an answer or something that
/// you provide (a key, a grant, a budget) can continue the run, the command waits for it on a terminal; without one, and with
/// `-o json` or `--quiet`, it ends with exit code 3.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Name of the workflow, as `baton plugin list` shows it
    workflow: String,
    #[command(flatten)]
    project: ProjectArguments,
    /// JSON, @FILE, or - for standard input; a file or standard input that is not JSON becomes a JSON string
    #[arg(long, value_name = "INPUT", default_value = "{}", allow_hyphen_values = true)]
    input: String,
    /// Model to use: provider/model, an alias from the settings, or script/FILE
    #[arg(long)]
    model: Option<String>,
    /// Dollars the run may spend on models, with all that it starts
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    budget: Option<String>,
    #[command(flatten)]
    answers: Answers,
}

impl Run {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let input = input::read(&self.input, "--input")?;
        let budget = self.budget.as_deref().map(budget::amount).transpose()?;
        let options = self.model.as_deref().map(model::options).transpose()?.unwrap_or_default();
        // Where another Baton executes, it executes this run as well.
        let app = context.open_to_change().await?;
        let workspace = self.project.workspace(&app).await?;
        model::check(&app.config, &workspace, Some(&options))?;
        self.check_kind(&app)?;
        let order =
            Order { plugin: self.workflow.clone(), kind: Kind::Workflow, input, workspace, options, by: app.config.operator.clone() };
        let (run, plugin) = app.kernel.ordered(order)?;
        app.kernel.check_project(&run.workspace).await?;
        let known = app.config.settings(&run.workspace)?;
        context.doubt(&known);
        if let Some(doubt) = model::doubt(&app.config, &known).filter(|_| self.model.is_none()) {
            context.screen.tell(format!("{} `models.default` cannot be asked: {doubt}", painted(WARNING, "!")));
        }
        if let Some(proposed) = bindings::unapproved(&app, context, &self.project.choice()?).await? {
            context.screen.tell(proposed);
        }
        if let Some(changed) = project::unapproved(&app, context, &self.project.choice()?).await? {
            context.screen.tell(changed);
        }
        if let Some(why) = app.why_older(&plugin) {
            context.screen.warn(format!("{} {}", painted(WARNING, "!"), text::plain(&why)));
        }
        // Before it is executed.
        if let Some(budget) = budget {
            app.budgets.set(&Scope::Run(run.id.clone()), Some(budget), &app.config.operator).await?;
        }
        let run = app.kernel.enqueue(run, &plugin).await?;
        let (app, ended) = attached::drive_or_follow(app, context, &run.id, self.answers.manner()).await?;
        app.close().await;
        let Some(ended) = ended else { return Ok(Exit::Unfinished) };
        ended.tell(context, None);
        if let Some(sample) = &ended.refused {
            let given = format!("run {} --input {}", text::shell_word(&text::line(&self.workflow)), text::shell_word(sample));
            let again = self.project.choice()?.again(context, &given);
            context.screen.warn(format!("  The input does not fit this workflow: give another with `{again}`."));
        }
        ended.answer(context)?;
        Ok(ended.exit())
    }

    /// Refuses what is no workflow with how it is used instead.
    fn check_kind(&self, app: &Host) -> Result<(), Misuse> {
        let Some(plugin) = app.kernel.registry().find(&self.workflow) else { return Ok(()) };
        let (name, kind) = (text::escaped(plugin.name()), plugin.package.manifest.kind);
        let used = match kind {
            Kind::Workflow => return Ok(()),
            Kind::Agent => used_by_workflows(app, &name),
            Kind::Toolbox => format!(
                "Agents and workflows call its tools, which `baton tools list {name}` lists. A plugin of yours can call them once its \
                 plugin.toml has `tools = [\"{name}.*\"]` under [needs]."
            ),
        };
        Err(Misuse(format!("`{name}` is {}, and `baton run` runs workflows. {used}", kind.with_article())))
    }
}

/// How an agent is used: by the workflows that may give it tasks, or by one that is yet to be written.
fn used_by_workflows(app: &Host, agent: &str) -> String {
    const SHOWN: usize = 3;
    let plugins = app.kernel.registry().all();
    let anywhere = Circumstances { project: None, now: app.kernel.now() };
    let is_granted = |plugin: &Plugin, name: &str| plugin.permissions.decide(&Capability::new(AGENTS.word, name), &anywhere).is_ok();
    let names = [agent].into_iter().chain(app.kernel.slots().iter().filter(|slot| slot.default == agent).map(|slot| slot.name));
    let names: Vec<_> = names.collect();
    let may_ask =
        |plugin: &&Arc<Plugin>| plugin.package.manifest.kind == Kind::Workflow && names.iter().any(|name| is_granted(plugin, name));
    let runs: Vec<_> = plugins.values().filter(may_ask).take(SHOWN).map(|plugin| format!("`baton run {}`", plugin.name())).collect();
    let used = if runs.is_empty() { String::new() } else { format!("{} uses it. ", runs.join(" or ")) };
    format!(
        "An agent does the tasks that a workflow gives it. {used}A workflow of yours can give it tasks with `agents.perform` once its \
         plugin.toml has `agents = [\"{agent}\"]` under [needs]; `baton plugin new` creates one."
    )
}
