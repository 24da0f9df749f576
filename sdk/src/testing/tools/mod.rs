//! Tools by name: the host's own, and stand-ins for those of toolboxes and of the operator's servers. Grants and arguments
//! are checked in the host's order; no tool is quarantined, and none changes after it was granted.

mod own;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use serde_json::Value;

use super::world::{Role, World};
use crate::tools::{Offer, ToolOutcome};
use crate::{Error, ErrorKind, Result, schema};

const MOST_MISTAKES: usize = 8;
/// Names that are suggested in the place of an unknown one.
const MOST_NEAR: usize = 3;
/// How much of a name has to agree, from 0 to 1.
const NEAR: f64 = 0.8;

/// Answers for one tool.
pub(super) type ToolDouble = Rc<dyn Fn(&Value) -> Result<ToolOutcome>>;

/// The stand-ins, by whole name.
#[derive(Default)]
pub(super) struct Tools(BTreeMap<String, (Offer, ToolDouble)>);

impl Tools {
    pub(super) fn add(&mut self, name: &str, mut offer: Offer, double: ToolDouble) -> Result<()> {
        let is_whole = name.split_once('.').is_some_and(|(set, tool)| !set.is_empty() && !tool.is_empty());
        if !is_whole {
            return Err(Error::invalid(format!(
                "`{name}` is not the whole name of a tool; put the name of its toolbox or server and a dot before it, as in `calculator.add`."
            )));
        }
        if !matches!(serde_json::from_str(&offer.tool.parameters), Ok(Value::Object(_))) {
            return Err(Error::invalid(format!("The parameters of `{name}` are not a JSON Schema, which is an object.")));
        }
        name.clone_into(&mut offer.tool.name);
        self.0.insert(name.to_owned(), (offer, double));
        Ok(())
    }

    /// Whether there can be a tool of this name.
    fn check_set(&self, name: &str) -> Result<()> {
        let Some((set, _)) = name.split_once('.') else {
            return if own::all().iter().any(|own| own.tool.name == name) { Ok(()) } else { Err(self.unknown(name)) };
        };
        if self.sets().contains(set) {
            return Ok(());
        }
        let near = near("", set, self.sets().into_iter());
        Err(Error::not_found(format!("There is no toolbox and no tool server `{}`.{near} `baton tools list` lists all tools.", shown(set))))
    }

    /// The tool of this name, and what stands in for it unless it is the host's own.
    fn find(&self, name: &str) -> Result<(Offer, Option<ToolDouble>)> {
        if let Some((offer, double)) = self.0.get(name) {
            return Ok((offer.clone(), Some(Rc::clone(double))));
        }
        let own = own::all().into_iter().find(|own| own.tool.name == name);
        own.map(|own| (own, None)).ok_or_else(|| self.unknown(name))
    }

    fn unknown(&self, name: &str) -> Error {
        let near = match name.split_once('.') {
            None if self.sets().contains(name) => format!(" `{name}` is a set of tools: name one of them, such as `{name}.…`."),
            None => self.meant(name).map_or_else(
                || near("", name, own::all().iter().map(|own| &*own.tool.name)),
                |meant| format!(" Names that are close: `{}`.", shown(&meant)),
            ),
            Some((set, tool)) => {
                let others = self.0.keys().filter_map(|known| known.strip_prefix(set)?.strip_prefix('.'));
                near(set, tool, others)
            }
        };
        Error::not_found(format!("There is no tool `{}`.{near} `tools.available` lists those that are granted.", shown(name)))
    }

    /// The name of a tool in one of the sets, where another separator stands in it, such as the one that providers are sent.
    fn meant(&self, name: &str) -> Option<String> {
        let tool = |set: &str| {
            let rest = name.strip_prefix(set)?;
            let tool = rest.trim_start_matches(['_', '/', ':', '-', '.']);
            (!tool.is_empty() && tool.len() < rest.len()).then(|| format!("{set}.{tool}"))
        };
        self.sets().into_iter().filter_map(|set| Some((set.len(), tool(set)?))).max().map(|(_, name)| name)
    }

    fn sets(&self) -> BTreeSet<&str> {
        self.0.keys().filter_map(|name| Some(name.split_once('.')?.0)).collect()
    }
}

/// What the run may call, sorted by name.
pub(super) fn available(world: &World) -> Vec<Offer> {
    let mut offers = own::all();
    offers.extend(world.tools.borrow().0.values().map(|(offer, _)| offer.clone()));
    offers.retain(|offer| world.allows("tools", &offer.tool.name).is_ok());
    offers.sort_by(|one, other| one.tool.name.cmp(&other.tool.name));
    offers
}

/// Calls a tool: one that is there, is granted, and takes these arguments.
pub(super) fn call(world: &World, name: &str, arguments: &Value) -> Result<ToolOutcome> {
    world.tools.borrow().check_set(name)?;
    world.allows("tools", name)?;
    let (offer, double) = world.tools.borrow().find(name)?;
    check(name, &serde_json::from_str(&offer.tool.parameters)?, arguments)?;
    match double {
        Some(double) => {
            world.check_cancelled()?;
            world.acting_as(Role::Toolbox, || double(arguments)).map_err(|error| handed_up(world, name, error))
        }
        None => own::perform(world, name, arguments),
    }
}

/// The error of a stand-in as its caller gets it.
fn handed_up(world: &World, name: &str, error: Error) -> Error {
    let set = name.split_once('.').map_or(name, |(set, _)| set);
    let child = world.tickets.borrow_mut().name_child();
    match error.kind {
        ErrorKind::Unavailable => error,
        ErrorKind::Cancelled => {
            Error::cancelled(format!("The call of toolbox `{set}` was cancelled. Continue without it, or return.")).about(child)
        }
        _ => Error::child_failed(&child, format!("Toolbox `{set}` failed: {error}"), &error),
    }
}

/// Holds the arguments against the tool's parameters. Says what is wrong with them in the words of [`schema`].
fn check(name: &str, parameters: &Value, arguments: &Value) -> Result<()> {
    let mistakes = schema::violations(parameters, arguments);
    let placed = |mistake: &schema::Violation| match &*mistake.path {
        "" => format!("at the root: {}", mistake.problem),
        pointer => format!("at {pointer}: {}", mistake.problem),
    };
    let mistakes: Vec<_> = mistakes.iter().take(MOST_MISTAKES).map(placed).collect();
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(Error::invalid(format!("The arguments do not fit `{name}`, {}. Call it again with arguments that do.", mistakes.join("; "))))
}

/// The names in a set that are most like the one that is not there, as a sentence after another.
fn near<'a>(set: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut near: Vec<_> =
        known.map(|known| (strsim::jaro_winkler(known, name), known)).filter(|(likeness, _)| *likeness >= NEAR).collect();
    near.sort_by(|(one, first), (other, second)| other.total_cmp(one).then(first.cmp(second)));
    let whole = |tool: &str| if set.is_empty() { format!("`{tool}`") } else { format!("`{set}.{tool}`") };
    let names: Vec<_> = near.into_iter().take(MOST_NEAR).map(|(_, known)| whole(known)).collect();
    if names.is_empty() { String::new() } else { format!(" Names that are close: {}.", names.join(", ")) }
}

/// A name that others made up, as it can stand in a sentence.
fn shown(name: &str) -> String {
    name.chars().take(100).flat_map(char::escape_debug).collect()
}
