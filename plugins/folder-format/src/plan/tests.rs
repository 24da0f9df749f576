//! Folders of each dialect, with each kind of tag and defect. All of them are written for these tests.

use proptest::prelude::*;

use super::*;
use crate::conditions::Decider;
use crate::finding::{Code, Severity};
use crate::folder::MemoryFiles;

const WORKFLOW: &str = "name: garden\ndescription: Plans a garden\nstandalone: true\nconfig_source: \"{project-root}/bmad/g/config.yaml\"\noutput_folder: \"{config_source}:output_folder\"\ninstalled_path: \"{project-root}/bmad/g/workflows/garden\"\ninstructions: \"{installed_path}/instructions.md\"\ntemplate: \"{installed_path}/template.md\"\nvalidation: \"{installed_path}/checklist.md\"\ndefault_output_file: \"{output_folder}/garden-{{season}}.md\"\n";
const CONFIG: &str = "output_folder: \"{project-root}/docs\"\n";

const INSTRUCTIONS: &str = r#"# Garden
<critical>Write for {reader}.</critical>
<workflow>
<step n="1" goal="Look around" tag="garden-status">
  Look at the beds first.
  <action>Collect what grows:
</action>
  - trees
  - herbs
  <check if="season == spring">
    <ask response="beds">How many beds?</ask>
    <check if="n"><action>HALT</action></check>
  </check>
  <action if="frost is likely">Set covered = "yes"</action>
  <anchor id="beds_known" />
  <template-output>overview, soil</template-output>
</step>
<step n="1a" goal="Choose" optional="true" if="{{beds}} > 2" repeat="until-approved">
  <for-each bed="every bed"><action>Choose a plant</action></for-each>
  <invoke-task halt="true">{project-root}/bmad/core/tasks/think.xml</invoke-task>
  <invoke-workflow path="{project-root}/bmad/g/workflows/water"><param>mode: daily</param></invoke-workflow>
  <WebSearch query="{{plant}} companions" />
  <template-output file="plants.md">plant_{{bed}}</template-output>
  <output>Chosen: {{plant}}</output>
  <example><action>Do not do this</action></example>
  <goto step="1">Look again</goto>
  <goto step="9" if="tired">Stop</goto>
  <step n="1b"><template-output>result = done</template-output></step>
</step>
</workflow>
The end matters.
"#;

fn garden() -> MemoryFiles {
    MemoryFiles::of([
        ("workflow.yaml", WORKFLOW),
        ("instructions.md", INSTRUCTIONS),
        ("template.md", "# {{overview}}\n{{soil}} {{pests}}\n"),
        ("checklist.md", "# Beds\n- [ ] Every bed has a plant\n"),
    ])
    .with_project("bmad/g/config.yaml", CONFIG)
    .with_project("bmad/g/workflows/water/workflow.yaml", "name: water\n")
}

fn plan_of(files: &MemoryFiles) -> Plan {
    super::plan(files, &Options::default())
}

fn codes(plan: &Plan) -> Vec<(Code, u32)> {
    plan.findings.iter().map(|finding| (finding.code, finding.line.unwrap_or(0))).collect()
}

/// A folder whose instructions are these.
fn with_instructions(text: &str) -> Plan {
    plan_of(&MemoryFiles::of([("workflow.yaml", "name: a\ninstructions: instructions.md\n"), ("instructions.md", text)]))
}

fn steps(body: &str) -> Plan {
    with_instructions(&format!("<workflow>\n{body}\n</workflow>\n"))
}

