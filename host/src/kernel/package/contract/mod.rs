//! Compares the functions that a component imports and exports with those of the contract, type by type, so that a
//! component which cannot be linked is rejected when its file is read. Compiles nothing, and knows no interface by name.

use std::collections::HashMap;

use semver::Version;
use wasmparser::{
    PrimitiveValType, Validator,
    component_types::{
        ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType, ComponentFuncTypeId,
        ComponentInstanceTypeId, ComponentType, ComponentValType,
    },
    types::{Types, TypesRef},
};

use super::{Kind, Package, PackageError, interface, malformed, printable};
use crate::{errors::Hint, interfaces};

/// The contract of a host: what it offers to components, and what each kind of them exports.
pub struct Contract {
    types: Types,
    wasi: &'static [&'static str],
    version: Version,
    /// What the contract calls its types.
    names: HashMap<ComponentDefinedTypeId, String>,
}

/// Where a component and the contract differ.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The component does not match {} in {place}: expected {expected}, found {found}.", Package::API)]
pub struct Mismatch {
    /// The function, and the type or field.
    pub place: String,
    /// What the contract has there.
    pub expected: String,
    /// What the component has there.
    pub found: String,
}

impl Hint for Mismatch {
    fn hint(&self) -> Option<String> {
        Some("Build it with the SDK of this Baton.".to_owned())
    }
}

impl Contract {
    /// That of this host.
    pub fn of_host() -> Result<Self, PackageError> {
        Self::read(interfaces::CONTRACT, interfaces::WASI)
    }

    /// A contract from its package of WIT, encoded as a component that exports one component type per world. `wasi` names
    /// the interfaces of WASI 0.2 that the host serves beside it.
    fn read(encoded: &[u8], wasi: &'static [&'static str]) -> Result<Self, PackageError> {
        let types = Validator::new_with_features(Package::FEATURES).validate_all(encoded).map_err(|error| malformed(&error))?;
        let mut contract = Self { types, wasi, version: Version::new(0, 0, 0), names: HashMap::new() };
        contract.version =
            contract.versioned().ok_or_else(|| PackageError::Malformed { reason: "the contract has no version".to_owned() })?;
        contract.names = contract.map_names();
        Ok(contract)
    }

    /// Its version: that of all its interfaces.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Whether an interface of the contract has a function or a resource of this name.
    pub(super) fn has(&self, wanted: &str, name: &str) -> bool {
        let world = self.world(Kind::Workflow);
        let imported = world.and_then(|world| world.imports.iter().find(|(import, _)| is_interface(import, wanted)));
        match imported.map(|(_, item)| item.ty) {
            Some(ComponentEntityType::Instance(instance)) => self.types[instance].exports.contains_key(name),
            _ => false,
        }
    }

    /// Whether the host serves an interface of the contract.
    pub(super) fn serves(&self, wanted: &str) -> bool {
        self.world(Kind::Workflow).is_some_and(|world| world.imports.keys().any(|import| is_interface(import, wanted)))
    }

    /// Whether the host serves an interface of WASI, such as `wasi:cli/stdout`.
    pub(super) fn serves_wasi(&self, wanted: &str) -> bool {
        self.wasi.contains(&wanted)
    }

    /// Whether everything that a component imports and exports has the types of the contract.
    pub(super) fn check(&self, kind: Kind, imports: &[String], component: TypesRef<'_>) -> Result<(), Mismatch> {
        let Some(world) = self.world(kind) else { return Ok(()) };
        let comparison = Comparison { expected: self.types.as_ref(), found: component, names: &self.names };
        for import in imports {
            let Some((name, _)) = interface(import) else { continue };
            let expected = world.imports.iter().find(|(import, _)| is_interface(import, name)).map(|(_, item)| item.ty);
            let found = component.component_item_for_import(import).map(|item| item.ty);
            match (expected, found) {
                (Some(ComponentEntityType::Instance(expected)), Some(ComponentEntityType::Instance(found))) => {
                    comparison.instances(name, expected, found)?;
                }
                (_, Some(found)) => return Err(mismatch(format!("the import `{name}`"), "an interface", entity(found))),
                (_, None) => {}
            }
        }
        for name in kind.exports() {
            let expected = world.exports.get(*name).map(|item| item.ty);
            let found = component.component_item_for_export(name).map(|item| item.ty);
            comparison.functions(&format!("the export `{name}`"), expected, found)?;
        }
        Ok(())
    }

    /// The component type of a kind's world.
    fn world(&self, kind: Kind) -> Option<&ComponentType> {
        let types = self.types.as_ref();
        let item = types.component_item_for_export(kind.as_str())?;
        let ComponentEntityType::Type { referenced: ComponentAnyTypeId::Component(wrapper), .. } = item.ty else { return None };
        let world = self.types[wrapper].exports.values().next()?;
        let ComponentEntityType::Component(world) = world.ty else { return None };
        Some(&self.types[world])
    }

    fn versioned(&self) -> Option<Version> {
        let (_, version) = self.world(Kind::Workflow)?.imports.keys().find_map(|import| interface(import))?;
        Version::parse(version).ok()
    }

    fn map_names(&self) -> HashMap<ComponentDefinedTypeId, String> {
        let worlds = [Kind::Workflow, Kind::Agent, Kind::Toolbox].into_iter().filter_map(|kind| self.world(kind));
        let mut names = HashMap::new();
        let mut name = |name: &String, entity: ComponentEntityType| {
            if let ComponentEntityType::Type { created: ComponentAnyTypeId::Defined(id), .. } = entity {
                names.insert(id, name.clone());
            }
        };
        for world in worlds {
            for (import, item) in &world.imports {
                name(import, item.ty);
                if let ComponentEntityType::Instance(instance) = item.ty {
                    self.types[instance].exports.iter().for_each(|(export, item)| name(export, item.ty));
                }
            }
        }
        names
    }
}

