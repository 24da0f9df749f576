//! Settings that are not what somebody meant, with the real program.

use std::fs;

use baton_tests::program::{self, Ended};
use tempfile::TempDir;

/// What `plan` comes to with these settings of the user and of the project.
fn plan(user: &str, project: &str) -> Ended {
    let home: TempDir = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join("shop")).unwrap();
    fs::write(home.path().join("settings.toml"), user).unwrap();
    fs::write(home.path().join("shop/baton.toml"), project).unwrap();
    let arguments = ["run", "plan", "--input", "{\"brief\": \"A notebook.\"}", "--workspace", "shop", "--data-dir", "data"];
    let mut command = program::command(home.path(), &arguments);
    program::ended(command.env("BATON_CONFIG", home.path().join("settings.toml")).output().unwrap())
}

#[test]
fn a_word_that_is_perhaps_misspelt_is_told_and_stops_nothing() {
    let ended = plan("[models]\ndefualt = \"lab/any\"\n", "[plugins.mary]\nmodle = \"lab/any\"\n").exits(3);
    for told in
        ["`models.defualt` is not known; is `models.default` meant?", "`plugins.mary.modle` is not known; is `plugins.mary.model` meant?"]
    {
        assert!(ended.stderr.contains(told), "{}", ended.stderr);
    }
    assert!(ended.stderr.contains("No model is set."), "{}", ended.stderr);
}

#[test]
fn what_can_name_no_model_is_refused_before_anything_is_done() {
    for (user, project) in [("[models]\ndefault = 5\n", ""), ("", "[models]\ndefault = 5\n")] {
        let ended = plan(user, project).exits(1);
        let told = "has to be a provider/model, an alias, or a list of them, and is 5";
        assert!(ended.stderr.contains("`models.default` in `") && ended.stderr.contains(told), "{}", ended.stderr);
    }
}
