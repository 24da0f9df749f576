//! The messages of a stream of Server-Sent Events, put together from the parts in which they come. Reads no message without end.

/// Bytes of the largest message.
const LARGEST: usize = 16 << 20;

/// The data of a message.
pub(super) type Message = Vec<u8>;

/// What came of a stream and is not read yet.
#[derive(Default)]
pub(super) struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// Takes in a part. False where a message is larger than any that is meant.
    pub(super) fn push(&mut self, part: &[u8]) -> bool {
        self.bytes.extend_from_slice(part);
        self.bytes.len() <= LARGEST
    }

    /// The data of the next whole message that has some.
    pub(super) fn next(&mut self) -> Option<Message> {
        loop {
            let end = self.bytes.windows(2).position(|pair| pair == b"\n\n")?;
            let message: Vec<u8> = self.bytes.drain(..end + 2).collect();
            let data = message.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"data: "));
            if let Some(data) = data {
                return Some(data.to_vec());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_in_any_parts() {
        let text = b"retry: 1000\nid: 7\ndata: {\"a\":1}\n\n: nothing\n\ndata: {}\n\nid: 8\ndata: {\"b\"";
        for length in 1..text.len() {
            let (mut frames, mut read) = (Frames::default(), Vec::new());
            for part in text.chunks(length) {
                assert!(frames.push(part));
                read.extend(std::iter::from_fn(|| frames.next()));
            }
            assert_eq!(read, [b"{\"a\":1}".to_vec(), b"{}".to_vec()], "{length}");
        }
    }

    #[test]
    fn a_message_without_end_is_not_kept() {
        let mut frames = Frames::default();
        let part = vec![b'x'; 1 << 20];
        assert_eq!((0..20).take_while(|_| frames.push(&part)).count(), 16);
    }
}
