//! A sprint whose host is killed: at every kind of write to the journal, at every single one where somebody asks for it,
//! and again and again. Whatever happens, the same lands, once, and nothing is left of how.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use baton_tests::{docker, listed, program, sweep::Sweep};
use serde_json::Value;

use super::{
    sprint::{ASKED, PROCESSES, Project, SPRINT, STORIES, Story, check, containers, document},
    sprint_pull_requests::{proposed, told_once},
};

/// Two that go side by side; whichever is second conflicts.
const TWO: &[Story] = STORIES.split_at(2).0;
/// What makes the script one in which both are developed well at the first try, so that there are fewer positions.
const AT_ONCE: &[(&str, &str)] = &[
    ("add) echo $(($2 - $3))", "add) echo $(($2 + $3))"),
    ("content: \"test \\\"$(sh ./calc multiply 2 3)\\\" = 6\\n\"", "content: \"test \\\"$(sh ./calc multiply 0 7)\\\" = 0\\n\""),
];
/// Who lands first when which answer is held up.
const HELD_UP: &[(&str, &str)] = &[("1-1-add", "Amelia has multiplied"), ("1-2-multiply", "Amelia believes it")];
/// Milliseconds that an answer is held up at first, and at most where the machine is slow.
const HOLD: (u64, u64) = (4_000, 300_000);
/// Projects at once.
const LANES: usize = 2;

/// What a sprint comes to.
#[derive(Debug, PartialEq)]
struct Landed {
    /// The files of the branch.
    tree: String,
    /// Its commits, but for hashes and times.
    history: String,
    /// Every item of the backlog with its status.
    backlog: Vec<(String, String)>,
    /// What stands on every pull request.
    proposed: Vec<String>,
    /// Questions to models.
    asked: usize,
}

/// Sprints that nobody disturbed, by the story that landed first.
struct Undisturbed {
    landed: BTreeMap<String, Landed>,
    /// One of them, for its journals.
    project: Project,
    sandbox: String,
}

/// What came of killing at many positions.
#[derive(Default)]
struct Tally {
    positions: usize,
    /// Kinds of writes at which the host was killed.
    kinds: BTreeSet<String>,
    /// Calls of models that were made twice, all of them flagged.
    repeated: usize,
    failures: Vec<String>,
}

impl Undisturbed {
    async fn new(sandbox: String) -> Self {
        let mut landed = BTreeMap::new();
        let mut last = None;
        for (first, held_up) in HELD_UP {
            let (project, end) = held_up_until(first, held_up, &sandbox).await;
            assert_tidy(&project);
            landed.insert((*first).to_owned(), end);
            last = Some(project);
        }
        Self { landed, project: last.unwrap(), sandbox }
    }

    /// For every kind of write, how many of it there are in the journals of the sprint.
    fn kinds(&self) -> BTreeMap<String, u64> {
        let mut kinds = BTreeMap::new();
        for run in self.project.runs() {
            let journal = document(&self.project.baton(&["runs", "journal", listed::id(&run), "-o", "json"]).exits(0));
            for entry in journal["entries"].as_array().unwrap() {
                let intended = !matches!(entry["effect"].as_str(), Some("read" | "emit"));
                for state in ["intended", "done"].iter().skip(usize::from(!intended)) {
                    *kinds.entry(format!("{} {state}", entry["call"].as_str().unwrap())).or_default() += 1;
                }
            }
        }
        kinds
    }