/// Both sides of the comparison. Each step goes down in the contract, so that it ends whatever the component holds.
struct Comparison<'a> {
    expected: TypesRef<'a>,
    found: TypesRef<'a>,
    names: &'a HashMap<ComponentDefinedTypeId, String>,
}

impl Comparison<'_> {
    /// Functions are compared, and types only where a function uses them: the others are never linked.
    fn instances(&self, name: &str, expected: ComponentInstanceTypeId, found: ComponentInstanceTypeId) -> Result<(), Mismatch> {
        let known = &self.expected[expected].exports;
        for (export, item) in &self.found[found].exports {
            let place = format!("`{}.{}`", printable(name), printable(export));
            match item.ty {
                ComponentEntityType::Type { created: ComponentAnyTypeId::Resource(_), .. } => {
                    return Err(mismatch(place, "no such resource", "a resource"));
                }
                ComponentEntityType::Type { .. } => {}
                found => self.functions(&place, known.get(export).map(|item| item.ty), Some(found))?,
            }
        }
        Ok(())
    }

    fn functions(&self, place: &str, expected: Option<ComponentEntityType>, found: Option<ComponentEntityType>) -> Result<(), Mismatch> {
        match (expected, found) {
            (Some(ComponentEntityType::Func(expected)), Some(ComponentEntityType::Func(found))) => self.signatures(place, expected, found),
            (expected, found) => {
                let said = |entity: Option<ComponentEntityType>| entity.map_or("nothing of this name", entity_name);
                Err(mismatch(place.to_owned(), said(expected), said(found)))
            }
        }
    }

    fn signatures(&self, place: &str, expected: ComponentFuncTypeId, found: ComponentFuncTypeId) -> Result<(), Mismatch> {
        let (expected, found) = (&self.expected[expected], &self.found[found]);
        if found.async_ != expected.async_ {
            let said = |is_async| if is_async { "an asynchronous function" } else { "a synchronous function" };
            return Err(mismatch(place.to_owned(), said(expected.async_), said(found.async_)));
        }
        if expected.params.len() != found.params.len() {
            let said = |params: &[(_, ComponentValType)]| count_noun(params.len(), "parameter");
            return Err(mismatch(place.to_owned(), said(&expected.params), said(&found.params)));
        }
        for ((name, expected), (_, found)) in expected.params.iter().zip(&found.params) {
            self.values(&format!("{place}, parameter `{name}`"), *expected, *found)?;
        }
        self.payloads(&format!("{place}, its result"), expected.result, found.result)
    }

    fn payloads(&self, place: &str, expected: Option<ComponentValType>, found: Option<ComponentValType>) -> Result<(), Mismatch> {
        match (expected, found) {
            (None, None) => Ok(()),
            (Some(expected), Some(found)) => self.values(place, expected, found),
            (expected, found) => {
                let said = |types: TypesRef<'_>, value: Option<ComponentValType>| {
                    value.map_or("no value".to_owned(), |value| describe_type(types, value, 0))
                };
                Err(mismatch(place.to_owned(), said(self.expected, expected), said(self.found, found)))
            }
        }
    }

    fn values(&self, place: &str, expected: ComponentValType, found: ComponentValType) -> Result<(), Mismatch> {
        use ComponentDefinedType::{Enum, Flags, List, Option, Record, Result, Tuple, Variant};
        let differ = || Err(mismatch(place.to_owned(), describe_type(self.expected, expected, 0), describe_type(self.found, found, 0)));
        let within = |kind: &str| match expected {
            ComponentValType::Type(id) if self.names.contains_key(&id) => format!("{place}, {kind} `{}`", self.names[&id]),
            _ => place.to_owned(),
        };
        match (Shape::of(self.expected, expected), Shape::of(self.found, found)) {
            (Shape::Primitive(expected), Shape::Primitive(found)) if expected == found => Ok(()),
            (Shape::Defined(expected), Shape::Defined(found)) => match (expected, found) {
                (Record(expected), Record(found)) => {
                    let place = within("record");
                    same_names(&place, "field", expected.fields.keys(), found.fields.keys())?;
                    let mut fields = expected.fields.iter().zip(found.fields.values());
                    fields.try_for_each(|((name, expected), found)| self.values(&format!("{place}, field `{name}`"), *expected, *found))
                }
                (Variant(expected), Variant(found)) => {
                    let place = within("variant");
                    same_names(&place, "case", expected.cases.keys(), found.cases.keys())?;
                    let mut cases = expected.cases.iter().zip(found.cases.values());
                    cases.try_for_each(|((name, expected), found)| self.payloads(&format!("{place}, case `{name}`"), expected.ty, found.ty))
                }
                (Enum(expected), Enum(found)) => same_names(&within("enum"), "case", expected.iter(), found.iter()),
                (Flags(expected), Flags(found)) => same_names(&within("flags"), "flag", expected.iter(), found.iter()),
                (List { element: expected, .. }, List { element: found, .. }) => {
                    self.values(&format!("{place}, an element"), *expected, *found)
                }
                (Option { ty: expected, .. }, Option { ty: found, .. }) => self.values(place, *expected, *found),
                (Result { ok, err, .. }, Result { ok: found_ok, err: found_err, .. }) => {
                    self.payloads(place, *ok, *found_ok)?;
                    self.payloads(&format!("{place}, its error"), *err, *found_err)
                }
                (Tuple(expected), Tuple(found)) if expected.types.len() == found.types.len() => {
                    let mut pairs = expected.types.iter().zip(&found.types);
                    pairs.try_for_each(|(expected, found)| self.values(&format!("{place}, an element"), *expected, *found))
                }
                _ => differ(),
            },
            _ => differ(),
        }
    }
}

