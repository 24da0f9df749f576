//! Reads JSON as programs really write it: strictly first, and where that fails once more, with halves of characters,
//! numbers that are none, and values nested too deeply taken for the little that they can mean. Says where it did so.

use std::collections::BTreeMap;

use serde_json::{Error, Map, Value};

use crate::journal::form::pointer_part;

/// Levels below which nothing is read. Fewer than the strict parser takes, since what is read is put into more JSON.
const DEEPEST: usize = 120;
/// Odd places of one text.
const MOST_ODDITIES: usize = 4096;
/// Bytes of a place, about.
const LONGEST_POINTER: usize = 512;
/// Characters of an odd word that are quoted.
const LONGEST_WORD: usize = 24;
/// Texts of a row that can end in half a character at once.
const MOST_HALVES: usize = 64;

/// What a text says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) value: Value,
    /// Empty where the text is JSON.
    pub(super) oddities: Vec<Oddity>,
}

/// A place at which a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Oddity {
    /// As a JSON pointer.
    pub(super) pointer: String,
    /// What is wrong there, a sentence.
    pub(super) reason: String,
    /// The value there is read as null. Else a character in its text is replaced.
    pub(super) is_lost: bool,
}

impl From<Value> for Reading {
    fn from(value: Value) -> Self {
        Self { value, oddities: Vec::new() }
    }
}

impl Reading {
    /// A part of the value, with what is odd in it.
    pub(super) fn part(mut self, name: &str) -> Self {
        let inside = format!("/{name}");
        let within = |oddity: Oddity| {
            let pointer = oddity.pointer.strip_prefix(&inside).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some(Oddity { pointer: pointer.to_owned(), ..oddity })
        };
        let value = self.value.get_mut(name).map(Value::take).unwrap_or_default();
        Self { value, oddities: self.oddities.into_iter().filter_map(within).collect() }
    }
}

/// Reads one text. The error is that of the strict parser.
pub(super) fn read(text: &str) -> Result<Reading, Error> {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Ok(value.into()),
        Err(error) => Reader::new(text, None).whole().ok_or(error),
    }
}

/// A row of texts, such as the events of a stream, in which a character may begin in one text and end in a later one.
#[derive(Default)]
pub(super) struct Row {
    /// First halves, by where the texts stand that ended with them.
    halves: BTreeMap<String, u16>,
}

