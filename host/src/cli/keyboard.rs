//! Lines that somebody types, as they come. Reads nothing before the first is wanted.

use tokio::sync::mpsc;

/// Standard input, line by line.
pub(super) struct Keyboard(Option<mpsc::Receiver<String>>);

impl Keyboard {
    /// A keyboard that nobody listens to yet.
    pub(super) fn new() -> Self {
        Self(None)
    }

    /// The next line without its end; none when there are no more. Can be called off at any point and loses nothing.
    pub(super) async fn line(&mut self) -> Option<String> {
        self.0.get_or_insert_with(listen).recv().await
    }
}

/// The next line of a keyboard, if there is one; otherwise there is never one.
pub(super) async fn next_line(keyboard: &mut Option<Keyboard>) -> Option<String> {
    match keyboard {
        Some(keyboard) => keyboard.line().await,
        None => std::future::pending().await,
    }
}

/// Reads on a thread of its own, which ends with the process: a read that has begun cannot be called off.
fn listen() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            let Ok(line) = line else { return };
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
