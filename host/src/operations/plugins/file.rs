//! A plugin's file that is not installed: read, fetched or packed, and checked as an installation would check it. Writes no file.

use std::path::{Path, PathBuf};

use super::view::{Plugin, ProjectNames, RejectedFile};
use crate::{
    app::{
        self, App,
        distribution::{Fetched, Reference, Registry},
    },
    config::Config,
    events::path_text,
    kernel::{
        KernelError,
        package::{Manifest, Package},
        registry::{self, Origin},
        signature::{Signer, Trust},
    },
    operations::{Problem, ProblemKind, ProblemSource, named_files},
};

/// A plugin's file that this host accepts and that is not installed. It is granted nothing.
pub struct PluginFile {
    pub(super) plugin: registry::Plugin,
    /// The reference it was fetched by, and the digest of its artifact.
    pub(super) source: Option<(Reference, String)>,
    pub(super) trust: Trust,
}

/// Bytes of the largest file of a plugin.
pub const LARGEST_PLUGIN: usize = Package::LARGEST;

/// Something that was read from a file, or why this host rejects the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfFile<T> {
    /// The file holds a plugin.
    Plugin(T),
    /// This host rejects the file.
    Rejected(RejectedFile),
}

impl PluginFile {
    /// A component in a file, as the settings want it signed.
    pub fn read(path: &Path, config: &Config) -> Result<OfFile<Self>, Problem> {
        require_plugin_file("source", path)?;
        Ok(Self::read_as(path, path, &config.trust))
    }

    /// The same from whatever source: a file, an agent's folder, or a reference to a registry.
    pub async fn load(source: &Path, config: &Config) -> Result<Self, Problem> {
        match reference(source)? {
            Some(reference) => {
                let fetched = registry(&reference, config)?.fetch().await?;
                Self::fetched(fetched, reference, config)
            }
            None if source.is_dir() => Self::pack(source, config),
            None => match Self::read(source, config)? {
                OfFile::Plugin(file) => Ok(file),
                OfFile::Rejected(rejected) => Err(rejected_problem(&rejected)),
            },
        }
    }

    /// An agent's folder, packed: `plugin.toml`, `persona.md` and the other files.
    pub fn pack(folder: &Path, config: &Config) -> Result<Self, Problem> {
        Self::accepted(app::pack(folder, &config.trust), folder, config.trust.clone())
    }

    /// The same of whoever signed it.
    pub fn pack_unsigned(folder: &Path) -> Result<Self, Problem> {
        Self::accepted(app::pack(folder, &Trust::default()), folder, Trust::default())
    }

    /// The bytes of a component, whoever signed it. `origin` is where it comes from.
    pub fn of_bytes(wasm: Vec<u8>, origin: &Path) -> Result<Self, Problem> {
        Self::accepted(app::understand(wasm, origin, &Trust::default()), origin, Trust::default())
    }

    /// The bytes of a component that somebody sent, as the settings want it signed. Takes long for a large one.
    pub fn of_upload(wasm: Vec<u8>, config: &Config) -> Result<Self, Problem> {
        let origin = Path::new("the uploaded file");
        Self::accepted(app::understand(wasm, origin, &config.trust), origin, config.trust.clone())
    }

    pub(super) fn fetched(fetched: Fetched, reference: Reference, config: &Config) -> Result<Self, Problem> {
        let origin = PathBuf::from(reference.to_string());
        let file = Self::accepted(app::understand(fetched.wasm, &origin, &config.trust), &origin, config.trust.clone())?;
        Ok(Self { source: Some((reference, fetched.digest)), ..file })
    }

    /// A file that is judged by `trust`, whatever `path` it is named by.
    pub(super) fn read_as(path: &Path, named: &Path, trust: &Trust) -> OfFile<Self> {
        let wasm = match app::read_file(path) {
            Ok(wasm) => wasm,
            Err(reason) => return OfFile::Rejected(RejectedFile::new(path_text(named), reason, None)),
        };
        let declared = Package::declared(&wasm);
        match app::understand(wasm, path, trust) {
            Ok(plugin) => OfFile::Plugin(Self { plugin, source: None, trust: trust.clone() }),
            Err(reason) => OfFile::Rejected(RejectedFile::new(path_text(named), reason, declared)),
        }
    }

    fn accepted(plugin: Result<registry::Plugin, String>, origin: &Path, trust: Trust) -> Result<Self, Problem> {
        match plugin {
            Ok(plugin) => Ok(Self { plugin, source: None, trust }),
            Err(reason) => Err(rejected_problem(&RejectedFile::new(path_text(origin), reason, None))),
        }
    }

    /// What it is, with what it is granted by now.
    pub fn view(&self) -> Plugin {
        Plugin::of(&self.plugin, &self.trust, &ProjectNames::default())
    }

    /// The file itself.
    pub fn wasm(&self) -> &[u8] {
        &self.plugin.package.wasm
    }

    /// What to tell whoever installs it, where its signature is wanted and it is not signed by a trusted key.
    pub fn signature_warning(&self) -> Option<String> {
        self.trust.warning(&self.plugin.package)
    }

