//! Each kind of project, by the files that tell it from others.

use baton_sdk::testing::Host;

use baton_sdk::serde_json::json;
use baton_sdk::{Error, ErrorKind};

use super::{TestCommands, joined, test_command};

fn host(files: &[(&str, &str)]) -> Host {
    files.iter().fold(Host::new(), |host, (path, text)| host.with_file(path, *text))
}

fn found(files: &[(&str, &str)]) -> Option<String> {
    host(files).inside(test_command).expect("an answer")
}

#[test]
fn every_kind_of_project_has_its_command() {
    let ctest = "cmake -S . -B /tmp/build && cmake --build /tmp/build --parallel && ctest --test-dir /tmp/build --output-on-failure";
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[("tests/run.sh", ""), ("Cargo.toml", "")], "sh tests/run.sh"),
        (&[("tests/run", "")], "sh tests/run"),
        (&[("Makefile", "all:\ntest: all\n\ttrue\n"), ("package.json", "{}")], "make test"),
        (&[("Makefile", "check:\n\ttrue\n")], "make check"),
        (&[("justfile", "test filter='':\n  true\n")], "just test"),
        (&[("Cargo.toml", "[package]\n")], "cargo test"),
        (&[("Cargo.toml", "[workspace]\nmembers = [\"a\"]\n")], "cargo test --workspace"),
        (&[("go.mod", "module a")], "go test -v ./..."),
        (&[("go.mod", ""), ("go.work", "")], "go list -f '{{.Dir}}/...' -m | xargs go test -v"),
        (&[("pyproject.toml", "")], "python3 -m pytest"),
        (&[("pyproject.toml", ""), (".venv/pyvenv.cfg", "")], ".venv/bin/python -m pytest"),
        (&[("pyproject.toml", "[tool.pytest"), ("src/a/__init__.py", "")], "PYTHONPATH=src python3 -m pytest"),
        (&[("pyproject.toml", "pytest\npythonpath = \"src\""), ("src/a/__init__.py", "")], "python3 -m pytest"),
        (&[("pyproject.toml", ""), ("uv.lock", ""), ("src/a/__init__.py", "")], "uv run pytest"),
        (&[("pyproject.toml", ""), ("uv.lock", "")], "uv run pytest"),
        (&[("pyproject.toml", ""), ("poetry.lock", "")], "poetry run pytest"),
        (&[("manage.py", "")], "python3 manage.py test"),
        (&[("pom.xml", "")], "mvn --batch-mode test"),
        (&[("pom.xml", ""), ("mvnw", "")], "sh ./mvnw --batch-mode test"),
        (&[("build.gradle.kts", ""), ("gradlew", "")], "sh ./gradlew test"),
        (&[("build.gradle", "")], "gradle test"),
        (&[("App.sln", "")], "dotnet test"),
        (&[("App.csproj", "")], "dotnet test"),
        (&[("CMakeLists.txt", "project(a)\nenable_testing()\n")], ctest),
        (&[("Gemfile", ""), ("spec/a_spec.rb", "")], "bundle exec rspec"),
        (&[("Gemfile", ""), ("bin/rails", "")], "bin/rails test"),
        (&[("Rakefile", "Rake::TestTask.new\n")], "rake test"),
        (&[("composer.json", r#"{ "scripts": { "test": "pest" } }"#)], "composer test"),
        (&[("composer.json", "{}"), ("phpunit.xml.dist", "")], "vendor/bin/phpunit"),
        (&[("mix.exs", "")], "mix test"),
        (&[("Taskfile.yml", "version: '3'\ntasks:\n  test:\n    cmds: [true]\n")], "task test"),
        (&[("setup.py", ""), ("tests/test_a.py", "import unittest\n")], "python3 -m unittest discover -s tests"),
        (&[("setup.py", ""), ("tests/test_a.py", "import unittest\nimport pytest\n")], "python3 -m pytest"),
        (&[("test_a.py", "from unittest import TestCase\n")], "python3 -m unittest discover"),
        (&[("uv.lock", ""), ("test/test_a.py", "import unittest\n")], "uv run python -m unittest discover -s test"),
        (&[("Pipfile.lock", ""), ("setup.py", "")], "pipenv run pytest"),
        (&[("pyproject.toml", ""), ("pdm.lock", "")], "pdm run pytest"),
        (&[("setup.py", ""), ("tox.ini", "[testenv]\n")], "tox"),
        (&[("setup.py", ""), ("tox.ini", "[testenv]\ncommands = pytest\n")], "python3 -m pytest"),
        (&[("noxfile.py", "")], "nox"),
        (&[("pyproject.toml", "[tool.hatch.envs.default]\n")], "hatch test"),
        (&[("package.json", r#"{ "devDependencies": { "vitest": "2" } }"#)], "npx vitest run"),
        (&[("package.json", "{}"), ("a.test.js", "import test from 'node:test'\n")], "node --test"),
        (
            &[
                ("package.json", r#"{ "workspaces": ["a"] }"#),
                ("turbo.json", "{}"),
                ("a/package.json", r#"{ "scripts": { "test": "x" } }"#),
            ],
            "npx turbo run test",
        ),
        (
            &[("Gemfile", "gem 'minitest'"), ("test/a_test.rb", "")],
            "bundle exec ruby -Ilib -Itest -e 'Dir[\"./test/**/*_test.rb\"].sort.each { |file| require file }'",
        ),
        (&[("composer.json", r#"{ "require-dev": { "pestphp/pest": "2" } }"#)], "vendor/bin/pest"),
        (&[("tests/a.bats", "")], "bats tests"),
        (&[("t/a.t", "")], "prove --lib --recurse t"),
        (&[("dune-project", "")], "dune test"),
    ];
    for (files, command) in cases {
        assert_eq!(found(files).as_deref(), Some(*command), "{files:?}");
    }
}

#[test]
fn packages_are_tested_by_their_package_manager() {
    const TESTED: &str = r#"{ "scripts": { "test": "vitest run" } }"#;
    for (lock, command) in [
        ("package-lock.json", "npm test"),
        ("pnpm-lock.yaml", "pnpm test"),
        ("yarn.lock", "yarn test"),
        ("bun.lock", "bun run test"),
        ("bun.lockb", "bun run test"),
    ] {
        assert_eq!(found(&[("package.json", TESTED), (lock, "")]).as_deref(), Some(command));
    }
    assert_eq!(found(&[("package.json", r#"{ "packageManager": "pnpm@9", "scripts": { "test": "x" } }"#)]).as_deref(), Some("pnpm test"));
    assert_eq!(found(&[("package.json", "{}"), ("bun.lock", "")]).as_deref(), Some("bun test"));
    assert_eq!(found(&[("deno.json", "{}")]).as_deref(), Some("deno test"));
}

#[test]
fn a_placeholder_is_not_a_test() {
    let placeholder = r#"{ "scripts": { "test": "echo \"Error: no test specified\" && exit 1" } }"#;
    assert_eq!(found(&[("package.json", placeholder)]), None);
    assert_eq!(found(&[("package.json", placeholder), ("pyproject.toml", "")]).as_deref(), Some("python3 -m pytest"));
    for broken in ["", "{", "[]", r#"{ "scripts": { "test": 5 } }"#, r#"{ "scripts": "test" }"#] {
        assert_eq!(found(&[("package.json", broken)]), None, "{broken}");
    }
}

#[test]
fn a_workspace_is_tested_where_a_package_of_it_has_tests() {
    const TESTED: (&str, &str) = ("packages/b/package.json", r#"{ "scripts": { "test": "vitest" } }"#);
    const UNTESTED: (&str, &str) = ("packages/a/package.json", "{}");
    let npm = ("package.json", r#"{ "workspaces": ["./packages/*", "!packages/old"] }"#);
    assert_eq!(found(&[npm, UNTESTED, TESTED]).as_deref(), Some("npm test --workspaces --if-present"));
    assert_eq!(found(&[npm, UNTESTED]), None, "it would be green and test nothing");
    let yarn = ("package.json", r#"{ "workspaces": { "packages": ["packages/*"] } }"#);
    assert_eq!(found(&[yarn, TESTED, ("yarn.lock", "")]).as_deref(), Some("yarn workspaces run test"));
    assert_eq!(found(&[yarn, TESTED, ("yarn.lock", ""), (".yarnrc.yml", "")]).as_deref(), Some("yarn workspaces foreach --all run test"));
    let pnpm = ("pnpm-workspace.yaml", "packages:\n  - 'packages/*'\n");
    assert_eq!(found(&[("package.json", "{}"), pnpm, TESTED]).as_deref(), Some("pnpm --recursive test"));
}

#[test]
fn what_only_looks_like_tests_suggests_nothing() {
    for files in [
        &[("Makefile", "latest:\n\ttrue\n")][..],
        &[("justfile", "test-all:\n  true\n")],
        &[("CMakeLists.txt", "project(a)\n")],
        &[("composer.json", "{ \"scripts\": { \"lint\": \"x\" } }")],
        &[("spec/a.md", "a specification")],
        &[("Rakefile", "task :build")],
    ] {
        assert_eq!(found(files), None, "{files:?}");
    }
}

#[test]
fn a_root_that_says_nothing_is_tested_by_its_folders() {
    let command = found(&[
        ("README.md", ""),
        ("services/api/go.mod", "module api"),
        ("web/package.json", r#"{ "scripts": { "test": "x" } }"#),
        ("web/packages/a/package.json", r#"{ "scripts": { "test": "x" } }"#),
        ("examples/demo/Cargo.toml", "[package]"),
        ("docs/package.json", "{}"),
    ]);
    assert_eq!(
        command.as_deref(),
        Some("failed=0; (cd services/api && go test -v ./...) || failed=$?; (cd web && npm test) || failed=$?; exit $failed")
    );
    assert_eq!(found(&[("app/Cargo.toml", "[package]")]).as_deref(), Some("cd app && cargo test"));
    let many: Vec<_> = (0..14).map(|number| format!("p{number}/go.mod")).collect();
    let many: Vec<_> = many.iter().map(|path| (path.as_str(), "")).collect();
    assert_eq!(found(&many), None, "an operator says which");
    assert_eq!(found(&[("a b; rm -rf x/go.mod", "")]), None, "a name that a shell reads otherwise is not taken");
    assert_eq!(joined(&["a".to_owned()]), "a");
}

fn quick(files: &[(&str, &str)], paths: &[&str]) -> Option<Vec<String>> {
    quick_on(&host(files), paths)
}

fn quick_on(host: &Host, paths: &[&str]) -> Option<Vec<String>> {
    let paths: Vec<_> = paths.iter().map(|path| (*path).to_owned()).collect();
    host.inside(|| TestCommands::find(None)?.quick_for(&paths)).expect("an answer")
}

#[test]
fn a_change_is_tested_by_the_package_in_which_it_lies() {
    const CARGO: &[(&str, &str)] = &[
        ("Cargo.toml", "[workspace]\n"),
        ("crates/a/Cargo.toml", "[package]\nname = \"a-lib\"\n"),
        ("crates/b/Cargo.toml", "[package]\nname = \"b\"\n"),
    ];
    assert_eq!(quick(CARGO, &["crates/a/src/x/lib.rs"]).unwrap(), ["cargo test --package a-lib"]);
    assert_eq!(quick(CARGO, &["crates/b/src/lib.rs", "crates/a/src/lib.rs"]).unwrap().len(), 2);
    assert_eq!(quick(CARGO, &["crates/a/src/lib.rs", "README.md", "Cargo.lock"]).unwrap(), ["cargo test --package a-lib"]);
    assert_eq!(quick(CARGO, &["crates/a/src/lib.rs", "build.rs"]), None, "a file of the root needs the whole");
    assert_eq!(quick(CARGO, &["README.md"]), None);
    const NPM: &[(&str, &str)] = &[
        ("package.json", r#"{ "workspaces": ["packages/*"] }"#),
        ("pnpm-lock.yaml", ""),
        ("packages/a/package.json", r#"{ "scripts": { "test": "x" } }"#),
    ];
    assert_eq!(quick(NPM, &["packages/a/src/a.ts"]).unwrap(), ["cd packages/a && pnpm test"]);
    const GO: &[(&str, &str)] = &[("go.mod", ""), ("ledger/sums.go", ""), ("ledger/sums_test.go", ""), ("bare/a.go", "")];
    assert_eq!(quick(GO, &["ledger/sums.go"]).unwrap(), ["go test -v ./ledger"]);
    assert_eq!(quick(GO, &["bare/a.go"]), None);
    const UV: &[(&str, &str)] = &[("pyproject.toml", "pytest"), ("uv.lock", ""), ("libs/a/pyproject.toml", "")];
    assert_eq!(quick(UV, &["libs/a/a.py"]).unwrap(), ["cd libs/a && uv run pytest"]);
    const MAVEN: &[(&str, &str)] = &[("pom.xml", ""), ("core/pom.xml", "")];
    assert_eq!(quick(MAVEN, &["core/src/A.java"]).unwrap(), ["mvn --batch-mode --projects core --also-make test"]);
    const GRADLE: &[(&str, &str)] = &[("settings.gradle", ""), ("gradlew", ""), ("a/b/build.gradle", "")];
    assert_eq!(quick(GRADLE, &["a/b/src/A.java"]).unwrap(), ["sh ./gradlew :a:b:test"]);
}

#[test]
fn settings_name_the_commands_of_folders() {
    let set = json!({ "crates": { "command": "make crates" }, "crates/a/": { "command": "make a", "quick": "make quick-a" }, "auth": { "quick": "make auth" } });
    let host = host(&[("Makefile", "test:\n")]).with_setting("test.folders", set);
    assert_eq!(quick_on(&host, &["crates/a/src/lib.rs", "crates/a/b.rs"]).unwrap(), ["make quick-a"], "the innermost folder");
    assert_eq!(quick_on(&host, &["crates/ab/lib.rs", "auth/a"]).unwrap(), ["make crates", "make auth"]);
    assert_eq!(quick_on(&host, &["crates/a/src/lib.rs", "b.rs"]), None);
    let host = host.with_setting("test.quick", "make quick");
    assert_eq!(quick_on(&host, &["crates/a/src/lib.rs", "b.rs"]).unwrap(), ["make quick-a", "make quick"]);
    assert_eq!(quick_on(&host.with_setting("test.quick", "make test"), &["b.rs"]), None, "the whole is not quicker than itself");
}

#[test]
fn settings_of_folders_that_say_nothing_are_rejected_by_name() {
    for (set, told) in [
        (json!({ "../up": { "command": "x" } }), "does not name a folder"),
        (json!({ "/etc": { "command": "x" } }), "does not name a folder"),
        (json!({ "a": "make a" }), "is not a table"),
        (json!({ "a": { "comand": "x" } }), "has `comand`"),
        (json!({ "a": { "command": 5 } }), "not a string"),
    ] {
        let wrong = Host::new().with_setting("test.folders", set).inside(|| TestCommands::find(None));
        assert!(matches!(&wrong, Err(Error { kind: ErrorKind::Invalid, text, .. }) if text.contains(told)), "{told}: {wrong:?}");
    }
}
