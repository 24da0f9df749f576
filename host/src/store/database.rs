//! Finds, checks, makes and opens the database file. Looks before it touches: a file it refuses stays as it was.

use std::path::{Path, PathBuf};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection, Executor, Row,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{MigrateError, Migrator},
};

use super::{
    StoreError, backlog, backup,
    new_files::{create_file, unusable},
    projects,
};
use crate::journal::Clock;

const FILE: &str = "baton.db";
/// Reads at the same time; more would wait for the same disk.
const READERS: u32 = 4;
/// Durable means durable: `full` brings every commit to the disk, also in the write-ahead log.
const SETTINGS: &str = "pragma busy_timeout = 5000; pragma foreign_keys = on; pragma synchronous = full;";

/// Creates a directory and those above it for this user alone. One that is there keeps its permissions.
pub(super) fn create_directory(path: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| unusable(path, &error))
}

/// The one connection that writes, on a database made if need be and brought up to date. The caller holds the lease:
/// two that migrate at the same time break each other.
pub(super) async fn open_for_writing(data: &Path, clock: &dyn Clock) -> Result<AnyConnection, StoreError> {
    create_directory(data)?;
    let file = file(data)?;
    let found = inspect(&file).await?;
    if found.is_none() {
        make(&file, clock).await?;
    }
    let mut connection = connect(&file, "mode=rw").await?;
    if let Some(DatabaseState { newest: from, is_behind: true, .. }) = found {
        let copy = backup::keep(&mut connection, &file, from, backup::free).await?;
        tracing::info!(copy = %copy.display(), from, to = newest(), "the database is migrated, and a copy of it is kept");
    }
    // Readers never wait for the writer in this mode. The file remembers it.
    connection.execute("pragma journal_mode = wal").await?;
    migrations().run(&mut connection).await.map_err(|error| unmigrated(&file, error))?;
    let is_unfinished = match found {
        // It was made whole.
        None => false,
        Some(DatabaseState { is_behind: false, is_unfinished, .. }) => is_unfinished,
        // The migrations have made the table of keys since.
        Some(_) => projects::is_unfinished(&mut connection).await?,
    };
    if is_unfinished {
        projects::replace_keys(&mut connection, clock).await?;
    }
    backlog::fill_list_columns(&mut connection).await?;
    Ok(connection)
}

/// A connection that writes beside the host that holds the lease, on a database that is up to date.
pub(super) async fn open_beside(data: &Path) -> Result<AnyConnection, StoreError> {
    connect(&current(data).await?, "mode=rw").await
}

/// Connections that only look, on a database that must be there and up to date.
pub(super) async fn open_for_reading(data: &Path) -> Result<AnyPool, StoreError> {
    let file = current(data).await?;
    pool(options(&file, reading(&file))?, READERS).await
}

/// Connections to a database without a row, which is nowhere.
pub(super) async fn open_nothing() -> Result<AnyPool, StoreError> {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = "sqlite::memory:".parse()?;
    // Each connection has a memory of its own.
    let pool = pool(options.disable_statement_logging(), 1).await?;
    migrations().run(&pool).await.map_err(|error| unmigrated(Path::new("memory"), error))?;
    Ok(pool)
}

async fn pool(options: AnyConnectOptions, most: u32) -> Result<AnyPool, StoreError> {
    let pool = AnyPoolOptions::new()
        .max_connections(most)
        .idle_timeout(None)
        .max_lifetime(None)
        // A file does not hang up; asking it each time costs more than a read.
        .test_before_acquire(false)
        .after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }))
        .connect_with(options)
        .await?;
    Ok(pool)
}

/// The database of `data`, which is there and of this version.
async fn current(data: &Path) -> Result<PathBuf, StoreError> {
    if !data.join(FILE).exists() {
        return Err(StoreError::Absent(data.to_owned()));
    }
    let file = file(data)?;
    match inspect(&file).await? {
        None => Err(StoreError::Absent(data.to_owned())),
        Some(DatabaseState { is_behind, is_unfinished, .. }) if is_behind || is_unfinished => Err(StoreError::Older(file)),
        Some(_) => Ok(file),
    }
}

/// Makes the database whole under another name first, so that a file of this name is never half of one: a command that only
/// reads may look at any moment.
pub(super) async fn make(file: &Path, clock: &dyn Clock) -> Result<(), StoreError> {
    let unfinished = file.with_extension("db-new");
    for remains in ["db-new", "db-new-journal"] {
        match std::fs::remove_file(file.with_extension(remains)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unusable(&unfinished, &error)),
            _ => {}
        }
    }
    create_file(&unfinished)?;
    let mut connection = connect(&unfinished, "mode=rw").await?;
    migrations().run(&mut connection).await.map_err(|error| unmigrated(file, error))?;
    projects::replace_keys(&mut connection, clock).await?;
    connection.close().await?;
    std::fs::rename(&unfinished, file).map_err(|error| unusable(file, &error))
}

