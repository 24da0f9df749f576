//! `baton pull-requests list`.

use anyhow::Result;
use clap::Args;
use serde_json::{Value, json};

use super::{ProjectChoice, key, painted_state};
use crate::{
    cli::{
        Context,
        exit::Exit,
        table::{Align, Table},
        text,
    },
    interfaces::forge::{State, Summary},
    operations::Access,
};

/// List the pull requests that are open
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Also those that were merged or closed
    #[arg(long)]
    all: bool,
}

impl List {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let workspace = choice.find(&app).await?;
        let found = workspace.forge(&app)?.list(workspace.place(&app, &key())?, self.all).await?;
        if context.screen.is_json() {
            context.screen.document(&found.iter().map(document).collect::<Vec<_>>())?;
        } else if found.is_empty() {
            let what =
                if self.all { "No pull request was opened in this project yet." } else { "No pull request is open in this project." };
            context.screen.tell(what);
        } else {
            context.screen.answer(table(&found).render())?;
        }
        Ok(Exit::Done)
    }
}

fn document((summary, state): &(Summary, State)) -> Value {
    let Summary { number, branch, into, title } = summary;
    json!({ "number": number, "state": state, "branch": branch, "into": into, "title": title })
}

/// Names of branches are what somebody decides by, so nothing of them is hidden.
fn table(found: &[(Summary, State)]) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[("NUMBER", right), ("STATE", left), ("BRANCH", left), ("INTO", left), ("TITLE", left)]);
    for (summary, state) in found {
        table.row([
            summary.number.to_string().into(),
            painted_state(*state),
            text::escaped(&summary.branch).into(),
            text::escaped(&summary.into).into(),
            text::excerpt(&text::escaped(&summary.title), 72).into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_what_others_wrote_reaches_the_terminal_but_text() {
        let summary = Summary { number: 7, branch: "a\u{1b}[2J".into(), into: "main\u{202e}".into(), title: "x\ny".into() };
        let shown = anstream::adapter::strip_str(&table(&[(summary, State::Open)]).render()).to_string();
        assert_eq!(shown.lines().nth(1), Some("     7  open   a\\u{1b}[2J  main\\u{202e}  x\\ny"), "{shown}");
    }
}
