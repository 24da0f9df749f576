//! `baton plugin plan`: what the engine understands of a workflow folder. Runs nothing of it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context,
        exit::Exit,
        screen::{BAD, FAINT, STRONG, WARNING, painted},
        text,
    },
    operations::{
        Access,
        plugins::{self, FolderFinding, FoundSeverity, PlannedCondition, PlannedFlow, PlannedStatement, PlannedStep, WorkflowPlan},
    },
};

/// Characters of an instruction that a line shows.
const EXCERPT: usize = 72;
/// Names of variables that a line lists.
const MOST_NAMES: usize = 12;

/// Show what Baton understands of a workflow folder: steps, conditions, outputs, invocations and defects
///
/// Each condition names who decides it: Baton, the agent, or Baton where the variable, file or status that the condition
/// needs exists, and otherwise the agent. Exits with code 1 if the folder cannot be run.
#[derive(Debug, Args)]
pub(in crate::cli) struct Plan {
    /// A workflow folder, or the name or .wasm file of a plugin that one was packed into
    #[arg(value_name = "DIR|NAME|FILE")]
    source: String,
    /// Directory of the project whose configuration the folder reads
    #[arg(long, value_name = "DIR", default_value = ".")]
    workspace: PathBuf,
}

impl Plan {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let folder = Path::new(&self.source);
        let plan = if folder.is_dir() {
            plugins::plan_folder(folder, &self.workspace)?
        } else {
            plugins::plan_plugin(&context.open(Access::Look).await?, &self.source, &self.workspace)?
        };
        if context.screen.is_json() {
            context.screen.document(&plan)?;
        } else {
            context.screen.answer(describe(&plan))?;
        }
        Ok(if plan.runnable { Exit::Done } else { Exit::Failed })
    }
}

fn describe(plan: &WorkflowPlan) -> String {
    let mut lines = vec![painted(STRONG, text::line(&plan.name))];
    lines.extend(Some(text::line(&plan.description)).filter(|description| !description.is_empty()));
    lines.extend(describe_whole(plan));
    for file in &plan.files {
        lines.push(format!("\n{}", painted(STRONG, text::escaped(&file.file))));
        file.steps.iter().for_each(|step| add_step(step, 1, &mut lines));
    }
    lines.push(format!("\n{}", describe_decisions(plan)));
    lines.extend(describe_unset(plan));
    if !plan.needs.is_empty() {
        lines.push(format!("\n{}", needs(plan)));
    }
    lines.extend(describe_findings(&plan.findings, plan.findings_omitted));
    lines.join("\n")
}

fn describe_whole(plan: &WorkflowPlan) -> Vec<String> {
    let mut lines = Vec::new();
    lines.push(match (&plan.agent, plan.runnable) {
        (Some(agent), true) => format!("Runs with `{}`, which is an agent or a slot.", text::escaped(agent)),
        (None, true) => "It can be run, but not packed.".to_owned(),
        (_, false) => painted(BAD, "It cannot be run."),
    });
    if let Some(document) = &plan.document {
        let file = document.file.as_deref().map_or_else(|| "a document".to_owned(), text::escaped);
        let template = document.template.as_deref().map(|path| format!(" from {}", text::escaped(path)));
        let checked =
            plan.checklist.as_ref().map(|list| format!(", checked against the {} items of {}", list.items, text::escaped(&list.file)));
        lines.push(format!("Writes {file}{}{}.", template.unwrap_or_default(), checked.unwrap_or_default()));
    }
    let list = |names: &[String]| names.iter().map(|name| text::line(name)).collect::<Vec<_>>().join(", ");
    if !plan.workflows.is_empty() {
        lines.push(format!("Starts the workflows {}.", list(&plan.workflows)));
    }
    if !plan.tasks.is_empty() {
        lines.push(format!("Performs the tasks {}.", list(&plan.tasks)));
    }
    lines
}

fn add_step(step: &PlannedStep, depth: usize, lines: &mut Vec<String>) {
    let mut marks: Vec<String> = Vec::new();
    marks.extend(step.optional.then(|| "optional".to_owned()));
    marks.extend(step.repeat.as_deref().map(|until| format!("repeated {}", text::line(until))));
    marks.extend(step.condition.as_ref().map(describe_condition));
    marks.extend((!step.reachable).then(|| painted(WARNING, "unreachable")));
    let marks = if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) };
    let indent = "  ".repeat(depth);
    let line = painted(FAINT, format!("line {}", step.line));
    lines.push(format!("{indent}Step {} {}{marks}  {line}", text::line(&step.id), text::line(&step.title)));
    add_body(&step.body, depth + 1, lines);
}

