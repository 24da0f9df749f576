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
    let nuget = "{ \"version\": 1, \"dependencies\": { \"net8.0\": { \"A.B\": { \"type\": \"Direct\", \"resolved\": \"1.0.0\", \"contentHash\": \"x\" }, \"own\": { \"type\": \"Project\" } } } }";
    assert_eq!(changed("packages.lock.json", "", nuget), ["adds `A.B` 1.0.0 (nuget, licence not known)"]);
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
    assert!(["web/yarn.lock", "requirements/tests.txt"].iter().all(|path| is_read(path)));
    assert!(["requirements.in", "docs/readme.txt", "package.json", "extensions.xml"].iter().all(|path| !is_read(path)));
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
        of("php", "a/b", "1"),
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
    assert!(Licences::question(&[of("php", "a/b", "1")]).is_none());
}

/// What a question finds in a workspace, asked by a real shell.
fn licences(files: &[(&str, &str)], dependencies: &[(&str, &str, &str)]) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let of = |(manager, name, version): &(&str, &str, &str)| Dependency {
        manager: (*manager).to_owned(),
        name: (*name).to_owned(),
        after: vec![(*version).to_owned()],
        files: vec!["some.lock".to_owned()],
        ..Dependency::default()
    };
    let mut all: Vec<_> = dependencies.iter().map(of).collect();
    let question = Licences::question(&all).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &question.command]).current_dir(home.path()).env_clear().env("PATH", "/usr/bin:/bin");
    let place = |folder: &str| home.path().join(folder);
    shell.env("HOME", place("home")).env("GOMODCACHE", place("go")).env("GRADLE_RO_DEP_CACHE", place("gradle"));
    shell
        .env("MAVEN_ARGS", format!("-o -Dmaven.repo.local.tail={} -Dmaven.repo.local.tail.ignoreAvailability=true", place("m2").display()));
    let output = shell.output().unwrap();
    question.answer(&String::from_utf8_lossy(&output.stdout), &mut all);
    all.into_iter().map(|dependency| dependency.licence).collect()
}

#[test]
fn modules_of_go_have_a_file_whose_title_is_quoted() {
    let found = licences(
        &[
            ("go/github.com/!burnt!sushi/toml@v1.3.2/COPYING", "The MIT License (MIT)\n\nCopyright (c) 2013 TOML authors\n"),
            ("go/a.example/spdx@v1.0.0/LICENSE.txt", "// SPDX-License-Identifier: Apache-2.0\n"),
            ("go/a.example/untitled@v1.0.0/LICENSE", "Copyright (c) 2009 The Go Authors. All rights reserved.\n"),
            ("go/a.example/none@v1.0.0/licenser.go", "package licenser // License: forged\n"),
            ("vendor/a.example/vendored/LICENCE", "\"Mozilla\" Public Licence\n"),
        ],
        &[
            ("go", "github.com/BurntSushi/toml", "v1.3.2"),
            ("go", "a.example/spdx", "v1.0.0"),
            ("go", "a.example/untitled", "v1.0.0"),
            ("go", "a.example/none", "v1.0.0"),
            ("go", "a.example/vendored", "v1.0.0+incompatible"),
            ("go", "a.example/missing", "v1.0.0"),
        ],
    );
    let untitled = "see its LICENSE";
    let vendored = "see its LICENCE, \"'Mozilla' Public Licence\"";
    assert_eq!(found, ["see its COPYING, \"The MIT License (MIT)\"", "Apache-2.0", untitled, "", vendored, ""]);
}

