//! Reads a plugin's file: its manifest and assets, its imports and exports, its hash. Runs and compiles nothing of it.

mod contract;
mod imports;

use std::{collections::BTreeSet, fmt};

use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasmparser::{
    ComponentTypeRef, Encoding, Parser, Payload, ValidPayload, Validator, WasmFeatures,
    component_types::ComponentEntityType,
    types::{Types, TypesRef},
};

#[cfg(test)]
pub(crate) use contract::tests::contract as made_up_contract;
pub use contract::{Contract, Mismatch};
use imports::interface;

use super::{
    matching::{check_values, known},
    permissions::{Patterns, Permissions},
    signature::{self, PublicKey, SignatureError},
};
use crate::{
    errors::Hint,
    escape::escaped_character,
    journal::{CapabilityKind, Matching},
};

/// What a plugin is, and so which world it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A sequence of work.
    Workflow,
    /// A role.
    Agent,
    /// A set of tools.
    Toolbox,
}

impl Kind {
    /// The word the manifest and the store use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Workflow => "workflow",
            Self::Agent => "agent",
            Self::Toolbox => "toolbox",
        }
    }

    /// The word with its article.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::Workflow => "a workflow",
            Self::Agent => "an agent",
            Self::Toolbox => "a toolbox",
        }
    }

    /// The kind a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Workflow, Self::Agent, Self::Toolbox].into_iter().find(|kind| kind.as_str() == word)
    }

    /// What a component of this kind exports.
    fn exports(self) -> &'static [&'static str] {
        match self {
            Self::Workflow => &["run-workflow"],
            Self::Agent => &["perform"],
            Self::Toolbox => &["list-tools", "call-tool"],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a plugin says of itself: the custom section `baton:manifest`, in TOML.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Manifest {
    /// Lower-case letters, digits and single dashes, 1 to 64 characters, beginning with a letter.
    pub name: String,
    /// Its own version.
    pub version: Version,
    /// What it is.
    pub kind: Kind,
    /// One line for whoever chooses it; at most 400 characters.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of a workflow's input, an object, for whoever starts it; none when it is not told.
    #[serde(default)]
    pub input: Option<Value>,
    /// What it asks for.
    #[serde(default)]
    pub needs: Patterns,
}

/// A plugin's file, understood.
#[derive(Clone, Debug)]
pub struct Package {
    /// What it says of itself.
    pub manifest: Manifest,
    /// SHA-256 of the file, in hexadecimal: the identity to which runs and grants are bound.
    pub hash: String,
    /// BLAKE3 of the file without the sections that are ours, in hexadecimal: what the compiler sees. Agents that share
    /// an engine share it.
    pub code_hash: String,
    /// The file.
    pub wasm: Vec<u8>,
    /// The custom section `baton:assets`, a tar archive that may be compressed; empty when there is none.
    pub assets: Vec<u8>,
    /// The interfaces of the contract of which it imports a function; others lend it types alone.
    pub imports: BTreeSet<String>,
    /// The version of the contract that it was built for; none when it imports nothing of the contract.
    pub contract: Option<Version>,
    /// The key with which the file was signed, whoever has it; none when nobody signed.
    pub signed_by: Option<PublicKey>,
}

/// Why a file is not a plugin that this host can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    #[error("The file is empty.")]
    Empty,
    #[error("The file has {size} bytes, more than the {} a plugin may have.", Package::LARGEST)]
    TooLarge { size: usize },
    #[error("The file is not WebAssembly: it does not begin with `\\0asm`.")]
    NotWasm,
    #[error("The file is a core WebAssembly module and not a component.")]
    CoreModule,
    /// `reason` is what the parser met, and where.
    #[error("The file is damaged or cut off: {reason}.")]
    Malformed { reason: String },
    /// Sound, and more than this host has. `reason` is what the validator met, and where.
    #[error("The component uses a part of WebAssembly that this host does not have: {reason}.")]
    BeyondHost { reason: String },
    #[error("The component has no manifest.")]
    NoManifest,
    /// Two manifests, or two packs of assets.
    #[error("The component has the section `{section}` more than once.")]
    Duplicate { section: &'static str },
    #[error("The manifest is not valid: {reason}")]
    Manifest { reason: String },
    /// Another world than its kind. `missing` is the first export that is not there.
    #[error("The manifest says `kind = \"{kind}\"` and the component does not export `{missing}`; it exports {found}.")]
    WrongWorld { kind: Kind, missing: &'static str, found: String },
    /// `advice` depends on whether that is older or newer.
    #[error("The component was built for `{import}`, and this host serves {}.", Package::API)]
    WrongVersion { import: String, advice: String },
    /// `import` is the interface, or the interface and its function, such as `files.read`; `advice` names the Baton that has it,
    /// where there is one.
    #[error(
        "The component imports `{import}` of the contract {built_for}, and this Baton serves the contract {served}, which does not have it."
    )]
    Lacking { import: String, built_for: String, served: String, advice: String },
    #[error("The component imports `{import}`, which this host does not serve.")]
    UnknownImport { import: String },
    /// Other types than those of the contract.
    #[error(transparent)]
    Mismatch(#[from] Mismatch),
    /// A signature that is not one of this file.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl Hint for PackageError {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Empty => "Copy it again.".to_owned(),
            Self::TooLarge { .. } => "Strip debug information, or ship data as files.".to_owned(),
            Self::NotWasm | Self::Malformed { .. } | Self::Manifest { .. } => return None,
            Self::CoreModule => "Build it for the target wasm32-wasip2, or wrap it with `wasm-tools component new`.".to_owned(),
            Self::BeyondHost { .. } => {
                "Build it without garbage-collected types, exceptions, shared memories and asynchronous functions.".to_owned()
            }
            Self::NoManifest => "A Rust plugin gets one by `baton_sdk::export!` from the plugin.toml beside its Cargo.toml.".to_owned(),
            Self::Duplicate { .. } => "Pack it again from the bare component.".to_owned(),
            Self::WrongWorld { .. } => "Set the kind it was built for.".to_owned(),
            Self::WrongVersion { advice, .. } | Self::Lacking { advice, .. } => advice.clone(),
            Self::UnknownImport { .. } => format!(
                "A plugin can import `{}` and the interfaces io, clocks, filesystem, random, sockets and cli of WASI 0.2.",
                Package::API
            ),
            Self::Mismatch(error) => error.hint()?,
            Self::Signature(error) => error.hint()?,
        })
    }
}

