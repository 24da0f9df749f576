//! Finds the JSON document in what a model wrote, also between other words. Never chooses between two that differ.

use serde_json::Value;

use crate::schema;

/// Bytes that are looked through for documents, each as often as it stands in one that is opened.
const MOST_READ: usize = 8 << 20;
/// Violations that a model is shown at once.
const MOST_SHOWN: usize = 12;

/// The one document of a text that satisfies the schema. The error is a sentence or a list for the model.
pub(super) fn satisfying(text: &str, schema: &Value) -> Result<Value, String> {
    let candidates = candidates(text);
    let mut fitting: Vec<Value> = Vec::new();
    for candidate in candidates.iter().filter_map(|candidate| unwrapped(candidate, schema)) {
        if !fitting.contains(&candidate) {
            fitting.push(candidate);
        }
    }
    match fitting.len() {
        1 => Ok(fitting.remove(0)),
        0 => Err(candidates.first().map_or_else(|| not_json(text), |candidate| violations(candidate, schema))),
        several => Err(format!("The reply holds {several} different JSON documents that could be the answer. Send the one that is.")),
    }
}

/// The document itself where it satisfies the schema, or what it is wrapped in: an object with the member `answer` alone, or
/// a text that is JSON.
pub(super) fn unwrapped(document: &Value, schema: &Value) -> Option<Value> {
    let fits = |value: &Value| schema::violations(schema, value).is_empty();
    if fits(document) {
        return Some(document.clone());
    }
    let inside = match document {
        Value::Object(members) if members.len() == 1 => members.get("answer")?,
        _ => document,
    };
    match inside {
        Value::String(text) => serde_json::from_str(text).ok().filter(fits),
        _ if fits(inside) => Some(inside.clone()),
        _ => None,
    }
}

/// What of the schema a document does not satisfy, as a list for the model.
pub(super) fn violations(document: &Value, schema: &Value) -> String {
    let found = schema::violations(schema, document);
    let more = found.len().saturating_sub(MOST_SHOWN);
    let listed = schema::listed(&found[..found.len() - more]);
    let rest = if more > 0 { format!("\n- and {more} more") } else { String::new() };
    format!("The answer does not satisfy the schema:\n{listed}{rest}")
}

/// The documents that a text holds: it is one, its code fence holds one, or objects and lists stand between words.
pub(super) fn candidates(text: &str) -> Vec<Value> {
    let text = text.trim().trim_start_matches('\u{feff}');
    if let Some(whole) = read(text) {
        return vec![whole];
    }
    // Strings of a document may hold fences: the outermost are tried before the text is looked through.
    if let Some(inside) = fenced(text).and_then(read) {
        return vec![inside];
    }
    let mut found = Vec::new();
    let (mut at, mut left) = (0, MOST_READ);
    while let Some(start) = text[at..].find(['{', '[']).map(|offset| at + offset) {
        let Some(end) = end_of(&text[start..]).map(|length| start + length) else {
            left = left.saturating_sub(text.len() - start);
            at = start + 1;
            if left == 0 { break } else { continue }
        };
        left = left.saturating_sub(end - start);
        match read(&text[start..end]) {
            Some(document) => {
                found.push(document);
                at = end;
            }
            None => at = start + 1,
        }
        if left == 0 {
            break;
        }
    }
    found
}

/// JSON, or JSON with a comma behind the last member, or with typographic quotation marks alone.
fn read(text: &str) -> Option<Value> {
    if let Ok(document) = serde_json::from_str(text) {
        return Some(document);
    }
    if !text.starts_with(['{', '[']) {
        return None;
    }
    let straight = if text.contains('"') { text.to_owned() } else { text.replace(['“', '”', '„'], "\"") };
    serde_json::from_str(&without_last_commas(&straight)).ok()
}

fn without_last_commas(text: &str) -> String {
    let (mut kept, mut inside, mut escaped) = (String::with_capacity(text.len()), false, false);
    for character in text.chars() {
        if !inside && matches!(character, '}' | ']') {
            let content = kept.trim_end().len();
            if kept[..content].ends_with(',') {
                kept.truncate(content - 1);
            }
        }
        (inside, escaped) = match (inside, escaped, character) {
            (true, true, _) => (true, false),
            (true, false, '\\') => (true, true),
            (_, _, '"') => (!inside, false),
            _ => (inside, false),
        };
        kept.push(character);
    }
    kept
}

