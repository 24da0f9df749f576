//! What the host says of itself, for whoever looks for a fault: lines on standard error. Not the events of runs.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;

use crate::journal::Redactor;

/// Begins to write. `filter` is a level such as `debug`, or directives such as `baton::kernel=trace`; warnings and
/// errors are shown by default, and also when the filter cannot be understood.
///
/// No line holds what `redactor` knows, now or later.
pub fn start(filter: Option<&str>, redactor: &Redactor) {
    let understood = filter.map(EnvFilter::try_new).transpose();
    let mistake = understood.as_ref().err().map(ToString::to_string);
    // The library that speaks to models warns of every event of a stream that says nothing; what matters comes back as an error.
    let filter = understood.ok().flatten().unwrap_or_else(|| EnvFilter::new("warn,genai=off"));
    let redactor = redactor.clone();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || Lines(redactor.clone())).with_ansi(false);
    // It fails only where a subscriber is there already, which then does the work.
    let _ = lines.try_init();
    if let Some(mistake) = mistake {
        tracing::warn!(error = %mistake, "the log filter cannot be understood; set BATON_LOG to a level such as debug");
    }
}

/// Writes whole lines to standard error, without secrets.
struct Lines(Redactor);

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().write_all(self.0.text(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
