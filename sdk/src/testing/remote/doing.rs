//! The methods of [`Host`] by name, for a test that sets its host up, runs a plugin or looks at what came of it.

use std::fmt;

use serde_json::{Value, json};

use super::{Arguments, Function, shapes::Shape};
use crate::agents::Report;
use crate::llm::Reply;
use crate::sandbox::Execution;
use crate::testing::{Call, Host, Line, level_word};
use crate::tools::ToolOutcome;
use crate::{Error, Result, numbers};

/// What a function of the test gave, shown without the form of a Rust value: the test is in another language.
#[derive(PartialEq)]
struct Worked(Result<String>);

impl fmt::Debug for Worked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Ok(output) => write!(formatter, "{output}"),
            Err(error) => write!(formatter, "an error ({}): {error}", String::from(error.kind.clone())),
        }
    }
}

/// Calls a method of the host.
pub(super) fn answer(host: Host, method: &str, arguments: &[Value], function: Function) -> Result<Value> {
    let given = &mut Arguments::of(arguments);
    let _ = match method {
        "with_manifest" => host.with_manifest(&given.text()),
        "granting" => host.granting(&given.text(), &given.text()),
        "with_file" => host.with_file(&given.text(), given.next::<Vec<u8>>()),
        "with_repository" => host.with_repository(),
        "with_commit" => host.with_commit(&given.text(), &given.text(), given.next::<Vec<u8>>()),
        "in_worktree" => host.in_worktree(&given.text()),
        "with_asset" => host.with_asset(&given.text(), given.next::<Vec<u8>>()),
        "with_state" => host.with_state(&given.text(), &given.text(), given.document()),
        "with_item" => host.with_item(given.next(), given.next()),
        "with_setting" => host.with_setting(&given.text(), given.document()),
        "when" => host.when(&given.text(), &given.text()),
        "with_model" => host.with_model(move |request| ruled::<Reply>(function.call(Some(request)))),
        "with_model_description" => host.with_model_description(given.next()),
        "answers" => host.answers(&given.text(), &given.text()),
        "answers_after" => host.answers_after(&given.text(), given.next::<u32>().into(), &given.text()),
        "with_signal_after" => host.with_signal_after(&given.text(), given.next::<u32>().into(), given.document()),
        "with_item_moved_after" => host.with_item_moved_after(&given.text(), given.next::<u32>().into(), given.next()),
        "with_cancel_after" => host.with_cancel_after(given.next::<u32>().into()),
        "resumes" => host.resumes(given.next()),
        "with_agent_after" => {
            host.with_agent_after(&given.text(), given.next::<u32>().into(), move |task| function.call::<Report>(Some(task)))
        }
        "with_workflow_after" => host.with_workflow_after(&given.text(), given.next::<u32>().into(), move |input| {
            document(&function.call::<String>(Some(&input.to_string()))?)
        }),
        "with_tool" => {
            host.with_tool(&given.text(), given.next(), move |arguments| function.call::<ToolOutcome>(Some(&arguments.to_string())))
        }
        "when_executed" => host.when_executed(&given.text(), given.next()),
        "when_renewed" => host.when_renewed(given.next()),
        "with_sandbox" => host.with_sandbox(move |job| function.call::<Option<Execution>>(Some(job)).transpose()),
        "knowing" => host.knowing(&given.text(), &given.text()),
        "without_auto_merge" => host.without_auto_merge(),
        "at" => host.at(numbers::from_contract(given.next())),
        _ => return look(&host, method, given, &function),
    };
    Ok(Value::Null)
}

#[expect(clippy::panic, reason = "a test fails by panicking, and there is nothing to answer it")]
fn look(host: &Host, method: &str, given: &mut Arguments<'_>, function: &Function) -> Result<Value> {
    Ok(match method {
        "run" => {
            host.run(|input: Value| document(&function.call::<String>(Some(&input.to_string()))?), given.document())?.to_string().into()
        }
        "perform" => host.perform(|task| function.call(Some(&task)), given.next())?.write(),
        "call" => host.call(|_, _| function.call(None::<&()>), "", Value::Null)?.write(),
        "twice" => host.twice(|| Worked(function.call(None::<&()>))).0?.into(),
        "calls" => Value::Array(host.calls().iter().map(call).collect()).to_string().into(),
        "logged" => Value::Array(host.logged().iter().map(line).collect()).to_string().into(),
        "prompts" => host.prompts().write(),
        "questions" => host.questions().write(),
        "pauses" => host.pauses().write(),
        "executed" => host.executed().write(),
        "progress" => host.progress().write(),
        "file" => host.file(&given.text()).write(),
        "files" => host.files().write(),
        "item" => host.item(&given.text()).write(),
        "statuses" => host.statuses(&given.text()).write(),
        "published" => host.published(&given.text()).map(|value| value.to_string()).write(),
        "state" => host.state(&given.text(), &given.text()).map(|value| value.to_string()).write(),
        _ => panic!("The host in memory has no method `{}`. Use the SDK that this Baton writes.", method.escape_debug()),
    })
}

/// What a rule of the test gives. A rule cannot fail in the plugin's place.
#[expect(clippy::panic, reason = "a test fails by panicking, and its own rule has failed")]
fn ruled<A: Shape>(given: Result<Option<A>>) -> Option<A> {
    given.unwrap_or_else(|error| panic!("A rule of the test has failed: {error}"))
}

/// The output of a workflow, which the test writes as text.
fn document(text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(Error::from)
}

fn call(call: &Call) -> Value {
    let mut document = json!({ "name": call.name, "request": call.request });
    match &call.answer {
        Ok(answer) => document["answer"] = answer.clone(),
        Err(error) => document["error"] = json!(error),
    }
    document
}

fn line(line: &Line) -> Value {
    json!({ "level": level_word(line.level), "message": line.message, "fields": line.fields })
}
