//! Each kind of project, by the files that tell it from others.

use baton_sdk::testing::Host;

use super::of;

fn found(files: &[(&str, &str)]) -> Option<String> {
    let host = Host::new().with_manifest(include_str!("../../plugin.toml"));
    let host = files.iter().fold(host, |host, (path, text)| host.with_file(path, *text));
    host.inside(|| of(None)).expect("an answer")
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
        (&[("go.mod", "module a")], "go test ./..."),
        (&[("go.mod", ""), ("go.work", "")], "go list -f '{{.Dir}}/...' -m | xargs go test"),
        (&[("pyproject.toml", "")], "python3 -m pytest"),
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
