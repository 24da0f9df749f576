//! The keys that sign access tokens: made when the first is needed, and replaced on request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    accounts::{KeyChange, SigningKey, events::SigningKeyAdded},
    actor::Actor,
    events::Draft,
    operations::{Host, Problem},
};

/// How to replace the key that signs access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotateKeys {
    /// Whether what the keys before signed is void at once, for a key that others may know. Clients refresh their sessions then;
    /// otherwise they notice nothing.
    #[serde(default)]
    pub at_once: bool,
}

/// A key that signs access tokens, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RotatedKeys {
    /// The id of the key that signs from now on.
    pub key: String,
}

/// The key that signs.
pub(super) async fn current(host: &Host) -> Result<SigningKey, Problem> {
    match host.app.accounts.store.signing_key().await? {
        Some(key) => Ok(key),
        None => add(host, KeyChange::IfNone, &Actor::system()).await,
    }
}

pub(super) async fn add(host: &Host, change: KeyChange, by: &Actor) -> Result<SigningKey, Problem> {
    let key = SigningKey {
        id: uuid::Uuid::now_v7().to_string(),
        secret: rand::random::<[u8; 32]>().to_vec(),
        created_at: host.now().0,
        retired_at: None,
    };
    let added = SigningKeyAdded { key: key.id.clone(), former_void: change == KeyChange::Forget };
    Ok(host.app.accounts.store.add_signing_key(&key, change, vec![Draft::of_host(&added).by(by)]).await?)
}
