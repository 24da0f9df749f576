use std::{fs, path::Path, time::SystemTime};

use tempfile::TempDir;

use super::{clock, entry, fresh, id, open, write};
use crate::{
    errors::Hint,
    journal::Journal,
    store::{Lease, Store, StoreError},
};

async fn refusal(data: &Path) -> StoreError {
    match Store::open(data, clock()).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

async fn refusal_to_look(data: &Path) -> StoreError {
    match Store::open_read_only(data).await {
        Ok(_) => panic!("it was opened"),
        Err(error) => error,
    }
}

/// Runs a statement on the closed database, as another program would.
async fn meddle(data: &Path, statement: &'static str) {
    use sqlx::{Connection, Executor};
    sqlx::any::install_default_drivers();
    let mut connection = sqlx::AnyConnection::connect(&format!("sqlite://{}?mode=rwc", data.join("baton.db").display())).await.unwrap();
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
}

fn fingerprint(data: &Path) -> (Vec<u8>, SystemTime) {
    let file = data.join("baton.db");
    (fs::read(&file).unwrap(), fs::metadata(&file).unwrap().modified().unwrap())
}

#[tokio::test]
async fn a_new_directory_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("a b%41?#ü/.baton");
    let store = open(&data).await;
    store.write(vec![write("a", 1)]).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("blobs"))), (0o700, 0o700));
    assert_eq!((mode(&data.join("baton.db")), mode(&data.join("baton.db-wal"))), (0o600, 0o600));
}

#[tokio::test]
async fn what_was_durable_is_there_after_a_crash() {
    let (folder, store) = fresh().await;
    store.write(vec![write("a", 1)]).await.unwrap();
    // A copy of the files at this moment is what a crash leaves: nothing was closed, the log was not folded in.
    let crashed = TempDir::new().unwrap();
    for file in ["baton.db", "baton.db-wal"] {
        fs::copy(folder.path().join(file), crashed.path().join(file)).unwrap();
    }
    let store = open(crashed.path()).await;
    assert_eq!(store.entries(&id("a")).await.unwrap(), [entry("a", 1)]);
    store.write(vec![write("a", 2)]).await.unwrap();
}

#[tokio::test]
async fn a_closed_store_refuses_and_its_files_are_whole() {
    let (folder, store) = fresh().await;
    for seq in 1..=50 {
        store.enqueue(write("a", seq)).await.unwrap();
    }
    store.close().await;
    assert!(!folder.path().join("baton.db-wal").exists());
    assert!(store.write(vec![write("a", 51)]).await.unwrap_err().to_string().contains("is closed"));
    store.close().await;
    assert_eq!(open(folder.path()).await.entries(&id("a")).await.unwrap().len(), 50);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_stays_as_it_is() {
    let (folder, store) = fresh().await;
    store.close().await;
    meddle(folder.path(), "insert into _sqlx_migrations values (99990101000000, 'later', '2099-01-01', true, x'00', 1)").await;
    let before = fingerprint(folder.path());
    for error in [refusal(folder.path()).await, refusal_to_look(folder.path()).await] {
        assert!(matches!(error, StoreError::Newer { found: 99_990_101_000_000, .. }), "{error}");
        assert!(error.to_string().contains("was written by a newer Baton"), "{error}");
    }
    assert_eq!(fingerprint(folder.path()), before);
}

#[tokio::test]
async fn what_is_not_ours_is_refused_and_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    meddle(folder.path(), "create table songs (title text)").await;
    let before = fingerprint(folder.path());
    assert!(matches!(refusal(folder.path()).await, StoreError::Foreign(_)));
    assert_eq!(fingerprint(folder.path()), before);

    fs::write(folder.path().join("baton.db"), "Dear diary, ".repeat(1_000)).unwrap();
    let before = fingerprint(folder.path());
    assert_eq!(refusal(folder.path()).await, StoreError::NotDatabase);
    assert_eq!(fingerprint(folder.path()), before);

    fs::remove_file(folder.path().join("baton.db")).unwrap();
    fs::create_dir(folder.path().join("baton.db")).unwrap();
    assert_eq!(refusal(folder.path()).await, StoreError::NotDatabase);
}

#[tokio::test]
async fn a_damaged_file_is_told_of() {
    let (folder, store) = fresh().await;
    for seq in 1..=500 {
        store.enqueue(write("a", seq)).await.unwrap();
    }
    store.close().await;
    let file = folder.path().join("baton.db");
    let whole = fs::read(&file).unwrap();
    let mut damaged = whole.clone();
    damaged[8_192..].fill(0xa5);
    fs::write(&file, damaged).unwrap();
    let error = match Store::open(folder.path(), clock()).await {
        Ok(store) => store.entries(&id("a")).await.unwrap_err().explain(),
        Err(error) => error.explain(),
    };
    assert!(error.contains("is damaged") && error.contains("from a copy"), "{error}");
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let error = match Store::open(folder.path(), clock()).await {
        Ok(store) => store.entries(&id("a")).await.unwrap_err().to_string(),
        Err(error) => error.to_string(),
    };
    assert!(error.contains("is damaged"), "{error}");
}

#[tokio::test]
async fn a_file_in_place_of_the_directory_is_told_of() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::write(&data, "not a directory").unwrap();
    for path in [data.clone(), data.join("below")] {
        let error = refusal(&path).await;
        assert!(matches!(error, StoreError::Directory { .. }) && error.explain().contains("--data-dir"), "{error}");
        assert!(matches!(Lease::take(&path, 0), Err(StoreError::Directory { .. })));
    }
    assert_eq!(fs::read_to_string(&data).unwrap(), "not a directory");
}

