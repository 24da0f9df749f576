//! `knowledge`, from memory: passages are the paragraphs of what a test gave, and fit by how many words they share with
//! the query. The real host knows word forms and rare words.

use std::collections::BTreeSet;

use serde_json::json;

use super::Contract;
use crate::Error;
pub use crate::bindings::host::baton::plugin::knowledge::Passage;
use crate::testing::installed;

pub(crate) fn search(query: &str, limit: u32) -> Contract<Vec<Passage>> {
    let world = installed::world("knowledge.search");
    if query.trim().is_empty() || query.len() > 4096 {
        return Err(Error::invalid("A query has 1 to 4096 bytes; ask in a sentence or a few words.").into());
    }
    if !(1..=50).contains(&limit) {
        return Err(Error::invalid("The limit is 1 to 50 passages; ask for as many as the reader can take in.").into());
    }
    let search = || {
        let known = world.knowledge.borrow();
        let allowed = known.iter().filter(|(source, _)| world.allows("knowledge", source).is_ok());
        let paragraphs = allowed.flat_map(|(source, text)| text.split("\n\n").map(move |paragraph| (source, paragraph.trim())));
        let mut found: Vec<_> = paragraphs.filter_map(|(source, text)| fitting(query, source, text)).collect();
        found.sort_by(|one, other| other.score.total_cmp(&one.score));
        found.truncate(limit as usize);
        Ok(found)
    };
    let noted = |found: &Vec<Passage>| {
        let passage = |passage: &Passage| json!({ "source": passage.source, "text": passage.text, "score": passage.score });
        found.iter().map(passage).collect()
    };
    Ok(world.call("knowledge.search", json!({ "query": query, "limit": limit }), None, search, noted)?)
}

pub(crate) fn remember(source: &str, text: &str) -> Contract<()> {
    let world = installed::world("knowledge.remember");
    let plain = (1..=200).contains(&source.len()) && !source.chars().any(char::is_control);
    if !plain || source.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return Err(Error::invalid(
            "A note's source has 1 to 200 bytes, names with `/` between them and no control characters; choose another.",
        )
        .into());
    }
    if text.trim().is_empty() || text.len() > 64 << 10 {
        return Err(Error::invalid("A note has 1 to 65536 bytes of text; keep what matters, or split it.").into());
    }
    let remember = || {
        world.knowledge.borrow_mut().insert(format!("notes/{source}"), text.to_owned());
        Ok(())
    };
    let request = json!({ "source": source, "text": text });
    Ok(world.call("knowledge.remember", request, Some(("remember", source)), remember, super::done)?)
}

fn fitting(query: &str, source: &str, text: &str) -> Option<Passage> {
    let shared = words(query).intersection(&words(text)).count();
    #[expect(clippy::cast_precision_loss, reason = "a text has fewer words")]
    let score = shared as f32;
    (shared > 0).then(|| Passage { source: source.to_owned(), text: text.to_owned(), score })
}

fn words(text: &str) -> BTreeSet<String> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| word.len() > 2).map(str::to_lowercase).collect()
}
