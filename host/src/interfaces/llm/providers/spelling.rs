//! Spells the names of tools as providers take them, 1 to 64 letters, digits, `_` and `-`, and spells them back in what a
//! model answers. Everywhere else a tool has one name, such as `web.search`. A spelling depends on the name alone, so it
//! is the same in every request.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::interfaces::llm::{
    messages::{Part, Reply, Request, ToolChoice},
    provider::{Caller, Provider, ProviderError},
};

/// Bytes of a name.
const LONGEST: usize = 64;
/// Digits of a hash behind a name that cannot be told from another, or is too long, without it.
const HASH: usize = 10;

/// A provider that is asked with its own spelling of names.
pub(super) struct Spelled(pub(super) Arc<dyn Provider>);

#[async_trait]
impl Provider for Spelled {
    async fn complete(&self, caller: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError> {
        let Some((request, names)) = spell_request(request) else { return self.0.complete(caller, model, request).await };
        let mut reply = self.0.complete(caller, model, &request).await?;
        for part in &mut reply.parts {
            if let Part::ToolCall(call) = part
                && let Some(name) = names.get(&call.name)
            {
                call.name.clone_from(name);
            }
        }
        Ok(reply)
    }

    fn list_refused(&self, model: &str) -> Vec<String> {
        self.0.list_refused(model)
    }

    fn learned_at(&self, model: &str) -> Option<Timestamp> {
        self.0.learned_at(model)
    }
}

/// The request in the provider's spelling, with the names behind it; nothing where both are the same.
fn spell_request(request: &Request) -> Option<(Request, BTreeMap<String, String>)> {
    let mut names = BTreeMap::new();
    for tool in &request.tools {
        names.entry(wire_name(&tool.name).into_owned()).or_insert_with(|| tool.name.clone());
    }
    let called = request.messages.iter().flat_map(|message| &message.parts).filter_map(|part| match part {
        Part::ToolCall(call) => Some(call.name.as_str()),
        _ => None,
    });
    let is_same =
        names.iter().all(|(spelling, name)| spelling == name) && called.map(wire_name).all(|name| matches!(name, Cow::Borrowed(_)));
    if is_same && names.len() == request.tools.len() {
        return None;
    }
    let mut request = request.clone();
    let mut left = names.clone();
    request.tools.retain_mut(|tool| {
        let spelling = wire_name(&tool.name).into_owned();
        // A provider rejects a request that offers a name twice.
        let is_first = left.remove(&spelling).is_some();
        if !is_first {
            tracing::warn!(tool = tool.name, "a tool is offered twice in one request; the first one is sent");
        }
        tool.name = spelling;
        is_first
    });
    if let Some(ToolChoice::Tool(name)) = &mut request.tool_choice {
        *name = wire_name(name).into_owned();
    }
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        if let Part::ToolCall(call) = part {
            call.name = wire_name(&call.name).into_owned();
        }
    }
    Some((request, names))
}

/// A tool's name as providers take it, the same for the same name and for no other: `web.search` is `web__search`. One that
/// could be read back in another way, or is too long, ends in a hash.
pub fn wire_name(name: &str) -> Cow<'_, str> {
    let plain = name.replacen('.', "__", 1);
    if is_plain(&plain) && read_back(&plain) == name && !ends_in_hash(&plain) {
        return if plain == name { Cow::Borrowed(name) } else { Cow::Owned(plain) };
    }
    let sound = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    let beginning: String = name.replace('.', "__").chars().map(sound).take(LONGEST - HASH - 1).collect();
    let hash = blake3::hash(name.as_bytes()).to_hex();
    Cow::Owned(format!("{beginning}_{}", &hash[..HASH]))
}

/// Whether both name the same tool, also where one is spelled as it was for models before.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let loose = |name: &str| -> String {
        let plain = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
        name.replace('.', "__").chars().map(plain).collect()
    };
    one == other || wire_name(one) == other || one == wire_name(other) || loose(one) == loose(other)
}

fn is_plain(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    !name.is_empty() && name.len() <= LONGEST && name.chars().all(plain)
}

fn read_back(plain: &str) -> String {
    plain.replacen("__", ".", 1)
}

