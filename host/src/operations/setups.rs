//! The setup of a project: which command fetches what it depends on, who approved it, and its execution by a run.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{OpenApi, ToSchema};

use super::{
    Host, Problem,
    approvals::{self, Approval, ApprovalStatus, ProposalContext, Proposed, not_approvable},
    projects::ProjectRef,
};
use crate::{
    actor::Actor,
    config::Config,
    events::Draft,
    interfaces::{
        RunOptions,
        sandbox::{
            self, Approvable, Decision, Plan,
            events::{SetupApproved, SetupRevoked, Wrote},
        },
    },
    journal::RunId,
    kernel::{Order, package::Kind, run::State},
};

/// The workflow that has setups done.
const WORKFLOW: &str = "run-tests";
/// Its input.
const INPUT: &str = "setup_only";

/// A setup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Setup {
    /// A line for the image's shell.
    pub command: String,
    /// Globs of the files that it reads.
    pub files: Vec<String>,
    /// A line for the same shell that renews lockfiles after a story changed a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
    /// The hash that pins it.
    pub hash: String,
}

/// A setup to approve.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproveSetup {
    /// Whose setup.
    pub project: ProjectRef,
    /// A command line in place of the suggested one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// A command line that renews lockfiles, in place of the suggested one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
}

/// A run that executed the setup of a project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SetupRun {
    /// Its id.
    pub run: RunId,
    /// Its state, such as `succeeded`.
    pub state: String,
    /// What its container printed.
    pub printed: String,
    /// What came of it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// Why it did not end: an operator has to decide something. It is cancelled then, since the next setup is a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The setup of a project, and what its repository proposes.
pub async fn show(host: &Host, project: &ProjectRef) -> Result<ApprovalStatus<Setup>, Problem> {
    Ok(ProposalContext::<Plan>::load(host, project).await?.status())
}

/// Approves the setup that a repository proposes, the one that its lockfiles suggest, or another command line.
pub async fn approve(host: &Host, actor: &Actor, request: &ApproveSetup) -> Result<ApprovalStatus<Setup>, Problem> {
    let plan = plan_to_approve(&ProposalContext::load(host, &request.project).await?, request)?;
    approvals::approve(host, actor, &request.project, &plan).await
}

