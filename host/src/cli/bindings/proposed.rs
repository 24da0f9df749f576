//! What the repository of a project proposes, as operators see it. Approves nothing.

use anyhow::Result;

use crate::{
    cli::{
        Context,
        place::ProjectChoice,
        screen::{WARNING, painted},
        text,
    },
    operations::{
        Host,
        bindings::{self, BindingProposal, ProposalState, ProposedBinding},
    },
};

/// What is proposed and does not hold, in one line with what to do about it; nothing where all of it holds.
pub(super) fn describe(context: &Context, choice: &ProjectChoice, proposal: &BindingProposal) -> Option<String> {
    let mark = painted(WARNING, "!");
    if let Some(problem) = &proposal.problem {
        return Some(format!("{mark} The repository's settings propose bindings that cannot be used: {}", text::line(problem)));
    }
    let (listed, approve) = (text::excerpt(&list_bindings(&proposal.bindings), 300), choice.again(context, "bindings approve"));
    match proposal.state {
        ProposalState::Approved => None,
        ProposalState::Proposed => {
            Some(format!("{mark} The repository proposes bindings, which are not used until you approve them with `{approve}`: {listed}."))
        }
        ProposalState::Changed => Some(format!(
            "{mark} The repository's bindings changed since you approved them, and are not used until you approve them again with \
             `{approve}`: {listed}."
        )),
    }
}

/// Bindings as they are typed into settings, in one line.
pub(super) fn list_bindings(bindings: &[ProposedBinding]) -> String {
    let binding = |binding: &ProposedBinding| {
        let label = binding.label.as_ref().map_or_else(String::new, |label| format!(" for `{}`", text::escaped(label)));
        format!("{} = {}{label}", text::escaped(&binding.slot), text::escaped(&binding.plugin))
    };
    bindings.iter().map(binding).collect::<Vec<_>>().join(", ")
}

/// The line for a run that is about to start in a project.
pub(in crate::cli) async fn unapproved(host: &Host, context: &Context, choice: &ProjectChoice) -> Result<Option<String>> {
    let proposal = bindings::proposal(host, &choice.reference()).await?;
    Ok(proposal.and_then(|proposal| describe(context, choice, &proposal)))
}
