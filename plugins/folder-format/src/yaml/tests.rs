//! Values, lines and bombs.

use super::*;

fn parse(text: &str) -> (Value, Findings) {
    let mut findings = Findings::default();
    let value = read("workflow.yaml", text, 1, &mut findings);
    (value, findings)
}

fn codes(findings: &Findings) -> Vec<(Code, u32)> {
    findings.list().iter().map(|finding| (finding.code, finding.line.unwrap_or(0))).collect()
}

#[test]
fn values_know_their_lines() {
    let (value, findings) = parse("# c\nname: a\nvariables:\n  b: \"\" # none\n  c: |\n    - x\n    - y\nlist:\n  - d: 'e'\n  - f\n");
    assert_eq!(codes(&findings), []);
    assert_eq!(value.get("name").map(|name| (name.line, name.text())), Some((2, Some("a"))));
    let variables = value.get("variables").expect("variables");
    assert_eq!((variables.text_of("b"), variables.text_of("c")), (Some(""), Some("- x\n- y\n")));
    let list = value.get("list").expect("a list").items();
    assert_eq!((list[0].text_of("d"), list[0].get("d").map(|value| value.line), list[1].text()), (Some("e"), Some(9), Some("f")));
}

#[test]
fn aliases_are_not_expanded() {
    let bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n";
    let (value, findings) = parse(bomb);
    assert_eq!(codes(&findings), [(Code::YamlAlias, 2), (Code::YamlAlias, 2), (Code::YamlAlias, 3), (Code::YamlAlias, 3)]);
    assert_eq!(value.get("c").map(|list| list.items().len()), Some(2));
}

#[test]
fn what_is_too_large_or_too_deep_is_rejected() {
    assert_eq!(codes(&parse(&format!("a: {}", "x".repeat(MOST_YAML_BYTES))).1), [(Code::YamlTooLarge, 1)]);
    assert_eq!(codes(&parse(&format!("a: {}{}", "[".repeat(60), "]".repeat(60))).1)[0].0, Code::YamlTooLarge);
    assert_eq!(codes(&parse(&"- x\n".repeat(MOST_YAML_VALUES * 2)).1)[0].0, Code::YamlTooLarge);
}

#[test]
fn what_does_not_parse_is_read_line_by_line() {
    let (value, findings) = parse("name: a\ndescription: b: c\npath: \"x\" # y\n\tz: 1\nname: d\n");
    assert_eq!(codes(&findings).len(), 1);
    assert_eq!((value.text_of("name"), value.text_of("description"), value.text_of("path")), (Some("d"), Some("b: c"), Some("x")));
    let (_, findings) = parse("a: 1\na: 2\n");
    assert!(matches!(codes(&findings)[..], [(Code::DuplicateKey | Code::InvalidYaml, _)]));
}

#[test]
fn front_matter_stands_between_dashes() {
    let text = "---\nname: a\n---\n# T\n";
    assert_eq!(front_matter(text).map(|(yaml, line, rest)| (yaml, line, &text[rest..])), Some(("name: a\n", 2, "# T\n")));
    assert_eq!(front_matter("# T\n---\na: b\n---\n"), None);
    assert_eq!(front_matter("---\na: b\n"), None);
}
