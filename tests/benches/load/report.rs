//! What was measured, as a table that people read and Markdown understands. Judges a row only by the target it was given.

use std::{
    fmt::{self, Display, Formatter},
    time::Duration,
};

/// The rows in the order they were measured.
#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

struct Row {
    what: String,
    /// Its 50th, 95th and 99th percentile, or what was counted.
    cells: [String; 3],
    reach: String,
    verdict: &'static str,
    to_bare: String,
}

/// Times of many requests, in their order.
#[derive(Clone)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time below which so many of a hundred lie.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let last = self.0.len().saturating_sub(1);
        self.0.get(last * percent / 100).copied().unwrap_or_default()
    }
}

/// What a row has to reach.
pub(crate) enum Reach {
    Nothing,
    /// A 95th percentile of at most so much.
    P95(Duration),
    /// A 99th percentile of at most so much more than that of the bare axum.
    P99More(Duration),
}

impl Report {
    /// Adds times, and says so to whoever waits. `bare` is what the bare axum took for the same.
    pub(crate) fn add(&mut self, what: impl Into<String>, times: &Times, bare: Option<&Times>, reach: &Reach) {
        let met = match reach {
            Reach::Nothing => None,
            Reach::P95(most) => Some(times.percentile(95) <= *most),
            Reach::P99More(most) => bare.map(|bare| times.percentile(99) <= bare.percentile(99) + *most),
        };
        let to_bare = bare.map_or_else(String::new, |bare| {
            format!("{:.2} ×", times.percentile(50).as_secs_f64() / bare.percentile(50).as_secs_f64().max(f64::MIN_POSITIVE))
        });
        let reach = match reach {
            Reach::Nothing => String::new(),
            Reach::P95(most) => format!("p95 {}", shown(*most)),
            Reach::P99More(most) => format!("p99 + {}", shown(*most)),
        };
        let verdict = met.map_or("", |met| if met { "met" } else { "missed" });
        self.push(Row { what: what.into(), cells: [50, 95, 99].map(|percent| shown(times.percentile(percent))), reach, verdict, to_bare });
    }

    /// Adds something counted.
    pub(crate) fn count(&mut self, what: impl Into<String>, count: impl Display) {
        let cells = [count.to_string(), String::new(), String::new()];
        self.push(Row { what: what.into(), cells, reach: String::new(), verdict: "", to_bare: String::new() });
    }

    fn push(&mut self, row: Row) {
        eprintln!("{}: {} {}", row.what, row.cells.join(" "), row.verdict);
        self.0.push(row);
    }
}

fn shown(time: Duration) -> String {
    if time < Duration::from_millis(1) { format!("{} µs", time.as_micros()) } else { format!("{:.1} ms", time.as_secs_f64() * 1e3) }
}

impl Display for Report {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
        writeln!(
            formatter,
            "| {:width$} | {:>10} | {:>9} | {:>9} | {:>14} | {:6} | {:>12} |",
            "what", "p50", "p95", "p99", "reach", "", "to bare axum"
        )?;
        let dash = |width: usize| "-".repeat(width);
        let columns = [11, 10, 10, 15].map(|width| format!("{}:", dash(width))).join("|");
        writeln!(formatter, "|{}|{columns}|{}|{}:|", dash(width + 2), dash(8), dash(13))?;
        for Row { what, cells: [half, most, nearly_all], reach, verdict, to_bare } in &self.0 {
            writeln!(
                formatter,
                "| {what:width$} | {half:>10} | {most:>9} | {nearly_all:>9} | {reach:>14} | {verdict:6} | {to_bare:>12} |"
            )?;
        }
        Ok(())
    }
}
