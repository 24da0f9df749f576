//! Follows the steps of a sheet: which of them no path leads to, and which loops have no way out.

use std::collections::BTreeMap;

use super::{FlowKind, Place, Sheet, Statement, Step};
use crate::finding::{Code, Findings, Severity};

/// Marks steps that cannot be reached, and reports them and loops without end.
pub(super) fn check(sheet: &mut Sheet, findings: &mut Findings) {
    let edges = edges(sheet);
    let end = sheet.steps.len();
    let reached = spread(&edges, 0);
    for (index, step) in sheet.steps.iter_mut().enumerate() {
        if !reached[index] {
            mark(step);
            let message = format!("No path leads to step {}.", step.id);
            findings.add(Severity::Warning, Code::UnreachableStep, &sheet.file, step.line, message);
        }
    }
    let ends = spread(&turn(&edges), end);
    let endless = (0..end).find(|index| reached[*index] && !ends[*index]);
    if let Some(step) = endless.map(|index| &sheet.steps[index]) {
        let message = format!("From step {} on, the steps repeat without a way out; a run ends it at its limit.", step.id);
        findings.add(Severity::Warning, Code::EndlessLoop, &sheet.file, step.line, message);
    }
}

fn mark(step: &mut Step) {
    step.reachable = false;
    mark_in(&mut step.body);
}

fn mark_in(body: &mut [Statement]) {
    for statement in body {
        if let Statement::Step { step } = statement {
            mark(step);
        } else if let Some(body) = statement.body_mut() {
            mark_in(body);
        }
    }
}

/// Where each step may lead; the number after the last step is the end.
fn edges(sheet: &Sheet) -> Vec<Vec<usize>> {
    let places = places(sheet);
    let end = sheet.steps.len();
    let lead = |(index, step): (usize, &Step)| {
        let mut to = Vec::new();
        let mut statements = Vec::new();
        super::collect(&step.body, &mut statements);
        for statement in statements {
            if let Statement::Goto { target, .. } = statement {
                to.extend(places.get(&key(&target.place)));
            }
            for flow in statement.flow() {
                match &flow.kind {
                    FlowKind::Jump { place, .. } => to.extend(places.get(&key(place))),
                    FlowKind::Halt { .. } | FlowKind::Exit | FlowKind::Return | FlowKind::Load { .. } => to.push(end),
                    _ => {}
                }
            }
        }
        if step.condition.is_some() || step.optional || !leaves(&step.body) {
            to.push(index + 1);
        }
        to
    };
    let mut edges: Vec<_> = sheet.steps.iter().enumerate().map(lead).collect();
    edges.push(Vec::new());
    edges
}

/// Whether a body always ends with a jump or the end of the workflow. Several jumps in a row are a choice of the agent.
fn leaves(body: &[Statement]) -> bool {
    let is_jump = |statement: &Statement| match statement {
        Statement::Goto { condition, target, .. } => condition.is_none() && target.resolves,
        Statement::Action { condition: None, body, .. } => {
            let certain = statement.flow().iter().filter(|flow| flow.certain);
            let mut ends = certain.map(|flow| &flow.kind);
            ends.any(|kind| {
                matches!(kind, FlowKind::Halt { .. } | FlowKind::Exit | FlowKind::Return | FlowKind::Jump { resolves: true, .. })
            }) || leaves(body)
        }
        _ => false,
    };
    body.iter().filter(|statement| is_jump(statement)).count() == 1
}

/// The step at the top that holds each id and each anchor.
fn places(sheet: &Sheet) -> BTreeMap<(bool, String), usize> {
    let mut places = BTreeMap::new();
    for (index, step) in sheet.steps.iter().enumerate() {
        places.entry((true, step.id.clone())).or_insert(index);
        let mut statements = Vec::new();
        super::collect(&step.body, &mut statements);
        for statement in statements {
            match statement {
                Statement::Anchor { id, .. } => places.entry((false, id.clone())).or_insert(index),
                Statement::Step { step } => places.entry((true, step.id.clone())).or_insert(index),
                _ => continue,
            };
        }
    }
    places
}

fn key(place: &Place) -> (bool, String) {
    match place {
        Place::Step(id) => (true, id.clone()),
        Place::Anchor(id) => (false, id.clone()),
    }
}

/// The same edges, from their ends to their beginnings.
fn turn(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut turned = vec![Vec::new(); edges.len()];
    for (from, to) in edges.iter().enumerate() {
        to.iter().for_each(|to| turned[*to].push(from));
    }
    turned
}

/// What can be reached from a step, itself included.
fn spread(edges: &[Vec<usize>], from: usize) -> Vec<bool> {
    let mut reached = vec![false; edges.len()];
    let mut work = vec![from];
    while let Some(next) = work.pop() {
        if !std::mem::replace(&mut reached[next], true) {
            work.extend(edges[next].iter().copied());
        }
    }
    reached
}
