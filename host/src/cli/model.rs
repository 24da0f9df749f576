//! `--model` as an option of a run. Asks no model.

use std::path::{self, Path};

use super::text;
use crate::operations::{Problem, code, execution::RunOptions, named_files};

/// The options of a run that uses `model`. The file of a `script/FILE` is made absolute, for a run may be resumed from another
/// folder.
pub(super) fn options(model: &str) -> Result<RunOptions, Problem> {
    if model.trim() != model || model.is_empty() || model.chars().any(char::is_control) {
        let problem = Problem::invalid("model_unusable", "model", format!("`{}` is not a model.", model.escape_debug()));
        return Err(problem.advise("Write provider/model, an alias, or script/FILE."));
    }
    let model = match model.strip_prefix("script/") {
        Some(file) => script(Path::new(file))?,
        None => model.to_owned(),
    };
    Ok(RunOptions::with_model(model))
}

/// The model that answers from the script in `file`.
pub(super) fn script(file: &Path) -> Result<String, Problem> {
    if file.as_os_str().is_empty() {
        return Err(Problem::invalid("model_unusable", "model", "`script/` has no file.").advise("Write script/FILE."));
    }
    let unusable = |error| named_files::unreadable("model", file, &error);
    let absolute = file.canonicalize().or_else(|_| path::absolute(file)).map_err(unusable)?;
    named_files::require_file("model", &absolute).map_err(|problem| problem.advise("Give the file as script/FILE."))?;
    absolute.to_str().map(|absolute| format!("script/{absolute}")).ok_or_else(|| {
        let shown = text::path(&absolute);
        Problem::invalid(code::FILE_UNREADABLE, "model", format!("`{shown}` has a name that is not UTF-8.")).advise("Rename it.")
    })
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
        assert_eq!(options("script/").unwrap_err().to_string(), "`script/` has no file. Write script/FILE.");
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
