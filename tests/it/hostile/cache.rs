//! Compiled code is run only when this host wrote it, for this component.

use std::{
    fs,
    path::{Path, PathBuf},
};

use baton::kernel::run::State;
use baton_tests::host::TestHost;
use serde_json::json;

/// Threat: Somebody puts compiled code of their own into the cache, with a mark they made, or code and mark of another
/// component.
/// Stopped by: A mark keyed with a secret outside of the cache, over the code and the component it belongs to.
/// Expects: The code is compiled anew and replaced; the log says "does not bear this host's mark".
#[tokio::test(flavor = "multi_thread")]
async fn forged_code_is_not_run() {
    let mut host = TestHost::with_own_cache().await;
    let echo = json!({ "do": "echo", "say": "as it should be" });
    assert_eq!(host.run(echo.clone()).await.state, State::Succeeded);
    let code = only_file(&host.app.config.cache_dir, "cwasm");
    let mark = code.with_extension("mark");
    let (true_code, true_mark) = (fs::read(&code).unwrap(), fs::read(&mark).unwrap());
    let mut flipped = true_code.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let unkeyed = blake3_of(&flipped);
    let forgeries: [(&[u8], &[u8]); 6] = [
        (&flipped, &true_mark),
        (&flipped, &unkeyed),
        (&flipped, &[]),
        (&flipped, &[0; 32]),
        (&true_code[..middle], &true_mark),
        (b"not code at all", &true_mark),
    ];
    for (forged_code, forged_mark) in forgeries {
        fs::write(&code, forged_code).unwrap();
        fs::write(&mark, forged_mark).unwrap();
        host = host.restarted().await;
        let run = host.run(echo.clone()).await;
        assert_eq!((run.state, run.output), (State::Succeeded, Some(json!("as it should be"))));
        assert_eq!(fs::read(&mark).unwrap(), blake3_mark(&host, &code), "it was compiled anew and marked");
    }
}

/// Threat: A folder that came from somebody else brings along its cache.
/// Stopped by: The key, which lies elsewhere and is made by this host.
/// Expects: Marks of another key are worth nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_was_brought_along_is_not_trusted() {
    let host = TestHost::with_own_cache().await;
    let echo = json!({ "do": "echo", "say": 1 });
    assert_eq!(host.run(echo.clone()).await.state, State::Succeeded);
    let code = only_file(&host.app.config.cache_dir, "cwasm");
    let before = fs::read(code.with_extension("mark")).unwrap();
    fs::remove_file(host.folder.path().join("cache.key")).unwrap();
    let host = host.restarted().await;
    assert_eq!(host.run(echo).await.state, State::Succeeded);
    assert_ne!(fs::read(code.with_extension("mark")).unwrap(), before, "it was compiled anew and marked with the new key");
}

fn only_file(folder: &Path, extension: &str) -> PathBuf {
    let inner = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir()).unwrap();
    let mut files = fs::read_dir(inner).unwrap().map(|entry| entry.unwrap().path());
    files.find(|path| path.extension().is_some_and(|found| found == extension)).unwrap()
}

/// What somebody without the key can make.
fn blake3_of(code: &[u8]) -> [u8; 32] {
    *blake3::hash(code).as_bytes()
}

/// What the host makes: the mark of the code that lies there now, with the key that lies elsewhere.
fn blake3_mark(host: &TestHost, code: &Path) -> Vec<u8> {
    let key = <[u8; 32]>::try_from(fs::read(host.folder.path().join("cache.key")).unwrap()).unwrap();
    let mut hasher = blake3::Hasher::new_keyed(&key);
    hasher.update(code.file_stem().unwrap().to_str().unwrap().as_bytes()).update(&[0]).update(&fs::read(code).unwrap());
    hasher.finalize().as_bytes().to_vec()
}