impl Package {
    /// Bytes a plugin's file may have.
    pub const LARGEST: usize = 64 << 20;
    /// The contract this host serves.
    pub const API: &'static str = "baton:plugin@0.2";
    /// Bytes a manifest may have.
    pub const LARGEST_MANIFEST: usize = 64 << 10;
    const MANIFEST: &'static str = "baton:manifest";
    const ASSETS: &'static str = "baton:assets";
    const OURS: [&'static str; 3] = [Self::MANIFEST, Self::ASSETS, signature::SECTION];
    /// The parts of WebAssembly that this host has. The engine is told the same, so that nothing is let in that it refuses:
    /// all that is standard, without what needs a collector of garbage, threads or tasks.
    pub(super) const FEATURES: WasmFeatures = WasmFeatures::WASM3
        .union(WasmFeatures::COMPONENT_MODEL)
        .difference(WasmFeatures::GC_TYPES)
        .difference(WasmFeatures::EXCEPTIONS)
        .difference(WasmFeatures::THREADS);

    /// Understands a file, or says why it is not a plugin that a host with this contract can link.
    pub fn read(wasm: Vec<u8>, contract: &Contract, kinds: &'static [CapabilityKind]) -> Result<Self, PackageError> {
        Self::understand(wasm, contract, kinds, validated, |_| {})
    }

    /// The same for a version that runs need and that was read before, when there were other kinds or values of needs. Those
    /// that do not exist any more are left out: no call could have them, and a run can continue without them.
    pub(super) fn read_kept(wasm: Vec<u8>, contract: &Contract, kinds: &'static [CapabilityKind]) -> Result<Self, PackageError> {
        Self::understand(wasm, contract, kinds, validated, |manifest| manifest.needs = known(&manifest.needs, kinds))
    }

    /// The same for a file that is part of this program: the code of its functions is validated when it is compiled, and not
    /// at each start.
    pub(super) fn read_bundled(wasm: Vec<u8>, contract: &Contract, kinds: &'static [CapabilityKind]) -> Result<Self, PackageError> {
        Self::understand(wasm, contract, kinds, types, |_| {})
    }

    fn understand(
        wasm: Vec<u8>,
        contract: &Contract,
        kinds: &'static [CapabilityKind],
        types_of: impl FnOnce(&[u8]) -> Result<Types, PackageError>,
        amend: impl FnOnce(&mut Manifest),
    ) -> Result<Self, PackageError> {
        check_beginning(&wasm)?;
        let anatomy = Anatomy::of(&wasm)?;
        let signed_by = signature::check(&wasm)?;
        imports::check_interfaces(&anatomy.imports, contract)?;
        let types = types_of(&wasm)?;
        imports::check_functions(&anatomy.imports, types.as_ref(), contract)?;
        let called = called_interfaces(types.as_ref(), &anatomy.imports);
        let mut manifest = Manifest::parse(anatomy.manifest.ok_or(PackageError::NoManifest)?)?;
        amend(&mut manifest);
        Permissions::new(&manifest.name, kinds, &manifest.needs, &Patterns::default())
            .and_then(|_| check_values(&manifest.needs, kinds))
            .map_err(|error| PackageError::Manifest { reason: format!("in [needs], {}.", printable(&error.to_string())) })?;
        check_world(manifest.kind, &anatomy.exports)?;
        contract.check(manifest.kind, &anatomy.imports, types.as_ref())?;
        let assets = anatomy.assets.unwrap_or_default().to_vec();
        let (hash, code_hash) = (sha256(&wasm), anatomy.code_hash);
        let built_for = imports::built_for(&anatomy.imports);
        Ok(Self { manifest, hash, code_hash, assets, imports: called, contract: built_for, signed_by, wasm })
    }

    /// What a file says of itself, though it may not be a plugin that this host can link; none where that cannot be read.
    pub fn declared(wasm: &[u8]) -> Option<Manifest> {
        Manifest::parse(Anatomy::of(wasm).ok()?.manifest?).ok()
    }

    /// The `code_hash` of a component that may have no manifest, such as an engine; none where it cannot be read.
    pub fn code_hash_of(wasm: &[u8]) -> Option<String> {
        Some(Anatomy::of(wasm).ok()?.code_hash)
    }

    /// What the author should know though it harms nobody: imports without a need, needs without an import.
    pub fn warnings(&self, kinds: &[CapabilityKind]) -> Vec<String> {
        let mut warnings = self.needless(kinds);
        warnings.extend(self.uncovered(kinds));
        warnings
    }

    /// Needs without an import.
    pub fn needless(&self, kinds: &[CapabilityKind]) -> Vec<String> {
        let unused = kinds.iter().filter(|kind| self.asks_for(kind) && !self.imports.contains(kind.interface));
        let warning = |kind: &CapabilityKind| match kind.interface {
            "" => format!("asks for `{}`, of which this Baton makes no use yet: it cannot be granted", kind.word),
            interface => format!("asks for `{}` and does not import `{interface}`: the need can go", kind.word),
        };
        unused.map(warning).collect()
    }

    /// Imports without a need.
    fn uncovered(&self, kinds: &[CapabilityKind]) -> Vec<String> {
        // An amount bounds what another kind allows.
        let allowing = || kinds.iter().filter(|kind| kind.matching != Matching::Amount && !kind.interface.is_empty());
        // The tool chains of Python and JavaScript import the whole contract, which says nothing.
        if allowing().all(|kind| self.imports.contains(kind.interface)) {
            return Vec::new();
        }
        let interfaces: BTreeSet<_> = allowing().map(|kind| kind.interface).filter(|interface| self.imports.contains(*interface)).collect();
        let warning = |interface: &str| {
            let words: Vec<_> = allowing().filter(|kind| kind.interface == interface).collect();
            let is_covered = words.iter().any(|kind| self.asks_for(kind));
            let words = words.iter().map(|kind| format!("`{}`", kind.word)).collect::<Vec<_>>().join(" or ");
            (!is_covered).then(|| format!("imports `{interface}` and asks for no {words}: its calls will be denied"))
        };
        interfaces.into_iter().filter_map(warning).collect()
    }

    fn asks_for(&self, kind: &CapabilityKind) -> bool {
        !self.manifest.needs.of(kind.word).is_empty()
    }
}

impl Manifest {
    /// Understands the text of a `plugin.toml`, or says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, PackageError> {
        let refuse = |reason: String| PackageError::Manifest { reason };
        if bytes.len() > Package::LARGEST_MANIFEST {
            return Err(refuse(format!("it has {} bytes, and the most is {}.", bytes.len(), Package::LARGEST_MANIFEST)));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| refuse(format!("it is not UTF-8: {error}.")))?;
        let manifest: Self = toml::from_str(text).map_err(|error| refuse(toml_mistake(text, &error)))?;
        if !is_name(&manifest.name) {
            return Err(refuse(format!(
                "`{}` is not a name; use 1 to 64 lower-case letters, digits and single dashes, beginning with a letter.",
                printable(&manifest.name.escape_debug().to_string())
            )));
        }
        let version = manifest.version.to_string();
        if version.len() > LONGEST_VERSION {
            return Err(refuse(format!("its version has {} characters, and the most is {LONGEST_VERSION}.", version.len())));
        }
        if manifest.description.chars().count() > 400 || manifest.description.chars().any(char::is_control) {
            return Err(refuse("its description has to be one line of at most 400 characters.".to_owned()));
        }
        if manifest.input.as_ref().is_some_and(|schema| schema.get("type") != Some(&Value::from("object"))) {
            return Err(refuse("its [input] has to be a JSON Schema with type = \"object\", or be left out.".to_owned()));
        }
        Ok(manifest)
    }
}

