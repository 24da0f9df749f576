//! Whether everything that a component imports is there, by name, so that a plugin which needs another Baton is rejected
//! with the Baton that it needs. Compares no types.

use semver::Version;
use wasmparser::{component_types::ComponentEntityType, types::TypesRef};

use super::{Contract, PackageError, printable};

/// Whether the host serves every interface that is imported.
pub(super) fn check_interfaces(imports: &[String], contract: &Contract) -> Result<(), PackageError> {
    for import in imports {
        let unknown = || PackageError::UnknownImport { import: printable(import) };
        if import.starts_with("wasi:") {
            let (name, version) = import.split_once('@').ok_or_else(unknown)?;
            let is_served =
                Version::parse(version).is_ok_and(|version| (version.major, version.minor) == (0, 2)) && contract.serves_wasi(name);
            is_served.then_some(()).ok_or_else(unknown)?;
            continue;
        }
        let (name, version) = interface(import).ok_or_else(unknown)?;
        let version = Version::parse(version).map_err(|_| unknown())?;
        if !is_compatible(&version, contract.version()) {
            let advice = advice_for_other(&version, contract.version());
            return Err(PackageError::WrongVersion { import: printable(import), advice });
        }
        if !contract.serves(name) {
            return Err(lacking(name, &version, contract));
        }
    }
    Ok(())
}

/// Whether the host has every function and resource of the interfaces that are imported.
pub(super) fn check_functions(imports: &[String], types: TypesRef<'_>, contract: &Contract) -> Result<(), PackageError> {
    for import in imports {
        let Some((name, version)) = interface(import) else { continue };
        let (Ok(version), Some(ComponentEntityType::Instance(instance))) =
            (Version::parse(version), types.component_item_for_import(import).map(|item| item.ty))
        else {
            continue;
        };
        let wanted = types[instance].exports.iter().filter(|(_, item)| is_called(&item.ty)).map(|(export, _)| export);
        if let Some(missing) = wanted.into_iter().find(|export| !contract.has(name, export)) {
            return Err(lacking(&format!("{name}.{missing}"), &version, contract));
        }
    }
    Ok(())
}

/// The version of the contract that a component was built for, whatever language it was written in.
pub(super) fn built_for(imports: &[String]) -> Option<Version> {
    imports.iter().filter_map(|import| Version::parse(interface(import)?.1).ok()).max()
}

/// Types alone are never linked.
fn is_called(entity: &ComponentEntityType) -> bool {
    use wasmparser::component_types::ComponentAnyTypeId::Resource;
    matches!(entity, ComponentEntityType::Func(_) | ComponentEntityType::Type { created: Resource(_), .. })
}

/// Name and version of an interface of the contract.
pub(super) fn interface(import: &str) -> Option<(&str, &str)> {
    import.strip_prefix("baton:plugin/")?.split_once('@')
}

/// Whether a component of one version can be linked with the other: they differ in what was added alone. A version before
/// a release is linked with nothing but itself.
fn is_compatible(version: &Version, served: &Version) -> bool {
    (version.major, version.minor) == (served.major, served.minor) && (version.pre.is_empty() || version == served)
}

fn advice_for_other(version: &Version, served: &Version) -> String {
    if !version.pre.is_empty() {
        return "That version was never released: build the component again with the SDK of this Baton.".to_owned();
    }
    if version < served {
        return "Build it again with the SDK of this Baton; \"From 0.1 to 0.2\" in docs/writing-plugins.md lists what changed.".to_owned();
    }
    newer(version)
}

/// A version of the contract has the number of the first Baton that serves it, so the import itself names that.
fn newer(version: &Version) -> String {
    format!("Install Baton {version} or later, or build the component with the SDK of this Baton.")
}

fn lacking(wanted: &str, version: &Version, contract: &Contract) -> PackageError {
    let served = contract.version();
    let advice = match version > served {
        true => newer(version),
        false => "No released contract up to that one has it: build the component with the SDK of this Baton.".to_owned(),
    };
    let (import, built_for, served) = (printable(wanted), version.to_string(), served.to_string());
    PackageError::Lacking { import, built_for, served, advice }
}
