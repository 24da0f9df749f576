//! Finds the set a tool belongs to by the tool's name, and lists what a run may see: what was granted, in the form in
//! which it was granted. Calls no tool.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    TOOLS,
    forms::Pins,
    text::escape_name,
    toolbox::Toolbox,
    toolset::{Toolset, for_the_operator, full_name, split, unasked},
};
use crate::{
    errors::{Hint, StorageError},
    interfaces::{
        children::Children,
        toolboxes::{Declared, Form, Roster, Toolboxes},
    },
    journal::{Authority, CallError, Capability, ErrorKind, Needed, Performed, Wait},
};

/// Names that are shown to somebody who named another.
const MOST_NEAR: usize = 3;
/// How much of a name has to agree, from 0 to 1.
const NEAR: f64 = 0.8;

/// The operator's tool servers by name.
pub type Servers = BTreeMap<String, Arc<dyn Toolset>>;

/// Where all tools of one run are.
pub struct Shelf {
    /// The host's own, whose names have no dot.
    pub builtin: Arc<dyn Toolset>,
    /// The operator's servers. They come before toolboxes, which cannot take their names.
    pub servers: Arc<Servers>,
    /// The installed toolboxes.
    pub toolboxes: Arc<dyn Toolboxes>,
    /// Starts toolboxes.
    pub children: Arc<dyn Children>,
    /// Knows in which form tools were granted.
    pub pins: Arc<dyn Pins>,
    /// The plugin that the run executes.
    pub plugin: String,
}

/// A tool whose set is known.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) toolset: Arc<dyn Toolset>,
    /// The tool's name in its set.
    pub(super) tool: String,
}

impl Shelf {
    /// The set that a tool of this name belongs to, whether it has the tool or not.
    pub(super) fn locate(&self, name: &str) -> Ready {
        let (set, tool) = split(name);
        Ready { toolset: self.set(set), tool: tool.to_owned() }
    }

    /// Why there can be no tool of this name, as far as that is known without starting anything.
    pub(super) async fn absent(&self, name: &str) -> Option<CallError> {
        let (set, _) = split(name);
        if set.is_empty() {
            let own = self.builtin.tools().await.ok()?;
            return own.find(name).is_none().then(|| self.unknown(name, &own));
        }
        let sets = self.sets();
        if sets.iter().any(|known| known == set) {
            return None;
        }
        let near = near("", set, sets.iter().map(String::as_str));
        Some(CallError::not_found(format!(
            "There is no toolbox and no tool server `{}`.{near} `baton tools list` lists all tools.",
            escape_name(set)
        )))
    }

    /// What a tool says of itself, if the run may see it in this form. Otherwise what comes of its call: a set that cannot
    /// be asked pauses the run.
    pub(super) async fn declared<A>(&self, name: &str, ready: &Ready) -> Result<Declared, Performed<A>> {
        let roster = match ready.toolset.tools().await {
            Ok(roster) => roster,
            Err(error) => return Err(unasked(ready.toolset.as_ref(), error).await),
        };
        self.admit_tool(name, ready, &roster).await.map_err(|error| Performed::answer(Err(error)))
    }

    async fn admit_tool(&self, name: &str, ready: &Ready, roster: &Roster) -> Result<Declared, CallError> {
        if let Some(tool) = roster.find(&ready.tool) {
            if let Some(form) = roster.forms.get(&ready.tool) {
                self.check_form(name, form).await?;
            }
            return Ok(tool.clone());
        }
        Err(match roster.objection(&ready.tool) {
            Some(objection) => CallError::unavailable(format!(
                "The tool `{}` is quarantined for its `{}`: {} `baton tools list` lists all that is quarantined.",
                escape_name(name),
                objection.field,
                objection.reason
            )),
            None => self.unknown(name, roster),
        })
    }

