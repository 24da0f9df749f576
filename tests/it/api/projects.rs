//! Projects, their backlogs, boards, budgets and pull requests over the API.

use std::fs;

use baton_tests::api_host::ApiHost;
use serde_json::{Value, json};

/// A host with a folder for projects, and one that is not for them.
fn serve() -> ApiHost {
    let home = tempfile::tempdir().unwrap();
    for folder in ["data", "projects/shop", "projects/notes", "elsewhere", ".config/baton"] {
        fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    let roots = home.path().join("projects").canonicalize().unwrap();
    fs::write(home.path().join(".config/baton/baton.toml"), format!("[api]\nproject-roots = [{:?}]\naddress-rate = 100000\n", roots))
        .unwrap();
    ApiHost::over(home)
}

fn add_project(host: &ApiHost, folder: &str) -> String {
    let answer = host.post("/projects", &json!({ "folder": folder }));
    let added = answer.expect(201);
    let id = added["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(&*format!("/api/v1/projects/{id}")));
    id
}

fn story(host: &ApiHost, key: &str, more: Value) {
    let mut item = json!({ "key": key, "kind": "story", "title": format!("About {key}") });
    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    host.post("/projects/shop/items", &item).expect(201);
}

fn keys(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap()).collect()
}

#[test]
fn a_project_is_added_below_the_roots_changed_paused_and_removed() {
    let host = serve();
    let id = add_project(&host, "shop");
    for folder in ["../elsewhere", "/etc", ".", "", "none", &host.home().join("elsewhere").display().to_string()] {
        assert_eq!(host.post("/projects", &json!({ "folder": folder })).problem(400), "folder_unfit", "{folder}");
    }
    assert_eq!(host.post("/projects", &json!({ "folder": "shop" })).problem(400), "folder_taken");
    assert_eq!(host.post("/projects", &json!({ "folder": "notes", "name": "shop" })).problem(400), "project_name_taken");
    assert_eq!(
        host.post("/projects", &json!({ "folder": "notes", "repository": "https://ada:secret@host/x" })).problem(400),
        "repository_invalid"
    );
    assert_eq!(host.post("/projects", &json!({})).problem(400), "folder_missing");
    for clone in ["https://127.0.0.1/shop", "git@localhost:shop"] {
        assert_eq!(host.post("/projects", &json!({ "clone": clone })).problem(403), "repository_private", "{clone}");
    }
    for clone in ["file:///etc", "http://example.com/x", "https://ada:secret@example.com/x", "ext::sh -c id"] {
        assert_eq!(host.post("/projects", &json!({ "clone": clone })).problem(400), "repository_invalid", "{clone}");
    }
    assert_eq!(host.post("/projects", &json!({ "clone": "https://127.0.0.1/x", "folder": "../x" })).problem(400), "folder_unfit");
    let listed = host.get("/projects?status=inactive&phase=planning");
    assert_eq!(listed["items"][0]["id"], id.as_str());
    assert!(host.get("/projects?status=paused")["items"].as_array().unwrap().is_empty());
    assert_eq!(host.request("GET", "/projects?phase=dancing").answer().status, 400);
    let changed = host
        .request("PATCH", &format!("/projects/{id}"))
        .json(&json!({ "name": "store", "repository": "https://host/shop" }))
        .answer()
        .expect(200);
    assert_eq!((&changed["name"], &changed["repository"]), (&json!("store"), &json!("https://host/shop")));
    assert_eq!(host.post("/projects/store/pause", &json!({})).expect(200)["state"], "paused");
    assert_eq!(host.post("/projects/store/start", &json!({ "input": { "brief": "A shop" } })).problem(409), "project_paused");
    assert_eq!(host.post("/projects/store/resume", &json!({})).expect(200)["former_state"], "paused");
    assert_eq!(host.get("/projects/store")["attention"], json!([]));
    let status = host.get("/projects/store/status");
    assert_eq!((&status["total"], &status["progress"], &status["work"]), (&json!(0), &json!(0.0), &json!([])));
    host.request("DELETE", "/projects/store").answer().expect(200);
    assert_eq!(host.request("GET", "/projects/store").answer().problem(404), "project_not_found");
    assert!(host.home().join("projects/shop").is_dir());
}

#[test]
fn items_are_added_found_placed_moved_and_removed() {
    let host = serve();
    add_project(&host, "shop");
    story(&host, "1", json!({ "kind": "epic" }));
    story(&host, "1-2", json!({ "parent": "1", "labels": ["ui"] }));
    story(&host, "1-10", json!({ "parent": "1", "after": ["1-2"] }));
    story(&host, "free", json!({ "priority": 9 }));
    let item = |key: &str| format!("/projects/shop/items/{key}");
    assert_eq!(host.post("/projects/shop/items", &json!({ "key": "1", "kind": "story", "title": "x" })).problem(409), "item_exists");
    for wrong in
        [json!({ "key": "A b", "kind": "story", "title": "x" }), json!({ "key": "x", "kind": "story", "title": "x", "after": ["none"] })]
    {
        assert_eq!(host.post("/projects/shop/items", &wrong).status, 400, "{wrong}");
    }
    let first = host.get("/projects/shop/items?limit=2");
    assert_eq!(keys(&first), ["1", "1-2"]);
    let next = first["next"].as_str().unwrap();
    assert_eq!(keys(&host.get(&format!("/projects/shop/items?limit=2&cursor={next}"))), ["1-10", "free"]);
    assert_eq!(keys(&host.get("/projects/shop/items?search=ABOUT%201-1")), ["1-10"]);
    assert_eq!(keys(&host.get("/projects/shop/items?label=ui&status=todo")), ["1-2"]);
    assert_eq!(keys(&host.get("/projects/shop/items?ready=true")), ["free", "1-2"]);
    assert_eq!(host.request("GET", "/projects/shop/items?cursor=x").answer().status, 400);
    let edited = host.request("PATCH", &item("1-2")).json(&json!({ "title": "Renamed", "assignee": "ada" })).answer().expect(200);
    assert_eq!((&edited["title"], &edited["assignee"]), (&json!("Renamed"), &json!("ada")));
    let placed = host.post(&format!("{}/move", item("free")), &json!({ "status": "todo", "position": 0 })).expect(200);
    assert_eq!(placed["item"]["status"], "todo");
    let board = host.get("/projects/shop/board");
    assert_eq!((&board["columns"][0]["total"], board["columns"][0]["items"][0]["key"].as_str()), (&json!(3), Some("free")));
    assert_eq!(host.post(&format!("{}/move", item("1-10")), &json!({ "status": "done" })).problem(409), "item_waits");
    host.post(&format!("{}/move", item("1-2")), &json!({ "status": "done", "reason": "Did it." })).expect(200);
    assert_eq!(host.get(&format!("{}/history", item("1-2")))["items"][1]["reason"], "Did it.");
    let dependencies = host.get(&format!("{}/dependencies", item("1-2")));
    assert_eq!(dependencies["dependents"][0]["key"], "1-10");
    assert_eq!(host.request("DELETE", &item("1-2")).answer().problem(409), "item_needed");
    assert_eq!(host.request("DELETE", &item("1-10")).answer().expect(200)["key"], "1-10");
    assert_eq!(host.request("GET", &item("1-10")).answer().problem(404), "item_not_found");
    assert_eq!(host.get(&format!("{}/logs?level=warn", item("free"))), json!({ "items": [] }));
    assert_eq!(host.get(&format!("{}/artifacts", item("free"))), json!({ "items": [] }));
    assert_eq!(host.request("GET", &format!("{}/artifacts/none/1", item("free"))).answer().problem(404), "artifact_not_found");
    assert_eq!(host.get(&format!("{}/status", item("free")))["runs"], json!([]));
    assert_eq!(host.post(&format!("{}/start", item("1-2")), &json!({})).problem(409), "item_over");
    assert_eq!(host.post(&format!("{}/pause", item("free")), &json!({})).problem(409), "item_not_at_work");
    assert_eq!(host.post(&format!("{}/stop", item("free")), &json!({})).expect(202)["runs"], json!([]));
    let sprint = host.get("/projects/shop/sprint-status");
    assert_eq!((&sprint["epics"][0]["done"], &sprint["epics"][0]["status"]), (&json!(1), &json!("done")));
    assert_eq!(host.get("/projects/shop")["phase"], "implementation");
}

#[test]
fn budgets_costs_autopilots_and_pull_requests_lie_below_their_project() {
    let host = serve();
    add_project(&host, "shop");
    assert_eq!(host.request("GET", "/projects/shop/budget").answer().problem(404), "budget_not_found");
    for wrong in ["0.00", "-1", "x", ""] {
        assert_eq!(host.request("PUT", "/projects/shop/budget").json(&json!({ "amount_usd": wrong })).answer().status, 400, "{wrong}");
    }
    assert_eq!(
        host.request("PUT", "/projects/shop/budget").json(&json!({ "amount_usd": "12.50" })).answer().expect(200)["left_usd"],
        "12.50"
    );
    assert_eq!(host.get("/budgets")["items"][0]["scope"]["kind"], "project");
    host.request("DELETE", "/projects/shop/budget").answer().expect(200);
    assert_eq!(host.get("/projects/shop/costs?by=model")["rows"], json!([]));
    assert_eq!(host.request("GET", "/projects/shop/costs?by=mood").answer().status, 400);
    assert_eq!(host.get("/costs")["total"]["replies"], 0);
    assert_eq!(host.get("/projects/shop/autopilot")["on"], false);
    assert_eq!(host.request("PUT", "/projects/shop/autopilot").json(&json!({ "stories": 99 })).answer().status, 400);
    assert_eq!(host.get("/projects/shop/pull-requests"), json!({ "items": [] }));
    for number in ["1", "99999999999999999999", "x", "-1", "18446744073709551615"] {
        assert_eq!(host.request("GET", &format!("/projects/shop/pull-requests/{number}")).answer().status, 404, "{number}");
    }
    assert_eq!(host.get("/projects/shop/workflow-status")["workflows"], json!([]));
    assert_eq!(host.get("/projects/shop/settings"), json!({}));
}
