//! What the host says of itself, for whoever looks for a fault: lines on standard error. Not the events of runs.

use tracing_subscriber::EnvFilter;

/// Begins to write. `filter` is a level such as `debug`, or directives such as `baton::kernel=trace`; warnings and
/// errors are shown by default, and also when the filter cannot be understood.
pub fn start(filter: Option<&str>) {
    let understood = filter.map(EnvFilter::try_new).transpose();
    let mistake = understood.as_ref().err().map(ToString::to_string);
    let filter = understood.ok().flatten().unwrap_or_else(|| EnvFilter::new("warn"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false);
    // It fails only where a subscriber is there already, which then does the work.
    let _ = lines.try_init();
    if let Some(mistake) = mistake {
        tracing::warn!(error = %mistake, "the log filter cannot be understood; set BATON_LOG to a level such as debug");
    }
}
