//! Puts the values of variables into each other, in whatever order they were declared. Ends for cycles and for values that grow.

use std::collections::BTreeMap;

use super::declared::Raw;
use super::{Declared, Form, Origin, State, System, Variable, Variables, find, is_name, key};
use crate::finding::{Code, Findings, Severity};
use crate::limits::{LONGEST_VALUE, MOST_CHAIN};

/// Bytes of all values together.
const MOST_BYTES: usize = 8 << 20;
const CONFIG_SOURCE: &str = "{config_source}:";

pub(super) fn resolve(declared: &Declared, system: &System, findings: &mut Findings) -> Variables {
    let mut resolver = Resolver { declared, system, findings, done: BTreeMap::new(), chain: Vec::new(), bytes: 0 };
    resolver.add_system();
    for name in declared.by_key.keys() {
        resolver.resolve(name);
    }
    Variables { by_key: resolver.done }
}

struct Resolver<'a> {
    declared: &'a Declared,
    system: &'a System,
    findings: &'a mut Findings,
    done: BTreeMap<String, Variable>,
    /// The keys that are being resolved, each needed by the one before.
    chain: Vec<String>,
    bytes: usize,
}

impl Resolver<'_> {
    fn add_system(&mut self) {
        let date = self.system.date.clone();
        let year = date.as_ref().and_then(|date| date.get(..4)).map(str::to_owned);
        let month = date.as_ref().and_then(|date| date.get(5..7)).map(str::to_owned);
        // Every path stays inside the project, whose root is the one that files are read from.
        let root = ".".to_owned();
        for (name, value) in [("project_root", Some(root)), ("date", date), ("current_year", year), ("current_month", month)] {
            let is_declared = self.declared.by_key.get(name).is_some_and(|raw| raw.text != "system-generated" && name != "project_root");
            if !is_declared {
                let state = if value.is_some() { State::Set } else { State::SetByRun };
                let variable = Variable { name: name.to_owned(), origin: Origin::System, state, value, line: None, file: None };
                self.done.insert(name.to_owned(), variable);
            }
        }
    }

    /// The value of a variable, if it has one that can be put into others.
    fn resolve(&mut self, name: &str) -> Option<String> {
        if let Some(variable) = self.done.get(name) {
            return variable.value.clone().filter(|value| !value.is_empty());
        }
        let raw = self.declared.by_key.get(name)?;
        if let Some(place) = self.chain.iter().position(|key| key == name) {
            self.report_cycle(place, raw);
            return None;
        }
        if self.chain.len() >= MOST_CHAIN {
            self.warn(
                raw,
                Code::ValueTooLong,
                format!("`{}` needs more than {MOST_CHAIN} other variables, one after the other.", raw.name),
            );
            return None;
        }
        self.chain.push(name.to_owned());
        let (state, value) = self.value(raw);
        self.chain.pop();
        // A cycle that leads through here has its place already.
        if let Some(variable) = self.done.get(name) {
            return variable.value.clone();
        }
        self.bytes += value.as_ref().map_or(0, String::len);
        self.done.insert(name.to_owned(), variable(raw, state, value.clone()));
        value.filter(|value| !value.is_empty())
    }

    fn value(&mut self, raw: &Raw) -> (State, Option<String>) {
        match raw.text.trim() {
            "" => return (State::Empty, Some(String::new())),
            "runtime-captured" => return (State::Empty, None),
            "system-generated" => return (State::SetByRun, None),
            _ => {}
        }
        if let Some(name) = raw.text.trim().strip_prefix(CONFIG_SOURCE).map(str::trim).filter(|name| is_name(name)) {
            return self.config_value(raw, name);
        }
        let text = self.put_in(raw);
        let waits = find(&text).any(|reference| reference.form == Form::Double || self.is_set_by_run(reference.name));
        (if waits { State::SetByRun } else { State::Set }, Some(text))
    }

    fn is_set_by_run(&self, name: &str) -> bool {
        self.done.get(&key(name)).is_some_and(|variable| matches!(variable.state, State::SetByRun | State::Empty))
    }

    /// `{config_source}:name`: the configuration's own key, which a key of the same name in the workflow's file hides.
    fn config_value(&mut self, raw: &Raw, name: &str) -> (State, Option<String>) {
        let Some(found) = self.declared.config.get(&key(name)).cloned() else {
            if self.declared.has_config {
                self.warn(raw, Code::MissingConfigKey, format!("The configuration has no `{name}`; a person is asked for it."));
            }
            return (State::Asked, None);
        };
        (State::Set, Some(self.put_in(&found)))
    }

    fn put_in(&mut self, raw: &Raw) -> String {
        let text = raw.text.as_str();
        let mut filled = String::new();
        let mut rest = 0;
        for reference in find(text).filter(|reference| reference.form == Form::Single) {
            let Some(value) = self.resolve(&key(reference.name)) else { continue };
            if filled.len() + value.len() + text.len() > LONGEST_VALUE || self.bytes + filled.len() > MOST_BYTES {
                let message = format!("`{}` grows over {LONGEST_VALUE} bytes; it stays as it is written.", raw.name);
                self.warn(raw, Code::ValueTooLong, message);
                return text[..text.floor_char_boundary(LONGEST_VALUE)].to_owned();
            }
            filled.push_str(&text[rest..reference.start]);
            filled.push_str(&value);
            rest = reference.end;
        }
        filled.push_str(&text[rest..]);
        filled
    }

    fn report_cycle(&mut self, place: usize, raw: &Raw) {
        let keys = self.chain[place..].to_vec();
        let names: Vec<_> = keys.iter().map(|key| format!("`{key}`")).collect();
        self.warn(raw, Code::CyclicVariable, format!("{} need each other; none of them has a value.", join(&names)));
        for name in keys {
            if let Some(raw) = self.declared.by_key.get(&name) {
                self.done.insert(name, variable(raw, State::Cyclic, None));
            }
        }
    }

    fn warn(&mut self, raw: &Raw, code: Code, message: String) {
        let file = raw.file.as_deref().unwrap_or_default();
        match raw.line {
            Some(line) => self.findings.add(Severity::Warning, code, file, line, message),
            None => self.findings.add_to_file(Severity::Warning, code, file, message),
        }
    }
}

fn variable(raw: &Raw, state: State, value: Option<String>) -> Variable {
    Variable { name: raw.name.clone(), origin: raw.origin, state, value, line: raw.line, file: raw.file.clone() }
}

fn join(names: &[String]) -> String {
    match names {
        [one] => format!("{one} and itself"),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
        [] => String::new(),
    }
}
