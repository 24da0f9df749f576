use serde_json::{Value, json};

use super::{
    Reference, Version,
    artifact::{self, Artifact},
    challenge::Challenge,
};
use crate::kernel::package::{Package, made_up_contract as contract};

const DIGEST: &str = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn references_are_read_and_written_alike() {
    for text in ["ghcr.io/ada/scribe:1.0.0", "localhost/x:y", "127.0.0.1:5000/a/b/c:V_1.0-x", "[::1]:5000/x:1", "box:80/a-b_c.d:1"] {
        for given in [text.to_owned(), format!("oci://{text}")] {
            assert_eq!(given.parse::<Reference>().unwrap().to_string(), text);
        }
    }
    let pinned: Reference = format!("ghcr.io/ada/scribe:1.0.0@{DIGEST}").parse().unwrap();
    assert_eq!((&*pinned.repository, &pinned.version), ("ada/scribe", &Version::Digest(DIGEST.to_owned())));
    assert_eq!(pinned.with_tag("2.0.0").unwrap().to_string(), "ghcr.io/ada/scribe:2.0.0");
    assert!(pinned.with_tag("../2").is_err());
}

#[test]
fn what_is_no_reference_is_none() {
    let short = &DIGEST[..70];
    let wrong = [
        "",
        "/",
        "scribe:1",
        "ada/scribe:1",
        "ghcr.io/scribe",
        "ghcr.io/:1",
        "ghcr.io/Scribe:1",
        "ghcr.io/a//b:1",
        "ghcr.io/../b:1",
        "ghcr.io/a:",
        "ghcr.io/a:.1",
        "ghcr.io/a:1/2",
        "ghcr.io/a:1 2",
        "user:pw@ghcr.io/a:1",
        "ghcr.io/a?x=1:1",
        "ghcr.io/a#b:1",
        "ghcr..io/a:1",
        "ghcr.io:0/a:1",
        "ghcr.io:99999/a:1",
        "https://ghcr.io/a:1",
        "./x.wasm",
        "-x.io/a:1",
        "ghcr.io/a:\u{1b}[2J",
        "ghcr.io/a%2f..:1",
    ];
    for text in
        wrong.iter().map(|text| (*text).to_owned()).chain([format!("ghcr.io/a@{short}"), format!("ghcr.io/a@{}", DIGEST.to_uppercase())])
    {
        let error = text.parse::<Reference>().expect_err(&text).to_string();
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}

#[test]
fn only_this_machine_is_loopback() {
    let loopback = |host: &str| format!("{host}/a:1").parse::<Reference>().unwrap().is_loopback();
    assert!(["localhost", "localhost:5000", "127.0.0.1", "127.1.2.3:80", "[::1]:5000"].into_iter().all(loopback));
    assert!(!["localhost.example.org", "127.0.0.1.example.org", "10.0.0.1:5000", "0.0.0.0:1", "[fe80::1]:5000"].into_iter().any(loopback));
}

#[test]
fn a_challenge_is_understood_or_left() {
    let bearer = |realm: &str, service: Option<&str>, scope: Option<&str>| Challenge::Bearer {
        realm: realm.to_owned(),
        service: service.map(str::to_owned),
        scope: scope.map(str::to_owned),
    };
    let header = "Bearer realm=\"https://auth.example.org/token\",service=\"registry\",scope=\"repository:a/b:pull,push\"";
    let wanted = bearer("https://auth.example.org/token", Some("registry"), Some("repository:a/b:pull,push"));
    assert_eq!(Challenge::parse(header), Some(wanted));
    assert_eq!(Challenge::parse("bearer realm=x, service=y"), Some(bearer("x", Some("y"), None)));
    assert_eq!(Challenge::parse("Basic realm=\"x\""), Some(Challenge::Basic));
    for wrong in ["", "Bearer", "Bearer realm", "Bearer realm=\"x", "Bearer service=\"x\"", "Negotiate abc", "Bearer ,,,=,=\"", "=="] {
        assert_eq!(Challenge::parse(wrong), None, "{wrong}");
    }
}

fn manifest(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": { "mediaType": "application/vnd.wasm.config.v0+json", "digest": DIGEST, "size": 2 },
        "layers": [{ "mediaType": "application/wasm", "digest": DIGEST, "size": 4, "annotations": {} }],
    });
    change(&mut manifest);
    manifest.to_string().into_bytes()
}

#[test]
fn only_a_wasm_artifact_has_a_layer() {
    assert_eq!(artifact::layer(&manifest(|_| ())).unwrap().size, 4);
    assert!(artifact::layer(&manifest(|manifest| drop(manifest.as_object_mut().unwrap().remove("mediaType")))).is_ok());
    let refused = |change: fn(&mut Value)| artifact::layer(&manifest(change)).unwrap_err();
    assert!(
        refused(|manifest| manifest["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json")).contains("image.config")
    );
    assert!(refused(|manifest| manifest["layers"][0]["mediaType"] = json!("application/\u{1b}[2Jtar")).contains("\\u{1b}"));
    assert!(refused(|manifest| manifest["layers"] = json!([])).contains("0 layers"));
    assert!(refused(|manifest| manifest["manifests"] = json!([])).contains("index"));
    assert!(refused(|manifest| manifest["schemaVersion"] = json!(1)).contains("kind"));
    assert!(refused(|manifest| manifest["layers"][0]["size"] = json!(-1)).contains("manifest"));
    assert!(refused(|manifest| *manifest = json!([])).contains("manifest"));
    assert!(artifact::layer(b"<html>").unwrap_err().contains("JSON"));
}

#[test]
fn a_plugin_becomes_the_same_artifact_each_time() {
    let component = wat::parse_str(
        r#"(component (import "baton:plugin/files@0.2.0" (instance (export "f" (func))))
            (core module $m (func (export "f"))) (core instance $i (instantiate $m))
            (func (export "run-workflow") (canon lift (core func $i "f"))))"#,
    );
    let text = b"name = \"hello\"\nversion = \"1.0.0\"\nkind = \"workflow\"\n";
    let section = [&[0, u8::try_from(text.len() + 15).unwrap(), 14], &b"baton:manifest"[..], text].concat();
    let package = Package::read([component.unwrap(), section].concat(), &contract(), &[]).unwrap();
    let artifact = Artifact::of(&package).unwrap();
    assert_eq!(artifact.manifest, Artifact::of(&package).unwrap().manifest);
    let layer = artifact::layer(&artifact.manifest).unwrap();
    assert_eq!((layer.digest.strip_prefix("sha256:").unwrap(), &artifact.blobs[0].1), (&*package.hash, &package.wasm));
    let config: Value = serde_json::from_slice(&artifact.blobs[1].1).unwrap();
    assert_eq!(config["layerDigests"], json!([layer.digest]));
    assert_eq!(config["component"], json!({ "imports": ["baton:plugin/files@0.2.0"], "exports": ["run-workflow"], "target": null }));
    let manifest: Value = serde_json::from_slice(&artifact.manifest).unwrap();
    assert_eq!(manifest["annotations"]["org.opencontainers.image.version"], "1.0.0");
    assert_eq!(manifest["config"]["digest"], artifact::digest(&artifact.blobs[1].1));
}
