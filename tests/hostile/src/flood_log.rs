//! Threat: A plugin without any grant fills the disk with its log, its progress, or requests that are denied.
//! Stopped by: A limit on what one call may leave in the journal, and the limit `calls`. Of a long line, Baton keeps the
//! beginning.
//! Expects: Each line ends at 8 KiB with "…", and the run continues.

use baton_sdk::{prelude::*, waits::Ticket};

pub(crate) fn attack(input: &Value) -> Result<Value> {
    let long = "flood ".repeat(50_000);
    for _ in 0..input["times"].as_u64().unwrap_or(1) {
        run::log(run::Level::Error, &long, &json!({ "field": long }));
        run::progress(f32::NAN, &long);
        let _denied = files::write("out/flood", &long);
        let _denied = tools::call(&long, &json!({ "path": long }));
        let _denied = workflows::start::<Value, _>(&long, &long);
        let _unknown = waits::cancel(&Ticket::from(long.clone()));
        let _unset = settings::get::<Value>(&long);
    }
    Ok(json!("flooded"))
}
