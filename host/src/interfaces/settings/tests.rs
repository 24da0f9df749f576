use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::{bindings::settings::Host, journal::testing::Bench};

#[test]
fn the_later_layer_wins_key_by_key() {
    let settings = Settings::merge(&[
        json!({ "plan": { "most": 3, "least": 1 }, "list": [1, 2], "gone": { "a": 1 } }),
        json!({ "plan": { "most": 5 }, "list": [9], "gone": null }),
        json!("no object"),
    ]);
    assert_eq!(settings.get("plan"), Some(json!({ "most": 5, "least": 1 })));
    assert_eq!(settings.get("list"), Some(json!([9])));
    assert_eq!(settings.get("gone"), Some(json!(null)));
}

#[test]
fn a_key_that_nobody_set_finds_nothing() {
    let settings = Settings::merge(&[json!({ "a": { "b": 1 }, "": 2 })]);
    for key in ["b", "a.c", "a.b.c", "a.", ".a", "a..b", "A.b", "a b"] {
        assert_eq!(settings.get(key), None, "{key}");
    }
    assert_eq!(settings.get("a.b"), Some(json!(1)));
    assert_eq!(Settings::default().get("a"), None);
}

#[test]
fn secrets_are_never_found() {
    let settings = Settings::merge(&[json!({
        "keys": { "anthropic": "s3cret" },
        "secrets": { "x": "s3cret" },
        "llm": { "api-key": "s3cret", "api_key": "s3cret", "apiKey": "s3cret", "Auth-Token": "s3cret", "client-secret": "s3cret", "password": "s3cret", "dbPassword": "s3cret",
            "list": [{ "token": "s3cret", "name": "seen" }], "max-tokens": 7, "keys": "s3cret" },
    })]);
    let keys = [
        "keys",
        "keys.anthropic",
        "secrets.x",
        "llm.api-key",
        "llm.api_key",
        "llm.apiKey",
        "llm.Auth-Token",
        "llm.client-secret",
        "llm.password",
        "llm.dbPassword",
    ];
    for key in keys {
        assert_eq!(settings.get(key), None, "{key}");
    }
    assert_eq!(settings.get("llm"), Some(json!({ "list": [{ "name": "seen" }], "max-tokens": 7 })));
}

#[test]
fn a_folder_of_tests_may_be_called_like_a_secret() {
    let folders = json!({ "auth": { "quick": "make auth", "token": "s3cret" }, "crates/api-key": { "command": "make key" } });
    let settings = Settings::merge(&[json!({ "test": { "folders": folders } })]);
    let found = json!({ "auth": { "quick": "make auth" }, "crates/api-key": { "command": "make key" } });
    assert_eq!(settings.get("test.folders"), Some(found));
    assert_eq!(Settings::merge(&[json!({ "test": { "folders": 5 } })]).get("test.folders"), None);
}

#[test]
fn what_only_the_host_reads_is_never_found() {
    let settings = Settings::merge(&[json!({
        "registries": { "ghcr.io": { "user": "mary" } },
        "signatures": { "policy": "off" },
        "operator": "mary",
        "mytool": { "auth": "s3cret", "api_keys": ["s3cret"], "database": "postgres://mary:s3cret@db/x", "page": "https://a.b/c:d@e", "open": 1 },
        "hosts": ["https://u:s3cret@h", "https://h"],
    })]);
    for key in
        ["registries", "registries.ghcr.io.user", "signatures.policy", "operator", "mytool.auth", "mytool.api_keys", "mytool.database"]
    {
        assert_eq!(settings.get(key), None, "{key}");
    }
    assert_eq!(settings.get("mytool"), Some(json!({ "page": "https://a.b/c:d@e", "open": 1 })));
    assert_eq!(settings.get("hosts"), Some(json!(["https://h"])));
}

#[test]
fn the_model_of_a_plugin_is_found_by_the_host_and_by_no_plugin() {
    use crate::interfaces::llm::Preferences;
    let settings = Settings::merge(&[json!({ "plugins": { "mary": { "model": ["a/b", "c/d"] } }, "models": { "default": "e/f" } })]);
    assert_eq!(settings.models("plugins.mary.model"), ["a/b", "c/d"]);
    assert_eq!((settings.models("models.default"), settings.models("plugins.john.model")), (vec!["e/f".to_owned()], vec![]));
    assert_eq!(settings.get("plugins.mary.model"), None);
}