/// Revokes the approval of a project's setup.
pub async fn revoke(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<ApprovalStatus<Setup>, Problem> {
    approvals::revoke::<Plan>(host, actor, project).await
}

/// Starts a run that executes the approved setup.
pub async fn start_run(host: &Host, actor: &Actor, project: &ProjectRef) -> Result<RunId, Problem> {
    check_decided(Plan::decide(&ProposalContext::load(host, project).await?))?;
    let order = Order {
        plugin: WORKFLOW.to_owned(),
        kind: Kind::Workflow,
        input: Value::Object(Map::from_iter([(INPUT.to_owned(), Value::Bool(true))])),
        workspace: project.find(host).await?.folder()?.to_owned(),
        options: RunOptions::default(),
        by: actor.clone(),
    };
    let (run, plugin) = host.app.kernel.ordered(order)?;
    host.app.kernel.check_project(&run.workspace).await?;
    Ok(host.app.kernel.enqueue(run, &plugin).await?.id)
}

/// What came of such a run. One that waits for its operator is cancelled.
pub async fn finish_run(host: &Host, actor: &Actor, run: &RunId) -> Result<SetupRun, Problem> {
    let run = host.app.kernel.resolve(run.as_str()).await?;
    let reason = match &run.state {
        State::Paused { pause } => Some(pause.reason.clone()),
        _ => None,
    };
    if reason.is_some() {
        host.app.kernel.cancel(&run, actor).await?;
    }
    let report = run.output.as_ref().and_then(|output| Some(output.get("report")?.as_str()?.to_owned()));
    Ok(SetupRun { printed: printed(host, &run.id).await?, state: run.state.as_str().to_owned(), report, reason, run: run.id })
}

/// What the container of a run printed.
async fn printed(host: &Host, run: &RunId) -> Result<String, Problem> {
    let pieces = host.app.kernel.events_of(run, |event| event.draft.payload::<Wrote>()?.text).await?;
    Ok(pieces.concat())
}

fn plan_to_approve(known: &ProposalContext<Plan>, request: &ApproveSetup) -> Result<Plan, Problem> {
    let proposed = known.proposed.as_ref().map_err(|reason| {
        not_approvable(format!("The proposed setup cannot be used: {}", reason.trim_end()), "Correct it in the repository's baton.toml.")
    })?;
    match (&request.command, proposed, &known.suggested) {
        (command, Some(_), _) if command.is_some() || request.lock.is_some() => {
            Err(not_approvable("The repository's baton.toml proposes a setup.", "Approve that one, or change it there."))
        }
        (Some(line), _, _) => read_command(line, request.lock.as_deref()),
        (None, None, Some(plan)) if request.lock.is_some() => read_command(&plan.command, request.lock.as_deref()),
        (None, Some(plan), _) | (None, None, Some(plan)) => Ok(plan.clone()),
        (None, None, None) => Err(not_approvable(
            "The repository proposes no setup and has no lockfile that Baton knows.",
            "Give a command line with --command.",
        )),
    }
}

fn read_command(line: &str, lock: Option<&str>) -> Result<Plan, Problem> {
    let lines = [("setup", Some(line)), ("lock", lock)];
    let test = lines.into_iter().filter_map(|(name, line)| Some((name.to_owned(), Value::String(line?.to_owned()))));
    let test = Value::Object(Map::from_iter(test));
    match Plan::read(&test) {
        Ok(Some(plan)) if !plan.command.is_empty() => Ok(plan),
        _ => {
            let problem = Problem::invalid("command_invalid", "command", "The setup has no command that can be executed.");
            Err(problem.advise("Give one such as `npm ci`."))
        }
    }
}

/// Rejects what cannot be executed.
fn check_decided(decision: Decision<Plan>) -> Result<(), Problem> {
    let message = match decision {
        Decision::Use(_) => return Ok(()),
        Decision::None(hint) if hint.is_empty() => "The project has no setup.".to_owned(),
        Decision::None(reason) | Decision::Undecided(reason) => reason,
    };
    Err(not_approvable(message, "`baton project setup show` shows what is approved and proposed."))
}

impl Proposed for Plan {
    type View = Setup;

    fn in_settings(config: &Config) -> Option<&Self> {
        config.setup.own.as_ref()
    }

    fn read(test: &Value) -> Result<Option<Self>, String> {
        Self::read(test)
    }

    fn suggest(folder: &Path) -> Option<Self> {
        Self::suggest(folder)
    }

    fn decide(known: &ProposalContext<Self>) -> Decision<Self> {
        let approved = known.approved.as_ref().map(|approved| &approved.content);
        match &known.proposed {
            Ok(proposed) => sandbox::decide(known.settings.as_ref(), proposed.clone(), approved, known.suggested.as_ref()),
            Err(reason) => Decision::Undecided(reason.clone()),
        }
    }

    fn is_empty(&self) -> bool {
        self.command.is_empty()
    }

    fn view(&self) -> Setup {
        Setup { command: self.command.clone(), files: self.files.clone(), lock: self.lock.clone(), hash: self.hash() }
    }

    fn approved(&self, project: &str) -> Draft {
        let (setup, setup_files, lock) = (self.command.clone(), self.files.clone(), self.lock.clone());
        Draft::of_host(&SetupApproved { project: project.to_owned(), hash: self.hash(), setup, setup_files, lock })
    }

    fn revoked(project: &str) -> Draft {
        Draft::of_host(&SetupRevoked { project: project.to_owned() })
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Setup, Approval<Setup>, ApprovalStatus<Setup>, SetupRun)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use crate::interfaces::sandbox::Approved;

    use super::{super::approvals::ApprovalState, *};

    fn plan(command: &str) -> Plan {
        Plan { command: command.to_owned(), files: vec!["a.lock".to_owned()], lock: None }
    }

    fn known(proposed: Option<&str>, approved: Option<&str>, suggested: Option<&str>) -> ProposalContext<Plan> {
        let approved = approved.map(|command| Approved { content: plan(command), by: "ada".to_owned(), at: 1 });
        ProposalContext {
            project: "p".to_owned(),
            settings: None,
            approved,
            proposed: Ok(proposed.map(plan)),
            suggested: suggested.map(plan),
        }
    }

    #[test]
    fn what_is_pending_would_hold_once_it_is_approved() {
        let pending = |known: ProposalContext<Plan>| known.status().pending.map(|setup| setup.command);
        assert_eq!(pending(known(Some("npm ci"), None, Some("make"))).as_deref(), Some("npm ci"));
        assert_eq!(pending(known(None, None, Some("make"))).as_deref(), Some("make"));
        assert_eq!(pending(known(Some("npm ci"), Some("npm ci"), None)), None, "it holds already");
        assert_eq!(pending(known(Some(""), None, Some("make"))), None, "the repository wants none");
        assert_eq!(
            pending(ProposalContext { settings: Some(plan("")), ..known(Some("npm ci"), None, None) }),
            None,
            "the operator's settings hold"
        );
        assert_eq!(pending(ProposalContext { proposed: Err("It is wrong.".to_owned()), ..known(None, None, Some("make")) }), None);
    }

    #[test]
    fn a_status_tells_what_holds_and_where_it_comes_from() {
        let approved = known(Some("npm ci"), Some("npm ci"), None).status();
        assert_eq!((approved.state, approved.effective.as_ref().map(|setup| &*setup.command)), (ApprovalState::Approved, Some("npm ci")));
        assert_eq!(approved.approved.map(|approval| approval.by).as_deref(), Some("ada"));
        assert_eq!(known(Some("other"), Some("npm ci"), None).status().state, ApprovalState::Proposed);
        assert_eq!(known(None, None, None).status().state, ApprovalState::None);
        let wrong = ProposalContext { proposed: Err("It is wrong.".to_owned()), ..known(None, None, None) }.status();
        assert_eq!((wrong.state, wrong.problem.as_deref()), (ApprovalState::Proposed, Some("It is wrong.")));
    }

    #[test]
    fn a_command_of_the_operators_does_not_take_the_place_of_a_proposal() {
        let request = |command: Option<&str>, lock: Option<&str>| ApproveSetup {
            project: ProjectRef::Folder("work".into()),
            command: command.map(str::to_owned),
            lock: lock.map(str::to_owned),
        };
        let plan = |known: &ProposalContext<Plan>, command| plan_to_approve(known, &request(command, None)).map(|plan| plan.command);
        assert_eq!(plan(&known(None, None, None), Some(" npm ci ")).unwrap(), "npm ci");
        assert_eq!(plan(&known(None, None, Some("make")), None).unwrap(), "make");
        assert!(plan(&known(Some("npm ci"), None, None), Some("make")).unwrap_err().message.contains("proposes a setup"));
        assert_eq!(plan(&known(None, None, None), Some("  ")).unwrap_err().field.as_deref(), Some("command"));
        let locked = plan_to_approve(&known(None, None, Some("npm ci")), &request(None, Some("npm lock"))).unwrap();
        assert_eq!((&*locked.command, locked.lock.as_deref()), ("npm ci", Some("npm lock")));
        assert!(plan_to_approve(&known(Some("npm ci"), None, None), &request(None, Some("npm lock"))).is_err());
        assert!(plan(&known(None, None, None), None).unwrap_err().hint.unwrap().contains("--command"));
    }

    #[test]
    fn a_setup_that_is_not_approved_is_not_run() {
        let message = |decision| check_decided(decision).unwrap_err().message;
        assert_eq!(message(Decision::None(String::new())), "The project has no setup.");
        assert_eq!(message(Decision::Undecided("It is not approved.".to_owned())), "It is not approved.");
        assert_eq!(check_decided(Decision::Use(plan("make"))), Ok(()));
    }
}
