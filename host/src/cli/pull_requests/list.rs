//! `baton pull-requests list`.

use anyhow::Result;
use clap::Args;

use super::{ProjectChoice, painted_state};
use crate::{
    cli::{
        Context, client,
        exit::Exit,
        number::number,
        table::{Align, Table},
        text,
    },
    operations::{
        Access,
        pull_requests::{ListPullRequests, PullRequestSummary},
    },
};

/// List open pull requests
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Also show merged and closed pull requests
    #[arg(long)]
    all: bool,
    /// Show at most N entries
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = number(1..=u32::MAX, "give a number from 1 to 4294967295"))]
    limit: u32,
    /// Continue after a page; pass its `next` value
    #[arg(long)]
    cursor: Option<String>,
}

impl List {
    pub(super) async fn execute(&self, context: &Context, choice: &ProjectChoice) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let request = ListPullRequests { project: choice.reference(), all: self.all, cursor: self.cursor.clone(), limit: self.limit };
        let page = client::pull_requests::list(&client, &request).await?;
        if context.screen.is_json() {
            context.screen.document(&page)?;
        } else if page.items.is_empty() {
            let what = if self.all { "This project has no pull requests." } else { "No pull request is open in this project." };
            context.screen.tell(what);
        } else {
            context.screen.answer(table(&page.items).render())?;
            if let Some(next) = page.next {
                context.screen.tell(format!("There are more; `--cursor {next}` continues."));
            }
        }
        Ok(Exit::Done)
    }
}

/// Names of branches are what somebody decides by, so nothing of them is hidden.
fn table(pull_requests: &[PullRequestSummary]) -> Table {
    let (left, right) = (Align::Left, Align::Right);
    let mut table = Table::new(&[("NUMBER", right), ("STATE", left), ("BRANCH", left), ("INTO", left), ("TITLE", left)]);
    for PullRequestSummary { number, state, branch, into, title } in pull_requests {
        table.row([
            number.to_string().into(),
            painted_state(*state),
            text::escaped(branch).into(),
            text::escaped(into).into(),
            text::excerpt(&text::escaped(title), 72).into(),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::pull_requests::PullRequestState;

    #[test]
    fn nothing_of_what_others_wrote_reaches_the_terminal_but_text() {
        let (branch, into, title) = ("a\u{1b}[2J".to_owned(), "main\u{202e}".to_owned(), "x\ny".to_owned());
        let summary = PullRequestSummary { number: 7, state: PullRequestState::Open, branch, into, title };
        let shown = anstream::adapter::strip_str(&table(&[summary]).render()).to_string();
        assert_eq!(shown.lines().nth(1), Some("     7  open   a\\u{1b}[2J  main\\u{202e}  x\\ny"), "{shown}");
    }
}
