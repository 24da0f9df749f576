//! Whether what a command prints as JSON is the view that its operation gives, field by field. Knows what every command prints.

use std::{ffi::OsStr, process::Command};

use baton::{
    cli::Cli,
    operations::{
        Page, Problem,
        accounts::{
            sessions::Me,
            tokens::{CreatedToken, RotatedKeys, Token},
            users::{RemovedUser, User},
        },
        approvals::ApprovalStatus,
        autopilot::{Autopilot, AutopilotOff},
        bindings::{ApprovedBindings, BindingList, ChangedBinding},
        budgets::{Budget, RemovedBudget},
        costs::Costs,
        decisions::Decision,
        demo::DemoOutcome,
        environments::{Environment, EnvironmentProposal, EnvironmentTest, RemovedEnvironment},
        events::Event,
        execution::Outcome,
        health::Check as HealthCheck,
        host::Versions,
        items::{BacklogGraph, ImportedItems, Item, ItemDetails, MovedItem, WrittenDocuments},
        plugins::{
            BuiltPlugin, CheckedPlugin, CreatedKey, CreatedPlugin, DecidedPlugin, InstalledPlugin, PackedModule, Plugin, PluginDecision,
            PluginDetails, PluginList, PluginUpdate, PublishedPlugin, RemovedPlugin, SignedPlugin, TestedPlugin, WorkflowPlan,
        },
        projects::{AddedProject, ChangedProject, Project, ProjectDetails, RemovedProject},
        pull_requests::{ChangedPullRequest, PullRequest, PullRequestSummary},
        questions::{AnsweredQuestion, Question},
        reports::Report,
        runs::{
            CancelledRun, CommandOutput, ExecutedCommand, Journal, PausedRun, RecordingFile, Replayed, Run, RunSummary, SentSignal,
            Transcript,
        },
        secrets::Secret,
        services::ServiceSet,
        setups::{Setup, SetupRun},
        tools::{ToolApproval, ToolSet},
    },
};
use clap::CommandFactory;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{events, program::Ended};

/// Fails where a document is not what its view would be written as.
type Check = fn(Value);

/// What each command prints with `-o json` when it succeeds.
const VIEWS: &[(&str, Check)] = &[
    ("backlog add", is::<Item>),
    ("backlog edit", is::<Item>),
    ("backlog graph", is::<BacklogGraph>),
    ("backlog import", is::<ImportedItems>),
    ("backlog list", is::<Page<Item>>),
    ("backlog move", is::<MovedItem>),
    ("backlog show", is::<ItemDetails>),
    ("backlog write", is::<WrittenDocuments>),
    ("bindings approve", is::<ApprovedBindings>),
    ("bindings list", is::<BindingList>),
    ("bindings set", is::<ChangedBinding>),
    ("bindings unset", is::<ChangedBinding>),
    ("budget", is::<Page<Budget>>),
    ("budget list", is::<Page<Budget>>),
    ("budget remove", is::<RemovedBudget>),
    ("budget set", is::<Budget>),
    ("costs", is::<Costs>),
    ("decisions", is::<Page<Decision>>),
    ("demo", is::<DemoOutcome>),
    ("doctor", is::<Page<HealthCheck>>),
    ("login", is::<Me>),
    ("logs", is_log),
    ("plugin build", is::<BuiltPlugin>),
    ("plugin check", is::<CheckedPlugin>),
    ("plugin disable", is::<DecidedPlugin>),
    ("plugin enable", is::<DecidedPlugin>),
    ("plugin grant", is::<DecidedPlugin>),
    ("plugin history", is::<Page<PluginDecision>>),
    ("plugin install", is::<InstalledPlugin>),
    ("plugin key new", is::<CreatedKey>),
    ("plugin list", is::<PluginList>),
    ("plugin new", is::<CreatedPlugin>),
    ("plugin pack", is::<Plugin>),
    ("plugin pack-module", is::<PackedModule>),
    ("plugin plan", is::<WorkflowPlan>),
    ("plugin push", is::<PublishedPlugin>),
    ("plugin remove", is::<RemovedPlugin>),
    ("plugin revoke", is::<DecidedPlugin>),
    ("plugin show", is::<PluginDetails>),
    ("plugin sign", is::<SignedPlugin>),
    ("plugin test", is::<TestedPlugin>),
    ("plugin update", is::<Page<PluginUpdate>>),
    ("plugin verify", is::<Plugin>),
    ("project add", is::<AddedProject>),
    ("project autopilot off", is::<AutopilotOff>),
    ("project autopilot on", is::<Autopilot>),
    ("project autopilot status", is::<Autopilot>),
    ("project complete", is::<ChangedProject>),
    ("project environment build", is::<Environment>),
    ("project environment detect", is::<EnvironmentProposal>),
    ("project environment remove", is::<RemovedEnvironment>),
    ("project environment show", is::<Environment>),
    ("project environment test", is::<EnvironmentTest>),
    ("project list", is::<Page<Project>>),
    ("project move", is::<ChangedProject>),
    ("project pause", is::<ChangedProject>),
    ("project remove", is::<RemovedProject>),
    ("project rename", is::<ChangedProject>),
    ("project resume", is::<ChangedProject>),
    ("project services approve", is::<ApprovalStatus<ServiceSet>>),
    ("project services revoke", is::<ApprovalStatus<ServiceSet>>),
    ("project services show", is::<ApprovalStatus<ServiceSet>>),
    ("project setup approve", is::<ApprovalStatus<Setup>>),
    ("project setup revoke", is::<ApprovalStatus<Setup>>),
    ("project setup run", is::<SetupRun>),
    ("project setup show", is::<ApprovalStatus<Setup>>),
    ("project show", is::<ProjectDetails>),
    ("pull-requests close", is::<ChangedPullRequest>),
    ("pull-requests list", is::<Page<PullRequestSummary>>),
    ("pull-requests merge", is::<ChangedPullRequest>),
    ("pull-requests show", is::<PullRequest>),
    ("questions answer", is::<AnsweredQuestion>),
    ("questions list", is::<Page<Question>>),
    ("questions show", is::<Question>),
    ("secret list", is::<Page<Secret>>),
    ("secret remove", is::<Secret>),
    ("secret set", is::<Secret>),
    ("token create", is::<CreatedToken>),
    ("token list", is::<Page<Token>>),
    ("token revoke", is::<Token>),
    ("token rotate-keys", is::<RotatedKeys>),
    ("tools approve", is::<Page<ToolApproval>>),
    ("tools list", is::<Page<ToolSet>>),
    ("report", is::<Report>),
    ("run", is::<Outcome>),
    ("runs cancel", is::<CancelledRun>),
    ("runs fork", is::<Outcome>),
    ("runs journal", is::<Journal>),
    ("runs list", is::<Page<RunSummary>>),
    ("runs output", is_output),
    ("runs pause", is::<PausedRun>),
    ("runs record", is_recording),
    ("runs replay", is::<Replayed>),
    ("runs resume", is::<Outcome>),
    ("runs show", is::<Run>),
    ("runs signal", is::<SentSignal>),
    ("runs transcript", is::<Transcript>),
    ("user add", is::<User>),
    ("user list", is::<Page<User>>),
    ("user password", is::<User>),
    ("user remove", is::<RemovedUser>),
    ("user set", is::<User>),
    ("user show", is::<User>),
    ("version", is::<Versions>),
];