    /// Kills a sprint at a position, has it resumed, and compares its end; none when the sprint ends before that.
    async fn rehearsed(&self, position: &str) -> Result<Option<(String, usize)>, String> {
        let project = of_two(&self.sandbox).await;
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let kind = project.killed_at(project.command(SPRINT), position)?;
            let run = project.run().unwrap();
            let resumed = document(&project.baton(&["runs", "resume", listed::id(&run), "-o", "json"]).exits(0));
            Some((kind, self.check(&project, &resumed)))
        }));
        ended.map_err(|panic| {
            let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
            format!("killed after write {position}, kept in {}: {}", project.home.keep().display(), said.unwrap_or_default())
        })
    }

    /// Kills at all positions that there are, each time a sprint of its own.
    async fn killed_at_each(&self, positions: impl Iterator<Item = String> + Send) -> Tally {
        let (positions, tally) = (Mutex::new(positions), Mutex::new(Tally::default()));
        let runtime = tokio::runtime::Handle::current();
        let lane = || {
            while let Some(position) = { positions.lock().unwrap().next() } {
                let rehearsed = runtime.block_on(self.rehearsed(&position));
                let mut tally = tally.lock().unwrap();
                match rehearsed {
                    Ok(None) => continue,
                    Ok(Some((kind, repeated))) => {
                        tally.kinds.extend(kind.lines().map(str::to_owned));
                        tally.repeated += repeated;
                    }
                    Err(failure) => {
                        println!("{failure}");
                        tally.failures.push(failure);
                    }
                }
                tally.positions += 1;
                if tally.positions.is_multiple_of(25) {
                    println!("{} positions, {} failures, now at {position}", tally.positions, tally.failures.len());
                }
            }
        };
        std::thread::scope(|scope| (0..LANES).for_each(|_| drop(scope.spawn(lane))));
        tally.into_inner().unwrap()
    }

    /// The sprint has come to what it comes to undisturbed, and paid for nothing twice but what was in flight. Returns how
    /// much that was.
    fn check(&self, project: &Project, resumed: &Value) -> usize {
        let (first, landed) = project.landed();
        assert_eq!(Some(&landed), self.landed.get(&first));
        assert_tidy(project);
        let asked: Vec<_> = project.asked().into_iter().map(|(key, _)| key).collect();
        let twice = asked.len() - landed.asked;
        assert!(twice <= TWO.len(), "of each story at most the call in flight is made again: {asked:?}");
        let flagged = resumed["tally"]["repeated_model_calls"].as_u64().unwrap();
        assert!(flagged >= twice as u64, "{twice} calls were made twice and {flagged} flagged");
        twice
    }
}

impl Project {
    /// Kills the host that a command starts at a position of the journal: after so many writes, or so many of a kind. The
    /// kind of what it was about to write; none where it came to its end before that.
    fn killed_at(&self, mut command: Command, position: &str) -> Option<String> {
        let frozen = self.home.path().join("data/frozen");
        let _ = fs::remove_file(&frozen);
        let silent = command.env("BATON_FREEZE_AFTER_WRITES", position).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = silent.spawn().unwrap();
        let stands = program::wait_until(&mut child, || frozen.exists());
        // What the write before handed to the disk without waiting for it gets the time to arrive.
        std::thread::sleep(Duration::from_millis(15));
        child.kill().unwrap();
        child.wait().unwrap();
        stands.then(|| fs::read_to_string(frozen).unwrap())
    }

    /// Begins the sprint or continues it.
    fn begin_or_resume(&self) -> Command {
        match self.run() {
            Some(run) => self.command(&["runs", "resume", listed::id(&run)]),
            None => self.command(SPRINT),
        }
    }

    fn runs(&self) -> Vec<Value> {
        listed::runs(&self.baton(&["runs", "list", "--all", "--limit", "1000", "-o", "json"]).exits(0))
    }

    /// Which story landed first, and all that came of the sprint. Every commit and merge of it was made by one call, once.
    fn landed(&self) -> (String, Landed) {
        let calls = self.git(&["log", "--all", "--format=%(trailers:key=Baton-Call,valueonly,separator=%x2C)"]);
        let calls: Vec<_> = calls.lines().filter(|call| !call.is_empty()).collect();
        assert_eq!(calls.len(), calls.iter().collect::<HashSet<_>>().len(), "a call has committed twice: {calls:?}");
        let history = self.git(&["log", "--topo-order", "--reverse", "--format=%an, %cn: %s", "main"]);
        let merges: Vec<_> = history.lines().filter_map(|line| line.split_once("Merge story ")?.1.split(':').next()).collect();
        assert_eq!(merges.len(), TWO.len(), "each story lands once: {history}");
        let asked: HashSet<_> = self.asked().into_iter().map(|(key, _)| key).collect();
        let backlog = document(&self.baton(&["backlog", "list", "--workspace", "workspace", "-o", "json"]).exits(0));
        let word = |item: &Value, name: &str| item[name].as_str().unwrap_or_else(|| panic!("{name}: {item}")).to_owned();
        let backlog = backlog["items"].as_array().unwrap().iter().map(|item| (word(item, "key"), word(item, "status"))).collect();
        let tree = self.git(&["rev-parse", "main^{tree}"]);
        (merges[0].to_owned(), Landed { tree, history: history.clone(), backlog, proposed: proposed(self), asked: asked.len() })
    }
}

