//! Implements `knowledge` of the contract.

use serde_json::json;

use super::{KNOWLEDGE, REMEMBER, SearchHit, View, events::Remembered};
use crate::{
    bindings::{Fault, knowledge as wit},
    errors::{Hint, StorageError},
    events::Draft,
    journal::{Call, CallError, Capability, Effect, Pause, PauseKind, Performed},
};

const LONGEST_QUERY: usize = 4 << 10;
const LONGEST_SOURCE: usize = 200;
const LONGEST_TEXT: usize = 64 << 10;
const MOST: u32 = 50;

/// Known where the operator set nothing: what people write for people.
const DOCUMENTS: &[&str] = &["*.md", "docs/**/*.md", "docs/**/*.txt"];

impl wit::Host for View<'_> {
    async fn search(&mut self, query: String, limit: u32) -> Result<Vec<wit::Passage>, Fault> {
        check_query(&query, limit)?;
        let call = Call::new("knowledge.search", Effect::Read, &json!({ "query": query, "limit": limit }))?;
        let globs = self.preferences.documents().unwrap_or_else(|| DOCUMENTS.iter().map(|&glob| glob.to_owned()).collect());
        let (library, project, authority) = (self.library.clone(), self.project.to_owned(), self.recorder.authority());
        let search = |_| async move {
            let allowed = |source: &str| authority.decide(&Capability::new(KNOWLEDGE.word, source)).is_ok();
            let place = match library.refreshed(&project, globs).await {
                Ok(place) => place,
                Err(error) => return paused(&error),
            };
            match library.index.search(&place, &query, limit as usize, &allowed).await {
                Ok(found) => Performed::answer(Ok(found)),
                Err(error) => paused(&error),
            }
        };
        let found: Vec<SearchHit> = self.recorder.call(call, search).await??;
        Ok(found.into_iter().map(|SearchHit { source, text, score }| wit::Passage { source, text, score }).collect())
    }

    async fn remember(&mut self, source: String, text: String) -> Result<(), Fault> {
        check_note(&source, &text)?;
        let call = Call::new("knowledge.remember", Effect::Write, &json!({ "source": source, "text": text }))?;
        let call = call.needing(Capability::new(REMEMBER.word, source.clone()));
        let run = self.recorder.run().clone();
        // The note is the event: it is written with the answer, once.
        let event = Draft::of_run(&run, &Remembered { source, text });
        Ok(self.recorder.call(call, |_| async move { Performed::Answered(Ok(()), vec![event]) }).await??)
    }
}

/// Knowledge that cannot be read is for the operator to fix; the run loses nothing meanwhile.
fn paused<A>(error: &StorageError) -> Performed<A> {
    Performed::Paused { pause: Pause::new(PauseKind::Operator, format!("{} Then resume the run.", error.explain())), happened: false }
}

fn check_query(query: &str, limit: u32) -> Result<(), CallError> {
    if query.trim().is_empty() || query.len() > LONGEST_QUERY {
        return Err(CallError::invalid(format!("A query has 1 to {LONGEST_QUERY} bytes; ask in a sentence or a few words.")));
    }
    if !(1..=MOST).contains(&limit) {
        return Err(CallError::invalid(format!("The limit is 1 to {MOST} passages; ask for as many as the reader can take in.")));
    }
    Ok(())
}

fn check_note(source: &str, text: &str) -> Result<(), CallError> {
    let fits = (1..=LONGEST_SOURCE).contains(&source.len()) && !source.chars().any(char::is_control);
    if !fits || source.split('/').any(|name| name.is_empty() || name == "." || name == "..") {
        return Err(CallError::invalid(format!(
            "A note's source has 1 to {LONGEST_SOURCE} bytes, names with `/` between them and no control characters; choose another."
        )));
    }
    if text.trim().is_empty() || text.len() > LONGEST_TEXT {
        return Err(CallError::invalid(format!("A note has 1 to {LONGEST_TEXT} bytes of text; keep what matters, or split it.")));
    }
    Ok(())
}
