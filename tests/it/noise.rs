//! Noise: five stories are developed while replies are spoiled and lines fail. Two seeds run with all tests; `just noise` runs twenty
//! at each rate and prints the table of `docs/benchmarks.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use baton_tests::{
    listed,
    model_server::{Exchange, Hooks, ModelServer, Refusal, noise::Noise},
    program,
};
use serde_json::Value;

use super::sprint::{OVER_HTTP, PROCESSES, Project, Story};

const STORIES: &[Story] = &[
    ("1-1-add", "Add two numbers", &[]),
    ("1-2-subtract", "Subtract two numbers", &[]),
    ("1-3-multiply", "Multiply two numbers", &[]),
    ("1-4-double", "Double a number", &[]),
    ("1-5-square", "Square a number", &["1-3-multiply"]),
];

/// What each of them makes of `lib/NAME.sh`, and what its test expects: of `4 3`.
const WORK: &[(&str, &str, u32)] =
    &[("add", "$1 + $2", 7), ("subtract", "$1 - $2", 1), ("multiply", "$1 * $2", 12), ("double", "2 * $1", 8), ("square", "$1 * $1", 16)];

/// Requests of one sprint after which something goes round in circles. Undisturbed it takes 25.
const MOST_REQUESTS: usize = 400;
/// Percent of the stories that have to land without a person, at rates up to each.
const REACH: [(f64, usize); 3] = [(0.0, 100), (0.1, 95), (0.25, 80)];
/// Longest sprint.
const LONGEST: Duration = Duration::from_secs(240);

/// What became of one sprint.
struct Outcome {
    seed: u64,
    rate: f64,
    landed: usize,
    requests: usize,
    dollars: f64,
    took: Duration,
    ways: BTreeMap<&'static str, usize>,
    /// What kept stories from landing.
    reasons: Vec<String>,
    /// What must never be.
    violations: Vec<String>,
}

#[test]
fn noise_brings_no_endless_loop_no_red_main_and_no_lie() {
    for (seed, rate) in [(1, 0.1), (2, 0.25)] {
        let outcome = sprint(seed, rate);
        assert_eq!(outcome.violations, [""; 0], "{}", outcome.told());
    }
}

/// `just noise`: BATON_NOISE_SEEDS sprints at each rate, from BATON_NOISE_FIRST on, BATON_NOISE_AT_ONCE of them side by side.
#[test]
#[ignore = "takes a quarter of an hour"]
fn noise_is_measured() {
    let number = |name: &str, usual: u64| env::var(name).map_or(usual, |text| text.parse().unwrap());
    let (first, seeds) = (number("BATON_NOISE_FIRST", 1), number("BATON_NOISE_SEEDS", 20));
    let rates = env::var("BATON_NOISE_RATES").unwrap_or_else(|_| "0,0.1,0.25".to_owned());
    let rates: Vec<f64> = rates.split(',').map(|rate| rate.parse().unwrap()).collect();
    let wanted: Vec<_> = rates.iter().flat_map(|rate| (first..first + seeds).map(move |seed| (seed, *rate))).collect();
    let (next, done) = (Mutex::new(wanted.into_iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..number("BATON_NOISE_AT_ONCE", 3) {
            scope.spawn(|| {
                let take = || next.lock().unwrap().next();
                while let Some((seed, rate)) = take() {
                    let outcome = sprint(seed, rate);
                    println!("{}", outcome.told());
                    done.lock().unwrap().push(outcome);
                }
            });
        }
    });
    let outcomes = done.into_inner().unwrap();
    println!("\n{}", table(&outcomes, &rates));
    let violations: Vec<_> = outcomes.iter().flat_map(|outcome| &outcome.violations).collect();
    assert!(violations.is_empty(), "{violations:#?}");
    for rate in rates {
        let of_rate = || outcomes.iter().filter(|outcome| outcome.rate.total_cmp(&rate).is_eq());
        let (landed, all) = (of_rate().map(|outcome| outcome.landed).sum::<usize>(), of_rate().count() * STORIES.len());
        let reach = REACH.iter().find(|(up_to, _)| rate <= *up_to).map_or(0, |(_, percent)| *percent);
        assert!(landed * 100 >= reach * all, "{landed} of {all} stories landed at a rate of {rate}; {reach} % are to be reached");
    }
}

