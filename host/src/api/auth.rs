//! Signing in over HTTP: sessions, the first admin, and who asks.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{StatusCode, request::Parts},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, authentication,
    extract::{Caller, Input},
    failure::Failure,
    peer::Peer,
};
use crate::operations::accounts::{
    sessions::{self, Credentials, Login, Me, Refresh},
    setup::{self, CompleteSetup},
    users::User,
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(login)).routes(routes!(refresh)).routes(routes!(logout)).routes(routes!(me)).routes(routes!(set_up))
}

/// Where a request came from, as far as that is known.
struct Address(Option<IpAddr>);

impl FromRequestParts<Arc<Api>> for Address {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Failure> {
        Ok(Self(authentication::address(api, Peer::of(&parts.extensions), &parts.headers)))
    }
}

/// A name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NameAndPassword {
    /// The name of the user, in upper or lower case.
    #[schema(max_length = 256)]
    name: String,
    /// The password.
    #[schema(max_length = 1024)]
    password: String,
}

/// Log in
///
/// The access token is valid for 15 minutes, and no longer once the session or the user ends. The refresh token works once.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    request_body = NameAndPassword,
    responses((status = 200, body = Credentials), (status = 401, description = "The name or the password is wrong."))
)]
async fn login(
    State(api): State<Arc<Api>>,
    Address(address): Address,
    Input(NameAndPassword { name, password }): Input<NameAndPassword>,
) -> Result<Json<Credentials>, Failure> {
    Ok(Json(sessions::login(&api.host, Login { name, password }, address).await?))
}

/// What continues a session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefreshToken {
    /// What the last login or refresh gave.
    #[schema(max_length = 1024)]
    refresh_token: String,
}

/// Continue a session
///
/// A refresh token that is used a second time ends its session: somebody has a copy.
#[utoipa::path(
    post,
    path = "/auth/refresh",
    tag = "auth",
    request_body = RefreshToken,
    responses((status = 200, body = Credentials), (status = 401, description = "The token is not valid, or was used before."))
)]
async fn refresh(
    State(api): State<Arc<Api>>,
    Address(address): Address,
    Input(RefreshToken { refresh_token }): Input<RefreshToken>,
) -> Result<Json<Credentials>, Failure> {
    Ok(Json(sessions::refresh(&api.host, &Refresh { refresh_token }, address).await?))
}

/// End the session
#[utoipa::path(post, path = "/auth/logout", tag = "auth", responses((status = 204)))]
async fn logout(State(api): State<Arc<Api>>, Caller(caller): Caller) -> Result<StatusCode, Failure> {
    sessions::logout(&api.host, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Show who asks, and what they may do
#[utoipa::path(get, path = "/auth/me", tag = "auth", responses((status = 200, body = Me)))]
async fn me(State(api): State<Arc<Api>>, Caller(caller): Caller) -> Result<Json<Me>, Failure> {
    Ok(Json(sessions::me(&api.host, &caller).await?))
}

/// The first admin of a host.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstAdmin {
    /// What the link holds that the host printed when it began to serve.
    #[schema(max_length = 1024)]
    secret: String,
    /// The name of the admin.
    #[schema(max_length = 256)]
    name: String,
    /// The password of the admin: 12 to 256 characters.
    #[schema(max_length = 1024)]
    password: String,
}

/// Make the first admin
#[utoipa::path(post, path = "/auth/setup", tag = "auth", request_body = FirstAdmin, responses((status = 201, body = User)))]
async fn set_up(
    State(api): State<Arc<Api>>,
    Address(address): Address,
    Input(FirstAdmin { secret, name, password }): Input<FirstAdmin>,
) -> Result<(StatusCode, Json<User>), Failure> {
    let user = setup::complete(&api.host, CompleteSetup { secret, name, password }, address).await?;
    Ok((StatusCode::CREATED, Json(user)))
}