/// A sprint that nobody disturbs, in which one story lands first since an answer for the other is held up.
async fn held_up_until(first: &str, held_up: &str, sandbox: &str) -> (Project, Landed) {
    let (mut hold, longest) = HOLD;
    while hold < longest {
        let project = of_two(sandbox).await;
        let rule = format!("- name: {held_up}\n");
        rewrite(&project, &[(&rule, &format!("{rule}    delay-ms: {hold}\n"))]);
        let _summary = project.baton(SPRINT).exits(0);
        let (came_first, end) = project.landed();
        if came_first == first {
            return (project, end);
        }
        hold *= 4;
    }
    panic!("{first} does not land first, however long the other is held up");
}

async fn of_two(sandbox: &str) -> Project {
    let project = Project::with(TWO, sandbox).await;
    rewrite(&project, AT_ONCE);
    project
}

/// Says something else in the script, each time in one place.
fn rewrite(project: &Project, changes: &[(&str, &str)]) {
    let script = project.home.path().join("replies.yaml");
    let mut rules = fs::read_to_string(&script).unwrap();
    for (from, to) in changes {
        assert_eq!(rules.matches(from).count(), 1, "{from}");
        rules = rules.replace(from, to);
    }
    fs::write(script, rules).unwrap();
}

/// Nothing is left of a sprint but what it has landed.
fn assert_tidy(project: &Project) {
    assert_eq!(project.git(&["for-each-ref", "--format=%(refname:short)", "refs/heads"]), "main");
    let unfinished: Vec<_> = project.runs().into_iter().filter(|run| run["state"] != "succeeded").collect();
    assert_eq!(unfinished, Vec::<Value>::new());
    assert_clean(project, "at the end");
}

/// No container is left, no worktree, and nothing that a call had beside it.
fn assert_clean(project: &Project, when: &str) {
    assert_eq!(project.git(&["status", "--porcelain"]), "", "{when}");
    assert_eq!(project.git(&["worktree", "list", "--porcelain"]).matches("worktree ").count(), 1, "{when}");
    let data = project.home.path().join("data");
    assert_eq!(leftovers(&data.join("worktrees")), Vec::<PathBuf>::new(), "{when}");
    assert_eq!(leftovers(&project.work().join(".git")), Vec::<PathBuf>::new(), "{when}");
    if !fs::read_to_string(project.home.path().join("baton.toml")).unwrap().contains("process") {
        assert_eq!(docker::containers(&data), Vec::<String>::new(), "{when}");
    }
}

/// Worktrees that are in use, and what a call that was cut off had beside the files of git.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let of_a_worktree = name.starts_with("files-") || (name == "branch" && path.is_file());
        if of_a_worktree || [".lock", ".new-", "ThreadId", ".discarded"].iter().any(|part| name.contains(part)) {
            left.push(path);
        } else if path.is_dir() && !path.is_symlink() {
            left.extend(leftovers(&path));
        }
    }
    left
}

/// Each kind of write once, and not always its first. Not the last ones either: who lands first makes a few more or less.
fn of_each_kind(kinds: &BTreeMap<String, u64>) -> Vec<String> {
    let place = |(number, (kind, count)): (usize, (&String, &u64))| format!("{} {kind}", number as u64 % count.div_ceil(2));
    kinds.iter().enumerate().map(place).collect()
}

fn assert_failed_nowhere(tally: &Tally) {
    println!(
        "killed at {} positions of {} kinds; {} calls in flight were made again, all flagged",
        tally.positions,
        tally.kinds.len(),
        tally.repeated
    );
    assert!(tally.failures.is_empty(), "{} of {} positions:\n{}", tally.failures.len(), tally.positions, tally.failures.join("\n\n"));
}

