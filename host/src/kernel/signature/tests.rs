use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::kernel::package::{Package, made_up_contract as contract};

fn component(name: &str) -> Vec<u8> {
    let text = r#"(component
        (core module $m (func (export "f")))
        (core instance $i (instantiate $m))
        (func (export "run-workflow") (canon lift (core func $i "f"))))"#;
    let manifest = format!("name = \"{name}\"\nversion = \"1.0.0\"\nkind = \"workflow\"\n");
    [wat::parse_str(text).unwrap(), custom("baton:manifest", manifest.as_bytes())].concat()
}

/// A custom section of less than 128 bytes.
fn custom(name: &str, content: &[u8]) -> Vec<u8> {
    let size = u8::try_from(1 + name.len() + content.len()).unwrap();
    assert!(size < 128);
    [&[0, size, u8::try_from(name.len()).unwrap()], name.as_bytes(), content].concat()
}

fn key(number: u8) -> PrivateKey {
    PrivateKey::from_seed([number; 32])
}

fn package(wasm: Vec<u8>) -> Package {
    Package::read(wasm, &contract(), &[]).unwrap()
}

#[test]
fn a_signed_file_says_whose_it_is_and_signing_again_replaces() {
    let bare = component("hello");
    assert_eq!(check(&bare), Ok(None));
    let signed = sign(&bare, &key(1)).unwrap();
    assert_eq!(signed.len(), bare.len() + 115);
    assert_eq!(check(&signed), Ok(Some(key(1).public())));
    assert_eq!(unsigned(&signed).unwrap(), bare);
    assert_eq!(sign(&signed, &key(1)).unwrap(), signed, "the same file and key give the same bytes");
    let again = sign(&signed, &key(2)).unwrap();
    assert_eq!((check(&again), unsigned(&again).unwrap()), (Ok(Some(key(2).public())), &bare[..]));
}

#[test]
fn the_compiler_sees_no_signature_and_the_identity_does() {
    let bare = component("hello");
    let signed = package(sign(&bare, &key(1)).unwrap());
    let bare = package(bare);
    assert_eq!(signed.code_hash, bare.code_hash);
    assert_ne!(signed.hash, bare.hash);
    assert_eq!((signed.signed_by, bare.signed_by), (Some(key(1).public()), None));
}

#[test]
fn what_was_tampered_with_is_refused() {
    let signed = sign(&component("hello"), &key(1)).unwrap();
    let mut renamed = signed.clone();
    let at = renamed.windows(5).position(|window| window == b"hello").unwrap();
    renamed[at] = b'j';
    assert_eq!(check(&renamed), Err(SignatureError::Broken));
    assert!(Package::read(renamed, &contract(), &[]).is_err(), "whatever the policy");
    let section = &signed[signed.len() - 115..];
    assert_eq!(check(&[&component("other"), section].concat()), Err(SignatureError::Broken), "taken from another file");
    assert_eq!(check(&[&signed, section].concat()), Err(SignatureError::Several));
    assert_eq!(check(&[&signed[..], &custom("note", b"x")].concat()), Err(SignatureError::NotLast));
    assert!(matches!(check(&signed[..signed.len() - 1]), Err(SignatureError::Malformed(_))));
    assert!(matches!(sign(&[&signed, section].concat(), &key(1)), Err(SignatureError::Several)));
}

#[test]
fn a_section_that_is_not_quite_one_is_refused() {
    let bare = component("hello");
    let signed = sign(&bare, &key(1)).unwrap();
    let content = &signed[signed.len() - CONTENT..];
    let with = |content: &[u8]| check(&[&bare[..], &custom(SECTION, content)].concat());
    assert_eq!(with(content), Ok(Some(key(1).public())));
    assert_eq!(with(&content[..CONTENT - 1]), Err(SignatureError::Length(CONTENT - 1)));
    assert_eq!(with(&[content, &[0]].concat()), Err(SignatureError::Length(CONTENT + 1)));
    assert_eq!(with(&[]), Err(SignatureError::Length(0)));
    assert_eq!(with(&[&[2], &content[1..]].concat()), Err(SignatureError::Algorithm(2)));
    let off_the_curve =
        (2_u8..).map(|first| [&[first], &[0; 31][..]].concat()).find(|key| VerifyingKey::try_from(&key[..]).is_err()).unwrap();
    assert_eq!(with(&[&[1], &off_the_curve[..], &content[33..]].concat()), Err(SignatureError::Key));
    // The neutral point is a key that fits a signature of zeros for any file; nobody has made it.
    let neutral = [&[1], &[&[1], &[0; 31][..]].concat()[..], &[&[1], &[0; 63][..]].concat()].concat();
    assert_eq!(with(&neutral), Err(SignatureError::Broken));
    let longer = [&[0, 0x80 | 113, 0, 15], SECTION.as_bytes(), content].concat();
    assert_eq!(check(&[&bare[..], &longer].concat()), Err(SignatureError::Form), "the size in two bytes");
}

