//! Tokens for programs over HTTP. Each secret is shown once.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, ROOT,
    extract::{Caller, Input, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Moment, Page,
    access::{Permission, Role},
    accounts::tokens::{self, CreateToken, CreatedToken, ListTokens, Token},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// Which tokens are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// Only those of this user, by name or id.
    user: Option<String>,
    /// Also those that were revoked or have expired.
    #[serde(default)]
    all: bool,
}

/// List tokens
#[utoipa::path(get, path = "/tokens", tag = "tokens", params(Filter, Paging), responses((status = 200, body = Page<Token>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(Filter { user, all }): Parameters<Filter>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<Token>>, Failure> {
    let request = ListTokens { user, all, cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(tokens::list(&api.host, &caller, &request).await?))
}

/// A token to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewToken {
    /// Its name, unique among those of its user that hold.
    #[schema(max_length = 64)]
    name: String,
    /// The name or id of its user: the caller where it is left out.
    #[serde(default)]
    user: Option<String>,
    /// Narrow it to what this role may do.
    #[serde(default)]
    role: Option<Role>,
    /// Narrow it to these permissions.
    #[serde(default)]
    permissions: Option<Vec<Permission>>,
    /// Narrow it to these projects, by id or name.
    #[serde(default)]
    projects: Option<Vec<String>>,
    /// When it expires, at most 366 days from now; 90 days from now where it is left out.
    #[serde(default)]
    expires_at: Option<Moment>,
}

/// Create a token
///
/// Its secret is in this answer and never shown again.
#[utoipa::path(post, path = "/tokens", tag = "tokens", request_body = NewToken, responses((status = 201, body = CreatedToken)))]
async fn create(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Input(new): Input<NewToken>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<CreatedToken>), Failure> {
    let NewToken { name, user, role, permissions, projects, expires_at } = new;
    let request = CreateToken { name, user, role, permissions, projects, expires_at };
    let created = tokens::create(&api.host, &caller, &request).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("{ROOT}/tokens/{}", created.token.id))], Json(created)))
}

/// Revoke a token
#[utoipa::path(
    delete,
    path = "/tokens/{token}",
    tag = "tokens",
    params(("token" = String, Path, description = "Its id")),
    responses((status = 200, body = Token))
)]
async fn revoke(State(api): State<Arc<Api>>, Caller(caller): Caller, Segments(token): Segments<String>) -> Result<Json<Token>, Failure> {
    Ok(Json(tokens::revoke(&api.host, &caller, &token).await?))
}