    /// What the run may call, sorted by name. A set that cannot be asked holds up the run: without its tools a plugin would go
    /// on with less than it was granted, or fail for a reason that is not the cause. A tool that changed since it was granted
    /// is left out; the operator's log says so.
    pub(super) async fn available(&self, authority: &dyn Authority) -> Result<Vec<Declared>, Performed<Vec<Declared>>> {
        let mut names = vec![String::new()];
        names.extend(self.sets());
        names.retain(|name| name.is_empty() || authority.may_allow_below(TOOLS.word, &format!("{name}.")));
        let asked = names.iter().map(|name| async move {
            let set = self.set(name);
            let roster = set.tools().await;
            let lacking = if roster.is_err() { set.lacking().await } else { None };
            (name, roster, lacking)
        });
        let (mut available, mut forms, mut problems, mut lacks) = (Vec::new(), BTreeMap::new(), Vec::new(), Vec::new());
        for (set, roster, lacking) in futures::future::join_all(asked).await {
            match roster {
                Ok(roster) => {
                    for tool in &roster.tools {
                        let name = full_name(set, &tool.name).into_owned();
                        roster.forms.get(&tool.name).map(|form| forms.insert(name.clone(), form.clone()));
                        available.push(Declared { name, ..tool.clone() });
                    }
                }
                // It was removed since its name was listed.
                Err(CallError { kind: ErrorKind::NotFound, .. }) => {}
                Err(error) => match lacking {
                    Some(lacking) => lacks.push(Needed { reason: error.to_string(), ..lacking }),
                    None => problems.push(error.to_string()),
                },
            }
        }
        if !problems.is_empty() {
            problems.extend(lacks.into_iter().map(|lacking| lacking.reason));
            return Err(Performed::Paused { pause: for_the_operator(&problems.join(" ")), happened: false });
        }
        // Each is needed: when one has come, the others are waited for.
        if let Some(lacking) = lacks.into_iter().next() {
            return Err(Performed::Waiting(Wait::Needed(lacking)));
        }
        available.retain(|tool| authority.decide(&Capability::new(TOOLS.word, tool.name.as_str())).is_ok());
        forms.retain(|name, _| available.iter().any(|tool| tool.name == *name));
        let changed = self.list_changed_tools(forms).await;
        available.retain(|tool| !changed.contains(&tool.name));
        available.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(available)
    }

    /// The names of tools that are not as they were when they were granted. Keeps the form of those that are seen first.
    async fn list_changed_tools(&self, mut forms: BTreeMap<String, Form>) -> Vec<String> {
        if forms.is_empty() {
            return Vec::new();
        }
        let all = || forms.keys().cloned().collect::<Vec<_>>();
        let pinned = match self.pins.load_pinned(&self.plugin).await {
            Ok(pinned) => pinned,
            Err(error) => {
                tracing::warn!(%error, "tools of servers are left out");
                return all();
            }
        };
        let changed: Vec<_> =
            forms.iter().filter(|(name, form)| pinned.get(*name).is_some_and(|pin| pin != *form)).map(|(name, _)| name.clone()).collect();
        for tool in &changed {
            tracing::warn!(
                tool,
                plugin = self.plugin,
                "the tool has changed since it was granted and is left out; `baton tools list` tells more"
            );
        }
        forms.retain(|name, _| !pinned.contains_key(name));
        if forms.is_empty() {
            return changed;
        }
        let names: Vec<_> = forms.keys().cloned().collect();
        match self.pins.pin(&self.plugin, forms.into_iter().collect()).await {
            Ok(()) => changed,
            Err(error) => {
                tracing::warn!(%error, "tools of servers are left out");
                names.into_iter().chain(changed).collect()
            }
        }
    }

    async fn check_form(&self, name: &str, form: &Form) -> Result<(), CallError> {
        let unknown = |error: StorageError| CallError::unavailable(error.explain());
        match self.pins.load_pinned(&self.plugin).await.map_err(unknown)?.get(name) {
            Some(pinned) if pinned == form => Ok(()),
            Some(pinned) => Err(CallError::denied(format!(
                "The tool `{name}` has changed since it was granted to `{}`: its {}. Look at it with `baton tools list`, and approve the new form with \
                 `baton tools approve {name}`.",
                self.plugin,
                differs(&pinned.changes(form)),
            ))),
            None => self.pins.pin(&self.plugin, vec![(name.to_owned(), form.clone())]).await.map_err(unknown),
        }
    }

