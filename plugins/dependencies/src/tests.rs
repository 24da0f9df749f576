//! Each format as its program writes it, and what is made of two of them.

use proptest::prelude::*;

use super::*;

fn changed(path: &str, before: &str, after: &str) -> Vec<String> {
    let changes = changes(&[File { path, before: Some(before), after: Some(after) }]);
    changes.dependencies.iter().map(Dependency::in_words).collect()
}

#[test]
fn cargo_names_what_is_of_a_registry() {
    let own = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\"itoa\"]\n";
    let package = |name: &str, version: &str, checksum: &str| {
        format!(
            "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\nsource = \"registry+https://index.example/git/index\"\nchecksum = \"{checksum}\"\n"
        )
    };
    let before = [own, &package("itoa", "1.0.1", "aa"), &package("ryu", "1.0.0", "bb"), &package("syn", "1.0.0", "cc")].concat();
    let after = [
        own,
        &package("itoa", "1.0.2", "ab"),
        &package("ryu", "1.0.0", "b0"),
        &package("syn", "1.0.0", "cc"),
        &package("syn", "2.0.0", "c2"),
    ]
    .concat();
    assert_eq!(
        changed("Cargo.lock", &before, &after),
        [
            "changes `itoa` from 1.0.1 to 1.0.2 (cargo, licence not known)",
            "keeps `ryu` 1.0.0 (cargo, licence not known): the same version with another checksum",
            "changes `syn` from 1.0.0 to 1.0.0, 2.0.0 (cargo, licence not known)",
        ]
    );
    let git = before.replace("registry+https://index.example/git/index\"\nchecksum = \"cc", "git+https://git.example/syn#1\"\nx = \"");
    assert_eq!(
        changed("a/Cargo.lock", &before, &git),
        ["keeps `syn` 1.0.0 (cargo, licence not known): fetched from `git+https://git.example/syn`, as nothing else was before"]
    );
    let inline = "package = [{ name = \"hidden\", version = \"1.0.0\", source = \"registry+https://index.example/x\" }]";
    assert_eq!(changed("Cargo.lock", "", inline), ["adds `hidden` 1.0.0 (cargo, licence not known)"]);
}

#[test]
fn npm_names_packages_with_licence_and_origin() {
    let lock = |packages: &str| {
        format!(
            "{{ \"lockfileVersion\": 3, \"packages\": {{ \"\": {{ \"name\": \"own\", \"version\": \"1.0.0\" }}, \"web\": {{ \"version\": \"1.0.0\" }}, \"node_modules/web\": {{ \"resolved\": \"web\", \"link\": true }}, {packages} }} }}"
        )
    };
    let ms = "\"node_modules/ms\": { \"version\": \"2.0.0\", \"resolved\": \"https://npm.example/ms/-/ms-2.0.0.tgz\", \"integrity\": \"sha512-a\" }";
    let more = "\"node_modules/ms/node_modules/@a/b\": { \"version\": \"1.0.0\", \"license\": \"MIT\", \"resolved\": \"https://other.example/b.tgz\" }";
    assert_eq!(
        changed("package-lock.json", &lock(ms), &lock(&format!("{ms}, {more}"))),
        ["adds `@a/b` 1.0.0 (npm, licence MIT): fetched from `other.example`, as nothing else was before"]
    );
    let old = "{ \"lockfileVersion\": 1, \"dependencies\": { \"a\": { \"version\": \"1.0.0\", \"dependencies\": { \"b\": { \"version\": \"2.0.0\" } } } } }";
    assert_eq!(changed("npm-shrinkwrap.json", old, "{}"), ["removes `a` 1.0.0 (npm)", "removes `b` 2.0.0 (npm)"]);
}

