//! Puts a streamed chat completion together as it would have stood in one piece.

use serde_json::{Map, Value, json};

use super::super::usage::is_counted;
use super::completion_words::{is_sound, reason, texts, thoughts};
use super::{Assembly, first_choice, items, text};

/// What there is of a completion.
#[derive(Default)]
pub(super) struct Completion {
    model: Option<String>,
    content: String,
    reasoning: String,
    refusal: String,
    /// Blocks of reasoning, which their gateway wants back as they were.
    details: Vec<Value>,
    calls: Vec<Call>,
    finish: Value,
    /// What a gateway says of a service that broke off.
    error: Value,
    /// The last counts that say something: some services put them beside a choice that says nothing, some into it, and some
    /// send zeros behind them.
    usage: Value,
    /// Words come as `message` and not as `delta`.
    is_in_messages: bool,
    is_done: bool,
}

#[derive(Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    /// As most send them: text, piece by piece.
    text: String,
    /// As some send them: whole.
    value: Value,
    braces: Braces,
}

/// Whether the object in a text is whole, without reading all of it again with each piece.
#[derive(Default)]
struct Braces {
    depth: usize,
    in_string: bool,
    escaped: bool,
    is_whole: bool,
}

impl Assembly for Completion {
    fn take(&mut self, event: &Value) -> String {
        if self.model.is_none() {
            self.model = text(&event["model"]).map(str::to_owned);
        }
        let choice = first_choice(&event["choices"]);
        for usage in [&event["usage"], &choice["usage"]] {
            if usage.is_object() && (is_counted(usage) || !is_counted(&self.usage)) {
                self.usage = usage.clone();
            }
        }
        if let Some(reason) = reason(choice).filter(|_| !self.is_unsound()) {
            self.finish = json!(reason);
        }
        if !choice["error"].is_null() {
            self.error = choice["error"].clone();
        }
        let delta = self.read_choice(choice);
        let thought = text(&delta["reasoning"]).or_else(|| text(&delta["reasoning_content"])).map(str::to_owned);
        let thought = thought.unwrap_or_else(|| thoughts(&delta["content"]));
        let said = self.new_words(texts(&delta["content"]));
        self.reasoning.push_str(&thought);
        self.content.push_str(&said);
        self.refusal.push_str(delta["refusal"].as_str().unwrap_or_default());
        items(&delta["reasoning_details"]).for_each(|detail| self.think(detail));
        items(&delta["tool_calls"]).for_each(|piece| self.call(piece));
        if let Some(function) = delta.get("function_call").filter(|function| function.is_object()) {
            self.call(&json!({ "index": 0, "function": function }));
        }
        thought + &said
    }

    fn done(&mut self) {
        self.is_done = true;
    }

    fn is_whole(&self, _: bool) -> bool {
        self.is_done
    }

    fn body(self: Box<Self>) -> Value {
        let message = json!({
            "content": self.content,
            "reasoning": self.reasoning,
            "reasoning_details": self.details,
            "refusal": self.refusal,
            "tool_calls": self.calls.into_iter().map(Call::whole).collect::<Value>(),
        });
        let choice = json!({ "message": message, "finish_reason": self.finish, "error": self.error });
        json!({ "model": self.model, "choices": [choice], "usage": self.usage })
    }
}

