//! Implements `backlog` of the contract.

use std::sync::Arc;

use serde::Serialize;
use serde_json::json;

use super::{
    Author, BACKLOG, BacklogError, Draft, Graph, Item, Kind, Move, Mover, Status, View, check_key, check_line, check_reason, documents,
};
use crate::{
    bindings::{Fault, backlog as wit},
    interfaces::numbers::to_wit,
    journal::{Attempt, Call, CallError, Capability, Effect, Performed, RunId},
};

impl wit::Host for View<'_> {
    async fn put(&mut self, items: Vec<wit::Draft>) -> Result<(), Fault> {
        let drafts: Vec<_> = items.into_iter().map(Draft::from).collect();
        let call = changing("backlog.put", &json!({ "items": drafts }))?;
        let (backlog, project, run) = (Arc::clone(self.backlog), self.project, self.recorder.run().clone());
        let put = |attempt: Attempt| async move { Performed::of(backlog.put(project, &drafts, &author(run, attempt)).await) };
        Ok(self.recorder.call(call, put).await??)
    }

    async fn get(&mut self, key: String) -> Result<wit::Item, Fault> {
        check_key(&key).map_err(CallError::from)?;
        let call = looking("backlog.get", &json!({ "key": key }))?;
        let (backlog, project) = (Arc::clone(self.backlog), self.project);
        let item: Item = self.recorder.call(call, |_| async move { Performed::of(backlog.item(project, &key).await) }).await??;
        Ok(item.into())
    }

    async fn all(&mut self) -> Result<Vec<wit::Item>, Fault> {
        let call = looking("backlog.all", &json!({}))?;
        let (backlog, project) = (Arc::clone(self.backlog), self.project);
        let items: Vec<Item> = self.recorder.call(call, |_| async move { Performed::of(backlog.items(project, false).await) }).await??;
        Ok(items.into_iter().map(wit::Item::from).collect())
    }

    async fn ready(&mut self) -> Result<Vec<wit::Item>, Fault> {
        let call = looking("backlog.ready", &json!({}))?;
        let (backlog, project) = (Arc::clone(self.backlog), self.project);
        let look = |_| async move { Performed::of(backlog.items(project, false).await.and_then(|items| ready(&items))) };
        let items: Vec<Item> = self.recorder.call(call, look).await??;
        Ok(items.into_iter().map(wit::Item::from).collect())
    }

    async fn move_to(&mut self, key: String, status: wit::Status, reason: String) -> Result<(), Fault> {
        check_key(&key).map_err(CallError::from)?;
        check_reason(&reason).map_err(CallError::from)?;
        let status = Status::from(status);
        let call = changing("backlog.move-to", &json!({ "key": key, "status": status, "reason": reason }))?;
        let (backlog, project, run) = (Arc::clone(self.backlog), self.project, self.recorder.run().clone());
        let move_to =
            |attempt: Attempt| async move { Performed::of(backlog.move_to(project, &key, status, &reason, &author(run, attempt)).await) };
        Ok(self.recorder.call(call, move_to).await??)
    }

    async fn assign(&mut self, key: String, assignee: Option<String>, branch: Option<String>) -> Result<(), Fault> {
        check_key(&key).map_err(CallError::from)?;
        for (what, text) in [("assignee", &assignee), ("branch", &branch)] {
            text.as_ref().map_or(Ok(()), |text| check_line(&key, what, text)).map_err(CallError::from)?;
        }
        let call = changing("backlog.assign", &json!({ "key": key, "assignee": assignee, "branch": branch }))?;
        let (backlog, project, run) = (Arc::clone(self.backlog), self.project, self.recorder.run().clone());
        let assign = |attempt: Attempt| async move {
            Performed::of(backlog.assign(project, &key, assignee.as_deref(), branch.as_deref(), &author(run, attempt)).await)
        };
        Ok(self.recorder.call(call, assign).await??)
    }

    async fn history(&mut self, key: String) -> Result<Vec<wit::StatusChange>, Fault> {
        check_key(&key).map_err(CallError::from)?;
        let call = looking("backlog.history", &json!({ "key": key }))?;
        let (backlog, project) = (Arc::clone(self.backlog), self.project);
        let moves: Vec<Move> = self.recorder.call(call, |_| async move { Performed::of(backlog.history(project, &key).await) }).await??;
        Ok(moves.into_iter().map(wit::StatusChange::from).collect())
    }

    async fn write_documents(&mut self) -> Result<Vec<String>, Fault> {
        let call = changing("backlog.write-documents", &json!({}))?;
        let (backlog, files, project) = (Arc::clone(self.backlog), Arc::clone(self.documents), self.project);
        let run = self.recorder.run().clone();
        let write =
            |attempt: Attempt| async move { documents::performed(documents::write(&backlog, &files, project, &attempt).await, &run) };
        Ok(self.recorder.call(call, write).await??)
    }
}