#[test]
fn each_kind_of_tag_is_planned() {
    let plan = plan_of(&garden());
    assert!(plan.runnable && plan.standalone);
    let sheet = &plan.sheets[0];
    assert_eq!(sheet.rules[0], Passage { line: 2, text: "Write for {reader}.".to_owned() });
    assert_eq!(sheet.context.iter().map(|passage| passage.text.as_str()).collect::<Vec<_>>(), ["# Garden", "The end matters."]);
    let first = &sheet.steps[0];
    assert_eq!((first.id.as_str(), first.title.as_str(), first.line, first.tag.as_deref()), ("1", "Look around", 4, Some("garden-status")));
    let kinds: Vec<_> = sheet
        .statements()
        .into_iter()
        .map(|statement| serde_json::to_value(statement).expect("JSON")["do"].as_str().unwrap_or("").to_owned())
        .collect();
    let expected = "text action check ask check action action anchor template_output for_each action invoke_task invoke_workflow search template_output output context goto goto step template_output";
    assert_eq!(kinds.join(" "), expected);
    let Statement::Action { passage, .. } = &first.body[1] else { panic!("an action") };
    assert_eq!(passage.text, "Collect what grows:\n- trees\n  - herbs", "a list after a colon is part of the action");
    let second = &sheet.steps[1];
    assert_eq!((second.optional, second.repeat.as_deref()), (true, Some("until-approved")));
    assert_eq!(second.condition.as_ref().map(|condition| condition.decider), Some(Decider::Evaluator));
    let Statement::ForEach { item, collection, .. } = &second.body[0] else { panic!("a loop") };
    assert_eq!((item.as_str(), collection.as_str()), ("bed", "every bed"));
    let Statement::InvokeWorkflow { inputs, .. } = &second.body[2] else { panic!("an invocation") };
    assert_eq!(inputs.get("mode").map(String::as_str), Some("daily"));
}

#[test]
fn a_plan_says_what_the_run_needs_and_what_is_missing() {
    let plan = plan_of(&garden());
    assert_eq!(plan.needs.writes, ["docs/garden-*.md", "plants.md"]);
    assert_eq!(plan.needs.workflows, ["./bmad/g/workflows/water"]);
    assert_eq!(plan.needs.tasks, ["./bmad/core/tasks/think.xml"]);
    assert!(plan.needs.agents && plan.needs.people && plan.needs.search);
    assert_eq!(plan.document.as_ref().map(|document| document.placeholders.len()), Some(3));
    assert_eq!(plan.checklist.as_ref().map(|list| list.items.len()), Some(1));
    assert_eq!(
        codes(&plan),
        [(Code::UnsetVariable, 2), (Code::UnknownTask, 20), (Code::UnknownTarget, 27), (Code::UnfilledPlaceholder, 0)]
    );
    let unset: Vec<_> = plan.unset.iter().map(|unset| (unset.name.as_str(), unset.by_agent, unset.line, unset.uses)).collect();
    assert_eq!(unset, [("reader", false, 2, 1), ("plant", true, 22, 2)]);
}

#[test]
fn a_plan_survives_being_written() {
    let plan = plan_of(&garden());
    let text = serde_json::to_string(&plan).expect("JSON");
    assert_eq!(serde_json::from_str::<Plan>(&text).expect("a plan"), plan);
}

#[test]
fn executables_outside_of_steps_make_a_step() {
    let plan = steps("<critical>Rule</critical>\n<output>Hello</output>\n<step n=\"1\"><action>a</action></step>\n<action>b</action>");
    let ids: Vec<_> = plan.sheets[0].steps.iter().map(|step| step.id.as_str()).collect();
    assert_eq!(ids, ["implicit-1", "1", "implicit-3"]);
}

#[test]
fn jumps_to_nowhere_and_loops_without_end_are_found() {
    let plan = steps("<step n=\"1\"><action>Jump to Step 7</action></step>\n<step n=\"2\"><goto>nowhere</goto></step>");
    assert_eq!(codes(&plan), [(Code::UnknownTarget, 2), (Code::UnknownTarget, 3)]);
    let plan = steps(
        "<step n=\"1\"><action>a</action></step>\n<step n=\"2\"><goto step=\"1\">Again</goto></step>\n<step n=\"3\"><action>b</action></step>",
    );
    assert_eq!(codes(&plan), [(Code::EndlessLoop, 2), (Code::UnreachableStep, 4)]);
    assert_eq!(plan.sheets[0].steps.iter().map(|step| step.reachable).collect::<Vec<_>>(), [true, true, false]);
    let plan = steps(
        "<step n=\"1\"><check if=\"done\"><goto step=\"3\">On</goto></check><goto step=\"1\">Again</goto></step>\n<step n=\"3\"><action>b</action></step>",
    );
    assert_eq!(codes(&plan), []);
}

