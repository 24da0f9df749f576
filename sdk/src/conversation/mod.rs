//! A conversation with a model: ask, run the tools that it calls, report their results, until it answers.
//!
//! Talks to the host only through [`Model`] and the tools that it is given. Needs `models`, and what the tools need.
//!
//! ```
//! use baton_sdk::{conversation::{Conversation, HostModel}, prelude::*, tools};
//!
//! fn review(path: &str) -> Result<Value> {
//!     let conversation = Conversation {
//!         system: Some("You review documents.".to_owned()),
//!         tools: vec![tools::read_file()],
//!         answer_schema: Some(json!({ "type": "object", "required": ["verdict"] })),
//!         ..Conversation::default()
//!     };
//!     let answer = conversation.hold(&mut HostModel, &format!("Review {path}."))?;
//!     Ok(answer.value.unwrap_or_default())
//! }
//! # let host = baton_sdk::testing::Host::new().when("Review", r#"{ "verdict": "good" }"#);
//! # assert_eq!(host.inside(|| review("a.md")), Ok(json!({ "verdict": "good" })));
//! ```

mod answer;
mod calls;
mod round;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::llm::{self, Reply, Request};
use crate::tools::Tool;
use crate::{Error, Result, run};

use round::End;

/// Most replies of one round of a conversation when nothing else is set.
pub const MAX_TURNS: u32 = 24;

/// How often a conversation that is stuck is put before the operator, and begun anew after that.
pub const MAX_PAUSES: u32 = 3;

/// Whatever answers a request: the host's models, or a test's script.
///
/// ```
/// # use baton_sdk::{conversation::{Conversation, Model}, llm::{Reply, Request}, prelude::*, testing};
/// /// Gives these replies, one after the other.
/// struct Script(Vec<&'static str>);
///
/// impl Model for Script {
///     fn ask(&mut self, _: &Request) -> Result<Reply> {
///         Ok(testing::says(self.0.remove(0)))
///     }
/// }
///
/// let answer = Conversation::default().hold(&mut Script(vec!["", "Paris."]), "What is the capital of France?");
/// assert_eq!(answer.map(|answer| (answer.text, answer.turns)), Ok(("Paris.".to_owned(), 2)));
/// ```
pub trait Model {
    /// One completion.
    fn ask(&mut self, request: &Request) -> Result<Reply>;

    /// The conversation is stuck for this reason. Returns once somebody has seen to it and it can begin anew; where nobody
    /// can, as here unless a model says otherwise, the reason is the error.
    fn pause(&mut self, reason: &str) -> Result<()> {
        Err(Error::other(reason))
    }
}

/// The models behind the host. Stuck, the run is paused until its operator resumes it.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostModel;

impl Model for HostModel {
    fn ask(&mut self, request: &Request) -> Result<Reply> {
        llm::complete(request)
    }

    fn pause(&mut self, reason: &str) -> Result<()> {
        run::pause(&format!("{reason} Resuming the run asks the model again, with `--model PROVIDER/MODEL` another one."))
    }
}

/// How to hold a conversation. Change the fields that matter and call [`Conversation::hold`].
#[derive(Default)]
pub struct Conversation {
    /// `provider/model` or an alias; none for the model set for this plugin.
    pub model: Option<String>,
    /// Who the model is and how it works.
    pub system: Option<String>,
    /// 0.0 to 2.0; none for the provider's default.
    pub temperature: Option<f32>,
    /// Longest single reply in tokens; none for the provider's limit.
    pub max_tokens: Option<u32>,
    /// Most replies before the model counts as stuck, at least 1; none for [`MAX_TURNS`].
    pub max_turns: Option<u32>,
    /// Tools the model may call.
    pub tools: Vec<Tool>,
    /// JSON Schema the answer has to satisfy; none for prose.
    pub answer_schema: Option<Value>,
}

/// How a conversation ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The model's text; with an answer schema, the JSON document alone.
    pub text: String,
    /// The document, when there is an answer schema.
    pub value: Option<Value>,
    /// Replies it took, also those that could not be used.
    pub turns: u32,
}

impl Conversation {
    /// Says `text` to the model and goes on until it answers.
    ///
    /// A reply that cannot be used (empty, cut off, ended for an unknown reason, no document that satisfies the schema, a call of a tool that does not
    /// exist or whose arguments do not fit) is shown to the model once with what is wrong. If the next is no better, or
    /// the turns are used up, the run is paused; once it is resumed, the conversation begins anew, so that another model
    /// can be asked. A tool that fails is shown to the model, except where the run is over.
    ///
    /// Errors: whatever the model's call answers; `other` when the model declined, or is stuck after [`MAX_PAUSES`] pauses.
    ///
    /// ```
    /// # use baton_sdk::{conversation::{Conversation, HostModel}, prelude::*, testing::{self, Host}, tools};
    /// fn count_stories() -> Result<u64> {
    ///     let conversation = Conversation {
    ///         tools: vec![tools::read_file(), tools::find_files()],
    ///         answer_schema: Some(json!({ "type": "integer", "minimum": 0 })),
    ///         max_turns: Some(10),
    ///         ..Conversation::default()
    ///     };
    ///     let answer = conversation.hold(&mut HostModel, "How many stories does docs/plan.md have?")?;
    ///     Ok(answer.value.and_then(|value| value.as_u64()).unwrap_or_default())
    /// }
    /// # let host = Host::new().with_file("docs/plan.md", "- one").with_model(|request| Some(match request.messages.len() {
    /// #     1 => testing::calls_tool("read_file", json!({ "path": "docs/plan.md" })),
    /// #     _ => testing::says("1"),
    /// # }));
    /// # assert_eq!(host.inside(count_stories), Ok(1));
    /// ```
    pub fn hold(&self, model: &mut dyn Model, text: &str) -> Result<Answer> {
        let (mut turns, mut pauses) = (0, 0);
        loop {
            match round::held(self, model, text)? {
                End::Answered(answer) => return Ok(Answer { turns: turns + answer.turns, ..answer }),
                End::Stuck(stuck) if pauses == MAX_PAUSES => {
                    return Err(Error::other(format!(
                        "{stuck} It was resumed {pauses} times already. Make the task smaller, or simplify the answer's schema."
                    )));
                }
                End::Stuck(stuck) => {
                    turns += stuck.turns;
                    pauses += 1;
                    model.pause(&stuck.to_string())?;
                }
            }
        }
    }
}
