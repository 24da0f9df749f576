//! Hands what models are saying right now to whoever watches in this process. Nothing of it is kept or waited for: who
//! cannot keep up misses some, and the whole reply takes another way.

use tokio::sync::broadcast::{self, Receiver, Sender};

use super::Caller;
use crate::journal::Redactor;

/// Pieces kept for a watcher that is behind.
const PIECES: usize = 256;
/// Bytes of one piece; a longer one is cut into several.
const LONGEST_PIECE: usize = 64 << 10;

/// Everyone who watches. Clones reach the same ones.
#[derive(Clone, Debug)]
pub struct Watchers {
    sender: Sender<Piece>,
    redactor: Redactor,
}

/// Something about a reply that is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The run that asked.
    pub run: String,
    /// Name of the plugin that asked.
    pub plugin: String,
    /// Tells replies of one run apart that are on their way at the same time.
    pub call: String,
    /// Bytes of the reply that were told before this one: where one was missed, it is not the end of the one before.
    pub offset: u64,
    /// What it is.
    pub said: ReplyProgress,
}

/// What became of a reply just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyProgress {
    /// The next words of text or thinking, without secrets. Not safe to show on a terminal as they are.
    Text(String),
    /// There is no more to come: it is whole, or it failed.
    Over,
}

impl Watchers {
    /// Nobody yet. No watcher hears what `redactor` knows.
    pub fn new(redactor: Redactor) -> Self {
        Self { sender: broadcast::channel(PIECES).0, redactor }
    }

    /// Watches from now on, until the receiver is dropped.
    pub fn watch(&self) -> Receiver<Piece> {
        self.sender.subscribe()
    }

    /// A way to tell what is said to this caller; none where nobody watches.
    pub(super) fn telling(&self, caller: Caller<'_>) -> Option<Telling> {
        let about = || Piece {
            run: caller.run.to_owned(),
            plugin: caller.plugin.to_owned(),
            call: caller.idempotency_key.to_owned(),
            offset: 0,
            said: ReplyProgress::Over,
        };
        let watched = self.sender.receiver_count() > 0;
        watched.then(|| Telling { watchers: self.clone(), about: about(), held: String::new() })
    }
}

/// Tells one reply, and that it is over when this is dropped.
pub(super) struct Telling {
    watchers: Watchers,
    about: Piece,
    /// What may be the beginning of a secret.
    held: String,
}

impl Telling {
    /// Tells the next words, as far as no secret can be in them.
    pub(super) fn say(&mut self, text: &str) {
        self.held.push_str(text);
        let settled = self.watchers.redactor.settled(&self.held);
        let rest = self.held.split_off(settled);
        let told = std::mem::replace(&mut self.held, rest);
        let told = self.watchers.redactor.text(&told);
        let mut rest: &str = &told;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.floor_char_boundary(LONGEST_PIECE));
            self.send(ReplyProgress::Text(piece.to_owned()));
            self.about.offset += piece.len() as u64;
            rest = behind;
        }
    }

    /// That nobody watches any more is no failure.
    fn send(&self, said: ReplyProgress) {
        let _ = self.watchers.sender.send(Piece { said, ..self.about.clone() });
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        self.send(ReplyProgress::Over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::llm::tests::CALLER;

    const SECRET: &str = "sk-12345-né-long";

    fn watched(secrets: &[&str]) -> (Watchers, Receiver<Piece>) {
        let redactor = Redactor::default();
        secrets.iter().for_each(|secret| redactor.learn(secret));
        let watchers = Watchers::new(redactor);
        let receiver = watchers.watch();
        (watchers, receiver)
    }

    fn heard(receiver: &mut Receiver<Piece>) -> (String, usize) {
        let (mut text, mut over) = (String::new(), 0);
        let mut end = None;
        while let Ok(piece) = receiver.try_recv() {
            assert_eq!(piece.offset, end.unwrap_or(piece.offset), "a piece begins where the one before ended");
            end = Some(piece.offset + if let ReplyProgress::Text(text) = &piece.said { text.len() as u64 } else { 0 });
            assert_eq!((piece.run.as_str(), piece.plugin.as_str(), piece.call.as_str()), ("run-1", "mary", "run-1:7"));
            match piece.said {
                ReplyProgress::Text(piece) => text.push_str(&piece),
                ReplyProgress::Over => over += 1,
            }
        }
        (text, over)
    }

    #[test]
    fn words_are_told_as_they_come_and_then_that_they_are_over() {
        let (watchers, mut receiver) = watched(&[]);
        let mut telling = watchers.telling(CALLER).unwrap();
        telling.say("Once upon");
        assert_eq!(heard(&mut receiver), ("Once upon".to_owned(), 0));
        telling.say(" a time");
        drop(telling);
        assert_eq!(heard(&mut receiver), (" a time".to_owned(), 1));
    }

    #[test]
    fn no_secret_is_told_however_it_is_cut() {
        let said = format!("a {SECRET} b sk-12345 c{SECRET}{SECRET} and enough behind it to tell all that");
        let expected = "a [key] b [key] c[key][key] and enough";
        for size in 1..=said.chars().count() {
            let (watchers, mut receiver) = watched(&["sk-12345", SECRET]);
            let mut telling = watchers.telling(CALLER).unwrap();
            for piece in said.chars().collect::<Vec<_>>().chunks(size) {
                telling.say(&piece.iter().collect::<String>());
            }
            drop(telling);
            let (told, over) = heard(&mut receiver);
            assert!(told.starts_with(expected), "in pieces of {size}: {told}");
            assert!(!told.contains("sk-") && !told.contains("long"), "in pieces of {size}: {told}");
            assert_eq!(over, 1);
        }
    }

    #[test]
    fn a_secret_that_is_cut_off_stays_untold() {
        let (watchers, mut receiver) = watched(&[SECRET]);
        let mut telling = watchers.telling(CALLER).unwrap();
        telling.say("It is sk-12345-né-lon");
        drop(telling);
        assert!(!heard(&mut receiver).0.contains("sk-"));
    }

    #[test]
    fn nobody_is_told_where_nobody_watches_and_a_slow_watcher_misses_some() {
        let (watchers, mut receiver) = watched(&[]);
        let mut telling = watchers.telling(CALLER).unwrap();
        telling.say(&"é".repeat(LONGEST_PIECE));
        assert_eq!(heard(&mut receiver).0.len(), 2 * LONGEST_PIECE);
        (0..=PIECES).for_each(|_| telling.say("word"));
        assert!(matches!(receiver.try_recv(), Err(broadcast::error::TryRecvError::Lagged(1))));
        drop(receiver);
        telling.say("into the void");
        assert!(watchers.telling(CALLER).is_none());
    }
}
