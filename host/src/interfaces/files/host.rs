//! Implements `files` of the contract.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use baton_sdk::tools::text;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    MOST_ENTRIES, READ, View, WRITE, may_read,
    path::RelativePath,
    search::{Match, Search},
    walk::{FileEntry, Kind, Pattern, Walk},
};
use crate::{
    bindings::{Fault, files as wit},
    interfaces::{
        blocking::{Deadline, blocking},
        excerpts,
        numbers::to_wit,
    },
    journal::{Call, CallError, Capability, Effect, ErrorKind, Pause, PauseKind, Performed},
};

/// Bytes as the journal keeps them: readable where they can be.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Content {
    Text(String),
    Base64(String),
}

impl wit::Host for View<'_> {
    async fn read(&mut self, path: String) -> Result<Vec<u8>, Fault> {
        let path = RelativePath::parse(&path)?;
        let call = Call::new("files.read", Effect::Read, &json!({ "path": path.as_str() }))?;
        let call = call.needing(Capability::new(READ.word, path.as_str().to_owned()));
        let workspace = Arc::clone(self.workspace);
        let read = move |_| aside(move |_| workspace.read(&path).map(Content::from));
        let content = self.recorder.call(call, read).await??;
        content.try_into().map_err(Fault::from)
    }

    async fn read_lines(&mut self, path: String, first: u32, count: u32, most_bytes: u32) -> Result<wit::Excerpt, Fault> {
        let path = RelativePath::parse(&path)?;
        excerpts::check_first(first)?;
        let request = json!({ "path": path.as_str(), "first": first, "count": count, "most-bytes": most_bytes });
        let call = Call::new("files.read-lines", Effect::Read, &request)?;
        let call = call.needing(Capability::new(READ.word, path.as_str().to_owned()));
        let workspace = Arc::clone(self.workspace);
        let read = move |_| {
            aside(move |_| {
                let content = workspace.read(&path)?;
                let name = path.as_str();
                let content = text::decode(name, &content).map_err(|problem| CallError::invalid(problem).about(name))?;
                Ok(excerpts::Kept::from(text::excerpt(content, first, count, most_bytes.min(excerpts::LONGEST))))
            })
        };
        let kept: excerpts::Kept = self.recorder.call(call, read).await??;
        Ok(kept.into())
    }

    async fn write(&mut self, path: String, content: Vec<u8>) -> Result<(), Fault> {
        let path = RelativePath::parse(&path)?;
        let content = Content::from(content);
        let call = Call::new("files.write", Effect::Write, &json!({ "path": path.as_str(), "content": content }))?;
        let call = call.needing(Capability::new(WRITE.word, path.as_str().to_owned()));
        let workspace = Arc::clone(self.workspace);
        let write = move |attempt| aside(move |_| workspace.write(&path, &Vec::try_from(content)?, &attempt));
        Ok(self.recorder.call(call, write).await??)
    }

    async fn remove(&mut self, path: String) -> Result<(), Fault> {
        let path = RelativePath::parse(&path)?;
        let call = Call::new("files.remove", Effect::Write, &json!({ "path": path.as_str() }))?;
        let call = call.needing(Capability::new(WRITE.word, path.as_str().to_owned()));
        let workspace = Arc::clone(self.workspace);
        let remove = move |attempt| aside(move |_| workspace.remove(&path, &attempt));
        Ok(self.recorder.call(call, remove).await??)
    }

    async fn find(&mut self, glob: String) -> Result<Vec<wit::Entry>, Fault> {
        let pattern = Pattern::parse(&glob)?;
        let call = Call::new("files.find", Effect::Read, &json!({ "glob": glob }))?;
        let (workspace, authority) = (Arc::clone(self.workspace), self.recorder.authority());
        let find = move |_| {
            aside(move |deadline| {
                let walk = Walk { pattern: Some(&pattern), allowed: &|path| may_read(&*authority, path), most: MOST_ENTRIES, deadline };
                walk.run(&workspace)
            })
        };
        let found: Vec<FileEntry> = self.recorder.call(call, find).await??;
        Ok(found.into_iter().map(wit::Entry::from).collect())
    }

    async fn search(&mut self, pattern: String, glob: Option<String>, limit: u32, context: u32) -> Result<Vec<wit::LineMatch>, Fault> {
        let wanted = (pattern.clone(), glob.clone());
        let search = beside(move |_| Search::new(&wanted.0, wanted.1.as_deref(), limit)?.with_context(context)).await?;
        let mut request = json!({ "pattern": pattern, "glob": glob, "limit": limit });
        if context > 0 {
            request["context"] = json!(context);
        }
        let call = Call::new("files.search", Effect::Read, &request)?;
        let (workspace, authority) = (Arc::clone(self.workspace), self.recorder.authority());
        let look = move |_| aside(move |deadline| search.run(&workspace, &|path| may_read(&*authority, path), deadline));
        let matches: Vec<Match> = self.recorder.call(call, look).await??;
        Ok(matches.into_iter().map(wit::LineMatch::from).collect())
    }
}

/// Works on the disk without holding up the guests.
async fn aside<A: Send + 'static>(work: impl FnOnce(&Deadline) -> Result<A, CallError> + Send + 'static) -> Performed<A> {
    match beside(work).await {
        // The disk is full or closed, which no guest can mend and its operator can: nothing of the run is lost meanwhile.
        Err(CallError { kind: ErrorKind::Unavailable, text: reason, .. }) => {
            Performed::Paused { pause: Pause::new(PauseKind::Operator, format!("{reason} Then resume the run.")), happened: false }
        }
        answer => Performed::answer(answer),
    }
}

/// The same, for who decides otherwise on a disk that is full.
pub(in crate::interfaces) async fn beside<A: Send + 'static>(
    work: impl FnOnce(&Deadline) -> Result<A, CallError> + Send + 'static,
) -> Result<A, CallError> {
    let done = blocking(work).await;
    done.unwrap_or_else(|error| Err(CallError::other(format!("The host failed at this file operation: {error}. Report it."))))
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|bytes| Self::Base64(BASE64_STANDARD.encode(bytes.as_bytes())), Self::Text)
    }
}

impl TryFrom<Content> for Vec<u8> {
    type Error = CallError;

    fn try_from(content: Content) -> Result<Self, CallError> {
        match content {
            Content::Text(text) => Ok(text.into_bytes()),
            Content::Base64(text) => BASE64_STANDARD.decode(text).map_err(|error| {
                CallError::other(format!("The journal's copy of the file is damaged: {error}. Fork the run before this call."))
            }),
        }
    }
}

impl From<FileEntry> for wit::Entry {
    fn from(found: FileEntry) -> Self {
        let kind = match found.kind {
            Kind::File => wit::Kind::File,
            Kind::Directory => wit::Kind::Directory,
            Kind::Symlink => wit::Kind::Symlink,
        };
        Self { path: found.path, kind, size_bytes: to_wit(found.size) }
    }
}

impl From<Match> for wit::LineMatch {
    fn from(found: Match) -> Self {
        Self { path: found.path, line: found.line, text: found.text, before: found.before, after: found.after }
    }
}
