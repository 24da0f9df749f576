//! The review as people read it, on the story's pull request. That it cannot be written there changes nothing of the verdict.

use baton_sdk::forge;
use baton_sdk::run;
use baton_slots::code_review::{Criterion, Finding, Output, Verdict};

/// Bytes that a review may have on a forge; what is said about the cut fits below them as well.
const LONGEST: usize = 60 << 10;

pub(crate) fn write(number: u32, judged: &Output) {
    let verdict = match judged.verdict {
        Verdict::Approve => forge::Verdict::Approve,
        Verdict::Changes => forge::Verdict::RequestChanges,
    };
    if let Err(error) = forge::review(number, verdict, &text(judged)) {
        run::warn(&format!("The review is not written on pull request {number}: {error}"));
    }
}

fn text(judged: &Output) -> String {
    let findings: String = judged.findings.iter().map(listed).collect();
    let criteria: String = judged.criteria.iter().map(answered).collect();
    let parts = [judged.summary.trim(), findings.trim(), criteria.trim()].into_iter().filter(|part| !part.is_empty());
    let whole = parts.collect::<Vec<_>>().join("\n\n");
    let said = whole.as_str();
    let end = said.floor_char_boundary(LONGEST);
    let cut = if end < said.len() { "\n\n(The rest is left out; the run's output has it.)" } else { "" };
    format!("{}{cut}\n\nReviewed by an agent.", &said[..end])
}

fn listed(finding: &Finding) -> String {
    let line = finding.line.map_or_else(String::new, |line| format!(":{line}"));
    let weight = if finding.is_blocking() { "" } else { "Minor: " };
    format!("- `{}{line}`: {weight}{} ({})\n", finding.path, finding.what.trim(), finding.why.trim())
}

fn answered(criterion: &Criterion) -> String {
    let Criterion { criterion, evidence, test, holds, .. } = criterion;
    let test = if test.is_empty() { String::new() } else { format!(" Test: `{}`.", test.trim()) };
    format!("- {holds}: {} {}{test}\n", criterion.trim(), evidence.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_names_its_findings_and_is_bounded() {
        let finding =
            |what: &str| Finding { path: "kitty".into(), line: Some(3), what: what.into(), why: "FR1".into(), ..Finding::default() };
        let criterion =
            Criterion { criterion: "Sums are exact.".into(), evidence: "No test.".into(), holds: "no".into(), ..Criterion::default() };
        let (criteria, earlier) = (vec![criterion], Vec::new());
        let judged = Output { criteria, earlier, findings: vec![finding("Rounds")], summary: "No.".into(), verdict: Verdict::Changes };
        assert_eq!(text(&judged), "No.\n\n- `kitty:3`: Rounds (FR1)\n\n- no: Sums are exact. No test.\n\nReviewed by an agent.");
        let long = text(&Output { findings: vec![finding(&"ä".repeat(50_000))], ..judged });
        assert!(long.len() < 64 << 10 && long.contains("left out"), "{}", long.len());
    }
}
