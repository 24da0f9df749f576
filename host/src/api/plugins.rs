//! Plugins over HTTP. A file that is uploaded is checked before anything is written.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse},
};
use futures::StreamExt as _;
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
    plugins::{
        self, DecidedPlugin, GrantPlugin, InstallPlugin, InstalledPlugin, LARGEST_PLUGIN, ListPluginDecisions, PluginDecision,
        PluginDetails, PluginFile, PluginLimits, PluginList, PluginNeeds, RemovePlugin, RemovedPlugin, RevokePlugin, SwitchPlugin,
    },
};

/// The media type of a component.
const WASM: &str = "application/wasm";
/// What every component begins with: the magic number, the version and the layer.
const BEGINNING: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// How to install a plugin.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Installation {
    /// Grant all that it asks for.
    #[serde(default)]
    grant: bool,
    /// Why that is granted, for the history of the plugin.
    reason: Option<String>,
    /// Change nothing, and say what would change.
    #[serde(default)]
    dry_run: bool,
}

/// What to grant to a plugin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CapabilitiesToGrant {
    /// `KIND=PATTERN`, or `KIND` for all of it that the plugin asks for; behind `through.` what others may do for the plugin.
    /// Everything that it asks for where none is named.
    #[serde(default)]
    capabilities: Vec<String>,
    /// Withhold everything else that it asks for.
    #[serde(default)]
    only: bool,
    /// Only in this project, by its id or name.
    #[serde(default)]
    project: Option<String>,
    /// Only until this time.
    #[serde(default)]
    until: Option<Moment>,
    /// Why, for the history of the plugin.
    #[serde(default)]
    reason: Option<String>,
    /// Change nothing, and say what would change.
    #[serde(default)]
    dry_run: bool,
}

/// What to revoke.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CapabilitiesToRevoke {
    /// `KIND=PATTERN` or `KIND`. Everything where none is named.
    #[serde(default)]
    capabilities: Vec<String>,
    /// Why, for the history of the plugin.
    #[serde(default)]
    reason: Option<String>,
}

/// Why something is decided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Reason {
    /// Why, for the history of the plugin.
    #[serde(default)]
    reason: Option<String>,
}

/// Which decisions are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Decisions {
    /// Also calls that were denied.
    #[serde(default)]
    denied: bool,
}

pub(super) fn routes() -> OpenApiRouter<Arc<Api>> {
    OpenApiRouter::new()
        .routes(routes!(list, upload))
        .routes(routes!(show, remove))
        .routes(routes!(disable))
        .routes(routes!(enable))
        .routes(routes!(grant))
        .routes(routes!(history))
        .routes(routes!(limits))
        .routes(routes!(needs))
        .routes(routes!(revoke))
}

/// List plugins
#[utoipa::path(get, path = "/plugins", tag = "plugins", params(Paging), responses((status = 200, body = PluginList)))]
async fn list(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<PluginList>, Failure> {
    Ok(Json(plugins::list_for(&api.host, &caller, paging.cursor(), paging.limit()?).await?))
}

/// Install a plugin
///
/// The body is the component. It is checked and compiled before it is installed; what is rejected leaves nothing behind.
#[utoipa::path(
    post,
    path = "/plugins",
    tag = "plugins",
    params(Installation),
    request_body(content = String, content_type = "application/wasm", description = "The component"),
    responses(
        (status = 200, body = InstalledPlugin, description = "What would change; nothing was changed"),
        (status = 201, body = InstalledPlugin, description = "The plugin is installed", headers(("location" = String, description = "The plugin")))
    )
)]
async fn upload(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Parameters(how): Parameters<Installation>,
    request: Request,
) -> Result<impl IntoResponse, Failure> {
    check_media_type(request.headers())?;
    let _permit = api.uploads.try_acquire().map_err(|_| busy())?;
    let wasm = read_component(request.into_body()).await?;
    let host = Arc::clone(&api.host);
    // A panic in what reads it is a defect of this host.
    let read = tokio::task::spawn_blocking(move || PluginFile::of_upload(wasm, host.config())).await;
    let mut file = read.map_err(|_| Failure::of_status(StatusCode::INTERNAL_SERVER_ERROR))??;
    if how.dry_run {
        let planned = plugins::plan_install(&api.host, &mut file).await?.visible_to(&caller);
        return Ok((StatusCode::OK, AppendHeaders(None), Json(planned)));
    }
    let request = InstallPlugin { grant: how.grant, reason: how.reason };
    let installed = plugins::install(&api.host, &caller.actor, file, &request).await?.visible_to(&caller);
    let location = format!("{ROOT}/plugins/{}", installed.plugin.name);
    Ok((StatusCode::CREATED, AppendHeaders(Some((header::LOCATION, location))), Json(installed)))
}