/// Instructions that follow each other go to the agent together, so that they are one line here.
fn add_body(body: &[PlannedStatement], depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    let mut instructions: Vec<&PlannedStatement> = Vec::new();
    for statement in body {
        if is_instruction(statement) {
            instructions.push(statement);
            continue;
        }
        add_instructions(&mut instructions, &indent, lines);
        if let Some(step) = &statement.step {
            add_step(step, depth, lines);
            continue;
        }
        let condition = statement.condition.as_ref().map(|condition| format!(" ({})", describe_condition(condition)));
        let condition = condition.filter(|_| statement.kind != "check").unwrap_or_default();
        lines.push(format!("{indent}{}{condition}", describe_statement(statement)));
        lines.extend(statement.flow.iter().map(|flow| format!("{indent}  {}", describe_flow(flow))));
        add_body(&statement.body, depth + 1, lines);
    }
    add_instructions(&mut instructions, &indent, lines);
}

fn is_instruction(statement: &PlannedStatement) -> bool {
    let is_text = ["text", "action", "context", "search"].contains(&statement.kind.as_str());
    is_text && statement.condition.is_none() && statement.flow.is_empty() && statement.body.is_empty()
}

fn add_instructions(instructions: &mut Vec<&PlannedStatement>, indent: &str, lines: &mut Vec<String>) {
    if let Some(first) = instructions.first() {
        let more = match instructions.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        lines.push(format!("{indent}agent: {}{more}", text::excerpt(&first.text, EXCERPT)));
    }
    instructions.clear();
}

fn describe_statement(statement: &PlannedStatement) -> String {
    let excerpt = || text::excerpt(&statement.text, EXCERPT);
    let target = || text::line(statement.target.as_deref().unwrap_or_default());
    match statement.kind.as_str() {
        "check" => statement.condition.as_ref().map_or_else(|| "check".to_owned(), describe_condition),
        "for_each" => format!("for each {} in {}", text::line(statement.variable.as_deref().unwrap_or_default()), excerpt()),
        "ask" => format!("ask: {} → {}", excerpt(), text::line(statement.variable.as_deref().unwrap_or_default())),
        "output" => format!("show: {}", excerpt()),
        "template_output" => {
            let file = statement.file.as_deref().map(|file| format!(" to {}", text::line(file))).unwrap_or_default();
            let filled = if statement.fills.is_empty() { excerpt() } else { text::excerpt(&statement.fills.join(", "), EXCERPT) };
            format!("write: {filled}{file}")
        }
        "goto" if statement.resolves == Some(false) => format!("go to {} {}", target(), painted(WARNING, "which does not exist")),
        "goto" => format!("go to {}", target()),
        "invoke_workflow" => format!("start workflow {}", target()),
        "invoke_task" => format!("perform task {}", target()),
        "text" | "action" | "context" | "search" => format!("agent: {}", excerpt()),
        other => format!("{}: {}", other.replace('_', " "), excerpt()),
    }
}

fn describe_condition(condition: &PlannedCondition) -> String {
    let who = match condition.decided_by.as_str() {
        "evaluator" => "Baton",
        "judge" => "agent",
        _ => "Baton, else agent",
    };
    format!("if {} [{who}]", text::excerpt(&condition.text, EXCERPT))
}

fn describe_flow(flow: &PlannedFlow) -> String {
    let target = flow.target.as_deref().map(|target| format!(" {}", text::line(target))).unwrap_or_default();
    let who = if flow.certain { "Baton" } else { "agent" };
    format!("{}{target} [{who}]", text::line(&flow.kind.replace('_', " ")))
}

/// What the author of a folder should know: who decides, what is never reached, what nothing sets, and what is wrong.
pub(super) fn describe_check(plan: &WorkflowPlan) -> String {
    let mut lines = vec![describe_decisions(plan)];
    lines.extend(describe_judged(plan));
    lines.extend(
        plan.steps()
            .into_iter()
            .filter(|(_, step)| !step.reachable)
            .map(|(file, step)| format!("No path leads to step {}, line {} of {}.", text::line(&step.id), step.line, text::escaped(file))),
    );
    lines.extend(describe_unset(plan));
    lines.extend(describe_findings(&plan.findings, plan.findings_omitted));
    lines.join("\n")
}

