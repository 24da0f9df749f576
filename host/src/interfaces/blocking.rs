//! Work that blocks its thread: done beside the threads on which guests compute, and told to end once its caller is gone
//! or its time is used up. Ends nothing by force: long work has to look at its [`Deadline`] itself.

use std::time::{Duration, Instant};

use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use crate::journal::CallError;

/// How long one piece of work may take.
pub const LONGEST: Duration = Duration::from_secs(30);

/// Until when a piece of work may go on.
#[derive(Clone, Debug)]
pub struct Deadline {
    abandoned: CancellationToken,
    until: Option<Instant>,
}

impl Deadline {
    /// Work that nobody abandons and that may take [`LONGEST`].
    pub fn new() -> Self {
        Self::abandoned_by(CancellationToken::new())
    }

    fn abandoned_by(abandoned: CancellationToken) -> Self {
        Self { abandoned, until: Instant::now().checked_add(LONGEST) }
    }

    /// Work that nobody abandons and that may take so long.
    #[cfg(test)]
    pub(crate) fn lasting(time: Duration) -> Self {
        Self { until: Instant::now().checked_add(time), ..Self::new() }
    }

    /// Fails once the work has to end. `hint` tells the caller how to ask for less.
    pub fn check(&self, hint: &str) -> Result<(), CallError> {
        if self.is_abandoned() {
            return Err(CallError::cancelled("The run that made this call ended."));
        }
        if self.until.is_some_and(|until| Instant::now() >= until) {
            return Err(CallError::invalid(format!("The call took longer than {} s, the limit for one call. {hint}", LONGEST.as_secs())));
        }
        Ok(())
    }

    /// Whether the caller is gone.
    pub fn is_abandoned(&self) -> bool {
        self.abandoned.is_cancelled()
    }

    /// Whether the work has to end.
    pub fn is_over(&self) -> bool {
        self.is_abandoned() || self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// The same for work that may take as long as its caller waits.
    #[must_use]
    pub fn without_end(&self) -> Self {
        Self { until: None, ..self.clone() }
    }
}

impl Default for Deadline {
    fn default() -> Self {
        Self::new()
    }
}

/// Does `work` on a thread that may block. When the returned future is dropped, because the run was cancelled, because the
/// host stops or because time is up, the work's deadline has passed.
pub async fn blocking<A: Send + 'static>(work: impl FnOnce(&Deadline) -> A + Send + 'static) -> Result<A, JoinError> {
    let abandoned = CancellationToken::new();
    let deadline = Deadline::abandoned_by(abandoned.clone());
    let _dropped_with_the_caller = abandoned.drop_guard();
    tokio::task::spawn_blocking(move || work(&deadline)).await
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::journal::ErrorKind;

    #[tokio::test]
    async fn work_learns_that_its_caller_is_gone() {
        let (sender, receiver) = mpsc::channel();
        let work = blocking(move |deadline| {
            sender.send(deadline.check("")).unwrap();
            while !deadline.is_abandoned() {
                std::thread::sleep(Duration::from_millis(1));
            }
            sender.send(deadline.check("")).unwrap();
        });
        assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err(), "the caller leaves");
        let answers = tokio::task::spawn_blocking(move || receiver.iter().collect::<Vec<_>>()).await.unwrap();
        assert!(matches!(answers[..], [Ok(()), Err(CallError { kind: ErrorKind::Cancelled, .. })]), "{answers:?}");
    }

    #[test]
    fn work_that_takes_too_long_is_told_what_to_do() {
        let late = Deadline::lasting(Duration::ZERO);
        assert_eq!(
            late.check("Narrow the glob."),
            Err(CallError::invalid("The call took longer than 30 s, the limit for one call. Narrow the glob."))
        );
    }
}
