//! The options that calls take by name, written as the contract wants them. Each module says what its options mean.

use serde::Serialize;
use serde_json::Value;

use crate::bindings::host::baton::plugin::types::OptionValue;

/// How a child run is started: for [`agents::perform_with`](crate::agents::perform_with),
/// [`agents::begin_with`](crate::agents::begin_with) and [`workflows::start_with`](crate::workflows::start_with).
///
/// ```
/// # use baton_sdk::{prelude::*, testing::Host};
/// /// Has an agent write documentation on a branch of its own, and nothing else, for at most an hour.
/// fn document(branch: &str) -> Result<String> {
///     let options = ChildOptions::new()
///         .in_worktree(git::worktree_add(branch, "main")?)
///         .within(&json!({ "models": ["*"], "read": ["**"], "write": ["docs/**"], "git": ["commit"] }))
///         .with_timeout_ms(60 * 60 * 1000);
///     Ok(agents::perform_with("mary", &Task::new("Document the code."), &options)?.summary)
/// }
/// # let host = Host::new().with_repository().with_agent("mary", |_| {
/// #     files::write("docs/a.md", "A")?;
/// #     assert_eq!(files::write("src/a.rs", "A").unwrap_err().subject.as_deref(), Some("write=src/a.rs"));
/// #     Ok(Report::new("", git::commit("Document", None)?.map_or("nothing", |_| "documented it")))
/// # });
/// # assert_eq!(host.inside(|| document("docs/1")), Ok("documented it".to_owned()));
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChildOptions {
    worktree: Option<String>,
    item: Option<String>,
    within: Option<Value>,
    timeout_ms: Option<u32>,
}

impl ChildOptions {
    /// In the caller's workspace, with all that the child may do for its caller, for as long as it takes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Works in a worktree, by its name, instead of the caller's own workspace.
    #[must_use]
    pub fn in_worktree(mut self, worktree: impl Into<String>) -> Self {
        self.worktree = Some(worktree.into());
        self
    }

    /// Is for an item of the backlog, by its key, instead of the caller's own. By the item's labels operators bind plugins to
    /// slots. Needs `backlog = ["read"]`.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// fn develop(story: &str) -> Result<String> {
    ///     let task = Task::new(backlog::get(story)?.draft.title);
    ///     Ok(agents::perform_with("developer", &task, &ChildOptions::new().for_item(story))?.summary)
    /// }
    /// # let draft = backlog::Draft::new(backlog::Kind::Story, "1-1", "Log in");
    /// # let host = Host::new().with_item(draft, backlog::Status::Todo).with_agent("developer", |task| Ok(Report::new("", &task.goal)));
    /// # assert_eq!(host.inside(|| develop("1-1")), Ok("Log in".to_owned()));
    /// # let ghost = ChildOptions::new().for_item("ghost");
    /// # let refused = host.inside(|| agents::perform_with("developer", &Task::new("x"), &ghost)).unwrap_err();
    /// # assert_eq!(refused.kind, ErrorKind::NotFound);
    /// # let blind = Host::new().granting("agents", "developer");
    /// # let denied = blind.inside(|| agents::perform_with("developer", &Task::new("x"), &ghost)).unwrap_err();
    /// # assert_eq!(denied.kind, ErrorKind::Denied);
    /// ```
    #[must_use]
    pub fn for_item(mut self, item: impl Into<String>) -> Self {
        self.item = Some(item.into());
        self
    }

    /// Narrows what the child and all below it may do: an object with the patterns of each kind. A kind that it does not name
    /// is not allowed. `invalid` for more than the caller's own.
    #[must_use]
    pub fn within(mut self, narrowing: &Value) -> Self {
        self.within = Some(narrowing.clone());
        self
    }

    /// The longest time to wait, at least 1 ms. Then the child is cancelled, and the error is `timed-out`. Only
    /// [`agents::perform_with`](crate::agents::perform_with) waits by itself; for what the others give, use
    /// [`Pending::wait_until`](crate::waits::Pending::wait_until).
    #[must_use]
    pub fn with_timeout_ms(mut self, timeout_ms: u32) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }

    pub(crate) fn written(&self) -> Vec<OptionValue> {
        let worktree = self.worktree.as_ref().map(|worktree| option("worktree", worktree));
        let item = self.item.as_ref().map(|item| option("item", item));
        let within = self.within.as_ref().map(|within| option("within", within));
        let timeout_ms = self.timeout_ms.map(|timeout_ms| option("timeout-ms", &timeout_ms));
        [worktree, item, within, timeout_ms].into_iter().flatten().collect()
    }
}

/// An option by its name. A value that is JSON without fail: text, numbers and lists of them.
pub(crate) fn option(name: &str, value: &impl Serialize) -> OptionValue {
    let value = serde_json::json!(value).to_string();
    OptionValue { name: name.to_owned(), value }
}
