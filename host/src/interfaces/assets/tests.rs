use tar::{Builder, EntryType, Header};

use super::*;
use crate::journal::ErrorKind;
use crate::{
    bindings::{Fault, assets::Host},
    journal::CallError,
};

/// An archive whose names are written as they are: the builder would refuse the hostile ones.
fn archive(files: &[(&[u8], EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, content) in files {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(*kind);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn file<'a>(name: &'a str, content: &'a str) -> (&'a [u8], EntryType, &'a [u8]) {
    (name.as_bytes(), EntryType::Regular, content.as_bytes())
}

#[tokio::test]
async fn a_plugin_reads_what_it_carries() {
    let assets = Assets::from_tar(&archive(&[file("z.md", "last"), file("prompts/größe.md", "first")])).unwrap();
    let mut view = View { assets: &assets };
    assert_eq!(view.paths().await.unwrap(), ["prompts/größe.md", "z.md"]);
    assert_eq!(view.read("z.md".into()).await.unwrap(), b"last");
    let missing = view.read("../z.md".into()).await.unwrap_err();
    assert!(matches!(missing, Fault::Answer(CallError { kind: ErrorKind::NotFound, .. })), "{missing}");
}

#[test]
fn a_plugin_may_carry_nothing() {
    assert_eq!(Assets::from_tar(&[]).unwrap(), Assets::default());
    assert_eq!(Assets::from_tar(&archive(&[])).unwrap(), Assets::default());
}

#[test]
fn paths_that_mean_something_else_are_refused() {
    for name in [&b"../x"[..], b"/etc/passwd", b"a/../b", b"./a", b"a//b", b"a\\b", b"C:x", b"a\x1b[2J", b"\xff\xfe", b"a/"] {
        let error = Assets::from_tar(&archive(&[(name, EntryType::Regular, b"x")])).unwrap_err();
        assert!(matches!(error, AssetsError::UnsafePath(_)), "{name:?}: {error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn all_but_regular_files_is_refused() {
    for kind in [EntryType::Symlink, EntryType::Link, EntryType::Directory, EntryType::Fifo, EntryType::Block, EntryType::Char] {
        let error = Assets::from_tar(&archive(&[(b"a", kind, b"")])).unwrap_err();
        assert!(matches!(error, AssetsError::NotAFile(_)), "{kind:?}: {error}");
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let error = Assets::from_tar(&archive(&[file("a", "1"), file("a", "2")])).unwrap_err();
    assert!(matches!(error, AssetsError::Duplicate(_)), "{error}");
}

#[test]
fn too_much_is_refused() {
    let names: Vec<_> = (0..4097).map(|number| format!("f{number}")).collect();
    let files: Vec<_> = names.iter().map(|name| file(name, "")).collect();
    assert!(Assets::from_tar(&archive(&files[..4096])).is_ok());
    assert!(matches!(Assets::from_tar(&archive(&files)), Err(AssetsError::TooBig)));
    let big = vec![b'x'; (32 << 20) + 1];
    assert!(matches!(Assets::from_tar(&archive(&[(b"big", EntryType::Regular, &big)])), Err(AssetsError::TooBig)));
    assert!(Assets::from_tar(&archive(&[(b"big", EntryType::Regular, &big[1..])])).is_ok());
}

#[test]
fn a_damaged_archive_is_refused() {
    let whole = archive(&[file("a", &"x".repeat(2000))]);
    for length in [1, 100, 511, 513, 1500] {
        assert!(Assets::from_tar(&whole[..length]).is_err(), "{length} bytes");
    }
    let mut flipped = whole;
    flipped[3] ^= 1;
    assert!(Assets::from_tar(&flipped).is_err());
}

#[test]
fn a_size_that_is_not_there_takes_no_memory() {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[0] = b'a';
    header.set_entry_type(EntryType::Regular);
    header.set_size(20 << 20);
    header.set_cksum();
    assert!(matches!(Assets::from_tar(header.as_bytes()), Err(AssetsError::NotAnArchive(_))));
}
