//! The operator's secrets: stored, listed by name and removed. Shows no value, and needs no open data directory.

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Actor, Host, Page, Problem};
use crate::{
    app::events::{SecretRemoved, SecretSet},
    config::Config,
    events::Draft,
    kernel::KernelError,
};

/// A secret, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Secret {
    /// Its name, such as `ANTHROPIC_API_KEY`.
    pub name: String,
    /// Why its value cannot be read, if it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// A secret to store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SetSecret {
    /// Its name.
    pub name: String,
    /// Its value. White space around it is dropped.
    pub value: String,
}

/// A secret to remove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemoveSecret {
    /// Its name.
    pub name: String,
}

/// By name.
pub fn list(config: &Config) -> Result<Page<Secret>, Problem> {
    let secret = |name: String| {
        let problem = config.secrets.find(&name).err().map(|error| Problem::of(&error).to_string());
        Secret { name, problem }
    };
    // An operator stores each of them, and the sealed file is read whole.
    Ok(Page::whole(config.secrets.names()?.into_iter().map(secret).collect()))
}

/// Stores a secret, and replaces an older one of that name. Runs that wait for it continue.
pub fn set(config: &Config, request: &SetSecret) -> Result<Secret, Problem> {
    config.secrets.set(&request.name, &request.value)?;
    Ok(Secret { name: request.name.clone(), problem: None })
}

/// Removes a secret.
pub fn remove(config: &Config, request: &RemoveSecret) -> Result<Secret, Problem> {
    let name = &request.name;
    if !config.secrets.remove(name)? {
        let message = format!("The secret `{}` does not exist.", name.escape_debug());
        return Err(Problem::not_found("secret_not_found", message).of_field("name").advise("`baton secret list` lists all secrets."));
    }
    Ok(Secret { name: name.clone(), problem: None })
}

/// Stores a secret of a host that others use, too, and says in the audit log who did.
pub async fn set_for(host: &Host, actor: &Actor, request: &SetSecret) -> Result<Secret, Problem> {
    let secret = set(host.config(), request)?;
    record(host, Draft::of_host(&SecretSet { secret: secret.name.clone() }).by(actor)).await?;
    Ok(secret)
}

/// Removes a secret of a host that others use, too, and says in the audit log who did.
pub async fn remove_for(host: &Host, actor: &Actor, request: &RemoveSecret) -> Result<Secret, Problem> {
    let secret = remove(host.config(), request)?;
    record(host, Draft::of_host(&SecretRemoved { secret: secret.name.clone() }).by(actor)).await?;
    Ok(secret)
}

async fn record(host: &Host, event: Draft) -> Result<(), Problem> {
    Ok(host.app.kernel.events().append(vec![event]).await.map_err(KernelError::from)?)
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Secret, Page<Secret>)))]
pub(super) struct Views;