/// Characters of a version, which stands in tables and in the events of each call that was denied.
const LONGEST_VERSION: usize = 64;

/// Whether a text can name a plugin.
pub fn is_name(text: &str) -> bool {
    let good = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '-';
    (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(good)
        && !text.contains("--")
        && !text.ends_with('-')
}

/// The parts of a component that say what it is.
#[derive(Default)]
struct Anatomy<'a> {
    manifest: Option<&'a [u8]>,
    assets: Option<&'a [u8]>,
    imports: Vec<String>,
    exports: Vec<String>,
    code_hash: String,
}

impl<'a> Anatomy<'a> {
    /// Reads the file to its last byte. A section of ours counts at the component's top level, where the packer puts it,
    /// and in a core module, where a linker does.
    fn of(wasm: &'a [u8]) -> Result<Self, PackageError> {
        let mut anatomy = Self::default();
        let mut code = blake3::Hasher::new();
        let (mut depth, mut hashed) = (0_usize, 0_usize);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(|error| malformed(&error))? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import.map_err(|error| malformed(&error))?;
                        // A world imports the types it names one by one; they bring nothing along.
                        if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                            anatomy.imports.push(import.name.name.to_owned());
                        }
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        anatomy.exports.push(export.map_err(|error| malformed(&error))?.name.name.to_owned());
                    }
                }
                Payload::CustomSection(section) if Package::OURS.contains(&section.name()) => {
                    anatomy.keep(section.name(), section.data())?;
                    // Only what is cut out between whole sections leaves bytes that mean the same to the compiler.
                    if depth == 0 {
                        code.update(wasm.get(hashed..section_start(wasm, section.range().start)).unwrap_or_default());
                        hashed = section.range().end;
                    }
                }
                _ => {}
            }
        }
        code.update(wasm.get(hashed..).unwrap_or_default());
        anatomy.code_hash = code.finalize().to_hex().to_string();
        Ok(anatomy)
    }

    fn keep(&mut self, name: &str, data: &'a [u8]) -> Result<(), PackageError> {
        let (place, section) = match name {
            Package::MANIFEST => (&mut self.manifest, Package::MANIFEST),
            Package::ASSETS => (&mut self.assets, Package::ASSETS),
            // It is no part of what the plugin is, and is checked by itself.
            _ => return Ok(()),
        };
        match place.replace(data) {
            Some(_) => Err(PackageError::Duplicate { section }),
            None => Ok(()),
        }
    }
}

