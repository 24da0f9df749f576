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
mod documents;
mod finish;
mod handing_over;
mod model;
mod quoted;
mod repetition;
mod round;
#[cfg(test)]
mod tests;
mod transcript;
mod window;
mod written;

use serde_json::Value;

use crate::llm::Effort;
use crate::tools::Tool;
use crate::{Error, Result};

pub use finish::FINISH;
pub use model::{HostModel, Model};
pub use window::Window;

use round::{End, Round};

/// Most replies of a conversation with tools when nothing else is set.
pub const MAX_TURNS: u32 = 150;

/// The same without tools, where a model has nothing to do but answer.
pub const MAX_TURNS_WITHOUT_TOOLS: u32 = 40;

/// How often a conversation that is stuck is put before the operator and continued after that.
pub const MAX_PAUSES: u32 = 3;

/// How to hold a conversation. Change the fields that matter and call [`Conversation::hold`].
#[derive(Default)]
pub struct Conversation {
    /// `provider/model` or an alias; none for the model set for this plugin.
    pub model: Option<String>,
    /// Who the model is and how it works.
    pub system: Option<String>,
    /// 0.0 to 2.0; none for the provider's default.
    pub temperature: Option<f32>,
    /// How long a model that reasons may do so; none for the provider's default.
    pub effort: Option<Effort>,
    /// Longest single reply in tokens; none for the provider's limit.
    pub max_tokens: Option<u32>,
    /// Most replies before the model counts as stuck, at least 1; none for [`MAX_TURNS`] or [`MAX_TURNS_WITHOUT_TOOLS`].
    pub max_turns: Option<u32>,
    /// Tools the model may call. None of them may be called [`FINISH`].
    pub tools: Vec<Tool>,
    /// JSON Schema the answer has to satisfy; none for prose.
    pub answer_schema: Option<Value>,
    /// The [`Answer::conversation`] of an earlier one that this one continues; none to begin. What cannot be read is left
    /// aside.
    pub continuing: Option<Value>,
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
    /// The whole conversation, for [`Conversation::continuing`]; none where it is too large to be kept.
    pub conversation: Option<Value>,
}

impl Conversation {
    /// Says `text` to the model and goes on until it answers.
    ///
    /// **The answer.** With tools and an answer schema, the model is offered a further tool, [`FINISH`], whose parameters are
    /// the schema; a schema that is not an object's is put into one, under `answer`. Calls beside it in the same reply are
    /// made first, and if one fails the answer is not taken. Without tools the schema goes to the provider. A text that holds
    /// one document that satisfies the schema is an answer in both cases. Without a schema, the answer is the first text
    /// without a call.
    ///
    /// **Mistakes.** A reply that cannot be used (empty, cut off, malformed, no document that satisfies the schema, a call of
    /// a tool that does not exist or whose arguments do not fit, words in the middle of the work) is answered with what is
    /// wrong and what to do. Three in a row are allowed; a call that can be made ends the row. A call that stands in the
    /// text is made where it can mean one thing alone, and neither a call nor an answer is taken from a document there that a tool
    /// has shown: it is quoted. Calls that repeat themselves with the same results are pointed out.
    /// A tool that fails is shown to the model, except where the run is over.
    ///
    /// **Room.** No request exceeds the model's window less its reply's share, by a careful estimate. Where it would, old
    /// results of tools are left out, in large steps so that a provider's cache keeps the beginning; where that is not
    /// enough, the model writes a hand-over, and the conversation goes on from the task, the hand-over and the last steps.
    /// A result that is too large is cut in the middle.
    ///
    /// **Stuck.** After four mistakes in a row, after calls that repeat themselves in spite of a word, or at the end of its
    /// turns, the last five of which are announced, the run is paused. Once it is resumed, the conversation continues with
    /// all that was said, with what the operator says ([`Model::pause`]) and with as many turns as before.
    ///
    /// Errors: whatever the model's call answers; `invalid` for a tool called [`FINISH`]; `other` when the model declined, or
    /// is stuck after [`MAX_PAUSES`] pauses.
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
    /// #     _ => testing::calls_tool("finish", json!({ "answer": 1 })),
    /// # }));
    /// # assert_eq!(host.inside(count_stories), Ok(1));
    /// ```
    pub fn hold(&self, model: &mut dyn Model, text: &str) -> Result<Answer> {
        if self.tools.iter().any(|tool| tool.name == FINISH) {
            return Err(Error::invalid(format!(
                "A tool is called `{FINISH}`, which is the name of the tool that answers. Call yours otherwise."
            )));
        }
        let mut round = Round::open(self, model, text)?;
        for _ in 0..MAX_PAUSES {
            match round.held(model)? {
                End::Answered(text, value) => return Ok(round.answer(text, value)),
                End::Stuck(stuck) => {
                    let words = model.pause(&stuck)?;
                    round.resume(model, words)?;
                }
            }
        }
        match round.held(model)? {
            End::Answered(text, value) => Ok(round.answer(text, value)),
            End::Stuck(stuck) => Err(Error::other(format!(
                "{stuck} It was resumed {MAX_PAUSES} times already. Make the task smaller, or simplify the answer's schema."
            ))),
        }
    }
}