#[test]
fn a_section_inside_a_module_signs_nothing() {
    let bare = component("hello");
    let section = sign(&bare, &key(1)).unwrap().split_off(bare.len());
    let module = [&b"\0asm\x01\0\0\0"[..], &section].concat();
    let nested = [&b"\0asm\x0d\0\x01\0\x01"[..], &[u8::try_from(module.len()).unwrap()], &module].concat();
    // 123 bytes of module, so one byte says how long it is.
    assert_eq!(check(&nested), Err(SignatureError::NotLast));
}

#[test]
fn keys_are_read_as_they_are_printed_and_weak_ones_are_not() {
    let public = key(1).public();
    assert_eq!(public.to_string().parse(), Ok(public));
    assert_eq!(hex::encode(public.0).parse(), Ok(public));
    let weak = STANDARD.encode([&[1], &[0; 31][..]].concat());
    for wrong in ["", "x", "AAAA", &public.to_string()[1..], &weak] {
        assert_eq!(wrong.parse::<PublicKey>(), Err(NoPublicKey), "{wrong:?}");
    }
    let pem = key(1).to_pem().unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----\n"));
    assert_eq!(PrivateKey::from_pem(&pem).unwrap().public(), public);
    assert!(PrivateKey::from_pem(&pem.replace("PRIVATE", "PUBLIC")).is_err());
    assert!(PrivateKey::from_pem("").is_err());
}

#[test]
fn the_policy_decides_what_becomes_of_strangers() {
    let trust = |policy: &str| {
        let keys = json!({ "ada": key(1).public().to_string() });
        Trust::from_settings(&json!({ "policy": policy, "keys": keys })).unwrap()
    };
    let [nobody, stranger, ada] =
        [component("hello"), sign(&component("hello"), &key(2)).unwrap(), sign(&component("hello"), &key(1)).unwrap()].map(package);
    let judged = |policy: &str, package: &Package| (trust(policy).admit(package).is_ok(), trust(policy).warning(package).is_some());
    for (policy, doubtful) in [("off", (true, false)), ("warn", (true, true)), ("require", (false, false))] {
        assert_eq!([&nobody, &stranger, &ada].map(|package| judged(policy, package)), [doubtful, doubtful, (true, false)], "{policy}");
    }
    assert_eq!(trust("off").signer(&ada), Signer::Trusted("ada".to_owned()));
    assert_eq!(trust("off").signer(&stranger), Signer::Unknown(key(2).public()));
    assert!(trust("require").admit(&stranger).unwrap_err().contains(&key(2).public().to_string()));
    assert_eq!(Trust::from_settings(&json!({})).unwrap().policy, Policy::Warn);
}

#[test]
fn settings_that_make_no_sense_are_named() {
    let wrong = |table: serde_json::Value| Trust::from_settings(&table).unwrap_err().key;
    assert_eq!(wrong(json!("require")), "");
    assert_eq!(wrong(json!({ "policy": "requires" })), ".policy");
    assert_eq!(wrong(json!({ "policy": true })), ".policy");
    assert_eq!(wrong(json!({ "polcy": "require" })), ".polcy");
    assert_eq!(wrong(json!({ "keys": ["a"] })), ".keys");
    assert_eq!(wrong(json!({ "keys": { "ada": "AAAA" } })), ".keys.ada");
}

proptest! {
    #[test]
    fn a_file_with_any_byte_changed_never_verifies(place in any::<prop::sample::Index>(), change in 1_u8..) {
        let mut signed = sign(&component("hello"), &key(1)).unwrap();
        let place = place.index(signed.len());
        signed[place] ^= change;
        prop_assert!(!matches!(check(&signed), Ok(Some(_))), "byte {} xor {}", place, change);
    }

    #[test]
    fn a_file_cut_off_or_grown_never_verifies(length in any::<prop::sample::Index>(), tail in prop::collection::vec(any::<u8>(), 1..40)) {
        let signed = sign(&component("hello"), &key(1)).unwrap();
        prop_assert!(!matches!(check(&signed[..length.index(signed.len())]), Ok(Some(_))));
        prop_assert!(!matches!(check(&[signed, tail].concat()), Ok(Some(_))));
    }
}