/// How long the object or list is with which a text begins; none where it does not end.
fn end_of(text: &str) -> Option<usize> {
    let (mut open, mut inside, mut escaped) = (0_usize, false, false);
    for (place, byte) in text.bytes().enumerate() {
        match (inside, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (_, _, b'"') => inside = !inside,
            (true, ..) => {}
            (_, _, b'{' | b'[') => open += 1,
            (_, _, b'}' | b']') => {
                open -= 1;
                if open == 0 {
                    return Some(place + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// From the first opening fence to the last closing one.
fn fenced(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```")?;
    let (_, body) = after.split_once('\n')?;
    let (inside, _) = body.rsplit_once("```")?;
    Some(inside.trim())
}

fn not_json(text: &str) -> String {
    let inside = fenced(text).unwrap_or_else(|| text.trim());
    match serde_json::from_str::<Value>(inside) {
        Err(error) if inside.starts_with(['{', '[']) => format!("The reply is not a JSON document: {error}."),
        _ => "The reply is not a JSON document.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] })
    }

    #[test]
    fn the_document_is_found_wherever_it_stands() {
        for text in [
            r#"{"n":1}"#,
            "\u{feff} {\"n\":1}\n",
            "```json\n{\"n\":1}\n```",
            "Here it is:\n```json\n{\"n\":1}\n```\nDone.",
            r#"I looked at [1] and {that}. The answer is {"n": 1}, as you see."#,
            r#"{"n": 1,}"#,
            "So:\n{\"n\": 1,\n}\nThat is all.",
            "{“n”: 1}",
            r#"{"answer": {"n": 1}}"#,
            r#"{"answer": "{\"n\": 1}"}"#,
            r#""{\"n\": 1}""#,
            "First ```sh\nls {a}\n``` and then ```json\n{\"n\":1}\n```",
            r#"{"n":1} I say it again: {"n": 1}"#,
            r#"It's "quoted { here": {"n":1}"#,
        ] {
            let found = satisfying(text, &schema());
            assert_eq!(found.map(|document| document["n"].clone()), Ok(json!(1)), "{text}");
        }
        let code = "```\n{\"n\":1, \"code\":\"```sh {\"}\n```";
        assert_eq!(satisfying(code, &schema()).map(|document| document["code"].clone()), Ok(json!("```sh {")));
    }

    #[test]
    fn two_that_differ_are_not_chosen_between() {
        let problem = satisfying(r#"{"n":1} or rather {"n":2}"#, &schema()).expect_err("which?");
        assert!(problem.contains("2 different JSON documents"), "{problem}");
        let one = satisfying(r#"Not {"m":1} but {"n":2}"#, &schema());
        assert_eq!(one, Ok(json!({ "n": 2 })), "the other does not satisfy the schema");
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, expected) in [
            ("", "not a JSON document."),
            ("I am done.", "not a JSON document."),
            ("{\"n\": ", "not a JSON document: EOF"),
            ("{}", "lacks `n`"),
            ("Well: {\"n\": \"x\"}.", "/n must be of type integer"),
            ("7", "must be of type object"),
        ] {
            let problem = satisfying(text, &schema()).expect_err(text);
            assert!(problem.contains(expected), "{text}: {problem}");
        }
        let many = json!({ "type": "object", "properties": {}, "required": (0..50).map(|n| format!("m{n}")).collect::<Vec<_>>() });
        let problem = satisfying("{}", &many).expect_err("it lacks fifty");
        assert!(problem.lines().count() <= MOST_SHOWN + 2, "{problem}");
    }

    #[test]
    fn odd_texts_take_bounded_time() {
        for text in ["[".repeat(1 << 20), "{\"a\":".repeat(1 << 18), "[\"".repeat(1 << 19), "{]".repeat(1 << 19), "“{".repeat(1 << 18)] {
            assert!(satisfying(&text, &schema()).is_err());
        }
    }
}
