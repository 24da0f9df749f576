//! What a language's usual files say about its tests. Wrappers that a project brings come before programs of the image.

use baton_sdk::serde_json::{self, Value};

use super::folder::Folder;

pub(super) fn make(folder: &Folder) -> Option<String> {
    let names = ["GNUmakefile", "makefile", "Makefile"];
    let target = |target: &str| names.iter().any(|name| folder.has_line(name, &format!("{target}:")));
    ["test", "check"].into_iter().find(|name| target(name)).map(|name| format!("make {name}"))
}

pub(super) fn just(folder: &Folder) -> Option<String> {
    let recipe = |line: &str| line.strip_prefix("test").is_some_and(|rest| rest.starts_with([':', ' ']) && rest.contains(':'));
    let found = ["justfile", "Justfile", ".justfile"].iter().filter_map(|name| folder.text(name)).any(|text| text.lines().any(recipe));
    found.then(|| "just test".to_owned())
}

pub(super) fn task(folder: &Folder) -> Option<String> {
    let names = ["Taskfile.yml", "Taskfile.yaml", "taskfile.yml"];
    let has_test = |text: String| text.lines().any(|line| line.trim_end() == "  test:");
    names.iter().filter_map(|name| folder.text(name)).any(has_test).then(|| "task test".to_owned())
}

pub(super) fn rust(folder: &Folder) -> Option<String> {
    let manifest = folder.text("Cargo.toml")?;
    let workspace = manifest.lines().any(|line| line.trim_start().starts_with("[workspace"));
    Some(if workspace { "cargo test --workspace" } else { "cargo test" }.to_owned())
}

pub(super) fn go(folder: &Folder) -> Option<String> {
    // Passing tests are named only where it is verbose.
    if folder.has("go.work") {
        // `./...` does not leave a module.
        return Some("go list -f '{{.Dir}}/...' -m | xargs go test -v".to_owned());
    }
    folder.has("go.mod").then(|| "go test -v ./...".to_owned())
}

pub(super) fn maven(folder: &Folder) -> Option<String> {
    let program = if folder.has("mvnw") { "sh ./mvnw" } else { "mvn" };
    folder.has("pom.xml").then(|| format!("{program} --batch-mode test"))
}

pub(super) fn gradle(folder: &Folder) -> Option<String> {
    let program = if folder.has("gradlew") { "sh ./gradlew" } else { "gradle" };
    let names = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];
    folder.has_any(&names).then(|| format!("{program} test"))
}

pub(super) fn dotnet(folder: &Folder) -> Option<String> {
    folder.has_ending(&[".sln", ".slnx", ".csproj", ".fsproj", ".vbproj"]).then(|| "dotnet test".to_owned())
}

pub(super) fn ruby(folder: &Folder) -> Option<String> {
    if folder.has("Gemfile") && folder.has("bin") && folder.text("bin/rails").is_some() && !folder.has("spec") {
        return Some("bin/rails test".to_owned());
    }
    let bundle = if folder.has("Gemfile") { "bundle exec " } else { "" };
    if folder.has_any(&[".rspec", "spec"]) && folder.has_any(&["Gemfile", "Rakefile", ".rspec"]) {
        return Some(format!("{bundle}rspec"));
    }
    if folder.text("Rakefile").is_some_and(|text| text.contains("TestTask") || text.contains(":test")) {
        return Some(format!("{bundle}rake test"));
    }
    let by_minitest = folder.has("test") && folder.mentions(&["Gemfile"], "minitest");
    by_minitest.then(|| format!("{bundle}ruby -Ilib -Itest -e 'Dir[\"./test/**/*_test.rb\"].sort.each {{ |file| require file }}'"))
}

pub(super) fn php(folder: &Folder) -> Option<String> {
    let composer = folder.text("composer.json").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if composer.is_some_and(|composer| !composer["scripts"]["test"].is_null()) {
        return Some("composer test".to_owned());
    }
    if folder.mentions(&["composer.json"], "pestphp/pest\"") {
        return Some("vendor/bin/pest".to_owned());
    }
    folder.has_any(&["phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"]).then(|| "vendor/bin/phpunit".to_owned())
}

pub(super) fn cmake(folder: &Folder) -> Option<String> {
    let text = folder.text("CMakeLists.txt")?;
    let tested = ["enable_testing", "add_test", "include(CTest)"].iter().any(|word| text.contains(word));
    // Outside the project, so that nothing of it is taken for the story's work.
    let build = "cmake -S . -B /tmp/build && cmake --build /tmp/build --parallel && ctest --test-dir /tmp/build --output-on-failure";
    tested.then(|| build.to_owned())
}

pub(super) fn others(folder: &Folder) -> Option<String> {
    let known = [
        ("meson.build", "meson setup /tmp/build && meson test -C /tmp/build --print-errorlogs"),
        ("mix.exs", "mix test"),
        ("Package.swift", "swift test"),
        ("build.sbt", "sbt test"),
        ("stack.yaml", "stack test"),
        ("cabal.project", "cabal test all"),
        ("dune-project", "dune test"),
        ("build.zig", "zig build test"),
        ("gleam.toml", "gleam test"),
        ("project.clj", "lein test"),
        ("shard.yml", "crystal spec"),
        ("MODULE.bazel", "bazel test //..."),
    ];
    if folder.mentions(&["pubspec.yaml"], "sdk: flutter") {
        return Some("flutter test".to_owned());
    }
    let by_files = [
        ("pubspec.yaml", "test/**/*_test.dart", "dart test"),
        ("t", "t/**/*.t", "prove --lib --recurse t"),
        ("tests", "tests/*.bats", "bats tests"),
        ("test", "test/*.bats", "bats test"),
    ];
    let known = known.iter().find(|(name, _)| folder.has(name)).map(|(_, command)| *command);
    let found = || by_files.iter().find(|(name, glob, _)| folder.has(name) && folder.finds(glob)).map(|(.., command)| *command);
    known.or_else(found).map(str::to_owned)
}
