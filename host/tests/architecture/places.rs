//! What may stand in one place alone: SQL, statuses, printing, the environment; and what may stand nowhere.

use crate::source::{Source, Violation};

/// Only the store speaks to a database.
pub(crate) fn sql_stays_in_store(sources: &[Source]) -> Vec<Violation> {
    let elsewhere = host_sources(sources).filter(|source| !source.path.starts_with("host/src/store/"));
    words_in(elsewhere, &["sqlx"], "SQL belongs in host/src/store; declare a port here and implement it there")
}

/// Only the API decides with which HTTP status to answer. Clients may read those of others, from `reqwest` or `hyper`.
pub(crate) fn statuses_stay_in_api(sources: &[Source]) -> Vec<Violation> {
    const ADVICE: &str = "HTTP statuses belong in host/src/api; give the error a kind and map it there";
    let elsewhere = || host_sources(sources).filter(|source| !source.path.starts_with("host/src/api/"));
    let mut violations = words_in(elsewhere(), &["axum"], ADVICE);
    violations.extend(words_in(
        elsewhere().filter(|source| !["reqwest", "hyper"].iter().any(|client| source.bare.contains(client))),
        &["StatusCode"],
        ADVICE,
    ));
    violations
}

/// Whoever asks for an operation may be a command, a request or a page.
pub(crate) fn operations_know_no_skin(sources: &[Source]) -> Vec<Violation> {
    const ADVICE: &str = "operations know no command line, no HTTP and no terminal; give a typed view and let the skin show it";
    let operations = host_sources(sources).filter(|source| source.path.starts_with("host/src/operations/"));
    words_in(operations, &["clap", "axum", "http", "anstream", "jiff::tz"], ADVICE)
}

/// What is printed as JSON is a view.
pub(crate) fn documents_are_views(sources: &[Source]) -> Vec<Violation> {
    const ADVICE: &str = "print a view of an operation; a document that is put together by hand has no schema";
    let skins = host_sources(sources).filter(|source| source.path.starts_with("host/src/cli/"));
    words_in(skins, &["json!"], ADVICE)
}

/// Nothing that is read from a request or a file becomes an authority to merge.
pub(crate) fn merging_is_ordered_in_one_place(sources: &[Source]) -> Vec<Violation> {
    const ADVICE: &str = "only the merge of a pull request gives a run the authority to merge";
    let allowed = ["host/src/operations/pull_requests/land.rs", "host/src/interfaces/forge/", "host/src/interfaces/run_options.rs"];
    let elsewhere = host_sources(sources).filter(|source| !allowed.iter().any(|place| source.path.starts_with(place)));
    words_in(elsewhere, &["MergeAuthority::of_order"], ADVICE)
}

/// What an event carries is declared in the table of its room, so that none is missing in docs/events.md.
pub(crate) fn payloads_are_declared_in_tables(sources: &[Source]) -> Vec<Violation> {
    const ADVICE: &str = "declare what an event carries by `events::payloads!` in the `events.rs` of its room";
    let elsewhere = host_sources(sources).filter(|source| !source.path.starts_with("host/src/events/"));
    words_in(elsewhere, &["Payload for"], ADVICE)
}

/// Only the command line speaks to a terminal; the log goes to standard error.
pub(crate) fn printing_stays_in_cli(sources: &[Source]) -> Vec<Violation> {
    let prints = |path: &str| path.starts_with("host/src/cli/") || ["host/src/main.rs", "host/src/telemetry.rs"].contains(&path);
    let elsewhere = host_sources(sources).filter(|source| !prints(&source.path));
    let words = ["println!", "eprintln!", "print!", "eprint!", "stdout", "stderr"];
    let spawns = |text: &str, position: usize| {
        // What a child process does with its own streams is no printing.
        let (before, after) = (&text[..position], &text[position..]);
        before.ends_with('.') || before.ends_with("fn ") || !after[6..].trim_start().starts_with('(')
    };
    let found = words_with_places(elsewhere, &words);
    let printing = found.filter(|(source, position, word)| word.ends_with('!') || !spawns(&source.bare, *position));
    printing
        .map(|(source, position, _)| {
            source.violation(&source.bare, position, "printing belongs in host/src/cli; return the text, or use `tracing`")
        })
        .collect()
}

