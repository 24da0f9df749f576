//! Makes a workflow of a folder: the plan that `baton-folder-format` reads is executed step by step, by an agent where a step
//! needs judgement and by the engine where the folder says what to do. The engine has no manifest of its own.

mod agent;
mod asking;
mod document;
mod facts;
mod invocations;
mod packed;
mod progress;
mod runner;
mod statements;
mod status;
mod stories;
#[cfg(test)]
mod tests;
mod validation;

use std::collections::BTreeMap;

use baton_folder_format::finding::Severity;
use baton_folder_format::plan::{Options, plan};
use baton_folder_format::variables::System;
use baton_sdk::prelude::*;
use serde::{Deserialize, Serialize};

use packed::Packed;
use runner::Runner;

struct Folder;

/// What a run is started with.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// Variables of the folder.
    #[serde(default)]
    inputs: BTreeMap<String, Value>,
    /// Leaves optional steps out, and has the agent answer what people would be asked.
    #[serde(default)]
    yolo: bool,
    /// The agent or slot that works. Default: `analyst`.
    #[serde(default)]
    agent: Option<String>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Completed,
    Exited,
    Halted,
}

/// What a run gives.
#[derive(Clone, Debug, Serialize)]
struct Output {
    status: Status,
    /// Why it stopped before its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The files that it wrote.
    files: Vec<String>,
    /// What it hands to the workflow that started it.
    values: BTreeMap<String, String>,
    /// The report of the check against the checklist.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation: Option<String>,
    /// Placeholders of the document that are still there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfilled: Vec<String>,
}

impl Workflow<Input, Output> for Folder {
    fn run(input: Input) -> Result<Output> {
        let given = input.inputs.iter().map(|(name, value)| (name.clone(), text_of(value))).collect();
        let options = Options { given, system: System { date: Some(date(run::now())) } };
        let plan = plan(&Packed, &options);
        for finding in plan.findings.iter().filter(|finding| finding.severity != Severity::Note) {
            let place = finding.line.map_or(finding.file.clone(), |line| format!("{}:{line}", finding.file));
            run::warn(&format!("{place}: {}", finding.message));
        }
        if !plan.runnable {
            let why = plan.findings.iter().find(|finding| finding.severity == Severity::Rejection);
            let why = why.map_or("It has no steps.", |finding| finding.message.as_str());
            return Err(Error::invalid(format!("The folder cannot be run: {why} Correct it and pack it again.")));
        }
        Runner::new(&plan, &input).run()
    }

    fn shortfall(output: &Output) -> Option<String> {
        let reason = output.reason.as_deref().filter(|_| output.status == Status::Halted)?;
        Some(format!("The workflow halted: {reason}"))
    }
}

baton_sdk::export!(Folder, manifest packed later);

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The day of a time in milliseconds since 1970, in UTC.
fn date(milliseconds: u64) -> String {
    // Days since 0000-03-01, in eras of 400 years.
    let days = milliseconds / 86_400_000 + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{:02}", day_of_year - (153 * shifted + 2) / 5 + 1)
}