#[test]
fn steps_with_one_id_are_noted() {
    let plan = steps("<step n=\"1\" if=\"mode == a\"><action>a</action></step>\n<step n=\"1\" if=\"mode == b\"><action>b</action></step>");
    assert_eq!(
        plan.findings.iter().map(|finding| (finding.code, finding.severity)).collect::<Vec<_>>(),
        [(Code::DuplicateStep, Severity::Note)]
    );
}

#[test]
fn paths_that_leave_the_project_and_remote_files_are_rejected() {
    let plan = steps(
        "<step n=\"1\">\n<template-output file=\"../../etc/passwd\">a</template-output>\n<invoke-workflow path=\"https://example.org/w\" />\n<action>Load and execute: /etc/instructions.md</action></step>",
    );
    let rejected: Vec<_> = plan.findings.iter().map(|finding| (finding.code, finding.line, finding.severity)).collect();
    let rejection = Severity::Rejection;
    assert_eq!(
        rejected,
        [(Code::PathOutside, Some(3), rejection), (Code::RemoteFile, Some(4), rejection), (Code::PathOutside, Some(5), rejection)]
    );
    assert!(plan.runnable, "the rest runs");
    let remote = "name: a\ninstructions: instructions.md\ntemplate: \"https://example.org/t.md\"\ndefault_output_file: \"../out.md\"\n";
    let plan = plan_of(&MemoryFiles::of([
        ("workflow.yaml", remote),
        ("instructions.md", "<workflow><step n=\"1\"><action>a</action></step></workflow>"),
    ]));
    assert_eq!(codes(&plan), [(Code::RemoteFile, 3), (Code::PathOutside, 4)]);
    assert_eq!(plan.document, None);
}

#[test]
fn commands_for_a_shell_are_text() {
    let plan = steps("<step n=\"1\">\nRun this:\n\n```bash\nrm -rf /\n```\n</step>");
    assert_eq!(codes(&plan), [(Code::ShellText, 5)]);
}

#[test]
fn folders_without_anything_to_run_say_so() {
    assert_eq!(codes(&plan_of(&MemoryFiles::of([("README.md", "# A")]))), [(Code::NothingToRun, 0)]);
    assert_eq!(codes(&plan_of(&MemoryFiles::of([("workflow.yaml", "name: a\n")]))), [(Code::NothingToRun, 0)]);
    let scaffold =
        MemoryFiles::of([("workflow.yaml", "name: \"{WORKFLOW_CODE}\"\n"), ("instructions.md", "<workflow><step n=\"1\"/></workflow>")]);
    let plan = plan_of(&scaffold);
    assert!(!plan.runnable && codes(&plan).contains(&(Code::Scaffold, 1)), "{:?}", plan.findings);
    let nested = MemoryFiles::of([
        ("workflow.yaml", "workflow:\n  name: a\n"),
        ("instructions.md", "<workflow><step n=\"1\"><action>a</action></step></workflow>"),
    ]);
    assert_eq!((plan_of(&nested).runnable, plan_of(&nested).name.as_str()), (true, "a"));
}

#[test]
fn markdown_steps_are_headings_outside_of_fences() {
    let plan =
        with_instructions("# T\nIntro\n```\n## Step 9: no\n```\n## Step 1: Look\nHALT\n### Step 1.5: More\nContinue to Step 1\n## Notes\n");
    assert_eq!(plan.dialect, Dialect::Markdown);
    let ids: Vec<_> = plan.sheets[0].steps.iter().map(|step| (step.id.as_str(), step.line)).collect();
    assert_eq!(ids, [("1", 6), ("1.5", 8)]);
    assert!(plan.sheets[0].context[0].text.contains("## Step 9"));
}

