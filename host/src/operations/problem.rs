//! Why an operation did not do what it was asked, in one form for every skin: derived from the typed errors below, so that an
//! exit code and an HTTP status follow from the kind. Parses no sentence.

use std::{borrow::Cow, error::Error, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::AccountError,
    app::{
        AppError, ApprovalError, FolderError,
        distribution::{DistributionError, NoReference},
        environment::BuildError,
    },
    config::ConfigError,
    errors::{Hint, StorageError},
    interfaces::{
        backlog::{BacklogError, Link, Refusal},
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
    /// Nobody knows who asks.
    Unauthenticated,
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
    /// After how many seconds the same request may be answered otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u64>,
}

use ProblemKind::{Conflict, Exhausted, Forbidden, Internal, Invalid, NotFound, Unavailable};
use ProblemSource::{Client, Database, Engine, Host, Plugin};

/// Codes that Baton itself acts on.
pub mod code {
    /// Another host executes runs in the data directory.
    pub const DATA_IN_USE: &str = "data_in_use";
    /// The command line itself is wrong.
    pub const USAGE: &str = "usage";
    /// Somebody has to confirm it first.
    pub const CONFIRMATION_NEEDED: &str = "confirmation_needed";
    /// The input of a run does not fit what its plugin takes.
    pub const INPUT_UNFIT: &str = "input_unfit";
    /// The data directory has no data yet.
    pub const NO_DATA: &str = "no_data";
    /// Plugins that a proposal binds are not installed, or do not fit.
    pub const PROPOSAL_UNFIT: &str = "proposal_unfit";
    /// No plugin has the name.
    pub const PLUGIN_NOT_FOUND: &str = "plugin_not_found";
    /// A folder belongs to a project already.
    pub const FOLDER_TAKEN: &str = "folder_taken";
    /// A file or directory that was named does not exist.
    pub const FILE_NOT_FOUND: &str = "file_not_found";
    /// A file or directory that was named cannot be read.
    pub const FILE_UNREADABLE: &str = "file_unreadable";
    /// A file cannot be written where it was to be.
    pub const FILE_UNWRITABLE: &str = "file_unwritable";
}

impl Problem {
    /// Whether it has this code.
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// The same, to be repeated after so many seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// Whether the running host holds the data.
    pub fn is_in_use(&self) -> bool {
        self.is(code::DATA_IN_USE)
    }

    /// A problem without a hint and a field.
    pub fn new(kind: ProblemKind, code: &'static str, message: impl Into<String>, source: ProblemSource) -> Self {
        Self { kind, code: code.into(), message: message.into(), hint: None, field: None, source, retry_after_s: None }
    }

    /// A request whose `field` makes no sense as it is.
    pub fn invalid(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Invalid, code, message, Client).of_field(field)
    }

    /// Something that the request names does not exist.
    pub fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(NotFound, code, message, Client)
    }

    /// The state of what is named does not allow it now.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Conflict, code, message, Client)
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn advise(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same with the field of the request that is meant.
    #[must_use]
    pub fn of_field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// The problem that an error is, with the messages of it and its causes. Its kind and its hint are those of the first of them
    /// that has one.
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        if let Some(problem) = chain(error).find_map(|cause| cause.downcast_ref::<Self>()) {
            return Self { message: message(error), ..problem.clone() };
        }
        let known = chain(error).find_map(classified);
        let (kind, code, source, field) = known.unwrap_or(class(Internal, "internal", Host));
        let (hint, field) = (chain(error).find_map(hint), field.map(str::to_owned));
        Self { hint, field, ..Self::new(kind, code, message(error), source) }
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
    AccountError,
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

/// What is known of an error by its type alone. The field is that which requests call what the error is about.
type Class = (ProblemKind, &'static str, ProblemSource, Option<&'static str>);

/// The class of an error that no field of the request caused.
const fn class(kind: ProblemKind, code: &'static str, source: ProblemSource) -> Class {
    (kind, code, source, None)
}

/// The class of an error about one field of the request.
const fn about(kind: ProblemKind, code: &'static str, field: &'static str) -> Class {
    (kind, code, Client, Some(field))
}

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
    AccountError,
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
        .or_else(|| error.downcast_ref::<NoReference>().map(|_| about(Invalid, "reference_invalid", "reference")))
        .or_else(|| error.downcast_ref::<engine::EngineError>().map(|_| class(Unavailable, "host_unavailable", Host)))
        .or_else(|| error.downcast_ref().map(of_binding))
        .or_else(|| error.downcast_ref::<RecordingError>().map(|_| RECORDING))
        .or_else(|| error.downcast_ref().map(of_secret))
        .or_else(|| error.downcast_ref().map(of_account))
}