impl Completion {
    /// What a choice says. Some services say it as a `message`, and some repeat it so once they have said it in pieces.
    fn read_choice<'a>(&mut self, choice: &'a Value) -> &'a Value {
        let (delta, message) = (&choice["delta"], &choice["message"]);
        let has_said = !(self.content.is_empty() && self.reasoning.is_empty() && self.refusal.is_empty() && self.calls.is_empty());
        let has_delta = delta.as_object().is_some_and(|delta| !delta.is_empty());
        if has_delta || !message.is_object() || (has_said && !self.is_in_messages) {
            return delta;
        }
        self.is_in_messages = true;
        message
    }

    /// What is new in these words: a message may begin with all that was said before it.
    fn new_words(&self, words: String) -> String {
        let rest = words.strip_prefix(self.content.as_str()).filter(|_| self.is_in_messages && !self.content.is_empty());
        rest.map(str::to_owned).unwrap_or(words)
    }

    /// Whether it said already that it did not end well; some say `stop` after that all the same.
    fn is_unsound(&self) -> bool {
        text(&self.finish).is_some_and(|reason| !is_sound(reason))
    }

    /// A piece of the block before it, or the beginning of another.
    fn think(&mut self, detail: &Value) {
        let same = |known: &Value| ["type", "index"].iter().all(|field| known[field] == detail[field]);
        let (Some(known), Some(pieces)) = (self.details.last_mut().filter(|known| same(known)), detail.as_object()) else {
            self.details.extend(detail.is_object().then(|| detail.clone()));
            return;
        };
        for (field, piece) in pieces.iter().filter(|(_, piece)| !piece.is_null()) {
            match (&mut known[field], piece) {
                (Value::String(text), Value::String(piece)) if ["text", "summary", "data"].contains(&field.as_str()) => {
                    text.push_str(piece)
                }
                (known, piece) => *known = piece.clone(),
            }
        }
    }

    fn call(&mut self, piece: &Value) {
        if !piece.is_object() {
            return;
        }
        let index = piece["index"].as_u64().or_else(|| piece["index"].as_str()?.trim().parse().ok());
        let id = piece["id"].as_str().unwrap_or_default();
        let (name, arguments) = (piece["function"]["name"].as_str().unwrap_or_default(), &piece["function"]["arguments"]);
        let place = self.place(index, id, name).filter(|place| !self.calls[*place].is_followed_by(id, name, arguments));
        let place = place.unwrap_or_else(|| {
            self.calls.push(Call { index, ..Call::default() });
            self.calls.len() - 1
        });
        self.calls[place].add(id, name, arguments);
    }

    /// Which call a piece belongs to by its number and id; none where it begins another. Some services leave out the number,
    /// some give all calls the same one, and some repeat id and name in each piece.
    fn place(&self, index: Option<u64>, id: &str, name: &str) -> Option<usize> {
        let named = || self.calls.iter().rposition(|call| !id.is_empty() && call.id == id);
        let Some(index) = index else {
            return match (id, name) {
                ("", "") => self.calls.len().checked_sub(1),
                ("", _) => None,
                _ => named(),
            };
        };
        let place = self.calls.iter().rposition(|call| call.index == Some(index))?;
        let known = &self.calls[place].id;
        let is_another = !id.is_empty() && !name.is_empty() && !known.is_empty() && known != id;
        if is_another { named() } else { Some(place) }
    }
}

impl Call {
    /// Whether a piece that has its number begins another call. Without ids only the name says so: another one, or the same
    /// behind all that the call needs.
    fn is_followed_by(&self, id: &str, name: &str, arguments: &Value) -> bool {
        if name.is_empty() || self.name.is_empty() || !id.is_empty() {
            return false;
        }
        let is_whole = self.braces.is_whole || !self.value.is_null();
        let says_something = !arguments.is_null() && arguments.as_str().is_none_or(|piece| !piece.trim().is_empty());
        self.name != name || (is_whole && says_something)
    }

    fn add(&mut self, id: &str, name: &str, arguments: &Value) {
        if self.id.is_empty() {
            self.id = id.to_owned();
        }
        if self.name.is_empty() {
            self.name = name.to_owned();
        }
        match (arguments, &mut self.value) {
            (Value::String(piece), _) => {
                self.braces.read(piece);
                self.text.push_str(piece);
            }
            (Value::Null, _) => {}
            (Value::Object(piece), Value::Object(known)) => known.extend(piece.clone()),
            (whole, value) => *value = whole.clone(),
        }
    }

    fn whole(self) -> Value {
        let arguments = if self.text.trim().is_empty() { self.value } else { Value::String(self.text) };
        let function = Map::from_iter([("name".to_owned(), json!(self.name)), ("arguments".to_owned(), arguments)]);
        json!({ "id": self.id, "function": function })
    }
}

impl Braces {
    fn read(&mut self, piece: &str) {
        for byte in piece.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' if !self.in_string => self.depth += 1,
                b'}' if !self.in_string => {
                    self.depth = self.depth.saturating_sub(1);
                    self.is_whole = self.depth == 0;
                }
                _ => {}
            }
        }
    }
}
