//! What the configured models can do: by what is known, which costs nothing, and with `--models` by asking each of them. Records
//! no cost: the flag is the consent of the operator to what it costs.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Check, settings::effective};
use crate::{
    config::Config,
    escape::escaped,
    interfaces::{
        Settings,
        keys::NoKeys,
        llm::{
            self, Caller, Catalogue, Effort, Message, Part, Provider, ProviderError, Reply, Request, Role, Stop, Tool, ToolResult,
            Watchers,
            money::{Amount, Price, Tokens},
            providers::pace::SystemPace,
        },
    },
    operations::{Problem, grouped},
};

const NAME: &str = "model";
/// Tokens of each reply that is asked for: enough for a model that reasons before a word.
const LONGEST_REPLY: u32 = 4_096;
/// A model that is asked for it may refuse it, which is learned then.
const TEMPERATURE: f32 = 0.3;
/// The word that a model is to hand to the tool, and to reply with.
const WORD: &str = "ready";

/// Models of which Baton does not know the window, and how to say it.
pub(super) fn unknown(config: &Config) -> Vec<Check> {
    let models = configured(&Settings::merge(&[effective(config)]));
    models.iter().filter(|model| !config.models.abilities.of(model).is_known).map(|model| unknown_window(config, model)).collect()
}

fn unknown_window(config: &Config, model: &str) -> Check {
    let (abilities, shown) = (config.models.abilities.of(model), escaped(model));
    let found = format!(
        "`{shown}` is not known to Baton, which takes its window for {} tokens and its longest reply for {}",
        grouped(abilities.window_tokens.into()),
        grouped(abilities.max_output_tokens.into())
    );
    let table = format!("`[abilities.\"{shown}\"]` with `window-tokens` and `max-output-tokens` in your settings");
    let advice = match model.starts_with("ollama/") {
        true => format!(
            "Start Ollama with a window that is large enough, such as `OLLAMA_CONTEXT_LENGTH=32768 ollama serve`, and set {table} to the same: it cuts off what is longer and says nothing."
        ),
        false => format!("Set {table}."),
    };
    Check::warn(NAME, found, advice)
}

/// Asks each configured model, three times for a few words. `forget`: what they were found to refuse is forgotten before.
pub async fn ask_models(config: &Config, forget: bool) -> Vec<Check> {
    let models = configured(&Settings::merge(&[effective(config)]));
    if models.is_empty() {
        return vec![Check::warn(NAME, "no model is configured", "Set `models.default` in your settings.")];
    }
    if forget && let Err(error) = config.models.forget_learned(models.iter().map(String::as_str)) {
        return vec![Check::fail(NAME, "what models refuse cannot be forgotten", error.to_string())];
    }
    let (pace, watchers) = (Arc::new(SystemPace::default()), Watchers::new(config.redactor.clone()));
    // Secrets have been opened already, and nothing is set while the models are asked.
    let catalogue = match Catalogue::new(&config.models, pace, &watchers, &(Arc::new(NoKeys) as _)) {
        Ok(catalogue) => catalogue,
        Err(error) => return vec![Check::fail(NAME, "the providers cannot be used", Problem::of(&error).to_string())],
    };
    let mut checks = Vec::new();
    for model in &models {
        let examined = examine(&catalogue, model).await;
        checks.push(check(model, &examined, config));
    }
    checks
}

/// Every model that the settings name, scripts apart.
fn configured(settings: &Settings) -> BTreeSet<String> {
    let all = settings.clone().into_value();
    let table = |key: &str| all[key].as_object().cloned().unwrap_or_default();
    let aliases = table("models").into_iter().filter(|(alias, _)| alias != "stream").map(|(alias, _)| format!("models.{alias}"));
    let plugins = table("plugins").into_iter().map(|(plugin, _)| format!("plugins.{plugin}.model"));
    let keys = aliases.chain(plugins).chain(["model".to_owned()]);
    let names: Vec<String> = keys.flat_map(|key| llm::Preferences::models(settings, &key)).collect();
    // What an alias does not lead to is told by the command that asks it.
    let models = names.iter().flat_map(|name| llm::named(name, settings).unwrap_or_default());
    models.filter(|model| !model.starts_with("script/")).collect()
}

