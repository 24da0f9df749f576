use super::*;

/// A contract of one function that hands an enum, a record and a variant over, and exports without parameters.
pub(crate) fn contract() -> Contract {
    let world = |name: &str, exports: &str| {
        let export = |export: &str| format!(r#"(export "{export}" (func))"#);
        let exports: String = exports.split(' ').map(export).collect();
        format!(
            r#"(type ${name} (component (type $world (component {INTERFACES} {exports}))
                (export "baton:plugin/{name}@0.1.0" (component (type $world)))))
            (export "{name}" (type ${name}))"#
        )
    };
    let worlds = [("workflow", "run-workflow"), ("agent", "perform"), ("toolbox", "list-tools call-tool")];
    let worlds: String = worlds.map(|(name, exports)| world(name, exports)).concat();
    let encoded = wat::parse_str(format!("(component {worlds})")).unwrap();
    Contract::read(&encoded, &["wasi:cli/stdout"]).unwrap()
}

const INTERFACES: &str = r#"
    (import "baton:plugin/files@0.2.0" (instance
        (export "f" (func))
        (type $state (enum "todo" "done")) (export "state" (type $named (eq $state)))
        (type $item (record (field "key" string) (field "state" $named))) (export "item" (type $an-item (eq $item)))
        (type $error (variant (case "denied" string) (case "other"))) (export "error" (type $an-error (eq $error)))
        (type $answer (result (list $an-item) (error $an-error)))
        (export "move" (func (param "item" $an-item) (param "when" (option u64)) (result $answer)))))
    (import "baton:plugin/run@0.2.0" (instance (export "now" (func (result u64)))))"#;

/// What is said of a component that imports `files` with these types and functions.
fn said(interface: &str) -> String {
    let component = format!(
        r#"(component (import "baton:plugin/files@0.1.3" (instance {interface}))
            (core module $m (func (export "f"))) (core instance $i (instantiate $m))
            (func (export "run-workflow") (canon lift (core func $i "f"))))"#
    );
    let wasm = wat::parse_str(&component).unwrap();
    let types = Validator::new_with_features(Package::FEATURES).validate_all(&wasm).unwrap();
    let Err(mismatch) = contract().check(Kind::Workflow, &["baton:plugin/files@0.1.3".to_owned()], types.as_ref()) else {
        return String::new();
    };
    format!("{}: {} / {}", mismatch.place, mismatch.expected, mismatch.found)
}

/// The interface with some of its text replaced.
fn with(old: &str, new: &str) -> String {
    let begin = INTERFACES.find("(instance").unwrap() + "(instance".len();
    let end = INTERFACES.find("(import \"baton:plugin/run").unwrap();
    let interface = INTERFACES[begin..end].trim_end().strip_suffix("))").unwrap();
    assert!(interface.contains(old), "{interface}");
    interface.replace(old, new)
}

#[test]
fn what_differs_is_named_with_what_was_expected_and_found() {
    let move_ = "`files.move`, parameter `item`, record `item`";
    let cases = [
        (
            r#""todo" "done""#,
            r#""todo""#,
            format!("{move_}, field `state`, enum `state`: the case `done` (2 cases) / no further case (1 case)"),
        ),
        (
            r#""todo" "done""#,
            r#""todo" "done" "gone""#,
            format!("{move_}, field `state`, enum `state`: no further case (2 cases) / the case `gone` (3 cases)"),
        ),
        (r#"(field "key" string)"#, "", format!("{move_}: the field `key` (2 fields) / the field `state` (1 field)")),
        (
            r#"(field "state" $named)"#,
            r#"(field "state" $named) (field "more" u8)"#,
            format!("{move_}: no further field (2 fields) / the field `more` (3 fields)"),
        ),
        (r#"(field "key" string)"#, r#"(field "key" u32)"#, format!("{move_}, field `key`: `string` / `u32`")),
        (r#"(param "when" (option u64))"#, "", "`files.move`: 2 parameters / 1 parameter".to_owned()),
        ("(option u64)", "(option string)", "`files.move`, parameter `when`: `u64` / `string`".to_owned()),
        ("(option u64)", "u64", "`files.move`, parameter `when`: an option of `u64` / `u64`".to_owned()),
        (" (result $answer)", "", "`files.move`, its result: a result of a list of a record or a variant / no value".to_owned()),
        ("(list $an-item)", "$an-item", "`files.move`, its result: a list of a record / a record".to_owned()),
        (
            r#"(case "other")"#,
            r#"(case "other" string)"#,
            "`files.move`, its result, its error, variant `error`, case `other`: no value / `string`".to_owned(),
        ),
        (r#""move""#, r#""shift""#, "`files.shift`: nothing of this name / a function".to_owned()),
        (r#"(export "f" (func))"#, r#"(export "f" (type (sub resource)))"#, "`files.f`: no such resource / a resource".to_owned()),
    ];
    for (old, new, expected) in cases {
        assert!(said(&with(old, new)).ends_with(&expected), "{old} -> {new}: {}", said(&with(old, new)));
    }
}

#[test]
fn what_is_the_same_or_less_matches() {
    assert_eq!(said(&with("(export", "(export")), "");
    assert_eq!(said(r#"(export "f" (func))"#), "");
    // A type that no function uses is never linked.
    assert_eq!(said(r#"(type $t (enum "a")) (export "state" (type (eq $t)))"#), "");
}