fn ends_in_hash(plain: &str) -> bool {
    plain.rsplit_once('_').is_some_and(|(_, end)| end.len() == HASH && end.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f')))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Mutex};

    use serde_json::json;

    use super::*;
    use crate::interfaces::llm::{
        messages::{Message, Role, Stop, Tool, ToolCall, Usage},
        tests::{CALLER, ask},
    };

    #[test]
    fn a_spelling_is_short_plain_and_of_one_name_alone() {
        for (name, expected) in
            [("read_file", "read_file"), ("web.search", "web__search"), ("a-b._c-1", "a-b___c-1"), ("a.b__c", "a__b__c")]
        {
            assert_eq!(wire_name(name), expected);
        }
        let long = "x".repeat(61);
        let names = [
            "a.b.c".to_owned(),
            "a.b__c".to_owned(),
            "a__b.c".to_owned(),
            "a__b__c".to_owned(),
            "a_.b".to_owned(),
            "a._b".to_owned(),
            "a.b/c".to_owned(),
            "a.b_c".to_owned(),
            "a.ä".to_owned(),
            "a.ö".to_owned(),
            ".".to_owned(),
            String::new(),
            format!("a.{long}"),
            format!("a.{long}_one"),
            format!("a.{long}_two"),
            format!("a-b.{long}_one"),
            "a.x_0123456789".to_owned(),
            wire_name("a.b.c").replacen("__", ".", 1),
            wire_name("a.b.c").into_owned(),
        ];
        let spellings: BTreeSet<_> = names.iter().map(|name| wire_name(name).into_owned()).collect();
        assert_eq!(spellings.len(), names.len(), "{spellings:?}");
        assert!(spellings.iter().all(|name| is_plain(name)), "{spellings:?}");
        assert_eq!(wire_name("a.b.c"), wire_name("a.b.c"));
        assert!(wire_name("a.b.c").starts_with("a__b__c_"));
    }

    #[test]
    fn a_name_is_the_same_in_all_its_spellings() {
        for other in ["web.look/at", "web__look_at", &wire_name("web.look/at")] {
            assert!(is_same("web.look/at", other) && is_same(other, "web.look/at"), "{other}");
        }
        assert!(!is_same("web.look", "web.look2"));
    }

    /// Answers with a call of the tool it was offered last, and remembers what it was asked.
    #[derive(Default)]
    struct Heard(Mutex<Vec<Request>>);

    #[async_trait]
    impl Provider for Heard {
        async fn complete(&self, _: Caller<'_>, model: &str, request: &Request) -> Result<Reply, ProviderError> {
            self.0.lock().unwrap().push(request.clone());
            let name = request.tools.last().map(|tool| tool.name.clone()).unwrap_or_default();
            let parts = vec![call(&name), call("made__up")];
            Ok(Reply { parts, stop: Stop::ToolUse, usage: Usage::default(), model: model.to_owned() })
        }
    }

    fn call(name: &str) -> Part {
        Part::ToolCall(ToolCall { id: "1".to_owned(), name: name.to_owned(), arguments: json!({}) })
    }

    fn tool(name: &str) -> Tool {
        Tool { name: name.to_owned(), description: String::new(), parameters: json!({}) }
    }

    #[tokio::test]
    async fn only_the_provider_sees_its_spelling() {
        let heard = Arc::new(Heard::default());
        let spelled = Spelled(Arc::clone(&heard) as _);
        let mut request = ask("go");
        request.tools = ["read_file", "web.search", "web.look", "web.look"].map(tool).to_vec();
        request.messages.push(Message { role: Role::Assistant, parts: vec![call("web.search")] });
        request.tool_choice = Some(ToolChoice::Tool("web.look".to_owned()));
        let reply = spelled.complete(CALLER, "m", &request).await.unwrap();
        assert_eq!(reply.parts, [call("web.look"), call("made__up")]);
        let sent = heard.0.lock().unwrap()[0].clone();
        assert_eq!(sent.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["read_file", "web__search", "web__look"]);
        assert_eq!(sent.messages.last().unwrap().parts, [call("web__search")]);
        assert_eq!(sent.tool_choice, Some(ToolChoice::Tool("web__look".to_owned())));
        let plain = Request { tools: vec![tool("read_file")], ..ask("go") };
        spelled.complete(CALLER, "m", &plain).await.unwrap();
        assert_eq!(heard.0.lock().unwrap()[1], plain);
    }
}
