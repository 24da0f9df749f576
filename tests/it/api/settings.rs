//! Settings of the host over the API: what clients may change is written to the operator's file and holds from the next start.

use std::fs;

use baton_tests::{api::Answer, api_host::ApiHost};
use serde_json::{Value, json};

const FILE: &str = "# Ours\n[api]\naddress-rate = 100000 # for tests\n\n[sprint]\n# two cores\nparallel = 2\n";

fn file(host: &ApiHost) -> String {
    fs::read_to_string(host.home().join(".config/baton/baton.toml")).unwrap()
}

fn put(host: &ApiHost, key: &str, value: &Value) -> Answer {
    host.request("PUT", &format!("/settings/{key}")).json(&json!({ "value": value })).answer()
}

#[test]
fn a_setting_is_changed_in_the_operators_file_and_holds_from_the_next_start() {
    let host = ApiHost::with_file(FILE);
    let set = put(&host, "sprint.parallel", &json!(4)).expect(200);
    assert_eq!((&set["value"], &set["next"]), (&json!(2), &json!({ "value": 4 })));
    assert_eq!(file(&host), FILE.replace("parallel = 2", "parallel = 4"));
    put(&host, "story.paths", &json!(["src/", "tests/"])).expect(200);
    assert!(file(&host).ends_with("\n[story]\npaths = [\"src/\", \"tests/\"]\n"));
    let changes = host.get("/events?category=audit&text=setting_changed");
    let told: Vec<_> = changes["items"].as_array().unwrap().iter().map(|event| event["data"].clone()).collect();
    let wanted = [json!({ "setting": "sprint.parallel", "value": 4 }), json!({ "setting": "story.paths", "value": ["src/", "tests/"] })];
    assert!(wanted.iter().all(|change| told.contains(change)), "{told:?}");
    let host = host.killed_and_restarted();
    let now = host.get("/settings/sprint.parallel");
    assert_eq!((&now["value"], now.get("next")), (&json!(4), None));
    let unset = host.request("DELETE", "/settings/sprint.parallel").answer().expect(200);
    assert_eq!((&unset["value"], &unset["next"]), (&json!(4), &json!({})));
    assert!(file(&host).contains("[sprint]\n"), "{}", file(&host));
    assert!(host.killed_and_restarted().get("/settings/sprint.parallel").get("value").is_none());
}

#[test]
fn what_the_host_could_not_start_with_and_what_is_the_operators_is_refused() {
    let host = ApiHost::with_file(FILE);
    assert_eq!(put(&host, "no.such", &json!(1)).problem(404), "setting_not_found");
    for key in ["sandbox.engine", "api.listen", "operator", "signatures.policy", "git.remote"] {
        assert_eq!(put(&host, key, &json!("process")).problem(403), "setting_fixed", "{key}");
    }
    for (key, value) in [
        ("sprint.parallel", json!(0)),
        ("sprint.parallel", json!("2")),
        ("sprint.parallel", json!(17)),
        ("decide.threshold", json!(2)),
        ("story.check-tests", json!("yes")),
        ("story.paths", json!([1])),
        ("models.default", json!({})),
        ("models.default", Value::Null),
        ("limits.memory-mib", json!(1.5)),
    ] {
        let refused = put(&host, key, &value);
        assert_eq!(refused.problem(400), "setting_invalid", "{key} {value}");
    }
    let refused = put(&host, "models.uncertain", &json!("dance"));
    assert_eq!(refused.problem(400), "setting_invalid");
    assert!(!String::from_utf8_lossy(&refused.body).contains(".config"), "the answer shows where the file lies");
    assert_eq!(file(&host), FILE);
    fs::write(host.home().join(".config/baton/baton.toml"), "[sprint\n").unwrap();
    assert_eq!(put(&host, "sprint.parallel", &json!(3)).problem(409), "settings_unreadable");
    assert_eq!(file(&host), "[sprint\n");
}
