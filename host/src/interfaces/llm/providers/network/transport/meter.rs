//! Counts what is received on a connection, and ends it where that is more than allowed. Looks at none of it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Says how much more may be received. Clones speak of the same connection.
#[derive(Clone)]
pub(super) struct Meter(Arc<AtomicU64>);

/// No number of bytes that may still come: the limit was passed.
const EXCEEDED: u64 = u64::MAX;

/// A connection whose incoming bytes are counted.
pub(super) struct Metered<T> {
    stream: T,
    meter: Meter,
}

impl Meter {
    /// From now on so many bytes may be received.
    pub(super) fn allow(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    /// Whether more was sent than is received.
    pub(super) fn is_exceeded(&self) -> bool {
        self.0.load(Ordering::Relaxed) == EXCEEDED
    }

    fn count(&self, bytes: u64) -> io::Result<()> {
        let left = self.0.load(Ordering::Relaxed);
        if left == EXCEEDED || left < bytes {
            self.0.store(EXCEEDED, Ordering::Relaxed);
            return Err(io::Error::other("more was sent than is received"));
        }
        self.0.store(left - bytes, Ordering::Relaxed);
        Ok(())
    }
}

impl<T> Metered<T> {
    /// Receives so many bytes at most, until the meter says otherwise.
    pub(super) fn new(stream: T, bytes: u64) -> (Self, Meter) {
        let meter = Meter(Arc::new(AtomicU64::new(bytes)));
        (Self { stream, meter: meter.clone() }, meter)
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let received = buffer.filled().len() - before;
        Poll::Ready(self.meter.count(received as u64))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