/// Each library that speaks to something outside is used by the one interface that is for it.
pub(crate) fn clients_stay_in_their_interface(sources: &[Source]) -> Vec<Violation> {
    const CLIENTS: [(&[&str], &str); 4] = [
        (&["gix"], "git"),
        (&["bollard"], "sandbox"),
        (&["octocrab"], "forge"),
        (&["hyper_rustls", "hyper_util", "rustls_platform_verifier"], "llm"),
    ];
    let of = |(library, interface)| {
        let home = format!("host/src/interfaces/{interface}/");
        // What listens for the API is built with the same library as what asks models, and asks nobody.
        let is_at_home = |source: &&Source| source.path.starts_with(&home) || source.path == "host/src/api/server.rs";
        let elsewhere = host_sources(sources).filter(|source| !is_at_home(source));
        words_in(elsewhere, library, "ask the interface whose library it is")
    };
    CLIENTS.into_iter().flat_map(of).collect()
}

/// Only the configuration reads environment variables; the command line may name the one for its data directory.
pub(crate) fn environment_stays_in_config(sources: &[Source]) -> Vec<Violation> {
    const ADVICE: &str = "environment variables are read in host/src/config.rs alone; add a field to its Config";
    let is_config = |path: &str| path == "host/src/config.rs" || path.starts_with("host/src/config/");
    let mut violations = Vec::new();
    for source in host_sources(sources).filter(|source| !is_config(&source.path)) {
        for word in ["env::var", "env::{var", "env::set_var", "env::remove_var"] {
            violations.extend(source.bare.match_indices(word).map(|(position, _)| source.violation(&source.bare, position, ADVICE)));
        }
        let attribute =
            places_of(&source.code, "env").into_iter().filter(|position| source.code[position + 3..].trim_start().starts_with("= \""));
        let allowed =
            |position: usize| source.path.starts_with("host/src/cli/") && source.code[position..].starts_with("env = \"BATON_DATA_DIR\"");
        violations
            .extend(attribute.filter(|position| !allowed(*position)).map(|position| source.violation(&source.code, position, ADVICE)));
    }
    violations
}

/// Statics hold constants, never anything that changes.
pub(crate) fn no_static_state(sources: &[Source]) -> Vec<Violation> {
    const CHANGING: &[&str] = &["Mutex", "RwLock", "Atomic", "Once", "Lazy", "Cell", "static mut"];
    const ADVICE: &str = "a static must not hold state; put it into a field of `App` and pass it down";
    // A component's imports are fixed when it is linked; what stands in for them in a plugin's tests has to be as near.
    const IMPORT_TABLE: &str = "sdk/src/testing/installed.rs";
    let mut violations = Vec::new();
    for source in sources.iter().filter(|source| source.path != IMPORT_TABLE) {
        for position in places_of(&source.bare, "static") {
            let end = source.bare[position..].find(['=', ';']).map_or(source.bare.len(), |length| position + length);
            let item = &source.bare[position..end];
            let lifetime = source.bare[..position].ends_with('\'');
            if !lifetime && CHANGING.iter().any(|word| item.contains(word)) {
                violations.push(source.violation(&source.bare, position, ADVICE));
            }
        }
        for word in ["thread_local!", "lazy_static!"] {
            violations.extend(source.bare.match_indices(word).map(|(position, _)| source.violation(&source.bare, position, ADVICE)));
        }
    }
    violations
}

/// What is to be done is an issue, not a comment. A text may hold such a word, which is one of a format.
pub(crate) fn nothing_left_over(sources: &[Source]) -> Vec<Violation> {
    // Put together here, so that this file has none of them.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X"]].map(|halves| halves.concat());
    let mut violations = Vec::new();
    for (source, word) in sources.iter().flat_map(|source| words.iter().map(move |word| (source, word))) {
        let is_comment = |position: &usize| source.text[..*position].lines().next_back().is_some_and(|line| line.contains("//"));
        let places = places_of(&source.text, word).into_iter().filter(is_comment).collect::<Vec<_>>();
        violations.extend(
            places.into_iter().map(|position| source.violation(&source.text, position, format!("`{word}`: do it, or file an issue"))),
        );
    }
    violations
}

fn host_sources(sources: &[Source]) -> impl Iterator<Item = &Source> {
    sources.iter().filter(|source| source.path.starts_with("host/src/"))
}

fn words_in<'a>(sources: impl Iterator<Item = &'a Source>, words: &'a [&'a str], advice: &str) -> Vec<Violation> {
    words_with_places(sources, words).map(|(source, position, _)| source.violation(&source.bare, position, advice)).collect()
}

fn words_with_places<'a>(
    sources: impl Iterator<Item = &'a Source>,
    words: &[&'a str],
) -> impl Iterator<Item = (&'a Source, usize, &'a str)> {
    sources.flat_map(move |source| {
        words.iter().flat_map(move |word| places_of(&source.bare, word).into_iter().map(move |position| (source, position, *word)))
    })
}

