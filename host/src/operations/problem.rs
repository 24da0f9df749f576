//! Why an operation did not do what it was asked, in one form for every skin: derived from the typed errors below, so that an
//! exit code and an HTTP status follow from the kind. Parses no sentence.

use std::{borrow::Cow, error::Error, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::{
        AppError, ApprovalError, FolderError,
        distribution::{DistributionError, NoReference},
        environment::BuildError,
    },
    config::ConfigError,
    errors::{Hint, StorageError},
    interfaces::{
        backlog::{BacklogError, Refusal},
        forge::ForgeError,
        llm::providers,
        people::QuestionsError,
        published::PublishError,
        sandbox::EngineError,
        settings::SettingsError,
        signals::SignalError,
    },
    kernel::{
        KernelError, engine, granting::GrantError, package::PackageError, projects, recording::RecordingError, registry::RegistryError,
        signature::SignatureError, slots::BindingError,
    },
    secrets::SecretError,
};

/// What kind of problem it is: all that a caller has to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// What was named is not there.
    NotFound,
    /// The request makes no sense as it is.
    Invalid,
    /// What is there does not allow it now.
    Conflict,
    /// Whoever asks may not.
    Forbidden,
    /// Something that is needed does not answer, or is not in order; later it may be.
    Unavailable,
    /// A limit is reached.
    Exhausted,
    /// A mistake of Baton's own, or one that nobody foresaw.
    Internal,
}

/// Where the cause lies: a request is worth repeating where it does not lie with the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemSource {
    /// With what was asked.
    Client,
    /// With this host, or with what its operator set.
    Host,
    /// With a model's provider.
    Model,
    /// With a plugin.
    Plugin,
    /// With the engine that executes commands.
    Engine,
    /// With the database.
    Database,
}

/// Why an operation did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Its kind.
    pub kind: ProblemKind,
    /// A word for programs, such as `run_not_found`. More come with time.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// What is wrong, a sentence.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The field of the request that is meant, or the argument of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Where the cause lies.
    pub source: ProblemSource,
}

use ProblemKind::{Conflict, Exhausted, Forbidden, Internal, Invalid, NotFound, Unavailable};
use ProblemSource::{Client, Database, Engine, Host, Plugin};

/// Codes that Baton itself acts on.
pub mod code {
    /// Another host executes runs in the data directory.
    pub const DATA_IN_USE: &str = "data_in_use";
    /// The command line itself is wrong.
    pub const USAGE: &str = "usage";
    /// The data directory has no data yet.
    pub const NO_DATA: &str = "no_data";
    /// Plugins that a proposal binds are not installed, or do not fit.
    pub const PROPOSAL_UNFIT: &str = "proposal_unfit";
    /// No plugin has the name.
    pub const PLUGIN_NOT_FOUND: &str = "plugin_not_found";
}

impl Problem {
    /// Whether it has this code.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn advise(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same about a field of the request.
    #[must_use]
    pub fn of_field(self, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..self }
    }

    /// Whether the running host holds the data.
    pub fn is_in_use(&self) -> bool {
        self.is(code::DATA_IN_USE)
    }

    /// A problem without a hint and a field.
    pub fn new(kind: ProblemKind, code: &'static str, message: impl Into<String>, source: ProblemSource) -> Self {
        Self { kind, code: code.into(), message: message.into(), hint: None, field: None, source }
    }

    /// A request that makes no sense as it is.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Invalid, "invalid", message, Client)
    }

    /// The problem that an error is, with the messages of it and its causes. Its kind and its hint are those of the first of them
    /// that has one.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        if let Some(problem) = chain(error).find_map(|cause| cause.downcast_ref::<Self>()) {
            return Self { message: message(error), ..problem.clone() };
        }
        let known = chain(error).find_map(classified);
        let (kind, code, source) = known.unwrap_or((Internal, "internal", Host));
        Self { hint: chain(error).find_map(hint), ..Self::new(kind, code, message(error), source) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        self.hint.iter().try_for_each(|hint| write!(formatter, " {hint}"))
    }
}