fn sprint(seed: u64, rate: f64) -> Outcome {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let project = runtime.block_on(Project::with(STORIES, PROCESSES));
    lay_out(&project);
    let script = project.home.path().join("replies.yaml");
    fs::write(&script, rules()).unwrap();
    let check = |seen: &baton_tests::model_server::Seen<'_>| {
        let message = format!("There were {MOST_REQUESTS} requests already.");
        if seen.earlier < MOST_REQUESTS { Ok(()) } else { Err(Refusal { status: "400 Bad Request", message }) }
    };
    let server = ModelServer::start(&script, Hooks { check: Some(Box::new(check)), spoil: Some(Noise { seed, rate }.hook()) });
    project.asks(&server);
    let began = Instant::now();
    let ended = run(&project);
    let took = began.elapsed();
    let outcome = judge(&project, &server.exchanges(), ended.as_ref());
    Outcome { seed, rate, took, ..outcome }
}

/// Files in which no two stories meet.
fn lay_out(project: &Project) {
    fs::create_dir(project.work().join("lib")).unwrap();
    for (name, ..) in WORK {
        fs::write(project.work().join(format!("lib/{name}.sh")), format!("# {name} of the calculator\n{}\n", old(name))).unwrap();
    }
    project.git(&["add", "--all"]);
    project.git(&["commit", "--quiet", "--message=Leave room for five commands"]);
}

fn old(name: &str) -> String {
    format!("echo \"{name} does not work yet\" >&2; exit 3")
}