/// Show a plugin
#[utoipa::path(
    get,
    path = "/plugins/{plugin}",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    responses((status = 200, body = PluginDetails))
)]
async fn show(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
) -> Result<Json<PluginDetails>, Failure> {
    Ok(Json(plugins::show_for(&api.host, &caller, &plugin).await?))
}

/// Remove a plugin and revoke its grants
#[utoipa::path(
    delete,
    path = "/plugins/{plugin}",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    responses((status = 200, body = RemovedPlugin))
)]
async fn remove(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
) -> Result<Json<RemovedPlugin>, Failure> {
    Ok(Json(plugins::remove(&api.host, &caller.actor, &RemovePlugin { plugin }).await?.without_paths()))
}

/// Keep a plugin from being started
#[utoipa::path(
    post,
    path = "/plugins/{plugin}/disable",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    request_body = Reason,
    responses((status = 200, body = DecidedPlugin))
)]
async fn disable(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
    Input(given): Input<Reason>,
) -> Result<Json<DecidedPlugin>, Failure> {
    let request = SwitchPlugin { plugin, reason: given.reason };
    Ok(Json(plugins::disable(&api.host, &caller.actor, &request).await?.visible_to(&caller)))
}

/// Let a plugin be started again
#[utoipa::path(
    post,
    path = "/plugins/{plugin}/enable",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    request_body = Reason,
    responses((status = 200, body = DecidedPlugin))
)]
async fn enable(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
    Input(given): Input<Reason>,
) -> Result<Json<DecidedPlugin>, Failure> {
    let request = SwitchPlugin { plugin, reason: given.reason };
    Ok(Json(plugins::enable(&api.host, &caller.actor, &request).await?.visible_to(&caller)))
}

/// Grant capabilities to a plugin
#[utoipa::path(
    post,
    path = "/plugins/{plugin}/grant",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    request_body = CapabilitiesToGrant,
    responses((status = 200, body = DecidedPlugin))
)]
async fn grant(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
    Input(given): Input<CapabilitiesToGrant>,
) -> Result<Json<DecidedPlugin>, Failure> {
    let CapabilitiesToGrant { capabilities, only, project, until, reason, dry_run } = given;
    let project = match project {
        Some(name) => Some(caller.find_project(&api.host, &name).await?),
        None => None,
    };
    let request = GrantPlugin { plugin, capabilities, only, project, until, reason };
    let decided = match dry_run {
        true => plugins::plan_grant(&api.host, &request).await?,
        false => plugins::grant(&api.host, &caller.actor, &request).await?,
    };
    Ok(Json(decided.visible_to(&caller)))
}

/// List what was decided of a plugin, newest first
#[utoipa::path(
    get,
    path = "/plugins/{plugin}/history",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name"), Decisions, Paging),
    responses((status = 200, body = Page<PluginDecision>))
)]
async fn history(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
    Parameters(decisions): Parameters<Decisions>,
    Parameters(paging): Parameters<Paging>,
) -> Result<Json<Page<PluginDecision>>, Failure> {
    let cursor = paging.cursor().map(str::to_owned);
    let request = ListPluginDecisions { plugin, denied: decisions.denied, cursor, limit: paging.limit()? };
    Ok(Json(plugins::history_for(&api.host, &caller, &request).await?))
}

/// Show what one run of a plugin may take
#[utoipa::path(
    get,
    path = "/plugins/{plugin}/limits",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    responses((status = 200, body = PluginLimits))
)]
async fn limits(State(api): State<Arc<Api>>, Segments(plugin): Segments<String>) -> Result<Json<PluginLimits>, Failure> {
    Ok(Json(plugins::limits(&api.host, &plugin).await?))
}