/// Where the section begins whose content begins at `content`: before it lie its id, 0, and its size, of which every
/// byte but the last has its high bit set.
fn section_start(wasm: &[u8], content: usize) -> usize {
    let mut start = content.saturating_sub(2);
    while wasm.get(start).is_some_and(|byte| byte & 0x80 != 0) {
        start = start.saturating_sub(1);
    }
    start
}

fn check_beginning(wasm: &[u8]) -> Result<(), PackageError> {
    if wasm.is_empty() {
        return Err(PackageError::Empty);
    }
    if wasm.len() > Package::LARGEST {
        return Err(PackageError::TooLarge { size: wasm.len() });
    }
    if !wasm.starts_with(b"\0asm") {
        return Err(PackageError::NotWasm);
    }
    match Parser::new(0).parse(wasm, true).map_err(|error| malformed(&error))? {
        wasmparser::Chunk::Parsed { payload: Payload::Version { encoding: Encoding::Module, .. }, .. } => Err(PackageError::CoreModule),
        _ => Ok(()),
    }
}

fn validated(wasm: &[u8]) -> Result<Types, PackageError> {
    Validator::new_with_features(Package::FEATURES).validate_all(wasm).map_err(|error| invalid(wasm, &error))
}

/// The types of a component whose functions are not looked at.
fn types(wasm: &[u8]) -> Result<Types, PackageError> {
    let (mut validator, mut outermost) = (Validator::new_with_features(Package::FEATURES), None);
    for payload in Parser::new(0).parse_all(wasm) {
        let valid = payload.and_then(|payload| validator.payload(&payload)).map_err(|error| invalid(wasm, &error))?;
        if let ValidPayload::End(types) = valid {
            outermost = Some(types);
        }
    }
    outermost.ok_or(PackageError::Empty)
}

