//! What was decided without a person, here or on a server.

use super::{Client, Parameters, runs::identify};
use crate::operations::{
    Page, Problem,
    decisions::{self, Decision, ListDecisions},
};

pub(in crate::cli) async fn list(client: &Client, request: &ListDecisions) -> Result<Page<Decision>, Problem> {
    match client {
        Client::Here(host) => decisions::list(host, request).await,
        Client::There(remote) => {
            let run = match &request.run {
                Some(part) => Some(identify(remote, part).await?.id),
                None => None,
            };
            let parameters = Parameters::of(request).without(&["limit"]).with("run", run);
            let page = remote.list(&["decisions"], &parameters, None, request.limit).await?;
            // The list has no pages for a person, who says how many are wanted.
            Ok(Page::whole(page.items))
        }
    }
}