#[test]
fn packages_of_java_name_licences_or_inherit_them() {
    let licensed = "<project>\n<licenses>\n<license><name>Apache-2.0</name><url>x</url></license>\n<license><name> EPL-2.0\n</name></license></licenses>\n<developers><name>no</name></developers></project>";
    let parent = "<project><parent>\n  <groupId>org.p</groupId>\n  <artifactId>parent</artifactId><version>7</version>\n</parent><artifactId>child</artifactId></project>";
    let circle = "<project><parent><groupId>c</groupId><artifactId>c</artifactId><version>1</version></parent></project>";
    let found = licences(
        &[
            ("m2/org/p/parent/7/parent-7.pom", licensed),
            ("m2/org/p/child/1.0/child-1.0.pom", parent),
            ("m2/c/c/1/c-1.pom", circle),
            (
                "gradle/modules-2/files-2.1/org.g/lib/2.0/0a1b/lib-2.0.pom",
                "<project><licenses><license><name>MIT</name></license></licenses></project>",
            ),
        ],
        &[
            ("java", "org.p:child", "1.0"),
            ("java", "c:c", "1"),
            ("java", "org.g:lib", "2.0"),
            ("java", "org.g:none", "2.0"),
            ("java", "plugin x", "1"),
        ],
    );
    assert_eq!(found, ["Apache-2.0, EPL-2.0", "", "MIT", "", ""]);
}

#[test]
fn packages_of_ruby_elixir_and_dotnet_name_licences() {
    let metadata = "{<<\"name\">>,<<\"jason\">>}.\n{<<\"version\">>,<<\"1.4.0\">>}.\n{<<\"licenses\">>,\n [<<\"Apache-2.0\">>,<<\"MIT\">>]}.\n{<<\"requirements\">>,[]}.\n";
    let found = licences(
        &[
            (
                "vendor/bundle/ruby/3.1.0/specifications/rake-13.0.6.gemspec",
                "Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n  s.licenses = [\"MIT\".freeze, \"Ruby\".freeze]\nend\n",
            ),
            ("deps/jason/hex_metadata.config", metadata),
            (
                "home/.nuget/packages/newtonsoft.json/13.0.1/newtonsoft.json.nuspec",
                "<package><metadata><license type=\"expression\">MIT</license></metadata></package>",
            ),
            (
                "home/.nuget/packages/own/1.0.0/own.nuspec",
                "<package><metadata><license type=\"file\">LICENSE.md</license></metadata></package>",
            ),
        ],
        &[
            ("ruby", "rake", "13.0.6"),
            ("ruby", "rake", "13.0.7"),
            ("elixir", "jason", "1.4.0"),
            ("elixir", "jason", "1.4.1"),
            ("nuget", "Newtonsoft.Json", "13.0.1"),
            ("nuget", "Own", "1.0.0"),
        ],
    );
    assert_eq!(found, ["MIT, Ruby", "", "Apache-2.0, MIT", "", "MIT", "see its LICENSE.md"]);
}

fn unclear(path: &str, before: &str, after: &str) -> bool {
    !changes(&[File { path, before: Some(before), after: Some(after) }]).unclear.is_empty()
}

