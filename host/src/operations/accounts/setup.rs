//! The first admin, made with a link that a host without users prints when it begins to serve. Ends with the first user, however
//! that one came.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{actor_of_user, users};
use crate::{
    accounts::{
        AccountError, NewUser, Secret, SecretKind,
        events::{SetupLinkCreated, UserAdded},
    },
    actor::Actor,
    events::Draft,
    operations::{Host, Moment, Problem, access::Role},
};

/// How long the link can be used.
const LIFE_MS: u64 = 24 * 60 * 60_000;

/// What the setup link holds. It is shown once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SetupLink {
    /// What lets the first admin be made.
    pub secret: String,
    /// When it expires.
    pub expires_at: Moment,
}

/// The first admin.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CompleteSetup {
    /// What the link holds.
    pub secret: String,
    /// The name of the admin.
    pub name: String,
    /// The password of the admin.
    pub password: String,
}

/// Makes a link in place of the one before; none where there are users.
pub async fn begin(host: &Host) -> Result<Option<SetupLink>, Problem> {
    let (secret, expires_at) = (Secret::generate(SecretKind::Setup), host.now().0.saturating_add(LIFE_MS));
    let events = vec![Draft::of_host(&SetupLinkCreated { expires_at: Moment(expires_at) }).by(&Actor::system())];
    let is_open = host.app.accounts.store.set_setup_link(&secret.hash(), expires_at, events).await?;
    Ok(is_open.then(|| SetupLink { secret: secret.reveal(), expires_at: Moment(expires_at) }))
}

/// Makes the first admin with the link. `address` is where the request came from.
pub async fn complete(host: &Host, request: CompleteSetup, address: Option<IpAddr>) -> Result<users::User, Problem> {
    let CompleteSetup { secret, name, password } = request;
    let link = Secret::read(SecretKind::Setup, &secret).ok_or(AccountError::NoSetup)?;
    // Hashing is dear: nobody without the link has it done.
    if !host.app.accounts.store.has_setup_link(&link.hash(), host.now().0).await? {
        return Err(AccountError::NoSetup.into());
    }
    let password = users::hash(host, &name, password).await?;
    let id = uuid::Uuid::now_v7().to_string();
    let actor = actor_of_user(&id, &name, address);
    let user = NewUser { id, name, password, role: Role::Admin, all_projects: true, members: Vec::new() };
    let added = UserAdded { by_setup_link: true, ..users::describe_added(&user) };
    let events = vec![Draft::of_host(&added).by(&actor)];
    Ok(host.app.accounts.store.add_user(&user, Some(&link.hash()), events).await?.into())
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(SetupLink)))]
pub(in crate::operations) struct Views;
