//! Why a JSON document cannot be read as a type, for people: the words of the reading library are for programmers. Reads none.

/// What is wrong, a clause such as `` `name` is missing ``. Says nothing of lines and columns, which a document that was a file
/// once does not have any more.
pub fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or(&text);
    reword(text).unwrap_or_else(|| text.to_owned())
}

/// The library says each of these in one form.
fn reword(text: &str) -> Option<String> {
    if let Some(field) = text.strip_prefix("missing field ") {
        return Some(format!("{field} is missing"));
    }
    if let Some(field) = text.strip_prefix("duplicate field ") {
        return Some(format!("{field} is there twice"));
    }
    if let Some((field, known)) = text.strip_prefix("unknown field ").and_then(|rest| rest.split_once(", expected ")) {
        return Some(format!("{field} is not one of its fields, which are {}", known.trim_start_matches("one of ")));
    }
    if let Some(field) = text.strip_prefix("unknown field ").and_then(|rest| rest.strip_suffix(", there are no fields")) {
        return Some(format!("{field} is not one of its fields: it has none"));
    }
    if let Some((value, known)) = text.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected ")) {
        return Some(format!("{value} is not one of its values, which are {}", known.trim_start_matches("one of ")));
    }
    for prefix in ["invalid type: ", "invalid value: "] {
        if let Some((is, wanted)) = text.strip_prefix(prefix).and_then(|rest| rest.rsplit_once(", expected ")) {
            return Some(format!("it is {}, and has to be {}", article(is), article(wanted)));
        }
    }
    if let Some((is, wanted)) = text.strip_prefix("invalid length ").and_then(|rest| rest.split_once(", expected ")) {
        return Some(format!("it has {is} parts, and has to be {}", article(wanted)));
    }
    Some("it ends before it is complete".to_owned()).filter(|_| text.starts_with("EOF while parsing"))
}

/// With an article before the bare names of kinds; a value, such as `` integer `5` ``, has one before its kind, too.
fn article(words: &str) -> String {
    match words.split([' ', ',']).next().unwrap_or_default() {
        "string" | "boolean" | "map" | "sequence" | "floating" | "byte" | "character" => format!("a {words}"),
        "integer" => format!("an {words}"),
        number if is_number_type(number) => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "null" | "unit" => "null".to_owned(),
        "struct" => "an object".to_owned(),
        _ => words.to_owned(),
    }
}

fn is_number_type(word: &str) -> bool {
    matches!(word, "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" | "isize")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    #[allow(dead_code, reason = "only read")]
    struct Sample {
        name: String,
        #[serde(default)]
        count: u32,
        #[serde(default)]
        kind: Kind,
        #[serde(default)]
        pair: Option<(u8, u8)>,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        #[default]
        Story,
        Epic,
    }

    #[test]
    fn every_mistake_is_worded_for_people() {
        for (document, said) in [
            ("{}", "`name` is missing"),
            (r#"{"name": 5}"#, "it is an integer `5`, and has to be a string"),
            (r#"{"name": null}"#, "it is null, and has to be a string"),
            (r#"{"name": ["a, expected b"]}"#, "it is a sequence, and has to be a string"),
            (r#"{"name": "a", "count": "b"}"#, "it is a string \"b\", and has to be a whole number"),
            (r#"{"name": "a", "count": -1}"#, "it is an integer `-1`, and has to be a whole number"),
            (r#"{"name": "a", "nmae": "b"}"#, "`nmae` is not one of its fields, which are `name`, `count`, `kind`, `pair`"),
            (r#"{"name": "a", "kind": "tale"}"#, "`tale` is not one of its values, which are `story` or `epic`"),
            (r#"{"name": "a", "name": "b"}"#, "`name` is there twice"),
            (r#"{"name": "a", "pair": [1]}"#, "it has 1 parts, and has to be a tuple of size 2"),
            (r#"{"name": "a""#, "it ends before it is complete"),
            ("7", "it is an integer `7`, and has to be an object"),
        ] {
            let error = serde_json::from_str::<Sample>(document).unwrap_err();
            assert_eq!(describe(&error), said, "{document}: {error}");
        }
    }
}