/// The host works again once its operator has mended what was set.
const SETTINGS: Class = class(Unavailable, "settings_invalid", Host);
const RECORDING: Class = about(Invalid, "recording_invalid", "recording");
const STORE: Class = class(Unavailable, "store_unavailable", Database);

fn of_app(error: &AppError) -> Class {
    match error {
        error if error.is_held() => class(Conflict, code::DATA_IN_USE, Host),
        error if error.is_absent() => class(NotFound, code::NO_DATA, Host),
        AppError::Config(_) | AppError::Models(_) | AppError::Forge(_) => SETTINGS,
        AppError::Store(_) | AppError::Storage(_) => STORE,
        AppError::Engine(_) | AppError::Bundled { .. } | AppError::Threads(_) => class(Internal, "internal", Host),
        AppError::Checkout(_) => about(Conflict, "checkout_unfit", "workspace"),
        AppError::Kernel(error) => of_kernel(error),
    }
}

fn of_build(error: &BuildError) -> Class {
    match error {
        BuildError::Proposal(_) => about(Invalid, "environment_invalid", "project"),
        BuildError::Engine(error) => of_engine(error),
        BuildError::Store(_) => STORE,
        BuildError::Folder(_) => class(Unavailable, "folder_unreadable", Host),
    }
}

fn of_engine(error: &EngineError) -> Class {
    match error {
        EngineError::Absent(_) | EngineError::Unavailable(_) => class(Unavailable, "engine_unavailable", Engine),
        EngineError::NoImage { .. } => class(Unavailable, "image_unavailable", Engine),
        EngineError::Lost(_) | EngineError::CutOff => class(Unavailable, "command_lost", Engine),
    }
}

fn of_publishing(error: &PublishError) -> Class {
    match error {
        PublishError::Full => class(Exhausted, "too_many_keys", Plugin),
        PublishError::Store(_) => STORE,
    }
}

fn of_kernel(error: &KernelError) -> Class {
    match error {
        KernelError::NoPlugin(_) => about(NotFound, code::PLUGIN_NOT_FOUND, "plugin"),
        KernelError::Disabled(_) => class(Conflict, "plugin_disabled", Plugin),
        KernelError::Tripped { .. } => class(Conflict, "plugin_stopped", Plugin),
        KernelError::NoRun(_) => about(NotFound, "run_not_found", "run"),
        KernelError::NoRunNamed => about(Invalid, "run_not_named", "run"),
        KernelError::Unclear { .. } => about(Invalid, "run_ambiguous", "run"),
        KernelError::RejectsInput { .. } => about(Conflict, "input_rejected", "run"),
        KernelError::WrongState(_) => about(Conflict, "wrong_state", "run"),
        KernelError::NoProject(_) => about(NotFound, "project_not_found", "project"),
        KernelError::Project(refusal) => of_project(refusal),
        KernelError::Workspace { .. } => about(Invalid, "folder_unfit", "folder"),
        KernelError::Settings(_) => SETTINGS,
        KernelError::Grant(GrantError::NoPlugin(_)) => about(NotFound, code::PLUGIN_NOT_FOUND, "plugin"),
        KernelError::Grant(_) => about(Invalid, "grant_invalid", "capabilities"),
        KernelError::Binding(error) => of_binding(error),
        KernelError::Unbound(_) => class(Conflict, "slot_unbound", Host),
        KernelError::Signal(error) => of_signal(error),
        KernelError::Recording(_) => RECORDING,
        KernelError::Registry(_) => class(Invalid, "plugin_invalid", Plugin),
        KernelError::Engine(_) | KernelError::Shelf(_) => class(Unavailable, "host_unavailable", Host),
        KernelError::Store(_) => STORE,
    }
}

fn of_binding(error: &BindingError) -> Class {
    match error {
        BindingError::NoSlot { .. } => about(NotFound, "slot_not_found", "slot"),
        BindingError::ToSlot { .. } | BindingError::NoPlugin { .. } | BindingError::NoTable(_) | BindingError::OfProjects => {
            about(Invalid, "binding_invalid", "plugin")
        }
    }
}

