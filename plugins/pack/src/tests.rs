//! Packing the empty component, with good and with hostile assets.

use std::io::Read as _;

use super::*;

pub(crate) const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

fn asset(path: &str) -> (String, Vec<u8>) {
    (path.to_owned(), path.as_bytes().to_vec())
}

pub(crate) fn section(component: &[u8], name: &str) -> Vec<u8> {
    Parser::new(0)
        .parse_all(component)
        .find_map(|payload| match payload.expect("a component") {
            Payload::CustomSection(section) if section.name() == name => Some(section.data().to_vec()),
            _ => None,
        })
        .expect("the section is there")
}

#[test]
fn manifest_and_assets_come_out_as_they_went_in() {
    let packed = pack(EMPTY, "name = \"a\"", &[asset("z.md"), asset("a/b.md")]).expect("packs");
    assert_eq!(section_names(&packed).expect("a component"), [MANIFEST_SECTION, ASSETS_SECTION]);
    assert_eq!(section(&packed, MANIFEST_SECTION), b"name = \"a\"");
    let assets = section(&packed, ASSETS_SECTION);
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(assets.as_slice()));
    let mut found = Vec::new();
    for entry in archive.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        assert_eq!((entry.header().mtime().ok(), entry.header().mode().ok()), (Some(0), Some(0o644)));
        let mut content = String::new();
        entry.read_to_string(&mut content).expect("text");
        found.push((entry.path().expect("a path").display().to_string(), content));
    }
    assert_eq!(found, [("a/b.md".to_owned(), "a/b.md".to_owned()), ("z.md".to_owned(), "z.md".to_owned())]);
}

#[test]
fn the_order_of_assets_does_not_change_the_bytes() {
    let one = pack(EMPTY, "", &[asset("a"), asset("b")]).expect("packs");
    let other = pack(EMPTY, "", &[asset("b"), asset("a")]).expect("packs");
    assert_eq!(one, other);
}

#[test]
fn a_section_is_never_added_twice() {
    let once = pack(EMPTY, "", &[]).expect("packs");
    assert!(matches!(pack(&once, "", &[]), Err(PackError::SectionPresent(MANIFEST_SECTION))));
    let mut with_assets = EMPTY.to_vec();
    append(&mut with_assets, ASSETS_SECTION, b"");
    assert!(matches!(pack(&with_assets, "", &[asset("a")]), Err(PackError::SectionPresent(ASSETS_SECTION))));
}

#[test]
fn hostile_paths_are_refused() {
    for path in ["", "/etc/passwd", "../a", "a/../b", "a/./b", "a//b", "a/", "a\\b", "a\0b", "C:a", "a\nb"] {
        assert!(matches!(pack(EMPTY, "", &[asset(path)]), Err(PackError::UnsafePath(_))), "{path:?}");
    }
    assert!(matches!(pack(EMPTY, "", &[asset("a"), asset("a")]), Err(PackError::DuplicatePath(_))));
}

#[test]
fn what_is_no_component_is_refused() {
    for bytes in [&b""[..], b"hello", b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0\x00\xff"] {
        assert!(matches!(pack(bytes, "", &[]), Err(PackError::NotAComponent(_))), "{bytes:?}");
    }
}

#[test]
fn a_folder_is_read_without_what_does_not_lie_there() {
    let folder = std::env::temp_dir().join(format!("baton-pack-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("more/.hidden")).expect("a folder");
    for name in ["target", "recordings"] {
        std::fs::create_dir(folder.join(name)).expect("a folder");
    }
    for path in ["plugin.toml", "persona.md", "more/plugin.toml", ".env", "more/.hidden/key", "target/built.wasm", "recordings/run.json"] {
        std::fs::write(folder.join(path), path).expect("a file");
    }
    let contents = crate::folder::read(&folder).expect("reads");
    assert_eq!(contents.manifest, "plugin.toml");
    assert_eq!(contents.assets.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["more/plugin.toml", "persona.md"]);
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/passwd", folder.join("secret")).expect("a link");
        assert!(matches!(crate::folder::read(&folder), Err(crate::folder::FolderError::NotAFile(_))));
    }
    std::fs::remove_file(folder.join("plugin.toml")).expect("removed");
    assert!(matches!(crate::folder::read(&folder), Err(crate::folder::FolderError::NoManifest { .. })));
    std::fs::remove_dir_all(folder).expect("removed");
}
