//! Values in every order, cycles, and values that grow.

use std::collections::BTreeMap;

use super::*;
use crate::finding::{Code, Findings};
use crate::folder::MemoryFiles;

fn resolve_with(workflow: &str, files: &MemoryFiles, given: &[(&str, &str)]) -> (Variables, Vec<(Code, u32)>) {
    let mut findings = Findings::default();
    let value = crate::yaml::read("workflow.yaml", workflow, 1, &mut findings);
    let mut declared = Declared::default();
    declared.add_given(&given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<BTreeMap<_, _>>());
    declared.add_workflow("workflow.yaml", &value);
    declared.add_config(files, &mut findings);
    let system = System { date: Some("2026-11-30".to_owned()) };
    let variables = Variables::resolve(&declared, &system, &mut findings);
    (variables, findings.list().iter().map(|finding| (finding.code, finding.line.unwrap_or(0))).collect())
}

fn resolve_alone(workflow: &str) -> (Variables, Vec<(Code, u32)>) {
    resolve_with(workflow, &MemoryFiles::default(), &[])
}

#[test]
fn values_are_put_into_each_other_in_any_order() {
    let (variables, findings) =
        resolve_alone("a: \"{b}/x\"\nb: \"{ c }/y\"\nc: \"{project-root}/z\"\nd: \"{{story-key}}-{date}\"\ne: \"{unknown}\"\n");
    assert_eq!(findings, []);
    let value = |name| variables.value(name);
    assert_eq!(
        (value("a"), value("b"), value("d"), value("e")),
        (Some("./z/y/x"), Some("./z/y"), Some("{{story-key}}-2026-11-30"), Some("{unknown}"))
    );
    assert_eq!(variables.get("d").map(|variable| variable.state), Some(State::SetByRun));
    assert_eq!((value("project_root"), value("current_year")), (Some("."), Some("2026")));
    assert_eq!(variables.fill("{a} {{a}} ${a} {nobody} { b }"), "./z/y/x {{a}} ${a} {nobody} ./z/y");
}

#[test]
fn the_strongest_declaration_counts() {
    let files = MemoryFiles::default()
        .with_project("bmad/bmm/config.yaml", "user_name: Ann\noutput_folder: \"{project-root}/docs\"\n")
        .with_project("bmad/core/config.yaml", "user_name: Core\nextra: e\n");
    let workflow = "config_source: \"{project-root}/bmad/bmm/config.yaml\"\nuser_name: \"{config_source}:user_name\"\npath: top\nvariables:\n  path: \"\"\n  folder: \"{config_source}:output_folder\"\ninputs:\n  - manifest: \"m.csv\"\n  - a b\nnested:\n  deep: x\n";
    let (variables, findings) = resolve_with(workflow, &files, &[("given", "1")]);
    assert_eq!(findings, []);
    let state = |name: &str| variables.get(name).map(|variable| (variable.origin, variable.state));
    assert_eq!(state("path"), Some((Origin::Variables, State::Empty)));
    assert_eq!(
        (variables.value("user_name"), variables.value("folder"), variables.value("extra")),
        (Some("Ann"), Some("./docs"), Some("e"))
    );
    assert_eq!(
        (variables.value("manifest"), variables.value("deep"), variables.value("nested.deep")),
        (Some("m.csv"), Some("x"), Some("x"))
    );
    assert_eq!((state("extra"), state("given")), (Some((Origin::CoreConfig, State::Set)), Some((Origin::Caller, State::Set))));
}

#[test]
fn what_a_configuration_lacks_is_asked_for() {
    let workflow = "config_source: \"{project-root}/bmad/cis/config.yaml\"\nname: \"{config_source}:user_name\"\ntests: \"{config_source}:run_tests\"\n";
    let files = MemoryFiles::default().with_project("bmad/core/config.yaml", "user_name: Core\n");
    let (variables, findings) = resolve_with(workflow, &files, &[]);
    assert_eq!(findings, [(Code::MissingConfig, 1), (Code::MissingConfigKey, 3)]);
    assert_eq!((variables.value("name"), variables.get("tests").map(|variable| variable.state)), (Some("Core"), Some(State::Asked)));
    let (_, findings) = resolve_with("config_source: \"../../etc/config.yaml\"\n", &files, &[]);
    assert_eq!(findings, [(Code::PathOutside, 1)]);
}

#[test]
fn cycles_end_and_are_named() {
    let (variables, findings) = resolve_alone("a: \"{b}\"\nb: \"x{c}\"\nc: \"{a}{d}\"\nd: y\ne: \"{e}\"\nf: \"{a}!\"\n");
    assert_eq!(findings, [(Code::CyclicVariable, 1), (Code::CyclicVariable, 5)]);
    for name in ["a", "b", "c", "e"] {
        assert_eq!(variables.get(name).map(|variable| (variable.state, variable.value.clone())), Some((State::Cyclic, None)), "{name}");
    }
    assert_eq!(variables.value("f"), Some("{a}!"));
}

#[test]
fn values_that_grow_and_chains_that_are_long_end() {
    let bomb: String = (0..40).map(|index| format!("v{index:02}: \"{}\"\n", format!("{{v{:02}}}", index + 1).repeat(10))).collect();
    let (variables, findings) = resolve_alone(&format!("{bomb}v40: xxxxxxxxxx\n"));
    assert!(findings.iter().any(|(code, _)| *code == Code::ValueTooLong), "{findings:?}");
    assert!(variables.iter().all(|variable| variable.value.as_ref().is_none_or(|value| value.len() <= crate::limits::LONGEST_VALUE)));
    let chain: String = (0..4000).map(|index| format!("w{index}: \"{{w{}}}\"\n", index + 1)).collect();
    assert!(resolve_alone(&chain).1.iter().any(|(code, _)| *code == Code::ValueTooLong));
}