/// A value's type without the name that it may have.
enum Shape<'a> {
    Primitive(PrimitiveValType),
    Defined(&'a ComponentDefinedType),
}

impl<'a> Shape<'a> {
    fn of(types: TypesRef<'a>, value: ComponentValType) -> Self {
        match value {
            ComponentValType::Primitive(primitive) => Self::Primitive(primitive),
            ComponentValType::Type(id) => match types.get(id) {
                Some(ComponentDefinedType::Primitive(primitive)) => Self::Primitive(*primitive),
                Some(defined) => Self::Defined(defined),
                // Ids come from these very types.
                None => Self::Primitive(PrimitiveValType::Bool),
            },
        }
    }
}

/// Fields and cases are linked by their place: the first that is not the same is the difference.
fn same_names<'a>(
    place: &str,
    what: &str,
    expected: impl ExactSizeIterator<Item = &'a wasmparser::names::KebabString>,
    found: impl ExactSizeIterator<Item = &'a wasmparser::names::KebabString>,
) -> Result<(), Mismatch> {
    let (counts, mut found) = ((expected.len(), found.len()), found);
    let said = |name: Option<&wasmparser::names::KebabString>, count| match name {
        Some(name) => format!("the {what} `{}` ({})", printable(name.as_str()), count_noun(count, what)),
        None => format!("no further {what} ({})", count_noun(count, what)),
    };
    for name in expected {
        match found.next() {
            Some(other) if other == name => {}
            other => return Err(mismatch(place.to_owned(), said(Some(name), counts.0), said(other, counts.1))),
        }
    }
    match found.next() {
        Some(other) => Err(mismatch(place.to_owned(), said(None, counts.0), said(Some(other), counts.1))),
        None => Ok(()),
    }
}

