//! The memory that a process of this machine holds.

use std::fs;

use anyhow::{Context, Result};

use crate::report::Report;

/// Adds how much memory a process holds now.
pub(crate) fn add(report: &mut Report, what: &str, process: u32) -> Result<()> {
    report.count(what, format!("{} MiB", resident(process)?));
    Ok(())
}

/// Mebibytes that a process holds.
pub(crate) fn resident(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the process has no memory")?;
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024)
}
