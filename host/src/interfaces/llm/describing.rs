//! What a plugin is told of the models that its request would be sent to. Sends nothing.

use serde::{Deserialize, Serialize};

use super::{ModelAbilities, Provider};
use crate::bindings::llm as wit;

/// The least that all models of a chain can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Description {
    model: String,
    window_tokens: u32,
    max_output_tokens: u32,
    tools: bool,
    reply_schema: bool,
}

impl Description {
    /// Of a chain of models, the first choice first.
    pub(super) fn of(chain: &[String], provider: &dyn Provider) -> Self {
        let all = chain.iter().map(|model| provider.abilities(model));
        let least = all.reduce(|least, one| least.and(&one)).unwrap_or_default();
        let ModelAbilities { window_tokens, max_output_tokens, tools, reply_schema, .. } = least;
        let (model, reply_schema) = (chain.first().cloned().unwrap_or_default(), reply_schema.unwrap_or(false));
        Self { model, window_tokens, max_output_tokens, tools, reply_schema }
    }
}

impl From<Description> for wit::ModelDescription {
    fn from(description: Description) -> Self {
        let Description { model, window_tokens, max_output_tokens, tools, reply_schema } = description;
        Self { model, window_tokens, max_output_tokens, tools, reply_schema }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::llm::tests::catalogue;

    #[test]
    fn a_chain_is_described_by_its_smallest_figures_and_its_first_model() {
        let catalogue = catalogue(|_| ()).unwrap();
        let of = |models: &[&str]| Description::of(&models.iter().map(|model| (*model).to_owned()).collect::<Vec<_>>(), &catalogue);
        let sonnet = of(&["anthropic/claude-sonnet-4-5"]);
        assert_eq!((sonnet.window_tokens, sonnet.max_output_tokens, sonnet.tools, sonnet.reply_schema), (200_000, 64_000, true, true));
        let both = of(&["anthropic/claude-sonnet-4-5", "openai/gpt-4.1", "nobody/any"]);
        let expected = Description { window_tokens: 16_384, max_output_tokens: 4_096, reply_schema: false, ..sonnet };
        assert_eq!(both, expected);
    }
}