fn describe_decisions(plan: &WorkflowPlan) -> String {
    let decisions = &plan.decisions;
    format!(
        "Conditions: {} decided by Baton, {} by Baton if it can and else by the agent, {} by the agent.",
        decisions.evaluator, decisions.evaluator_or_judge, decisions.judge
    )
}

/// The conditions that only the agent can decide, with their places.
fn describe_judged(plan: &WorkflowPlan) -> Vec<String> {
    let conditions = plan.conditions();
    let judged: Vec<_> = conditions.iter().filter(|(_, condition)| condition.decided_by == "judge").collect();
    let shown = judged.iter().take(MOST_NAMES);
    let mut lines: Vec<_> = shown
        .map(|(file, condition)| format!("  {}:{}: if {}", text::escaped(file), condition.line, text::excerpt(&condition.text, EXCERPT)))
        .collect();
    if !lines.is_empty() {
        lines.insert(0, "The agent decides".to_owned());
    }
    let more = judged.len().saturating_sub(MOST_NAMES);
    lines.extend((more > 0).then(|| format!("  and {more} more; `-o json` lists them")));
    lines
}

/// Names that nothing sets: the agent fills in those that it may.
fn describe_unset(plan: &WorkflowPlan) -> Option<String> {
    let names: Vec<_> = plan.unset.iter().filter(|unset| !unset.by_agent).map(|unset| text::line(&unset.name)).collect();
    let more = names.len().saturating_sub(MOST_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!names.is_empty()).then(|| format!("Nothing sets {}{more}.", names.iter().take(MOST_NAMES).cloned().collect::<Vec<_>>().join(", ")))
}

fn needs(plan: &WorkflowPlan) -> String {
    let lines = plan.needs.iter().map(|(kind, patterns)| {
        let patterns = patterns.iter().map(|pattern| text::escaped(pattern)).collect::<Vec<_>>().join(", ");
        format!("  {kind}: {patterns}")
    });
    format!("It asks for\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Warnings and rejections with their places; notes are counted.
pub(super) fn describe_findings(findings: &[FolderFinding], omitted: usize) -> Vec<String> {
    let notes = findings.iter().filter(|finding| finding.severity == FoundSeverity::Note).count();
    let shown = findings.iter().filter(|finding| finding.severity != FoundSeverity::Note);
    let mut lines: Vec<_> = shown.map(describe_finding).collect();
    if notes + omitted > 0 {
        lines.push(painted(FAINT, format!("{} notes; `-o json` lists them.", notes + omitted)));
    }
    if let Some(first) = lines.first_mut() {
        first.insert(0, '\n');
    }
    lines
}

fn describe_finding(finding: &FolderFinding) -> String {
    let style = if finding.severity == FoundSeverity::Rejection { BAD } else { WARNING };
    let place = match finding.line {
        Some(line) => format!("{}:{line}: ", text::escaped(&finding.file)),
        None if finding.file.is_empty() => String::new(),
        None => format!("{}: ", text::escaped(&finding.file)),
    };
    format!("{} {place}{}", painted(style, "!"), text::plain(&finding.message))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const WORKFLOW: &str =
        "name: garden\ndescription: Plans a garden\ninstructions: instructions.md\ndefault_output_file: docs/garden.md\n";
    const STEPS: &str = "<workflow>\n<step n=\"1\" goal=\"Begin\" optional=\"true\">\n<action>Look \u{1b}[2J around.</action>\n<action>Count beds.</action>\n<check if=\"the place is sunny\"><ask response=\"beds\">How many?</ask></check>\n<action>HALT</action>\n</step>\n<step n=\"2\"><template-output>soil</template-output><goto step=\"9\">Away</goto></step>\n</workflow>";

    #[test]
    fn a_plan_says_who_does_and_who_decides() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("workflow.yaml"), WORKFLOW).unwrap();
        fs::write(folder.path().join("instructions.md"), STEPS).unwrap();
        let shown = anstream::adapter::strip_str(&describe(&plugins::plan_folder(folder.path(), folder.path()).unwrap())).to_string();
        for line in [
            "garden\nPlans a garden\nRuns with `analyst`",
            "Writes docs/garden.md.",
            "  Step 1 Begin (optional)  line 2",
            "    agent: Look",
            " and 1 more\n    if the place is sunny [agent]\n      ask: How many? → beds",
            "halt [Baton]",
            "write: soil",
            "go to step 9 which does not exist",
            "  agents: analyst",
            "! instructions.md:8: The jump leads to step 9",
        ] {
            assert!(shown.contains(line), "{line}\n{shown}");
        }
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }
}
