//! The contract's types as JSON: names as in `wit/`, nothing left out. A value of another form is a sentence, never a guess.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Value, json};

use crate::bindings::host::baton::plugin::{
    agents, backlog, files, forge, git, knowledge, llm, people, run, sandbox, state, tools, types, waits, workflows,
};

type Read<A> = std::result::Result<A, String>;

/// A type of the contract.
pub(super) trait Shape: Sized {
    fn write(&self) -> Value;

    fn read(value: &Value) -> Read<Self>;

    fn write_list(items: &[Self]) -> Value {
        items.iter().map(Self::write).collect()
    }

    fn read_list(value: &Value) -> Read<Vec<Self>> {
        value.as_array().ok_or_else(|| wrong(value, "a list"))?.iter().map(Self::read).collect()
    }
}

macro_rules! plain {
    ($($type:ty: $what:literal, $read:expr;)*) => {
        $(impl Shape for $type {
            fn write(&self) -> Value {
                json!(self)
            }

            fn read(value: &Value) -> Read<Self> {
                let read: fn(&Value) -> Option<Self> = $read;
                read(value).ok_or_else(|| wrong(value, $what))
            }
        })*
    };
}

plain! {
    bool: "true or false", Value::as_bool;
    String: "a text", |value| value.as_str().map(str::to_owned);
    u32: "a whole number from 0", |value| whole(value).and_then(|number| u32::try_from(number).ok());
    i32: "a whole number", |value| whole(value).and_then(|number| i32::try_from(number).ok());
    f64: "a number", Value::as_f64;
    f32: "a number", |value| value.as_f64().map(narrow);
}

impl Shape for u8 {
    fn write(&self) -> Value {
        json!(self)
    }

    fn read(value: &Value) -> Read<Self> {
        whole(value).and_then(|number| Self::try_from(number).ok()).ok_or_else(|| wrong(value, "a whole number from 0 to 255"))
    }

    fn write_list(items: &[Self]) -> Value {
        json!({ "base64": BASE64_STANDARD.encode(items) })
    }

    fn read_list(value: &Value) -> Read<Vec<Self>> {
        let text = value["base64"].as_str().ok_or_else(|| wrong(value, "bytes"))?;
        BASE64_STANDARD.decode(text).map_err(|error| error.to_string())
    }
}

impl Shape for () {
    fn write(&self) -> Value {
        Value::Null
    }

    fn read(_: &Value) -> Read<Self> {
        Ok(())
    }
}

impl<A: Shape> Shape for Vec<A> {
    fn write(&self) -> Value {
        A::write_list(self)
    }

    fn read(value: &Value) -> Read<Self> {
        A::read_list(value)
    }
}

impl<A: Shape> Shape for Option<A> {
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, A::write)
    }

    fn read(value: &Value) -> Read<Self> {
        if value.is_null() { Ok(None) } else { A::read(value).map(Some) }
    }
}

impl<A: Shape, B: Shape> Shape for (A, B) {
    fn write(&self) -> Value {
        json!([self.0.write(), self.1.write()])
    }

    fn read(value: &Value) -> Read<Self> {
        Ok((A::read(&value[0])?, B::read(&value[1])?))
    }
}

impl<A: Shape> Shape for std::result::Result<A, types::Error> {
    fn write(&self) -> Value {
        match self {
            Ok(value) => json!({ "tag": "ok", "val": value.write() }),
            Err(error) => json!({ "tag": "err", "val": error.write() }),
        }
    }

    fn read(value: &Value) -> Read<Self> {
        if value["tag"] == "ok" { Ok(Ok(A::read(&value["val"])?)) } else { Ok(Err(types::Error::read(&value["val"])?)) }
    }
}

/// Records by their fields. A field that the contract has and the list has not does not compile.
macro_rules! records {
    ($($type:ty { $($field:ident),* })*) => {
        $(impl Shape for $type {
            fn write(&self) -> Value {
                let Self { $($field),* } = self;
                let mut record = Map::new();
                $(record.insert(field(stringify!($field)), $field.write());)*
                Value::Object(record)
            }

            fn read(value: &Value) -> Read<Self> {
                Ok(Self { $($field: member(value, stringify!($field))?),* })
            }
        })*
    };
}

