//! Settings, merged from defaults, user, project and run; the later wins. Read only.

use serde::de::DeserializeOwned;

use crate::imports::settings as host;
use crate::{Error, Result};

/// The setting of a dotted key such as `plan.stories.most`, if anyone set it; `invalid` when it is not a `T`.
pub fn get<T: DeserializeOwned>(key: &str) -> Result<Option<T>> {
    let Some(value) = host::get(key) else {
        return Ok(None);
    };
    serde_json::from_str(&value).map(Some).map_err(|error| {
        Error::Invalid(format!("The setting `{key}` can not be used: {error}. Correct it in the settings and start the run again."))
    })
}
