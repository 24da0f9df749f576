//! The rules of the house, read off the sources. Each failure says what stands where and what to do about it.
//!
//! A rule is a function from sources to violations, so that each can be shown to fail on sources made for it.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/completeness.rs"]
mod completeness;
#[path = "architecture/layers.rs"]
mod layers;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/places.rs"]
mod places;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/tree.rs"]
mod tree;
#[path = "architecture/words.rs"]
mod words;

use source::{Source, Violation};

fn hold(rule: fn(&[Source]) -> Vec<Violation>) {
    let sources = source::read_all();
    assert!(
        sources.iter().any(|source| source.path == "host/src/lib.rs"),
        "The sources were not found; run the test inside the repository."
    );
    let violations = rule(&sources);
    let list: String = violations.iter().map(|violation| format!("\n  {violation}")).collect();
    assert!(violations.is_empty(), "A rule of ARCHITECTURE.md is broken:{list}\n");
}

#[test]
fn modules_import_downwards() {
    hold(layers::modules_import_downwards);
}

#[test]
fn files_import_in_one_direction() {
    hold(circles::files_import_in_one_direction);
}

#[test]
fn payloads_are_declared_in_tables() {
    hold(places::payloads_are_declared_in_tables);
}

#[test]
fn interfaces_are_strangers_to_each_other() {
    hold(layers::interfaces_are_strangers);
}

#[test]
fn the_kernel_names_no_interface() {
    hold(layers::kernel_names_no_interface);
}

#[test]
fn sql_stays_in_the_store() {
    hold(places::sql_stays_in_store);
}

#[test]
fn statuses_stay_in_the_api() {
    hold(places::statuses_stay_in_api);
}

#[test]
fn operations_know_no_skin() {
    hold(places::operations_know_no_skin);
}

#[test]
fn documents_are_views() {
    hold(places::documents_are_views);
}

#[test]
fn described_types_have_names_of_their_own() {
    hold(names::described_types_have_names_of_their_own);
}

#[test]
fn merging_is_ordered_in_one_place() {
    hold(places::merging_is_ordered_in_one_place);
}

#[test]
fn printing_stays_in_the_command_line() {
    hold(places::printing_stays_in_cli);
}

#[test]
fn clients_stay_in_their_interface() {
    hold(places::clients_stay_in_their_interface);
}

#[test]
fn the_environment_is_read_in_one_place() {
    hold(places::environment_stays_in_config);
}

#[test]
fn no_static_holds_state() {
    hold(places::no_static_state);
}

#[test]
fn nothing_is_left_over() {
    hold(places::nothing_left_over);
}

#[test]
fn files_are_short() {
    println!("median of {} lines", tree::median_length(&source::read_all()));
    hold(tree::files_are_short);
}

#[test]
fn names_say_something() {
    hold(tree::names_say_something);
}

#[test]
fn texts_are_in_plain_words() {
    hold(words::texts_are_in_plain_words);
}

#[test]
fn the_contract_has_one_copy() {
    hold(tree::one_copy_of_the_contract);
}

#[test]
fn plugins_know_the_sdk_alone() {
    hold(tree::plugins_know_the_sdk_alone);
}

#[test]
fn interfaces_are_complete() {
    hold(completeness::interfaces_are_complete);
}
