//! Implements `state` of the contract.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{DocumentScope, DocumentsError, STATE, Versioned, View};
use crate::{
    bindings::{Fault, state as wit},
    errors::Hint,
    interfaces::numbers::to_u32,
    journal::{Attempt, Call, CallError, Capability, Effect, Performed},
};

const LONGEST_NAME: usize = 128;
const LARGEST_VALUE: usize = 1 << 20;

impl wit::Host for View<'_> {
    async fn get(&mut self, bucket: String, key: String) -> Result<Option<wit::Versioned>, Fault> {
        check_bucket(&bucket)?;
        check_key(&key)?;
        let call = Call::new("state.get", Effect::Read, &json!({ "bucket": bucket, "key": key }))?.needing(capability(&bucket));
        let (documents, place) = (Arc::clone(self.documents), DocumentScope { project: self.project, bucket: &bucket, key: &key });
        let answer = self.recorder.call(call, |_| async move { performed(documents.get(place).await) }).await??;
        Ok(answer.map(|Versioned { value, version }| wit::Versioned { value: value.to_string(), version: to_u32(version) }))
    }

    async fn set(&mut self, bucket: String, key: String, value: String, expected: Option<u32>) -> Result<u32, Fault> {
        check_bucket(&bucket)?;
        check_key(&key)?;
        let value = document(&value)?;
        let expected = expected.map(u64::from);
        let request = json!({ "bucket": bucket, "key": key, "value": value, "expected": expected });
        let call = Call::new("state.set", Effect::Write, &request)?.needing(capability(&bucket));
        let (documents, place) = (Arc::clone(self.documents), DocumentScope { project: self.project, bucket: &bucket, key: &key });
        let set = |attempt: Attempt| async move { performed(documents.set(place, &value, expected, &attempt.key).await) };
        Ok(to_u32(self.recorder.call(call, set).await??))
    }

    async fn remove(&mut self, bucket: String, key: String) -> Result<(), Fault> {
        check_bucket(&bucket)?;
        check_key(&key)?;
        let call = Call::new("state.remove", Effect::Write, &json!({ "bucket": bucket, "key": key }))?.needing(capability(&bucket));
        let (documents, place) = (Arc::clone(self.documents), DocumentScope { project: self.project, bucket: &bucket, key: &key });
        Ok(self.recorder.call(call, |_| async move { performed(documents.delete(place).await) }).await??)
    }

    async fn keys(&mut self, bucket: String, prefix: String) -> Result<Vec<String>, Fault> {
        check_bucket(&bucket)?;
        if !prefix.is_empty() {
            check_key(&prefix)?;
        }
        let call = Call::new("state.keys", Effect::Read, &json!({ "bucket": bucket, "prefix": prefix }))?.needing(capability(&bucket));
        let (documents, project) = (Arc::clone(self.documents), self.project);
        let (bucket, prefix) = (&bucket, &prefix);
        Ok(self.recorder.call(call, |_| async move { performed(documents.keys(project, bucket, prefix).await) }).await??)
    }
}

fn capability(bucket: &str) -> Capability<'static> {
    Capability::new(STATE.word, bucket.to_owned())
}

/// A store that fails stops the run: the guest could do nothing about it.
fn performed<A>(result: Result<A, DocumentsError>) -> Performed<A> {
    match result {
        Ok(answer) => Performed::answer(Ok(answer)),
        Err(error @ DocumentsError::Conflict { .. }) => Performed::answer(Err(CallError::conflict(error.explain()))),
        Err(error @ DocumentsError::Store(_)) => Performed::of_failed_store(&error),
    }
}

fn check_bucket(bucket: &str) -> Result<(), CallError> {
    let fits = (1..=LONGEST_NAME).contains(&bucket.len()) && bucket.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !fits {
        return Err(CallError::invalid(format!(
            "A bucket is named with 1 to {LONGEST_NAME} of the characters a-z, 0-9 and `-`; rename it."
        )));
    }
    Ok(())
}

fn check_key(key: &str) -> Result<(), CallError> {
    let fits = (1..=LONGEST_NAME).contains(&key.len()) && !key.chars().any(char::is_control);
    if !fits {
        return Err(CallError::invalid(format!("A key has 1 to {LONGEST_NAME} bytes and no control characters; choose another.")));
    }
    Ok(())
}

fn document(text: &str) -> Result<Value, CallError> {
    if text.len() > LARGEST_VALUE {
        return Err(CallError::invalid(format!(
            "A document of {} bytes is more than the {LARGEST_VALUE} that one key may hold; split it.",
            text.len()
        )));
    }
    serde_json::from_str(text).map_err(|error| CallError::invalid(format!("The value is not JSON: {error}. Send a JSON document.")))
}
