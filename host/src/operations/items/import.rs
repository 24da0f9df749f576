//! Documents of a project taken into its backlog: what they say of items, and how far these are.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Host, Problem, ProjectRef, author, graph_of, write::workspace};
use crate::{
    actor::Actor,
    interfaces::backlog::{
        self, BacklogError, Kind,
        documents::{self, Effect, Imported, ImportedStatus, hash},
        follows,
    },
    operations::{ProblemKind, ProblemSource},
};

/// Whose documents to import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportItems {
    /// The project. A folder without one becomes one.
    pub project: ProjectRef,
}

/// What was imported.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportedItems {
    /// Items that documents describe, and that the backlog has now.
    pub items: u64,
    /// Items whose status changed.
    pub moved: u64,
    /// What could not be imported as it is written, and what people may want to know.
    pub findings: Vec<ImportFinding>,
    /// Why the backlog rejected all of it; what was left out may be the cause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Something in a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportFinding {
    /// The document.
    pub path: String,
    /// The line, from 1; absent where it is about the whole document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// What is wrong, and what to do.
    pub reason: String,
    /// What became of it.
    pub effect: ImportEffect,
}

/// What became of something in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportEffect {
    /// It was not imported.
    LeftOut,
    /// It was imported without the value.
    InPart,
    /// Nothing was lost.
    Note,
}

impl ImportedItems {
    /// Whether all that the documents say was imported.
    pub fn is_complete(&self) -> bool {
        self.problem.is_none() && self.findings.iter().all(|finding| finding.effect == ImportEffect::Note)
    }
}

/// Takes the documents of a project into its backlog. What does not fit is left out and found; the rest is imported.
pub async fn import(host: &Host, actor: &Actor, request: &ImportItems) -> Result<ImportedItems, Problem> {
    let project = request.project.open(host, actor).await?;
    let files = workspace(project.folder()?)?;
    let known = host.app.backlog.items(project.id(), false).await?;
    let Imported { drafts, standings, mut findings, .. } = documents::import(&files, &known).map_err(unreadable)?;
    if let Err(error) = host.app.backlog.put(project.id(), &drafts, &author(actor)).await {
        let findings = findings.into_iter().map(ImportFinding::from).collect();
        return Ok(ImportedItems { findings, problem: Some(error.into()), ..ImportedItems::default() });
    }
    // What people change in a document from now on stays, until the backlog says something newer.
    let bodies = drafts.iter().map(|draft| (draft.key.clone(), hash(&draft.body))).collect();
    host.app.backlog.mark_written(project.id(), bodies).await?;
    let moved = Moving { host, actor, project: project.id() }.move_all(&standings, &mut findings).await?;
    Ok(ImportedItems {
        items: drafts.len() as u64,
        moved,
        findings: findings.into_iter().map(ImportFinding::from).collect(),
        problem: None,
    })
}

fn unreadable(error: crate::journal::CallError) -> Problem {
    Problem::new(ProblemKind::Unavailable, "documents_unreadable", error.text, ProblemSource::Host)
}

/// Brings items to the statuses that their documents name.
struct Moving<'a> {
    host: &'a Host,
    actor: &'a Actor,
    project: &'a str,
}

impl Moving<'_> {
    /// How many were moved.
    async fn move_all(&self, standings: &[ImportedStatus], findings: &mut Vec<documents::Finding>) -> Result<u64, Problem> {
        let mut moved = 0;
        // Epics come last: one whose stories are all done is done already.
        for epics in [false, true] {
            let items = self.host.app.backlog.items(self.project, false).await?;
            let graph = graph_of(&items)?;
            let places: HashMap<_, _> = items.iter().enumerate().map(|(place, item)| (item.draft.key.as_str(), place)).collect();
            for standing in standings {
                let Some(place) = places.get(standing.key.as_str()) else { continue };
                let item = &items[*place];
                if (item.draft.kind == Kind::Epic) == epics && !(epics && standing.status == Some(graph.status(*place))) {
                    moved += u64::from(self.move_one(item, standing, findings).await?);
                }
            }
        }
        Ok(moved)
    }

    /// Whether it was moved.
    async fn move_one(
        &self,
        item: &backlog::Item,
        standing: &ImportedStatus,
        findings: &mut Vec<documents::Finding>,
    ) -> Result<bool, BacklogError> {
        let (backlog, by) = (&self.host.app.backlog, author(self.actor));
        let ImportedStatus { key, status, said_in: (path, line), assignee, branch } = standing;
        if (assignee.is_some() || branch.is_some()) && (assignee, branch) != (&item.assignee, &item.branch) {
            backlog.assign(self.project, key, assignee.as_deref(), branch.as_deref(), &by).await?;
        }
        let Some(status) = status.filter(|status| *status != item.status) else { return Ok(false) };
        if !follows(item.status, status) {
            let (named, present) = (status.as_str(), item.status.as_str());
            let reason =
                format!("`{key}` stays `{present}`: its document says `{named}`, which cannot follow `{present}`. All else was imported.");
            findings.push(documents::Finding { path: path.clone(), line: *line, reason, effect: Effect::Note });
            return Ok(false);
        }
        backlog.move_to(self.project, key, status, "Its document says so.", &by).await?;
        Ok(true)
    }
}

impl From<documents::Finding> for ImportFinding {
    fn from(finding: documents::Finding) -> Self {
        let documents::Finding { path, line, reason, effect } = finding;
        let effect = match effect {
            Effect::LeftOut => ImportEffect::LeftOut,
            Effect::InPart => ImportEffect::InPart,
            Effect::Note => ImportEffect::Note,
        };
        Self { path, line: line.map(|line| line as u64), reason, effect }
    }
}
