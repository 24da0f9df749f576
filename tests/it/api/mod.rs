//! The API of a host that serves: what it answers to whom, over its socket and its address.

mod attacks;
mod client;
mod edge;
mod generated;
mod permissions;
mod plugins;
mod projects;
mod runs;
mod settings;
mod sign_in;
mod streams;

use baton_tests::api_host::{ApiHost, Way, eventually};
use serde_json::json;

#[test]
fn the_operator_is_let_in_by_the_socket_and_nobody_by_the_address() {
    let host = ApiHost::start();
    assert_eq!(host.get("/runs"), json!({ "items": [] }));
    assert_eq!(host.send(Way::Address, "GET", "/health/live").answer().with_status(200).json(), json!({ "live": true }));
    let denied = host.send(Way::Address, "GET", "/runs").answer();
    assert_eq!(denied.problem(401), "credential_missing");
    assert_eq!(denied.header("www-authenticate"), Some("Bearer"));
    assert_eq!(host.request("GET", "/nothing").answer().problem(404), "not_found");
    assert_eq!(host.request("DELETE", "/runs").answer().problem(405), "method_not_allowed");
    let id = denied.header("x-request-id").unwrap();
    eventually("the log names the request", || host.log().contains(id).then_some(()));
}

#[test]
fn a_host_that_stops_takes_its_socket_away() {
    let mut host = ApiHost::start();
    assert!(host.socket.exists());
    let (code, took) = host.stop();
    assert_eq!(code, Some(0));
    assert!(took.as_secs() < 10 && !host.socket.exists(), "{took:?}");
}
