//! As much of TOML as lockfiles have, in a tenth of the room that a whole reader takes in a guest. What it does not know, such
//! as texts over several lines, makes the whole unreadable: nothing is passed over.

use std::collections::BTreeMap;

/// Lists and tables in each other.
const DEEPEST: usize = 32;

pub(crate) type Table = BTreeMap<String, Value>;

#[derive(Debug)]
pub(crate) enum Value {
    Text(String),
    Table(Table),
    List(Vec<Value>),
    /// A number, a date or a truth value.
    Other,
}

impl Value {
    pub(crate) fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn table(&self) -> Option<&Table> {
        if let Self::Table(table) = self { Some(table) } else { None }
    }
}

/// The whole of a text.
pub(crate) fn read(text: &str) -> Option<Table> {
    let (mut root, mut place, mut reader) = (Table::new(), Vec::new(), Reader { rest: text });
    loop {
        reader.skip();
        if reader.rest.is_empty() {
            return Some(root);
        }
        if reader.take("[[") {
            place = reader.header("]]")?;
            let (last, above) = place.split_last()?;
            let list = open(&mut root, above)?.entry(last.clone()).or_insert_with(|| Value::List(Vec::new()));
            let Value::List(list) = list else { return None };
            list.push(Value::Table(Table::new()));
        } else if reader.take("[") {
            place = reader.header("]")?;
            open(&mut root, &place)?;
        } else {
            let (key, value) = reader.pair(0)?;
            put(open(&mut root, &place)?, &key, value)?;
        }
        reader.blanks();
        if !reader.rest.is_empty() && !reader.rest.starts_with(['\n', '\r', '#']) {
            return None;
        }
    }
}

/// The table at a path, of a list the last one; made where it is not there.
fn open<'a>(root: &'a mut Table, path: &[String]) -> Option<&'a mut Table> {
    path.iter().try_fold(root, |table, name| match table.entry(name.clone()).or_insert_with(|| Value::Table(Table::new())) {
        Value::Table(table) => Some(table),
        Value::List(list) => match list.last_mut()? {
            Value::Table(table) => Some(table),
            _ => None,
        },
        _ => None,
    })
}

fn put(table: &mut Table, path: &[String], value: Value) -> Option<()> {
    let (last, above) = path.split_last()?;
    open(table, above)?.insert(last.clone(), value).is_none().then_some(())
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn until(&mut self, is_end: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self.rest.split_at(self.rest.find(is_end).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    fn blanks(&mut self) {
        self.until(|letter| letter != ' ' && letter != '\t');
    }

    /// Blanks, line breaks and comments.
    fn skip(&mut self) {
        loop {
            self.until(|letter| !matches!(letter, ' ' | '\t' | '\n' | '\r'));
            if !self.rest.starts_with('#') {
                return;
            }
            self.until(|letter| letter == '\n');
        }
    }

    fn header(&mut self, end: &str) -> Option<Vec<String>> {
        let key = self.key()?;
        self.take(end).then_some(key)
    }

    fn pair(&mut self, depth: usize) -> Option<(Vec<String>, Value)> {
        let key = self.key()?;
        if !self.take("=") {
            return None;
        }
        self.blanks();
        Some((key, self.value(depth)?))
    }

    fn key(&mut self) -> Option<Vec<String>> {
        let mut parts = Vec::new();
        loop {
            self.blanks();
            let part = match self.rest.starts_with(['"', '\'']) {
                true => self.text()?,
                false => self.until(|letter| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')).to_owned(),
            };
            if part.is_empty() || parts.len() > DEEPEST {
                return None;
            }
            parts.push(part);
            self.blanks();
            if !self.take(".") {
                return Some(parts);
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        if self.rest.starts_with(['"', '\'']) {
            return self.text().map(Value::Text);
        }
        if self.take("[") {
            let mut list = Vec::new();
            self.entries("]", |reader| reader.value(depth + 1).map(|value| list.push(value)))?;
            return Some(Value::List(list));
        }
        if self.take("{") {
            let mut table = Table::new();
            self.entries("}", |reader| reader.pair(depth + 1).and_then(|(key, value)| put(&mut table, &key, value)))?;
            return Some(Value::Table(table));
        }
        let word = self.until(|letter| matches!(letter, ' ' | '\t' | '=' | ',' | ']' | '}' | '#' | '\n' | '\r' | '"' | '\'' | '[' | '{'));
        (!word.is_empty()).then_some(Value::Other)
    }

    fn entries(&mut self, end: &str, mut entry: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        loop {
            self.skip();
            if self.take(end) {
                return Some(());
            }
            entry(self)?;
            self.skip();
            if !self.take(",") {
                return self.take(end).then_some(());
            }
        }
    }

    /// A text on one line.
    fn text(&mut self) -> Option<String> {
        if self.rest.starts_with("\"\"\"") || self.rest.starts_with("'''") {
            return None;
        }
        if self.take("'") {
            let text = self.until(|letter| letter == '\'' || letter == '\n').to_owned();
            return self.take("'").then_some(text);
        }
        self.take("\"");
        let mut text = String::new();
        loop {
            text.push_str(self.until(|letter| matches!(letter, '"' | '\\' | '\n')));
            if self.take("\"") {
                return Some(text);
            }
            if !self.take("\\") {
                return None;
            }
            text.push(self.escaped()?);
        }
    }

    fn escaped(&mut self) -> Option<char> {
        let kind = self.rest.chars().next()?;
        self.rest = &self.rest[kind.len_utf8()..];
        let digits = match kind {
            'n' => return Some('\n'),
            't' => return Some('\t'),
            'r' => return Some('\r'),
            'b' | 'f' | 'e' => return Some(' '),
            '"' | '\\' => return Some(kind),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let (code, rest) = (self.rest.get(..digits)?, self.rest.get(digits..)?);
        self.rest = rest;
        u32::from_str_radix(code, 16).ok().and_then(char::from_u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lockfiles_have_is_read() {
        let text = "# by a program\nversion = 3\n[[package]]\nname = \"a\\u0062\" # why\n\"version\" = '1.0'\nsource.git = \"x\"\nlist = [\n  { file = \"f\", hash = \"#[]\" }, # first\n]\n\n[package.extra]\nb = true\n[[ package ]]\nname = \"c\"\n[metadata]\nx = 1979-05-27T07:32:00Z\n";
        let root = read(text).expect("it is read");
        let Some(Value::List(packages)) = root.get("package") else { panic!("{root:?}") };
        let first = packages[0].table().expect("a table");
        assert_eq!((first["name"].text(), first["version"].text()), (Some("ab"), Some("1.0")));
        assert_eq!(first["source"].table().and_then(|source| source["git"].text()), Some("x"));
        assert!(first.contains_key("extra") && packages.len() == 2);
    }

    #[test]
    fn what_is_not_understood_is_not_passed_over() {
        for text in [
            "a = \"\"\"x\"\"\"",
            "a = 1\na = 2",
            "a",
            "a = [1",
            "a = \"x",
            "[a",
            "a = 1 b = 2",
            "a = {b = 1}}",
            "a = \"\\q\"",
            "= 1",
            "[a]]",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&format!("a = {}", "[".repeat(100_000))).is_none());
    }
}