#[tokio::test]
async fn a_directory_that_may_not_be_written_is_told_of() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(folder.path().join("probe"), "").is_ok() {
        eprintln!("NOT TESTED: this user may write where nobody may (root?); run the tests as an ordinary user.");
        return;
    }
    let error = refusal(folder.path()).await;
    assert!(matches!(error, StoreError::Directory { .. }), "{error}");
}

#[tokio::test]
async fn looking_works_beside_a_writer_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    assert!(matches!(refusal_to_look(folder.path()).await, StoreError::Absent(_)));
    assert!(matches!(refusal_to_look(&folder.path().join("nowhere")).await, StoreError::Absent(_)));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "looking left something behind");
    let writer = open(folder.path()).await;
    let looker = Store::open_read_only(folder.path()).await.unwrap();
    writer.write(vec![write("a", 1)]).await.unwrap();
    assert_eq!(looker.entries(&id("a")).await.unwrap(), [entry("a", 1)]);
    assert!(looker.write(vec![write("a", 2)]).await.unwrap_err().to_string().contains("read-only"));
    writer.close().await;
    let looker = Store::open_read_only(folder.path()).await.unwrap();
    assert_eq!(looker.entries(&id("a")).await.unwrap(), [entry("a", 1)]);
}

#[test]
fn a_lease_is_held_by_one_and_given_back() {
    let folder = TempDir::new().unwrap();
    let lease = Lease::take(folder.path(), 1_767_323_045_000).unwrap();
    let error = Lease::take(folder.path(), 0).unwrap_err().explain();
    let holder = format!("(process {}, since 2026-01-02T03:04:05Z)", std::process::id());
    assert!(error.contains(&holder) && error.contains("Wait for it, stop it, or use another --data-dir"), "{error}");
    drop(lease);
    drop(Lease::take(folder.path(), u64::MAX).unwrap());
    fs::write(folder.path().join("lock"), [0xff; 10_000]).unwrap();
    let stranger = fs::File::open(folder.path().join("lock")).unwrap();
    stranger.lock().unwrap();
    assert!(Lease::take(folder.path(), 0).unwrap_err().explain().contains("just started"));
}

#[tokio::test]
async fn leaving_word_migrates_nothing_and_makes_nothing() {
    let folder = TempDir::new().unwrap();
    let refusal = |opened: Result<Store, StoreError>| opened.err().unwrap();
    assert!(matches!(refusal(Store::open_beside(folder.path(), clock()).await), StoreError::Absent(_)));
    assert!(fs::read_dir(folder.path()).unwrap().next().is_none());
    open(folder.path()).await.close().await;
    meddle(folder.path(), "delete from _sqlx_migrations").await;
    let before = fingerprint(folder.path());
    assert!(matches!(refusal(Store::open_beside(folder.path(), clock()).await), StoreError::Older(_)));
    assert!(matches!(refusal_to_look(folder.path()).await, StoreError::Older(_)));
    assert_eq!(fingerprint(folder.path()), before);
}

#[tokio::test]
async fn nothing_is_seen_of_what_nobody_has_used_and_nothing_can_be_written() {
    let store = Store::empty().await.unwrap();
    assert_eq!(store.entries(&id("a")).await.unwrap(), []);
    assert_eq!(store.entries(&id("a")).await.unwrap(), []);
    assert!(store.write(vec![write("a", 1)]).await.is_err());
}

#[tokio::test]
async fn a_file_without_tables_is_damaged_and_stays_as_it_is() {
    let (folder, store) = fresh().await;
    store.close().await;
    for length in [0, 2_000] {
        fs::OpenOptions::new().write(true).open(folder.path().join("baton.db")).unwrap().set_len(length).unwrap();
        let before = fingerprint(folder.path());
        for error in [refusal(folder.path()).await, refusal_to_look(folder.path()).await] {
            assert!(error.to_string().contains("is damaged"), "{length}: {error}");
        }
        assert_eq!(fingerprint(folder.path()), before);
        fs::remove_file(folder.path().join("baton.db")).unwrap();
        open(folder.path()).await.close().await;
    }
}

#[tokio::test]
async fn what_a_crash_left_of_a_new_database_is_made_again() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("baton.db-new"), "half of it").unwrap();
    fs::write(folder.path().join("baton.db-new-journal"), "half of it").unwrap();
    let store = open(folder.path()).await;
    store.write(vec![write("a", 1)]).await.unwrap();
    assert_eq!(store.entries(&id("a")).await.unwrap(), [entry("a", 1)]);
    assert!(!folder.path().join("baton.db-new").exists());
}

#[tokio::test]
async fn a_closed_database_is_looked_at_where_nothing_may_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, store) = fresh().await;
    store.write(vec![write("a", 1)]).await.unwrap();
    store.close().await;
    fs::remove_dir(folder.path().join("blobs")).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(folder.path().join("probe"), "").is_ok() {
        eprintln!("NOT TESTED: this user may write where nobody may (root?); run the tests as an ordinary user.");
        return;
    }
    let looker = Store::open_read_only(folder.path()).await.unwrap();
    assert_eq!(looker.entries(&id("a")).await.unwrap(), [entry("a", 1)]);
}