impl Row {
    /// Reads the next text of the row.
    pub(super) fn read(&mut self, text: &str) -> Result<Value, Error> {
        let strict = serde_json::from_str(text);
        if strict.is_ok() && self.halves.is_empty() {
            return strict;
        }
        match Reader::new(text, Some(&mut self.halves)).whole() {
            Some(reading) => Ok(reading.value),
            None => strict,
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    path: Vec<String>,
    oddities: Vec<Oddity>,
    /// Of a row: what earlier texts left open.
    halves: Option<&'a mut BTreeMap<String, u16>>,
}

/// What an escape stands for.
enum Escaped {
    Character(char),
    /// A half of one, which is not text by itself.
    Half(u16),
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, halves: Option<&'a mut BTreeMap<String, u16>>) -> Self {
        Self { text, at: 0, path: Vec::new(), oddities: Vec::new(), halves }
    }

    /// None: the text is not JSON in this way either.
    fn whole(mut self) -> Option<Reading> {
        let value = self.value()?;
        self.skip_space();
        let is_whole = self.at == self.text.len() && self.oddities.len() <= MOST_ODDITIES;
        is_whole.then_some(Reading { value, oddities: self.oddities })
    }

    fn value(&mut self) -> Option<Value> {
        self.skip_space();
        match self.peek()? {
            b'{' | b'[' if self.path.len() >= DEEPEST => self.too_deep(),
            b'{' => self.object(),
            b'[' => self.list(),
            b'"' => self.string(true).map(Value::String),
            _ => self.word(),
        }
    }

    fn object(&mut self) -> Option<Value> {
        let mut fields = Map::new();
        self.at += 1;
        if self.follows(b'}') {
            return Some(Value::Object(fields));
        }
        loop {
            self.skip_space();
            let name = if self.peek()? == b'"' { self.string(false)? } else { return None };
            self.follows(b':').then_some(())?;
            self.path.push(name.clone());
            let value = self.value()?;
            self.path.pop();
            fields.insert(name, value);
            if !self.follows(b',') {
                return self.follows(b'}').then_some(Value::Object(fields));
            }
        }
    }

    fn list(&mut self) -> Option<Value> {
        let mut values = Vec::new();
        self.at += 1;
        if self.follows(b']') {
            return Some(Value::Array(values));
        }
        loop {
            self.path.push(values.len().to_string());
            values.push(self.value()?);
            self.path.pop();
            if !self.follows(b',') {
                return self.follows(b']').then_some(Value::Array(values));
            }
        }
    }

    /// A text. `is_value`: it may go on where a text of an earlier one of the row ended.
    fn string(&mut self, is_value: bool) -> Option<String> {
        self.at += 1;
        let mut said = String::new();
        let mut open = if is_value { self.half_before() } else { None };
        loop {
            // Control characters stand for themselves, as their writer meant it.
            let rest = &self.text[self.at..];
            let plain = rest.find(['"', '\\'])?;
            self.at += plain;
            self.lone(open.take_if(|_| plain > 0), &mut said);
            said.push_str(&rest[..plain]);
            if self.peek()? == b'"' {
                self.at += 1;
                self.end_with(open, is_value, &mut said);
                return Some(said);
            }
            let escaped = self.escape()?;
            open = self.say(open, escaped, &mut said);
        }
    }

    /// Adds what an escape stands for behind a first half, if there is one. Gives the first half that is open then.
    fn say(&mut self, open: Option<u16>, escaped: Escaped, said: &mut String) -> Option<u16> {
        match (open, escaped) {
            (Some(first), Escaped::Half(second @ 0xDC00..)) => {
                said.extend(char::decode_utf16([first, second]).map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER)));
                None
            }
            (open, Escaped::Character(character)) => {
                self.lone(open, said);
                said.push(character);
                None
            }
            (open, Escaped::Half(second @ 0xDC00..)) => {
                self.lone(open, said);
                self.lone(Some(second), said);
                None
            }
            (open, Escaped::Half(first)) => {
                self.lone(open, said);
                Some(first)
            }
        }
    }

    /// The end of a text, behind an open half: it may go on in the next one of a row.
    fn end_with(&mut self, open: Option<u16>, is_value: bool, said: &mut String) {
        let keeps = is_value && self.halves.as_ref().is_some_and(|halves| halves.len() < MOST_HALVES);
        let Some(first) = open.filter(|_| keeps) else { return self.lone(open, said) };
        let pointer = self.pointer();
        if let Some(halves) = &mut self.halves {
            halves.insert(pointer, first);
        }
    }

    fn half_before(&mut self) -> Option<u16> {
        let is_open = self.halves.as_ref().is_some_and(|halves| !halves.is_empty());
        let pointer = is_open.then(|| self.pointer())?;
        self.halves.as_mut()?.remove(&pointer)
    }

    fn lone(&mut self, half: Option<u16>, said: &mut String) {
        if let Some(half) = half {
            said.push(char::REPLACEMENT_CHARACTER);
            self.odd(format!("The text has half of a character, `\\u{half:04x}`."), false);
        }
    }

    fn escape(&mut self) -> Option<Escaped> {
        let kind = *self.text.as_bytes().get(self.at + 1)?;
        self.at += 2;
        let character = match kind {
            b'"' | b'\\' | b'/' => char::from(kind),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unit(),
            _ => return None,
        };
        Some(Escaped::Character(character))
    }

    fn unit(&mut self) -> Option<Escaped> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        let unit = u16::from_str_radix(digits, 16).ok()?;
        self.at += 4;
        Some(char::from_u32(unit.into()).map_or(Escaped::Half(unit), Escaped::Character))
    }

    /// A number or one of the words of JSON, or of those that some write for numbers that are none.
    fn word(&mut self) -> Option<Value> {
        let rest = &self.text[self.at..];
        let length = rest.find(|character: char| ",]}:\"[{".contains(character) || character.is_ascii_whitespace());
        let word = &rest[..length.unwrap_or(rest.len())];
        self.at += word.len();
        if let Ok(value) = serde_json::from_str(word) {
            return Some(value);
        }
        let is_written_as_number = word.trim_start_matches('-').starts_with(|first: char| first.is_ascii_digit());
        let is_too_large = is_written_as_number && word.parse().is_ok_and(f64::is_infinite);
        if !is_too_large && !["NaN", "Infinity", "-Infinity"].contains(&word) {
            return None;
        }
        self.odd(format!("`{}` is not a number that JSON can have.", word.chars().take(LONGEST_WORD).collect::<String>()), true);
        Some(Value::Null)
    }

    /// Passes over an object or a list with all that is in it.
    fn too_deep(&mut self) -> Option<Value> {
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        for (place, byte) in self.text.bytes().enumerate().skip(self.at) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if in_string => escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at = place + 1;
                self.odd(format!("It is nested more than {DEEPEST} levels deep."), true);
                return Some(Value::Null);
            }
        }
        None
    }

    fn odd(&mut self, reason: String, is_lost: bool) {
        // One more than may be says that there are too many.
        if self.oddities.len() <= MOST_ODDITIES {
            let pointer = self.pointer();
            self.oddities.push(Oddity { pointer, reason, is_lost });
        }
    }

    /// Where the reader is, as far as that is worth keeping: names may be as long as the text.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for name in &self.path {
            if pointer.len() >= LONGEST_POINTER {
                break;
            }
            let name: String = name.chars().take(LONGEST_POINTER).collect();
            pointer.push('/');
            pointer.push_str(&pointer_part(&name));
        }
        pointer
    }

    /// Whether this byte is next, and if so passes it.
    fn follows(&mut self, byte: u8) -> bool {
        self.skip_space();
        let follows = self.peek() == Some(byte);
        self.at += usize::from(follows);
        follows
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn odd(text: &str) -> (Value, Vec<(String, String)>) {
        let reading = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        (reading.value, reading.oddities.into_iter().map(|oddity| (oddity.pointer, oddity.reason)).collect())
    }

    #[test]
    fn what_is_no_json_is_read_for_what_it_can_mean_and_its_place_is_told() {
        for (text, value, pointer, reason) in [
            (r#"{"a":"x\ud83dy"}"#, json!({"a": "x\u{fffd}y"}), "/a", r"`\ud83d`"),
            (r#"{"a":"\ude00"}"#, json!({"a": "\u{fffd}"}), "/a", r"`\ude00`"),
            (r#"{"a":["\ud83d\ud83d\ude00"]}"#, json!({"a": ["\u{fffd}😀"]}), "/a/0", r"`\ud83d`"),
            (r#"["\ud83d\u0041"]"#, json!(["\u{fffd}A"]), "/0", r"`\ud83d`"),
            (r#"{"a/b":{"c":NaN}}"#, json!({"a/b": {"c": null}}), "/a~1b/c", "`NaN`"),
            ("[1, -Infinity]", json!([1, null]), "/1", "`-Infinity`"),
            (r#"{"n": 1e999}"#, json!({"n": null}), "/n", "`1e999`"),
            ("Infinity", json!(null), "", "`Infinity`"),
        ] {
            let (read, oddities) = odd(text);
            assert_eq!(read, value, "{text}");
            assert!(oddities.len() == 1 && oddities[0].0 == pointer && oddities[0].1.contains(reason), "{text}: {oddities:?}");
        }
        assert_eq!(odd("{\"a\":\"b\tc\u{1}\"}"), (json!({"a": "b\tc\u{1}"}), Vec::new()), "a control character means itself");
    }

    #[test]
    fn what_is_nested_too_deeply_takes_nothing_beside_it() {
        for levels in [DEEPEST, 127, 200, 100_000] {
            let text = format!("{{\"deep\":{}{},\"flat\":[\"]\\\"\", 1]}}", "[".repeat(levels), "]".repeat(levels));
            let (value, oddities) = odd(&text);
            assert_eq!(value["flat"], json!(["]\"", 1]), "{levels}");
            assert!(oddities.is_empty() || oddities[0].1.contains("nested"), "{oddities:?}");
        }
    }

    #[test]
    fn long_names_around_what_is_odd_take_no_memory() {
        let name = "ä".repeat(1 << 20);
        let (value, oddities) = odd(&format!("{{\"{name}\":{{\"{name}\":[NaN,NaN]}}}}"));
        assert_eq!(value[&name][&name], json!([null, null]));
        assert!(oddities.len() == 2 && oddities.iter().all(|(pointer, _)| pointer.len() < 3 * LONGEST_POINTER), "{}", oddities.len());
    }

    #[test]
    fn the_rest_stays_no_json() {
        let more = format!("[{}1]", "NaN,".repeat(MOST_ODDITIES + 1));
        for text in [
            "",
            " ",
            "{",
            "[1,]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "nan",
            "1e9999x",
            "--1",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud83",
            "{} {}",
            "[NaN",
            "{\"a\":NaN]",
            "'a'",
            "undefined",
            "[1 2]",
            &more,
        ] {
            assert!(read(text).is_err(), "{}", &text[..text.len().min(30)]);
        }
    }

    #[test]
    fn a_part_keeps_what_is_odd_in_it() {
        let reading = read(r#"{"results":NaN,"result":{"a":NaN},"id":1}"#).unwrap().part("result");
        assert_eq!((reading.value, reading.oddities.len(), reading.oddities[0].pointer.as_str()), (json!({"a": null}), 1, "/a"));
        assert_eq!(read("[]").unwrap().part("x"), Reading::default());
    }

    #[test]
    fn halves_in_two_texts_of_a_row_are_one_character() {
        let mut row = Row::default();
        let texts = [
            (r#"{"d":{"t":"a\ud83d"}}"#, json!({"d": {"t": "a"}})),
            (r#"{"type":"ping"}"#, json!({"type": "ping"})),
            (r#"{"d":{"t":"\ude00b"}}"#, json!({"d": {"t": "😀b"}})),
            (r#"{"d":{"t":"\ud83d"}}"#, json!({"d": {"t": ""}})),
            (r#"{"d":{"t":"c"}}"#, json!({"d": {"t": "\u{fffd}c"}})),
            (r#"{"d":{"t":"\ude00"}}"#, json!({"d": {"t": "\u{fffd}"}})),
            (r#"{"d":{"t":"\ud83d"}}"#, json!({"d": {"t": ""}})),
            (r#"{"d":{"t":"\n"}}"#, json!({"d": {"t": "\u{fffd}\n"}})),
        ];
        for (text, value) in texts {
            assert_eq!(row.read(text).unwrap(), value, "{text}");
        }
        assert!(row.read("{").is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

        #[test]
        fn what_is_json_is_read_as_the_strict_parser_reads_it(text in "[\\[\\]{}:,\"a0-9\\\\un .eE\\-]{0,40}") {
            let strict = serde_json::from_str::<Value>(&text);
            let reading = Reader::new(&text, None).whole();
            match (strict, reading) {
                (Ok(value), Some(reading)) => prop_assert_eq!((value, 0), (reading.value, reading.oddities.len())),
                (Ok(_), None) => prop_assert!(false, "{} is not read", text),
                _ => {}
            }
        }
    }
}
