//! `docs/reference/python.md`: the contract as componentize-py gives it to a plugin.

use std::{fs, path::Path, process::Command};

use baton_tests::componentize;
use wit_parser::{Docs, Function, InterfaceId, Type, TypeDefKind, TypeId};

use super::{
    Page,
    contract::{Contract, Language, comment, pascal},
};

struct Python;

impl Language for Python {
    const FENCE: &'static str = "python";
    const IMPORTS_TYPES: bool = true;

    fn import(interface: &str) -> String {
        format!("from wit_world.imports import {interface}")
    }

    fn declare(contract: &Contract, id: TypeId) -> String {
        let (name, kind, docs) = contract.definition(id);
        let (class, home) = (pascal(name), contract.home(id).unwrap().0);
        let ty = |ty: &Type| spelled(contract, home, ty);
        match kind {
            TypeDefKind::Record(record) => {
                let fields = record
                    .fields
                    .iter()
                    .map(|field| documented("    ", &field.docs, &format!("{}: {}", snake(&field.name), ty(&field.ty))));
                documented("", docs, &format!("@dataclass\nclass {class}:\n{}", fields.collect::<String>()))
            }
            TypeDefKind::Enum(cases) => {
                let cases = cases.cases.iter().enumerate();
                let cases =
                    cases.map(|(place, case)| documented("    ", &case.docs, &format!("{} = {place}", snake(&case.name).to_uppercase())));
                documented("", docs, &format!("class {class}(Enum):\n{}", cases.collect::<String>()))
            }
            TypeDefKind::Flags(flags) => {
                let flags = flags
                    .flags
                    .iter()
                    .map(|flag| documented("    ", &flag.docs, &format!("{} = auto()", snake(&flag.name).to_uppercase())));
                documented("", docs, &format!("class {class}(Flag):\n{}", flags.collect::<String>()))
            }
            TypeDefKind::Variant(variant) => {
                let case = |name: &str| format!("{class}_{}", pascal(name));
                let classes = variant.cases.iter().map(|one| {
                    let value = one.ty.map_or("pass".to_owned(), |value| format!("value: {}", ty(&value)));
                    documented("", &one.docs, &format!("@dataclass\nclass {}:\n    {value}", case(&one.name))) + "\n"
                });
                let names: Vec<_> = variant.cases.iter().map(|one| case(&one.name)).collect();
                classes.collect::<String>() + &documented("", docs, &format!("{class} = Union[{}]", names.join(", ")))
            }
            TypeDefKind::Type(plain) => documented("", docs, &format!("# {name}: {}", ty(plain))),
            other => panic!("the page does not know how Python spells a {}", other.as_str()),
        }
    }

    fn function(contract: &Contract, interface: InterfaceId, function: &Function) -> String {
        let ty = |ty: &Type| spelled(contract, interface, ty);
        let parameters: Vec<_> =
            function.params.iter().map(|parameter| format!("{}: {}", snake(&parameter.name), ty(&parameter.ty))).collect();
        let answer = contract.answer(function).map_or("None".to_owned(), |answer| ty(&answer));
        documented("", &function.docs, &format!("def {}({}) -> {answer}: ...", snake(&function.name), parameters.join(", ")))
    }
}

fn documented(indent: &str, docs: &Docs, code: &str) -> String {
    format!("{}{indent}{}\n", comment(&format!("{indent}#"), docs), code.trim_end())
}

fn snake(name: &str) -> String {
    name.replace('-', "_")
}

fn spelled(contract: &Contract, here: InterfaceId, ty: &Type) -> String {
    let spell = |ty: &Type| spelled(contract, here, ty);
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::String | Type::Char => "str".to_owned(),
        Type::F32 | Type::F64 => "float".to_owned(),
        Type::Id(id) => match contract.definition(*id).1 {
            TypeDefKind::Option(inner) => format!("Optional[{}]", spell(inner)),
            TypeDefKind::List(Type::U8) => "bytes".to_owned(),
            TypeDefKind::List(inner) => format!("List[{}]", spell(inner)),
            TypeDefKind::Tuple(tuple) => format!("Tuple[{}]", tuple.types.iter().map(spell).collect::<Vec<_>>().join(", ")),
            TypeDefKind::Result(result) => {
                let side = |side: Option<Type>| side.map_or("None".to_owned(), |ty| spell(&ty));
                format!("Result[{}, {}]", side(result.ok), side(result.err))
            }
            TypeDefKind::Type(plain) if !matches!(plain, Type::Id(_)) => spell(plain),
            TypeDefKind::Type(Type::Id(other)) if matches!(contract.definition(*other).1, TypeDefKind::Type(_)) => spell(&Type::Id(*other)),
            _ => {
                let (home, module, name) = contract.home(*id).unwrap();
                if home == here { pascal(name) } else { format!("{module}.{}", pascal(name)) }
            }
        },
        _ => "int".to_owned(),
    }
}

#[test]
fn the_python_page_is_what_componentize_py_gives() {
    let contract = Contract::read();
    let quiet: Vec<_> = contract.infallible().iter().map(|(interface, name)| format!("`{interface}.{}`", snake(name))).collect();
    let page = format!("These functions never raise: {}.\n\n{}", quiet.join(", "), contract.page::<Python>());
    Page::named("python.md").holds(&page);

    let Some(programs) = componentize::python(Path::new(env!("CARGO_TARGET_TMPDIR"))) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut componentize = Command::new(programs.join("componentize-py"));
    componentize.args(["-q", "-d", concat!(env!("CARGO_MANIFEST_DIR"), "/../wit"), "-w", "workflow", "bindings"]);
    assert!(componentize.arg(folder.path().join("stubs")).status().unwrap().success());
    for (_, interface) in contract.interfaces() {
        let name = interface.name.as_deref().unwrap();
        let stub = fs::read_to_string(folder.path().join(format!("stubs/wit_world/imports/{name}.py"))).unwrap();
        let written = page.split(&format!("\n## `{name}`\n")).nth(1).and_then(|rest| rest.split("```").nth(1)).unwrap();
        for line in written.lines().skip(2).filter(|line| !line.trim_start().starts_with('#')) {
            let wanted = line.trim_end_matches(" ...");
            assert!(stub.contains(wanted), "`{name}` of componentize-py has no\n{wanted}\nbut\n{stub}");
        }
    }
}