#[test]
fn toml_is_read_with_its_dates_as_text() {
    let layer =
        Settings::from_toml("day = 2026-01-02\n[plan]\nmost = 3\nshare = 0.5\non = true\nlist = [1, \"x\"]\n", "baton.toml").unwrap();
    assert_eq!(layer, json!({ "day": "2026-01-02", "plan": { "most": 3, "share": 0.5, "on": true, "list": [1, "x"] } }));
}

#[test]
fn an_error_names_the_file_and_the_line() {
    let error = Settings::from_toml("a = 1\nb = 2\nc = = 3\n", "baton.toml").unwrap_err();
    assert!(matches!(&error, SettingsError::NotToml { line: 3, .. }), "{error:?}");
    assert!(error.to_string().starts_with("`baton.toml`, line 3: "), "{error}");
    let error = Settings::from_toml("[a.b]\nc = nan\n", "baton.toml").unwrap_err();
    assert_eq!(error, SettingsError::NotFinite { name: "baton.toml".into(), key: "a.b.c".into() });
}

struct Live(std::sync::Mutex<u32>);

#[async_trait::async_trait]
impl LiveSettings for Live {
    async fn find(&self, project: &str, key: &str) -> Result<Option<Value>, String> {
        let mut asked = self.0.lock().unwrap();
        Ok((key == "live").then(|| {
            *asked += 1;
            json!([project, *asked])
        }))
    }
}

#[tokio::test]
async fn a_live_setting_is_read_each_time_and_replayed_as_it_was() {
    let (bench, settings) = (Bench::new(), Settings::merge(&[json!({ "live": "of a file", "plan": 3 })]));
    let live: Arc<dyn LiveSettings> = Arc::new(Live(Default::default()));
    for expected in [["[\"demo\",1]", "[\"demo\",2]"], ["[\"demo\",1]", "[\"demo\",2]"]] {
        let mut recorder = bench.recorder();
        let mut view = View { recorder: &mut recorder, settings: &settings, live: &live, project: "demo" };
        for expected in expected {
            assert_eq!(view.get("live".into()).await.unwrap().as_deref(), Some(expected));
        }
        assert_eq!(view.get("plan".into()).await.unwrap().as_deref(), Some("3"));
    }
}

#[tokio::test]
async fn a_resumed_run_sees_the_settings_it_saw_before() {
    let bench = Bench::new();
    let live: Arc<dyn LiveSettings> = Arc::new(Live(Default::default()));
    let (before, after) = (Settings::merge(&[json!({ "plan": { "most": 3 } })]), Settings::merge(&[json!({ "plan": { "most": 9 } })]));
    let mut recorder = bench.recorder();
    let mut view = View { recorder: &mut recorder, settings: &before, live: &live, project: "demo" };
    assert_eq!(view.get("plan.most".into()).await.unwrap().as_deref(), Some("3"));
    assert_eq!(view.get("none".into()).await.unwrap(), None);

    let mut recorder = bench.recorder();
    let mut view = View { recorder: &mut recorder, settings: &after, live: &live, project: "demo" };
    assert_eq!(view.get("plan.most".into()).await.unwrap().as_deref(), Some("3"));
    assert_eq!(view.get("none".into()).await.unwrap(), None);
    assert_eq!(view.get("plan.most".into()).await.unwrap().as_deref(), Some("9"));
}

#[test]
fn of_the_sandbox_only_that_is_found_which_a_command_finds_out() {
    let image = json!({ "image": "registry.example/rust", "network": true, "memory-mib": 4096, "cpus": 2, "timeout-s": "secret" });
    let settings =
        Settings::merge(&[json!({ "sandbox": { "engine": "docker", "socket": "/run/docker.sock", "images": { "rust": image } } })]);
    let found = |key: &str| settings.get(&format!("sandbox.{key}"));
    assert_eq!((found("images.rust.network"), found("images.rust.memory-mib")), (Some(json!(true)), Some(json!(4096))));
    assert_eq!(found("engine"), Some(json!("docker")));
    for hidden in
        ["socket", "images", "images.rust", "images.rust.image", "images.rust.cpus", "images.rust.timeout-s", "images.rust.network.x"]
    {
        assert_eq!(found(hidden), None, "{hidden}");
    }
}
