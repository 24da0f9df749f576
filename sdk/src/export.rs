//! What [`export!`](crate::export!) expands to: the glue between the traits and the world's functions.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::agents::{Report, Task};
use crate::rules::mismatch;
use crate::run::{self, Level};
use crate::tools::{Offer, ToolOutcome};
use crate::{Agent, Error, Result, Toolbox, Workflow};

pub use crate::bindings::host::baton::plugin::types::Error as ContractError;
pub use crate::bindings::host::baton::plugin::workflows::Outcome as ContractOutcome;

/// Makes a component of the type: `export!(Hello)` for a [`Workflow`], `export!(agent Mary)` for an [`Agent`],
/// `export!(toolbox Forms)` for a [`Toolbox`].
///
/// `plugin.toml` beside the crate's `Cargo.toml` goes into the component as its manifest. An engine whose manifest
/// comes with the folder it interprets says so: `export!(agent Role, manifest packed later)`.
///
/// ```
/// use baton_sdk::prelude::*;
///
/// struct Hello;
///
/// impl Workflow for Hello {
///     fn run(_: Value) -> Result<Value> {
///         Ok(json!("hello"))
///     }
/// }
///
/// baton_sdk::export!(Hello, manifest packed later);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export {
    (agent $plugin:ident) => {
        $crate::export!(agent $plugin, manifest packed later);
        $crate::embed_manifest!();
    };
    (agent $plugin:ident, manifest packed later) => {
        const _: () = {
            struct Exported;
            impl $crate::bindings::agent::Guest for Exported {
                fn perform(
                    task: $crate::agents::Task,
                ) -> ::core::result::Result<$crate::agents::Report, $crate::export::ContractError> {
                    $crate::export::perform::<$plugin>(task)
                }
            }
            $crate::bindings::agent::export_agent!(Exported with_types_in $crate::bindings::agent);
        };
    };
    (toolbox $plugin:ident) => {
        const _: () = {
            struct Exported;
            impl $crate::bindings::toolbox::Guest for Exported {
                fn list_tools() -> ::std::vec::Vec<$crate::tools::Offer> {
                    $crate::export::list_tools::<$plugin>()
                }
                fn call_tool(
                    name: ::std::string::String,
                    arguments: ::std::string::String,
                ) -> ::core::result::Result<$crate::tools::ToolOutcome, $crate::export::ContractError> {
                    $crate::export::call_tool::<$plugin>(&name, &arguments)
                }
            }
            $crate::bindings::toolbox::export_toolbox!(Exported with_types_in $crate::bindings::toolbox);
        };
        $crate::embed_manifest!();
    };
    ($plugin:ident) => {
        $crate::export!($plugin, manifest packed later);
        $crate::embed_manifest!();
    };
    ($plugin:ident, manifest packed later) => {
        const _: () = {
            struct Exported;
            impl $crate::bindings::workflow::Guest for Exported {
                fn run_workflow(
                    input: ::std::string::String,
                ) -> ::core::result::Result<$crate::export::ContractOutcome, $crate::export::ContractError> {
                    $crate::export::run_workflow::<$plugin, _, _>(&input)
                }
            }
            $crate::bindings::workflow::export_workflow!(Exported with_types_in $crate::bindings::workflow);
        };
    };
}

/// Puts the crate's `plugin.toml` into the binary as the custom section `baton:manifest`.
#[doc(hidden)]
#[macro_export]
macro_rules! embed_manifest {
    () => {
        const _: () = {
            #[cfg_attr(target_arch = "wasm32", unsafe(link_section = "baton:manifest"))]
            #[cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]
            static MANIFEST: [u8; include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml")).len()] =
                *include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/plugin.toml"));
        };
    };
}

/// `Input` and `Output` are found by inference: a plugin has one `Workflow` implementation.
pub fn run_workflow<W, Input, Output>(input: &str) -> std::result::Result<ContractOutcome, ContractError>
where
    W: Workflow<Input, Output>,
    Input: DeserializeOwned,
    Output: Serialize,
{
    report_panics();
    ended(input, W::run, W::shortfall).map_err(ContractError::from)
}

/// JSON in, an outcome of JSON out, by way of what `run` takes and gives.
pub(crate) fn ended<Input: DeserializeOwned, Output: Serialize>(
    input: &str,
    run: impl FnOnce(Input) -> Result<Output>,
    shortfall: impl FnOnce(&Output) -> Option<String>,
) -> Result<ContractOutcome> {
    let output = decode(input, "input").and_then(run)?;
    Ok(ContractOutcome { output: encode(&output)?, shortfall: shortfall(&output) })
}

/// One task of an agent.
pub fn perform<A: Agent>(task: Task) -> std::result::Result<Report, ContractError> {
    report_panics();
    A::perform(task).map_err(ContractError::from)
}

/// The tools of a toolbox.
pub fn list_tools<T: Toolbox>() -> Vec<Offer> {
    report_panics();
    T::tools()
}

/// One call of a toolbox.
pub fn call_tool<T: Toolbox>(name: &str, arguments: &str) -> std::result::Result<ToolOutcome, ContractError> {
    report_panics();
    let arguments: Value = decode(arguments, "tool's arguments")?;
    T::call(name, arguments).map_err(ContractError::from)
}

fn decode<T: DeserializeOwned>(document: &str, what: &str) -> Result<T> {
    let mut json = serde_json::Deserializer::from_str(document);
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| {
            let path = error.path().to_string();
            // `?` is the path of a document that ends or breaks before a name is known.
            let place = if matches!(path.as_str(), "." | "?") { "at its root".to_owned() } else { format!("at `{path}`") };
            let wrong = mismatch::describe(error.inner());
            Error::invalid(format!("The {what} is wrong {place}: {wrong}. Correct it and send it again."))
        })
        .and_then(|value| match json.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(Error::invalid(format!("The {what} has more after its end: {error}. Send one JSON document."))),
        })
}

fn encode<T: Serialize>(output: &T) -> Result<String> {
    serde_json::to_string(output)
        .map_err(|error| Error::other(format!("The output can not be written as JSON: {error}. Report this to the plugin's author.")))
}

/// A guest's stderr goes nowhere, so the last words of a panic go to the run's log.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| run::log(Level::Error, &panic.to_string(), &Value::Null)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[derive(Debug, serde::Deserialize)]
    struct Brief {
        #[expect(dead_code, reason = "only its decoding is looked at")]
        goals: Vec<u32>,
    }

    #[test]
    fn a_wrong_input_is_named_by_its_path() {
        let error = decode::<Brief>(r#"{"goals":[1,"two"]}"#, "input").expect_err("two is not a number");
        assert!(matches!(&error, Error { kind: ErrorKind::Invalid, text, .. } if text.contains("at `goals[1]`")), "{error}");
    }

    #[test]
    fn a_root_of_the_wrong_kind_and_rubbish_after_the_end_are_refused() {
        for input in ["[", "7", "", r#"{"goals":[]} x"#] {
            assert!(matches!(decode::<Brief>(input, "input"), Err(Error { kind: ErrorKind::Invalid, .. })), "{input}");
        }
    }
}
