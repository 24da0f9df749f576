//! What may be chosen for one run, and whether its models can be asked. Asks none, and widens nothing that a run may do.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    config::{Config, has_script},
    errors::{Hint as _, Reason},
    escape::escaped,
    interfaces::{self, Settings, llm},
    operations::{Dollars, Host, Problem, access::Caller},
};

/// What is chosen for one run and all that it starts. An authority to merge is not among it: only the merge of a pull request
/// makes one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunOptions {
    /// The model to use instead of those of the settings: `provider/model` or an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Dollars that the run may spend on models, with all that it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd: Option<Dollars>,
}

impl RunOptions {
    /// A run that uses this model.
    pub fn with_model(model: impl Into<String>) -> Self {
        Self { model: Some(model.into()), ..Self::default() }
    }

    /// Checks that what is chosen can be used for a run in `workspace`.
    pub fn check(&self, host: &Host, workspace: &Path) -> Result<(), Problem> {
        check_model(host, workspace, self.model.as_deref())
    }

    /// Checks that a caller may choose this. A script is a file of this machine, which only its operator names.
    pub fn check_for(&self, caller: &Caller) -> Result<(), Problem> {
        let is_script = self.model.as_deref().is_some_and(|model| has_script(&model.into()));
        if !is_script || caller.is_operator() {
            return Ok(());
        }
        let message = "Only the operator of the host can choose a script as the model of a run.";
        Err(Problem::invalid("model_invalid", "model", message).advise("Choose `provider/model` or an alias from the settings."))
    }

    /// The options as a run keeps them: a budget is set for it, and is not one of them.
    pub(in crate::operations) fn of_run(&self) -> interfaces::RunOptions {
        interfaces::RunOptions { models: self.model.iter().cloned().collect(), ..interfaces::RunOptions::default() }
    }
}

/// Checks that a model that is chosen for a run in `workspace` can be used.
pub(in crate::operations) fn check_model(host: &Host, workspace: &Path, model: Option<&str>) -> Result<(), Problem> {
    let Some(name) = model else { return Ok(()) };
    let config = host.config();
    let preferences = Settings::merge(&[config.settings(workspace)?]);
    let unusable = |message| Problem::invalid("model_unusable", "model", message);
    let models = llm::named(name, &preferences).map_err(|error| unusable(format!("{error}.")))?;
    let Some(reason) = models.iter().find_map(|model| why_unusable(model, &config.models)) else { return Ok(()) };
    let problem = match models == [name] {
        true => unusable(reason.to_string()),
        false => unusable(format!("`models.{}`: {reason}", escaped(name))),
    };
    Err(Problem { hint: reason.hint(), ..problem })
}

/// Why the model that is used unless another is named cannot be used; none where it can.
pub(super) fn why_default_unusable(config: &Config, settings: &Value) -> Option<String> {
    let preferences = Settings::merge(std::slice::from_ref(settings));
    llm::Preferences::models(&preferences, "models.default").iter().find_map(|name| match llm::named(name, &preferences) {
        Err(error) => Some(format!("{error}.")),
        Ok(models) => models.iter().find_map(|model| why_unusable(model, &config.models)).map(|reason| reason.explain()),
    })
}

/// Why a `provider/model` cannot be used, whatever its provider says.
fn why_unusable(model: &str, config: &llm::Config) -> Option<Reason> {
    let (provider, name) = model.split_once('/')?;
    let shown = escaped(model);
    if !config.providers().contains(&provider) {
        let (provider, known) = (escaped(provider), config.providers().join(", "));
        let reason = Reason::new(format!("`{shown}` is not a model: the provider `{provider}` does not exist."));
        return Some(reason.advise(format!("Use one of {known}.")));
    }
    if name.trim().is_empty() {
        return Some(Reason::new(format!("`{shown}` has no model name.")).advise("Write it after the slash."));
    }
    if provider == "script" && !config.scripts.join(name).is_file() {
        return Some(Reason::new(format!("The script `{}` does not exist.", escaped(name))).advise("Give the file as script/FILE."));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_cannot_be_used_is_rejected_with_those_that_can() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.yaml"), "").unwrap();
        let mut config = llm::Config::scripts_only(folder.path());
        let local = llm::Endpoint {
            protocol: llm::Protocol::OpenAiCompatible,
            base_url: "http://127.0.0.1:1/v1".to_owned(),
            api_key: None,
            key_variable: None,
        };
        config.endpoints.insert("local".to_owned(), local);
        for good in ["anthropic/x", "ollama/a/b", "local/x", "script/a.yaml"] {
            assert_eq!(why_unusable(good, &config), None, "{good}");
        }
        let reason = why_unusable("bogus\u{1b}/x", &config).unwrap().explain();
        assert!(
            reason.contains(r"provider `bogus\u{1b}` does not exist")
                && reason.contains("anthropic, gemini, local, ollama, openai, script"),
            "{reason}"
        );
        for bad in ["/x", "openai/", "openai/ ", "OpenAI/x", "script/none.yaml", "script/"] {
            assert!(why_unusable(bad, &config).is_some(), "{bad}");
        }
    }
}
