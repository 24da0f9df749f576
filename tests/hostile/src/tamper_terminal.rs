//! Threat: A plugin writes to the terminal of a user who watches: control characters, escape sequences, and characters that
//! change the direction of text or hide it, in every text that is shown.
//! Stopped by: Baton strips all foreign text before it is shown to a person, and escapes it before it is shown as JSON.
//! Expects: `run`, `runs show`, `runs journal` and `runs list` print only text, line breaks and Baton's own colors.
//! Needs: read = ["**"]; tools = ["*"]

use baton_sdk::{prelude::*, waits::Ticket};

/// One of each: sequences that clear, retitle and recolour, bare controls, C1 controls, bidirectional overrides,
/// characters without width, tags.
pub(crate) const ATTACK: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}[31m\u{9b}31m\u{8}\r\u{0}\u{7f}\u{85}\u{202e}\u{2066}\u{200b}\u{61c}\u{ad}\u{180e}\u{feff}\u{206a}\u{fff9}\u{e0041}";

pub(crate) fn attack(input: &Value) -> Result<Value> {
    run::log(run::Level::Error, &shown("log"), &json!({ "field": ATTACK }));
    run::log(run::Level::Warn, &shown("log"), &Value::Null);
    run::progress(0.5, &shown("step"));
    let refusals = [
        tools::call(&shown("tool"), &json!({ "path": ATTACK })).map(|_| ()),
        files::read(&shown("path")).map(|_| ()),
        agents::perform(&shown("agent"), &Task::new(ATTACK)).map(|_| ()),
        workflows::start::<Value, _>(&shown("workflow"), ATTACK).map(|_| ()),
        state::get::<Value>(&shown("bucket"), ATTACK).map(|_| ()),
        llm::complete(&llm::Request::new().with_model(shown("model"))).map(|_| ()),
        waits::cancel(&Ticket::from(shown("ticket"))),
    ];
    if input["pause"] == true {
        run::pause(&shown("pause"))?;
    }
    if input["fail"] == true {
        return Err(Error::other(shown("error")));
    }
    Ok(json!({ shown("key"): shown("output"), "refusals": refusals.map(|refusal| refusal.err().map(|error| error.to_string())) }))
}

fn shown(what: &str) -> String {
    format!("{what}{ATTACK}end")
}
