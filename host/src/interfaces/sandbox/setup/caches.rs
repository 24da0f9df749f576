//! Where package managers keep what they fetch: in one folder, which setup alone writes, and which later commands of the
//! workspace see read-only at the same place. Sets variables; knows no file.

use std::{collections::BTreeMap, path::Path};

/// Where the forwarder lies in the container.
pub(in crate::interfaces::sandbox) const BIN: &str = "/baton/bin";
/// Where the socket of the proxy lies.
pub(super) const PROXY: &str = "/baton/proxy";
/// Where caches lie.
pub(super) const HOME: &str = "/baton/home";
/// The port of the forwarder, in a network that the container has for itself.
pub(in crate::interfaces::sandbox) const PORT: &str = "3128";

/// What a setup is told, below [`HOME`].
const OF_SETUP: [(&str, &str); 16] = [
    ("CARGO_HOME", "cargo"),
    ("npm_config_cache", "npm"),
    ("npm_config_store_dir", "pnpm"),
    ("YARN_CACHE_FOLDER", "yarn"),
    ("COREPACK_HOME", "corepack"),
    ("UV_CACHE_DIR", "uv"),
    ("UV_PYTHON_INSTALL_DIR", "python"),
    ("PIP_CACHE_DIR", "pip"),
    ("POETRY_CACHE_DIR", "poetry"),
    ("GOMODCACHE", "go"),
    ("GRADLE_USER_HOME", "gradle"),
    ("COMPOSER_CACHE_DIR", "composer"),
    ("BUNDLE_USER_CACHE", "bundle"),
    // Where gems are installed, and not only kept.
    ("BUNDLE_PATH", "gems"),
    ("BUN_INSTALL_CACHE_DIR", "bun"),
    ("PIPENV_CACHE_DIR", "pipenv"),
];

/// The variables of a setup.
pub(super) fn of_setup() -> BTreeMap<String, String> {
    let address = format!("http://127.0.0.1:{PORT}");
    let java = ["http", "https"].map(|scheme| format!("-D{scheme}.proxyHost=127.0.0.1 -D{scheme}.proxyPort={PORT}")).join(" ");
    let proxies = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"].map(|name| (name, address.clone()));
    let caches = OF_SETUP.map(|(name, folder)| (name, format!("{HOME}/{folder}")));
    let others = [
        ("JAVA_TOOL_OPTIONS", java),
        // Maven before 3.9 reads no `MAVEN_ARGS`, and later versions go by the proxy of the JVM only where they are told to.
        ("MAVEN_OPTS", format!("-Dmaven.repo.local={HOME}/m2 -Daether.connector.http.useSystemProperties=true")),
        // Links to a cache would let one worktree write into what others read.
        ("UV_LINK_MODE", "copy".to_owned()),
        ("npm_config_package_import_method", "copy".to_owned()),
        ("npm_config_update_notifier", "false".to_owned()),
        ("GOFLAGS", "-modcacherw".to_owned()),
        ("BATON_REGISTRIES", format!("{address}/registries")),
        ("CI", "true".to_owned()),
    ];
    let all = proxies.into_iter().chain(caches).chain(others);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The variables of other commands, so that they find what was fetched, and look for nothing elsewhere.
pub(super) fn of_commands(home: &Path, has_network: bool) -> BTreeMap<String, String> {
    let is_there = |folder: &str| home.join(folder).symlink_metadata().is_ok_and(|found| found.is_dir());
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: String| drop(variables.insert(name.to_owned(), value));
    if is_there("cargo") {
        set("CARGO_HOME", format!("{HOME}/cargo"));
    }
    if is_there("go") {
        set("GOMODCACHE", format!("{HOME}/go"));
    }
    if is_there("gems") {
        set("BUNDLE_PATH", format!("{HOME}/gems"));
    }
    if is_there("gradle/caches") {
        set("GRADLE_RO_DEP_CACHE", format!("{HOME}/gradle/caches"));
    }
    if is_there("m2") {
        // Before 3.9 Maven has no repository behind its own, but reads one that it cannot write. What a build installs goes, from
        // 3.9 on, where it can.
        let tail = format!("-Dmaven.repo.local.tail={HOME}/m2 -Dmaven.repo.local.tail.ignoreAvailability=true");
        set("MAVEN_OPTS", format!("-Dmaven.repo.local={HOME}/m2"));
        set("MAVEN_ARGS", format!("-o -Dmaven.repo.local=/tmp/.m2/repository {tail}"));
    }
    if !has_network && is_there("cargo") {
        set("CARGO_NET_OFFLINE", "true".to_owned());
    }
    if !has_network && is_there("go") {
        set("GOPROXY", "off".to_owned());
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_told_of_the_caches_that_there_are() {
        let home = tempfile::tempdir().unwrap();
        assert!(of_commands(home.path(), false).is_empty());
        for folder in ["cargo", "gems", "gradle/caches", "m2"] {
            std::fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        let names: Vec<_> = of_commands(home.path(), false).into_keys().collect();
        assert_eq!(names, ["BUNDLE_PATH", "CARGO_HOME", "CARGO_NET_OFFLINE", "GRADLE_RO_DEP_CACHE", "MAVEN_ARGS", "MAVEN_OPTS"]);
        assert!(!of_commands(home.path(), true).contains_key("CARGO_NET_OFFLINE"));
    }

    #[test]
    fn a_setup_reaches_the_network_through_the_forwarder_alone() {
        let told = of_setup();
        assert_eq!(told["HTTPS_PROXY"], "http://127.0.0.1:3128");
        assert_eq!(told["CARGO_HOME"], "/baton/home/cargo");
        assert!(!told.contains_key("NO_PROXY"), "a host of the operator's may have an address of this machine");
        assert!(told.len() <= 64, "a job has no more variables");
    }
}
