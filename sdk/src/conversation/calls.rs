//! The tools a model calls: whether a call can be made, and what it came to. A call that was cut off is not made.

use serde_json::{Map, Value};

use super::{answer, finish};
use crate::llm::{Reply, ToolCall, ToolResult};
use crate::tools::{Together, Tool};
use crate::{Error, Result, schema};

/// Calls that the host takes at once.
const MOST_AT_ONCE: usize = 16;

/// A call with what it means, or with what is wrong with it.
pub(super) struct Understood<'a> {
    call: &'a ToolCall,
    meaning: std::result::Result<Meaning<'a>, String>,
}

enum Meaning<'a> {
    Tool(&'a Tool, Value),
    Answer(Value),
}

/// What the calls of a reply came to.
pub(super) struct Done {
    /// One for each call, in their order.
    pub(super) results: Vec<ToolResult>,
    /// What the model did wrong, if it did nothing else.
    pub(super) mistake: Option<String>,
    /// The answer, if the model gave one that can be taken.
    pub(super) answer: Option<Value>,
}

/// The calls of a reply, in its order. Makes none of them.
pub(super) fn understood<'a>(tools: &'a [Tool], answer_schema: Option<&Value>, reply: &'a Reply) -> Vec<Understood<'a>> {
    let unfinished = answer::unfinished(reply);
    let meaning = |call| match &unfinished {
        Some(unfinished) => Err(format!("{unfinished} The call was not made. Send it again, and less in one reply.")),
        None => meant(tools, answer_schema, call),
    };
    reply.tool_calls().into_iter().map(|call| Understood { call, meaning: meaning(call) }).collect()
}

/// The arguments of a call, an object; or what is wrong with them.
pub(super) fn arguments(call: &ToolCall) -> std::result::Result<Value, String> {
    let not_json = |error: serde_json::Error| format!("The arguments are not JSON: {error}. Call the tool again with a JSON object.");
    let parsed = |text: &str| match text.trim() {
        "" => Ok(Value::Null),
        text => serde_json::from_str(text).map_err(not_json),
    };
    // The host passes on as a text what a model sent instead of JSON, and some models put their JSON into one.
    let arguments = match parsed(&call.arguments)? {
        Value::String(text) => parsed(&text)?,
        other => other,
    };
    match arguments {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(arguments) => Ok(Value::Object(arguments)),
        _ => Err("The arguments are not a JSON object. Call the tool again with one.".to_owned()),
    }
}

/// Makes the calls that can be made, in their order, the answer last: where another call failed, it is not taken. Tools of the
/// host in a row are called together, so that those which change nothing run side by side.
pub(super) fn done(calls: &[Understood<'_>]) -> Result<Done> {
    let is_mistake = !calls.is_empty() && calls.iter().all(|call| call.meaning.is_err());
    let mistake = calls.iter().find_map(|call| call.meaning.as_ref().err()).filter(|_| is_mistake).cloned();
    let mut results = Vec::new();
    for row in calls.chunk_by(|one, next| one.granted().is_some() && next.granted().is_some()) {
        for group in row.chunks(MOST_AT_ONCE) {
            for (call, outcome) in group.iter().zip(made(group)) {
                results.push(call.result(outcome)?);
            }
        }
    }
    let answers: Vec<_> = calls.iter().filter_map(Understood::answer).collect();
    let Some(refusal) = refusal(&answers, &results) else {
        return Ok(Done { results, mistake, answer: answers.first().map(|answer| (*answer).clone()) });
    };
    for (call, result) in calls.iter().zip(&mut results).filter(|(call, _)| call.answer().is_some()) {
        *result = ToolResult { call_id: call.call.id.clone(), content: refusal.to_owned(), failed: true };
    }
    Ok(Done { results, mistake, answer: None })
}

/// What each call of a group came to.
fn made(group: &[Understood<'_>]) -> Vec<Result<String>> {
    let granted: Vec<_> = group.iter().filter_map(Understood::granted).collect();
    match granted.first() {
        Some((_, _, together)) if granted.len() > 1 => {
            let calls: Vec<_> = granted.iter().map(|(name, arguments, _)| (*name, (**arguments).clone())).collect();
            together(&calls).into_iter().map(|outcome| outcome?.into_content()).collect()
        }
        _ => group.iter().map(Understood::made).collect(),
    }
}

impl Understood<'_> {
    fn answer(&self) -> Option<&Value> {
        if let Ok(Meaning::Answer(answer)) = &self.meaning { Some(answer) } else { None }
    }

    /// The call as one of the host's own, if it is one.
    fn granted(&self) -> Option<(&str, &Value, Together)> {
        match &self.meaning {
            Ok(Meaning::Tool(tool, arguments)) => Some((&tool.name, arguments, tool.together()?)),
            _ => None,
        }
    }

    fn made(&self) -> Result<String> {
        match &self.meaning {
            Err(problem) => Err(Error::other(problem)),
            Ok(Meaning::Answer(_)) => Ok("Taken.".to_owned()),
            Ok(Meaning::Tool(tool, arguments)) => tool.call(arguments),
        }
    }

    /// What the model reads of an outcome; an error where it ends the run.
    fn result(&self, outcome: Result<String>) -> Result<ToolResult> {
        let (content, failed) = match outcome {
            // Some providers reject a result without a text.
            Ok(content) if content.trim().is_empty() => ("(no output)".to_owned(), false),
            Ok(content) => (content, false),
            Err(error) if error.ends_the_run() => return Err(error),
            Err(error) => (error.to_string(), true),
        };
        Ok(ToolResult { call_id: self.call.id.clone(), content, failed })
    }
}

/// Why an answer is not taken, if one was given.
fn refusal(answers: &[&Value], results: &[ToolResult]) -> Option<&'static str> {
    let (first, others) = answers.split_first()?;
    if others.iter().any(|other| other != first) {
        return Some("Not taken: you gave several answers that differ. Call `finish` once.");
    }
    let has_failed = results.iter().any(|result| result.failed);
    has_failed.then_some("Not taken: another call of this reply failed. Look at its result, then call `finish` again.")
}

fn meant<'a>(tools: &'a [Tool], answer_schema: Option<&Value>, call: &ToolCall) -> std::result::Result<Meaning<'a>, String> {
    let is_finish = call.name == finish::FINISH;
    if let Some(schema) = answer_schema.filter(|_| is_finish) {
        let given = finish::answer(schema, &arguments(call)?);
        return given.map(Meaning::Answer).map_err(|problem| format!("{problem}\nCall `finish` again with the whole corrected answer."));
    }
    let Some(tool) = tools.iter().find(|tool| tool.name == call.name) else {
        return Err(unknown(tools, answer_schema.is_some(), &call.name));
    };
    let arguments = arguments(call)?;
    let violations = schema::violations(&tool.parameters, &arguments);
    if violations.is_empty() {
        return Ok(Meaning::Tool(tool, arguments));
    }
    Err(format!("The arguments do not fit the tool:\n{}\nCall it again with arguments that do.", schema::listed(&violations)))
}

fn unknown(tools: &[Tool], can_finish: bool, name: &str) -> String {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).chain(can_finish.then_some(finish::FINISH)).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let name: String = name.chars().take(80).collect();
    format!("There is no tool `{name}`. The tools are: {names}. Any other is not granted to this agent, or does not exist.")
}
