use std::collections::BTreeSet;

use baton::interfaces::llm::{Message, Part, Reply, Request, Role, Stop, Tool, ToolCall, Usage};
use serde_json::{Value, json};

use super::*;

fn reply(part: Part) -> Reply {
    Reply { parts: vec![part], stop: Stop::End, usage: Usage::default(), model: String::new() }
}

fn edit() -> Part {
    let arguments = json!({ "path": "a.sh", "old": "one", "new": "two" });
    Part::ToolCall(ToolCall { id: "call_1_0".to_owned(), name: "edit_file".to_owned(), arguments })
}

/// A conversation in which a file was read.
fn request() -> Request {
    let read = ToolCall { id: "call_0_0".to_owned(), name: "read_file".to_owned(), arguments: json!({ "path": "a.sh" }) };
    let schema = json!({ "type": "object", "properties": { "summary": { "type": "string" } } });
    let tool = |name: &str, parameters: &Value| Tool { name: name.to_owned(), description: String::new(), parameters: parameters.clone() };
    Request {
        messages: vec![
            Message { role: Role::User, parts: vec![Part::Text("Go on.".to_owned())] },
            Message { role: Role::Assistant, parts: vec![Part::ToolCall(read)] },
        ],
        tools: vec![tool("edit_file", &json!({})), tool("finish", &schema)],
        ..Request::default()
    }
}

fn turn<'a>(request: &'a Request, goal: &'a str, corrects: bool) -> Turn<'a> {
    Turn { plugin: "amelia", goal, turn: 1, attempt: 0, corrects, request }
}

#[test]
fn there_are_many_ways_and_each_fits_a_call_or_an_answer() {
    let request = request();
    let (call, answer) = (reply(edit()), reply(Part::Text(json!({ "summary": "Done." }).to_string())));
    for way in WAYS {
        let spoiled = [&call, &answer].map(|reply| way.apply(&turn(&request, "Go on.", false), reply));
        assert!(spoiled.iter().any(Option::is_some), "{} fits nothing", way.name);
        for (spoiled, reply) in spoiled.iter().zip([&call, &answer]) {
            assert!(spoiled.as_ref().is_none_or(|spoiled| spoiled != reply), "{} spoils nothing", way.name);
        }
    }
    let names: BTreeSet<_> = WAYS.iter().map(|way| way.name).chain(line::WAYS.iter().map(|way| way.name)).collect();
    assert_eq!(names.len(), WAYS.len() + line::WAYS.len());
    assert!(WAYS.len() >= 14 && line::WAYS.len() >= 7);
}

#[test]
fn a_seed_spoils_the_same_turns_in_the_same_ways_at_its_rate() {
    let request = request();
    let ways = |seed: u64, rate: f64| -> Vec<_> {
        let noise = Noise { seed, rate };
        let goals: Vec<_> = (0..400).map(|number| format!("Task {number}")).collect();
        goals.iter().map(|goal| noise.spoil(&turn(&request, goal, false), reply(edit())).way).collect()
    };
    assert_eq!(ways(1, 0.25), ways(1, 0.25));
    assert_ne!(ways(1, 0.25), ways(2, 0.25));
    assert!(ways(1, 0.0).iter().all(Option::is_none));
    let spoiled = ways(1, 0.25).into_iter().flatten().count();
    assert!((60..140).contains(&spoiled), "{spoiled} of 400");
    assert!(ways(1, 1.0).into_iter().collect::<BTreeSet<_>>().len() > 20, "all ways come up");
}

#[test]
fn the_reply_after_a_mistake_is_right_whatever_the_line_does() {
    let request = request();
    for number in 0..200 {
        let goal = format!("Task {number}");
        let delivery = Noise { seed: 1, rate: 1.0 }.spoil(&turn(&request, &goal, true), reply(edit()));
        assert_eq!(delivery.reply, reply(edit()));
    }
}
