//! Who does something: what operations are given first, and what an event says of whoever caused it. Decides what nobody
//! may do.

use serde::{Deserialize, Serialize};

use crate::journal::RunId;

/// Baton's own name, where no person acts.
const BATON: &str = "baton";

/// What kind of actor does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// Whoever is at the machine that the host is on, and owns its data directory.
    Operator,
    /// A person who signed in.
    User,
    /// A program that was given a token.
    Token,
    /// A run, through its plugin.
    Run,
    /// Baton itself.
    System,
}

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Actor {
    /// What kind it is.
    pub kind: ActorKind,
    /// What tells it from others of its kind: of an operator the name, of a run its id.
    pub id: String,
    /// What people call it: of a run the name of its plugin.
    pub name: String,
    /// Where a request came from, for what comes over a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The request to the API by which it was asked for, as the answer and the log name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
}

impl Actor {
    /// Whoever is at this machine, by the name that the configuration has for them.
    pub fn operator(name: &str) -> Self {
        Self { kind: ActorKind::Operator, id: name.to_owned(), name: name.to_owned(), address: None, request: None }
    }

    /// A run, and the plugin that it executes.
    pub fn run(id: &RunId, plugin: &str) -> Self {
        Self { kind: ActorKind::Run, id: id.to_string(), name: plugin.to_owned(), address: None, request: None }
    }

    /// Baton itself.
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: BATON.to_owned(), name: BATON.to_owned(), address: None, request: None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_actor_reads_back_as_it_was_written() {
        let actors = [
            (Actor::operator("ada"), json!({ "kind": "operator", "id": "ada", "name": "ada" })),
            (Actor::run(&RunId::from_text("r-1"), "sprint"), json!({ "kind": "run", "id": "r-1", "name": "sprint" })),
            (Actor::system(), json!({ "kind": "system", "id": "baton", "name": "baton" })),
            (
                Actor {
                    address: Some("127.0.0.1".to_owned()),
                    request: Some("0194".to_owned()),
                    kind: ActorKind::Token,
                    ..Actor::operator("ci")
                },
                json!({ "kind": "token", "id": "ci", "name": "ci", "address": "127.0.0.1", "request": "0194" }),
            ),
        ];
        for (actor, written) in actors {
            assert_eq!(serde_json::to_value(&actor).unwrap(), written);
            assert_eq!(serde_json::from_value::<Actor>(written).unwrap(), actor);
        }
    }
}
