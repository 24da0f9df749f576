//! The operator's file as text: one setting in it changed, with its comments and its order kept.

use std::{
    fmt::Display,
    fs::{self, File},
    path::Path,
};

use serde_json::Value;
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value as TomlValue};

use crate::{
    config::{self, own_files},
    operations::{Problem, ProblemKind, ProblemSource},
};

/// Keeps others from changing the file until it is dropped.
pub(super) fn lock(data_dir: &Path) -> Result<File, Problem> {
    let path = data_dir.join("settings.lock");
    own_files::lock(&path).map_err(|error| unusable(&path, &error))
}

/// The text of the file; empty where there is none.
pub(super) fn read(file: &Path) -> Result<String, Problem> {
    config::read_settings(file).map_err(|reason| unusable(file, &reason))
}

/// Writes it so that a reader sees the old file or the new one. A link to it stays one.
pub(super) fn write(file: &Path, text: &str) -> Result<(), Problem> {
    let place = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let permissions = fs::metadata(&place).ok().map(|about| about.permissions());
    own_files::replace(&place, text.as_bytes(), permissions).map_err(|error| unusable(file, &error))
}

fn unusable(file: &Path, reason: &impl Display) -> Problem {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let message = format!("The file `{}` of the settings cannot be used: {reason}.", name.escape_debug());
    Problem::new(ProblemKind::Unavailable, "settings_unusable", message, ProblemSource::Host)
}

/// The text with a setting changed, or without it.
pub(super) fn edit(text: &str, key: &str, value: Option<&Value>) -> Result<String, Problem> {
    let mut document: DocumentMut = text.parse().map_err(|_| {
        let message = "The operator's file of settings cannot be read.".to_owned();
        Problem::new(ProblemKind::Conflict, "settings_unreadable", message, ProblemSource::Host).advise("Correct it by hand first.")
    })?;
    let (table, name) = key.rsplit_once('.').unwrap_or(("", key));
    match value {
        Some(value) => {
            let value = toml(value).ok_or_else(|| no_form(key))?;
            put(open(document.as_table_mut(), table).ok_or_else(|| in_the_way(key))?, name, value);
        }
        None => take(document.as_table_mut(), table, name),
    }
    Ok(document.to_string())
}

/// The table of this name, made where there is none; none where something else is in its place.
fn open<'a>(root: &'a mut Table, path: &str) -> Option<&'a mut dyn TableLike> {
    let mut names = path.split('.').filter(|name| !name.is_empty());
    names.try_fold(root as &mut dyn TableLike, |table, name| {
        table.entry(name).or_insert_with(|| Item::Table(Table::new())).as_table_like_mut()
    })
}

/// A value that is there keeps what stands around it.
fn put(table: &mut dyn TableLike, name: &str, mut value: TomlValue) {
    let present = table.get_mut(name).and_then(Item::as_value_mut);
    match present {
        Some(present) => {
            *value.decor_mut() = present.decor().clone();
            *present = value;
        }
        None => {
            table.insert(name, Item::Value(value));
        }
    }
}

fn take(root: &mut Table, path: &str, name: &str) {
    let mut names = path.split('.').filter(|name| !name.is_empty());
    let table = names.try_fold(root as &mut dyn TableLike, |table, name| table.get_mut(name)?.as_table_like_mut());
    if let Some(table) = table {
        table.remove(name);
    }
}

/// The value as TOML writes it; none for what TOML has no form of.
fn toml(value: &Value) -> Option<TomlValue> {
    Some(match value {
        Value::Null | Value::Object(_) => return None,
        Value::Bool(truth) => (*truth).into(),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().filter(|number| number.is_finite())?.into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => TomlValue::Array(items.iter().map(toml).collect::<Option<Array>>()?),
    })
}

fn no_form(key: &str) -> Problem {
    let message = format!("`{key}` has to be a text, a number, true, false or a list of these.");
    Problem::invalid("setting_invalid", "value", message)
}

fn in_the_way(key: &str) -> Problem {
    let message = format!("The operator's file has something else in the place of the table of `{key}`.");
    Problem::conflict("settings_unreadable", message).advise("Correct it by hand first.")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const FILE: &str =
        "# Ours\noperator = \"ada\"\n\n[models]\ndefault = \"a/b\" # the good one\nfast = \"a/c\"\n\n[sprint]\n# two cores\nparallel = 2\n";

    fn edited(text: &str, key: &str, value: Option<Value>) -> String {
        edit(text, key, value.as_ref()).unwrap()
    }

    #[test]
    fn one_line_changes_and_comments_stay() {
        assert_eq!(edited(FILE, "models.default", Some(json!("x/y"))), FILE.replace("\"a/b\" #", "\"x/y\" #"));
        assert_eq!(edited(FILE, "sprint.parallel", Some(json!(4))), FILE.replace("parallel = 2", "parallel = 4"));
        assert_eq!(edited(FILE, "models.fast", None), FILE.replace("fast = \"a/c\"\n", ""));
        assert_eq!(edited(FILE, "story.file-mib", None), FILE);
    }

    #[test]
    fn a_table_is_made_where_there_is_none() {
        assert_eq!(edited("", "story.paths", Some(json!(["src/", "tests/"]))), "[story]\npaths = [\"src/\", \"tests/\"]\n");
        assert!(edited(FILE, "decide.threshold", Some(json!(0.5))).ends_with("\n[decide]\nthreshold = 0.5\n"));
        assert_eq!(edited("story = { file-mib = 1 }\n", "story.file-mib", Some(json!(2))), "story = { file-mib = 2 }\n");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        assert_eq!(edit("", "story.paths", Some(&json!({ "a": 1 }))).unwrap_err().code, "setting_invalid");
        assert_eq!(edit("", "story.paths", Some(&json!([null]))).unwrap_err().code, "setting_invalid");
        assert_eq!(edit("story = 1\n", "story.paths", Some(&json!([]))).unwrap_err().code, "settings_unreadable");
        assert_eq!(edit("[story", "story.paths", None).unwrap_err().code, "settings_unreadable");
    }
}
