//! The names and types of the contract suit the three languages in which plugins are written.

use std::collections::BTreeSet;

use wit_parser::{Type, TypeDefKind, TypeOwner, WorldItem};

use super::contract::Contract;

/// Words that a language keeps for itself. Python's builtins and words that are reserved by place alone are not among them.
const RESERVED: &[(&str, &str)] = &[
    (
        "Rust",
        "as break const continue crate else enum extern false fn for if impl in let loop match mod move mut pub ref return self static \
         struct super trait true type unsafe use where while async await dyn abstract become box do final gen macro override priv try typeof \
         unsized virtual yield",
    ),
    (
        "Python",
        "False None True and as assert async await break class continue def del elif else except finally for from global if import in is \
         lambda nonlocal not or pass raise return try while with yield",
    ),
    (
        "JavaScript",
        "await break case catch class const continue debugger default delete do else enum export extends false finally for \
         function if implements import in instanceof interface let new null package private protected public return static super switch this \
         throw true try typeof var void while with yield",
    ),
];

#[test]
fn no_name_is_a_reserved_word_of_a_language() {
    for name in names() {
        // Names of one word alone: others become one that no language reserves.
        for (language, words) in RESERVED {
            assert!(words.split_whitespace().all(|word| word != name), "`{name}` is a reserved word of {language}: choose another");
        }
    }
}

#[test]
fn the_table_of_contracts_ends_with_this_one() {
    let resolve = Contract::resolve();
    let packages: Vec<_> = resolve.packages.iter().filter_map(|(_, package)| package.name.version.as_ref()).collect();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/writing-plugins.md")).unwrap();
    let (_, rest) = page.split_once("| contract | since Baton | adds |\n").expect("docs/writing-plugins.md says which Baton serves what");
    let rows = rest.lines().skip(1).take_while(|line| line.starts_with('|'));
    let columns: Vec<Vec<_>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    let last = columns.last().expect("the table has rows");
    assert_eq!([last[1]], [packages[0].to_string()], "the last row is this contract");
    assert!(columns.iter().all(|row| row[1] == row[2]), "a contract has the number of the first Baton that serves it");
}

#[test]
fn no_number_is_one_that_javascript_gets_as_a_bigint() {
    let contract = Contract::read();
    for (owner, field, ty) in fields(&contract) {
        assert!(!matches!(ty, Type::U64 | Type::S64), "`{field}` of `{owner}` is a 64-bit integer; use `u32`, or `f64`");
    }
}

#[test]
fn times_and_durations_say_their_unit() {
    let contract = Contract::read();
    for (owner, field, ty) in fields(&contract) {
        let is_time = matches!(ty, Type::Id(id) if contract.definition(id).0 == "timestamp-ms");
        assert!(!is_time || field.ends_with("-ms"), "`{field}` of `{owner}` is a time: its name ends in `-ms`");
        let measures = ["timeout", "took", "duration", "delay", "grace"].iter().any(|word| field.starts_with(word));
        assert!(!measures || field.ends_with("-ms"), "`{field}` of `{owner}` measures time: its name ends in `-ms`");
    }
}

/// Every name of the contract: interfaces, types, fields, cases, functions, parameters, exports.
fn names() -> BTreeSet<String> {
    let resolve = Contract::resolve();
    let mut names = BTreeSet::new();
    for (_, ty) in resolve.types.iter().filter(|(_, ty)| !matches!(ty.owner, TypeOwner::None)) {
        names.extend(ty.name.clone());
        match &ty.kind {
            TypeDefKind::Record(record) => names.extend(record.fields.iter().map(|field| field.name.clone())),
            TypeDefKind::Flags(flags) => names.extend(flags.flags.iter().map(|flag| flag.name.clone())),
            TypeDefKind::Enum(cases) => names.extend(cases.cases.iter().map(|case| case.name.clone())),
            TypeDefKind::Variant(variant) => names.extend(variant.cases.iter().map(|case| case.name.clone())),
            _ => {}
        }
    }
    let functions = resolve.interfaces.iter().flat_map(|(_, interface)| interface.functions.values());
    let exports = resolve.worlds.iter().flat_map(|(_, world)| world.exports.values());
    let exported = exports.filter_map(|item| if let WorldItem::Function(function) = item { Some(function) } else { None });
    for function in functions.chain(exported) {
        names.insert(function.name.clone());
        names.extend(function.params.iter().map(|parameter| parameter.name.clone()));
    }
    names.extend(resolve.interfaces.iter().filter_map(|(_, interface)| interface.name.clone()));
    names
}

/// Every field, parameter and result: what it belongs to, its name, its type.
fn fields(contract: &Contract) -> Vec<(String, String, Type)> {
    let mut all = Vec::new();
    for (_, interface) in contract.interfaces() {
        for (name, id) in &interface.types {
            if let TypeDefKind::Record(record) = contract.definition(*id).1 {
                all.extend(record.fields.iter().map(|field| (name.clone(), field.name.clone(), within(contract, field.ty))));
            }
        }
        for (name, function) in &interface.functions {
            all.extend(function.params.iter().map(|parameter| (name.clone(), parameter.name.clone(), within(contract, parameter.ty))));
            if let Some(Type::U64 | Type::S64) = contract.answer(function) {
                all.push((name.clone(), "its result".to_owned(), Type::U64));
            }
        }
    }
    all
}

/// The type that an option or a list is of.
fn within(contract: &Contract, ty: Type) -> Type {
    match contract.kind(&ty) {
        Some(TypeDefKind::Option(inner) | TypeDefKind::List(inner)) => within(contract, *inner),
        _ => ty,
    }
}