#[test]
fn a_manifest_of_maven_names_what_it_fetches() {
    let pom = |inside: &str| format!("<project><groupId>own</groupId><artifactId>own</artifactId><version>1</version>{inside}</project>");
    let dependency = |group: &str, name: &str, version: &str| {
        let version = if version.is_empty() { String::new() } else { format!("<version>{version}</version>") };
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>{version}<exclusions><exclusion><groupId>x</groupId><artifactId>y</artifactId></exclusion></exclusions></dependency>"
        )
    };
    let properties = "<properties><jackson>2.17</jackson><all>${jackson}.1</all><encoding>UTF-8</encoding></properties>";
    let before = pom(&format!("{properties}<dependencies>{}</dependencies>", dependency("com.j", "core", "${all}")));
    assert_eq!(changed("pom.xml", "", &before), ["adds `com.j:core` 2.17.1 (java, licence not known)"]);
    assert_eq!(
        changed("a/pom.xml", &before, &before.replace("2.17", "2.18")),
        ["changes `com.j:core` from 2.17.1 to 2.18.1 (java, licence not known)"]
    );
    let managed = format!(
        "<dependencyManagement><dependencies>{}{}</dependencies></dependencyManagement>",
        dependency("org.m", "used", "1.0"),
        dependency("org.m", "bom", "3")
    );
    let more = format!(
        "{managed}<parent><groupId>org.p</groupId><artifactId>parent</artifactId><version>3.2</version></parent><dependencies>{}{}</dependencies><build><plugins><plugin><artifactId>exec</artifactId></plugin></plugins></build><repositories><repository><url>https://evil.example/m2</url></repository></repositories><distributionManagement><repository><url>https://out.example</url></repository></distributionManagement>",
        dependency("org.m", "used", ""),
        dependency("org.m", "inherited", ""),
    );
    assert_eq!(
        changed("pom.xml", &pom(""), &pom(&more)),
        [
            "adds `org.apache.maven.plugins:exec` (java, licence not known)",
            "adds `org.m:bom` 3 (managed) (java, licence not known)",
            "adds `org.m:inherited` (java, licence not known)",
            "adds `org.m:used` 1.0 (java, licence not known)",
            "adds `org.p:parent` 3.2 (java, licence not known)",
            "adds `repository https://evil.example/m2` (java, licence not known)",
        ]
    );
    assert!(!unclear("pom.xml", &before, &before.replace("<version>1<", "<version>2<").replace("<project>", "<project><name>A</name>")));
    assert!(unclear("pom.xml", &before, &before.replace("UTF-8", "x")), "another manifest may need the property");
    assert!(unclear("pom.xml", &before, "<!DOCTYPE x [<!ENTITY y 'z'>]><project/>"));
    let bomb = (0..30).map(|level| format!("<p{level}>${{p{0}}}${{p{0}}}</p{level}>", level + 1)).collect::<String>();
    assert_eq!(changed("pom.xml", "", &pom(&format!("<properties>{bomb}</properties>{}", dependency("a", "b", "${p0}")))).len(), 1);
    let extensions = "<extensions><extension><groupId>a.b</groupId><artifactId>c</artifactId><version>1</version></extension></extensions>";
    assert_eq!(changed(".mvn/extensions.xml", "", extensions), ["adds `a.b:c` 1 (java, licence not known)"]);
}

#[test]
fn wrappers_name_what_they_fetch() {
    let wrapper =
        "#Tue\ndistributionBase=GRADLE_USER_HOME\ndistributionUrl=https\\://services.gradle.org/distributions/gradle-8.5-bin.zip\n";
    let path = "gradle/wrapper/gradle-wrapper.properties";
    let moved = wrapper.replace("services.gradle.org", "evil.example");
    assert_eq!(
        changed(path, wrapper, &moved),
        [
            "adds `https://evil.example/distributions/gradle-8.5-bin.zip` (java, licence not known): fetched from `evil.example`, as nothing else was before",
            "removes `https://services.gradle.org/distributions/gradle-8.5-bin.zip` (java)",
        ]
    );
    assert!(unclear(path, wrapper, &wrapper.replace("distributionBase=GRADLE_USER_HOME", "distributionBase=PROJECT")));
    assert!(!unclear(path, wrapper, &wrapper.replace("#Tue", "#Wed")));
}

