//! Documents with each kind of defect.

use super::*;

fn parse_text(text: &str) -> (Document, Findings) {
    let mut findings = Findings::default();
    let document = parse(Source::new("instructions.md", text.to_owned()), &mut findings);
    let spans = document.tree.owned_spans();
    let owned: String = spans.iter().map(|span| document.slice(*span)).collect();
    assert_eq!(owned, text, "every byte has one owner");
    (document, findings)
}

fn recoveries(findings: &Findings) -> Vec<(Code, u32)> {
    findings.list().iter().map(|finding| (finding.code, finding.line.unwrap_or(0))).collect()
}

#[test]
fn a_workflow_in_a_fence_is_unwrapped_and_other_fences_are_text() {
    let (document, findings) =
        parse_text("# T\n````xml\n<workflow>\n<step n=\"1\">\n```\n<step n=\"9\">\n```\n</step>\n</workflow>\n````\n");
    assert_eq!((document.format, document.count(Tag::Step)), (Format::TagsInFence, 1));
    assert_eq!(recoveries(&findings), []);
    let (document, _) = parse_text("<workflow>\n```\n<step n=\"9\">\n```\n</workflow>\n");
    assert_eq!((document.format, document.count(Tag::Step)), (Format::Tags, 0));
}

#[test]
fn comments_and_inline_code_hold_no_tags() {
    let (document, findings) = parse_text("<workflow><!-- <step n=\"1\"> -->\n`<step n=\"2\">` ``<step n=\"3\">``\n</workflow>");
    assert_eq!(document.count(Tag::Step), 0);
    assert_eq!(recoveries(&findings), []);
}

#[test]
fn a_rule_is_raw_text() {
    let (document, findings) = parse_text("<workflow><critical>Use <action> & <step n=\"1\"> < 2</critical></workflow>");
    assert_eq!((document.count(Tag::Critical), document.count(Tag::Action), document.count(Tag::Step)), (1, 0, 0));
    assert_eq!(recoveries(&findings), []);
}

#[test]
fn tags_that_prose_names_are_text_only_where_the_text_is_not_well_formed() {
    let broken = "<workflow>\n<action>Use the <ask> tag, or <goto step=\"1\">x</goto>.</action>\n- <ask>Really?</ask>\n1. <ask>Yes?</ask>\n</workflow>";
    let (document, findings) = parse_text(broken);
    assert_eq!((document.count(Tag::Ask), document.count(Tag::Goto), document.mentions), (2, 0, 2));
    assert_eq!(recoveries(&findings), []);
    let (document, _) = parse_text("<workflow>\n<action>First <ask>Really?</ask></action>\n</workflow>");
    assert_eq!((document.count(Tag::Ask), document.mentions), (1, 0));
}

#[test]
fn missing_and_stray_tags_are_findings_with_their_line() {
    let (document, findings) = parse_text("<workflow>\n<step n=\"1\">\n<action>a\n</step>\n</step>\n<step n=\"2\">\n</workflow>");
    assert_eq!(document.count(Tag::Step), 2);
    assert_eq!(recoveries(&findings), [(Code::AutoClosed, 3), (Code::StrayClose, 5), (Code::AutoClosed, 6)]);
    let (_, findings) = parse_text("<workflow></workflow>\n```\nrest");
    assert_eq!(recoveries(&findings), [(Code::UnterminatedFence, 2)]);
    let (_, findings) = parse_text("<workflow><!-- a\n</workflow>");
    assert_eq!(recoveries(&findings), [(Code::UnterminatedComment, 1)]);
}

#[test]
fn entities_are_not_expanded() {
    let (document, findings) = parse_text("<!DOCTYPE a [<!ENTITY b \"bbbb\">]>\n<workflow><action>&b;&b;</action></workflow>");
    assert_eq!(recoveries(&findings), [(Code::XmlEntity, 1), (Code::XmlEntity, 1)]);
    assert_eq!(document.count(Tag::Action), 1);
}

#[test]
fn nesting_beyond_the_limit_is_text() {
    let deep = format!("<workflow>{}x{}</workflow>", "<check if=\"a\">".repeat(5000), "</check>".repeat(5000));
    let (document, findings) = parse_text(&deep);
    assert_eq!(document.count(Tag::Check), crate::limits::MOST_DEPTH - 1);
    assert_eq!(recoveries(&findings), [(Code::TooManyNodes, 1)]);
}

#[test]
fn a_million_lines_are_read_in_bounded_time() {
    let (_, findings) = parse_text(&"<action>`a` b</action>\n".repeat(150_000));
    assert_eq!(findings.list().iter().map(|finding| finding.code).collect::<Vec<_>>(), [Code::TooManyNodes]);
    for piece in ["<", "`", "``` \n", "<!--", "<critical>", "<action if=\"", "</step>", "\n", "&", "<step n='1' "] {
        parse_text(&format!("<workflow>{}", piece.repeat((1 << 20) / piece.len())));
    }
    let runs: String = (1..1500).map(|length| format!("{} ", "`".repeat(length))).collect();
    parse_text(&runs);
}
