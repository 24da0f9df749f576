//! `baton user list`.

use anyhow::Result;
use clap::Args;

use super::{operator, table};
use crate::{
    cli::{Context, exit::Exit, place::ProjectNames},
    operations::{
        Access, Page,
        accounts::users::{self, ListUsers},
    },
};

/// Users that are read at once.
const PAGE: u32 = 200;

/// List users
#[derive(Debug, Args)]
pub(super) struct List {}

impl List {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let host = context.open(Access::Look).await?;
        let (caller, mut items) = (operator(&host), Vec::new());
        let mut request = ListUsers { cursor: None, limit: PAGE };
        loop {
            let page = users::list(&host, &caller, &request).await?;
            items.extend(page.items);
            request.cursor = page.next;
            if request.cursor.is_none() {
                break;
            }
        }
        if context.screen.is_json() {
            context.screen.document(&Page::whole(items))?;
        } else if items.is_empty() {
            context.screen.tell("There are no users. Add one with `baton user add NAME`.");
        } else {
            context.screen.answer(table(&items, &ProjectNames::load(&host).await?).fit(context.screen.room()))?;
        }
        Ok(Exit::Done)
    }
}