    fn unknown(&self, name: &str, roster: &Roster) -> CallError {
        let (set, tool) = split(name);
        let near = match set {
            "" if self.sets().iter().any(|known| known == name) => {
                format!(" `{name}` is a set of tools: name one of them, such as `{name}.…`.")
            }
            "" => suggest_tool(name, &self.sets()).map_or_else(
                || near("", name, roster.tools.iter().map(|tool| tool.name.as_str())),
                |meant| format!(" Names that are close: `{}`.", escape_name(&meant)),
            ),
            set => near(set, tool, roster.tools.iter().map(|tool| tool.name.as_str())),
        };
        CallError::not_found(format!("There is no tool `{}`.{near} `tools.available` lists those that are granted.", escape_name(name)))
    }

    fn sets(&self) -> Vec<String> {
        let toolboxes = self.toolboxes.names().into_iter().filter(|name| !self.servers.contains_key(name));
        self.servers.keys().cloned().chain(toolboxes).collect()
    }

    fn set(&self, name: &str) -> Arc<dyn Toolset> {
        if name.is_empty() {
            return Arc::clone(&self.builtin);
        }
        match self.servers.get(name) {
            Some(server) => Arc::clone(server),
            None => Arc::new(Toolbox::new(name, Arc::clone(&self.toolboxes), Arc::clone(&self.children))),
        }
    }
}

/// That parts of a tool are different, for a sentence.
fn differs(parts: &[&str]) -> String {
    match parts {
        [] => "form is different".to_owned(),
        ["parameters"] => "parameters are different".to_owned(),
        ["effects"] => "effects are different".to_owned(),
        [one] => format!("{one} is different"),
        [first @ .., last] => format!("{} and {last} are different", first.join(", ")),
    }
}

/// The name of a tool in one of these sets, where another separator stands in it, such as the one that providers are sent.
fn suggest_tool(name: &str, sets: &[String]) -> Option<String> {
    let tool = |set: &String| {
        let rest = name.strip_prefix(set.as_str())?;
        let tool = rest.trim_start_matches(['_', '/', ':', '-', '.']);
        (!tool.is_empty() && tool.len() < rest.len()).then(|| format!("{set}.{tool}"))
    };
    sets.iter().filter_map(|set| Some((set.len(), tool(set)?))).max().map(|(_, name)| name)
}

/// The names in a set that are most like the one that is not there, as a sentence after another.
fn near<'a>(set: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut near: Vec<_> =
        known.map(|known| (strsim::jaro_winkler(known, name), known)).filter(|(likeness, _)| *likeness >= NEAR).collect();
    near.sort_by(|(one, first), (other, second)| other.total_cmp(one).then(first.cmp(second)));
    let names: Vec<_> = near.into_iter().take(MOST_NEAR).map(|(_, known)| format!("`{}`", full_name(set, known))).collect();
    if names.is_empty() { String::new() } else { format!(" Names that are close: {}.", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_close_are_told() {
        let known = ["echo", "get-sum", "get-env"];
        assert_eq!(near("everything", "ecko", known.into_iter()), " Names that are close: `everything.echo`.");
        assert_eq!(near("everything", "get-su", known.into_iter()), " Names that are close: `everything.get-sum`, `everything.get-env`.");
        assert_eq!(near("", "read_fil", ["read_file", "write_file"].into_iter()), " Names that are close: `read_file`.");
        assert_eq!(near("", "xyz", known.into_iter()), "");
    }

    #[test]
    fn a_name_with_another_separator_is_understood() {
        let sets = ["everything".to_owned(), "every".to_owned(), "web".to_owned()];
        for name in ["everything__echo", "everything/echo", "everything:echo", "everything_echo"] {
            assert_eq!(suggest_tool(name, &sets).as_deref(), Some("everything.echo"), "{name}");
        }
        for name in ["everything", "everything__", "webecho", "echo", ""] {
            assert_eq!(suggest_tool(name, &sets), None, "{name}");
        }
    }

    #[test]
    fn parts_that_differ_are_a_clause() {
        assert_eq!(differs(&["description", "parameters"]), "description and parameters are different");
        assert_eq!(differs(&["description"]), "description is different");
    }
}
