//! Changes a setting in the operator's file. What the host could not start with is refused, and the file stays as it was.

use serde_json::Value;

use super::{DescribedSetting, Setting, edit, find, get, in_force, is_changeable, value};
use crate::{
    actor::{Actor, ActorKind},
    app::events::SettingChanged,
    config::{Config, ConfigError, has_script},
    errors::Hint as _,
    events::Draft,
    kernel::KernelError,
    operations::{Host, Problem, ProblemKind, ProblemSource},
};

/// Sets it from the next start of the host on.
pub async fn set(host: &Host, actor: &Actor, key: &str, value: &Value) -> Result<Setting, Problem> {
    value::check(key, changeable(key)?.kind, value)?;
    check_script(actor, value)?;
    change(host, actor, key, Some(value)).await
}

/// Takes it out of the operator's file, so that its default holds from the next start of the host on.
pub async fn unset(host: &Host, actor: &Actor, key: &str) -> Result<Setting, Problem> {
    changeable(key)?;
    change(host, actor, key, None).await
}

fn check_script(actor: &Actor, value: &Value) -> Result<(), Problem> {
    if !has_script(value) || actor.kind == ActorKind::Operator {
        return Ok(());
    }
    let problem = Problem::invalid("setting_invalid", "value", "Only the operator of the host can choose a script as a model.");
    Err(problem.advise("Choose `provider/model` or an alias from the settings."))
}

fn changeable(key: &str) -> Result<&'static DescribedSetting, Problem> {
    let (table, setting) = find(key)?;
    if is_changeable(table) {
        return Ok(setting);
    }
    let message = format!("The setting `{key}` can be changed in the operator's file alone.");
    Err(Problem::new(ProblemKind::Forbidden, "setting_fixed", message, ProblemSource::Client).of_field("setting"))
}

async fn change(host: &Host, actor: &Actor, key: &str, value: Option<&Value>) -> Result<Setting, Problem> {
    let config = host.config();
    let lock = edit::lock(&config.data_dir)?;
    let before = edit::read(&config.user_file)?;
    let after = edit::edit(&before, key, value)?;
    let told = config.with_user_file(&after).map_err(|error| refuse(config, &error))?;
    if in_force(&told).get(key).as_ref() != value && value.is_some() {
        let message = format!("The setting `{key}` is set by a variable of the environment, which goes before the file.");
        return Err(Problem::conflict("setting_overridden", message).of_field("setting"));
    }
    edit::write(&config.user_file, &after)?;
    drop(lock);
    let event = Draft::of_host(&SettingChanged { setting: key.to_owned(), value: value.cloned() }).by(actor);
    host.app.kernel.events().append(vec![event]).await.map_err(KernelError::from)?;
    get(host, key)
}

/// What the host would say at its next start, without the place of the file.
fn refuse(config: &Config, error: &ConfigError) -> Problem {
    let message = error.to_string().replace(&*config.user_file.display().to_string(), "baton.toml");
    Problem { hint: error.hint(), ..Problem::invalid("setting_invalid", "value", message) }
}
