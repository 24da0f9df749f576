//! What the host says of itself, for whoever looks for a fault: lines on standard error. Not the events of runs.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;

use crate::journal::Redactor;

/// What is shown where nobody asked for a log: Baton's own warnings. What its libraries warn of comes to people as what
/// became of their call.
const UNASKED: &str = "off,baton=warn";
/// What is shown of every library once somebody asks.
const USUAL: &str = "warn";

/// Begins to write. `filter` is a level such as `debug`, which is Baton's own, or directives such as `baton::kernel=trace`.
/// Of everything that it does not name, warnings and errors are shown; so they are when it cannot be understood. Without a
/// filter, libraries are silent.
///
/// No line holds what `redactor` knows, now or later.
pub fn start(filter: Option<&str>, redactor: &Redactor) {
    let understood = filter.map(|filter| EnvFilter::try_new(directives(filter))).transpose();
    let mistake = understood.as_ref().err().map(ToString::to_string);
    let usual = if mistake.is_some() { USUAL } else { UNASKED };
    let filter = understood.ok().flatten().unwrap_or_else(|| EnvFilter::new(usual));
    let redactor = redactor.clone();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || Lines(redactor.clone())).with_ansi(false);
    // It fails only where a subscriber is there already, which then does the work.
    let _ = lines.try_init();
    if let Some(mistake) = mistake {
        tracing::warn!(error = %mistake, "the log filter cannot be understood; set BATON_LOG to a level such as debug");
    }
}

/// A level by itself is Baton's own: with all that its libraries say at `trace`, a log would have gigabytes. They are shown
/// no more than it, though, so that `off` is silence.
fn directives(filter: &str) -> String {
    let mut directives = vec![USUAL.to_owned()];
    for directive in filter.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
        match directive.parse::<LevelFilter>() {
            Ok(level) => directives.push(format!("{},baton={level}", level.min(LevelFilter::WARN))),
            Err(_) => directives.push(directive.to_owned()),
        }
    }
    directives.join(",")
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{debug, error, trace, warn};

    use super::*;

    #[derive(Clone, Default)]
    struct Heard(Arc<Mutex<Vec<u8>>>);

    impl Write for Heard {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(line)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(filter: &str) -> String {
        written(&directives(filter))
    }

    fn written(directives: &str) -> String {
        let heard = Heard::default();
        let writer = heard.clone();
        let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(directives));
        let lines = lines.with_writer(move || writer.clone()).with_ansi(false).without_time().with_level(false).with_target(false);
        tracing::subscriber::with_default(lines.finish(), || {
            trace!(target: "baton::kernel", "own-trace");
            debug!(target: "baton::store", "own-debug");
            error!(target: "baton::store", "own-error");
            trace!(target: "hyper::client", "hyper-trace");
            warn!(target: "hyper::client", "hyper-warn");
        });
        let text = String::from_utf8(heard.0.lock().unwrap().clone()).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn libraries_are_silent_until_somebody_asks() {
        assert_eq!(written(UNASKED), "own-error");
    }

    #[test]
    fn a_level_is_our_own_and_libraries_are_named() {
        assert_eq!(shown(""), "own-error hyper-warn");
        assert_eq!(shown("trace"), "own-trace own-debug own-error hyper-warn");
        assert_eq!(shown("debug"), "own-debug own-error hyper-warn");
        assert_eq!(shown("DEBUG,hyper=trace"), "own-debug own-error hyper-trace hyper-warn");
        assert_eq!(shown("hyper=trace"), "own-error hyper-trace hyper-warn");
        assert_eq!(shown("baton::kernel=trace"), "own-trace own-error hyper-warn");
        assert_eq!(shown("error"), "own-error");
        assert_eq!(shown("off"), "");
        assert_eq!(shown("info,hyper=error"), "own-error");
    }
}