/// What came of asking one model.
#[derive(Default)]
struct Examined {
    /// It called the tool as it was told.
    calls_tools: bool,
    /// It answered once the result of its call was handed back with all that it had said.
    goes_on: bool,
    /// Its reply satisfied the schema.
    keeps_schema: bool,
    /// It showed, or sealed, what it reasoned.
    reasons: bool,
    /// What it refuses and was asked without.
    refused: Vec<String>,
    /// When that was learned.
    learned_at: Option<Timestamp>,
    tokens: Tokens,
    is_uncounted: bool,
    /// Why it did not answer. Nothing more was asked then.
    failure: Option<ProviderError>,
}

async fn examine(provider: &dyn Provider, model: &str) -> Examined {
    let mut examined = Examined::default();
    let outcome = examine_all(provider, model, &mut examined).await;
    examined.failure = outcome.err();
    (examined.refused, examined.learned_at) = (provider.list_refused(model), provider.learned_at(model));
    // What it was not sent it was not held to, whatever it replied.
    examined.keeps_schema &= !examined.refused.iter().any(|refused| refused == "no reply schema");
    examined
}

async fn examine_all(provider: &dyn Provider, model: &str, examined: &mut Examined) -> Result<(), ProviderError> {
    let mut conversation = tool_request();
    let called = ask(provider, model, &conversation, 1, examined).await?;
    let call = called.parts.iter().find_map(|part| if let Part::ToolCall(call) = part { Some(call.clone()) } else { None });
    examined.calls_tools = call.as_ref().is_some_and(|call| call.name == "report" && call.arguments["word"] == WORD);
    if let Some(call) = call {
        conversation.messages.push(Message { role: Role::Assistant, parts: called.parts });
        let result = ToolResult { call_id: call.id, content: "Reported. Now reply with the word: done".to_owned(), failed: false };
        conversation.messages.push(Message { role: Role::User, parts: vec![Part::ToolResult(result)] });
        let reply = ask(provider, model, &conversation, 2, examined).await?;
        examined.goes_on = reply.stop == Stop::End && !reply.text().trim().is_empty();
    }
    let reply = ask(provider, model, &schema_request(), 3, examined).await?;
    examined.keeps_schema = serde_json::from_str::<Value>(reply.text().trim()).is_ok_and(|answer| satisfies(&answer));
    Ok(())
}

async fn ask(
    provider: &dyn Provider,
    model: &str,
    request: &Request,
    number: u32,
    examined: &mut Examined,
) -> Result<Reply, ProviderError> {
    // Another time it is another question.
    let key = format!("doctor:{}:{number}", Timestamp::now().as_millisecond());
    let caller = Caller { run: "doctor", plugin: "doctor", idempotency_key: &key };
    let reply = provider.complete(caller, model, request).await?;
    let usage = &reply.usage;
    examined.tokens.input += usage.input_tokens;
    examined.tokens.cached_input += usage.cached_input_tokens;
    examined.tokens.cache_write += usage.cache_write_tokens;
    examined.tokens.output += usage.output_tokens;
    examined.is_uncounted |= usage.uncounted;
    examined.reasons |= reply.parts.iter().any(|part| matches!(part, Part::Thinking(_) | Part::Opaque(_)));
    Ok(reply)
}

fn tool_request() -> Request {
    let parameters = json!({
        "type": "object",
        "properties": { "word": { "type": "string", "minLength": 1, "maxLength": 20 } },
        "required": ["word"],
        "additionalProperties": false,
    });
    let tool = Tool { name: "report".to_owned(), description: "Reports a word.".to_owned(), parameters };
    let request = build_request(&format!("Call the tool `report` once, with the word \"{WORD}\"."));
    Request { tools: vec![tool], ..request }
}

fn schema_request() -> Request {
    let schema = json!({
        "type": "object",
        "properties": { "word": { "enum": [WORD] }, "letters": { "type": "integer", "minimum": 1, "maximum": 9 } },
        "required": ["word", "letters"],
        "additionalProperties": false,
    });
    let text = format!("Reply with JSON alone: an object with `word`, which is \"{WORD}\", and `letters`, how many letters the word has.");
    Request { reply_schema: Some(schema), ..build_request(&text) }
}