records! {
    types::Error { kind, text, subject, details }
    types::OptionValue { name, value }
    run::Info { id, parent, project, plugin, plugin_version }
    llm::ToolCall { id, name, arguments }
    llm::ToolResult { call_id, content, failed }
    llm::Thinking { text, signature }
    llm::Media { media_type, path }
    llm::Opaque { provider, data }
    llm::Message { role, parts }
    llm::Tool { name, description, parameters }
    llm::Request { model, system, messages, tools, reply_schema, options }
    llm::Usage { input_tokens, output_tokens, cached_input_tokens, cost_usd }
    llm::Reply { parts, stop, usage, model }
    llm::ModelDescription { model, window_tokens, max_output_tokens, tools, reply_schema }
    files::Entry { path, kind, size_bytes }
    files::LineMatch { path, line, text, before, after }
    files::TextLine { text, left_out_bytes }
    files::Excerpt { first, lines, total_lines, size_bytes }
    state::Versioned { value, version }
    agents::Task { goal, context, answer_schema, conversation }
    agents::Report { answer, summary, conversation }
    agents::Outcome { answer, summary, conversation, cost_usd }
    workflows::Outcome { output, shortfall }
    waits::Arrival { ticket, outcome }
    knowledge::Passage { source, text, score }
    people::Expiry { at_ms, answer }
    people::Question { text, options, reasoning, confidence, severity, context, best, expiry }
    people::Decision { question, answer, reasoning, source, confidence }
    tools::Offer { tool, effects }
    tools::ToolOutcome { content, failed }
    tools::ToolRequest { name, arguments }
    git::Revision { id, summary, author, at_ms }
    git::Change { path, kind }
    git::Resolution { path, content }
    sandbox::Job { image, command, env, timeout_ms }
    sandbox::Execution { ending, exit_code, stdout, stderr, output, took_ms }
    sandbox::SetupOutcome { state, command, report, reached, denied, took_ms }
    backlog::Draft { kind, key, title, body, parent, after, priority, labels }
    backlog::Item { draft, status, assignee, branch }
    backlog::StatusChange { at_ms, before, after, reason, run }
    forge::About { kind, auto_merge }
    forge::Proposal { branch, into, title, body }
    forge::Check { name, progress, summary }
    forge::Opinion { verdict, text, author, at_ms }
    forge::PullRequest { number, proposal, state, head, merge_commit, mergeable, checks, reviews, address }
    forge::Summary { number, branch, into, title }
}

/// Enums by their cases.
macro_rules! enums {
    ($($type:ty { $($case:ident),* })*) => {
        $(impl Shape for $type {
            fn write(&self) -> Value {
                let name = match self { $(Self::$case => stringify!($case)),* };
                json!(case(name))
            }

            fn read(value: &Value) -> Read<Self> {
                let all = [$((stringify!($case), Self::$case)),*];
                let found = all.into_iter().find(|(name, _)| *value == *case(name));
                found.map(|(_, case)| case).ok_or_else(|| wrong(value, &[$(case(stringify!($case))),*].join(" or ")))
            }
        })*
    };
}

enums! {
    run::Level { Debug, Info, Warn, Error }
    llm::Role { User, Assistant }
    files::Kind { File, Directory, Symlink }
    people::Severity { Info, Important, Critical }
    git::ChangeKind { Added, Modified, Deleted, Renamed, TypeChanged }
    sandbox::Ending { Exited, TimedOut, OutOfMemory, Killed }
    backlog::Kind { Epic, Story, Task }
    backlog::Status { Todo, InProgress, Review, Blocked, Done, Failed, Cancelled }
    forge::State { Open, Merged, Closed }
    forge::Progress { Pending, Passed, Failed }
    forge::Verdict { Approve, RequestChanges, Comment }
    forge::Mergeable { Yes, Conflicts, Unknown }
    forge::Method { Merge, Squash, Rebase }
}

/// Variants by their cases, each with a value.
macro_rules! variants {
    ($($type:ty { $($case:ident),* })*) => {
        $(impl Shape for $type {
            fn write(&self) -> Value {
                match self { $(Self::$case(value) => json!({ "tag": case(stringify!($case)), "val": value.write() })),* }
            }

            fn read(value: &Value) -> Read<Self> {
                let tag = value["tag"].as_str().unwrap_or_default();
                $(if tag == case(stringify!($case)) {
                    return Shape::read(&value["val"]).map(Self::$case);
                })*
                Err(wrong(value, &[$(case(stringify!($case))),*].join(" or ")))
            }
        })*
    };
}

variants! {
    llm::Part { Text, Thinking, ToolCall, ToolResult, Media, Opaque }
    git::Merged { Clean, Conflicts }
}

impl Shape for tools::Effects {
    fn write(&self) -> Value {
        let has = |effect| self.contains(effect);
        json!({ "read-only": has(Self::READ_ONLY), "destructive": has(Self::DESTRUCTIVE), "idempotent": has(Self::IDEMPOTENT) })
    }

    fn read(value: &Value) -> Read<Self> {
        let all = [("read-only", Self::READ_ONLY), ("destructive", Self::DESTRUCTIVE), ("idempotent", Self::IDEMPOTENT)];
        let given = all.into_iter().filter(|(name, _)| value[*name] == true);
        Ok(given.fold(Self::empty(), |effects, (_, effect)| effects | effect))
    }
}

fn member<A: Shape>(value: &Value, name: &str) -> Read<A> {
    let name = field(name);
    A::read(value.get(&name).unwrap_or(&Value::Null)).map_err(|wrong| format!("`{name}`: {wrong}"))
}

/// A field as the contract writes it.
fn field(name: &str) -> String {
    name.replace('_', "-")
}

/// A case as the contract writes it: `in-progress` for `InProgress`.
fn case(name: &str) -> String {
    let mut written = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !written.is_empty() {
            written.push('-');
        }
        written.push(letter.to_ascii_lowercase());
    }
    written
}

/// A whole number, which JavaScript and floats may write with a fraction of zero.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and exact")]
fn whole(value: &Value) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() <= EXACT).map(|number| number as i64))
}

#[expect(clippy::cast_possible_truncation, reason = "the contract has 32 bits here")]
fn narrow(number: f64) -> f32 {
    number as f32
}

fn wrong(value: &Value, expected: &str) -> String {
    let shown: String = value.to_string().chars().take(100).collect();
    format!("`{shown}` is not {expected}")
}
