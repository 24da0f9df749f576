//! Docutils, a project that nobody here wrote, cloned from a bundle and taken through one story by the real program: read,
//! changed, red by its own tests, repaired, reviewed, landed. Nothing of it lies in this repository.

use std::{
    env, fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use baton_tests::{docker, program, python};
use serde_json::Value;

/// A project's source as its authors publish it.
const ARCHIVE: &str = "docutils-0.23.tar.gz";
const KEY: &str = "percent-signs";
const CHANGED: [&str; 2] = ["docutils/parsers/rst/directives/__init__.py", "test/test_parsers/test_rst/test_directives/test__init__.py"];
/// What tells of the backlog.
const DOCUMENTS: [&str; 3] = ["docs/sprint-status.yaml", "docs/stories/percent-signs.md", "docs/workflow-status.md"];
/// The project's own way to run all of its tests.
const TESTS: &str = "cd test && python3 alltests.py";

/// Where the archive lies, by `BATON_TEST_PROJECT`.
///
/// None where nothing is named, after a line that no test runner swallows; with `CI=true` that is a failure.
fn archive() -> Option<PathBuf> {
    let named = env::var_os("BATON_TEST_PROJECT").map(PathBuf::from);
    if let Some(named) = &named {
        assert!(named.is_file(), "BATON_TEST_PROJECT names {}, which is no file", named.display());
        return Some(named.clone());
    }
    let advice =
        format!("fetch it with `pip download --no-binary :all: --no-deps docutils==0.23`, and name {ARCHIVE} in BATON_TEST_PROJECT");
    assert!(env::var("CI").as_deref() != Ok("true"), "there is no real project; {advice}");
    say(&format!("\n!! SKIPPED: no story was landed in a real project; {advice}\n\n"));
    named
}

/// Not by `eprintln!`, which the test runner keeps to itself.
fn say(line: &str) {
    io::stderr().write_all(line.as_bytes()).unwrap();
}

/// A person's clone, and what they told Baton of it.
struct Clone {
    home: tempfile::TempDir,
}

impl Clone {
    /// Unpacks the archive, makes a bundle of it, throws the rest away and clones the bundle.
    fn of(archive: &Path) -> Self {
        let clone = Self { home: tempfile::tempdir().unwrap() };
        let home = clone.home.path();
        let upstream = home.join("upstream");
        fs::create_dir(&upstream).unwrap();
        let unpacked = Command::new("tar").arg("-xzf").arg(archive).args(["--strip-components=1", "-C"]).arg(&upstream).status();
        assert!(unpacked.unwrap().success(), "{} can be unpacked", archive.display());
        clone.git(&upstream, &["init", "--quiet", "--initial-branch=main"]);
        clone.git(&upstream, &["add", "--all"]);
        clone.git(&upstream, &["commit", "--quiet", "--message=Docutils 0.23"]);
        clone.git(&upstream, &["bundle", "create", "--quiet", "../project.bundle", "HEAD", "main"]);
        fs::remove_dir_all(&upstream).unwrap();
        clone.git(home, &["clone", "--quiet", "project.bundle", "workspace"]);
        clone.settle();
        clone
    }

    /// What a person adds of their own: how Baton tests the project, and what lies about in a repository that is in use.
    fn settle(&self) {
        let work = self.work();
        fs::write(work.join("baton.toml"), format!("[test]\ncommand = \"{TESTS}\"\nimage = \"python\"\n")).unwrap();
        fs::write(work.join(".gitignore"), "*.local\n").unwrap();
        fs::write(work.join("größe \"2\".txt"), "Ein Name\r\nmit allem\r\n").unwrap();
        fs::write(work.join("large.bin"), vec![7; 12 << 20]).unwrap();
        fs::create_dir(work.join("links")).unwrap();
        std::os::unix::fs::symlink("../README.rst", work.join("links/read me")).unwrap();
        self.git(&work, &["add", "--all"]);
        self.git(&work, &["commit", "--quiet", "--message=Say how Baton tests this project"]);
        fs::write(work.join("key.local"), "mine").unwrap();
        let images =
            format!("[sandbox.images.default]\nimage = \"{}\"\n[sandbox.images.python]\nimage = \"{}\"\n", docker::IMAGE, python::IMAGE);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("real-project");
        fs::write(self.home.path().join("user.toml"), images).unwrap();
        for name in ["replies.yaml", "story.md"] {
            fs::copy(script.join(name), self.home.path().join(name)).unwrap();
        }
    }

    fn work(&self) -> PathBuf {
        self.home.path().join("workspace")
    }

    fn git(&self, folder: &Path, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(folder).args(["-c", "user.name=Ada", "-c", "user.email=ada@localhost"]).args(arguments);
        let output = git.env("HOME", self.home.path()).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn asked(&self, arguments: &[&str]) -> String {
        self.git(&self.work(), arguments)
    }

    fn baton(&self, arguments: &[&str]) -> program::Ended {
        let mut command = program::command(self.home.path(), &[arguments, &["--data-dir", "data"]].concat());
        program::output(command.env("BATON_CONFIG", self.home.path().join("user.toml"))).exits(0)
    }

    fn document(&self, arguments: &[&str]) -> Value {
        let said = self.baton(&[arguments, &["-o", "json"]].concat()).stdout;
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// What the runs of one plugin gave, the oldest first.
    fn outputs(&self, plugin: &str) -> Vec<Value> {
        let runs = self.document(&["runs", "list", "--all", "--limit", "100"]);
        let of_plugin = runs["items"].as_array().unwrap().iter().rev().filter(|run| run["plugin"] == plugin);
        of_plugin.map(|run| self.document(&["runs", "show", run["id"].as_str().unwrap()])["output"].clone()).collect()
    }
}

#[test]
fn a_story_lands_in_a_project_that_nobody_here_wrote() {
    let Some(archive) = archive().filter(|_| python::ready()) else { return };
    let clone = Clone::of(&archive);
    let (bundle, began) = (fs::read(clone.home.path().join("project.bundle")).unwrap(), clone.asked(&["rev-parse", "HEAD"]));
    let settings = fs::read(clone.work().join(".git/config")).unwrap();
    clone.baton(&["backlog", "add", KEY, "Take one percent sign at most", "--workspace", "workspace", "--body", "story.md"]);

    let begun = Instant::now();
    let summary =
        clone.document(&["run", "sprint", "--workspace", "workspace", "--model", "script/replies.yaml", "--yes"])["output"].clone();
    let took = begun.elapsed();

    assert_eq!((&summary["landed"], &summary["stories"][0]["sent_back"]), (&Value::from(1), &Value::from(0)), "{summary}");
    landed(&clone, &began, summary["stories"][0]["commit"].as_str().unwrap());
    untouched(&clone, &began);
    assert!(fs::read(clone.home.path().join("project.bundle")).unwrap() == bundle, "nothing is pushed");
    assert!(fs::read(clone.work().join(".git/config")).unwrap() == settings, "nobody's settings are changed");
    told(&clone);
    own_tests_pass(&clone);
    say(&format!("\nA story of a real project landed in {:.1} s, of which its tests ran four times.\n", took.as_secs_f64()));
}

/// The merge is there, with who made it, and has what the story is about and nothing else.
fn landed(clone: &Clone, began: &str, merge: &str) {
    assert_eq!(clone.asked(&["log", "-1", "--format=%s", merge]), "Merge story percent-signs: Take one percent sign at most");
    assert_eq!(clone.asked(&["log", "-1", "--format=%P", merge]).split(' ').count(), 2);
    let trailers = clone.asked(&["log", "-1", "--format=%(trailers)", merge]);
    assert!(trailers.contains("Baton-Run: ") && trailers.contains("Baton-Call: "), "{trailers}");
    assert_eq!(
        clone.asked(&["log", "-1", "--format=%an: %s", &format!("{merge}^2")]),
        "developer: story percent-signs: Take one percent sign at most"
    );
    clone.asked(&["merge-base", "--is-ancestor", merge, "main"]);
    assert_eq!(clone.asked(&["diff", "--name-only", began, merge]).lines().collect::<Vec<_>>(), CHANGED);
    assert_eq!(clone.asked(&["diff", "--summary", began, merge]), "", "no mode changes, and no file comes or goes");
    assert_eq!(clone.asked(&["diff", "--name-only", merge, "main"]).lines().collect::<Vec<_>>(), DOCUMENTS);
    let diff = clone.asked(&["diff", began, merge]);
    assert!(
        diff.contains("+        argument = argument.strip().removesuffix('%')") && diff.contains("+    def test_percentage(self):"),
        "{diff}"
    );
}

/// The person's checkout has moved along, and what is theirs is as it was.
fn untouched(clone: &Clone, began: &str) {
    let work = clone.work();
    assert_eq!(clone.asked(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(clone.asked(&["status", "--porcelain", "--ignored"]), "!! key.local");
    assert_eq!(fs::read_to_string(work.join("key.local")).unwrap(), "mine");
    assert_eq!(clone.asked(&["rev-parse", "origin/main"]), clone.asked(&["rev-parse", &format!("{began}^")]));
    assert_eq!(clone.asked(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]), "main");
    assert_eq!(clone.asked(&["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1);
    assert_eq!(clone.asked(&["stash", "list"]), "");
    assert_eq!(fs::read_link(work.join("links/read me")).unwrap(), Path::new("../README.rst"));
    assert!(fs::metadata(work.join("test/alltests.py")).unwrap().permissions().mode() & 0o100 != 0);
    assert_eq!(fs::read(work.join("größe \"2\".txt")).unwrap(), b"Ein Name\r\nmit allem\r\n");
}

/// What was found out on the way, and that nothing of it is left.
fn told(clone: &Clone) {
    let backlog = clone.document(&["backlog", "list", "--workspace", "workspace"]);
    assert!(backlog.to_string().contains("\"status\":\"done\""), "{backlog}");
    let runs = clone.outputs("run-tests").into_iter().filter(|output| output["outcome"] != "not-run");
    let tested: Vec<_> = runs.map(|output| output["passed"].clone()).collect();
    assert_eq!(
        tested,
        [true, false, true, false, true, true],
        "as it was, red, repaired, without the story, with the tests of before, as it lands"
    );
    let developed = clone.outputs("dev-story");
    assert_eq!(
        (developed.len(), &developed[0]["attempts"], &developed[0]["guards"]),
        (1, &Value::from(2), &Value::from(Vec::<Value>::new()))
    );
    let log = fs::read_to_string(clone.home.path().join("calls.log")).unwrap();
    for said in ["Amelia repairs", "Murat approves"] {
        assert_eq!(log.lines().filter(|line| line.ends_with(said)).count(), 1, "{said}: {log}");
    }
    assert!(docker::containers(&clone.home.path().join("data")).is_empty(), "no container is left");
}

/// All of the project's own tests, by the Python of this machine and without Baton, in a clone of what landed.
fn own_tests_pass(clone: &Clone) {
    let home = clone.home.path();
    clone.git(home, &["clone", "--quiet", "workspace", "landed"]);
    let output = Command::new("sh").args(["-c", TESTS]).current_dir(home.join("landed")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("\nOK"), "{}", &said[said.floor_char_boundary(said.len().saturating_sub(3000))..]);
    let count = said.split("Ran ").nth(1).and_then(|rest| rest.split(' ').next()).and_then(|count| count.parse::<u32>().ok());
    assert!(count.is_some_and(|count| count > 2000), "it is the whole of them: {count:?}");
}
