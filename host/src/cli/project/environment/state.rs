//! What is wrong with the environment of a project before a run starts, in one line with the command that fixes it.

use crate::{
    cli::{
        Context,
        place::ProjectChoice,
        screen::{WARNING, painted},
        text,
    },
    operations::{Host, Problem, environments},
};

/// The line for a run that is about to start, where an environment is approved and its files or its image are others now.
pub(in crate::cli) async fn unapproved(host: &Host, context: &Context, choice: &ProjectChoice) -> Result<Option<String>, Problem> {
    let gap = environments::find_gap_of_approved(host, &choice.reference()).await?;
    Ok(gap.map(|gap| {
        let hint = gap.kind.hint(&choice.again(context, "project environment build"));
        format!("{} {} {}", painted(WARNING, "!"), text::plain(&gap.message), text::plain(&hint))
    }))
}
