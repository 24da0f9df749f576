//! What the repository of a project proposes, as operators are told of it.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::overview::listed;
use crate::{
    cli::{
        Context,
        place::ProjectChoice,
        screen::{WARNING, painted},
        text,
    },
    kernel::slots::{Proposal, ProposalState},
    operations::Host,
};

/// For programs.
pub(super) fn document(proposal: &Proposal) -> Value {
    let pairs = |table: &crate::kernel::slots::Scoped| -> Value {
        table.iter().map(|(label, slot, plugin)| json!({ "slot": slot, "label": label, "plugin": plugin })).collect()
    };
    json!({
        "state": proposal.state.as_str(),
        "hash": proposal.hash,
        "bindings": proposal.table.as_ref().ok().map(pairs),
        "problem": proposal.table.as_ref().err(),
    })
}

/// What is proposed and does not hold, in one line with what to do about it; nothing where all of it holds.
pub(super) fn line(context: &Context, choice: &ProjectChoice, proposal: &Proposal) -> Option<String> {
    let mark = painted(WARNING, "!");
    let said = match &proposal.table {
        Err(problem) => {
            return Some(format!("{mark} The repository's settings propose bindings that cannot be used: {}", text::line(problem)));
        }
        Ok(table) => text::excerpt(&listed(table), 300),
    };
    let approve = choice.again(context, "bindings approve");
    match proposal.state {
        ProposalState::Approved => None,
        ProposalState::Proposed => {
            Some(format!("{mark} The repository proposes bindings, which are not used until you approve them with `{approve}`: {said}."))
        }
        ProposalState::Changed => Some(format!(
            "{mark} The repository's bindings changed since you approved them, and are not used until you approve them again with \
             `{approve}`: {said}."
        )),
    }
}

/// The line for a run that starts in a folder.
pub(in crate::cli) async fn unapproved(app: &Host, context: &Context, choice: &ProjectChoice, workspace: &Path) -> Result<Option<String>> {
    let settings = app.config().project(workspace)?;
    let project = app.kernel.projects().project_of_folder(workspace).await?;
    let id = project.map(|project| project.id).unwrap_or_default();
    let proposal = app.kernel.proposal(&id, &settings).await?;
    Ok(proposal.and_then(|proposal| line(context, choice, &proposal)))
}