fn of_project(refusal: &projects::Refusal) -> Class {
    match refusal {
        projects::Refusal::Name(_) => about(Invalid, "project_name_invalid", "name"),
        projects::Refusal::NameTaken(_) => about(Invalid, "project_name_taken", "name"),
        projects::Refusal::FolderTaken { .. } => about(Invalid, code::FOLDER_TAKEN, "folder"),
        projects::Refusal::NotItsFolder { .. } => about(Invalid, "folder_of_another_project", "from"),
        projects::Refusal::SeveralFolders(_) => about(Invalid, "folder_ambiguous", "from"),
        projects::Refusal::Unknown(_) => about(NotFound, "project_not_found", "project"),
        projects::Refusal::Unfinished { .. } | projects::Refusal::Worktrees { .. } => about(Conflict, "project_at_work", "project"),
        projects::Refusal::Paused(_) => about(Conflict, "project_paused", "project"),
        projects::Refusal::Completed(_) => about(Conflict, "project_completed", "project"),
        projects::Refusal::Removed(_) => about(Conflict, "project_removed", "project"),
    }
}

fn of_signal(error: &SignalError) -> Class {
    match error {
        SignalError::Name(_) => about(Invalid, "signal_name_invalid", "name"),
        SignalError::TooLarge(_) => about(Invalid, "signal_too_large", "value"),
        SignalError::NoRun(_) => about(NotFound, "run_not_found", "run"),
        SignalError::Ended { .. } | SignalError::Cancelling(_) => about(Conflict, "wrong_state", "run"),
        SignalError::TooMany(_) => about(Exhausted, "too_many_signals", "run"),
        SignalError::Store(_) => STORE,
    }
}

fn of_backlog(error: &BacklogError) -> Class {
    match error {
        BacklogError::Refused(Refusal::Conflict { .. }) => about(Conflict, "item_moved", "key"),
        BacklogError::Refused(Refusal::Unknown { .. }) => about(NotFound, "item_not_found", "key"),
        BacklogError::Refused(refusal) => (Invalid, "item_invalid", Client, field_of_item(refusal)),
        BacklogError::Store(_) => STORE,
    }
}

/// The field of an item that a refusal is about; none where it is about all of them together.
fn field_of_item(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Key(_) | Refusal::Twice(_) | Refusal::Unknown { .. } | Refusal::Conflict { .. } => Some("key"),
        Refusal::Line { what, .. } => Some(*what),
        Refusal::Body(_) => Some("body"),
        Refusal::After { .. } | Refusal::Cycle(_) => Some("after"),
        Refusal::Priority { .. } => Some("priority"),
        Refusal::Label(_) | Refusal::LabelTwice { .. } | Refusal::Labels { .. } => Some("labels"),
        Refusal::Belongs { .. } => Some("parent"),
        Refusal::Missing { link: Link::After, .. } => Some("after"),
        Refusal::Missing { link: Link::Parent, .. } => Some("parent"),
        Refusal::Reason => Some("reason"),
        Refusal::TooMany(_) | Refusal::TooLarge(_) => None,
    }
}

fn of_questions(error: &QuestionsError) -> Class {
    match error {
        QuestionsError::Outside => class(Invalid, "asked_outside_of_a_run", Client),
        QuestionsError::TooMany(_) => class(Exhausted, "too_many_questions", Client),
        QuestionsError::Unknown(_) => about(NotFound, "question_not_found", "question"),
        QuestionsError::Answered(_) => about(Conflict, "question_answered", "question"),
        QuestionsError::Withdrawn(_) => about(Conflict, "question_withdrawn", "question"),
        QuestionsError::Store(_) => STORE,
    }
}

fn of_forge(error: &ForgeError) -> Class {
    match error {
        ForgeError::Unknown(_) => about(NotFound, "pull_request_not_found", "number"),
        ForgeError::Invalid(_) => about(Invalid, "pull_request_invalid", "number"),
        ForgeError::Conflict(_) => about(Conflict, "pull_request_conflict", "number"),
        ForgeError::Refused(_) => class(Unavailable, "forge_refuses", Host),
        ForgeError::Unavailable(_) => class(Unavailable, "forge_unavailable", Host),
        ForgeError::Limited { .. } => class(Exhausted, "forge_limited", Host),
        ForgeError::Store(_) => STORE,
    }
}

