//! Images with the PostgreSQL and the Redis of this machine, made on the spot: their programs, what these read, and what they
//! are linked to. Reaches no registry, and starts nothing on this machine.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{self, Write as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::Once,
};

use crate::docker::{self, docker};

/// An image with PostgreSQL, and with a shell.
pub const POSTGRES: &str = "baton-test-postgres:1";
/// An image with Redis, and with a shell.
pub const REDIS: &str = "baton-test-redis:1";

const SERVERS: &str = "/usr/lib/postgresql";

static MADE: Once = Once::new();

/// Whether there is an engine, with both images in it; as [`docker::ready`], and a failure with `CI=true` where one of the
/// databases is missing.
pub fn ready() -> bool {
    if !docker::ready() {
        return false;
    }
    let (Some(postgres), redis) = (postgres(), Path::new("/usr/bin/redis-server")) else { return skipped() };
    if !redis.exists() {
        return skipped();
    }
    MADE.call_once(|| {
        let missing = |image| docker(&["image", "inspect", image]).is_none();
        if missing(POSTGRES) {
            docker::import(POSTGRES, |root| lay_postgres(root, &postgres));
        }
        if missing(REDIS) {
            docker::import(REDIS, |root| lay(root, &[redis.to_owned(), PathBuf::from("/usr/bin/redis-cli")]));
        }
    });
    true
}

fn skipped() -> bool {
    let advice = "install PostgreSQL and Redis (Debian: postgresql, redis-server)";
    assert!(env::var("CI").as_deref() != Ok("true"), "a database is missing; {advice}");
    io::stderr().write_all(format!("\n!! SKIPPED: no service was tried with a real database; {advice}\n\n").as_bytes()).unwrap();
    false
}

/// The folder of the newest PostgreSQL.
fn postgres() -> Option<PathBuf> {
    let versions = fs::read_dir(SERVERS).ok()?.map(|entry| entry.unwrap().path()).filter(|path| path.join("bin/postgres").exists());
    versions.max()
}

fn lay_postgres(root: &Path, folder: &Path) {
    let (bin, lib) = (folder.join("bin"), folder.join("lib"));
    let programs = ["postgres", "initdb", "pg_isready", "psql"].map(|name| bin.join(name));
    lay(root, &[&programs[..], &[lib.join("plpgsql.so"), lib.join("dict_snowball.so")]].concat());
    copy(root, [Path::new("/usr/share/postgresql").join(folder.file_name().unwrap())]);
}

/// Programs where they are on this machine, what they are linked to, and a link to each in `/bin`.
fn lay(root: &Path, programs: &[PathBuf]) {
    let mut ldd = Command::new("ldd");
    let output = ldd.args(programs).output().unwrap();
    assert!(output.status.success(), "{ldd:?}: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    let words = said.lines().filter(|line| line.starts_with(char::is_whitespace)).flat_map(str::split_whitespace);
    let linked: BTreeSet<_> = words.filter(|word| word.starts_with('/')).map(PathBuf::from).filter(|file| file.is_file()).collect();
    copy(root, linked.into_iter().chain(programs.iter().cloned()));
    for program in programs {
        symlink(program, root.join("bin").join(program.file_name().unwrap())).unwrap();
    }
    fs::write(root.join("etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n").unwrap();
}

/// What is at these places, links followed, in the same place below `root`.
fn copy(root: &Path, parts: impl IntoIterator<Item = PathBuf>) {
    let status = Command::new("cp").args(["-rL", "--parents", "-t"]).arg(root).args(parts).status().unwrap();
    assert!(status.success(), "the databases of this machine can be copied");
}
