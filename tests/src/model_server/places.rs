//! Where each conversation stands in its script. A reply that was spoiled, and that Baton could not use as it was meant, takes
//! no turn of the script: when the model is shown its mistake, the script answers the same turn again. Spoils nothing.

use std::collections::HashMap;

use baton::interfaces::llm::{Message, Part, Reply, Request, Role, ToolCall};

use super::calls_of;

/// The conversations that were held so far.
#[derive(Default)]
pub(super) struct Places {
    conversations: HashMap<String, Conversation>,
    /// How often a turn of a task was asked for, by plugin, task and turn: a task that begins again is the same.
    attempts: HashMap<(String, String, usize), usize>,
    /// The last request of each plugin: a conversation that begins has its beginning in common with the one before.
    prompts: HashMap<String, String>,
}

#[derive(Default)]
struct Conversation {
    /// What was said at each turn, by the last attempt.
    said: HashMap<usize, Said>,
    /// The last request.
    prompt: Option<String>,
}

struct Said {
    /// What the script meant.
    calls: Vec<ToolCall>,
    is_spoiled: bool,
}

/// Where a request stands.
pub(super) struct Place {
    /// The conversation's key.
    pub(super) conversation: String,
    /// The request without the replies that take no turn. All that the user said stays.
    pub(super) request: Request,
    /// The last reply takes no turn.
    pub(super) corrects: bool,
    /// How often this turn was asked for before.
    pub(super) attempt: usize,
    /// Bytes that the request begins with in common with the one before it.
    pub(super) common_bytes: usize,
}

impl Places {
    /// Takes in a request. Its conversation is the one with the same plugin and the same first message.
    pub(super) fn enter(&mut self, plugin: &str, goal: &str, request: &Request, prompt: &str) -> Place {
        let opening = request.messages.first().map(text).unwrap_or_default();
        let key = blake3::hash(format!("{plugin}\n{opening}").as_bytes()).to_hex().to_string();
        let attempts = self.attempts.entry((plugin.to_owned(), goal.to_owned(), request.turn())).or_default();
        let attempt = *attempts;
        *attempts += 1;
        let last = self.prompts.insert(plugin.to_owned(), prompt.to_owned());
        let conversation = self.conversations.entry(key.clone()).or_default();
        let before = conversation.prompt.replace(prompt.to_owned()).or(last).unwrap_or_default();
        let common_bytes = before.bytes().zip(prompt.bytes()).take_while(|(one, other)| one == other).count();
        let (request, corrects) = conversation.without_spoiled(request);
        Place { conversation: key, request, corrects, attempt, common_bytes }
    }

    /// Notes what was meant at a turn, and whether it was spoiled.
    pub(super) fn note(&mut self, conversation: &str, turn: usize, meant: &Reply, is_spoiled: bool) {
        let Some(conversation) = self.conversations.get_mut(conversation) else { return };
        conversation.said.insert(turn, Said { calls: calls_of(&meant.parts).cloned().collect(), is_spoiled });
    }
}

impl Conversation {
    fn without_spoiled(&self, request: &Request) -> (Request, bool) {
        let (mut kept, mut turn, mut corrects) = (Vec::<Message>::new(), 0, false);
        for message in &request.messages {
            if message.role == Role::User {
                push(&mut kept, message.clone());
                continue;
            }
            corrects = self.said.get(&turn).is_some_and(|said| said.takes_no_turn(message));
            if !corrects {
                push(&mut kept, message.clone());
            }
            turn += 1;
        }
        (Request { messages: kept, ..request.clone() }, corrects)
    }
}

impl Said {
    /// A spoiled reply counts where the conversation shows the calls that were meant: then they were understood. An answer
    /// after which the conversation goes on was not.
    fn takes_no_turn(&self, message: &Message) -> bool {
        let is_same = |(one, other): (&ToolCall, &ToolCall)| one.name == other.name && one.arguments == other.arguments;
        let shown: Vec<_> = calls_of(&message.parts).collect();
        let is_understood = !self.calls.is_empty() && shown.len() == self.calls.len() && shown.into_iter().zip(&self.calls).all(is_same);
        self.is_spoiled && !is_understood
    }
}

/// Appends a message. What the user says twice in a row is one message, as it was before it was sent.
pub(super) fn push(messages: &mut Vec<Message>, message: Message) {
    match messages.last_mut() {
        Some(last) if last.role == Role::User && message.role == Role::User => last.parts.extend(message.parts),
        _ => messages.push(message),
    }
}

/// The first text of a message.
fn text(message: &Message) -> String {
    message.parts.iter().find_map(|part| if let Part::Text(text) = part { Some(text.clone()) } else { None }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use baton::interfaces::llm::{Stop, Usage};
    use serde_json::{Value, json};

    use super::*;

    fn message(role: Role, part: Part) -> Message {
        Message { role, parts: vec![part] }
    }

    fn called(arguments: Value) -> Part {
        Part::ToolCall(ToolCall { id: "1".to_owned(), name: "look".to_owned(), arguments })
    }

    fn conversation(replies: &[Part]) -> Request {
        let opening = message(Role::User, Part::Text("Look.".to_owned()));
        let rest = replies
            .iter()
            .flat_map(|reply| [message(Role::Assistant, reply.clone()), message(Role::User, Part::Text("Shown.".to_owned()))]);
        Request { messages: [opening].into_iter().chain(rest).collect(), ..Request::default() }
    }

    fn reply(part: Part) -> Reply {
        Reply { parts: vec![part], stop: Stop::ToolUse, usage: Usage::default(), model: String::new() }
    }

    #[test]
    fn a_mistake_that_is_shown_takes_no_turn_and_one_that_was_understood_does() {
        let (meant, mut places) = (called(json!({ "path": "a" })), Places::default());
        let place = places.enter("mary", "Look.", &conversation(&[]), "abc");
        assert_eq!((place.request.turn(), place.corrects, place.attempt, place.common_bytes), (0, false, 0, 0));
        places.note(&place.conversation, 0, &reply(meant.clone()), true);
        let place = places.enter("mary", "Look.", &conversation(&[called(json!({}))]), "abdef");
        assert_eq!((place.request.turn(), place.corrects, place.common_bytes), (0, true, 2));
        assert_eq!(place.request.prompt(), "Look.\nShown.", "the script sees all that was said to the model");
        places.note(&place.conversation, 1, &reply(meant.clone()), false);
        let place = places.enter("mary", "Look.", &conversation(&[called(json!({})), meant.clone()]), "");
        assert_eq!((place.request.turn(), place.corrects), (1, false));
        let place = places.enter("mary", "Look.", &conversation(&[meant]), "");
        assert_eq!((place.request.turn(), place.corrects, place.attempt), (1, false, 1), "what was spoiled was read all the same");
    }

    #[test]
    fn an_answer_after_which_the_conversation_goes_on_takes_no_turn_if_it_was_spoiled() {
        let (answer, mut places) = (Part::Text("So it is.".to_owned()), Places::default());
        let place = places.enter("mary", "Look.", &conversation(&[]), "");
        for (is_spoiled, turns) in [(true, 0), (false, 1)] {
            places.note(&place.conversation, 0, &reply(answer.clone()), is_spoiled);
            assert_eq!(places.enter("mary", "Look.", &conversation(std::slice::from_ref(&answer)), "").request.turn(), turns);
        }
    }
}
