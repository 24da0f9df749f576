//! What was decided without a person: by runs, by `--yes` and by questions that expired. Decides nothing.

use serde::{Deserialize, Serialize};
use utoipa::{OpenApi, ToSchema};

use super::{Host, Moment, Page, Problem, access::Caller, reject_cursor};
use crate::{
    interfaces::people::{self, Decided, DecisionFilter},
    journal::RunId,
};

/// Decisions of one millisecond that a cursor passes over at most, so that none makes a request read everything.
const MOST_OF_ONE_TIME: u32 = 10_000;

/// Something that was decided without a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// When.
    pub at: Moment,
    /// The run that decided.
    pub run: RunId,
    /// The id of its project.
    pub project: String,
    /// The plugin that decided.
    pub plugin: String,
    /// What was to be decided.
    pub question: String,
    /// What was decided.
    pub answer: String,
    /// Why.
    pub reasoning: String,
    /// Where the answer comes from.
    pub source: String,
    /// 0.0 to 1.0.
    pub confidence: f64,
}

/// Which decisions to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ListDecisions {
    /// Only those of this run and those below it: any beginning or end of its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Only those of this project, by its name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Which decisions to list for a caller.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BrowseDecisions {
    /// Only those of this run and those below it, by its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Only those of this project, by its id or name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// Only those behind a page, by its `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// At most this many.
    pub limit: u32,
}

/// The newest first.
pub async fn list(host: &Host, request: &ListDecisions) -> Result<Page<Decision>, Problem> {
    let run = match &request.run {
        Some(part) => Some(host.app.kernel.resolve(part).await?.id),
        None => None,
    };
    let project = match &request.project {
        Some(name) => Some(host.app.kernel.find_project(name).await?.id),
        None => None,
    };
    let filter = DecisionFilter { run, projects: project.map(|id| vec![id]), until: None, limit: request.limit };
    let decided = host.app.questions.decisions(&filter).await?;
    // The request limits them.
    Ok(Page::whole(decided.into_iter().map(Decision::from).collect()))
}

/// The same for a caller, a page at a time: only those of projects that exist for them.
pub async fn list_for(host: &Host, caller: &Caller, request: &BrowseDecisions) -> Result<Page<Decision>, Problem> {
    let projects = match &request.project {
        Some(name) => Some(vec![caller.find_project(host, name).await?]),
        None => caller.only_projects(),
    };
    let cursor = request.cursor.as_deref().map(Cursor::read).transpose()?;
    let seen = cursor.map_or(0, |cursor| cursor.seen);
    // One more than was asked for says whether there is another page.
    let limit = request.limit.saturating_add(seen).saturating_add(1);
    let filter = DecisionFilter { run: request.run.clone(), projects, until: cursor.map(|cursor| cursor.at), limit };
    let decided = host.app.questions.decisions(&filter).await?;
    let mut items: Vec<Decision> = decided.into_iter().skip(seen as usize).map(Decision::from).collect();
    let limit = request.limit as usize;
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let next = (!is_last).then(|| Cursor::behind(&items, cursor)).flatten();
    Ok(Page { items, next: next.map(Cursor::write) })
}

/// A place in the list: behind so many of the decisions of one time, which nothing else tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    at: u64,
    seen: u32,
}

impl Cursor {
    fn read(cursor: &str) -> Result<Self, Problem> {
        let parts = cursor.split_once('.').and_then(|(at, seen)| Some(Self { at: at.parse().ok()?, seen: seen.parse().ok()? }));
        parts.filter(|cursor| cursor.seen <= MOST_OF_ONE_TIME).ok_or_else(reject_cursor)
    }

    /// Behind the last of the items, which came behind `before`.
    fn behind(items: &[Decision], before: Option<Self>) -> Option<Self> {
        let at = items.last()?.at.0;
        let of_page = items.iter().filter(|decision| decision.at.0 == at).count();
        let seen_before = before.filter(|before| before.at == at).map_or(0, |before| before.seen);
        Some(Self { at, seen: seen_before.saturating_add(u32::try_from(of_page).unwrap_or(u32::MAX)) })
    }

    fn write(self) -> String {
        format!("{}.{}", self.at, self.seen)
    }
}

impl From<Decided> for Decision {
    fn from(decided: Decided) -> Self {
        let Decided { at, run, project, plugin, decision } = decided;
        let people::Decision { question, answer, reasoning, source, confidence } = decision;
        Self { at: Moment(at), run, project, plugin, question, answer, reasoning, source, confidence }
    }
}

/// The views of this file.
#[derive(OpenApi)]
#[openapi(components(schemas(Decision, Page<Decision>)))]
pub(super) struct Views;

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(at: u64) -> Decision {
        Decision {
            at: Moment(at),
            run: RunId::from_text("a"),
            project: String::new(),
            plugin: String::new(),
            question: String::new(),
            answer: String::new(),
            reasoning: String::new(),
            source: String::new(),
            confidence: 1.0,
        }
    }

    #[test]
    fn a_cursor_counts_what_it_has_passed_of_its_time() {
        let of = |times: &[u64], before| Cursor::behind(&times.iter().map(|at| decision(*at)).collect::<Vec<_>>(), before);
        assert_eq!(of(&[9, 7, 7], None), Some(Cursor { at: 7, seen: 2 }));
        assert_eq!(of(&[7, 7], Some(Cursor { at: 7, seen: 2 })), Some(Cursor { at: 7, seen: 4 }));
        assert_eq!(of(&[7, 6], Some(Cursor { at: 7, seen: 4 })), Some(Cursor { at: 6, seen: 1 }));
        assert_eq!(of(&[], None), None);
    }

    #[test]
    fn a_cursor_reads_back_and_anything_else_is_rejected_with_its_field() {
        let cursor = Cursor { at: 7, seen: 2 };
        assert_eq!(Cursor::read(&cursor.write()).unwrap(), cursor);
        for wrong in ["", "7", "7.", ".2", "-7.2", "7.x", "7.10001", "7.99999999999"] {
            assert_eq!(Cursor::read(wrong).unwrap_err().field.as_deref(), Some("cursor"), "{wrong}");
        }
    }
}
