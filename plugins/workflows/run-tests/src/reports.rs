//! What is known of the tests of a run: by the reports that they wrote, where their program writes some and the output alone
//! says less, else by what they printed. Reads reports in the sandbox, in which they were written.

use baton_results::{Results, read};
use baton_sdk::prelude::*;
use baton_sdk::sandbox::Job;

use crate::attempt::executed;
use crate::printed::{Printed, whole};

/// Reports that are read, and their bytes.
const MOST_REPORTS: usize = 2000;
const MOST_BYTES: usize = 3 << 20;
/// Seconds between the end of the tests and a look at their reports, so that older ones are not taken for theirs.
const SLACK: u32 = 20;
const TIMEOUT_MS: u32 = 60_000;
/// Globs that `test.reports` may have.
const MOST_GLOBS: usize = 20;

/// Where build tools write reports, by a word of the command.
const KNOWN: &[(&str, &[&str])] = &[
    ("mvn", &["*target/surefire-reports/TEST-*.xml", "*target/failsafe-reports/TEST-*.xml"]),
    ("gradle", &["*build/test-results/*/TEST-*.xml"]),
];

pub(crate) fn results(command: &str, took_ms: u32, printed: &Printed) -> Result<Results> {
    let globs = globs(command)?;
    if !globs.is_empty() {
        let job = Job::shell(script(&globs, took_ms.div_ceil(1000).saturating_add(SLACK))).in_image_of_tests()?.with_timeout_ms(TIMEOUT_MS);
        let found = whole(executed(&job)?)?;
        let results = read(found.streams.iter().filter(|(name, _)| *name != "stderr").map(|(_, text)| text.as_str()));
        if !results.is_empty() {
            return Ok(results);
        }
    }
    Ok(read(printed.streams.iter().map(|(_, text)| text.as_str())))
}

fn globs(command: &str) -> Result<Vec<String>> {
    let set: Vec<String> = settings::get("test.reports")?.unwrap_or_default();
    if set.len() > MOST_GLOBS {
        return Err(Error::invalid(format!("`test.reports` has more than {MOST_GLOBS} globs. Join some of them.")));
    }
    let known = KNOWN.iter().filter(|(word, _)| command.contains(word)).flat_map(|(_, globs)| globs.iter().map(|glob| (*glob).to_owned()));
    Ok(if set.is_empty() { known.collect() } else { set })
}

/// Prints the reports that were written since so many seconds.
fn script(globs: &[String], seconds: u32) -> String {
    let paths: Vec<_> = globs.iter().map(|glob| format!("-path {}", quoted(&format!("./{}", glob.trim_start_matches("./"))))).collect();
    format!(
        "now=$(date +%s); find . -type f \\( {} \\) ! -path '*/node_modules/*' | sort | head -n {MOST_REPORTS} | while IFS= read -r file; do \
         [ $((now - $(stat -c %Y \"$file\"))) -gt {seconds} ] || cat \"$file\"; done | head -c {MOST_BYTES}",
        paths.join(" -o ")
    )
}

/// As a shell takes it as it stands.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_no_part_of_the_script() {
        let script = script(&["out/*.xml'; rm -rf /'".to_owned()], 5);
        assert!(script.contains("-path './out/*.xml'\\''; rm -rf /'\\'''") && script.contains("-gt 5 ]"), "{script}");
    }
}