/// Checks what a program printed that was started with `-o json`: on standard output where it succeeded, an error on standard
/// error where it did not.
pub fn check(command: &Command, ended: &Ended) {
    let arguments: Vec<_> = command.get_args().collect();
    let Some(words) = json_command(&arguments) else { return };
    let view = VIEWS.iter().find(|(command, _)| *command == words);
    if ended.code == Some(0)
        && let Some((_, check)) = view
        && !ended.stdout.is_empty()
    {
        check(parsed(&words, &ended.stdout));
    }
    if ended.code.is_some_and(|code| code != 0)
        && ended.stdout.is_empty()
        && let Ok(problem) = serde_json::from_str(&ended.stderr)
    {
        is::<Problem>(problem);
    }
}

/// The words of a command that prints one JSON document, such as `runs list`; none for another program or another form.
fn json_command(arguments: &[&OsStr]) -> Option<String> {
    let arguments = [OsStr::new("baton")].into_iter().chain(arguments.iter().copied());
    let matches = Cli::command().try_get_matches_from(arguments).ok()?;
    let (mut words, mut at) = (Vec::new(), &matches);
    while let Some((name, below)) = at.subcommand() {
        words.push(name);
        at = below;
    }
    let is_json = at.get_raw("output").into_iter().flatten().any(|value| value == "json");
    let follows = at.try_get_raw("follow").ok().flatten().is_some() && at.get_flag("follow");
    (is_json && !follows).then(|| words.join(" "))
}

fn parsed(words: &str, text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("`baton {words} -o json` printed no JSON document ({error}):\n{text}"))
}

fn is_log(document: Value) {
    is::<Page<Event>>(document.clone());
    let page: Page<Event> = serde_json::from_value(document).unwrap();
    page.items.iter().for_each(|event| events::check(event.category, &event.name, &event.data));
}

/// The commands of a run, or what one of them printed.
fn is_output(document: Value) {
    if document["items"].is_array() { is::<Page<ExecutedCommand>>(document) } else { is::<CommandOutput>(document) }
}

/// Where a recording was written to, or the recording itself, which is a document of its own format.
fn is_recording(document: Value) {
    if document["file"].is_string() {
        is::<RecordingFile>(document);
    }
}

fn is<T: Serialize + DeserializeOwned>(document: Value) {
    let name = std::any::type_name::<T>();
    let view: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("not a {name} ({error}):\n{document:#}"));
    assert_eq!(serde_json::to_value(view).unwrap(), document, "{name}");
}
