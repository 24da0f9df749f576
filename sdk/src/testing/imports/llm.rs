//! `llm`, answered by the rules of the test.

use serde_json::json;

use super::Contract;
pub use crate::bindings::host::baton::plugin::llm::{
    Media, Message, ModelDescription, Opaque, Part, Reply, Request, Role, Thinking, Tool, ToolCall, ToolResult, Usage,
};
use crate::bindings::host::baton::plugin::types;
use crate::testing::{installed, model, world::World};
use crate::{Error, Result};

const MOST_AT_ONCE: usize = 64;

pub(crate) fn describe(model: Option<&str>) -> Contract<ModelDescription> {
    let world = installed::world("llm.describe");
    let first = resolve(&world, model)?;
    let look = || Ok(ModelDescription { model: first, ..world.model.borrow().description.clone() });
    Ok(world.call("llm.describe", json!({ "model": model }), None, look, model::noted_description)?)
}

pub(crate) fn complete(request: &Request) -> Contract<Reply> {
    Ok(ask(&installed::world("llm.complete"), request)?)
}

pub(crate) fn complete_all(requests: &[Request]) -> Vec<Contract<Reply>> {
    let world = installed::world("llm.complete-all");
    if requests.len() > MOST_AT_ONCE {
        let refusal =
            Error::invalid(format!("{} requests at once are more than the {MOST_AT_ONCE} allowed; send them in parts.", requests.len()));
        return requests.iter().map(|_| Err(refusal.clone().into())).collect();
    }
    requests.iter().map(|request| ask(&world, request).map_err(types::Error::from)).collect()
}

fn ask(world: &World, request: &Request) -> Result<Reply> {
    let noted = model::noted(request)?;
    let model = resolve(world, request.model.as_deref())?;
    let answer = || {
        world.check_cancelled()?;
        let rules = world.model.borrow().rules();
        Ok(model::answer(&rules, request, &model))
    };
    world.call("llm.complete", noted, Some(("models", &model)), answer, |reply| model::noted_reply(reply).unwrap_or_default())
}

/// The `provider/model` a request means, by the settings as the host reads them.
fn resolve(world: &World, asked: Option<&str>) -> Result<String> {
    let plugin = world.about.borrow().plugin.clone();
    let text = |key: &str| super::settings::find(&world.settings.borrow(), key).and_then(|value| value.as_str().map(str::to_owned));
    match asked {
        Some(model) if model.contains('/') => Ok(model.to_owned()),
        Some(alias) => text(&format!("models.{alias}")).ok_or_else(|| {
            let alias = alias.escape_debug();
            Error::not_found(format!("No model goes by `{alias}`. Set `models.{alias}` in baton.toml, or name it as provider/model."))
        }),
        None => {
            let set = text("model").or_else(|| text(&format!("plugins.{plugin}.model"))).or_else(|| text("models.default"));
            Ok(set.unwrap_or_else(|| model::UNSET.to_owned()))
        }
    }
}