#[test]
fn the_other_lockfiles_of_javascript_are_read() {
    let classic = "# yarn lockfile v1\n\n\"@s/x@^1.0.0\", \"@s/x@^1.1.0\":\n  version \"1.1.0\"\n  resolved \"https://r.example/x.tgz#aa\"\n  integrity sha512-x\n  dependencies:\n    y \"^2.0.0\"\n\ny@^2.0.0:\n  version \"2.0.1\"\n";
    assert_eq!(
        changed("yarn.lock", "", classic),
        ["adds `@s/x` 1.1.0 (npm, licence not known)", "adds `y` 2.0.1 (npm, licence not known)"]
    );
    let berry = "__metadata:\n  version: 8\n\n\"own@workspace:.\":\n  version: 0.0.0-use.local\n  resolution: \"own@workspace:.\"\n\n\"z@npm:x@^1.0.0\":\n  version: 1.0.0\n  resolution: \"x@npm:1.0.0\"\n  checksum: 10/aa\n";
    assert_eq!(changed("yarn.lock", "", berry), ["adds `x` 1.0.0 (npm, licence not known)"]);
    let pnpm = "lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      x:\n        specifier: ^1\n\npackages:\n\n  '@s/x@1.0.0':\n    resolution: {integrity: sha512-a}\n\n  y@2.0.0:\n    resolution: {integrity: sha512-b}\n\nsnapshots:\n\n  z@1.0.0: {}\n";
    assert_eq!(
        changed("pnpm-lock.yaml", "", pnpm),
        ["adds `@s/x` 1.0.0 (npm, licence not known)", "adds `y` 2.0.0 (npm, licence not known)"]
    );
    let tampered = pnpm.replace("sha512-b", "sha512-c");
    assert_eq!(
        changed("pnpm-lock.yaml", pnpm, &tampered),
        ["keeps `y` 2.0.0 (npm, licence not known): the same version with another checksum"]
    );
    let bun = "{\n  \"lockfileVersion\": 1,\n  \"packages\": {\n    \"@s/x\": [\"@s/x@1.0.0\", \"\", {}, \"sha512-a\"],\n\n    \"own\": [\"own@workspace:packages/own\"],\n  }\n}\n";
    assert_eq!(changed("bun.lock", "", bun), ["adds `@s/x` 1.0.0 (npm, licence not known)"]);
}

#[test]
fn python_is_read_from_locks_and_lists() {
    let uv = "version = 1\n[[package]]\nname = \"own\"\nversion = \"1.0\"\nsource = { editable = \".\" }\n[[package]]\nname = \"idna\"\nversion = \"3.7\"\nsource = { registry = \"https://r.example/simple\" }\n[[package]]\nname = \"odd\"\nversion = \"1.0\"\nsource = { git = \"https://g.example/odd\" }\n";
    assert_eq!(changed("uv.lock", "", uv)[0], "adds `idna` 3.7 (python, licence not known)");
    assert_eq!(changed("uv.lock", "", uv).len(), 2);
    let list = "# by pip-compile\n-r base.txt\nfreezegun==1.5.0 \\\n    --hash=sha256:aa\n    # via -r tests.in\nPytest_Cov[toml] >= 8 ; python_version > '3'\nx @ https://h.example/x.whl\n--extra-index-url https://evil.example/simple\n-e .\n";
    assert_eq!(
        changed("requirements/tests.txt", "", list),
        [
            "adds `--extra-index-url https://evil.example/simple` (python, licence not known)",
            "adds `freezegun` 1.5.0 (python, licence not known)",
            "adds `pytest-cov` >= 8 (python, licence not known)",
            "adds `x` @ https://h.example/x.whl (python, licence not known): fetched from `https://h.example/x.whl`, as nothing else was before",
        ]
    );
    let pipfile = "{ \"default\": { \"idna\": { \"version\": \"==3.7\" } }, \"develop\": {} }";
    assert_eq!(changed("Pipfile.lock", "", pipfile), ["adds `idna` 3.7 (python, licence not known)"]);
}

#[test]
fn go_is_read_from_sums_where_there_are_some() {
    let sums = "a.example/x v1.0.0 h1:aa\na.example/x v1.0.0/go.mod h1:bb\na.example/only v1.0.0/go.mod h1:cc\n";
    let modules = "module own\n\ngo 1.22\n\nrequire a.example/x v1.0.0\n\nrequire (\n\ta.example/y v2.0.0 // indirect\n)\n\nreplace a.example/y => ../y\n";
    assert_eq!(changed("go.sum", "", sums), ["adds `a.example/x` v1.0.0 (go, licence not known)"]);
    assert_eq!(changed("go.mod", "", modules).len(), 2);
    let both = [File { path: "b/go.mod", before: None, after: Some(modules) }, File { path: "b/go.sum", before: None, after: Some(sums) }];
    assert_eq!(changes(&both).dependencies.len(), 1);
}