fn looking(name: &'static str, request: &impl Serialize) -> Result<Call<'static>, Fault> {
    Ok(Call::new(name, Effect::Read, request)?.needing(Capability::new(BACKLOG.word, "read")))
}

fn changing(name: &'static str, request: &impl Serialize) -> Result<Call<'static>, Fault> {
    Ok(Call::new(name, Effect::Write, request)?.needing(Capability::new(BACKLOG.word, "write")))
}

fn author(run: RunId, attempt: Attempt) -> Author {
    Author::Call { run, call: attempt.key }
}

fn ready(items: &[Item]) -> Result<Vec<Item>, BacklogError> {
    Ok(Graph::of(items)?.ready().into_iter().map(|place| items[place].clone()).collect())
}

/// The guest's mistakes are its answers; a store that fails stops the run, for nothing could be told of it later.
impl<A> From<BacklogError> for Performed<A> {
    fn from(error: BacklogError) -> Self {
        match error {
            BacklogError::Refused(refusal) => Self::answer(Err(refusal.into())),
            BacklogError::Store(_) => Self::of_failed_store(&error),
        }
    }
}

impl From<wit::Draft> for Draft {
    fn from(draft: wit::Draft) -> Self {
        let wit::Draft { kind, key, title, body, parent, after, priority, labels } = draft;
        let kind = match kind {
            wit::Kind::Epic => Kind::Epic,
            wit::Kind::Story => Kind::Story,
            wit::Kind::Task => Kind::Task,
        };
        Self { key, kind, title, body, parent, after, priority, labels: labels.into() }
    }
}

impl From<Item> for wit::Item {
    fn from(item: Item) -> Self {
        let Draft { key, kind, title, body, parent, after, priority, labels } = item.draft;
        let kind = match kind {
            Kind::Epic => wit::Kind::Epic,
            Kind::Story => wit::Kind::Story,
            Kind::Task => wit::Kind::Task,
        };
        let draft = wit::Draft { kind, key, title, body, parent, after, priority, labels: labels.into() };
        Self { draft, status: item.status.into(), assignee: item.assignee, branch: item.branch }
    }
}

impl From<Move> for wit::StatusChange {
    fn from(moved: Move) -> Self {
        let run = match moved.by {
            Mover::Run(run) => Some(run.to_string()),
            Mover::Person(_) => None,
        };
        Self { at_ms: to_wit(moved.at), before: moved.before.map(wit::Status::from), after: moved.after.into(), reason: moved.reason, run }
    }
}

impl From<wit::Status> for Status {
    fn from(status: wit::Status) -> Self {
        match status {
            wit::Status::Todo => Self::Todo,
            wit::Status::InProgress => Self::InProgress,
            wit::Status::Review => Self::Review,
            wit::Status::Blocked => Self::Blocked,
            wit::Status::Done => Self::Done,
            wit::Status::Failed => Self::Failed,
            wit::Status::Cancelled => Self::Cancelled,
        }
    }
}

impl From<Status> for wit::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Todo => Self::Todo,
            Status::InProgress => Self::InProgress,
            Status::Review => Self::Review,
            Status::Blocked => Self::Blocked,
            Status::Done => Self::Done,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
        }
    }
}