fn build_request(text: &str) -> Request {
    Request {
        system: Some("Do what you are told, in as few words as you can.".to_owned()),
        messages: vec![Message { role: Role::User, parts: vec![Part::Text(text.to_owned())] }],
        max_tokens: Some(LONGEST_REPLY),
        temperature: Some(TEMPERATURE),
        effort: Some(Effort::Low),
        ..Request::default()
    }
}

fn satisfies(answer: &Value) -> bool {
    let letters = answer["letters"].as_u64().is_some_and(|letters| (1..=9).contains(&letters));
    answer["word"] == WORD && letters && answer.as_object().is_some_and(|fields| fields.len() == 2)
}

fn check(model: &str, examined: &Examined, config: &Config) -> Check {
    let (shown, cost) = (escaped(model), cost(examined, config.prices.of(model)));
    if let Some(failure) = &examined.failure {
        return Check::fail(
            NAME,
            format!("`{shown}` does not answer: {failure} Asking it cost {cost}"),
            "Fix what the sentence names, or set another model.",
        );
    }
    let abilities = config.models.abilities.of(model);
    let can = |yes: bool, word: &str| format!("{}{word}", if yes { "" } else { "no " });
    let words = [can(examined.calls_tools, "tools"), can(examined.keeps_schema, "reply schema"), can(examined.reasons, "reasoning shown")];
    let learned = examined.learned_at.map_or_else(String::new, |at| format!(" (learned on {})", at.strftime("%F")));
    let refused = if examined.refused.is_empty() { String::new() } else { format!("; it takes {}{learned}", examined.refused.join(", ")) };
    let found = format!(
        "`{shown}`: {}; window {} tokens, replies up to {}{refused}; asking it cost {cost}",
        words.join(", "),
        grouped(abilities.window_tokens.into()),
        grouped(abilities.max_output_tokens.into()),
    );
    if !examined.calls_tools {
        return Check::fail(NAME, found, "Agents work by tools. Set another model for them, or serve this one so that it calls tools.");
    }
    if !examined.goes_on {
        return Check::fail(NAME, found, "It called the tool and said nothing once it had the result. Set another model for agents.");
    }
    match advice(&shown, examined, &abilities) {
        advice if advice.is_empty() => Check::ok(NAME, found),
        advice => Check::warn(NAME, found, advice.join(" ")),
    }
}

/// What an operator may set so that Baton knows it before.
fn advice(shown: &str, examined: &Examined, abilities: &llm::ModelAbilities) -> Vec<String> {
    let mut set = Vec::new();
    if !abilities.is_known {
        set.push("`window-tokens` and `max-output-tokens`".to_owned());
    }
    if examined.keeps_schema != abilities.reply_schema.unwrap_or(false) {
        set.push(format!("`reply-schema = {}`", examined.keeps_schema));
    }
    if examined.refused.iter().any(|refused| refused == "no temperature") {
        set.push("`temperature = false`".to_owned());
    }
    if examined.refused.iter().any(|refused| refused == "no effort") {
        set.push("`effort = []`".to_owned());
    }
    if set.is_empty() { Vec::new() } else { vec![format!("Set {} under `[abilities.\"{shown}\"]` in your settings.", set.join(", "))] }
}