/// How a file is looked at. Looking at a log needs files beside it; where none can be made, and there is nothing in the
/// log, the file stands for all and is not written by anybody.
fn reading(file: &Path) -> &'static str {
    let beside = |extension: &str| std::fs::metadata(file.with_extension(extension)).map_or(0, |found| found.len());
    let folder = file.parent().unwrap_or(file);
    let writable = || tempfile::Builder::new().prefix(".baton-").tempfile_in(folder).is_ok();
    if beside("db-wal") == 0 && beside("db-shm") == 0 && !writable() { "immutable=true&mode=ro" } else { "mode=ro" }
}

/// How far a database is.
struct DatabaseState {
    /// The newest migration that it went through; 0 where it went through none.
    newest: i64,
    /// A migration is still to be run, be it one whose number is lower than that.
    is_behind: bool,
    /// A host was killed after the migrations, and before it had replaced the keys of projects.
    is_unfinished: bool,
}

/// How far a database is, none for a file that is not there. Rejects what is not ours or not whole.
async fn inspect(file: &Path) -> Result<Option<DatabaseState>, StoreError> {
    match std::fs::metadata(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(file, &error)),
        Ok(found) if !found.is_file() => return Err(StoreError::NotDatabase),
        Ok(_) => {}
    }
    let mut connection = connect(file, reading(file)).await?;
    let applied = list_migrations(&mut connection, file).await;
    let is_unfinished = projects::is_unfinished(&mut connection).await;
    connection.close().await?;
    let (known, newest) = (migrations(), newest());
    let (applied, is_unfinished) = (applied?, is_unfinished?);
    match applied.iter().find(|version| !known.version_exists(**version)) {
        Some(found) if *found > newest => Err(StoreError::Newer { path: file.to_owned(), found: *found, known: newest }),
        Some(_) => Err(StoreError::Foreign(file.to_owned())),
        None => Ok(Some(DatabaseState {
            newest: applied.last().copied().unwrap_or(0),
            is_behind: known.iter().any(|migration| !applied.contains(&migration.version)),
            is_unfinished,
        })),
    }
}

/// The migrations a database went through, oldest first.
async fn list_migrations(connection: &mut AnyConnection, file: &Path) -> Result<Vec<i64>, StoreError> {
    let tables = sqlx::query("select name from sqlite_master where type = 'table'").fetch_all(&mut *connection).await?;
    let names = tables.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<Vec<_>, _>>()?;
    if names.is_empty() {
        // It had tables before it got its name.
        return Err(StoreError::Damaged("nothing is in the file".to_owned()));
    }
    if !names.iter().any(|name| name == "_sqlx_migrations") {
        return Err(StoreError::Foreign(file.to_owned()));
    }
    let rows = sqlx::query("select version from _sqlx_migrations order by version").fetch_all(connection).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

async fn connect(file: &Path, how: &str) -> Result<AnyConnection, StoreError> {
    let mut connection = options(file, how)?.connect().await?;
    connection.execute(SETTINGS).await?;
    Ok(connection)
}

fn options(file: &Path, how: &str) -> Result<AnyConnectOptions, StoreError> {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = format!("sqlite://{}?{how}", percent_encoded(file)).parse()?;
    Ok(options.disable_statement_logging())
}

/// Whatever a folder is called, none of it may be read as a part of the address.
fn percent_encoded(file: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    file.as_os_str().as_encoded_bytes().iter().map(|byte| encode(*byte)).collect()
}

/// The file's absolute place: an address has no working directory.
fn file(data: &Path) -> Result<PathBuf, StoreError> {
    let data = data.canonicalize().map_err(|error| unusable(data, &error))?;
    Ok(data.join(FILE))
}

pub(super) fn migrations() -> Migrator {
    sqlx::migrate!("../migrations")
}

fn newest() -> i64 {
    migrations().iter().map(|migration| migration.version).max().unwrap_or(0)
}

fn unmigrated(file: &Path, error: MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(found) => StoreError::Newer { path: file.to_owned(), found, known: newest() },
        MigrateError::VersionMismatch(_) => StoreError::Foreign(file.to_owned()),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        other => StoreError::Database(other.to_string()),
    }
}
