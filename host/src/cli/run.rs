//! `baton run`.

use anyhow::Result;
use clap::Args;

use super::{
    Context,
    answering::Answers,
    attached, bindings, budget,
    exit::Exit,
    input, model,
    place::{ProjectArguments, ProjectChoice},
    plugin, project,
    screen::{WARNING, painted},
    text,
};
use crate::operations::{
    Dollars, Host, code,
    execution::{self, RunOptions, StartNotice, StartRun},
};

/// Run a workflow to completion and print its output
///
/// Progress goes to standard error, the output to standard output. Ctrl-C stops after the call in flight, waiting at most 5
/// s for a model; you can then resume the run. While `baton serve` executes runs on the same data, it also executes this
/// run, and this command follows it; if the host stops first, this command continues the run. If the run needs an answer or
/// something that you provide (a key, a grant, a budget), the command waits for it on a terminal. Without a terminal, and
/// with `-o json` or `--quiet`, it exits with code 3.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Name of the workflow, as `baton plugin list` shows it
    workflow: String,
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
        // Where another host executes runs, it executes this one as well.
        let host = context.open_to_change().await?;
        let choice = self.project.choice()?;
        let workspace = choice.workspace(&host).await?;
        let request = StartRun { workflow: self.workflow.clone(), input, workspace, options };
        let started = execution::start(&host, host.operator(), &request).await.map_err(|problem| match problem.code.as_ref() {
            code::INPUT_UNFIT => problem.advise(self.describe_input(&host, context, &choice)),
            _ => problem,
        })?;
        started.notices.iter().for_each(|notice| self.report(context, notice));
        let proposed = bindings::unapproved(&host, context, &choice).await?;
        let changed = project::unapproved(&host, context, &choice).await?;
        proposed.into_iter().chain(changed).for_each(|line| context.screen.tell(line));
        let (host, ended) = attached::drive_or_follow(host, context, &started.run, self.answers.manner()).await?;
        host.close().await;
        let Some(ended) = ended else { return Ok(Exit::Unfinished) };
        ended.tell(context, None);
        ended.answer(context)?;
        Ok(ended.exit())
    }

    /// The command with an input of the form that the workflow takes.
    fn describe_input(&self, host: &Host, context: &Context, choice: &ProjectChoice) -> String {
        let workflow = execution::workflows(host).into_iter().find(|workflow| workflow.name == self.workflow);
        let sample = plugin::sample(workflow.and_then(|workflow| workflow.input).as_ref());
        let name = text::shell_word(&text::line(&self.workflow));
        let run = choice.again(context, &format!("run {name} --input {}", text::shell_word(&sample)));
        let show = context.again(&format!("plugin show {name}"));
        format!("Give an input of this form: `{run}`. `{show}` lists its fields.")
    }

    fn options(&self) -> Result<RunOptions> {
        let options = self.model.as_deref().map(model::options).transpose()?.unwrap_or_default();
        let budget_usd = self.budget.as_deref().map(|budget| budget::amount("budget", budget)).transpose()?.map(Dollars);
        Ok(RunOptions { budget_usd, ..options })
    }

    /// Says what the operator should know of a run that was started.
    fn report(&self, context: &Context, notice: &StartNotice) {
        let mark = painted(WARNING, "!");
        match notice {
            StartNotice::MisspeltSetting(setting) => context.report_misspelt(std::slice::from_ref(setting)),
            StartNotice::DefaultModelUnusable { reason } => {
                context.screen.tell(format!("{mark} The model of `models.default` cannot be used: {}", text::plain(reason)));
            }
            // Other code than the operator expects is more than a message.
            StartNotice::OlderVersion { reason } => context.screen.warn(format!("{mark} {}", text::plain(reason))),
            StartNotice::Undecided { capabilities } => {
                let name = text::shell_word(&text::line(&self.workflow));
                let grant = context.again(&format!("plugin grant {name}"));
                let asks = plugin::list_capabilities(capabilities);
                context.screen.tell(format!(
                    "{mark} `{name}` asks for {asks}, which is not granted: calls that need it are denied. Grant it with `{grant}`, or a part."
                ));
            }
        }
    }
}
