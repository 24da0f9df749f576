//! The list of deeds.

use baton_sdk::prelude::*;

use crate::{calls, defect, forge, repository, rest, runaway, tickets, waiting};

/// Expects: `{"do": DEED, …}`; what a deed needs beside is read where it is done. Without a deed it stands in for another
/// plugin.
pub(crate) fn perform(input: &Value) -> Result<Value> {
    let number = |name: &str| input[name].as_u64().unwrap_or_default();
    let text = |name: &str| input[name].as_str().unwrap_or_default();
    if input.get("do").is_none() {
        return rest::stand_in(input);
    }
    match text("do") {
        "echo" => Ok(input["say"].clone()),
        "fail" => Err(Error::other(text("say").to_owned())),
        "panic" => runaway::give_up(text("say")),
        "exit" => runaway::leave(i32::try_from(number("status")).unwrap_or_default()),
        "spin" => runaway::spin(),
        "doze" => Ok(runaway::doze(number("milliseconds"))),
        "allocate" => runaway::allocate(usize::try_from(number("step")).unwrap_or(1)),
        "recurse" => Ok(json!(runaway::recurse(1))),
        "answer-large" => Ok(json!("x".repeat(usize::try_from(number("bytes")).unwrap_or_default()))),
        "write-large" => calls::write_large(usize::try_from(number("bytes")).unwrap_or_default()),
        "compute" => Ok(json!(runaway::compute(number("rounds")))),
        "log" => calls::log(number("times")),
        "count" => calls::count(number("times")),
        "read" => calls::read(text("path")),
        "read-lines" => calls::read_lines(input),
        "write" => files::write(text("path"), text("content")).map(|()| Value::Null),
        "remove" => files::remove(text("path")).map(|()| Value::Null),
        "find" => calls::find(text("glob")),
        "search" => calls::search(text("pattern")),
        "ask" => calls::ask(text("prompt")),
        "describe" => calls::describe(),
        "ask-all" => calls::ask_all(number("times")),
        "ask-person" => calls::ask_person(input),
        "inform" => calls::inform(text("say"), number("times")),
        "attempt" => Ok(defect::attempt(&input["deed"])),
        "defect" => defect::perform(input),
        "in-turn" => input["inputs"].as_array().into_iter().flatten().map(perform).collect(),
        "backlog" => calls::backlog(number("times")),
        "put-item" => calls::put_item(text("key"), &input["after"], &input["labels"]),
        "pull-requests" => Ok(forge::calls(&input["calls"])),
        "tools" => Ok(calls::tools()),
        "call-tools" => Ok(calls::call_tools(&input["calls"])),
        "call-together" => Ok(calls::call_together(&input["calls"])),
        "sleep" => calls::sleep(number("milliseconds")),
        "pause" => calls::pause(text("say"), number("times")),
        "pause-untimed" => Ok(json!(calls::pause(text("say"), number("times"))?.as_array().map(Vec::len))),
        "perform" => agents::perform(text("agent"), &Task::new(text("goal"))).map(|outcome| json!(outcome.answer)),
        "start" => calls::start(text("workflow"), &input["input"], input["item"].as_str()),
        "wait-for-everything" => waiting::for_everything(),
        "wait-until-cancelled" => waiting::until_cancelled(),
        "leave-and-fail" => waiting::leave_and_fail(),
        "race" => waiting::race(&input["inputs"]),
        "each-ticket" => waiting::each_ticket(text("agent")),
        "deaf" => waiting::deaf(),
        "timers" => waiting::timers(number("times")),
        "first-signal" => waiting::first_signal(number("of")),
        "signals" => waiting::signals(number("times")),
        "turn" => waiting::turn(text("own"), text("other")),
        "misuse-tickets" => tickets::misuse(),
        "publish-wrongly" => Ok(tickets::publish()),
        "start-all" => calls::start_all(&input["inputs"], false),
        "start-any" => calls::start_all(&input["inputs"], true),
        "ambient" => Ok(calls::ambient()),
        "setting" => settings::get::<Value>(text("key")).map(Option::unwrap_or_default),
        "about" => Ok(rest::about()),
        "documents" => rest::documents(),
        "knowledge" => Ok(rest::knowledge(text("say"))),
        "look-around" => rest::repository(),
        "look-around-in" => rest::in_worktree(text("say")),
        "sprint" => repository::sprint(),
        "story" => repository::story(text("say")),
        "land" => repository::land(text("say")),
        "worktree" => git::worktree_add(text("say"), "main").map(Value::from),
        "execute" => calls::execute(input),
        "set-up" => calls::set_up(),
        "renew-lockfiles" => calls::renew_lockfiles(),
        "publish" => rest::publish(text("key"), &input["value"]),
        "continue" => rest::continue_with(input),
        "generations" => rest::generations(input),
        "steps" => calls::steps(number("times")),
        other => Err(Error::invalid(format!("There is no deed `{other}`."))),
    }
}
