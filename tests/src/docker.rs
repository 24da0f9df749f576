//! A container engine for tests, and an image made on the spot that has a shell and nothing else. Reaches no registry and
//! touches no container that it did not make.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Once,
};

/// The image of the tests.
pub const IMAGE: &str = "baton-test:3";

static MADE: Once = Once::new();

/// Whether there is an engine, with the image in it.
///
/// Where there is none, a line says so that no test runner swallows; with `CI=true` that is a failure.
pub fn ready() -> bool {
    let engine = docker(&["info"]).is_some();
    if !engine {
        let advice = "start Docker, and let this user use it";
        assert!(env::var("CI").as_deref() != Ok("true"), "there is no container engine; {advice}");
        let line = format!("\n!! SKIPPED: nothing was executed in a real container; {advice}\n\n");
        // Not by `eprintln!`, which the test runner keeps to itself.
        io::stderr().write_all(line.as_bytes()).unwrap();
        return false;
    }
    MADE.call_once(make_image);
    true
}

/// What the docker program prints; none when it fails or is not there.
pub fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The names of the containers of a data directory, sorted.
pub fn containers(data: &Path) -> Vec<String> {
    let owner = fs::read_to_string(data.join("sandbox.id")).unwrap();
    let filter = format!("label=baton.data={}", owner.trim());
    let listed = docker(&["ps", "--all", "--filter", &filter, "--format", "{{.Names}}"]).unwrap();
    let mut names: Vec<_> = listed.lines().map(str::to_owned).collect();
    names.sort();
    names
}

fn make_image() {
    if docker(&["image", "inspect", IMAGE]).is_none() {
        import(IMAGE, |_| ());
    }
}

/// Makes an image like that of the tests, with what `add` puts into its root.
pub fn import(image: &str, add: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let (root, archive) = (folder.path().join("root"), folder.path().join("image.tar"));
    lay_out(&root);
    add(&root);
    let (archive, root) = (archive.to_str().unwrap(), root.to_str().unwrap());
    assert!(Command::new("tar").args(["-C", root, "-cf", archive, "."]).status().unwrap().success());
    docker(&["import", "--change", "ENV PATH=/bin", archive, image]).expect("the image of the tests can be imported");
}

/// The root of an image that has a shell and nothing else.
pub(crate) fn lay_out(root: &Path) {
    for name in ["bin", "tmp", "var/tmp", "etc", "workspace"] {
        fs::create_dir_all(root.join(name)).unwrap();
    }
    // The engine gives what it mounts there the mode that the image's folder has.
    for name in ["tmp", "var/tmp"] {
        fs::set_permissions(root.join(name), fs::Permissions::from_mode(0o1777)).unwrap();
    }
    fs::copy(busybox(), root.join("bin/busybox")).unwrap();
    let list = Command::new(busybox()).arg("--list").output().unwrap().stdout;
    for program in String::from_utf8(list).unwrap().lines().filter(|program| *program != "busybox") {
        symlink("busybox", root.join("bin").join(program)).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/:/bin/sh\n").unwrap();
}

/// The one program in the image, which needs no library.
fn busybox() -> PathBuf {
    let places = ["/bin/busybox", "/usr/bin/busybox"].map(PathBuf::from);
    places.into_iter().find(|place| place.is_file()).expect("busybox is installed (Debian: busybox-static)")
}
