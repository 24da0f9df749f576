//! What a served host bears: reads of many connections, one event to many streams, reconnects and kills, guests that spin. A second
//! process asks, over loopback. Fails only where an event is lost or repeated, or an answer is wrong; times are printed beside those
//! of a bare axum in the same run.

mod bare;
mod client;
mod host;
mod memory;
mod peer;
mod reads;
mod reconnects;
mod report;
mod streams;

use anyhow::Result;

use bare::Bare;
use host::Served;
use report::Report;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    if std::env::args().nth(1).as_deref() == Some(bare::ARGUMENT) {
        return runtime.block_on(bare::serve());
    }
    let (served, bare) = (Served::start()?, Bare::start()?);
    let mut report = Report::default();
    runtime.block_on(measure(&served, &bare, &mut report))?;
    reconnects::measure(served.into_host(), &mut report)?;
    println!("{report}");
    Ok(())
}

async fn measure(served: &Served, bare: &Bare, report: &mut Report) -> Result<()> {
    memory::add(report, "memory: before", served.process())?;
    reads::measure(served, bare, report).await?;
    memory::add(report, "memory: after the requests", served.process())?;
    peer::measure(served, report).await?;
    reads::measure_beside_spinning_guests(served, report).await?;
    streams::measure(served, bare, report).await
}
