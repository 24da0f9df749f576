//! The log of events, here or on a server, whose pages lead from the newest back: put together as the log is read here.

use super::{Client, Parameters, Remote, runs::identify};
use crate::operations::{
    Page, Problem,
    events::{self, Event, ListEvents},
};

pub(in crate::cli) async fn list(client: &Client, request: &ListEvents) -> Result<Page<Event>, Problem> {
    match client {
        Client::Here(host) => events::list(host, request).await,
        Client::There(remote) => list_there(remote, request).await,
    }
}

async fn list_there(remote: &Remote, request: &ListEvents) -> Result<Page<Event>, Problem> {
    let run = match &request.run {
        Some(part) => Some(identify(remote, part).await?.id),
        None => None,
    };
    // Read first, so that whoever continues behind it misses nothing.
    let newest: Page<Event> = remote.read(&["events"], &Parameters::default().with("limit", Some(1))).await?;
    let newest = newest.items.first().map_or(0, |event| event.cursor);
    let parameters = Parameters::of(request).without(&["cursor", "limit"]).with("run", run);
    if request.cursor.is_none() && request.since.is_none() {
        let mut page: Page<Event> = remote.list(&["events"], &parameters, None, request.limit).await?;
        page.items.retain(|event| event.cursor <= newest);
        page.items.reverse();
        return Ok(Page { next: Some(newest.to_string()), ..page });
    }
    let parameters = parameters.with("order", Some("oldest"));
    let page: Page<Event> = remote.list(&["events"], &parameters, request.cursor.as_deref(), request.limit).await?;
    let items = page.items;
    let before: i64 = request.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
    let last = items.last().map_or(before, |event| event.cursor);
    let next = if items.len() as u64 >= u64::from(request.limit) { last } else { last.max(newest) };
    Ok(Page { items, next: Some(next.to_string()) })
}
