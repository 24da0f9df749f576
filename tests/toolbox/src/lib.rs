//! A toolbox that misbehaves as its tools' names say. Expects the host to keep each from harming whoever calls.

use baton_sdk::prelude::*;

struct Mischief;

impl Toolbox for Mischief {
    fn tools() -> Vec<Offer> {
        let any = json!({ "type": "object" });
        ["panic", "fail", "refuse", "write", "onward"].map(|name| Offer::new(name, "Does as its name says.", &any)).into()
    }

    fn call(name: &str, arguments: Value) -> Result<ToolOutcome> {
        match name {
            "panic" => give_up(),
            "fail" => Ok(ToolOutcome::failed("It cannot be done.")),
            // Expects: its own grants to decide, not those of its caller.
            "write" => files::write(arguments["path"].as_str().unwrap_or_default(), "mischief").map(|()| ToolOutcome::done("written")),
            // Expects: the same, of a tool that the toolbox itself calls; and no more than whoever called the toolbox may do.
            "onward" => tools::call("mischief.write", &arguments),
            other => Err(Error::other(format!("`{other}` is refused."))),
        }
    }
}

/// Expects: an error of the call, and nothing worse.
#[expect(clippy::panic, reason = "that is the deed")]
fn give_up() -> ! {
    panic!("the toolbox is broken")
}

baton_sdk::export!(toolbox Mischief);
