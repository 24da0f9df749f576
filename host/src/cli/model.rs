//! `--model` as an option of a run. Asks no model.

use std::path::{self, Path};

use super::exit::Misuse;
use crate::operations::execution::RunOptions;

/// The options of a run that uses `model`. The file of a `script/FILE` is made absolute, for a run may be resumed from another
/// folder.
pub(super) fn options(model: &str) -> Result<RunOptions, Misuse> {
    if model.trim() != model || model.is_empty() || model.chars().any(char::is_control) {
        return Err(Misuse(format!("`{}` is not a model. Write provider/model, an alias, or script/FILE.", model.escape_debug())));
    }
    let model = match model.strip_prefix("script/") {
        Some(file) => script(Path::new(file))?,
        None => model.to_owned(),
    };
    Ok(RunOptions::with_model(model))
}

/// The model that answers from the script in `file`.
pub(super) fn script(file: &Path) -> Result<String, Misuse> {
    if file.as_os_str().is_empty() {
        return Err(Misuse("`script/` has no file; write script/FILE.".to_owned()));
    }
    let absolute = file.canonicalize().or_else(|_| path::absolute(file));
    let absolute = absolute.map_err(|error| Misuse(format!("The script `{}` cannot be found: {error}.", file.display())))?;
    if !absolute.is_file() {
        return Err(Misuse(format!("The script `{}` does not exist; give the file as script/FILE.", absolute.display())));
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
        assert_eq!(chosen.model, Some(format!("script/{}", file.display())));
        assert!(options("script/no-such-file.yaml").is_err());
        assert_eq!(options("script/").unwrap_err().to_string(), "`script/` has no file; write script/FILE.");
    }

    #[test]
    fn other_models_are_taken_as_they_are() {
        assert_eq!(options("anthropic/claude").unwrap().model.as_deref(), Some("anthropic/claude"));
        assert_eq!(options("fast").unwrap().model.as_deref(), Some("fast"));
        for bad in ["", " ", "a\nb", "x "] {
            assert!(options(bad).is_err(), "{bad:?}");
        }
    }
}