/// Where `word` stands as a word of its own.
fn places_of(text: &str, word: &str) -> Vec<usize> {
    let in_word = |character: char| character.is_alphanumeric() || character == '_';
    let alone = |position: &usize| {
        let after = &text[position + word.len()..];
        !text[..*position].ends_with(in_word) && (word.ends_with('!') || !after.starts_with(in_word))
    };
    text.match_indices(word).map(|(position, _)| position).filter(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rule: fn(&[Source]) -> Vec<Violation>, path: &str, text: &str) -> usize {
        rule(&[Source::new(path, text)]).len()
    }

    #[test]
    fn sql_elsewhere_is_found() {
        assert_eq!(count(sql_stays_in_store, "host/src/store/runs.rs", "sqlx::query(a)"), 0);
        assert_eq!(count(sql_stays_in_store, "host/src/app.rs", "sqlx::query(a); // sqlx"), 1);
    }

    #[test]
    fn statuses_elsewhere_are_found() {
        assert_eq!(count(statuses_stay_in_api, "host/src/api/error.rs", "use axum::http::StatusCode;"), 0);
        assert_eq!(count(statuses_stay_in_api, "host/src/interfaces/llm/a.rs", "use reqwest::StatusCode;"), 0);
        assert_eq!(count(statuses_stay_in_api, "host/src/app.rs", "fn f() -> StatusCode {}"), 1);
        assert_eq!(count(statuses_stay_in_api, "host/src/kernel/a.rs", "use axum::Router;"), 1);
    }

    #[test]
    fn a_document_made_by_hand_is_found() {
        assert_eq!(count(documents_are_views, "host/src/cli/run.rs", "json!({ \"a\": 1 })"), 1);
        assert_eq!(count(documents_are_views, "host/src/interfaces/run/host.rs", "json!({ \"a\": 1 })"), 0);
    }

    #[test]
    fn printing_elsewhere_is_found() {
        let rule = printing_stays_in_cli;
        assert_eq!(count(rule, "host/src/cli/run.rs", "println!(\"a\"); io::stdout()"), 0);
        assert_eq!(count(rule, "host/src/app.rs", "\"println!\"; // println!\ncommand.stdout(Stdio::null()); output.stderr"), 0);
        assert_eq!(count(rule, "host/src/app.rs", "println!(\"a\"); eprint!(\"b\"); io::stdout().lock(); std::io::stderr()"), 4);
        assert_eq!(count(rule, "host/src/app.rs", "#[cfg(test)]\nmod tests { fn f() { println!() } }"), 0);
    }

    #[test]
    fn a_client_elsewhere_is_found() {
        let rule = clients_stay_in_their_interface;
        assert_eq!(count(rule, "host/src/interfaces/git/a.rs", "use gix::bstr;"), 0);
        assert_eq!(count(rule, "host/src/interfaces/forge/a.rs", "use gix::bstr; fn f() { octocrab::f() }"), 1);
        assert_eq!(count(rule, "host/src/app.rs", "use bollard::Docker; // octocrab::a"), 1);
    }

    #[test]
    fn the_environment_elsewhere_is_found() {
        let rule = environment_stays_in_config;
        assert_eq!(count(rule, "host/src/config.rs", "std::env::var(\"A\")"), 0);
        assert_eq!(count(rule, "host/src/cli/mod.rs", "#[arg(long, env = \"BATON_DATA_DIR\")]"), 0);
        assert_eq!(count(rule, "host/src/cli/mod.rs", "#[arg(long, env = \"BATON_OTHER\")]"), 1);
        assert_eq!(
            count(
                rule,
                "host/src/app.rs",
                "#[arg(env = \"BATON_DATA_DIR\")] env::var_os(a); env::vars(); env!(\"OUT_DIR\"); env::temp_dir()"
            ),
            3
        );
    }

    #[test]
    fn state_in_a_static_is_found() {
        let path = "sdk/src/lib.rs";
        assert_eq!(count(no_static_state, path, "static A: [u8; 2] = *b\"ab\"; fn f(a: &'static Mutex<u8>) {}"), 0);
        assert_eq!(count(no_static_state, path, "static A: Mutex<u8> = b; static mut C: u8 = 1; static D: OnceLock<u8> = e;"), 3);
        assert_eq!(count(no_static_state, path, "thread_local! { }"), 1);
        assert_eq!(count(no_static_state, "sdk/src/testing/installed.rs", "thread_local! { }"), 0);
    }

    #[test]
    fn left_overs_are_found() {
        let mark = ["TO", "DO"].concat();
        assert_eq!(count(nothing_left_over, "sdk/src/lib.rs", "a mastodon"), 0);
        assert_eq!(count(nothing_left_over, "sdk/src/lib.rs", &format!("// {mark}: later")), 1);
        assert_eq!(count(nothing_left_over, "sdk/src/lib.rs", &format!("line.starts_with(\"{mark}\")")), 0);
    }
}