#[test]
fn step_files_follow_each_other() {
    let files = MemoryFiles::of([
        ("workflow.md", "---\nname: a-plan\ndescription: Plans\n---\n# A\nRead fully and follow: `steps/step-01-init.md`\n"),
        (
            "steps/step-01-init.md",
            "---\nname: init\nnextStepFile: './step-02-more.md'\noutputFile: 'docs/plan.md'\n---\n# Begin\nDo it.\n[A] Ask more [C] Continue\n",
        ),
        ("steps/step-01b-continue.md", "# Continue\n"),
        ("steps/step-02-more.md", "# More\nThen load `step-03-end.md` and `../../secret/step-1.md`.\n"),
    ]);
    let plan = plan_of(&files);
    assert_eq!((plan.dialect, plan.runnable, plan.name.as_str()), (Dialect::StepFiles, true, "a-plan"));
    let order: Vec<_> = plan.sheets.iter().map(|sheet| sheet.file.as_str()).collect();
    assert_eq!(order, ["workflow.md", "steps/step-01-init.md", "steps/step-02-more.md", "steps/step-01b-continue.md"]);
    assert!(matches!(plan.sheets[1].steps[0].body.last(), Some(Statement::Ask { passage, .. }) if passage.line == 8));
    let found: Vec<_> = plan.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(found, [Code::UnreachableStep, Code::MissingFile, Code::PathOutside]);
    assert_eq!(plan.document.and_then(|document| document.file).as_deref(), Some("docs/plan.md"));
}

#[test]
fn a_skill_is_its_text_or_the_workflow_in_it() {
    let skill = "---\nname: a-skill\ndescription: Use when tests fail.\n---\n# Fix\nStyle: {workflow.style}\n";
    let files = MemoryFiles::of([("SKILL.md", skill), ("customize.toml", "[workflow]\nstyle = \"short\"\n")]);
    let plan = plan_of(&files);
    assert_eq!((plan.dialect, plan.name.as_str(), plan.runnable, codes(&plan)), (Dialect::Skill, "a-skill", true, Vec::new()));
    assert_eq!(plan.sheets[0].steps[0].title, "Fix");
    assert!(plan.variables.iter().any(|variable| variable.name == "workflow.style" && variable.value.as_deref() == Some("short")));
    let tags = "---\nname: Bad Name\n---\n<workflow><step n=\"1\"><action>a</action></step></workflow>";
    let plan = plan_of(&MemoryFiles::of([("SKILL.md", tags)]));
    assert_eq!(codes(&plan), [(Code::InvalidName, 1), (Code::InvalidName, 2)]);
    assert_eq!(plan.sheets[0].steps.len(), 1);
}

#[test]
fn bytes_that_are_not_text_are_read_as_far_as_they_go() {
    let mut files = garden();
    files.folder.insert("instructions.md".to_owned(), b"<workflow>\n<step n=\"1\"><action>a\xff\xfe</action></step></workflow>".to_vec());
    let plan = plan_of(&files);
    assert!(plan.runnable && codes(&plan).contains(&(Code::InvalidUtf8, 2)), "{:?}", plan.findings);
    files.folder.insert("instructions.md".to_owned(), vec![b'\n'; crate::limits::MOST_FILE_BYTES + 1]);
    let plan = plan_of(&files);
    assert!(!plan.runnable && plan.findings.iter().any(|finding| finding.code == Code::FileTooLong));
}

