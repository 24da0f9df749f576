//! Ready-made tools that change files in places: edits of one file, and patches of several. Each call is made whole or not at
//! all, as far as single writes can be undone. They can do what the plugin's own grants allow and nothing more.

use serde_json::{Value, json};

use super::{
    Tool,
    editing::{self, Document, Edit, show_regions},
    patch::{self, Change},
    reading::{argument, object},
};
use crate::{Error, Result, files};

/// Edits of one call.
const MOST_EDITS: usize = 100;

/// Replaces passages of a text file.
pub fn edit_file() -> Tool {
    let old = json!({ "type": "string", "minLength": 1, "description": "The lines to replace, as they stand in the file; they have to be there once" });
    let new = json!({ "type": "string", "description": "What stands there afterwards" });
    let all = json!({ "type": "boolean", "description": "Whether to replace each place where `old` stands; false when left out" });
    let edit = object(&json!({ "old": old, "new": new, "replace-all": all }), &["old", "new"]);
    let parameters = object(
        &json!({
            "path": { "type": "string", "minLength": 1, "description": "Relative path" },
            "old": old, "new": new, "replace-all": all,
            "edits": { "type": "array", "items": edit, "minItems": 1, "maxItems": MOST_EDITS, "description": "Several edits, in order, instead of `old` and `new`; all are made or none" }
        }),
        &["path"],
    );
    Tool::new(
        "edit_file",
        "Replaces passages of a text file of the project and leaves the rest as it is: one by `old` and `new`, or several by `edits`. Shows the changed lines with their numbers.",
        parameters,
        |arguments| {
            let (path, edits) = (argument(arguments, "path")?, edits(arguments)?);
            let mut document = Document::parse(path, &files::read(path)?)?;
            let edited = editing::apply(&mut document, &edits, path)?;
            files::write(path, document.render())?;
            let remarks: String = edited.remarks.iter().map(|remark| format!("{remark}\n")).collect();
            let lines = document.text.lines().count();
            Ok(format!("Changed {path}, which has {lines} lines now:\n{remarks}{}", show_regions(&document.text, &edited.regions)))
        },
    )
}

/// Applies a patch to files.
pub fn apply_patch() -> Tool {
    let form = "Either between `*** Begin Patch` and `*** End Patch`, with `*** Update File: PATH`, `*** Add File: PATH`, `*** Delete File: PATH` and `*** Move to: PATH`, where hunks begin with `@@` and perhaps a line of the file before them; or a unified diff. Lines begin with a blank, `-` or `+`.";
    let parameters = object(&json!({ "patch": { "type": "string", "minLength": 1, "description": form } }), &["patch"]);
    let description = "Changes, adds, moves and deletes text files of the project by a patch. All of it is applied, or nothing. Shows the changed lines with their numbers.";
    Tool::new("apply_patch", description, parameters, |arguments| {
        let patch = patch::parse(argument(arguments, "patch")?)?;
        let applied = patch::apply(&patch, &|path| files::read(path))?;
        make(&applied.changes)?;
        Ok(applied.report)
    })
}

fn edits(arguments: &Value) -> Result<Vec<Edit>> {
    let edit = |arguments: &Value| {
        let (old, new) = (argument(arguments, "old")?.to_owned(), argument(arguments, "new")?.to_owned());
        Ok(Edit { old, new, replace_all: arguments["replace-all"] == true })
    };
    let has_one = !arguments["old"].is_null() || !arguments["new"].is_null();
    match arguments["edits"].as_array() {
        Some(_) if has_one => {
            Err(Error::invalid("Nothing was changed: `edits` and `old` or `new` are given. Give either `edits`, or `old` and `new`."))
        }
        Some(edits) => edits.iter().map(edit).collect(),
        None => Ok(vec![edit(arguments)?]),
    }
}

/// Makes changes one after the other, and undoes them where one of them cannot be made.
fn make(changes: &[Change]) -> Result<()> {
    for (index, change) in changes.iter().enumerate() {
        let Err(error) = set(&change.path, change.after.as_deref().map(str::as_bytes)) else { continue };
        if error.ends_the_run() {
            return Err(error);
        }
        let left: Vec<_> = changes[..index].iter().rev().filter(|made| set(&made.path, made.before.as_deref()).is_err()).collect();
        let left = match &left[..] {
            [] => "Nothing was changed".to_owned(),
            paths => {
                let paths: Vec<_> = paths.iter().map(|made| format!("`{}`", made.path)).collect();
                format!("Changed, and not to be undone, are {}; all else is as it was", paths.join(", "))
            }
        };
        return Err(Error { text: format!("`{}` cannot be changed: {} {left}.", change.path, error.text), ..error });
    }
    Ok(())
}

