//! What a language's usual files say about its tests. Wrappers that a project brings come before programs of the image.

use baton_sdk::serde_json::{self, Value};

use super::root::Root;

pub(super) fn make(root: &Root) -> Option<String> {
    let names = ["GNUmakefile", "makefile", "Makefile"];
    let target = |target: &str| names.iter().any(|name| root.has_line(name, &format!("{target}:")));
    ["test", "check"].into_iter().find(|name| target(name)).map(|name| format!("make {name}"))
}

pub(super) fn just(root: &Root) -> Option<String> {
    let recipe = |line: &str| line.strip_prefix("test").is_some_and(|rest| rest.starts_with([':', ' ']) && rest.contains(':'));
    let found = ["justfile", "Justfile", ".justfile"].iter().filter_map(|name| root.text(name)).any(|text| text.lines().any(recipe));
    found.then(|| "just test".to_owned())
}

pub(super) fn rust(root: &Root) -> Option<String> {
    let manifest = root.text("Cargo.toml")?;
    let workspace = manifest.lines().any(|line| line.trim_start().starts_with("[workspace"));
    Some(if workspace { "cargo test --workspace" } else { "cargo test" }.to_owned())
}

pub(super) fn go(root: &Root) -> Option<String> {
    if root.has("go.work") {
        // `./...` does not leave a module.
        return Some("go list -f '{{.Dir}}/...' -m | xargs go test".to_owned());
    }
    root.has("go.mod").then(|| "go test ./...".to_owned())
}

pub(super) fn python(root: &Root) -> Option<String> {
    if root.has("manage.py") {
        return Some("python3 manage.py test".to_owned());
    }
    if root.has("uv.lock") {
        return Some("uv run pytest".to_owned());
    }
    if root.has("poetry.lock") {
        return Some("poetry run pytest".to_owned());
    }
    root.has_any(&["pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "conftest.py"]).then(|| "python3 -m pytest".to_owned())
}

pub(super) fn maven(root: &Root) -> Option<String> {
    let program = if root.has("mvnw") { "sh ./mvnw" } else { "mvn" };
    root.has("pom.xml").then(|| format!("{program} --batch-mode test"))
}

pub(super) fn gradle(root: &Root) -> Option<String> {
    let program = if root.has("gradlew") { "sh ./gradlew" } else { "gradle" };
    let names = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"];
    root.has_any(&names).then(|| format!("{program} test"))
}

pub(super) fn dotnet(root: &Root) -> Option<String> {
    root.has_ending(&[".sln", ".slnx", ".csproj", ".fsproj", ".vbproj"]).then(|| "dotnet test".to_owned())
}

pub(super) fn ruby(root: &Root) -> Option<String> {
    if root.has("Gemfile") && root.has("bin") && root.text("bin/rails").is_some() && !root.has("spec") {
        return Some("bin/rails test".to_owned());
    }
    let bundle = if root.has("Gemfile") { "bundle exec " } else { "" };
    if root.has_any(&[".rspec", "spec"]) && root.has_any(&["Gemfile", "Rakefile", ".rspec"]) {
        return Some(format!("{bundle}rspec"));
    }
    let tested = root.text("Rakefile").is_some_and(|text| text.contains("TestTask") || text.contains(":test"));
    tested.then(|| format!("{bundle}rake test"))
}

pub(super) fn php(root: &Root) -> Option<String> {
    let composer = root.text("composer.json").and_then(|text| serde_json::from_str::<Value>(&text).ok());
    if composer.is_some_and(|composer| !composer["scripts"]["test"].is_null()) {
        return Some("composer test".to_owned());
    }
    root.has_any(&["phpunit.xml", "phpunit.xml.dist", "phpunit.dist.xml"]).then(|| "vendor/bin/phpunit".to_owned())
}

pub(super) fn cmake(root: &Root) -> Option<String> {
    let text = root.text("CMakeLists.txt")?;
    let tested = ["enable_testing", "add_test", "include(CTest)"].iter().any(|word| text.contains(word));
    // Outside the project, so that nothing of it is taken for the story's work.
    let build = "cmake -S . -B /tmp/build && cmake --build /tmp/build --parallel && ctest --test-dir /tmp/build --output-on-failure";
    tested.then(|| build.to_owned())
}

pub(super) fn others(root: &Root) -> Option<String> {
    let known = [
        ("meson.build", "meson setup /tmp/build && meson test -C /tmp/build --print-errorlogs"),
        ("mix.exs", "mix test"),
        ("Package.swift", "swift test"),
        ("build.sbt", "sbt test"),
        ("stack.yaml", "stack test"),
        ("pubspec.yaml", "dart test"),
    ];
    known.iter().find(|(name, _)| root.has(name)).map(|(_, command)| (*command).to_owned())
}
