//! Eight stories from the backlog to the main branch: one after the other, and side by side. The model is a script that
//! takes its time, as a model does; what is compared is how much of that waiting overlaps.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use baton::{
    interfaces::RunOptions,
    interfaces::backlog::{Author, Draft, Kind, Labels},
    journal::Halt,
    kernel::{Drive, Order, package},
};
use baton_tests::host::{TestHost, person};
use serde_json::{Value, json};

use crate::table::{Quantity, Samples, Table};

const STORIES: usize = 8;
/// Sprints of each kind.
const ROUNDS: usize = 3;
/// How long the script takes for a reply, in milliseconds.
const THINKING: u64 = 300;
/// How long the project's tests take, in seconds.
const TESTING: &str = "0.5";
const LONGEST: Duration = Duration::from_secs(180);

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let (mut alone, mut together) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(sprint(1).await?);
        together.push(sprint(STORIES).await?);
    }
    let ratios = together.iter().zip(&alone).map(|(one, other)| Quantity::Ratio(one.as_secs_f64() / other.as_secs_f64()));
    let ratios = Samples::new(ratios);
    table.add("eight stories landed, one after the other", &Samples::of_times(alone), None);
    table.add("eight stories landed, side by side", &Samples::of_times(together), None);
    table.add("side by side, to one after the other", &ratios, None);
    Ok(())
}

/// How long a sprint takes from its start to its end, with so many stories at work at the same time.
async fn sprint(parallel: usize) -> Result<Duration> {
    let host = TestHost::with_settings(json!({ "sandbox": { "engine": "process" } })).await;
    let workspace = host.workspace().canonicalize()?;
    lay_out(&workspace)?;
    fs::write(host.folder.path().join("answers.yaml"), script()?)?;
    let drafts: Vec<_> = (1..=STORIES).map(draft).collect();
    let project = host.app.kernel.open_project(&workspace, &person("ada")).await?;
    host.app.backlog.put(&project.id, &drafts, &Author::Person(person("ada"))).await?;
    let order = Order {
        plugin: "sprint".to_owned(),
        kind: package::Kind::Workflow,
        input: json!({ "parallel": parallel }),
        workspace,
        options: RunOptions::default(),
        by: person("ada"),
    };
    let begun = Instant::now();
    let run = host.app.kernel.start(order).await?;
    let drive = Drive { root: Some(run.id.clone()), until_idle: true };
    tokio::time::timeout(LONGEST, host.app.kernel.drive(&drive, &Halt::default())).await??;
    let took = begun.elapsed();
    let ended = host.find(&run.id).await;
    let landed = ended.output.as_ref().and_then(|output| output["landed"].as_u64());
    ensure!(landed == Some(STORIES as u64), "not all landed: {:?}, {}", ended.state, ended.output.unwrap_or(Value::Null));
    host.app.close().await;
    Ok(took)
}

fn draft(number: usize) -> Draft {
    Draft {
        key: key(number),
        kind: Kind::Story,
        title: format!("Write part {number}"),
        body: format!("- [ ] Part {number} is there."),
        parent: None,
        after: Vec::new(),
        priority: 5,
        labels: Labels::default(),
    }
}

fn key(number: usize) -> String {
    format!("1-{number}-part")
}

fn lay_out(repository: &Path) -> Result<()> {
    fs::create_dir(repository.join("tests"))?;
    fs::write(repository.join("tests/run.sh"), format!("sleep {TESTING}\nfor case in tests/*.case; do sh \"$case\" || exit 1; done\n"))?;
    fs::write(repository.join("tests/begin.case"), "test -f tests/run.sh\n")?;
    for arguments in [&["init", "-q", "-b", "main"][..], &["add", "-A"], &["commit", "-q", "-m", "Begin"]] {
        let git = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
            .args(arguments)
            .current_dir(repository)
            .status()?;
        ensure!(git.success(), "git {arguments:?} failed");
    }
    Ok(())
}

/// Each story writes a file and a test for it; its review approves.
fn script() -> Result<String> {
    let mut rules = "rules:\n".to_owned();
    for key in (1..=STORIES).map(key) {
        write!(
            rules,
            "  - name: {key} is written\n    delay-ms: {THINKING}\n    when: {{ plugin: amelia, turn: 0, contains: \"Develop story {key}\" }}\n    calls:\n\
             \x20     - {{ name: write_file, arguments: {{ path: \"{key}.txt\", content: \"{key}\\n\" }} }}\n\
             \x20     - {{ name: write_file, arguments: {{ path: \"tests/{key}.case\", content: \"test -f {key}.txt\\n\" }} }}\n\
             \x20 - name: {key} is told\n    delay-ms: {THINKING}\n    when: {{ plugin: amelia, turn: 1, contains: \"Develop story {key}\" }}\n\
             \x20   json: {{ summary: \"It is there.\", plan: [ write ], assumptions: [] }}\n"
        )?;
    }
    write!(
        rules,
        "  - name: approved\n    delay-ms: {THINKING}\n    when: {{ plugin: murat, contains: \"Review story\" }}\n\
         \x20   json: {{ criteria: [ {{ criterion: 1, evidence: \"The case looks for it.\", holds: \"yes\" }} ], findings: [], summary: \"It holds.\", \
         verdict: approve }}\n"
    )?;
    Ok(rules)
}