fn set(path: &str, content: Option<&[u8]>) -> Result<()> {
    match content {
        Some(content) => files::write(path, content),
        None => files::remove(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    fn call(host: &Host, tool: &Tool, arguments: &Value) -> Result<String> {
        host.inside(|| tool.call(arguments))
    }

    #[test]
    fn a_passage_is_replaced_where_it_stands_once() {
        let host = Host::new().with_file("a.sh", "one\ntwo\ntwo\n");
        let edit = |old: &str| call(&host, &edit_file(), &json!({ "path": "a.sh", "old": old, "new": "$1 three" }));
        assert!(edit("two").is_err_and(|error| error.to_string().contains("more than once, at the lines 2, 3")));
        assert!(edit("four").is_err_and(|error| error.to_string().contains("is not in the file")));
        assert_eq!(edit("one").unwrap(), "Changed a.sh, which has 3 lines now:\n     1\t$1 three\n     2\ttwo\n     3\ttwo\n");
        assert_eq!(host.file("a.sh").as_deref(), Some("$1 three\ntwo\ntwo\n"));
    }

    #[test]
    fn several_edits_are_one_write() {
        let host = Host::new().with_file("a", "one\r\ntwo\r\n");
        let edits = |edits: Value| call(&host, &edit_file(), &json!({ "path": "a", "edits": edits }));
        assert!(edits(json!([{ "old": "one", "new": "1" }, { "old": "missing", "new": "" }])).is_err());
        assert!(host.requests("files.write").is_empty());
        edits(json!([{ "old": "one\ntwo", "new": "1\n2\n2" }, { "old": "2", "new": "3", "replace-all": true }])).unwrap();
        assert_eq!(host.file("a").as_deref(), Some("1\r\n3\r\n3\r\n"));
        assert_eq!(host.requests("files.write").len(), 1);
        assert!(call(&host, &edit_file(), &json!({ "path": "a", "old": "1", "edits": [] })).is_err());
        assert!(
            call(&host, &edit_file(), &json!({ "path": "a", "old": "1" }))
                .is_err_and(|error| error.to_string().contains("`new` is missing"))
        );
        assert!(call(&host, &edit_file(), &json!({ "path": "../a", "old": "1", "new": "2" })).is_err());
    }

    #[test]
    fn a_patch_that_cannot_be_written_is_undone() {
        let manifest = "name = \"a\"\n[needs]\nread = [\"**\"]\nwrite = [\"src/**\", \"new\"]";
        let host = Host::new().with_file("src/a", "one\n").with_file("z", "two\n").with_manifest(manifest);
        let patch = "*** Begin Patch\n*** Update File: src/a\n-one\n+1\n*** Add File: new\n+x\n*** Update File: z\n-two\n+2\n*** End Patch";
        let said = call(&host, &apply_patch(), &json!({ "patch": patch })).unwrap_err();
        assert!(said.text.starts_with("`z` cannot be changed: ") && said.text.ends_with("Nothing was changed."), "{said}");
        assert_eq!((host.file("src/a").as_deref(), host.files()), (Some("one\n"), vec!["src/a".to_owned(), "z".to_owned()]));
        let patch = patch.replace("*** Update File: z\n-two\n+2\n", "");
        let report = call(&host, &apply_patch(), &json!({ "patch": patch })).unwrap();
        assert_eq!(report, "Updated src/a:\n     1\t1\nAdded new (1 lines).\n");
        assert_eq!(host.file("new").as_deref(), Some("x\n"));
        for hostile in ["../out", "/etc/passwd", ".git/config", ""] {
            let patch = format!("*** Begin Patch\n*** Add File: {hostile}\n+x\n*** End Patch");
            assert!(call(&host, &apply_patch(), &json!({ "patch": patch })).is_err(), "{hostile}");
        }
    }
}
