//! Keeps a copy of the database before a migration, beside it and for its owner alone. Migrates nothing itself.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

use sqlx::{AnyConnection, Row};

use super::{
    StoreError,
    new_files::{create_file, unusable},
};

/// What a migration may take beside the copy.
const RESERVE: u64 = 32 << 20;
const MEBIBYTE: u64 = 1 << 20;

/// Copies the database `file`, whose newest migration is `schema`, and returns where the copy is: under its own name only once
/// it is whole and on the disk. A copy that is there already is never changed. `free` tells how many bytes a folder has room
/// for.
pub(super) async fn keep(
    connection: &mut AnyConnection,
    file: &Path,
    schema: i64,
    free: fn(&Path) -> io::Result<u64>,
) -> Result<PathBuf, StoreError> {
    let folder = file.parent().unwrap_or(file);
    check_room(size(connection).await?, free(folder).map_err(|error| unusable(folder, &error))?)?;
    let unfinished = file.with_extension(format!("schema-{schema}.db-new"));
    copy(connection, &unfinished).await?;
    let kept = place(file, schema, &unfinished).map_err(|error| unusable(&unfinished, &error))?;
    // The name has to last as well before anything is migrated.
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| unusable(folder, &error))?;
    Ok(kept)
}

/// Bytes that this user may still write in a folder.
#[cfg(unix)]
pub(super) fn free(folder: &Path) -> io::Result<u64> {
    let about = rustix::fs::statvfs(folder)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

/// Not known here: a copy that has no room fails while it is made.
#[cfg(not(unix))]
pub(super) fn free(_folder: &Path) -> io::Result<u64> {
    Ok(u64::MAX)
}

fn check_room(size: u64, free: u64) -> Result<(), StoreError> {
    let needed = size.saturating_add(RESERVE);
    if free >= needed {
        return Ok(());
    }
    Err(StoreError::NoRoomForCopy { needed: needed.div_ceil(MEBIBYTE), free: free / MEBIBYTE })
}

async fn size(connection: &mut AnyConnection) -> Result<u64, StoreError> {
    let pages = sqlx::query("pragma page_count").fetch_one(&mut *connection).await?.try_get::<i64, _>(0)?;
    let bytes = sqlx::query("pragma page_size").fetch_one(&mut *connection).await?.try_get::<i64, _>(0)?;
    Ok(pages.unsigned_abs().saturating_mul(bytes.unsigned_abs()))
}

/// Writes the database as it is at one moment, with what is in its log, and brings it to the disk.
async fn copy(connection: &mut AnyConnection, unfinished: &Path) -> Result<(), StoreError> {
    remove(unfinished).map_err(|error| unusable(unfinished, &error))?;
    create_file(unfinished)?;
    let Some(name) = unfinished.to_str() else {
        return Err(unusable(unfinished, &io::Error::other("its path is not UTF-8")));
    };
    sqlx::query("vacuum into $1").bind(name).execute(connection).await?;
    File::open(unfinished).and_then(|file| file.sync_all()).map_err(|error| unusable(unfinished, &error))
}

/// Gives the copy its name, the first that no other copy has. The same copy is kept once, however often a migration is
/// begun.
fn place(file: &Path, schema: i64, unfinished: &Path) -> io::Result<PathBuf> {
    for number in 1_u64.. {
        let again = if number == 1 { String::new() } else { format!("-{number}") };
        let name = file.with_extension(format!("schema-{schema}{again}.db"));
        if !name.exists() {
            std::fs::rename(unfinished, &name)?;
            return Ok(name);
        }
        if is_same(&name, unfinished)? {
            remove(unfinished)?;
            return Ok(name);
        }
    }
    Err(io::Error::other("there are too many copies of it"))
}

fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    if std::fs::metadata(one)?.len() != std::fs::metadata(other)?.len() {
        return Ok(false);
    }
    Ok(hash(one)? == hash(other)?)
}

fn hash(file: &Path) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(file)?)?;
    Ok(hasher.finalize())
}

fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