/// Every position of the sweep, which is all of them where the environment does not say otherwise. Each takes seconds, so they
/// are tried in rounds: one that is ended early has been everywhere.
async fn killed_everywhere(sandbox: String) {
    const ROUNDS: usize = 8;
    let undisturbed = Undisturbed::new(sandbox).await;
    let writes = usize::try_from(undisturbed.kinds().values().sum::<u64>()).unwrap();
    println!("{writes} writes");
    let positions = Sweep::new(1).sample(0..writes);
    let round = |round| positions.iter().skip(round).step_by(ROUNDS).map(ToString::to_string);
    let tally = undisturbed.killed_at_each((0..ROUNDS).flat_map(round)).await;
    assert_failed_nowhere(&tally);
    // What is merged in which batch makes a few writes more or less.
    assert!(tally.positions * 100 > positions.len() * 95, "{} of {}", tally.positions, positions.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_kind_of_write_the_same_lands_once() {
    let undisturbed = Undisturbed::new(PROCESSES.to_owned()).await;
    let kinds = undisturbed.kinds();
    let (sweep, all) = (Sweep::new(8), of_each_kind(&kinds));
    let positions = sweep.sample(all);
    println!("{positions:?}");
    let tally = undisturbed.killed_at_each(positions.clone().into_iter()).await;
    assert_failed_nowhere(&tally);
    let expected = sweep.sample(kinds.into_keys()).into_iter().collect();
    assert_eq!((tally.positions, &tally.kinds), (positions.len(), &expected), "each is there to be killed at");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cancels_instead_of_resuming_finds_nothing_of_it_left() {
    let real = docker::ready();
    let project = of_two(&if real { containers() } else { PROCESSES.to_owned() }).await;
    let before = project.git(&["rev-parse", "main"]);
    // The first command tests the branch as it is, before any story is begun.
    for position in ["1 sandbox.execute intended", "1 sandbox.execute done", "0 git.commit done"] {
        let _kind = project.killed_at(project.command(SPRINT), position).unwrap();
        let run = project.run().unwrap();
        project.git(&["branch", "story/mine"]);
        let _cancelled = project.baton(&["runs", "cancel", listed::id(&run)]).exits(0);
        assert!(project.runs().iter().all(|run| run["state"] == "cancelled" || run["state"] == "succeeded"), "{:?}", project.runs());
        assert_clean(&project, position);
        // What is committed stays, and so does what is no run's.
        assert_eq!(project.git(&["branch", "--list", "--merged", "main", "--format=%(refname:short)"]), "main\nstory/mine", "{position}");
        assert_eq!(project.git(&["rev-parse", "main"]), before);
        project.git(&["branch", "--delete", "--quiet", "story/mine"]);
        for story in TWO {
            let _again = project.baton(&["backlog", "move", story.0, "todo", "--workspace", "workspace"]).exits(0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "every journal position takes the better part of an hour: `just kill-everywhere`"]
async fn killed_everywhere_with_processes() {
    killed_everywhere(PROCESSES.to_owned()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "every journal position takes hours: `just kill-everywhere`"]
async fn killed_everywhere_with_containers() {
    if docker::ready() {
        killed_everywhere(containers()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_a_sprint_comes_to_the_same_end() {
    let real = docker::ready();
    let project = Project::new(&if real { containers() } else { PROCESSES.to_owned() }).await;
    let mut kills = 0;
    while project.killed_at(project.begin_or_resume(), &(31 + kills % 11).to_string()).is_some() {
        kills += 1;
        assert!(kills < 120, "it does not come forward");
    }
    assert!(kills > 10, "{kills} kills are too few to say anything");
    let run = project.run().unwrap();
    assert_eq!(run["state"], "succeeded", "{run}");
    let shown = document(&project.baton(&["runs", "show", listed::id(&run), "-o", "json"]).exits(0));
    check(&project, &shown["output"]);
    told_once(&project, &shown["output"]);
    assert_tidy(&project);
    let asked = project.asked();
    let once: HashSet<_> = asked.iter().map(|(key, _)| key).collect();
    assert_eq!(once.len(), ASKED, "no story is done twice");
    assert!((asked.len() - once.len()) as u64 <= kills, "at most the call in flight is made again");
}
