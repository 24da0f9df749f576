//! Finds settings that nothing reads and that look like one that something does. Says nothing of other unknown settings: a
//! plugin may read them.

use serde_json::Value;

use super::described::{TABLES, is_chosen};

/// Tables that limit something. A misspelt limit limits nothing, so it is an error.
const BINDING: &[&str] = &["api", "compile", "limits", "sandbox", "setup", "signatures"];

/// The first of the misspelt keys without which the host would allow more than its operator said, and the key meant.
pub fn misspelt_bound(settings: &Value) -> Option<(String, String)> {
    misspelt(settings).into_iter().find(|(_, meant)| {
        let mut words = meant.split('.');
        words.next().is_some_and(|word| BINDING.contains(&word)) || (meant.starts_with("plugins.") && meant.ends_with(".limits"))
    })
}

/// The dotted keys that are perhaps misspelt, each with the key that is perhaps meant.
pub fn misspelt(settings: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    // The one that fits a run has no words below it.
    if settings.get("model").is_some_and(Value::is_object) {
        found.push(("model".to_owned(), "models".to_owned()));
    }
    let known: Vec<Vec<&str>> = TABLES.iter().flat_map(|table| table.settings.iter().map(|setting| table.path(setting))).collect();
    let known: Vec<&[&str]> = known.iter().map(Vec::as_slice).collect();
    search(settings, "", &known, &mut found);
    found
}

/// Adds what is misspelt in `table`, which lies at `place`, a key that ends with a dot. `known` are the ways on from there.
fn search(table: &Value, place: &str, known: &[&[&str]], found: &mut Vec<(String, String)>) {
    let fixed = || known.iter().filter_map(|way| way.first()).filter(|name| !is_chosen(name));
    for (word, value) in table.as_object().into_iter().flatten() {
        let is_known = fixed().any(|name| name == word);
        match fixed().find(|name| !is_known && is_like(word, name)) {
            Some(meant) => found.push((format!("{place}{word}"), format!("{place}{meant}"))),
            None => {
                let leads_on = |name: &str| if is_known { name == word } else { is_chosen(name) };
                let on: Vec<&[&str]> =
                    known.iter().filter_map(|way| way.split_first()).filter(|(name, _)| leads_on(name)).map(|(_, way)| way).collect();
                search(value, &format!("{place}{word}."), &on, found);
            }
        }
    }
}

/// Letters that are enough to tell which word was cut off.
const SHORTEST_BEGINNING: usize = 4;

/// One letter too many, too few, wrong, or two of them in the wrong order; `_` for `-`; capitals; or cut off.
fn is_like(word: &str, known: &str) -> bool {
    let word: Vec<char> = word.to_lowercase().replace('_', "-").chars().collect();
    let known: Vec<char> = known.chars().collect();
    if word.len() >= SHORTEST_BEGINNING && known.starts_with(&word) {
        return true;
    }
    let same = word.iter().zip(&known).take_while(|(one, other)| one == other).count();
    let (word, known) = (&word[same..], &known[same..]);
    match (word, known) {
        ([one, other, word @ ..], [first, second, known @ ..]) if one == second && other == first && word == known => true,
        ([], []) => true,
        _ => {
            word.get(1..).unwrap_or_default() == known.get(1..).unwrap_or_default()
                || word.get(1..) == Some(known)
                || known.get(1..) == Some(word)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(settings: &Value) -> Vec<String> {
        misspelt(settings).into_iter().map(|(key, meant)| format!("{key}: {meant}")).collect()
    }

    #[test]
    fn a_word_that_looks_like_a_known_one_is_found_at_any_depth() {
        assert_eq!(found(&json!({ "provider": {}, "model": { "default": "a/b" } })), ["model: models", "provider: providers"]);
        assert_eq!(
            found(&json!({ "models": { "defualt": "a/b", "Stream": false } })),
            ["models.defualt: models.default", "models.Stream: models.stream"]
        );
        assert_eq!(found(&json!({ "plugins": { "mary": { "modle": "a/b" } } })), ["plugins.mary.modle: plugins.mary.model"]);
        assert_eq!(
            found(&json!({ "registries": { "ghcr.io": { "users": "ada" } } })),
            ["registries.ghcr.io.users: registries.ghcr.io.user"]
        );
        assert_eq!(found(&json!({ "story": { "file-mb": 5 } })), ["story.file-mb: story.file-mib"]);
        assert_eq!(found(&json!({ "decide": { "treshold": 0.5 }, "compile": { "time_s": 3 }, "limit": {} })).len(), 3);
    }

    #[test]
    fn a_misspelt_bound_is_told_from_other_words() {
        let bound = |settings: Value| misspelt_bound(&settings).map(|(key, meant)| format!("{key}: {meant}"));
        for (settings, told) in [
            (json!({ "limits": { "memory-mb": 64 } }), "limits.memory-mb: limits.memory-mib"),
            (json!({ "signature": { "policy": "require" } }), "signature: signatures"),
            (json!({ "Signatures": { "policy": "require" } }), "Signatures: signatures"),
            (json!({ "limit": { "calls": 1 } }), "limit: limits"),
            (json!({ "plugins": { "x.y": { "limit": {} } } }), "plugins.x.y.limit: plugins.x.y.limits"),
            (json!({ "compile": { "time": 5 } }), "compile.time: compile.time-s"),
            (json!({ "sandbox": { "keep-free": 5 } }), "sandbox.keep-free: sandbox.keep-free-mib"),
        ] {
            assert_eq!(bound(settings).as_deref(), Some(told));
        }
        for harmless in
            [json!({ "model": { "default": "a/b" } }), json!({ "plugins": { "x": { "limits": {}, "modle": "a/b" } } }), json!([])]
        {
            assert_eq!(bound(harmless), None);
        }
    }

    #[test]
    fn known_words_and_those_of_plugins_are_not() {
        let settings = json!({
            "operator": "ann", "model": ["a/b"], "models": { "default": "fast", "fast": "a/b", "coder": "a/b" },
            "plugins": { "mary": { "model": "a/b", "tone": "dry" } }, "mine": { "default": 1 }, "runs": { "at-once": 3 },
        });
        assert_eq!(found(&settings), [""; 0]);
        for odd in [json!(null), json!([]), json!({ "models": 5, "plugins": [1], "": {} }), json!({ "plugins": { "mary": "x" } })] {
            assert_eq!(found(&odd), [""; 0], "{odd}");
        }
    }
}