#[test]
fn scripts_of_gradle_name_packages_and_what_else_changed_is_told() {
    let groovy = "plugins {\n  id 'java'\n  id(\"org.springframework.boot\") version \"3.2.0\"\n}\nrepositories {\n  maven { url 'https://repo.example/m2' }\n}\n/* 'a.b:c:1' */\ndependencies {\n  implementation 'com.j:core:2.17' // why: \"x.y:z:1\"\n  implementation group: 'org.a', name: 'b', version: '1.0'\n  testImplementation(\"org.j:bom-managed\")\n}\n";
    let all = [
        "adds `com.j:core` 2.17 (java, licence not known)",
        "adds `org.a:b` 1.0 (java, licence not known)",
        "adds `org.j:bom-managed` (java, licence not known)",
        "adds `plugin java` (java, licence not known)",
        "adds `plugin org.springframework.boot` 3.2.0 (java, licence not known)",
        "adds `repository https://repo.example/m2` (java, licence not known)",
    ];
    for path in ["build.gradle", "web/build.gradle.kts", "conventions.gradle"] {
        assert_eq!(changed(path, "", groovy), all);
        assert!(!unclear(path, "", groovy), "all of it is understood");
    }
    assert!(!unclear("build.gradle", groovy, &groovy.replace("2.17", "2.18")));
    assert!(!unclear("build.gradle", groovy, &groovy.replace("// why", "// because")));
    for line in ["implementation(libs.own)", "def v = '1.0'", "mavenLocal()", "apply from: 'more'"] {
        assert!(unclear("build.gradle", groovy, &format!("{groovy}{line}\n")), "{line}");
    }
    assert_eq!(
        changed("settings.gradle", "", "apply from: 'https://evil.example/x.gradle'\n"),
        ["adds `script https://evil.example/x.gradle` (java, licence not known)"]
    );
    let tasks = "tasks.named(\":app:build\") { dependsOn \"lint: all\" }\nurl = \"https://a.example:80/x\"\n";
    assert_eq!(changed("build.gradle", "", tasks).len(), 1, "a task and a text are no packages");
    let lock = File { path: "gradle.lockfile", before: Some(""), after: Some("com.j:core:2.17=compileClasspath\nempty=\n") };
    let script = File { path: "build.gradle", before: Some(""), after: Some("dependencies {\n  implementation 'com.j:core:2.17'\n}\n") };
    assert_eq!(changes(&[lock, script]).dependencies.len(), 1, "the same is told once");
}

#[test]
fn a_catalogue_of_versions_names_packages() {
    let catalogue = "[versions]\njackson = \"2.17\"\nguava = { strictly = \"33\" }\nunused = \"1\"\n[libraries]\ncore = { module = \"com.j:core\", version.ref = \"jackson\" }\nguava = { group = \"com.g\", name = \"guava\", version = { ref = \"guava\" } }\nplain = \"org.a:b:1.0\"\n[plugins]\nboot = { id = \"org.boot\", version = \"3.2\" }\n";
    let path = "gradle/libs.versions.toml";
    assert_eq!(
        changed(path, "", catalogue),
        [
            "adds `com.g:guava` strictly 33 (java, licence not known)",
            "adds `com.j:core` 2.17 (java, licence not known)",
            "adds `org.a:b` 1.0 (java, licence not known)",
            "adds `plugin org.boot` 3.2 (java, licence not known)",
        ]
    );
    assert_eq!(changed(path, catalogue, &catalogue.replace("2.17", "2.18")).len(), 1);
    assert!(unclear(path, catalogue, &catalogue.replace("unused = \"1\"", "unused = \"2\"")) && unclear(path, catalogue, "[libraries"));
}

proptest! {
    #[test]
    fn nothing_is_misread_into_a_panic(text in ".{0,400}", other in "[\\[\\]{}:\"'@ \\n/=,.a-c0-9-]{0,300}") {
        for path in ["Cargo.lock", "uv.lock", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "requirements.txt",
            "Pipfile.lock", "go.sum", "go.mod", "Gemfile.lock", "composer.lock", "mix.lock", "gradle.lockfile", "packages.lock.json", "pom.xml",
            "gradle-wrapper.properties", "libs.versions.toml", "build.gradle"] {
            let found = changes(&[File { path, before: Some(&text), after: Some(&other) }]);
            prop_assert!(found.dependencies.iter().all(|dependency| !dependency.in_words().contains('\n')));
            let same = changes(&[File { path, before: Some(&other), after: Some(&other) }]);
            prop_assert!(same == Changes::default() || !same.unclear.is_empty() && same.dependencies.is_empty());
            let _ = Licences::question(&found.dependencies);
        }
    }
}
