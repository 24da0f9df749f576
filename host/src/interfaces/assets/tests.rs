use std::io::Read;

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

fn compress(bytes: impl Read) -> Vec<u8> {
    let mut packed = Vec::new();
    flate2::read::GzEncoder::new(bytes, flate2::Compression::fast()).read_to_end(&mut packed).unwrap();
    packed
}

#[test]
fn a_compressed_archive_is_read_whole_or_not_at_all() {
    let packed = compress(&archive(&[file("a", "1"), file("b/c", "2")])[..]);
    let assets = Assets::from_tar(&packed).unwrap();
    assert_eq!(assets.get("b/c"), Some(&b"2"[..]));
    for length in 2..packed.len() {
        assert!(Assets::from_tar(&packed[..length]).is_err(), "{length} bytes");
    }
    let mut flipped = packed.clone();
    let sum = flipped.len() - 6;
    flipped[sum] ^= 1;
    assert!(matches!(Assets::from_tar(&flipped), Err(AssetsError::NotAnArchive(_))), "the sum is wrong");
}

#[test]
fn what_grows_without_end_is_not_unpacked() {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(4 << 30);
    header.set_cksum();
    let long_name = compress(header.as_bytes().chain(std::io::repeat(b'x').take(64 << 20)));
    assert!(Assets::from_tar(&long_name).is_err());
    let after_the_end = compress(archive(&[file("a", "1")]).as_slice().chain(std::io::repeat(0).take(64 << 20)));
    assert!(matches!(Assets::from_tar(&after_the_end), Err(AssetsError::TooBig)));
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
