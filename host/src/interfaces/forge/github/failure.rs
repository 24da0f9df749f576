//! What went wrong with GitHub, sorted by what can be done about it. Keeps no token and nothing of more than a few lines.

use std::error::Error;

use reqwest::StatusCode;
use serde_json::Value;

use super::{
    super::ForgeError,
    transport::{Transport, TransportError},
};
use crate::errors::Reason;

const LONGEST: usize = 300;

/// Why a request came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// It may work the next time; a change may have been made.
    Passing(String),
    /// GitHub said no.
    Said(StatusCode, String),
    /// It comes to this.
    Final(ForgeError),
}

impl Failure {
    /// What octocrab says of it.
    pub(super) fn of(error: &octocrab::Error, transport: &Transport) -> Self {
        if let Some(error) = underneath(error) {
            return Self::on_the_way(error, transport);
        }
        match error {
            octocrab::Error::GitHub { source, .. } => {
                let details = source.errors.iter().flatten().filter_map(|error| error.get("message").and_then(Value::as_str));
                let said: Vec<_> = std::iter::once(source.message.as_str()).chain(details).collect();
                let said = excerpt(&transport.clean(&said.join(": ")));
                match source.status_code {
                    status if status.is_server_error() => Self::Passing(format!("it answers {}: {said}", status.as_u16())),
                    StatusCode::UNAUTHORIZED => Self::Final(ForgeError::Refused(
                        Reason::new(format!("{} does not accept the token.", transport.account()))
                            .advise("Set another, see `[forge]` in docs/forge.md, then resume the run."),
                    )),
                    status => Self::Said(status, said),
                }
            }
            octocrab::Error::Json { .. } | octocrab::Error::Serde { .. } => {
                Self::Passing("its answer is not a pull request as GitHub describes them".to_owned())
            }
            other => Self::Passing(excerpt(&transport.clean(&other.to_string()))),
        }
    }

    fn on_the_way(error: &TransportError, transport: &Transport) -> Self {
        match error {
            TransportError::Closed(closed) => {
                Self::Final(ForgeError::Limited { account: transport.account(), until: closed.until, reason: closed.reason.clone() })
            }
            TransportError::Broken(reason) => Self::Passing(excerpt(reason)),
            TransportError::Refused(reason) => Self::Final(ForgeError::Refused(
                Reason::new(format!("{} is not trusted: {reason}", transport.account())).advise("Look at `[forge]` in the settings."),
            )),
        }
    }

    /// What becomes of a call after the last try.
    pub(super) fn settled(self, transport: &Transport) -> ForgeError {
        let account = transport.account();
        match self {
            Self::Passing(reason) => {
                let reason = Reason::new(format!("{account} does not answer as it should: {reason}."));
                ForgeError::Unavailable(reason.advise("Try again later."))
            }
            Self::Said(StatusCode::FORBIDDEN, said) => {
                ForgeError::Refused(Reason::new(format!("{account} does not allow this to the owner of the token: {said}.")).advise(
                    "Give the token the right to read and write pull requests, commit statuses and contents of the repository, then resume \
                     the run.",
                ))
            }
            Self::Said(StatusCode::NOT_FOUND, _) => ForgeError::Refused(
                Reason::new(format!("{account} does not have the repository, or does not show it to the owner of the token."))
                    .advise("Look at `repository` and the token under [forge] in the settings, then resume the run."),
            ),
            Self::Said(StatusCode::CONFLICT | StatusCode::METHOD_NOT_ALLOWED, said) => {
                let reason = Reason::new(format!("{account} does not merge it: {said}."));
                ForgeError::Conflict(reason.advise("Read the pull request again and decide again."))
            }
            Self::Said(_, said) => {
                ForgeError::Invalid(Reason::new(format!("{account} rejects the request: {said}.")).advise("Change the request."))
            }
            Self::Final(error) => error,
        }
    }
}

impl From<ForgeError> for Failure {
    fn from(error: ForgeError) -> Self {
        Self::Final(error)
    }
}

/// Our own error, however deep the layers between have put it.
fn underneath(error: &octocrab::Error) -> Option<&TransportError> {
    let octocrab::Error::Service { source, .. } = error else { return None };
    let mut source: &(dyn Error + 'static) = source.as_ref();
    loop {
        if let Some(error) = source.downcast_ref() {
            return Some(error);
        }
        if let Some(octocrab::Error::Service { source: inner, .. }) = source.downcast_ref::<octocrab::Error>() {
            source = inner.as_ref();
        } else {
            source = source.source()?;
        }
    }
}

/// The beginning, in one line without anything that is not seen, and without a full stop at its end.
fn excerpt(text: &str) -> String {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).take(LONGEST).collect();
    line.trim().trim_end_matches('.').to_owned()
}
