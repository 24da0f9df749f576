//! Whole runs, from the order to the last row, and a long one resumed from its journal.

use anyhow::Result;
use baton::kernel::run::State;
use baton_tests::host::TestHost;
use serde_json::json;

use crate::table::{Samples, Table, millis, timed};

const RUNS: usize = 300;
const RESUMES: usize = 20;

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let host = TestHost::new().await;
    host.run(json!({ "do": "echo" })).await;
    let mut whole = Vec::new();
    for _ in 0..RUNS {
        let (time, ()) = timed(async {
            let run = host.start(json!({ "do": "echo" })).await;
            host.drive(&run.id).await;
        })
        .await;
        whole.push(time);
    }
    table.add("a whole run, started, executed, ended", &Samples::of_times(whole), None);
    resume(table, &host).await
}

/// A run that got and set a document 500 times, put back to where it was before its end.
async fn resume(table: &mut Table, host: &TestHost) -> Result<()> {
    let run = host.run(json!({ "do": "count", "times": 500 })).await;
    let mut resumed = Vec::new();
    for _ in 0..RESUMES {
        host.app.kernel.runs().transition(&run.id, &["succeeded"], State::Queued, None, Vec::new()).await?;
        let (time, ()) = timed(host.drive(&run.id)).await;
        resumed.push(time);
    }
    let calls = host.journal(&run.id).await.len();
    table.add(format!("a run of {calls} calls resumed to its end"), &Samples::of_times(resumed), millis(100));
    Ok(())
}
