//! The environment of the project in the current folder. Builds nothing.

use super::{Check, own};
use crate::{
    cli::{
        Context,
        place::ProjectArguments,
        project::{Lacking, lacking},
    },
    operations::Host,
};

/// Nothing where the folder's commands have what they need, as far as Baton sees.
pub(super) async fn check(context: &Context, app: &Host) -> Option<Check> {
    const NAME: &str = "environment";
    let found = ProjectArguments::default().choice().ok()?.find(app).await.ok()?;
    match lacking(app, context, &found, &own::effective(&app.config)).await {
        Ok(None) => None,
        Ok(Some(Lacking { what, advice })) => Some(Check::warn(NAME, what, advice)),
        Err(error) => Some(Check::warn(NAME, "cannot be read", error.to_string())),
    }
}
