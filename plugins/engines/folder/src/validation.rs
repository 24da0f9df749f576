//! Checks the finished document against the folder's checklist, and writes a report beside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use baton_folder_format::checklist::{Checklist, Item};
use baton_sdk::prelude::*;
use serde::Deserialize;

use crate::runner::Runner;

/// Items that the agent judges at once.
const MOST_AT_ONCE: usize = 40;

#[derive(Deserialize)]
struct Verdicts {
    verdicts: Vec<Verdict>,
}

#[derive(Clone, Deserialize)]
struct Verdict {
    item: usize,
    result: String,
    evidence: String,
}

impl Runner<'_> {
    /// The path of the report; none if there is no checklist or no document.
    pub(crate) fn validate(&mut self) -> Result<Option<String>> {
        let plan = self.plan;
        let Some((list, file)) = plan.checklist.as_ref().filter(|list| !list.items.is_empty()).zip(self.document_file()) else {
            return Ok(None);
        };
        let mut verdicts = BTreeMap::new();
        for (part, items) in list.items.chunks(MOST_AT_ONCE).enumerate() {
            for verdict in self.judge_items(part * MOST_AT_ONCE, items)? {
                verdicts.insert(verdict.item, verdict);
            }
        }
        let date = crate::date(run::now());
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = format!("{folder}/validation-report-{date}.md").trim_start_matches('/').to_owned();
        files::write(&path, report(list, &file, &verdicts))?;
        self.files.push(path.clone());
        Ok(Some(path))
    }

    fn judge_items(&mut self, offset: usize, items: &[Item]) -> Result<Vec<Verdict>> {
        let text = json!({ "type": "string" });
        let verdict = json!({
            "type": "object", "required": ["item", "result", "evidence"], "additionalProperties": false,
            "properties": { "item": { "type": "integer" }, "result": { "type": "string", "enum": ["PASS", "PARTIAL", "FAIL", "N/A"] }, "evidence": text },
        });
        let schema = json!({ "type": "object", "required": ["verdicts"], "additionalProperties": false, "properties": { "verdicts": { "type": "array", "items": verdict } } });
        let list: String =
            items.iter().enumerate().map(|(index, item)| format!("{}. {}: {}\n", offset + index + 1, item.section, item.text)).collect();
        let goal = format!("Check the document against each item of this checklist, and quote the evidence:\n{list}");
        let answer: Verdicts = agents::checked(&self.agent, &self.task(&goal), &schema, |answer: &Verdicts| {
            let numbers = offset + 1..=offset + items.len();
            let missing = numbers.filter(|number| !answer.verdicts.iter().any(|verdict| verdict.item == *number));
            missing.map(|number| format!("Item {number} has no verdict.")).collect()
        })?;
        Ok(answer.verdicts)
    }
}

fn report(list: &Checklist, file: &str, verdicts: &BTreeMap<usize, Verdict>) -> String {
    let passed = verdicts.values().filter(|verdict| verdict.result == "PASS").count();
    let mut text =
        format!("# Validation report\n\n- Document: `{file}`\n- Checklist: `{}`\n- Passed: {passed} of {}\n", list.file, list.items.len());
    let mut section = "";
    for (number, item) in (1..).zip(&list.items) {
        if item.section != section {
            section = &item.section;
            let _ = write!(text, "\n## {section}\n");
        }
        let verdict = verdicts.get(&number);
        let (result, evidence) = verdict.map_or(("N/A", ""), |verdict| (verdict.result.as_str(), verdict.evidence.trim()));
        let _ = write!(text, "\n- **{result}** {}\n  {evidence}\n", item.text.lines().next().unwrap_or_default());
    }
    text
}
