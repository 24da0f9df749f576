//! Why the store refused, in sentences for the operator. Decides nothing about what a caller does next.

use std::path::PathBuf;

use crate::{
    errors::{Hint, StorageError},
    handles,
    journal::RunId,
};

/// SQLite's `SQLITE_IOERR_SHMSIZE`.
const SHARED_MEMORY_SIZE: i32 = 10 | (19 << 8);

/// Why the store did not do what it was asked. The data is as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// `path` is the data directory, or the file in it that failed.
    #[error("The data directory {} cannot be used: {reason}.", path.display())]
    Directory { path: PathBuf, reason: String },
    /// A link where Baton makes a file or a folder of its own.
    #[error("The path {} is a symbolic link, which Baton does not follow in its data directory.", .0.display())]
    Link(PathBuf),
    #[error("The directory {} has no Baton data yet.", .0.display())]
    Absent(PathBuf),
    /// `holder`, as far as it is known: `process 1234, since 2026-01-02T03:04:05Z`.
    #[error("Another Baton ({holder}) uses the data directory {}.", path.display())]
    Held { path: PathBuf, holder: String },
    /// The database has migrations that this program does not know.
    #[error("The data in {} was written by a newer Baton (schema {found}, this one knows {known}).", path.display())]
    Newer { path: PathBuf, found: i64, known: i64 },
    /// The database lacks migrations, and a command that only looks makes none.
    #[error("The data in {} was written by an older Baton.", .0.display())]
    Older(PathBuf),
    /// The database of another program, or of an unreleased Baton.
    #[error("The file {} is a database, but not one of a released Baton.", .0.display())]
    Foreign(PathBuf),
    #[error("The file `baton.db` in the data directory is not a database.")]
    NotDatabase,
    #[error("The database in the data directory is damaged ({0}).")]
    Damaged(String),
    /// A migration does not begin without a copy of the database.
    #[error(
        "The database in the data directory is of an earlier version and is copied before it is migrated, which takes {needed} MiB, and \
         {free} MiB are free. Nothing was changed."
    )]
    NoRoomForCopy { needed: u64, free: u64 },
    #[error("The disk of the data directory is full. Baton has kept nothing half written.")]
    Full,
    #[error("Baton has no file handle left, so the database cannot be used.")]
    Handles,
    #[error("The database in the data directory cannot be written.")]
    ReadOnly,
    /// Opened for looking.
    #[error("This command opened the data read-only and cannot change it.")]
    Looking,
    #[error("The disk of the data directory failed ({0}).")]
    Disk(String),
    /// Longer than Baton waits.
    #[error("Another process keeps the database busy.")]
    Busy,
    #[error("The store is closed.")]
    Closed,
    /// `found` is `missing` or `damaged`; `hash` is BLAKE3 in hexadecimal.
    #[error("A text of call {seq} of run {id} is {found} (blob {hash}).", id = .run.short())]
    Blob { run: RunId, seq: u64, hash: String, found: &'static str },
    /// `found` is `missing` or `damaged`.
    #[error("The artifact `{name}` is {found}.")]
    Artifact { name: String, found: &'static str },
    /// A row that this program does not understand.
    #[error("A row of `{table}` cannot be understood: {reason}. The database is damaged, or was changed by hand.")]
    Row { table: &'static str, reason: String },
    /// Something that has no form in the database.
    #[error("{0}")]
    Unwritable(String),
    /// Anything else that the database says.
    #[error("The database reports an error: {0}.")]
    Database(String),
}

impl Hint for StoreError {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Directory { .. } => "Make it writable for this user, or name another with --data-dir.",
            Self::Link(_) => "Remove the link, or name another directory with --data-dir.",
            Self::Absent(_) => "Start a run first, or name another directory with --data-dir.",
            Self::Held { .. } => "Wait for it, stop it, or use another --data-dir.",
            Self::Newer { .. } => "Use that version, or another --data-dir.",
            Self::Older(_) => "Run a command that writes, such as `baton run`, once to migrate it.",
            Self::Foreign(_) => "Move it away, or use another --data-dir.",
            Self::NotDatabase => "Move it away, restore it from a copy, or use another --data-dir.",
            Self::Damaged(_) => "Stop Baton and restore the directory from a copy, or use another --data-dir.",
            Self::NoRoomForCopy { .. } => "Free some space, then run the command again.",
            Self::Full => "Free some space, then resume.",
            Self::Handles => "Raise the limit with `ulimit -n`, then resume.",
            Self::ReadOnly => "Make it writable for this user, or use another --data-dir.",
            Self::Looking => "Use a command that writes.",
            Self::Disk(_) => "Look at the system's log, then resume.",
            Self::Busy => "Wait for it, or stop it, then resume.",
            Self::Closed => "Start Baton again.",
            Self::Blob { run, seq, .. } => {
                let id = run.short();
                return Some(format!(
                    "Restore the directory `blobs` of the data directory from a copy, then resume the run. Without a copy, make the call again \
                     with `baton runs fork {id} --at {seq}`."
                ));
            }
            Self::Artifact { .. } => "Restore the directory `blobs` of the data directory from a copy.",
            Self::Row { .. } => "Restore it from a copy.",
            Self::Unwritable(_) => return None,
            Self::Database(_) => "If it happens again, restore the data directory from a copy, or report it.",
        };
        Some(hint.to_owned())
    }
}