#[test]
fn other_lockfiles_are_read() {
    let gems =
        "GEM\n  remote: https://gems.example/\n  specs:\n    rake (13.0.6)\n    rails (7.0.0)\n      rake (>= 1)\n\nDEPENDENCIES\n  rake\n";
    assert_eq!(
        changed("Gemfile.lock", "", gems),
        ["adds `rails` 7.0.0 (ruby, licence not known)", "adds `rake` 13.0.6 (ruby, licence not known)"]
    );
    let composer =
        "{ \"packages\": [{ \"name\": \"a/b\", \"version\": \"1.0\", \"license\": [\"MIT\", \"GPL-2.0\"] }], \"packages-dev\": [] }";
    assert_eq!(changed("composer.lock", "", composer), ["adds `a/b` 1.0 (php, licence MIT or GPL-2.0)"]);
    let mix = "%{\n  \"jason\": {:hex, :jason, \"1.4.0\", \"aa\", [:mix], [], \"hexpm\", \"bb\"},\n  \"own\": {:git, \"https://g.example/own\", \"abc\", []},\n}\n";
    assert_eq!(changed("mix.lock", "", mix)[0], "adds `jason` 1.4.0 (elixir, licence not known)");
    assert_eq!(
        changed("gradle.lockfile", "", "# c\norg.a:b:1.0=compileClasspath\nempty=\n"),
        ["adds `org.a:b` 1.0 (java, licence not known)"]
    );
}

#[test]
fn what_cannot_be_read_or_says_nothing_is_told() {
    let unclear = |path, before, after| changes(&[File { path, before: Some(before), after: Some(after) }]).unclear;
    assert_eq!(unclear("Cargo.lock", "", "[[package"), ["Cargo.lock"]);
    assert_eq!(unclear("package-lock.json", "{}", "{ \"x\": 1 }"), ["package-lock.json"]);
    assert!(unclear("Cargo.lock", "a", "a").is_empty() && unclear("src/a.rs", "a", "b").is_empty());
    let file = |path| File { path, before: None, after: Some("idna==3.7\n") };
    let both = changes(&[file("a/requirements.txt"), file("b/requirements-test.txt")]);
    assert_eq!(both.dependencies.len(), 1);
    assert_eq!(both.dependencies[0].files, ["a/requirements.txt", "b/requirements-test.txt"]);
    assert!(["web/yarn.lock", "requirements/tests.txt"].iter().all(|path| is_lockfile(path)));
    assert!(["requirements.in", "docs/readme.txt", "package.json"].iter().all(|path| !is_lockfile(path)));
}

#[test]
fn licences_are_asked_of_what_was_fetched() {
    let of = |manager: &str, name: &str, version: &str| Dependency {
        manager: manager.to_owned(),
        name: name.to_owned(),
        after: vec![version.to_owned()],
        files: vec!["web/package-lock.json".to_owned()],
        ..Dependency::default()
    };
    let mut all = [
        of("npm", "@s/x", "1.0.0"),
        of("cargo", "itoa", "1.0.1"),
        of("python", "ruamel.yaml", "0.18"),
        of("go", "a/b", "v1"),
        of("npm", "x'; rm -rf /", "1"),
    ];
    let question = Licences::question(&all).unwrap();
    for line in ["'web/node_modules/@s/x/package.json'", "'itoa-1.0.1/Cargo.toml'", "'ruamel[-_.]yaml-0.18.dist-info'"] {
        assert!(question.command.contains(line), "{line}: {}", question.command);
    }
    assert!(!question.command.contains("rm -rf"), "a name that a shell could misread is not asked for");
    let said = "@@ 0\n\"licenses\": [ { \"type\": \"MIT\", \"url\": \"x\"\n@@ 1\nlicense = \"MIT OR Apache-2.0\"\n@@ 2\nLicense: MIT license\nClassifier: License :: OSI Approved :: MIT License\n@@ 4\nlicense = \"forged\"\n";
    question.answer(said, &mut all);
    let licences: Vec<_> = all.iter().map(|dependency| dependency.licence.as_str()).collect();
    assert_eq!(licences, ["MIT", "MIT OR Apache-2.0", "MIT license", "", ""]);
    assert!(Licences::question(&[of("go", "a/b", "v1")]).is_none());
}

proptest! {
    #[test]
    fn nothing_is_misread_into_a_panic(text in ".{0,400}", other in "[\\[\\]{}:\"'@ \\n/=,.a-c0-9-]{0,300}") {
        for path in ["Cargo.lock", "uv.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "requirements.txt",
            "Pipfile.lock", "go.sum", "go.mod", "Gemfile.lock", "composer.lock", "mix.lock", "gradle.lockfile"] {
            let found = changes(&[File { path, before: Some(&text), after: Some(&other) }]);
            prop_assert!(found.dependencies.iter().all(|dependency| !dependency.in_words().contains('\n')));
            let _ = Licences::question(&found.dependencies);
        }
    }
}
