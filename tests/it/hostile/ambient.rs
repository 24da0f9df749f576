//! Past the contract there is nothing: WASI answers that it has no files, no network, no environment and no time.

use std::net::{TcpListener, UdpSocket};

use baton_tests::{
    host::tester,
    hostile::{Stage, output},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_machine_is_seen_or_touched() {
    let stage = Stage::with_settings(json!({})).await;
    let (listener, socket) = (TcpListener::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
    listener.set_nonblocking(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let run = stage.play("ambient", json!({ "port": port })).await;
    for (what, reached) in output(&run)["reached"].as_object().unwrap() {
        assert!(*reached == json!(false) || *reached == json!(0), "{what}: {reached}");
    }
    assert!(listener.accept().is_err(), "nobody came");
    assert!(socket.recv_from(&mut [0; 8]).is_err(), "nothing came");
    assert!(!std::path::Path::new("/tmp/planted-by-baton-test").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn time_stands_still_and_chance_derives_from_the_run() {
    let stage = Stage::with_settings(json!({})).await;
    let run = stage.play("ambient", json!({})).await;
    let still = json!({ "wall": "0", "steady": "0", "own": 0, "same": true, "sum": true });
    assert_eq!(output(&run)["clock"], still, "however long it computes and sleeps");
    let fork = stage.host.app.kernel.fork(&run, 1, None, &tester()).await.unwrap();
    stage.host.drive(&fork.id).await;
    let chance = |run: &Value| run["chance"].clone();
    assert_eq!(chance(output(&stage.host.find(&fork.id).await)), chance(output(&run)), "a fork");
    let other = stage.play("ambient", json!({})).await;
    assert_ne!(chance(output(&other)), chance(output(&run)), "another run");
}
