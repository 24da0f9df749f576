//! What was measured, as a table that people read and Markdown understands. Judges a row only by the target it was given.

use std::{
    fmt::{self, Display, Formatter},
    time::{Duration, Instant},
};

/// Something measured.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub(crate) enum Quantity {
    Time(Duration),
    Mebibytes(f64),
    Ratio(f64),
    Count(f64),
}

impl Display for Quantity {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Time(time) if *time < Duration::from_micros(1_000) => format!("{:.1} µs", time.as_secs_f64() * 1e6),
            Self::Time(time) if *time < Duration::from_secs(1) => format!("{:.1} ms", time.as_secs_f64() * 1e3),
            Self::Time(time) => format!("{:.1} s", time.as_secs_f64()),
            Self::Mebibytes(size) => format!("{size:.1} MiB"),
            Self::Count(count) => format!("{count:.0}"),
            Self::Ratio(ratio) => format!("{ratio:.2} ×"),
        };
        formatter.pad(&text)
    }
}

/// Many measurements of the same.
pub(crate) struct Samples(Vec<Quantity>);

impl Samples {
    pub(crate) fn new(samples: impl IntoIterator<Item = Quantity>) -> Self {
        let mut samples: Vec<_> = samples.into_iter().collect();
        samples.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
        Self(samples)
    }

    pub(crate) fn of_times(times: impl IntoIterator<Item = Duration>) -> Self {
        Self::new(times.into_iter().map(Quantity::Time))
    }

    /// The sample below which so many of a hundred lie.
    fn percentile(&self, percent: usize) -> Option<Quantity> {
        let last = self.0.len().checked_sub(1)?;
        self.0.get(last * percent / 100).copied()
    }
}

struct Row {
    what: String,
    half: Option<Quantity>,
    nearly_all: Option<Quantity>,
    samples: usize,
    target: Option<Quantity>,
}

/// The rows in the order they were measured. The first is what the others are compared with.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

impl Table {
    /// Adds what was measured, and says so to whoever waits.
    pub(crate) fn add(&mut self, what: impl Into<String>, samples: &Samples, target: Option<Quantity>) {
        let (half, nearly_all) = (samples.percentile(50), samples.percentile(99));
        let row = Row { what: what.into(), half, nearly_all: nearly_all.filter(|_| samples.0.len() > 1), samples: samples.0.len(), target };
        eprintln!("{}: {}", row.what, row.half.map_or_else(|| "nothing".to_owned(), |half| half.to_string()));
        self.0.push(row);
    }

    fn ratio(&self, row: &Row) -> Option<Quantity> {
        match (self.0.first()?.half?, row.half?) {
            (Quantity::Time(base), Quantity::Time(time)) => Some(Quantity::Ratio(time.as_secs_f64() / base.as_secs_f64())),
            _ => None,
        }
    }
}

impl Display for Table {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|row| row.what.chars().count()).max().unwrap_or_default();
        let heads = ["p50", "p99", "reach", "", "to the first"];
        writeln!(
            formatter,
            "| {:width$} | {:>9} | {:>9} | {:>9} | {:6} | {:>12} | samples |",
            "what", heads[0], heads[1], heads[2], heads[3], heads[4]
        )?;
        let dash = |width: usize| "-".repeat(width);
        writeln!(formatter, "|{}|{}:|{}:|{}:|{}|{}:|--------:|", dash(width + 2), dash(10), dash(10), dash(10), dash(8), dash(13))?;
        for row in &self.0 {
            let text = |quantity: Option<Quantity>| quantity.map_or_else(String::new, |quantity| quantity.to_string());
            let verdict = match (row.half, row.target) {
                (Some(half), Some(target)) if half <= target => "met",
                (Some(_), Some(_)) => "missed",
                _ => "",
            };
            let (half, nearly_all, target, ratio) = (text(row.half), text(row.nearly_all), text(row.target), text(self.ratio(row)));
            writeln!(
                formatter,
                "| {:width$} | {half:>9} | {nearly_all:>9} | {target:>9} | {verdict:6} | {ratio:>12} | {:>7} |",
                row.what, row.samples
            )?;
        }
        Ok(())
    }
}

/// How long something takes.
pub(crate) async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let begun = Instant::now();
    let outcome = work.await;
    (begun.elapsed(), outcome)
}

/// Shorthand for a target.
pub(crate) fn micros(number: u64) -> Option<Quantity> {
    Some(Quantity::Time(Duration::from_micros(number)))
}

/// Shorthand for a target.
pub(crate) fn millis(number: u64) -> Option<Quantity> {
    Some(Quantity::Time(Duration::from_millis(number)))
}
