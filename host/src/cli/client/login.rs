//! Signing in to a server and out of it, on behalf of the commands for that. Keeps a credential only once the server accepts it.

use anyhow::Result;
use reqwest::Method;

use super::{
    Parameters, Remote,
    address::path_of,
    answer,
    credentials::{Kept, Store},
    remote::Request,
};
use crate::{
    cli::{Context, context::NamedServer},
    operations::{
        Problem,
        accounts::sessions::{Credentials, Login, Me},
    },
};

/// Begins a session and keeps it.
pub(in crate::cli) async fn keep_session(context: &Context, server: &NamedServer, login: Login) -> Result<Me> {
    let remote = Remote::unknown_at(&server.url)?;
    remote.check_version().await?;
    let request = Request {
        method: Method::POST,
        path: path_of(&["auth", "login"]),
        parameters: Parameters::default(),
        body: Some(serde_json::to_value(login)?),
    };
    // Sent once: each try counts as one of a few.
    let response = remote.send(&request).await?;
    let given: Credentials = answer::read(remote.name(), response).await?;
    keep(context, &remote, given.into()).await
}

/// Keeps a token.
pub(in crate::cli) async fn keep_token(context: &Context, server: &NamedServer, token: String) -> Result<Me> {
    let remote = Remote::unknown_at(&server.url)?;
    remote.check_version().await?;
    keep(context, &remote, Kept::Token { token }).await
}

async fn keep(context: &Context, remote: &Remote, kept: Kept) -> Result<Me> {
    kept.secrets().for_each(|secret| context.redactor.learn(secret));
    remote.sign_in_with(kept.clone());
    let me: Me = remote.read(&["auth", "me"], &Parameters::default()).await?;
    Store::open().await?.put(remote.url(), Some(kept))?;
    Ok(me)
}

/// Ends the session that is kept for a server, and forgets what is kept. A server that does not answer keeps the session until it
/// expires.
pub(in crate::cli) async fn forget(context: &Context, server: &NamedServer) -> Result<()> {
    let remote = Remote::unknown_at(&server.url)?;
    let kept = Store::open().await?.find(remote.url())?.ok_or_else(|| not_logged_in(server))?;
    kept.secrets().for_each(|secret| context.redactor.learn(secret));
    let is_session = matches!(kept, Kept::Session { .. });
    remote.sign_in_with(kept);
    if is_session {
        let request = Request { method: Method::POST, path: path_of(&["auth", "logout"]), parameters: Parameters::default(), body: None };
        let ended = remote.send(&request).await;
        Store::open().await?.put(remote.url(), None)?;
        // It may be over already.
        let response = ended?;
        if response.status() != reqwest::StatusCode::UNAUTHORIZED {
            answer::check(remote.name(), response).await?;
        }
        return Ok(());
    }
    Ok(Store::open().await?.put(remote.url(), None)?)
}

fn not_logged_in(server: &NamedServer) -> Problem {
    let message = format!("You are not logged in to {}.", crate::cli::text::escaped(&server.url));
    Problem::not_found("not_logged_in", message)
}
