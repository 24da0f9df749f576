//! Answers from a YAML file of rules: the same answer for the same request, in any process, at no cost.
//! Keeps no state between calls but the parsed file, and reads replies only from below the script's folder.

#[cfg(test)]
mod documented;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::task::JoinError;

use super::{pace::Pace, spelling::is_same};
use crate::interfaces::blocking::{Deadline, blocking};
use crate::interfaces::llm::messages::{Part, Reply, Request, Stop, ToolCall, Usage};
use crate::interfaces::llm::provider::{Caller, Provider, ProviderError};
use rules::{Rule, Rules};

/// Characters of an unanswered prompt worth showing.
const SHOWN: usize = 600;

/// Answers `script/FILE`.
pub struct Script {
    directory: PathBuf,
    pace: Arc<dyn Pace>,
    parsed: Arc<Mutex<HashMap<PathBuf, Parsed>>>,
}

/// A script as it was when it was read.
struct Parsed {
    modified: Option<SystemTime>,
    length: u64,
    rules: Arc<Rules>,
}

impl Script {
    /// Scripts below `directory`, or anywhere under an absolute name.
    pub fn new(directory: PathBuf, pace: Arc<dyn Pace>) -> Self {
        Self { directory, pace, parsed: Arc::default() }
    }

    async fn rules(&self, path: &Path) -> Result<Arc<Rules>, String> {
        let (path, parsed) = (path.to_owned(), Arc::clone(&self.parsed));
        aside(move || {
            let metadata = std::fs::metadata(&path)
                .map_err(|error| format!("it cannot be read ({error}). Create it, or name another script in the plugin's model."))?;
            let (modified, length) = (metadata.modified().ok(), metadata.len());
            let mut parsed = parsed.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = parsed.get(&path).filter(|known| known.modified == modified && known.length == length) {
                return Ok(Arc::clone(&known.rules));
            }
            let rules = Arc::new(Rules::read(&path)?);
            parsed.insert(path, Parsed { modified, length, rules: Arc::clone(&rules) });
            Ok(rules)
        })
        .await
    }

    fn path(&self, name: &str) -> Result<PathBuf, ProviderError> {
        let outside = Path::new(name).components().any(|part| part == Component::ParentDir);
        if outside {
            let reason = "its name leads upwards with \"..\". Name it below the folder of scripts, or absolutely.";
            return Err(ProviderError::Script { script: name.into(), reason: reason.to_owned() });
        }
        Ok(self.directory.join(name))
    }
}

#[async_trait]
impl Provider for Script {
    async fn complete(&self, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError> {
        let path = self.path(model)?;
        let broken = |reason| ProviderError::Script { script: path.clone(), reason };
        let rules = self.rules(&path).await.map_err(broken)?;
        let prompt = request.prompt();
        let asked = Asked { plugin: caller.plugin, turn: request.turn(), prompt: &prompt, request };
        let index = find_rule(&rules, &asked).await.map_err(broken)?.map_err(|near| unanswered(&path, &asked, near))?;
        let rule = rules.rule(index).ok_or_else(|| broken("its rules changed. Resume the run.".to_owned()))?;

        let shared = Arc::clone(&rules);
        let text = aside(move || shared.text(index)).await.map_err(broken)?;
        self.pace.pause(Duration::from_millis(rule.delay_ms)).await;

        let line = format!("{} {} {}", caller.idempotency_key, caller.plugin, rule.name).replace(['\n', '\r'], " ");
        let shared = Arc::clone(&rules);
        aside(move || shared.log(&line)).await.map_err(broken)?;
        Ok(reply(format!("script/{model}"), &asked, rule, text))
    }
}

/// What a rule is held against.
struct Asked<'a> {
    plugin: &'a str,
    turn: usize,
    prompt: &'a str,
    request: &'a Request,
}

fn reply(model: String, asked: &Asked<'_>, rule: &Rule, text: Option<String>) -> Reply {
    let calls = rule.calls.iter().enumerate().map(|(number, call)| {
        let id = format!("call-{}-{number}", asked.turn);
        Part::ToolCall(ToolCall { id, name: choose_name(asked.request, &call.name).to_owned(), arguments: call.arguments.clone() })
    });
    let parts: Vec<_> = text.map(Part::Text).into_iter().chain(calls).collect();
    let stop = if rule.calls.is_empty() { Stop::End } else { Stop::ToolUse };
    let usage = usage(asked, rule, &parts);
    Reply { parts, stop, usage, model }
}

/// The name of the offered tool that a rule means, whether it is written as people do or as it is spelled for models.
fn choose_name<'a>(request: &'a Request, name: &'a str) -> &'a str {
    let offered = || request.tools.iter().map(|tool| tool.name.as_str());
    let exact = offered().find(|offered| *offered == name);
    exact.or_else(|| offered().find(|offered| is_same(offered, name))).unwrap_or(name)
}

/// As the rule says, else one token for every four characters of the conversation and of the reply.
fn usage(asked: &Asked<'_>, rule: &Rule, parts: &[Part]) -> Usage {
    let tokens = |characters: usize| characters.div_ceil(4) as u64;
    let system = asked.request.system.as_deref().unwrap_or_default();
    let all = asked.request.messages.iter().flat_map(|message| &message.parts);
    let read = system.chars().count() + all.map(length).sum::<usize>();
    let written = parts.iter().map(length).sum();
    Usage {
        input_tokens: rule.usage.input.unwrap_or_else(|| tokens(read)),
        output_tokens: rule.usage.output.unwrap_or_else(|| tokens(written)),
        cached_input_tokens: 0,
        cache_write_tokens: 0,
        uncounted: false,
        cost_usd: Some(rule.usage.cost_usd.unwrap_or(0.0)),
        possibly_paid: None,
    }
}

fn length(part: &Part) -> usize {
    match part {
        Part::Text(text) => text.chars().count(),
        Part::Thinking(thinking) => thinking.text.chars().count(),
        Part::ToolCall(call) => call.name.chars().count() + call.arguments.to_string().chars().count(),
        Part::ToolResult(result) => result.content.chars().count(),
        // No rule looks into them.
        Part::Media(_) | Part::Opaque(_) => 0,
    }
}

fn unanswered(script: &Path, asked: &Asked<'_>, near: String) -> ProviderError {
    let skipped = asked.prompt.chars().count().saturating_sub(SHOWN);
    ProviderError::Unanswered {
        script: script.to_owned(),
        plugin: asked.plugin.to_owned(),
        turn: asked.turn,
        prompt: asked.prompt.chars().skip(skipped).collect(),
        near,
    }
}

/// The place of the rule that holds, or a sentence on the nearest.
async fn find_rule(rules: &Arc<Rules>, asked: &Asked<'_>) -> Result<Result<usize, String>, String> {
    let (rules, plugin, prompt, request) = (Arc::clone(rules), asked.plugin.to_owned(), asked.prompt.to_owned(), asked.request.clone());
    let search = move |deadline: &Deadline| {
        let asked = Asked { plugin: &plugin, turn: request.turn(), prompt: &prompt, request: &request };
        rules.first(&asked, deadline)
    };
    ended(blocking(search).await)
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    ended(blocking(|_| work()).await)
}

fn ended<T>(done: Result<Result<T, String>, JoinError>) -> Result<T, String> {
    done.unwrap_or_else(|error| Err(format!("reading it was given up ({error}). Resume the run.")))
}
