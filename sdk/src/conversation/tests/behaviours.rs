//! Every sequence of good and bad behaviour ends within its bounds, and never makes a conversation that no provider takes.

use serde_json::json;

use super::*;
use crate::conversation::transcript;

/// What a model does, good and bad.
const BEHAVIOURS: [fn(u64) -> Reply; 15] = [
    |n| calls("double", &format!("{{\"n\":{n}}}")),
    |_| calls("double", r#"{"n":1}"#),
    |_| calls("double", r#"{"n":13}"#),
    |_| calls("double", "{n:"),
    |_| calls("fly", "{}"),
    |_| silent(),
    |_| thinks(),
    |_| malformed(),
    |_| says("I am sorry, I will do it now."),
    |_| cut("Half"),
    |_| Reply { stop: "max-tokens".to_owned(), ..calls("double", "{\"n\":") },
    |_| calls("finish", "{}"),
    |n| says(&format!("<tool_call>{{\"name\": \"double\", \"arguments\": {{\"n\": {n}}}}}</tool_call>")),
    |n| {
        let arguments = format!("{{\"n\":{n}}}");
        calls_all(&[("double", "{\"n\":2}"), ("double", &*arguments), ("fly", "{}"), ("finish", "{\"n\":\"x\"}")])
    },
    |_| Reply { parts: vec![Part::Text(" ".to_owned()), Part::Text("x".repeat(3_000))], ..says("") },
];

/// The answers with which it ends.
const ANSWERS: [fn() -> Reply; 3] = [
    || calls("finish", r#"{"n":1}"#),
    || says("Done:\n```json\n{\"n\": 1}\n```"),
    || calls_all(&[("double", "{\"n\":5}"), ("finish", "{\"answer\": {\"n\": 1}}")]),
];

/// Behaves as the digits of a number say, in turn.
struct Behaving {
    digits: Vec<usize>,
    asked: usize,
    pauses: usize,
    resumes: usize,
    window: Window,
}

impl Model for Behaving {
    fn ask(&mut self, request: &Request) -> Result<Reply> {
        assert_eq!(transcript::problem(&request.messages), None, "{:?}", self.digits);
        assert!(request.messages.last().is_some_and(|message| message.role == Role::User), "{:?}", self.digits);
        let size = u32::try_from(super::length::sent(request).len().div_ceil(4)).expect("it is small");
        assert!(size <= self.window.tokens - self.window.reply_tokens.min(self.window.tokens / 4), "{:?}: {size}", self.digits);
        self.asked += 1;
        let digit = self.digits.get(self.asked - 1).copied();
        Ok(match digit {
            Some(digit) => BEHAVIOURS[digit % BEHAVIOURS.len()](self.asked as u64 + 200),
            None => ANSWERS[self.asked % ANSWERS.len()](),
        })
    }

    fn pause(&mut self, reason: &str) -> Result<Option<String>> {
        assert!(reason.len() < 1_000 && !reason.contains('\n'), "{reason}");
        self.pauses += 1;
        if self.pauses <= self.resumes { Ok(None) } else { Err(Error::other("nobody resumes it")) }
    }

    fn window(&mut self, _: Option<&str>) -> Result<Window> {
        Ok(self.window)
    }
}

/// Holds a conversation with a model that behaves so, and gives how many replies it took.
fn hold(digits: Vec<usize>, resumes: usize, window: Window) -> usize {
    let mut model = Behaving { digits, asked: 0, pauses: 0, resumes, window };
    let conversation = Conversation { max_turns: Some(30), ..with_both() };
    let ended = conversation.hold(&mut model, "Double.");
    let most = 30 * (model.pauses + 1);
    assert!(model.asked <= most, "{} replies: {:?}", model.asked, model.digits);
    match ended {
        Ok(answer) => {
            assert_eq!(answer.value, Some(json!({ "n": 1 })));
            let kept = answer.conversation.as_ref().and_then(transcript::read);
            assert!(kept.is_some(), "it can be continued: {:?}", model.digits);
        }
        Err(error) => assert!(model.pauses > resumes || error.text.contains("resumed 3 times"), "{error}: {:?}", model.digits),
    }
    model.asked
}

const WIDE: Window = Window { tokens: 100_000, reply_tokens: 1_000 };

#[test]
fn every_short_sequence_ends() {
    let count = BEHAVIOURS.len();
    for number in 0..count.pow(3) {
        hold(vec![number % count, number / count % count, number / count / count], 1, WIDE);
    }
}

#[test]
fn long_sequences_end_within_their_bounds_in_every_window() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % 1_000_003).unwrap_or_default()
    };
    for round in 0..200 {
        let digits = (0..random() % 60).map(|_| random()).collect();
        let window = [WIDE, Window { tokens: 2_500, reply_tokens: 500 }, Window { tokens: 6_000, reply_tokens: 6_000 }][round % 3];
        hold(digits, round % 5, window);
    }
}

#[test]
fn the_same_behaviour_gives_the_same_requests() {
    use crate::testing::Host;
    let host = || {
        Host::new().resumes(5).with_model(|request| {
            let behaviour = BEHAVIOURS.get(request.messages.len() / 2).filter(|_| request.messages.len() < 60);
            Some(behaviour.map_or_else(|| ANSWERS[0](), |behave| behave(request.messages.len() as u64)))
        })
    };
    host().twice(|| with_both().hold(&mut HostModel, "Double.").map(|answer| answer.turns)).expect("it ends");
}
