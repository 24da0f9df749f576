//! What of the caller's environment the compilers and test runners of a plugin's folder are given: what they need to be
//! found and to work. Hands on no key, and nothing that is Baton's.

use std::{
    env,
    ffi::{OsStr, OsString},
};

/// Names that are handed on; those that end with `*` begin so.
const NEEDED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_*",
    "TZ",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "CLICOLOR*",
    "TMPDIR",
    "TMP",
    "TEMP",
    "XDG_*",
    "LD_LIBRARY_PATH",
    "DYLD_*",
    "NIX_*",
    "CI",
    // Rust and what its crates compile.
    "CARGO",
    "CARGO_*",
    "RUST*",
    "CC",
    "CC_*",
    "CXX",
    "CXX_*",
    "AR",
    "AR_*",
    "CFLAGS*",
    "CXXFLAGS*",
    "LDFLAGS",
    "PKG_CONFIG*",
    // Python and JavaScript.
    "VIRTUAL_ENV",
    "PYTHON*",
    "PYENV_*",
    "CONDA_*",
    "NODE_*",
    "NPM_CONFIG_*",
    "NVM_*",
    "VOLTA_*",
    "FNM_*",
    "ASDF_*",
    "MISE_*",
    // The network.
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_*",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    // Windows.
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "USERPROFILE",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "PROGRAMFILES*",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_*",
    "INCLUDE",
    "LIB",
];

/// Parts of names of what is a key, whoever it belongs to: `CARGO_REGISTRY_TOKEN` is one.
const SECRET: &[&str] = &["TOKEN", "SECRET", "PASSW", "PASSPHRASE", "CREDENTIAL", "AUTH", "KEY"];

/// The variables for other people's programs in a plugin's folder.
pub fn tool_environment() -> Vec<(OsString, OsString)> {
    env::vars_os().filter(|(name, _)| is_needed(name)).collect()
}

fn is_needed(name: &OsStr) -> bool {
    // Proxies and npm's settings are written in small letters as well, and Windows knows no difference.
    let Some(name) = name.to_str().map(str::to_ascii_uppercase) else { return false };
    let fits = |needed: &&str| needed.strip_suffix('*').map_or(name == **needed, |beginning| name.starts_with(beginning));
    NEEDED.iter().any(fits) && !SECRET.iter().any(|secret| name.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_get_what_they_need_and_no_key() {
        for needed in
            ["PATH", "HOME", "CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME", "RUSTFLAGS", "https_proxy", "npm_config_cache", "LC_ALL"]
        {
            assert!(is_needed(OsStr::new(needed)), "{needed}");
        }
        let kept = ["ANTHROPIC_API_KEY", "BATON_SECRET_KEY", "BATON_DATA_DIR", "CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_MINE_TOKEN"];
        for name in kept.into_iter().chain(["npm_config__auth", "NODE_AUTH_TOKEN", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK", "PATHS", ""]) {
            assert!(!is_needed(OsStr::new(name)), "{name}");
        }
    }
}
