//! `docs/reference/javascript.md`: the contract as componentize-js gives it to a plugin.

use std::{fs, path::Path, process::Command};

use baton_tests::componentize;
use wit_parser::{Docs, Function, InterfaceId, Type, TypeDefKind, TypeId};

use super::{
    Page,
    contract::{Contract, Language, comment, flowing, pascal},
};

struct JavaScript;

impl Language for JavaScript {
    const FENCE: &'static str = "ts";
    const IMPORTS_TYPES: bool = false;

    fn import(interface: &str) -> String {
        format!("import * as {interface} from \"baton:plugin/{interface}@0.2.0\";")
    }

    fn declare(contract: &Contract, id: TypeId) -> String {
        let (name, kind, docs) = contract.definition(id);
        let name = pascal(name);
        match kind {
            TypeDefKind::Record(record) => {
                let fields = record
                    .fields
                    .iter()
                    .map(|field| documented("  ", &field.docs, &format!("{},", member(contract, &field.name, &field.ty))));
                documented("", docs, &format!("interface {name} {{\n{}}}", fields.collect::<String>()))
            }
            TypeDefKind::Flags(flags) => {
                let flags = flags.flags.iter().map(|flag| documented("  ", &flag.docs, &format!("{}?: boolean,", camel(&flag.name))));
                documented("", docs, &format!("interface {name} {{\n{}}}", flags.collect::<String>()))
            }
            TypeDefKind::Enum(cases) => {
                let each = cases.cases.iter().filter(|case| case.docs.contents.is_some());
                let each: String = each.map(|case| format!("// '{}': {}\n", case.name, flowing(&case.docs))).collect();
                let names: Vec<_> = cases.cases.iter().map(|case| format!("'{}'", case.name)).collect();
                documented("", docs, &format!("{each}type {name} = {};", names.join(" | ")))
            }
            TypeDefKind::Variant(variant) => {
                let cases = variant.cases.iter().map(|case| {
                    let value = case.ty.map(|ty| format!(", val: {}", spelled(contract, &ty))).unwrap_or_default();
                    documented("  ", &case.docs, &format!("| {{ tag: '{}'{value} }}", case.name))
                });
                documented("", docs, &format!("type {name} =\n{};", cases.collect::<String>().trim_end()))
            }
            TypeDefKind::Type(plain) => documented("", docs, &format!("type {name} = {};", spelled(contract, plain))),
            other => panic!("the page does not know how JavaScript spells a {}", other.as_str()),
        }
    }

    fn function(contract: &Contract, _: InterfaceId, function: &Function) -> String {
        let parameters: Vec<_> =
            function.params.iter().map(|one| format!("{}: {}", camel(&one.name), spelled(contract, &one.ty))).collect();
        let answer = contract.answer(function).map_or("void".to_owned(), |ty| spelled(contract, &ty));
        documented("", &function.docs, &format!("function {}({}): {answer};", camel(&function.name), parameters.join(", ")))
    }
}

fn documented(indent: &str, docs: &Docs, code: &str) -> String {
    format!("{}{indent}{code}\n", comment(&format!("{indent}//"), docs))
}

/// What may be missing is left out of an object, and `undefined` everywhere else.
fn member(contract: &Contract, name: &str, ty: &Type) -> String {
    match contract.kind(ty) {
        Some(TypeDefKind::Option(inner)) => format!("{}?: {}", camel(name), spelled(contract, inner)),
        _ => format!("{}: {}", camel(name), spelled(contract, ty)),
    }
}

fn camel(name: &str) -> String {
    let name = pascal(name);
    name[..1].to_lowercase() + &name[1..]
}

fn spelled(contract: &Contract, ty: &Type) -> String {
    let spell = |ty: &Type| spelled(contract, ty);
    match ty {
        Type::Bool => "boolean".to_owned(),
        Type::String | Type::Char => "string".to_owned(),
        Type::U64 | Type::S64 => "bigint".to_owned(),
        Type::Id(id) => match contract.definition(*id).1 {
            TypeDefKind::Option(inner) => format!("{} | undefined", spell(inner)),
            TypeDefKind::List(Type::U8) => "Uint8Array".to_owned(),
            TypeDefKind::List(inner) => format!("Array<{}>", spell(inner)),
            TypeDefKind::Tuple(tuple) => format!("[{}]", tuple.types.iter().map(spell).collect::<Vec<_>>().join(", ")),
            TypeDefKind::Result(result) => {
                let side = |side: Option<Type>| side.map_or("void".to_owned(), |ty| spell(&ty));
                format!("Result<{}, {}>", side(result.ok), side(result.err))
            }
            _ => pascal(contract.home(*id).unwrap().2),
        },
        _ => "number".to_owned(),
    }
}

/// Prints what the generator of componentize-js's own bindings says of the world.
const TYPES: &str = r#"
import { readFile } from "node:fs/promises";
const [generator, wit] = process.argv.slice(1);
const { $init, generateTypes } = await import(generator);
await $init;
const world = { wit: { tag: "source", val: await readFile(wit, "utf8") }, world: "workflow", features: { tag: "list", val: [] }, map: [], guest: false };
for (const [name, text] of generateTypes("workflow", world)) console.log(`// FILE ${name}\n${Buffer.from(text)}`);
"#;

#[test]
fn the_javascript_page_is_what_componentize_js_gives() {
    let contract = Contract::read();
    let quiet: Vec<_> = contract.infallible().iter().map(|(interface, name)| format!("`{interface}.{}`", camel(name))).collect();
    let page = format!("These functions never throw: {}.\n\n{}", quiet.join(", "), contract.page::<JavaScript>());
    Page::named("javascript.md").holds(&page);

    let Some(modules) = componentize::javascript(Path::new(env!("CARGO_TARGET_TMPDIR"))) else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("contract.wit"), in_one_file()).unwrap();
    let generator = modules.join("@bytecodealliance/jco-transpile/vendor/js-component-bindgen-component.js");
    let mut node = Command::new("node");
    let output =
        node.args(["--input-type=module", "--eval", TYPES, "--"]).arg(generator).arg(folder.path().join("contract.wit")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let types = String::from_utf8(output.stdout).unwrap();
    for (_, interface) in contract.interfaces() {
        let name = interface.name.as_deref().unwrap();
        let file = types.split(&format!("// FILE interfaces/baton-plugin-{name}.d.ts\n")).nth(1).unwrap();
        let file = file.split("// FILE ").next().unwrap();
        let written = page.split(&format!("\n## `{name}`\n")).nth(1).and_then(|rest| rest.split("```").nth(1)).unwrap();
        for line in written.lines().skip(1).filter(|line| !line.trim_start().starts_with("//") && !line.starts_with("import ")) {
            let wanted = line.trim_start().trim_start_matches("function ");
            // A variant is spelled there as an interface for each case.
            let wanted = wanted.strip_prefix("| { ").and_then(|case| case.split(',').next()).unwrap_or(wanted).trim_end_matches(" =");
            assert!(file.contains(wanted.trim_end_matches(" }")), "`{name}` of componentize-js has no\n{wanted}\nbut\n{file}");
        }
    }
}

fn in_one_file() -> String {
    let mut files: Vec<_> =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts: Vec<_> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let (package, _) = texts[0].split_once(";\n").unwrap();
    format!("{package};\n{}", texts.iter().map(|text| text.split_once(";\n").unwrap().1).collect::<String>())
}
