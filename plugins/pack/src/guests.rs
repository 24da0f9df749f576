//! Builds crates of a workspace to components, from the build script of a crate that embeds them. Packs nothing.

use std::{
    env, io,
    path::{Path, PathBuf},
    process::Command,
};

/// What guests are built for.
const TARGET: &str = "wasm32-wasip2";

/// Why guests were not built.
#[derive(Debug, thiserror::Error)]
pub enum GuestError {
    /// The toolchain lacks the target and it could not be added.
    #[error(
        "Plugins are built for {TARGET}, which is not installed and could not be added. Run `rustup target add {TARGET}` and build again."
    )]
    Target,
    /// A program does not start.
    #[error("{program} does not start: {source}. Install Rust by rustup and build again.")]
    Program {
        /// `cargo` or `rustc`.
        program: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Outside a build script.
    #[error("{0} is not set as in a build script; build guests from one.")]
    NotABuildScript(&'static str),
    /// The crates do not compile.
    #[error("The guests do not build. The compiler's messages above say why.")]
    Compile,
    /// A component is not where it should be.
    #[error("`{}` was not built: {source}.", .path.display())]
    Missing {
        /// The component.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Components that were built.
#[derive(Debug)]
pub struct Guests {
    folder: PathBuf,
}

impl Guests {
    /// Builds the libraries of `packages` with the profile `plugin`. Call it from a build script.
    pub fn build(packages: &[&str]) -> Result<Self, GuestError> {
        ensure_target()?;
        let manifest = env::var("CARGO_MANIFEST_DIR").map_err(|_| GuestError::NotABuildScript("CARGO_MANIFEST_DIR"))?;
        let target_dir = target_dir()?;
        let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
        cargo.current_dir(manifest).args(["build", "--locked", "--quiet", "--lib", "--target", TARGET, "--profile", "plugin"]);
        cargo.arg("--target-dir").arg(&target_dir);
        for package in packages {
            cargo.args(["--package", package]);
        }
        for (name, _) in env::vars_os() {
            if leaks(&name.to_string_lossy()) {
                cargo.env_remove(name);
            }
        }
        let status = cargo.status().map_err(|source| GuestError::Program { program: "cargo", source })?;
        if !status.success() {
            return Err(GuestError::Compile);
        }
        Ok(Self { folder: target_dir.join(TARGET).join("plugin") })
    }

    /// The component of a package that was built.
    pub fn component(&self, package: &str) -> Result<Vec<u8>, GuestError> {
        let path = self.folder.join(format!("{}.wasm", package.replace('-', "_")));
        std::fs::read(&path).map_err(|source| GuestError::Missing { path, source })
    }
}

/// A toolchain installed without its targets is completed here, so that the first build needs no instructions.
fn ensure_target() -> Result<(), GuestError> {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let printed = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    let printed = printed.map_err(|source| GuestError::Program { program: "rustc", source })?;
    if printed.status.success() && Path::new(String::from_utf8_lossy(&printed.stdout).trim()).is_dir() {
        return Ok(());
    }
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) { Ok(()) } else { Err(GuestError::Target) }
}

/// Beside the profile folders of the outer build. A folder of its own, because the outer cargo holds the lock of its
/// folder while the build script runs, and shared by all profiles, because guests are the same in each.
fn target_dir() -> Result<PathBuf, GuestError> {
    let output = env::var("OUT_DIR").map(PathBuf::from).map_err(|_| GuestError::NotABuildScript("OUT_DIR"))?;
    // OUT_DIR is <target>/[<triple>/]<profile>/build/<package>/out.
    let target = output.ancestors().nth(4).ok_or(GuestError::NotABuildScript("OUT_DIR"))?;
    Ok(target.join("plugins"))
}

/// What the outer cargo, clippy or coverage tools set for their own compilations. `CARGO_NET_OFFLINE`, `CARGO_HOME`
/// and the like are the user's and stay.
fn leaks(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "CARGO_BUILD_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "CARGO_BUILD_TARGET_DIR",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_MAKEFLAGS",
        "CARGO_TARGET_DIR",
        "CLIPPY_ARGS",
        "MAKEFLAGS",
        "MFLAGS",
        "RUSTC",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTDOC",
        "RUSTFLAGS",
    ];
    const PREFIXES: &[&str] = &["CARGO_CFG_", "CARGO_FEATURE_", "CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_PROFILE_", "DEP_"];
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}