#[test]
fn folders_that_grow_without_bound_are_planned_in_bounded_time() {
    let names: String = (0..30_000).map(|index| format!("{{n{index}}} {{{{m{index}}}}}\n")).collect();
    let plan = steps(&format!("<step n=\"1\"><action>{names}</action></step>"));
    assert_eq!((plan.unset.len(), plan.findings.len()), (crate::limits::MOST_VARIABLES, crate::limits::MOST_FINDINGS));
    assert!(plan.findings_omitted > 0);
    let links: String = (0..50_000).map(|index| format!("`step-{index}.md` ")).collect();
    assert!(plan_of(&MemoryFiles::of([("workflow.md", links.as_str())])).runnable);
    let long = "k".repeat(300_000);
    let nested: String = (0..5_000).map(|index| format!("  a{index}: 1\n")).collect();
    plan_of(&MemoryFiles::of([("workflow.yaml", format!("{long}:\n{nested}").as_str())]));
    steps(&format!("<step n=\"1\">{}</step>", "<goto step=\"9\">x</goto>".repeat(30_000)));
    steps(&"<step n=\"1\"><action>Jump to Step 1; HALT</action></step>".repeat(10_000));
}

/// Pieces that folders are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = [
        "<workflow>",
        "</workflow>",
        "<step n=\"1\" if=\"a == b\">",
        "<step n=\"2\" optional=\"true\">",
        "</step>",
        "<action>",
        "</action>",
        "<check if=\"x\">",
        "</check>",
        "<critical>",
        "</critical>",
        "<goto step=\"1\">",
        "</goto>",
        "<ask response=\"a\">",
        "</ask>",
        "<template-output>",
        "</template-output>",
        "a, b",
        "a = b",
        "```\n",
        "````xml\n",
        "\n",
        " ",
        "- ",
        "`",
        "<!--",
        "-->",
        "{a}",
        "{{b}}",
        "${c}",
        "&lt;",
        "&",
        "<",
        ">",
        "\"",
        "Jump to Step 2",
        "HALT",
        "Load and execute: ",
        "../x.md",
        "Ä🌱",
        "## Step 3: T\n",
        "---\n",
        "name: a\n",
    ];
    proptest::collection::vec(prop_oneof![8 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"], 0..60)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_instructions_are_planned_and_every_byte_is_owned(text in pieces(), bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut findings = crate::finding::Findings::default();
        let document = crate::markup::parse(crate::source::Source::new("a.md", text.clone()), &mut findings);
        let owned: String = document.tree.owned_spans().into_iter().map(|span| document.slice(span)).collect();
        prop_assert_eq!(&owned, &text);
        for (name, other) in [("workflow.yaml", "instructions.md"), ("SKILL.md", "steps/step-01-a.md"), ("workflow.md", "steps/step-01-a.md")] {
            let mut files = MemoryFiles::of([(other, text.as_str())]);
            files.folder.insert(name.to_owned(), text.as_bytes().to_vec());
            plan_of(&files);
            files.folder.insert(name.to_owned(), bytes.clone());
            let plan = plan_of(&files);
            for finding in &plan.findings {
                let message = &finding.message;
                prop_assert!(message.ends_with('.') && !message.contains(char::is_control) && message.len() < 4000, "{:?}", message);
            }
            prop_assert_eq!(serde_json::from_str::<Plan>(&serde_json::to_string(&plan).expect("JSON")).expect("a plan"), plan);
        }
    }

    #[test]
    fn any_condition_is_read(text in "[a-z{}'\"=<>!()\\[\\], ]{0,60}") {
        let condition = crate::conditions::Condition::read(&text, 1);
        prop_assert_eq!(condition.decider == Decider::Judge, condition.test.is_none());
    }

    #[test]
    fn any_variables_are_resolved(values in proptest::collection::vec("[ab{}]{0,12}", 1..12)) {
        let yaml: String = values.iter().enumerate().map(|(index, value)| format!("{}{}: \"{value}\"\n", ["a", "b", "ab"][index % 3], index / 3)).collect();
        let files = MemoryFiles::of([("workflow.yaml", yaml.as_str()), ("instructions.md", "<workflow><step n=\"1\"/></workflow>")]);
        plan_of(&files);
    }
}
