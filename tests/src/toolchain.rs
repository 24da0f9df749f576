//! Images with a tool chain of this machine, made on the spot: a shell, and the files of Debian packages with all that they
//! depend on. Reaches no registry.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::docker::{self, docker};

/// What no test needs, and takes room.
const LEFT_OUT: [&str; 6] = ["usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/info/", "usr/share/lintian/", "var/"];
/// The certificates by which this machine knows its registries.
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// What an image is made of.
pub struct Toolchain<'a> {
    /// Debian packages, which have to be installed here.
    pub packages: &'a [&'a str],
    /// Debian packages that are a part of those elsewhere, where they are installed.
    pub parts: &'a [&'a str],
    /// Other files and folders of this machine, by their absolute paths, as far as they are there.
    pub others: Vec<PathBuf>,
    /// Where programs are looked for, beside the usual folders.
    pub path: Option<PathBuf>,
}

impl Toolchain<'_> {
    /// Makes the image; an error says what this machine lacks.
    pub fn import(&self, image: &str) -> Result<(), String> {
        let packages = closure(self.packages, self.parts)?;
        let folder = tempfile::tempdir().unwrap();
        let (root, archive, list) = (folder.path().join("root"), folder.path().join("image.tar"), folder.path().join("list"));
        docker::lay_out(&root);
        // By which scripts find their interpreter.
        fs::create_dir_all(root.join("usr/bin")).unwrap();
        symlink("/bin/busybox", root.join("usr/bin/env")).unwrap();
        tar(&archive, "-cf", &root, &[".".to_owned()]);
        let mut files = files_of(&packages);
        files.extend([PathBuf::from(CERTIFICATES), PathBuf::from("/usr/bin/cc"), PathBuf::from("/etc/alternatives/cc")]);
        // A link at the top, such as /lib, would hide what the image has there.
        let is_wanted = |path: &PathBuf| path.components().count() > 2 && path.symlink_metadata().is_ok_and(|found| !found.is_dir());
        let mut names: Vec<_> = files.into_iter().filter(is_wanted).map(|path| below_root(&path)).collect();
        let others: Vec<_> = self.others.iter().filter(|path| path.exists()).map(|path| below_root(path)).collect();
        let is_below = |name: &str, above: &str| name.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'));
        // No path may be there twice. Busybox is the shell, and has its programs in /bin.
        names.retain(|name| {
            !LEFT_OUT.iter().any(|left_out| name.starts_with(left_out))
                && !name.starts_with("bin/")
                && root.join(name).symlink_metadata().is_err()
                && !others.iter().any(|other| name == other || is_below(name, other))
        });
        fs::write(&list, names.join("\n")).unwrap();
        tar(&archive, "-rf", Path::new("/"), &["--no-recursion".to_owned(), format!("--files-from={}", list.display())]);
        if !others.is_empty() {
            tar(&archive, "-rf", Path::new("/"), &others);
        }
        let path = self.path.as_ref().map_or_else(String::new, |path| format!("{}:", path.display()));
        let variables = [
            format!("PATH={path}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
            format!("NODE_EXTRA_CA_CERTS={CERTIFICATES}"),
            format!("PIP_CERT={CERTIFICATES}"),
            format!("SSL_CERT_FILE={CERTIFICATES}"),
            format!("CARGO_HTTP_CAINFO={CERTIFICATES}"),
        ];
        let changes = variables.iter().flat_map(|variable| ["--change".to_owned(), format!("ENV {variable}")]);
        let arguments: Vec<_> =
            ["import".to_owned()].into_iter().chain(changes).chain([archive.display().to_string(), image.to_owned()]).collect();
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        docker(&arguments).map(drop).ok_or_else(|| format!("the image {image} cannot be imported"))
    }
}

/// Packages with all that they depend on, as far as it is installed.
fn closure(wanted: &[&str], parts: &[&str]) -> Result<BTreeSet<String>, String> {
    if let Some(missing) = wanted.iter().find(|package| depends(package).is_none()) {
        return Err(format!("the Debian package {missing} is not installed"));
    }
    let mut found = BTreeSet::new();
    let mut next: Vec<String> = wanted.iter().chain(parts).map(|name| (*name).to_owned()).collect();
    while let Some(package) = next.pop() {
        let Some(depends) = depends(&package) else { continue };
        if found.insert(package) {
            let names = depends.split([',', '|']).filter_map(|entry| entry.split(['(', ':', ' ']).find(|word| !word.is_empty()));
            next.extend(names.map(|name| name.trim().to_owned()).filter(|name| !found.contains(name)));
        }
    }
    Ok(found)
}

fn depends(package: &str) -> Option<String> {
    let said = said("dpkg-query", &["--show", "--showformat", "${Status}\n${Pre-Depends}, ${Depends}", package])?;
    let (status, depends) = said.split_once('\n')?;
    status.ends_with(" installed").then(|| depends.to_owned())
}

fn files_of(packages: &BTreeSet<String>) -> BTreeSet<PathBuf> {
    let arguments: Vec<_> = ["--listfiles"].into_iter().chain(packages.iter().map(String::as_str)).collect();
    let listed = said("dpkg-query", &arguments).unwrap_or_default();
    listed.lines().filter(|line| line.starts_with('/')).map(PathBuf::from).collect()
}

fn below_root(path: &Path) -> String {
    path.strip_prefix("/").unwrap().display().to_string()
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn tar(archive: &Path, how: &str, folder: &Path, parts: &[String]) {
    let status = Command::new("tar").arg("-C").arg(folder).arg(how).arg(archive).args(parts).status();
    assert!(status.unwrap().success(), "the image can be packed");
}
