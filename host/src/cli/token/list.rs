//! `baton token list`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;

use crate::{
    cli::{
        Context,
        exit::Exit,
        figures,
        place::ProjectNames,
        table::{Align, Table},
        text,
        user::operator,
    },
    operations::{
        Access, Page,
        accounts::tokens::{self, ListTokens, Token},
    },
};

/// Tokens that are read at once.
const PAGE: u32 = 200;

/// List tokens
#[derive(Debug, Args)]
pub(super) struct List {
    /// List only the tokens of this user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Also list tokens that are revoked or have expired
    #[arg(long)]
    all: bool,
}

impl List {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let (caller, mut items) = (operator(&host), Vec::new());
        let mut request = ListTokens { user: self.user.clone(), all: self.all, cursor: None, limit: PAGE };
        loop {
            let page = tokens::list(&host, &caller, &request).await?;
            items.extend(page.items);
            request.cursor = page.next;
            if request.cursor.is_none() {
                break;
            }
        }
        if context.screen.is_json() {
            context.screen.document(&Page::whole(items))?;
        } else if items.is_empty() {
            context.screen.tell("There are no tokens. Create one with `baton token create NAME --user USER`.");
        } else {
            let names = ProjectNames::load(&host).await?;
            context.screen.answer(table(&items, &names, host.now().0).fit(context.screen.room()))?;
        }
        Ok(Exit::Done)
    }
}

fn table(tokens: &[Token], names: &ProjectNames, now: u64) -> Table {
    let zone = TimeZone::system();
    let mut table = Table::new(&["ID", "NAME", "USER", "LIMITED TO", "USED", "UNTIL"].map(|name| (name, Align::Left)));
    for token in tokens {
        let used = token.last_used_at.map_or_else(|| "never".to_owned(), |at| figures::ago(now, at.0));
        let until = match (token.revoked_at, token.expires_at) {
            (Some(at), _) => format!("revoked {}", figures::ago(now, at.0)),
            (None, Some(at)) if at.0 <= now => "expired".to_owned(),
            (None, Some(at)) => figures::end(at.0, &zone),
            (None, None) => "-".to_owned(),
        };
        table.row([
            text::escaped(&token.id).into(),
            text::escaped(&token.name).into(),
            text::escaped(&token.user_name).into(),
            limits(token, names).into(),
            used.into(),
            until.into(),
        ]);
    }
    table
}

/// What a token is narrowed to.
fn limits(token: &Token, names: &ProjectNames) -> String {
    let permissions = token.permissions.iter().flatten().map(|permission| permission.as_str().to_owned());
    let projects = token.projects.iter().flatten().map(|project| text::escaped(names.of(project)));
    let permissions: Vec<_> = permissions.collect();
    let projects: Vec<_> = projects.collect();
    match (permissions.is_empty(), projects.is_empty()) {
        (true, true) => "-".to_owned(),
        (false, true) => permissions.join(", "),
        (true, false) => format!("in {}", projects.join(", ")),
        (false, false) => format!("{} in {}", permissions.join(", "), projects.join(", ")),
    }
}
