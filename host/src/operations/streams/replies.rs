//! What models have written of replies that are on their way, for readers who come late. Keeps the end of each, and none that is
//! complete.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{about::About, frame::ControlFrame};
use crate::{
    interfaces::llm::{Piece, ReplyProgress},
    journal::RunId,
};

/// Bytes of a reply that are kept.
const LONGEST: usize = 256 << 10;
/// Replies that are kept at the same time.
const MOST: usize = 256;

/// A reply that a model is writing, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReplySoFar {
    /// The run that asked.
    pub run: RunId,
    /// The call, which tells replies of one run apart that are written at the same time.
    pub call: String,
    /// Bytes of the reply before this text, which are not kept.
    pub offset: u64,
    /// The text.
    pub text: String,
}

/// Replies that are on their way.
#[derive(Debug, Default)]
pub(super) struct Replies(BTreeMap<(RunId, String), Kept>);

#[derive(Debug)]
struct Kept {
    about: About,
    offset: u64,
    text: String,
}

impl Replies {
    /// Takes a piece in, and gives the frame that tells it.
    pub(super) fn take(&mut self, piece: Piece, about: &About) -> ControlFrame {
        let run = RunId::from_text(&piece.run);
        let call = piece.call.strip_prefix(&format!("{run}:")).unwrap_or(&piece.call).to_owned();
        let key = (run, call);
        let text = match piece.said {
            ReplyProgress::Text(text) => Some(text),
            ReplyProgress::Over => None,
        };
        match &text {
            Some(text) => self.keep(&key, about, piece.offset, text),
            None => drop(self.0.remove(&key)),
        }
        let ((run, call), done) = (key, text.is_none());
        ControlFrame::Token { run, project: about.project.clone(), call, offset: piece.offset, text: text.unwrap_or_default(), done }
    }

    fn keep(&mut self, key: &(RunId, String), about: &About, offset: u64, text: &str) {
        if self.0.len() >= MOST && !self.0.contains_key(key) {
            return;
        }
        let kept = self.0.entry(key.clone()).or_insert_with(|| Kept { about: about.clone(), offset, text: String::new() });
        if kept.offset + kept.text.len() as u64 != offset {
            // A piece was missed.
            (kept.offset, kept.text) = (offset, String::new());
        }
        kept.text.push_str(text);
        if kept.text.len() > LONGEST {
            let start = kept.text.ceil_char_boundary(kept.text.len() - LONGEST / 2);
            kept.text.drain(..start);
            kept.offset += start as u64;
        }
    }

    /// The replies about which `admits` holds.
    pub(super) fn select(&self, admits: impl Fn(&About) -> bool) -> Vec<(ReplySoFar, Option<String>)> {
        let selected = self.0.iter().filter(|(_, kept)| admits(&kept.about));
        let replies = selected.map(|((run, call), kept)| {
            let reply = ReplySoFar { run: run.clone(), call: call.clone(), offset: kept.offset, text: kept.text.clone() };
            (reply, kept.about.project.clone())
        });
        replies.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(offset: u64, text: Option<&str>) -> Piece {
        let said = text.map_or(ReplyProgress::Over, |text| ReplyProgress::Text(text.to_owned()));
        Piece { run: "r".to_owned(), plugin: "mary".to_owned(), call: "r:7".to_owned(), offset, said }
    }

    fn texts(replies: &Replies) -> Vec<(u64, String)> {
        replies.select(|_| true).into_iter().map(|(reply, _)| (reply.offset, reply.text)).collect()
    }

    #[test]
    fn a_reply_is_kept_until_it_is_complete_and_from_where_no_piece_is_missing() {
        let mut replies = Replies::default();
        let frame = replies.take(piece(0, Some("Once")), &About::default());
        assert!(matches!(&frame, ControlFrame::Token { call, offset: 0, done: false, .. } if call == "7"), "{frame:?}");
        replies.take(piece(4, Some(" upon")), &About::default());
        assert_eq!(texts(&replies), [(0, "Once upon".to_owned())]);
        replies.take(piece(12, Some("time")), &About::default());
        assert_eq!(texts(&replies), [(12, "time".to_owned())]);
        let frame = replies.take(piece(16, None), &About::default());
        assert!(matches!(&frame, ControlFrame::Token { text, done: true, .. } if text.is_empty()), "{frame:?}");
        assert!(texts(&replies).is_empty());
    }

    #[test]
    fn a_long_reply_loses_its_beginning_and_its_offset_says_how_much() {
        let mut replies = Replies::default();
        let (text, mut offset) = ("é".repeat(2_048), 0);
        while offset < 1 << 20 {
            replies.take(piece(offset, Some(&text)), &About::default());
            offset += text.len() as u64;
        }
        let [(start, kept)] = &texts(&replies)[..] else { panic!("one reply is kept") };
        assert_eq!(start + kept.len() as u64, offset);
        assert!(kept.len() <= LONGEST);
    }
}
