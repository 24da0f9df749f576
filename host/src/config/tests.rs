use super::*;

#[test]
fn what_can_name_no_model_is_refused_with_its_place() {
    let refused = |user: Value| fitting_models(&user, Path::new("settings.toml")).map_err(|error| error.to_string());
    assert_eq!(refused(json!({ "models": { "default": "a/b", "stream": false } })), Ok(()));
    assert!(refused(json!({ "models": { "stream": "no" } })).unwrap_err().contains("models.stream"));
    let said = refused(json!({ "models": { "default": 5 } })).unwrap_err();
    assert!(said.contains("`models.default` in `settings.toml` has to be a provider/model, an alias, or a list of them"), "{said}");
}

#[test]
fn only_a_file_of_a_sensible_size_is_read() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(settings_file(&folder.path().join("none.toml")).unwrap(), json!({}));
    let refused = |path: &Path| settings_file(path).unwrap_err().to_string();
    assert!(refused(folder.path()).contains("it is not a file"), "{}", refused(folder.path()));
    let large = folder.path().join("large.toml");
    fs::write(&large, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(refused(&large).contains("1048577 bytes"), "{}", refused(&large));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("baton.toml");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    assert!(settings_file(&pipe).unwrap_err().to_string().contains("it is not a file"));
}

#[test]
fn a_mistake_in_a_file_is_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("baton.toml");
    fs::write(&file, "a = ").unwrap();
    let said = settings_file(&file).unwrap_err().to_string();
    assert_eq!(said.matches("baton.toml").count(), 1, "{said}");
    assert!(!said.contains(".."), "{said}");
}