/// Show what a plugin asks for, beside what it is granted
#[utoipa::path(
    get,
    path = "/plugins/{plugin}/needs",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    responses((status = 200, body = PluginNeeds))
)]
async fn needs(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
) -> Result<Json<PluginNeeds>, Failure> {
    Ok(Json(plugins::needs_for(&api.host, &caller, &plugin).await?))
}

/// Revoke capabilities of every version of a plugin
#[utoipa::path(
    post,
    path = "/plugins/{plugin}/revoke",
    tag = "plugins",
    params(("plugin" = String, Path, description = "Its name")),
    request_body = CapabilitiesToRevoke,
    responses((status = 200, body = DecidedPlugin))
)]
async fn revoke(
    State(api): State<Arc<Api>>,
    Caller(caller): Caller,
    Segments(plugin): Segments<String>,
    Input(given): Input<CapabilitiesToRevoke>,
) -> Result<Json<DecidedPlugin>, Failure> {
    let request = RevokePlugin { plugin, capabilities: given.capabilities, reason: given.reason };
    Ok(Json(plugins::revoke(&api.host, &caller.actor, &request).await?.visible_to(&caller)))
}

/// Reads a component as it comes, and no further than it can be one.
async fn read_component(body: Body) -> Result<Vec<u8>, Failure> {
    let (mut parts, mut wasm) = (body.into_data_stream(), Vec::new());
    while let Some(part) = parts.next().await {
        // Why it did not arrive is known where its time is kept.
        let part = part.map_err(|_| Failure::of_status(StatusCode::BAD_REQUEST))?;
        if wasm.len() + part.len() > LARGEST_PLUGIN {
            return Err(Failure::of_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        wasm.extend_from_slice(&part);
        let known = wasm.len().min(BEGINNING.len());
        if wasm[..known] != BEGINNING[..known] {
            return Err(not_a_component());
        }
    }
    if wasm.len() < BEGINNING.len() { Err(not_a_component()) } else { Ok(wasm) }
}

/// What is packed would have another size than the one that is counted.
fn check_media_type(headers: &HeaderMap) -> Result<(), Failure> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_plain = !headers.contains_key(header::CONTENT_ENCODING) || text(header::CONTENT_ENCODING).eq_ignore_ascii_case("identity");
    let essence = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    if is_plain && essence.eq_ignore_ascii_case(WASM) {
        return Ok(());
    }
    let message = "The body has to be a WebAssembly component, and not compressed.";
    let failure = Failure::of_client(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", message);
    Err(failure.advise("Send it with `content-type: application/wasm`."))
}

fn not_a_component() -> Failure {
    let message = "The body is not a WebAssembly component.";
    Failure::of_client(StatusCode::BAD_REQUEST, "not_a_component", message).advise("`baton plugin build` makes one of a plugin's folder.")
}

fn busy() -> Failure {
    let message = "Other plugins are being installed.";
    let failure = Failure::of_client(StatusCode::TOO_MANY_REQUESTS, "too_many_uploads", message);
    failure.advise("Wait as long as `Retry-After` says.").retry_after(Duration::from_secs(5))
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn read(parts: Vec<&'static [u8]>) -> Result<Vec<u8>, String> {
        let body = Body::from_stream(stream::iter(parts.into_iter().map(Ok::<_, std::io::Error>)));
        read_component(body).await.map_err(|failure| failure.problem().code.into_owned())
    }

    #[tokio::test]
    async fn a_body_is_read_no_further_than_it_can_be_a_component() {
        assert_eq!(read(vec![b"\0as", b"m\x0d\0\x01\0", b"rest"]).await.unwrap(), b"\0asm\x0d\0\x01\0rest");
        for parts in [vec![], vec![b"\0asm".as_slice()], vec![b"\0as", b"x"], vec![b"\0asm\x01\0\0\0"], vec![b"PK"]] {
            assert_eq!(read(parts).await.unwrap_err(), "not_a_component");
        }
        let endless = Body::from_stream(
            stream::iter([Ok::<_, std::io::Error>(BEGINNING.to_vec())]).chain(stream::repeat_with(|| Ok(vec![0; 1 << 20]))),
        );
        assert_eq!(read_component(endless).await.unwrap_err().problem().code, "body_too_large");
    }
}