/// A type as WIT writes it, without what lies deep in it.
fn describe_type(types: TypesRef<'_>, value: ComponentValType, depth: usize) -> String {
    const DEEPEST: usize = 3;
    let inner = |value: &ComponentValType| if depth < DEEPEST { describe_type(types, *value, depth + 1) } else { "…".to_owned() };
    let payload = |value: &Option<ComponentValType>| value.as_ref().map_or("_".to_owned(), inner);
    match Shape::of(types, value) {
        Shape::Primitive(primitive) => format!("`{primitive}`"),
        Shape::Defined(defined) => match defined {
            ComponentDefinedType::Record(_) => "a record".to_owned(),
            ComponentDefinedType::Variant(_) => "a variant".to_owned(),
            ComponentDefinedType::Enum(_) => "an enum".to_owned(),
            ComponentDefinedType::Flags(_) => "flags".to_owned(),
            ComponentDefinedType::Tuple(tuple) => format!("a tuple of {}", tuple.types.len()),
            ComponentDefinedType::List { element, .. } => format!("a list of {}", inner(element)),
            ComponentDefinedType::Option { ty, .. } => format!("an option of {}", inner(ty)),
            ComponentDefinedType::Result { ok, err, .. } => format!("a result of {} or {}", payload(ok), payload(err)),
            ComponentDefinedType::Own(_) | ComponentDefinedType::Borrow(_) => "a resource".to_owned(),
            _ => "another type".to_owned(),
        },
    }
}

fn entity(entity: ComponentEntityType) -> &'static str {
    entity_name(entity)
}

fn entity_name(entity: ComponentEntityType) -> &'static str {
    match entity {
        ComponentEntityType::Module(_) => "a module",
        ComponentEntityType::Func(_) => "a function",
        ComponentEntityType::Value(_) => "a value",
        ComponentEntityType::Type { .. } => "a type",
        ComponentEntityType::Instance(_) => "an interface",
        ComponentEntityType::Component(_) => "a component",
    }
}

fn is_interface(import: &str, wanted: &str) -> bool {
    interface(import).is_some_and(|(name, _)| name == wanted)
}

fn count_noun(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn mismatch(place: String, expected: impl Into<String>, found: impl Into<String>) -> Mismatch {
    Mismatch { place, expected: expected.into(), found: found.into() }
}

#[cfg(test)]
pub(crate) mod tests;
