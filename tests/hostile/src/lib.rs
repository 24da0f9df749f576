//! Components that mean harm. They are compiled as one and packed as many: each file here is a plugin of its own name,
//! whose first lines say what it tries (`Threat`), what stops it (`Stopped by`) and how that looks (`Expects`), and
//! what its manifest asks for (`Needs`). `docs/security.md` is made of these lines.

use baton_sdk::prelude::*;

macro_rules! plugins {
    ($($name:ident),+ $(,)?) => {
        $(mod $name;)+

        /// What the plugin of this name does.
        fn attack(plugin: &str, input: &Value) -> Result<Value> {
            match plugin.replace('-', "_").as_str() {
                $(stringify!($name) => $name::attack(input),)+
                _ => Err(Error::invalid(format!("There is no file for `{plugin}` among the hostile guests; write it."))),
            }
        }
    };
}

plugins!(
    allocate,
    ambient,
    answer_hugely,
    ask_for_nothing,
    borrow_hands,
    call_endlessly,
    claim_signals,
    continue_endlessly,
    flood_log,
    guess_runs,
    leave_workspace,
    overreach,
    plant_hooks,
    pose_as_host,
    publish_endlessly,
    race_links,
    recurse,
    spin,
    start_endlessly,
    take_from_others,
    tamper_terminal,
);

/// An error by its kind and its text, such as `not-found: …`.
fn said(error: &Error) -> String {
    format!("{}: {}", String::from(error.kind.clone()), error.text)
}

struct Hostile;

impl Workflow for Hostile {
    fn run(input: Value) -> Result<Value> {
        attack(&run::about().plugin, &input)
    }
}

baton_sdk::export!(Hostile, manifest packed later);
