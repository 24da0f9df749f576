//! A client that loses its connection again and again, and whose host is killed: every event once, none lost.

use anyhow::{Context, Result, ensure};
use baton_tests::{api_host::ApiHost, follow::Follower};
use serde_json::{Value, json};

use crate::report::Report;

/// How often the client connects again, and after how many of these the host is killed.
const RECONNECTS: usize = 100;
const KILLED_EACH: usize = 20;
/// Events that are caused between two connections.
const EVENTS: usize = 5;

pub(crate) fn measure(mut host: ApiHost, report: &mut Report) -> Result<()> {
    let begin = newest(&host)?;
    let (mut seen, mut kills) = (Vec::new(), 0);
    let open = |host: &ApiHost, after: i64| Follower::open(&host.socket, &format!("after={after}&client=load"), None);
    for reconnect in 1..=RECONNECTS {
        let after = seen.last().copied().unwrap_or(begin);
        let mut follower = open(&host, after).ok().context("no stream was opened")?;
        for event in 0..EVENTS {
            let status = if ((reconnect - 1) * EVENTS + event).is_multiple_of(2) { "blocked" } else { "todo" };
            host.post("/projects/load/items/s-6000/move", &json!({ "status": status })).expect(200);
        }
        // Less than there is, so that the next connection has something to begin with.
        read(&mut follower, EVENTS - 1, &mut seen)?;
        if reconnect % KILLED_EACH == 0 {
            kills += 1;
            host = host.killed_and_restarted_there();
        }
    }
    let last = newest(&host)?;
    let mut follower = open(&host, seen.last().copied().unwrap_or(begin)).ok().context("no stream was opened")?;
    while seen.last().is_none_or(|cursor| *cursor < last) {
        read(&mut follower, 1, &mut seen)?;
    }
    let mut whole = Vec::new();
    let mut follower = Follower::open(&host.socket, &format!("after={begin}"), None).ok().context("no stream was opened")?;
    while whole.last().is_none_or(|cursor| *cursor < last) {
        read(&mut follower, 1, &mut whole)?;
    }
    seen.truncate(seen.iter().position(|cursor| *cursor > last).unwrap_or(seen.len()));
    ensure!(whole.len() >= RECONNECTS * EVENTS && seen == whole, "of {} events {} were seen", whole.len(), seen.len());
    let what = format!("{RECONNECTS} reconnects with {kills} kills: events lost or repeated, of {}", whole.len());
    report.count(what, 0);
    Ok(())
}

/// Reads so many events.
fn read(follower: &mut Follower, count: usize, cursors: &mut Vec<i64>) -> Result<()> {
    let mut left = count;
    while left > 0 {
        let frame = follower.next()?.context("the stream has ended")?;
        if frame["category"].is_string() {
            cursors.push(frame["cursor"].as_i64().context("an event without a cursor")?);
            left -= 1;
        }
    }
    Ok(())
}

fn newest(host: &ApiHost) -> Result<i64> {
    let page = host.get("/events?limit=1");
    page["items"][0]["cursor"].as_i64().or_else(|| page["items"][0]["cursor"].as_str()?.parse().ok()).context(shown(&page))
}

fn shown(page: &Value) -> String {
    format!("the log has no newest event: {page}")
}
