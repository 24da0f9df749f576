//! An image with a shell and the Python of this machine, made on the spot: its program, its library and what these are
//! linked to. Reaches no registry.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::Once,
};

use crate::docker::{self, docker};

/// The image.
pub const IMAGE: &str = "baton-test-python:1";

/// What no test needs, and takes more room than the rest.
const LEFT_OUT: &[&str] = &["__pycache__", "*/site-packages/*", "*/dist-packages/*", "*/config-3*", "*/idlelib", "*/python3*/test"];

/// Where the interpreter and its library are.
const WHERE: &str = "import os, sys, sysconfig\nprint(os.path.realpath(sys.executable))\nprint(sysconfig.get_path('stdlib'))";

static MADE: Once = Once::new();

/// Whether there is an engine, with the image in it; as [`docker::ready`], and a failure where there is no Python.
pub fn ready() -> bool {
    let engine = docker::ready();
    if engine {
        MADE.call_once(make_image);
    }
    engine
}

fn make_image() {
    if docker(&["image", "inspect", IMAGE]).is_some() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (root, archive) = (folder.path().join("root"), folder.path().join("image.tar"));
    let (program, library) = python();
    docker::lay_out(&root);
    symlink(&program, root.join("bin/python3")).unwrap();
    tar(&archive, "-cf", &root, &[PathBuf::from(".")]);
    let mut parts: Vec<_> = linked(&program, &library).into_iter().collect();
    parts.extend([program, library]);
    let below: Vec<_> = parts.iter().map(|part| part.strip_prefix("/").unwrap().to_owned()).collect();
    tar(&archive, "-rhf", Path::new("/"), &below);
    docker(&["import", "--change", "ENV PATH=/bin", archive.to_str().unwrap(), IMAGE]).expect("the image with Python can be imported");
}

fn python() -> (PathBuf, PathBuf) {
    let said = said(Command::new("python3").args(["-c", WHERE]));
    let mut lines = said.lines().map(PathBuf::from);
    (lines.next().unwrap(), lines.next().unwrap())
}

/// The libraries that the program and the compiled parts of its library need, as the loader finds them.
fn linked(program: &Path, library: &Path) -> BTreeSet<PathBuf> {
    let compiled = fs::read_dir(library.join("lib-dynload")).unwrap().map(|entry| entry.unwrap().path());
    let said = said(Command::new("ldd").arg(program).args(compiled));
    let words = said.lines().filter(|line| line.starts_with(char::is_whitespace)).flat_map(str::split_whitespace);
    words.filter(|word| word.starts_with('/')).map(PathBuf::from).filter(|file| file.is_file()).collect()
}

fn tar(archive: &Path, how: &str, folder: &Path, parts: &[PathBuf]) {
    let mut tar = Command::new("tar");
    tar.arg("-C").arg(folder).args(LEFT_OUT.iter().map(|pattern| format!("--exclude={pattern}"))).arg(how).arg(archive).args(parts);
    assert!(tar.status().unwrap().success(), "the image with Python can be packed");
}

fn said(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
