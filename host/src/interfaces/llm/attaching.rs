//! Reads the files that a request names, right before a model is asked. What a plugin and the journal hold of them are their
//! paths.

use std::borrow::Cow;

use async_trait::async_trait;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Part, Request};
use crate::journal::{Attempt, CallError, Capability, ErrorKind, Pause, PauseKind, Performed};

/// Bytes of all files of one request. In base64, and with the conversation, that stays below the 32 MB that Anthropic takes
/// ("Request size limits").
const MOST_BYTES: usize = 20 << 20;
/// Requests with files that are asked at the same time: their files are in memory meanwhile.
const MOST_AT_ONCE: usize = 4;

/// Where the files are.
#[async_trait]
pub trait Files: Send + Sync {
    /// The plain form of a path that a plugin wrote, or why it is not one.
    fn plain(&self, path: &str) -> Result<String, CallError>;

    /// What reading a file needs.
    fn needs(&self, path: &str) -> Capability<'static>;

    /// A whole file, read without holding up the guests.
    async fn read(&self, path: &str) -> Result<Vec<u8>, CallError>;
}

/// Attaches files to the requests of one call of the interface.
pub(super) struct Attaching<'a> {
    files: &'a dyn Files,
    room: Semaphore,
}

/// A request with its files, as long as there is room for them.
pub(super) struct Attached<'r> {
    request: Cow<'r, Request>,
    _room: Option<SemaphorePermit<'r>>,
}

impl<'a> Attaching<'a> {
    pub(super) fn new(files: &'a dyn Files) -> Self {
        Self { files, room: Semaphore::new(MOST_AT_ONCE) }
    }

    /// The request with the bytes of its files. A request without files is passed on as it is.
    pub(super) async fn attach<'r>(&'r self, request: &'r Request) -> Result<Attached<'r>, CallError> {
        if request.media().next().is_none() {
            return Ok(Attached { request: Cow::Borrowed(request), _room: None });
        }
        // It fails only once it is closed, which nothing does.
        let room = self.room.acquire().await.ok();
        let mut request = request.clone();
        let mut bytes = 0;
        for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
            let Part::Media(media) = part else { continue };
            let data = self.files.read(&media.path).await.map_err(|error| error.about(&*media.path))?;
            bytes += data.len();
            if bytes > MOST_BYTES {
                let text = "The files of the request have more than 20 MiB together. Send fewer of them, or smaller ones.";
                return Err(CallError::invalid(text).about(&*media.path));
            }
            media.data = data.into();
        }
        Ok(Attached { request: Cow::Owned(request), _room: room })
    }
}

impl Attached<'_> {
    pub(super) fn request(&self) -> &Request {
        &self.request
    }
}

/// What becomes of a call whose files cannot be read.
pub(super) fn failed<A>(error: CallError, attempt: &Attempt) -> Performed<A> {
    match error.kind {
        // No plugin can correct the disk and its operator can: nothing of the run is lost meanwhile.
        ErrorKind::Unavailable => {
            let pause = Pause::new(PauseKind::Operator, format!("{} Then resume the run.", error.text));
            Performed::Paused { pause, happened: attempt.again }
        }
        _ => Performed::answer(Err(error)),
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::{collections::BTreeMap, sync::Mutex};

    use super::*;

    /// Files in memory, each of which can be read at any time.
    #[derive(Default)]
    pub(in super::super) struct InMemory(pub(in super::super) Mutex<BTreeMap<String, Result<Vec<u8>, CallError>>>);

    impl InMemory {
        pub(in super::super) fn put(&self, path: &str, content: Result<Vec<u8>, CallError>) {
            self.0.lock().unwrap().insert(path.to_owned(), content);
        }
    }

    #[async_trait]
    impl Files for InMemory {
        fn plain(&self, path: &str) -> Result<String, CallError> {
            let plain = path.trim_start_matches("./");
            if plain.starts_with('/') { Err(CallError::invalid("It is absolute.")) } else { Ok(plain.to_owned()) }
        }

        fn needs(&self, path: &str) -> Capability<'static> {
            Capability::new("read", path.to_owned())
        }

        async fn read(&self, path: &str) -> Result<Vec<u8>, CallError> {
            let known = self.0.lock().unwrap().get(path).cloned();
            known.unwrap_or_else(|| Err(CallError::not_found(format!("The workspace has no `{path}`."))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::InMemory, *};
    use crate::interfaces::llm::{Media, tests::user};

    fn image(path: &str) -> Part {
        Part::Media(Media { media_type: "image/png".to_owned(), path: path.to_owned(), data: Default::default() })
    }

    fn request(paths: &[&str]) -> Request {
        Request { messages: vec![user(paths.iter().map(|path| image(path)).collect())], ..Request::default() }
    }

    #[tokio::test]
    async fn each_file_is_attached_to_its_part() {
        let files = InMemory::default();
        files.put("a.png", Ok(b"first".to_vec()));
        files.put("b.png", Ok(b"second".to_vec()));
        let attaching = Attaching::new(&files);
        let request = request(&["a.png", "b.png", "a.png"]);
        let attached = attaching.attach(&request).await.unwrap();
        let data: Vec<&[u8]> = attached.request().media().map(|media| &*media.data).collect();
        assert_eq!(data, [&b"first"[..], b"second", b"first"]);
        assert!(request.media().all(|media| media.data.is_empty()));
        let written = serde_json::to_string(attached.request()).unwrap();
        assert_eq!(written, serde_json::to_string(&request).unwrap(), "the bytes are written nowhere");
        assert!(!format!("{:?}", attached.request()).contains("102, 105"), "nor shown");
    }

    #[tokio::test]
    async fn what_cannot_be_attached_is_named() {
        let files = InMemory::default();
        files.put("large.png", Ok(vec![0; MOST_BYTES / 4 + 1]));
        let attaching = Attaching::new(&files);
        let subject =
            async |paths: &[&str]| attaching.attach(&request(paths)).await.err().map(|error| (error.kind, error.subject.unwrap()));
        assert_eq!(subject(&["large.png"; 3]).await, None);
        assert_eq!(subject(&["large.png"; 4]).await, Some((ErrorKind::Invalid, "large.png".to_owned())));
        assert_eq!(subject(&["large.png", "none.png"]).await, Some((ErrorKind::NotFound, "none.png".to_owned())));
    }

    #[tokio::test]
    async fn files_wait_until_there_is_room_for_them() {
        let files = InMemory::default();
        files.put("a.png", Ok(vec![1]));
        let attaching = Attaching::new(&files);
        let (with, without) = (request(&["a.png"]), Request::default());
        let mut held = Vec::new();
        for _ in 0..MOST_AT_ONCE {
            held.push(attaching.attach(&with).await.unwrap());
        }
        assert!(futures::FutureExt::now_or_never(attaching.attach(&with)).is_none());
        assert!(futures::FutureExt::now_or_never(attaching.attach(&without)).is_some());
        held.pop();
        assert!(futures::FutureExt::now_or_never(attaching.attach(&with)).is_some());
    }

    #[test]
    fn only_the_disk_is_for_the_operator() {
        let attempt = |again| Attempt { seq: 1, key: "run-1:1".to_owned(), again, asked_at: 0 };
        for again in [false, true] {
            let performed: Performed<()> = failed(CallError::unavailable("It is full."), &attempt(again));
            assert!(matches!(performed, Performed::Paused { happened, .. } if happened == again), "{performed:?}");
        }
        let performed: Performed<()> = failed(CallError::not_found("No."), &attempt(true));
        assert!(matches!(performed, Performed::Answered(Err(_), _)), "{performed:?}");
    }
}
