//! One-time tickets: what opens a stream where no header can be sent, so that nothing that lasts stands in an address.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{of_sign_in, unauthenticated};
use crate::{
    accounts::{Secret, SecretKind},
    operations::{Host, Moment, Problem, ProblemKind, ProblemSource, access::Caller},
};

/// A ticket. It is shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// What opens one stream.
    pub ticket: String,
    /// When it expires.
    pub expires_at: Moment,
}

/// Makes a ticket for the caller.
pub fn create(host: &Host, caller: &Caller) -> Result<Ticket, Problem> {
    let issued = host.app.accounts.tickets.issue(&caller.sign_in, host.now().0);
    let (ticket, expires_at) = issued.ok_or_else(|| {
        let message = "Too many tickets were made and not used.";
        Problem::new(ProblemKind::Exhausted, "too_many_tickets", message, ProblemSource::Client)
            .advise("Use a ticket as soon as it is made; each expires after 30 s.")
            .retry_after(30)
    })?;
    Ok(Ticket { ticket: ticket.reveal(), expires_at: Moment(expires_at) })
}

/// Whose ticket a text is, as they are now. It opens nothing else.
pub async fn redeem(host: &Host, text: &str, address: Option<IpAddr>) -> Result<Caller, Problem> {
    let ticket = Secret::read(SecretKind::Ticket, text).ok_or_else(unauthenticated)?;
    let sign_in = host.app.accounts.tickets.redeem(&ticket, host.now().0).ok_or_else(unauthenticated)?;
    of_sign_in(host, &sign_in, address).await
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Ticket)))]
pub(in crate::operations) struct Views;