/// The sprint's process, or none where it had to be ended.
fn run(project: &Project) -> Option<program::Ended> {
    let mut command = project.command(OVER_HTTP);
    let (out, err) = (project.home.path().join("out.txt"), project.home.path().join("err.txt"));
    command.stdout(fs::File::create(&out).unwrap()).stderr(fs::File::create(&err).unwrap()).stdin(Stdio::null());
    let (mut child, began) = (command.spawn().unwrap(), Instant::now());
    while began.elapsed() < LONGEST {
        if let Some(status) = child.try_wait().unwrap() {
            let text = |path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            return Some(program::Ended { code: status.code(), stdout: text(&out), stderr: text(&err) });
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

fn judge(project: &Project, exchanges: &[Exchange], ended: Option<&program::Ended>) -> Outcome {
    let mut violations = Vec::new();
    let log = project.git(&["log", "--first-parent", "--format=%s", "main"]);
    let landed: BTreeSet<_> = STORIES.iter().map(|story| story.0).filter(|key| log.contains(&format!("Merge story {key}"))).collect();
    match ended {
        None => violations.push(format!("It did not end within {} s.", LONGEST.as_secs())),
        Some(ended) if !matches!(ended.code, Some(0 | 3)) => violations.push(format!("Exit code {:?}: {}", ended.code, ended.stderr)),
        Some(_) => {}
    }
    if exchanges.len() >= MOST_REQUESTS {
        violations.push(format!("It asked {MOST_REQUESTS} times."));
    }
    let tested = Command::new("sh").arg("tests/run.sh").current_dir(project.work()).output().unwrap();
    if !tested.status.success() || !project.git(&["status", "--porcelain"]).is_empty() {
        violations.push(format!("Main is red or dirty: {}", String::from_utf8_lossy(&tested.stdout)));
    }
    violations.extend(lies(project, ended, &landed));
    let refused = exchanges.iter().filter_map(|exchange| exchange.refused.as_ref());
    violations.extend(refused.filter(|_| exchanges.len() < MOST_REQUESTS).map(|reason| format!("The script has no reply: {reason}")));
    let tally = project.run().map(|run| run["tally"].clone()).unwrap_or_default();
    let mut ways = BTreeMap::new();
    exchanges.iter().filter_map(|exchange| exchange.way).for_each(|way| *ways.entry(way).or_default() += 1);
    Outcome {
        seed: 0,
        rate: 0.0,
        landed: landed.len(),
        requests: exchanges.len(),
        dollars: tally["cost_usd"].as_f64().unwrap_or(f64::NAN),
        took: Duration::ZERO,
        ways,
        reasons: reasons(project, ended),
        violations,
    }
}

/// What is said to be done and is not, and what landed and does not do what it should.
fn lies(project: &Project, ended: Option<&program::Ended>, landed: &BTreeSet<&str>) -> Vec<String> {
    let summary: Value = ended.and_then(|ended| serde_json::from_str(&ended.stdout).ok()).unwrap_or_default();
    let told = summary["stories"].as_array().into_iter().flatten().filter(|story| story["outcome"] == "landed");
    let mut lies: Vec<_> = told
        .filter_map(|story| story["key"].as_str())
        .filter(|key| !landed.contains(key))
        .map(|key| format!("{key} is said to have landed and is not on main."))
        .collect();
    for ((key, ..), (name, _, expected)) in STORIES.iter().zip(WORK).filter(|(story, _)| landed.contains(story.0)) {
        let said = Command::new("sh").args([&format!("lib/{name}.sh"), "4", "3"]).current_dir(project.work()).output().unwrap();
        let has_test = project.work().join(format!("tests/{name}.case")).is_file();
        if String::from_utf8_lossy(&said.stdout).trim() != expected.to_string() || !has_test {
            lies.push(format!("{key} landed and does not work, or has no test."));
        }
    }
    lies
}

/// Why stories did not land: what paused or failed, in its own words.
fn reasons(project: &Project, ended: Option<&program::Ended>) -> Vec<String> {
    let mut reasons = Vec::new();
    let summary: Value = ended.and_then(|ended| serde_json::from_str(&ended.stdout).ok()).unwrap_or_default();
    for story in summary["stories"].as_array().into_iter().flatten().filter(|story| story["outcome"] != "landed") {
        reasons.push(format!("{} {}: {}", story["key"], story["outcome"], story["reason"]));
    }
    let root = project.run().map(|run| listed::id(&run).to_owned()).unwrap_or_default();
    let shown = project.baton(&["runs", "show", &root, "-o", "json"]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap_or_default();
    let stopped = |run: &&Value| run["state"] == "paused" || run["state"] == "failed";
    for run in shown["runs"].as_array().into_iter().flatten().filter(stopped) {
        reasons.push(format!("{} {}: {}", run["plugin"], run["state"], run["reason"]));
    }
    reasons
}

impl Outcome {
    fn told(&self) -> String {
        let Self { seed, rate, landed, requests, dollars, .. } = self;
        let (took, ways) = (self.took.as_secs(), &self.ways);
        let mut told = format!(
            "seed {seed} at {rate}: {landed} of {} landed, {requests} requests, {dollars:.4} dollars, {took} s, {ways:?}",
            STORIES.len()
        );
        for line in self.reasons.iter().map(|reason| format!("\n    {reason}")) {
            told.push_str(&line);
        }
        for line in self.violations.iter().map(|violation| format!("\n    NEVER: {violation}")) {
            told.push_str(&line);
        }
        told
    }
}

/// A row for each rate. Replies and dollars are those of all sprints of a rate by the stories that landed in them, so that a
/// story that stops early makes the others no cheaper.
fn table(outcomes: &[Outcome], rates: &[f64]) -> String {
    let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
    let (replies, dollars) = Row::of(outcomes, least).by_story();
    let mut table = "| replies disturbed | sprints | stories landed | sprints in which all landed | replies by story | more | dollars by story | more | seconds by sprint |\n\
                     |--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        .to_owned();
    for rate in rates.iter().copied() {
        let row = Row::of(outcomes, rate);
        let (landed, whole, (more_replies, more_dollars)) = (row.landed(), row.whole(), row.by_story());
        let more = |figure: f64, base: f64| 100.0 * (figure / base - 1.0);
        writeln!(
            table,
            "| {:.0} % | {} | {landed:.0} % | {whole:.0} % | {more_replies:.1} | {:+.0} % | {more_dollars:.4} | {:+.0} % | {:.0} |",
            100.0 * rate,
            row.0.len(),
            more(more_replies, replies),
            more(more_dollars, dollars),
            row.seconds()
        )
        .unwrap();
    }
    table
}

/// The sprints of one rate.
struct Row<'a>(Vec<&'a Outcome>);

impl<'a> Row<'a> {
    fn of(outcomes: &'a [Outcome], rate: f64) -> Self {
        Self(outcomes.iter().filter(|outcome| outcome.rate == rate).collect())
    }

    fn sum(&self, figure: impl Fn(&Outcome) -> f64) -> f64 {
        self.0.iter().map(|outcome| figure(outcome)).sum()
    }

    /// Percent of all stories.
    fn landed(&self) -> f64 {
        100.0 * self.sum(|outcome| outcome.landed as f64) / (self.0.len() * STORIES.len()) as f64
    }

    /// Percent of all sprints.
    fn whole(&self) -> f64 {
        100.0 * self.sum(|outcome| f64::from(u8::from(outcome.landed == STORIES.len()))) / self.0.len() as f64
    }

    fn by_story(&self) -> (f64, f64) {
        let landed = self.sum(|outcome| outcome.landed as f64);
        (self.sum(|outcome| outcome.requests as f64) / landed, self.sum(|outcome| outcome.dollars) / landed)
    }

    fn seconds(&self) -> f64 {
        self.sum(|outcome| outcome.took.as_secs_f64()) / self.0.len() as f64
    }
}

/// What the models say. A story begins with turns; whatever comes back is told apart by its task, and its end by what the
/// tests said after it.
fn rules() -> String {
    let mut rules = "rules:\n".to_owned();
    let done = |summary: &str| format!("{{ summary: \"{summary}\", plan: [ work, test ], assumptions: [] }}");
    for ((key, ..), (name, does, expected)) in STORIES.iter().zip(WORK) {
        let (new, test) = (format!("echo $(({does}))"), format!("test \\\"$(sh ./lib/{name}.sh 4 3)\\\" = {expected}\\n"));
        let at_once = format!(
            "printf '# {name} of the calculator\\\\n%s\\\\n' '{new}' > lib/{name}.sh; printf 'test \\\"$(sh ./lib/{name}.sh 4 3)\\\" = {expected}\\\\n' > tests/{name}.case; sh tests/run.sh"
        );
        let (old, done) = (old(name).replace('"', "\\\""), done("It works and is tested."));
        for task in ["Repair", "Change"] {
            let story = format!("{task} story {key}");
            writeln!(
                rules,
                "  - {{ name: {name} is right, when: {{ plugin: amelia, matches: \"(?s){story}.*all green\" }}, json: {done} }}"
            )
            .unwrap();
            writeln!(rules, "  - {{ name: {name} again, when: {{ plugin: amelia, contains: \"{story}\" }}, calls: [ {{ name: run_command, arguments: {{ command: \"{at_once}\" }} }} ] }}").unwrap();
        }
        let criterion = format!(
            "{{ criterion: 1, evidence: The case fails without it., path: lib/{name}.sh, line: 2, test: tests/{name}.case, holds: \"yes\" }}"
        );
        let approved = format!("{{ criteria: [ {criterion} ], findings: [], summary: It holds and is tested., verdict: approve }}");
        writeln!(
            rules,
            "  - {{ name: {name} is approved, when: {{ plugin: murat, contains: \"Review story {key}\" }}, json: {approved} }}"
        )
        .unwrap();
        let story = format!("plugin: amelia, contains: \"Develop story {key}\"");
        writeln!(rules, "  - {{ name: {name} is read, when: {{ {story}, turn: 0 }}, calls: [ {{ name: read_file, arguments: {{ path: lib/{name}.sh }} }} ] }}").unwrap();
        writeln!(rules, "  - name: {name} is written\n    when: {{ {story}, turn: 1 }}\n    calls:").unwrap();
        writeln!(rules, "      - {{ name: edit_file, arguments: {{ path: lib/{name}.sh, old: \"{old}\", new: \"{new}\" }} }}").unwrap();
        writeln!(rules, "      - {{ name: write_file, arguments: {{ path: tests/{name}.case, content: \"{test}\" }} }}").unwrap();
        writeln!(rules, "  - {{ name: {name} is tested, when: {{ {story}, turn: 2 }}, calls: [ {{ name: run_command, arguments: {{ command: sh tests/run.sh }} }} ] }}").unwrap();
        writeln!(rules, "  - {{ name: {name} is done, when: {{ {story} }}, json: {done} }}").unwrap();
    }
    rules.push_str("  - { name: decided, when: { plugin: decide }, json: { answer: Try again, reasoning: It is nearly done., quote: \"\", clarity: 1, sufficiency: 1 } }\n");
    rules
}
