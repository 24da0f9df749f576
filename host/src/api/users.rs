//! Users over HTTP. Who may manage whom is decided by the operations.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Api, ROOT,
    extract::{Caller, Input, Paging, Parameters, Segments},
    failure::Failure,
};
use crate::operations::{
    Page,
    access::{Permission, Role},
    accounts::users::{self, AddUser, ListUsers, Membership, RemovedUser, SetMember, SetPassword, SetUser, User},
};

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list, add))
        .routes(routes!(show, change, remove))
        .routes(routes!(set_password))
        .routes(routes!(set_member, remove_member))
}

/// List the users that the caller may know of
#[utoipa::path(get, path = "/users", tag = "users", params(Paging), responses((status = 200, body = Page<User>)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<User>>, Failure> {
    let request = ListUsers { cursor: paging.cursor().map(str::to_owned), limit: paging.limit()? };
    Ok(Json(users::list(&api.host, &caller, &request).await?))
}

/// A user to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewUser {
    /// The name: 1 to 64 ASCII letters, digits, `-`, `_`, `.`, `@` and `+`. Names that differ in case alone are the same.
    #[schema(max_length = 64)]
    name: String,
    /// The password: 12 to 256 characters.
    #[schema(max_length = 1024)]
    password: String,
    /// What the user may do.
    role: Role,
    /// Whether every project exists for the user; else those alone that it is a member of.
    #[serde(default)]
    all_projects: bool,
    /// The projects that it is a member of.
    #[serde(default)]
    members: Vec<Membership>,
}

/// Add a user
#[utoipa::path(post, path = "/users", tag = "users", request_body = NewUser, responses((status = 201, body = User)))]
async fn add(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Input(new): Input<NewUser>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<User>), Failure> {
    let NewUser { name, password, role, all_projects, members } = new;
    let user = users::add(&api.host, &caller, AddUser { name, password, role, all_projects, members }).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("{ROOT}/users/{}", user.id))], Json(user)))
}

/// Show a user
#[utoipa::path(
    get,
    path = "/users/{user}",
    tag = "users",
    params(("user" = String, Path, description = "The id or the name")),
    responses((status = 200, body = User))
)]
async fn show(State(api): State<Arc<Api>>, Caller(caller): Caller, Segments(user): Segments<String>) -> Result<Json<User>, Failure> {
    Ok(Json(users::find(&api.host, &caller, &user).await?))
}

/// What changes of a user; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UserChange {
    /// What the user may do.
    #[serde(default)]
    role: Option<Role>,
    /// Whether every project exists for the user.
    #[serde(default)]
    all_projects: Option<bool>,
    /// Whether the user may do nothing. The sessions of one who is disabled end.
    #[serde(default)]
    disabled: Option<bool>,
}

/// Change what a user may do
#[utoipa::path(
    patch,
    path = "/users/{user}",
    tag = "users",
    params(("user" = String, Path, description = "The id or the name")),
    request_body = UserChange,
    responses((status = 200, body = User))
)]
async fn change(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(user): Segments<String>,
    Input(UserChange { role, all_projects, disabled }): Input<UserChange>,
) -> Result<Json<User>, Failure> {
    Ok(Json(users::set(&api.host, &caller, &user, &SetUser { role, all_projects, disabled }).await?))
}

/// Remove a user
#[utoipa::path(
    delete,
    path = "/users/{user}",
    tag = "users",
    params(("user" = String, Path, description = "The id or the name")),
    responses((status = 200, body = RemovedUser))
)]
async fn remove(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(user): Segments<String>,
) -> Result<Json<RemovedUser>, Failure> {
    Ok(Json(users::remove(&api.host, &caller, &user).await?))
}

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// The new password: 12 to 256 characters.
    #[schema(max_length = 1024)]
    password: String,
    /// The password before, where users change their own.
    #[serde(default)]
    #[schema(max_length = 1024)]
    current: Option<String>,
}

/// Set a user's password
#[utoipa::path(
    post,
    path = "/users/{user}/password",
    tag = "users",
    params(("user" = String, Path, description = "The id or the name")),
    request_body = NewPassword,
    responses((status = 200, body = User))
)]
async fn set_password(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(user): Segments<String>,
    Input(NewPassword { password, current }): Input<NewPassword>,
) -> Result<Json<User>, Failure> {
    Ok(Json(users::set_password(&api.host, &caller, &user, SetPassword { password, current }).await?))
}

/// What is delegated to a member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Delegation {
    /// Any of `grant`, `merge`, `budgets`, `secrets`, `users` and `settings`.
    #[serde(default)]
    permissions: Vec<Permission>,
}

/// Make a user a member of a project, with what is delegated to it there
#[utoipa::path(
    put,
    path = "/projects/{project}/members/{user}",
    tag = "users",
    params(("project" = String, Path, description = "Its id or name"), ("user" = String, Path, description = "The id or the name")),
    request_body = Delegation,
    responses((status = 200, body = User))
)]
async fn set_member(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments((project, user)): Segments<(String, String)>,
    Input(Delegation { permissions }): Input<Delegation>,
) -> Result<Json<User>, Failure> {
    Ok(Json(users::set_member(&api.host, &caller, &user, &SetMember { project, permissions }).await?))
}

/// Take a user out of a project
#[utoipa::path(
    delete,
    path = "/projects/{project}/members/{user}",
    tag = "users",
    params(("project" = String, Path, description = "Its id or name"), ("user" = String, Path, description = "The id or the name")),
    responses((status = 200, body = User))
)]
async fn remove_member(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments((project, user)): Segments<(String, String)>,
) -> Result<Json<User>, Failure> {
    Ok(Json(users::remove_member(&api.host, &caller, &user, &project).await?))
}