impl Error for Problem {}

/// What an operation meets on its way, by `?`.
macro_rules! problems_of {
    ($($error:ty),+) => {
        $(impl From<$error> for Problem {
            fn from(error: $error) -> Self {
                Self::of(&error)
            }
        })+
    };
}

problems_of!(
    AppError,
    BuildError,
    EngineError,
    PublishError,
    KernelError,
    BacklogError,
    QuestionsError,
    ForgeError,
    ConfigError,
    StorageError,
    ApprovalError,
    FolderError,
    DistributionError,
    NoReference,
    engine::EngineError,
    BindingError,
    RecordingError,
    SecretError
);

type Class = (ProblemKind, &'static str, ProblemSource);

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    })
}

/// The messages of the error and its causes, each once: some errors contain that of their cause.
fn message(error: &(dyn Error + 'static)) -> String {
    let own = |error: &(dyn Error + 'static)| {
        error.downcast_ref::<Problem>().map_or_else(|| error.to_string(), |problem| problem.message.clone())
    };
    let mut message = own(error);
    for cause in chain(error).skip(1).map(own) {
        if !message.contains(cause.trim_end_matches('.')) {
            message = format!("{}: {cause}", message.trim_end_matches('.'));
        }
    }
    message
}

/// What an error says about what to do, if it is of one of these types. An error that contains another has its hint.
macro_rules! hints_of {
    ($($error:ty),+ $(,)?) => {
        fn hint(error: &(dyn Error + 'static)) -> Option<String> {
            None$(.or_else(|| error.downcast_ref::<$error>().and_then(Hint::hint)))+
        }
    };
}

hints_of!(
    providers::ConfigError,
    AppError,
    ApprovalError,
    BacklogError,
    BindingError,
    BuildError,
    ConfigError,
    DistributionError,
    engine::EngineError,
    FolderError,
    ForgeError,
    GrantError,
    KernelError,
    PackageError,
    projects::Refusal,
    QuestionsError,
    RecordingError,
    RegistryError,
    SecretError,
    SettingsError,
    SignatureError,
    SignalError,
    StorageError,
);

fn classified(error: &(dyn Error + 'static)) -> Option<Class> {
    error
        .downcast_ref()
        .map(of_app)
        .or_else(|| error.downcast_ref().map(of_kernel))
        .or_else(|| error.downcast_ref().map(of_build))
        .or_else(|| error.downcast_ref().map(of_engine))
        .or_else(|| error.downcast_ref().map(of_publishing))
        .or_else(|| error.downcast_ref().map(of_backlog))
        .or_else(|| error.downcast_ref().map(of_questions))
        .or_else(|| error.downcast_ref().map(of_forge))
        .or_else(|| error.downcast_ref::<ConfigError>().map(|_| SETTINGS))
        .or_else(|| error.downcast_ref::<StorageError>().map(|_| STORE))
        .or_else(|| error.downcast_ref().map(of_approval))
        .or_else(|| error.downcast_ref().map(of_folder))
        .or_else(|| error.downcast_ref().map(of_distribution))
        .or_else(|| error.downcast_ref::<NoReference>().map(|_| (Invalid, "reference_invalid", Client)))
        .or_else(|| error.downcast_ref::<engine::EngineError>().map(|_| (Unavailable, "host_unavailable", Host)))
        .or_else(|| error.downcast_ref().map(of_binding))
        .or_else(|| error.downcast_ref::<RecordingError>().map(|_| RECORDING))
        .or_else(|| error.downcast_ref().map(of_secret))
}

/// The host works again once its operator has mended what was set.
const SETTINGS: Class = (Unavailable, "settings_invalid", Host);
const RECORDING: Class = (Invalid, "recording_invalid", Client);
const STORE: Class = (Unavailable, "store_unavailable", Database);

fn of_app(error: &AppError) -> Class {
    match error {
        error if error.is_held() => (Conflict, code::DATA_IN_USE, Host),
        error if error.is_absent() => (NotFound, code::NO_DATA, Host),
        AppError::Config(_) | AppError::Models(_) | AppError::Forge(_) => SETTINGS,
        AppError::Store(_) | AppError::Storage(_) => STORE,
        AppError::Engine(_) | AppError::Bundled { .. } | AppError::Threads(_) => (Internal, "internal", Host),
        AppError::Checkout(_) => (Conflict, "checkout_unfit", Client),
        AppError::Kernel(error) => of_kernel(error),
    }
}

fn of_build(error: &BuildError) -> Class {
    match error {
        BuildError::Proposal(_) => (Invalid, "environment_invalid", Client),
        BuildError::Engine(error) => of_engine(error),
        BuildError::Store(_) => STORE,
        BuildError::Folder(_) => (Unavailable, "folder_unreadable", Host),
    }
}

fn of_engine(error: &EngineError) -> Class {
    match error {
        EngineError::Absent(_) | EngineError::Unavailable(_) => (Unavailable, "engine_unavailable", Engine),
        EngineError::NoImage { .. } => (Unavailable, "image_unavailable", Engine),
        EngineError::Lost(_) | EngineError::CutOff => (Unavailable, "command_lost", Engine),
    }
}

fn of_publishing(error: &PublishError) -> Class {
    match error {
        PublishError::Full => (Exhausted, "too_many_keys", Plugin),
        PublishError::Store(_) => STORE,
    }
}

fn of_kernel(error: &KernelError) -> Class {
    match error {
        KernelError::NoPlugin(_) => (NotFound, code::PLUGIN_NOT_FOUND, Client),
        KernelError::Disabled(_) => (Conflict, "plugin_disabled", Plugin),
        KernelError::Tripped { .. } => (Conflict, "plugin_stopped", Plugin),
        KernelError::NoRun(_) => (NotFound, "run_not_found", Client),
        KernelError::NoRunNamed => (Invalid, "run_not_named", Client),
        KernelError::Unclear { .. } => (Invalid, "run_ambiguous", Client),
        KernelError::WrongState(_) => (Conflict, "wrong_state", Client),
        KernelError::NoProject(_) => (NotFound, "project_not_found", Client),
        KernelError::Project(refusal) => of_project(refusal),
        KernelError::Workspace { .. } => (Invalid, "folder_unfit", Client),
        KernelError::Settings(_) => SETTINGS,
        KernelError::Grant(GrantError::NoPlugin { .. }) => (NotFound, code::PLUGIN_NOT_FOUND, Client),
        KernelError::Grant(_) => (Invalid, "grant_invalid", Client),
        KernelError::Binding(error) => of_binding(error),
        KernelError::Unbound(_) => (Conflict, "slot_unbound", Host),
        KernelError::Signal(error) => of_signal(error),
        KernelError::Recording(_) => RECORDING,
        KernelError::Registry(_) => (Invalid, "plugin_invalid", Plugin),
        KernelError::Engine(_) | KernelError::Shelf(_) => (Unavailable, "host_unavailable", Host),
        KernelError::Store(_) => STORE,
    }
}

fn of_binding(error: &BindingError) -> Class {
    match error {
        BindingError::NoSlot { .. } => (NotFound, "slot_not_found", Client),
        BindingError::ToSlot { .. } | BindingError::NoPlugin { .. } | BindingError::NoTable(_) | BindingError::OfProjects => {
            (Invalid, "binding_invalid", Client)
        }
    }
}

fn of_project(refusal: &projects::Refusal) -> Class {
    match refusal {
        projects::Refusal::Name(_) => (Invalid, "project_name_invalid", Client),
        projects::Refusal::NameTaken(_) => (Invalid, "project_name_taken", Client),
        projects::Refusal::FolderTaken { .. } => (Invalid, "folder_taken", Client),
        projects::Refusal::NotItsFolder { .. } => (Invalid, "folder_of_another_project", Client),
        projects::Refusal::SeveralFolders(_) => (Invalid, "folder_ambiguous", Client),
        projects::Refusal::Unknown(_) => (NotFound, "project_not_found", Client),
        projects::Refusal::Unfinished { .. } | projects::Refusal::Worktrees { .. } => (Conflict, "project_at_work", Client),
        projects::Refusal::Paused(_) => (Conflict, "project_paused", Client),
        projects::Refusal::Completed(_) => (Conflict, "project_completed", Client),
        projects::Refusal::Removed(_) => (Conflict, "project_removed", Client),
    }
}

fn of_signal(error: &SignalError) -> Class {
    match error {
        SignalError::Name(_) => (Invalid, "signal_name_invalid", Client),
        SignalError::TooLarge(_) => (Invalid, "signal_too_large", Client),
        SignalError::NoRun(_) => (NotFound, "run_not_found", Client),
        SignalError::Ended { .. } | SignalError::Cancelling(_) => (Conflict, "wrong_state", Client),
        SignalError::TooMany(_) => (Exhausted, "too_many_signals", Client),
        SignalError::Store(_) => STORE,
    }
}

fn of_backlog(error: &BacklogError) -> Class {
    match error {
        BacklogError::Refused(Refusal::Conflict { .. }) => (Conflict, "item_moved", Client),
        BacklogError::Refused(Refusal::Unknown { .. }) => (NotFound, "item_not_found", Client),
        BacklogError::Refused(_) => (Invalid, "item_invalid", Client),
        BacklogError::Store(_) => STORE,
    }
}

fn of_questions(error: &QuestionsError) -> Class {
    match error {
        QuestionsError::Outside => (Invalid, "asked_outside_of_a_run", Client),
        QuestionsError::TooMany(_) => (Exhausted, "too_many_questions", Client),
        QuestionsError::Unknown(_) => (NotFound, "question_not_found", Client),
        QuestionsError::Answered(_) => (Conflict, "question_answered", Client),
        QuestionsError::Withdrawn(_) => (Conflict, "question_withdrawn", Client),
        QuestionsError::Store(_) => STORE,
    }
}

fn of_forge(error: &ForgeError) -> Class {
    match error {
        ForgeError::Unknown(_) => (NotFound, "pull_request_not_found", Client),
        ForgeError::Invalid(_) => (Invalid, "pull_request_invalid", Client),
        ForgeError::Conflict(_) => (Conflict, "pull_request_conflict", Client),
        ForgeError::Refused(_) => (Unavailable, "forge_refuses", Host),
        ForgeError::Unavailable(_) => (Unavailable, "forge_unavailable", Host),
        ForgeError::Limited { .. } => (Exhausted, "forge_limited", Host),
        ForgeError::Store(_) => STORE,
    }
}

fn of_approval(error: &ApprovalError) -> Class {
    match error {
        ApprovalError::NoTool(_) => (NotFound, "tool_not_found", Client),
        ApprovalError::Unavailable { .. } => (Unavailable, "tools_unavailable", Host),
        ApprovalError::Store(_) => STORE,
    }
}

fn of_folder(error: &FolderError) -> Class {
    match error {
        FolderError::BundledName(_) | FolderError::Bundled(_) => (Conflict, "plugin_bundled", Client),
        FolderError::Reserved(_) | FolderError::FileTaken { .. } => (Conflict, "plugin_name_taken", Client),
        FolderError::IsFolder(_) => (Conflict, "file_unfit", Client),
        FolderError::Folder { .. } => (Unavailable, "file_unusable", Host),
    }
}

fn of_distribution(error: &DistributionError) -> Class {
    match error {
        DistributionError::Absent(_) => (Conflict, "artifact_not_found", Client),
        DistributionError::Unauthorized { .. } => (Forbidden, "registry_unauthorized", Client),
        DistributionError::NoTag(_) => (Conflict, "reference_unfit", Client),
        DistributionError::NoVersions(_) => (Conflict, "no_versions", Client),
        DistributionError::NotPlugin { .. } | DistributionError::TooLarge { .. } => (Conflict, "plugin_rejected", Plugin),
        DistributionError::Unreachable { .. }
        | DistributionError::Slow { .. }
        | DistributionError::Refused { .. }
        | DistributionError::Nonsense { .. }
        | DistributionError::Digest { .. }
        | DistributionError::Redirected { .. } => (Unavailable, "registry_unavailable", Host),
    }
}

fn of_secret(error: &SecretError) -> Class {
    match error {
        SecretError::Name(_) | SecretError::Value(_) => (Invalid, "secret_invalid", Client),
        SecretError::NoKey { .. }
        | SecretError::OpenKey(_)
        | SecretError::BadKey(_)
        | SecretError::Sealed(_)
        | SecretError::Damaged { .. }
        | SecretError::File { .. } => (Unavailable, "secrets_unavailable", Host),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_problem_has_the_kind_of_its_first_known_cause_and_says_all() {
        let error = anyhow::Error::new(KernelError::NoRun("x".to_owned())).context("The run cannot be shown.");
        let problem = Problem::of(error.as_ref());
        assert_eq!((problem.kind, &*problem.code, problem.source), (NotFound, "run_not_found", Client));
        assert_eq!(problem.message, "The run cannot be shown: Run `x` does not exist.");
        assert_eq!(problem.hint.as_deref(), Some("`baton runs list` lists the runs."));
        let unknown = Problem::of(&io::Error::other("the disk is full"));
        assert_eq!((unknown.kind, &*unknown.code, &*unknown.message), (Internal, "internal", "the disk is full"));
        let nested = AppError::Kernel(KernelError::Project(projects::Refusal::Paused("shop".to_owned())));
        let paused = Problem::of(&nested);
        assert_eq!((&*paused.code, &*paused.message), ("project_paused", "Project `shop` is paused: no run starts or continues in it."));
        assert_eq!(paused.hint.as_deref(), Some("Resume it with `baton project resume shop`."));
    }

    #[test]
    fn a_problem_below_other_words_keeps_its_hint() {
        let problem = Problem { hint: Some("Give one.".to_owned()), ..Problem::invalid("It is empty.") };
        assert_eq!(Problem::of(&problem), problem);
        let outer = Problem::of(anyhow::Error::new(problem.clone()).context("The answer is not taken.").as_ref());
        assert_eq!(outer, Problem { message: "The answer is not taken: It is empty.".to_owned(), ..problem });
        let stored = StorageError::read("the runs", "It is gone.").advise(Some("Restore it.".to_owned()));
        let stored = Problem::of(&KernelError::from(stored));
        assert_eq!((&*stored.message, stored.hint.as_deref()), ("Cannot read the runs: It is gone.", Some("Restore it.")));
    }

    #[test]
    fn a_cause_is_said_once() {
        let cause = || io::Error::other("the disk is full");
        let said = |context: &'static str| message(anyhow::Error::new(cause()).context(context).as_ref());
        assert_eq!(said("It failed."), "It failed: the disk is full");
        assert_eq!(said("It failed: the disk is full."), "It failed: the disk is full.");
    }

    #[test]
    fn a_problem_reads_back_as_it_was_written() {
        let problem = Problem { field: Some("answer".to_owned()), hint: Some("Give one.".to_owned()), ..Problem::invalid("It is empty.") };
        let written = json!({
            "kind": "invalid", "code": "invalid", "message": "It is empty.", "hint": "Give one.", "field": "answer", "source": "client",
        });
        assert_eq!(serde_json::to_value(&problem).unwrap(), written);
        assert_eq!(serde_json::from_value::<Problem>(written).unwrap(), problem);
        assert_eq!(problem.to_string(), "It is empty. Give one.");
    }
}
