//! The least that could answer: an axum that gives a fixed text, and sends what it is told to all its streams. In a process of its own,
//! as the host is.

use std::{
    convert::Infallible,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::stream;
use tokio::sync::broadcast::{Sender, channel};

use crate::client::Target;

/// What makes this program the bare axum.
pub(crate) const ARGUMENT: &str = "serve-bare-axum";
/// Bytes of its answer: about those of fifty items.
const ANSWER: usize = 20_000;

/// The process. It ends with the value.
pub(crate) struct Bare {
    child: Child,
    pub(crate) target: Target,
}

impl Bare {
    pub(crate) fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg(ARGUMENT).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut address)?;
        Ok(Self { child, target: Target { address: address.trim().to_owned(), token: None, root: "" } })
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Serves until the process is ended.
pub(crate) async fn serve() -> Result<()> {
    let router = Router::new()
        .route("/answer", get(|| async { ([(header::CONTENT_TYPE, "application/json")], "x".repeat(ANSWER)) }))
        .route("/stream", get(follow))
        .route("/tell", post(tell))
        .with_state(channel::<Bytes>(1_024).0);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

async fn follow(State(sender): State<Sender<Bytes>>) -> Response {
    let messages = stream::unfold(sender.subscribe(), |mut receiver| async {
        let message = receiver.recv().await.ok()?;
        Some((Ok::<_, Infallible>(message), receiver))
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(messages)).into_response()
}

async fn tell(State(sender): State<Sender<Bytes>>, text: String) {
    // That no stream is open is no failure.
    let _ = sender.send(format!("data: {text}\n\n").into());
}