impl StoreError {
    /// True where every other write would fail of the same cause.
    pub(super) fn is_of_the_store(&self) -> bool {
        !matches!(self, Self::Row { .. } | Self::Unwritable(_) | Self::Database(_) | Self::Blob { .. })
    }

    /// As the ports tell it, whatever was to be read or written.
    fn into_storage_error(self, new: fn(&'static str, Self) -> StorageError, subject: &'static str) -> StorageError {
        let concerns_all = self.is_of_the_store();
        let hint = self.hint();
        let error = new(subject, self).advise(hint);
        if concerns_all { error } else { error.of_run() }
    }

    pub(super) fn row(table: &'static str, reason: impl ToString) -> Self {
        Self::Row { table, reason: reason.to_string() }
    }
}

/// Makes the error of a port from what failed while a subject, such as `the budgets`, was read.
pub(super) fn reading<E: Into<StoreError>>(subject: &'static str) -> impl Fn(E) -> StorageError {
    move |error| error.into().into_storage_error(StorageError::read, subject)
}

/// The same for writing.
pub(super) fn writing<E: Into<StoreError>>(subject: &'static str) -> impl Fn(E) -> StorageError {
    move |error| error.into().into_storage_error(StorageError::write, subject)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // The database says that it has no connection, or cannot open its file.
        if handles::are_used_up() {
            return Self::Handles;
        }
        let sqlx::Error::Database(database) = &error else { return Self::Database(error.to_string()) };
        let code = database.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(0);
        Self::of_code(code, database.message())
    }
}

impl StoreError {
    fn of_code(code: i32, message: &str) -> Self {
        // The low byte is SQLite's result code; the rest says more of it.
        match code & 0xff {
            5 | 6 => Self::Busy,
            8 => Self::ReadOnly,
            // The memory that processes share about the log lies on the same disk, and could not grow.
            10 if code == SHARED_MEMORY_SIZE => Self::Full,
            10 => Self::Disk(message.to_owned()),
            11 => Self::Damaged(message.to_owned()),
            13 => Self::Full,
            14 => Self::Disk(message.to_owned()),
            26 => Self::NotDatabase,
            _ => Self::Database(message.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_that_is_full_is_called_so_whatever_could_not_grow() {
        assert_eq!(StoreError::of_code(13, "database or disk is full"), StoreError::Full);
        assert_eq!(StoreError::of_code(4_874, "disk I/O error"), StoreError::Full);
        assert_eq!(StoreError::of_code(266, "disk I/O error"), StoreError::Disk("disk I/O error".to_owned()));
    }
}
