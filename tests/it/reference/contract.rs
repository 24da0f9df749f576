//! The contract in `wit/`, written out interface by interface in a plugin's language.

use wit_parser::{Docs, Function, Interface, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner, WorldItem};

/// The contract.
pub(super) struct Contract(Resolve);

/// How a language spells it.
pub(super) trait Language {
    /// The name of the language in a fence.
    const FENCE: &'static str;
    /// How an interface is imported.
    fn import(interface: &str) -> String;
    /// Whether an interface of types alone can be imported.
    const IMPORTS_TYPES: bool;
    /// The declaration of a type, with its documentation.
    fn declare(contract: &Contract, id: TypeId) -> String;
    /// The declaration of a function, with its documentation.
    fn function(contract: &Contract, interface: InterfaceId, function: &Function) -> String;
}

impl Contract {
    pub(super) fn read() -> Self {
        Self(Self::resolve())
    }

    pub(super) fn resolve() -> Resolve {
        let mut resolve = Resolve::default();
        resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../wit")).unwrap();
        resolve
    }

    /// Every interface that a plugin can import, and the types they share, in the order of the world `host`.
    pub(super) fn interfaces(&self) -> Vec<(InterfaceId, &Interface)> {
        let (_, world) = self.0.worlds.iter().find(|(_, world)| world.name == "host").unwrap();
        let imported = world.imports.values().filter_map(|item| match item {
            WorldItem::Interface { id, .. } => Some(*id),
            _ => None,
        });
        imported.map(|id| (id, &self.0.interfaces[id])).collect()
    }

    pub(super) fn page<L: Language>(&self) -> String {
        let mut page = String::new();
        for (id, interface) in self.interfaces() {
            let name = interface.name.as_deref().unwrap();
            let is_imported = L::IMPORTS_TYPES || !interface.functions.is_empty();
            let import = is_imported.then(|| L::import(name));
            let own = interface.types.values().filter(|id| !self.is_alias(**id));
            let declared = own.map(|id| L::declare(self, *id));
            let functions = interface.functions.values().map(|function| L::function(self, id, function));
            let parts: Vec<_> = import.into_iter().chain(declared).chain(functions).map(|part| part.trim_end().to_owned()).collect();
            page += &format!("## `{name}`\n\n{}\n\n```{}\n{}\n```\n\n", flowing(&interface.docs), L::FENCE, parts.join("\n\n"));
        }
        page
    }

    /// Functions that report no error, as `interface.function`.
    pub(super) fn infallible(&self) -> Vec<(String, String)> {
        let functions = self.interfaces().into_iter().flat_map(|(_, interface)| {
            let name = interface.name.clone().unwrap();
            interface.functions.values().map(move |function| (name.clone(), function))
        });
        functions.filter(|(_, function)| !self.can_fail(function)).map(|(name, function)| (name, function.name.clone())).collect()
    }

    pub(super) fn can_fail(&self, function: &Function) -> bool {
        matches!(function.result.map(|ty| self.kind(&ty)), Some(Some(TypeDefKind::Result(_))))
    }

    /// What a function returns where it succeeds.
    pub(super) fn answer(&self, function: &Function) -> Option<Type> {
        match function.result.map(|ty| (ty, self.kind(&ty))) {
            Some((_, Some(TypeDefKind::Result(result)))) => result.ok,
            other => other.map(|(ty, _)| ty),
        }
    }

    /// What stands behind a type that has no name of its own.
    pub(super) fn kind(&self, ty: &Type) -> Option<&TypeDefKind> {
        match ty {
            Type::Id(id) => Some(&self.0.types[*id].kind),
            _ => None,
        }
    }

    pub(super) fn definition(&self, id: TypeId) -> (&str, &TypeDefKind, &Docs) {
        let definition = &self.0.types[id];
        (definition.name.as_deref().unwrap_or_default(), &definition.kind, &definition.docs)
    }

    /// The interface in which a type is declared, and its name.
    pub(super) fn home(&self, id: TypeId) -> Option<(InterfaceId, &str, &str)> {
        let definition = &self.0.types[id];
        match (&definition.kind, definition.owner) {
            (TypeDefKind::Type(Type::Id(other)), _) => self.home(*other),
            (_, TypeOwner::Interface(interface)) => {
                Some((interface, self.0.interfaces[interface].name.as_deref()?, definition.name.as_deref()?))
            }
            _ => None,
        }
    }

    /// Whether a type is a name for one of another interface.
    fn is_alias(&self, id: TypeId) -> bool {
        matches!(self.0.types[id].kind, TypeDefKind::Type(Type::Id(_)))
    }
}

/// Documentation as one paragraph.
pub(super) fn flowing(docs: &Docs) -> String {
    docs.contents.as_deref().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Documentation as a comment, a line each with `mark` before it.
pub(super) fn comment(mark: &str, docs: &Docs) -> String {
    docs.contents.as_deref().unwrap_or_default().lines().map(|line| format!("{mark} {}\n", line.trim())).collect()
}

/// `tool-call` as `ToolCall`.
pub(super) fn pascal(name: &str) -> String {
    name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
