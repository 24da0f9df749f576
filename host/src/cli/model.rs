//! `--model` as it goes into the settings of a run, once it names a model that can be asked. Asks none.

use std::path::{self, Path};

use serde_json::Value;

use super::{exit::Misuse, text};
use crate::{
    config::Config,
    interfaces::{RunOptions, Settings, llm},
};

/// What makes a run ask `model`. The file of a `script/FILE` is made absolute, for a run may be resumed from another folder.
pub(super) fn options(model: &str) -> Result<RunOptions, Misuse> {
    if model.trim() != model || model.is_empty() || model.chars().any(char::is_control) {
        return Err(Misuse(format!("`{}` is not a model. Write provider/model, an alias, or script/FILE.", model.escape_debug())));
    }
    let model = match model.strip_prefix("script/") {
        Some(file) => script(Path::new(file))?,
        None => model.to_owned(),
    };
    Ok(RunOptions { models: vec![model], ..RunOptions::default() })
}

/// Checks that the models that are chosen for a run in `workspace` can be asked.
pub(super) fn check(config: &Config, workspace: &Path, options: Option<&RunOptions>) -> anyhow::Result<()> {
    let Some(name) = options.and_then(|options| options.models.first()) else { return Ok(()) };
    let preferences = Settings::merge(&[config.settings(workspace)?]);
    let models = llm::named(name, &preferences).map_err(|error| Misuse(format!("{error}.")))?;
    match models.iter().find_map(|model| unknown(model, &config.models)) {
        None => Ok(()),
        Some(reason) if models == [name.as_str()] => Err(Misuse(reason).into()),
        Some(reason) => Err(Misuse(format!("`models.{}`: {reason}", text::escaped(name))).into()),
    }
}

/// A sentence about the model that is asked unless another is named, where it cannot be.
pub(super) fn doubt(config: &Config, workspace: &Value) -> Option<String> {
    let preferences = Settings::merge(std::slice::from_ref(workspace));
    llm::Preferences::models(&preferences, "models.default").iter().find_map(|name| match llm::named(name, &preferences) {
        Err(error) => Some(format!("{error}.")),
        Ok(models) => models.iter().find_map(|model| unknown(model, &config.models)),
    })
}

/// Why a `provider/model` cannot be asked, whatever its provider says.
fn unknown(model: &str, config: &llm::Config) -> Option<String> {
    let (provider, name) = model.split_once('/')?;
    let shown = text::escaped(model);
    if !config.providers().contains(&provider) {
        let (provider, known) = (text::escaped(provider), config.providers().join(", "));
        return Some(format!("`{shown}` is not a model: there is no provider `{provider}`. Name one of {known}."));
    }
    if name.trim().is_empty() {
        return Some(format!("`{shown}` names no model. Write its name after the slash."));
    }
    if provider == "script" && !config.scripts.join(name).is_file() {
        return Some(format!("There is no script `{}`; name the file as script/FILE.", text::escaped(name)));
    }
    None
}

/// The model that answers from the script in `file`.
pub(super) fn script(file: &Path) -> Result<String, Misuse> {
    if file.as_os_str().is_empty() {
        return Err(Misuse("`script/` names no file; name one as script/FILE.".to_owned()));
    }
    let absolute = file.canonicalize().or_else(|_| path::absolute(file));
    let absolute = absolute.map_err(|error| Misuse(format!("The script `{}` cannot be found: {error}.", file.display())))?;
    if !absolute.is_file() {
        return Err(Misuse(format!("There is no script `{}`; name the file as script/FILE.", absolute.display())));
    }
    match absolute.to_str() {
        Some(absolute) => Ok(format!("script/{absolute}")),
        None => Err(Misuse(format!("The script `{}` has a name that is not Unicode; rename it.", absolute.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_made_absolute_and_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().canonicalize().unwrap().join("replies.yaml");
        std::fs::write(&file, "").unwrap();
        let roundabout = folder.path().join("../").join(folder.path().file_name().unwrap()).join("replies.yaml");
        let chosen = options(&format!("script/{}", roundabout.display())).unwrap();
        assert_eq!(chosen.models, [format!("script/{}", file.display())]);
        assert!(options("script/no-such-file.yaml").is_err());
        assert_eq!(options("script/").unwrap_err().to_string(), "`script/` names no file; name one as script/FILE.");
    }

    #[test]
    fn what_cannot_be_asked_is_told_with_what_can() {
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
            assert_eq!(unknown(good, &config), None, "{good}");
        }
        let told = unknown("bogus\u{1b}/x", &config).unwrap();
        assert!(told.contains(r"no provider `bogus\u{1b}`") && told.contains("anthropic, gemini, local, ollama, openai, script"), "{told}");
        for bad in ["/x", "openai/", "openai/ ", "OpenAI/x", "script/none.yaml", "script/"] {
            assert!(unknown(bad, &config).is_some(), "{bad}");
        }
    }

    #[test]
    fn other_models_are_taken_as_they_are() {
        assert_eq!(options("anthropic/claude").unwrap().models, ["anthropic/claude"]);
        assert_eq!(options("fast").unwrap().models, ["fast"]);
        for bad in ["", " ", "a\nb", "x "] {
            assert!(options(bad).is_err(), "{bad:?}");
        }
    }
}