/// The interfaces from which a component imports more than types.
fn called_interfaces(types: TypesRef<'_>, imports: &[String]) -> BTreeSet<String> {
    let calls = |import: &&String| match types.component_item_for_import(import).map(|item| item.ty) {
        Some(ComponentEntityType::Instance(instance)) => {
            types[instance].exports.values().any(|item| matches!(item.ty, ComponentEntityType::Func(_)))
        }
        _ => false,
    };
    let called = imports.iter().filter(calls).filter_map(|import| interface(import));
    called.map(|(interface, _)| interface.to_owned()).collect()
}

fn check_world(kind: Kind, exports: &[String]) -> Result<(), PackageError> {
    match kind.exports().iter().find(|wanted| !exports.iter().any(|export| export == *wanted)) {
        None => Ok(()),
        Some(missing) => {
            const SHOWN: usize = 8;
            let mut found = exports.iter().take(SHOWN).map(|export| format!("`{}`", printable(export))).collect::<Vec<_>>();
            if exports.len() > SHOWN {
                found.push(format!("and {} more", exports.len() - SHOWN));
            }
            let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
            Err(PackageError::WrongWorld { kind, missing, found })
        }
    }
}

/// What the host has no part for is no damage: a host that had every part would take it.
fn invalid(wasm: &[u8], error: &wasmparser::BinaryReaderError) -> PackageError {
    match Validator::new_with_features(WasmFeatures::all()).validate_all(wasm) {
        Ok(_) => PackageError::BeyondHost { reason: met(error) },
        Err(_) => malformed(error),
    }
}

fn malformed(error: &wasmparser::BinaryReaderError) -> PackageError {
    PackageError::Malformed { reason: met(error) }
}

fn met(error: &wasmparser::BinaryReaderError) -> String {
    format!("{} (at byte {})", printable(error.message()), error.offset())
}

/// Where a manifest cannot be read, and why, in one sentence.
fn toml_mistake(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let message = error.message().trim_end_matches('.').replace('\n', ", ");
    format!("in line {line}, {}.", printable(&message))
}

/// Text from a file in one line, without hidden characters and cut where it goes on for long.
fn printable(text: &str) -> String {
    const LONGEST: usize = 300;
    let mut shown: String = text.chars().take(LONGEST).flat_map(escaped_character).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
