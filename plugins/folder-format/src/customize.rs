//! Merges the layers of a skill's customisation. Reads TOML that the folder and the project bring, and nothing else.

use toml::{Table, Value};

use crate::finding::{Code, Findings, Severity};
use crate::folder::Files;
use crate::variables::references::LONGEST_NAME;

/// Bytes of one layer.
const LONGEST: usize = 256 << 10;

/// The customisation of a skill: its own, the project's, and the user's, later ones over earlier ones.
pub fn read(files: &dyn Files, skill: &str, findings: &mut Findings) -> Table {
    let own = files.read_folder("customize.toml").map(|bytes| ("customize.toml".to_owned(), bytes));
    let project = layers(skill).into_iter().filter_map(|path| files.read_project(&path).map(|bytes| (path, bytes)));
    let mut merged = Table::new();
    for (path, bytes) in own.into_iter().chain(project) {
        if let Some(layer) = read_layer(&path, &bytes, findings) {
            merge_tables(&mut merged, layer, 0);
        }
    }
    merged
}

/// The files of a project that customise a skill, the stronger last. None where no file can be called like the skill.
pub fn layers(skill: &str) -> Vec<String> {
    let is_name = !skill.is_empty() && skill.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let layers = is_name.then(|| [format!("_bmad/custom/{skill}.toml"), format!("_bmad/custom/{skill}.user.toml")]);
    layers.into_iter().flatten().collect()
}

fn read_layer(path: &str, bytes: &[u8], findings: &mut Findings) -> Option<Table> {
    if bytes.len() > LONGEST {
        findings.add_to_file(Severity::Rejection, Code::FileTooLong, path, format!("`{path}` has more than {LONGEST} bytes."));
        return None;
    }
    let text = String::from_utf8_lossy(bytes);
    match toml::from_str(&text) {
        Ok(table) => Some(table),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count() as u32;
            let message = format!("The TOML is not valid: {}. The file is not used.", error.message());
            findings.add(Severity::Warning, Code::InvalidToml, path, line, message);
            None
        }
    }
}

/// Scalars replace, tables merge, lists of tables replace by `code` or `id`, and other lists append.
pub fn merge_tables(base: &mut Table, over: Table, depth: usize) {
    for (name, value) in over {
        match (base.get_mut(&name), value) {
            (Some(Value::Table(base)), Value::Table(over)) if depth < 32 => merge_tables(base, over, depth + 1),
            (Some(Value::Array(base)), Value::Array(over)) => merge_lists(base, over),
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

fn merge_lists(base: &mut Vec<Value>, over: Vec<Value>) {
    for value in over {
        let place = identity(&value).and_then(|id| base.iter().position(|known| identity(known) == Some(id)));
        match place {
            Some(place) => base[place] = value,
            None => base.push(value),
        }
    }
}

fn identity(value: &Value) -> Option<&str> {
    let table = value.as_table()?;
    table.get("code").or_else(|| table.get("id"))?.as_str()
}

/// The scalars of a table by their path: `workflow.style`.
pub fn leaves(table: &Table) -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect("", table, 0, &mut found);
    found
}

fn collect(path: &str, table: &Table, depth: usize, found: &mut Vec<(String, String)>) {
    for (name, value) in table.iter().filter(|(name, _)| path.len() + name.len() < LONGEST_NAME) {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match value {
            Value::Table(table) if depth < 32 => collect(&path, table, depth + 1, found),
            Value::String(text) => found.push((path, text.clone())),
            Value::Integer(number) => found.push((path, number.to_string())),
            Value::Float(number) => found.push((path, number.to_string())),
            Value::Boolean(flag) => found.push((path, flag.to_string())),
            Value::Datetime(time) => found.push((path, time.to_string())),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::MemoryFiles;

    #[test]
    fn layers_lie_over_each_other() {
        let files = MemoryFiles::of([(
            "customize.toml",
            "[workflow]\nstyle = \"a\"\nfacts = [\"x\"]\n[[agent.menu]]\ncode = \"A\"\nskill = \"one\"\n",
        )])
        .with_project(
            "_bmad/custom/s.toml",
            "[workflow]\nstyle = \"b\"\nfacts = [\"y\"]\n[[agent.menu]]\ncode = \"A\"\nskill = \"two\"\n[[agent.menu]]\ncode = \"B\"\n",
        )
        .with_project("_bmad/custom/s.user.toml", "[workflow\n");
        let mut findings = Findings::default();
        let table = read(&files, "s", &mut findings);
        assert_eq!(table["workflow"]["style"].as_str(), Some("b"));
        assert_eq!(table["workflow"]["facts"].as_array().map(Vec::len), Some(2));
        assert_eq!(table["agent"]["menu"].as_array().map(Vec::len), Some(2));
        assert_eq!(table["agent"]["menu"][0]["skill"].as_str(), Some("two"));
        assert_eq!(findings.list().iter().map(|finding| (finding.code, finding.line)).collect::<Vec<_>>(), [(Code::InvalidToml, Some(1))]);
        assert!(leaves(&table).contains(&("workflow.style".to_owned(), "b".to_owned())));
    }
}