    /// What it would replace. Where somebody else may have made that, none of its grants carry over.
    pub(super) fn replaces(&mut self, app: &App) -> Option<super::ReplacedPlugin> {
        let present = app.kernel.registry().find(self.plugin.name()).filter(|present| present.origin != Origin::Bundled)?;
        let signed_by = match app.config.trust.signer(&present.package) {
            Signer::Trusted(name) if present.package.signed_by != self.plugin.package.signed_by => Some(name),
            _ => None,
        };
        self.plugin.newcomer = signed_by.is_some();
        let version = &present.package.manifest.version;
        Some(super::ReplacedPlugin {
            version: version.to_string(),
            hash: present.package.hash.clone(),
            is_newer: *version > self.plugin.package.manifest.version,
            other_signer: signed_by,
        })
    }

    /// Applies what was decided of the plugin of this name.
    pub(super) async fn apply_decided(&mut self, app: &App) -> Result<(), Problem> {
        self.replaces(app);
        Ok(app.kernel.apply_decided(&self.plugin).await?)
    }
}

/// What the manifest in a plugin's folder states, before the plugin is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderManifest {
    /// The name.
    pub name: String,
    /// The kind.
    pub kind: super::PluginKind,
    text: String,
}

/// The file of a plugin's manifest.
const MANIFEST: &str = "plugin.toml";

impl FolderManifest {
    /// Reads `plugin.toml` of a folder.
    pub fn read(folder: &Path) -> Result<Self, Problem> {
        let path = folder.join(MANIFEST);
        let text = crate::kernel::disk::read_text(&path, Package::LARGEST_MANIFEST as u64)
            .map_err(|error| named_files::unreadable("folder", &path, &error).advise("Write one that this user can read."))?;
        let manifest = Manifest::parse(text.as_bytes()).map_err(|error| {
            let message = format!("plugin.toml cannot be used: {error}");
            Problem::new(ProblemKind::Conflict, "manifest_invalid", message, ProblemSource::Plugin)
        })?;
        Ok(Self { name: manifest.name, kind: manifest.kind.into(), text })
    }

    /// A component with this manifest in it.
    pub fn add_to(&self, wasm: &[u8]) -> Result<Vec<u8>, Problem> {
        baton_pack::pack(wasm, &self.text, &[]).map_err(|error| {
            let message = format!("The manifest cannot be put into the component: {error}");
            Problem::new(ProblemKind::Conflict, "manifest_invalid", message, ProblemSource::Plugin)
        })
    }
}

/// Whether a text can be the name of a plugin.
pub fn is_plugin_name(text: &str) -> bool {
    crate::kernel::package::is_name(text)
}

/// The registry of a reference, with the credentials from the settings.
pub(super) fn registry(reference: &Reference, config: &Config) -> Result<Registry, Problem> {
    Ok(Registry::of(reference, config.registry(&reference.host)?)?)
}

/// A source as a reference, if it is one. What exists on the disk is a reference only if it says so.
fn reference(source: &Path) -> Result<Option<Reference>, Problem> {
    match source.to_str() {
        Some(text) if Reference::is_meant(text) => Ok(Some(text.parse()?)),
        Some(text) if !source.exists() => Ok(text.parse().ok()),
        _ => Ok(None),
    }
}

pub(super) fn rejected_problem(rejected: &RejectedFile) -> Problem {
    let message = format!("This host rejects {}: {}", rejected.file, rejected.reason);
    Problem::new(ProblemKind::Conflict, "plugin_rejected", message, ProblemSource::Plugin)
}

/// Checks that a path leads to a file that can be opened, before it is judged as a plugin.
pub(super) fn require_plugin_file(field: &str, path: &Path) -> Result<(), Problem> {
    named_files::require_file(field, path)
        .map_err(|problem| problem.advise("Name a .wasm file, or pack an agent's directory with `baton plugin pack`."))?;
    std::fs::File::open(path).map(drop).map_err(|error| named_files::unreadable(field, path, &error))
}

/// The problem of a request that names a plugin which is not installed.
pub(in crate::operations) fn unknown_plugin(app: &App, name: &str) -> Problem {
    Problem::from(KernelError::NoPlugin(app.kernel.registry().not_found(name, None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_regular_file_is_named_as_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let problem = |path: &Path| require_plugin_file("plugin", path).err().map(|problem| problem.to_string()).unwrap_or_default();
        assert!(problem(folder.path()).contains("is a directory, not a file. Name a .wasm file"), "{}", problem(folder.path()));
        let file = folder.path().join("a.wasm");
        std::fs::write(&file, "").unwrap();
        assert_eq!(problem(&file), "");
        assert!(problem(&folder.path().join("none.wasm")).contains("none.wasm` does not exist."));
        #[cfg(unix)]
        {
            let socket = folder.path().join("b.wasm");
            let _bound = std::os::unix::net::UnixListener::bind(&socket).unwrap();
            assert!(problem(&socket).contains("is a pipe, a socket or a device"), "{}", problem(&socket));
        }
    }
}
