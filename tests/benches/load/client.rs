//! Requests and streams over one connection each, with as little work as possible: what asks runs on the same cores as what answers.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whom to ask.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: String,
    /// A token, where one is wanted.
    pub(crate) token: Option<String>,
    /// What lies before each path.
    pub(crate) root: &'static str,
}

impl Target {
    fn head(&self, method: &str, path: &str) -> String {
        let token = self.token.as_ref().map(|token| format!("authorization: Bearer {token}\r\n")).unwrap_or_default();
        format!("{method} {}{path} HTTP/1.1\r\nhost: {}\r\n{token}", self.root, self.address)
    }

    async fn connect(&self) -> Result<BufReader<TcpStream>> {
        let stream = timeout(PATIENCE, TcpStream::connect(&self.address)).await.context("no connection")??;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }
}

/// A connection that is kept.
pub(crate) struct Connection {
    target: Target,
    stream: BufReader<TcpStream>,
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> Result<Self> {
        Ok(Self { target: target.clone(), stream: target.connect().await? })
    }

    /// The body of an answer, which has to be a good one.
    pub(crate) async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        timeout(PATIENCE, self.exchange(method, path, body)).await.with_context(|| format!("{method} {path} is not answered"))?
    }

    async fn exchange(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let content = match body.is_empty() {
            true => String::new(),
            false => format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()),
        };
        let request = format!("{}{content}\r\n{body}", self.target.head(method, path));
        self.stream.get_mut().write_all(request.as_bytes()).await?;
        let Head { status, length } = read_head(&mut self.stream).await?;
        let mut answer = vec![0; length.unwrap_or_default()];
        self.stream.read_exact(&mut answer).await?;
        ensure!((200..300).contains(&status), "{method} {path}: {status} {}", String::from_utf8_lossy(&answer));
        Ok(answer)
    }
}

/// A stream of Server-Sent Events.
pub(crate) struct Stream(BufReader<TcpStream>);

impl Stream {
    pub(crate) async fn open(target: &Target, path: &str) -> Result<Self> {
        let mut stream = target.connect().await?;
        stream.get_mut().write_all(format!("{}\r\n", target.head("GET", path)).as_bytes()).await?;
        let head = timeout(PATIENCE, read_head(&mut stream)).await.context("no stream")??;
        ensure!(head.status == 200, "the stream {path} was refused with {}", head.status);
        Ok(Self(stream))
    }

    /// Waits for a message with this in it.
    pub(crate) async fn wait_for(&mut self, wanted: &str) -> Result<()> {
        let mut line = String::new();
        loop {
            line.clear();
            ensure!(timeout(PATIENCE, self.0.read_line(&mut line)).await.context("no message came")?? > 0, "the stream has ended");
            if line.starts_with("data: ") && line.contains(wanted) {
                return Ok(());
            }
        }
    }
}

struct Head {
    status: u16,
    length: Option<usize>,
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> Result<Head> {
    let mut head = Head { status: 0, length: None };
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            bail!("the connection was closed");
        }
        let text = line.trim_end();
        if text.is_empty() {
            return Ok(head);
        }
        if head.status == 0 {
            head.status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).context("no status")?;
        } else if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            head.length = Some(value.trim().parse()?);
        }
    }
}
