//! Why the store refused, in sentences for the operator. Decides nothing about what a caller does next.

use std::path::PathBuf;

use crate::{errors::StorageError, handles, journal::RunId};

/// SQLite's `SQLITE_IOERR_SHMSIZE`.
const SHARED_MEMORY_SIZE: i32 = 10 | (19 << 8);

/// Why the store did not do what it was asked. A refusal leaves the data as it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The data directory cannot be made or used.
    #[error("The data directory {} cannot be used: {reason}. Make it writable for this user, or name another one with --data-dir.", path.display())]
    Directory {
        /// The directory, or the file in it that failed.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Somebody put a link where Baton makes a file or a folder of its own.
    #[error("The path {} is a symbolic link, which Baton does not follow in its data directory. Remove the link, or name another directory with --data-dir.", .0.display())]
    Link(PathBuf),
    /// There is nothing to look at.
    #[error("There is no Baton data in {} yet; start a run first, or name another directory with --data-dir.", .0.display())]
    Absent(PathBuf),
    /// Another host holds the lease.
    #[error("Another Baton ({holder}) works in the data directory {}; wait for it, stop it, or use another --data-dir.", path.display())]
    Held {
        /// The data directory.
        path: PathBuf,
        /// `process 1234, since 2026-01-02T03:04:05Z`, as far as it is known.
        holder: String,
    },
    /// The database knows migrations that this program does not.
    #[error("The data in {} was written by a newer Baton (schema {found}, this one knows {known}); use that version, or another --data-dir.", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its newest migration.
        found: i64,
        /// Our newest migration.
        known: i64,
    },
    /// The database lacks migrations, and a command that only looks makes none.
    #[error("The data in {} was written by an older Baton; run a command that writes, such as `baton run`, once to bring it up to date.", .0.display())]
    Older(PathBuf),
    /// Somebody else's database, or an unreleased Baton's.
    #[error("The file {} is a database, but not one of a released Baton; move it away, or use another --data-dir.", .0.display())]
    Foreign(PathBuf),
    /// The file is something else.
    #[error(
        "The file `baton.db` in the data directory is not a database; move it away, restore it from a copy, or use another --data-dir."
    )]
    NotDatabase,
    /// The file was changed by something else than a database.
    #[error(
        "The database in the data directory is damaged ({0}); stop Baton and restore the directory from a copy, or use another --data-dir."
    )]
    Damaged(String),
    /// A migration is not begun without a copy of the database, and that has no room.
    #[error(
        "The database in the data directory is of an earlier version and has to be copied before it is migrated, which takes {needed} MiB; {free} \
         MiB are free. Free some space, then run the command again. Nothing was changed."
    )]
    NoRoomForCopy {
        /// What the copy and the migration may take, in MiB.
        needed: u64,
        /// What the disk has, in MiB.
        free: u64,
    },
    /// No room is left.
    #[error("The disk of the data directory is full; free some space, then resume. Nothing half written was kept.")]
    Full,
    /// No more files can be opened.
    #[error("Baton has no file handle left, so the database cannot be used. Raise the limit with `ulimit -n`, then resume.")]
    Handles,
    /// The files may not be written.
    #[error("The database in the data directory may not be written; make it writable for this user, or use another --data-dir.")]
    ReadOnly,
    /// Opened for looking.
    #[error("The data was opened for looking only, and this would change it; use a command that writes.")]
    Looking,
    /// The file system failed.
    #[error("The disk of the data directory failed ({0}); look at the system's log, then resume.")]
    Disk(String),
    /// Somebody else writes for longer than one can wait.
    #[error("Another process keeps the database busy; wait for it, or stop it, then resume.")]
    Busy,
    /// The writer has ended.
    #[error("The store was closed; start Baton again.")]
    Closed,
    /// Something large is not in the blob store, or is not what was put there.
    #[error(
        "A text of call {seq} of run {id} is {found} (blob {hash}). Restore the folder `blobs` of the data directory from a copy, then resume \
         the run; without a copy make the call again with `baton runs fork {id} --at {seq}`.", id = .run.short()
    )]
    Blob {
        /// The run that needs it.
        run: RunId,
        /// The call that needs it.
        seq: u64,
        /// Its BLAKE3 hash, in hexadecimal.
        hash: String,
        /// `missing` or `damaged`.
        found: &'static str,
    },
    /// What a person asked for is not in the blob store, or is not what was put there.
    #[error("The artifact `{name}` is {found}; restore the folder `blobs` of the data directory from a copy.")]
    Artifact {
        /// As it was asked for.
        name: String,
        /// `missing` or `damaged`.
        found: &'static str,
    },
    /// A row says something this program does not understand.
    #[error("A row of `{table}` cannot be understood: {reason}. The database is damaged, or was changed by hand; restore it from a copy.")]
    Row {
        /// The table.
        table: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Something that has no form in the database.
    #[error("{0}")]
    Unwritable(String),
    /// Anything else the database says.
    #[error("The database refused ({0}); if it happens again, restore the data directory from a copy, or report it.")]
    Database(String),
}

impl StoreError {
    /// True where every other write would fail of the same cause.
    pub(super) fn is_of_the_store(&self) -> bool {
        !matches!(self, Self::Row { .. } | Self::Unwritable(_) | Self::Database(_) | Self::Blob { .. })
    }

    /// As the ports tell it, whatever was to be read or written.
    fn into_storage_error(self, new: fn(&'static str, Self) -> StorageError, subject: &'static str) -> StorageError {
        let concerns_all = self.is_of_the_store();
        let error = new(subject, self);
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