fn of_approval(error: &ApprovalError) -> Class {
    match error {
        ApprovalError::NoTool(_) => about(NotFound, "tool_not_found", "tools"),
        ApprovalError::Unavailable { .. } => class(Unavailable, "tools_unavailable", Host),
        ApprovalError::Store(_) => STORE,
    }
}

fn of_folder(error: &FolderError) -> Class {
    match error {
        FolderError::BundledName(_) | FolderError::Bundled(_) => about(Conflict, "plugin_bundled", "plugin"),
        FolderError::Reserved(_) | FolderError::FileTaken { .. } => about(Conflict, "plugin_name_taken", "plugin"),
        FolderError::IsFolder(_) => about(Conflict, "file_unfit", "plugin"),
        FolderError::Folder { .. } => class(Unavailable, "file_unusable", Host),
    }
}

fn of_distribution(error: &DistributionError) -> Class {
    match error {
        DistributionError::Absent(_) => about(NotFound, "artifact_not_found", "reference"),
        DistributionError::Unauthorized { .. } => about(Forbidden, "registry_unauthorized", "reference"),
        DistributionError::NoTag(_) => about(Invalid, "reference_unfit", "reference"),
        DistributionError::NoVersions(_) => about(NotFound, "no_versions", "reference"),
        DistributionError::NotPlugin { .. } | DistributionError::TooLarge { .. } => class(Conflict, "plugin_rejected", Plugin),
        DistributionError::Unreachable { .. }
        | DistributionError::Slow { .. }
        | DistributionError::Refused { .. }
        | DistributionError::Nonsense { .. }
        | DistributionError::Digest { .. }
        | DistributionError::Redirected { .. } => class(Unavailable, "registry_unavailable", Host),
    }
}

fn of_secret(error: &SecretError) -> Class {
    match error {
        SecretError::Name(_) => about(Invalid, "secret_invalid", "name"),
        SecretError::Value(_) => about(Invalid, "secret_invalid", "value"),
        SecretError::NoKey { .. }
        | SecretError::OpenKey(_)
        | SecretError::BadKey(_)
        | SecretError::Sealed(_)
        | SecretError::Damaged { .. }
        | SecretError::File { .. } => class(Unavailable, "secrets_unavailable", Host),
    }
}

fn of_account(error: &AccountError) -> Class {
    match error {
        AccountError::UserName(_) => (Invalid, "user_name_invalid", Client, Some("name")),
        AccountError::TokenName(_) => (Invalid, "token_name_invalid", Client, Some("name")),
        AccountError::Password(_) => (Invalid, "password_invalid", Client, Some("password")),
        AccountError::NameTaken(_) => (Conflict, "user_name_taken", Client, Some("name")),
        AccountError::NoUser(_) => (NotFound, "user_not_found", Client, Some("user")),
        AccountError::LastAdmin(_) => (Conflict, "last_admin", Client, None),
        AccountError::NoToken(_) => (NotFound, "token_not_found", Client, Some("token")),
        AccountError::TokenNameTaken(_) => (Conflict, "token_name_taken", Client, Some("name")),
        AccountError::TooManyTokens(_) => (Exhausted, "too_many_tokens", Client, None),
        AccountError::NoSetup => (Forbidden, "setup_link_invalid", Client, None),
        AccountError::Busy => (Exhausted, "logins_busy", Host, None),
        AccountError::Hashing(_) => (Internal, "internal", Host, None),
        AccountError::Store(_) => STORE,
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
        assert_eq!(problem.field.as_deref(), Some("run"));
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
        let problem = Problem::invalid("answer_empty", "answer", "It is empty.").advise("Give one.");
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
        let problem = Problem::invalid("answer_empty", "answer", "It is empty.").advise("Give one.");
        let written = json!({
            "kind": "invalid", "code": "answer_empty", "message": "It is empty.", "hint": "Give one.", "field": "answer", "source": "client",
        });
        assert_eq!(serde_json::to_value(&problem).unwrap(), written);
        assert_eq!(serde_json::from_value::<Problem>(written).unwrap(), problem);
        assert_eq!(problem.to_string(), "It is empty. Give one.");
    }
}
