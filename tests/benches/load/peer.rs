//! The same requests to a peer that runs here: `openhands-agent-server`, at the address that `BATON_LOAD_PEER` names. Its conversations
//! stand for runs: listed, read, and begun without a word to a model.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::{
    client::{Connection, Target},
    host::Served,
    report::{Reach, Report, Times},
};

/// Conversations that the peer has, as many as the host has runs in its list.
const CONVERSATIONS: usize = 200;
/// Requests of each kind, one after the other over one connection.
const REQUESTS: usize = 200;
/// The variable that names the peer.
const VARIABLE: &str = "BATON_LOAD_PEER";

pub(crate) async fn measure(served: &Served, report: &mut Report) -> Result<()> {
    let Ok(address) = std::env::var(VARIABLE) else {
        eprintln!("!! SKIPPED: no peer is measured; name the address of an openhands-agent-server, such as 127.0.0.1:8000, in {VARIABLE}");
        return Ok(());
    };
    let peer = Target { address, token: None, root: "/api" };
    let llm = json!({ "model": "openai/none", "api_key": "none", "base_url": "http://127.0.0.1:9" });
    // It makes a repository of it.
    let folder = tempfile::tempdir()?;
    let workspace = json!({ "working_dir": folder.path() });
    let begin = json!({ "agent": { "kind": "Agent", "llm": llm, "tools": [] }, "workspace": workspace }).to_string();
    let mut connection = Connection::open(&peer).await?;
    let mut newest = Value::Null;
    for _ in 0..CONVERSATIONS {
        newest = serde_json::from_slice(&connection.send("POST", "/conversations", &begin).await?)?;
    }
    let conversation = newest["id"].as_str().context("the peer gives no id")?;
    let start = json!({ "workflow": "probe", "project": "load", "input": { "do": "echo", "say": "load" } }).to_string();
    let pairs = [
        ("list of 50", ("GET", "/conversations/search?limit=50".to_owned(), ""), ("GET", "/runs?limit=50".to_owned(), "")),
        ("get", ("GET", format!("/conversations/{conversation}"), ""), ("GET", format!("/runs/{}", served.run), "")),
        ("start", ("POST", "/conversations".to_owned(), &*begin), ("POST", "/runs".to_owned(), &*start)),
    ];
    for (what, of_peer, of_host) in pairs {
        let (of_peer, of_host) = (one_by_one(&peer, &of_peer).await?, one_by_one(&served.target, &of_host).await?);
        report.add(format!("openhands-agent-server: {what}"), &of_peer, None, &Reach::Nothing);
        let ratio = of_host.percentile(50).as_secs_f64() / of_peer.percentile(50).as_secs_f64();
        report.add(format!("the same of Baton ({ratio:.3} ×): {what}"), &of_host, None, &Reach::Nothing);
    }
    Ok(())
}

async fn one_by_one(target: &Target, (method, path, body): &(&str, String, &str)) -> Result<Times> {
    let mut connection = Connection::open(target).await?;
    let mut times: Vec<Duration> = Vec::with_capacity(REQUESTS);
    for _ in 0..REQUESTS {
        let begun = Instant::now();
        connection.send(method, path, body).await?;
        times.push(begun.elapsed());
    }
    Ok(Times::new(times))
}