fn cost(examined: &Examined, price: Option<Price>) -> String {
    let tokens = format!("{} tokens", grouped(examined.tokens.input + examined.tokens.output));
    match price.filter(|_| !examined.is_uncounted).and_then(|price| price.cost(examined.tokens)) {
        Some(cost) if cost == Amount::ZERO => format!("nothing ({tokens})"),
        Some(cost) => format!("${cost} ({tokens})"),
        None => format!("an unknown sum ({tokens})"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::interfaces::llm::{Opaque, ToolCall, Usage};

    /// Answers in a row, and refuses something.
    struct Row {
        replies: Mutex<Vec<Result<Reply, ProviderError>>>,
        refused: &'static str,
    }

    #[async_trait]
    impl Provider for Row {
        async fn complete(&self, _: Caller<'_>, _: &str, _: &Request) -> Result<Reply, ProviderError> {
            self.replies.lock().unwrap().remove(0)
        }

        fn list_refused(&self, _: &str) -> Vec<String> {
            vec![self.refused.to_owned()]
        }
    }

    fn reply(parts: Vec<Part>, stop: Stop) -> Result<Reply, ProviderError> {
        let usage = Usage { input_tokens: 100, output_tokens: 10, ..Usage::default() };
        Ok(Reply { parts, stop, usage, model: "lab/any".to_owned() })
    }

    fn call(word: &str) -> Part {
        Part::ToolCall(ToolCall { id: "1".to_owned(), name: "report".to_owned(), arguments: json!({ "word": word }) })
    }

    fn text(text: &str) -> Part {
        Part::Text(text.to_owned())
    }

    /// Those of a model that does all that it is told.
    fn replies() -> Vec<Result<Reply, ProviderError>> {
        let answer = r#"{"word": "ready", "letters": 5}"#;
        vec![reply(vec![call("ready")], Stop::ToolUse), reply(vec![text("done")], Stop::End), reply(vec![text(answer)], Stop::End)]
    }

    async fn examined(replies: Vec<Result<Reply, ProviderError>>) -> Examined {
        examine(&Row { replies: Mutex::new(replies), refused: "no temperature" }, "lab/any").await
    }

    #[tokio::test]
    async fn a_model_shows_what_it_can_do_and_what_it_took() {
        let sealed = Part::Opaque(Opaque { provider: "x".to_owned(), data: json!({}) });
        let mut all = replies();
        all[0] = reply(vec![sealed, call("ready")], Stop::ToolUse);
        let able = examined(all).await;
        assert!(able.calls_tools && able.goes_on && able.keeps_schema && able.reasons);
        assert_eq!((able.tokens.input, able.tokens.output, able.refused.len()), (300, 30, 1));
        let price = Price { input: 1.0, cached_input: None, cache_write: None, output: 10.0 };
        assert_eq!(
            (cost(&able, Some(price)).as_str(), cost(&able, None).as_str()),
            ("$0.0006 (330 tokens)", "an unknown sum (330 tokens)")
        );
        let unheld = examine(&Row { replies: Mutex::new(replies()), refused: "no reply schema" }, "lab/any").await;
        assert!(unheld.calls_tools && !unheld.keeps_schema, "it was asked without the schema");
        let unable = examined(vec![reply(vec![text("report(ready)")], Stop::End), reply(vec![text("Sure: {}")], Stop::End)]).await;
        assert!(!unable.calls_tools && !unable.goes_on && !unable.keeps_schema && unable.failure.is_none());
        let failure = ProviderError::Unavailable { provider: "lab".to_owned(), tries: 4, reason: "down.".to_owned() };
        let gone = examined(vec![Err(failure)]).await;
        assert!(gone.failure.is_some() && gone.tokens == Tokens::default());
    }

    #[tokio::test]
    async fn what_was_found_is_what_the_operator_is_told_to_set() {
        let able = examined(replies()).await;
        let told = advice("lab/any", &able, &llm::ModelAbilities::default()).join(" ");
        assert_eq!(
            told,
            "Set `window-tokens` and `max-output-tokens`, `reply-schema = true`, `temperature = false` under `[abilities.\"lab/any\"]` in your settings."
        );
        let known = llm::ModelAbilities { is_known: true, reply_schema: Some(true), ..llm::ModelAbilities::default() };
        assert_eq!(advice("lab/any", &Examined { refused: Vec::new(), ..able }, &known), [""; 0]);
    }

    #[test]
    fn every_model_of_the_settings_is_asked_once_and_no_script() {
        let settings = Settings::merge(&[json!({
            "models": { "default": ["lab/a", "fast"], "fast": "lab/b", "stream": false, "lost": "nowhere" },
            "plugins": { "mary": { "model": "lab/c" }, "bob": { "model": "lab/a" }, "odd": 7 },
            "model": "script/a.yaml",
        })]);
        assert_eq!(configured(&settings).into_iter().collect::<Vec<_>>(), ["lab/a", "lab/b", "lab/c"]);
        assert!(configured(&Settings::merge(&[json!({})])).is_empty());
    }
}
