//! Looking for work where there is much of it: which of 10,000 items are ready, and which plugins have queued runs when
//! 10,000 runs of one of them are queued.

use std::time::Instant;

use anyhow::{Result, ensure};
use baton::interfaces::backlog::{Author, Draft, Graph, Kind, Labels};
use baton_tests::host::{TestHost, person};
use serde_json::json;

use crate::table::{Samples, Table};

const MANY: usize = 10_000;
const ROUNDS: usize = 20;
const PROJECT: &str = "demo";

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    let drafts: Vec<_> = (0..MANY).map(draft).collect();
    host.app.backlog.put(PROJECT, &drafts, &Author::Person(person("ada"))).await?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let ready = Graph::of(&host.app.backlog.items(PROJECT, false).await?)?.ready().len();
        times.push(begun.elapsed());
        ensure!(ready == 100, "{ready} items are ready");
    }
    table.add("10,000 items: which are ready", &Samples::of_times(times), None);
    for _ in 0..MANY {
        host.start(json!({ "do": "echo", "say": 1 })).await;
    }
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let plugins = host.app.kernel.runs().queued_plugins(None).await?;
        times.push(begun.elapsed());
        ensure!(plugins == ["probe"], "{plugins:?} have queued runs");
    }
    table.add("10,000 queued runs: of which plugins", &Samples::of_times(times), None);
    host.app.close().await;
    Ok(())
}

/// All but the first hundred wait for two others.
fn draft(number: usize) -> Draft {
    let after = if number < 100 { Vec::new() } else { vec![(number - 100).to_string(), (number % 100).to_string()] };
    Draft {
        key: number.to_string(),
        kind: Kind::Story,
        title: format!("Story {number}"),
        body: String::new(),
        parent: None,
        after,
        priority: 5,
        labels: Labels::default(),
    }
}
