//! Answers that a host marked with an ETag, so that it need not give them again and does not count the question. Keeps a
//! bounded number of bytes, the newest.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

/// Bytes of all answers together.
const MOST: usize = 16 << 20;

/// An answer as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) etag: String,
    /// Where the next page is.
    pub(super) link: Option<String>,
    pub(super) body: Bytes,
}

/// Answers by address.
#[derive(Default)]
pub(super) struct Remembered {
    answers: BTreeMap<String, Answer>,
    /// The oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

impl Remembered {
    pub(super) fn find(&self, address: &str) -> Option<Answer> {
        self.answers.get(address).cloned()
    }

    pub(super) fn keep(&mut self, address: &str, answer: Answer) {
        self.forget(address);
        let size = size(address, &answer);
        if size > MOST / 4 {
            return;
        }
        while self.bytes + size > MOST {
            let Some(oldest) = self.order.front().cloned() else { break };
            self.forget(&oldest);
        }
        self.bytes += size;
        self.order.push_back(address.to_owned());
        self.answers.insert(address.to_owned(), answer);
    }

    fn forget(&mut self, address: &str) {
        if let Some(answer) = self.answers.remove(address) {
            self.bytes -= size(address, &answer);
            self.order.retain(|known| known != address);
        }
    }
}

fn size(address: &str, answer: &Answer) -> usize {
    address.len() + answer.etag.len() + answer.link.as_ref().map_or(0, String::len) + answer.body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(bytes: usize) -> Answer {
        Answer { etag: "\"a\"".to_owned(), link: None, body: Bytes::from(vec![b'x'; bytes]) }
    }

    #[test]
    fn the_newest_answers_are_kept_within_bounds() {
        let mut remembered = Remembered::default();
        for number in 0..20 {
            remembered.keep(&format!("/{number}"), answer(1 << 20));
        }
        assert!(remembered.bytes <= MOST && remembered.answers.len() == remembered.order.len());
        assert_eq!(remembered.find("/0"), None);
        assert!(remembered.find("/19").is_some());
        for _ in 0..100 {
            remembered.keep("/19", answer(10));
        }
        assert_eq!(remembered.find("/19").unwrap().body.len(), 10);
        assert_eq!(remembered.order.iter().filter(|address| *address == "/19").count(), 1);
        remembered.keep("/large", answer(MOST));
        assert_eq!(remembered.find("/large"), None);
    }
}
