//! Any two texts as the files of a workflow folder, in each dialect. A plan, and every byte with one owner, whatever they are.
#![no_main]

use baton_folder_format::agents;
use baton_folder_format::finding::Findings;
use baton_folder_format::folder::MemoryFiles;
use baton_folder_format::limits::MOST_FINDINGS;
use baton_folder_format::markup;
use baton_folder_format::plan::{Options, after_certain, plan};
use baton_folder_format::source::Source;
use baton_folder_format::status::StatusFile;
use baton_folder_format::template::{self, Blocks};
use baton_fuzz::{check_sentence, soon, two};
use libfuzzer_sys::fuzz_target;

const DIALECTS: [(&str, &str); 3] = [("workflow.yaml", "instructions.md"), ("workflow.md", "steps/step-01-a.md"), ("SKILL.md", "customize.toml")];

/// Knows what is short.
struct Short;

impl Blocks for Short {
    fn decide(&self, condition: &str) -> Option<bool> {
        (condition.len() < 9).then_some(condition.len() % 2 == 0)
    }

    fn value(&self, name: &str) -> Option<String> {
        (name.len() < 9).then(|| format!("{name}, b"))
    }
}

fuzz_target!(|text: &str| {
    let texts = two(text);
    let mut findings = Findings::default();
    let document = soon(|| markup::parse(Source::new("a.md", texts.1.to_owned()), &mut findings));
    let mut position = 0;
    for span in document.tree.owned_spans() {
        assert_eq!(span.start as usize, position, "bytes are owned once, in order");
        position = span.end as usize;
    }
    assert_eq!(position, texts.1.len(), "every byte is owned");
    for (entry, other) in DIALECTS {
        let files = MemoryFiles::of([(entry, texts.0), (other, texts.1)]).with_project("bmad/core/config.yaml", texts.1);
        let plan = soon(|| plan(&files, &Options::default()));
        assert!(plan.findings.len() <= 2 * MOST_FINDINGS);
        plan.findings.iter().for_each(|finding| check_sentence(&finding.message));
    }
    for file in ["a.md", "a.agent.yaml"] {
        if let Some(agent) = soon(|| agents::read(file, texts.1, Some(texts.0))) {
            let folder = soon(|| agent.menu_folder("menu")).into_iter().flatten().map(|(path, text)| (path, text.into_bytes())).collect();
            let plan = soon(|| plan(&MemoryFiles { folder, project: None }, &Options::default()));
            assert!(agent.menu.is_empty() || plan.runnable, "a menu can be run, whatever its items are");
        }
    }
    assert!(texts.1.trim_end().ends_with(after_certain(texts.1)), "what is left is the end of the text");
    soon(|| template::render(texts.1, &Short));
    if let Ok(status) = StatusFile::read(texts.0) {
        assert_eq!(status.text(), texts.0, "a status file that is not changed stays as it is");
    }
});
