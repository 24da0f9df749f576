//! `docs/workflow-status.md`: where the work stands, for people who look at the repository. Owns what lies between its
//! two marks and nothing around them.

use super::{Family, Places};
use crate::interfaces::backlog::{Graph, Item, Kind, Status};

const BEGIN: &str = "<!-- baton:backlog -->";
const END: &str = "<!-- /baton:backlog -->";

/// The document with the overview, or none where it has it already; else why it is left alone.
pub(super) fn update_overview(old: Option<&str>, items: &[Item], graph: &Graph<'_>, places: &Places) -> Result<Option<String>, String> {
    let block = format!("{BEGIN}\n{}{END}", overview(items, graph, places));
    let Some(old) = old else { return Ok(Some(format!("# Workflow status\n\n{block}\n"))) };
    let marks = (old.matches(BEGIN).count(), old.matches(END).count());
    let new = match (marks, old.find(BEGIN), old.find(END)) {
        ((0, 0), _, _) => format!("{}{}\n{block}\n", old, if old.is_empty() || old.ends_with('\n') { "" } else { "\n" }),
        ((1, 1), Some(begin), Some(end)) if begin < end => format!("{}{block}{}", &old[..begin], &old[end + END.len()..]),
        _ => return Err(format!("It has to hold the marks `{BEGIN}` and `{END}` once each and in this order, or neither; correct it.")),
    };
    Ok((new != old).then_some(new))
}

fn overview(items: &[Item], graph: &Graph<'_>, places: &Places) -> String {
    let family = Family::of(items);
    let work: Vec<_> = items.iter().enumerate().filter(|(_, item)| item.draft.kind != Kind::Epic).collect();
    let ready = graph.ready();
    let count = |status: Status| work.iter().filter(|(_, item)| item.status == status).count();
    let mut parts = vec![format!("**{} of {} done.**", count(Status::Done), work.len())];
    let others = [Status::InProgress, Status::Review, Status::Blocked, Status::Failed, Status::Cancelled];
    parts.extend(others.into_iter().filter(|status| count(*status) > 0).map(|status| format!("{} {}.", count(status), status.as_str())));
    if !ready.is_empty() {
        let keys: Vec<_> = ready.iter().take(10).map(|place| items[*place].draft.key.as_str()).collect();
        let more = if ready.len() > keys.len() { format!(" and {} more", ready.len() - keys.len()) } else { String::new() };
        parts.push(format!("Ready: {}{more}.", keys.join(", ")));
    }
    let rows: String = work.iter().map(|(place, item)| row(*place, item, &family, graph, places)).collect();
    format!("{}\n\n| Item | Title | Epic | Status | Waits for | Assignee |\n| --- | --- | --- | --- | --- | --- |\n{rows}", parts.join(" "))
}

fn row(place: usize, item: &Item, family: &Family<'_>, graph: &Graph<'_>, places: &Places) -> String {
    let key = &item.draft.key;
    let is_over = matches!(item.status, Status::Done | Status::Cancelled);
    let waits = if is_over { Vec::new() } else { graph.waits_for(place) };
    let epic = family.epic_of(item).map_or("–", |epic| epic.draft.key.as_str());
    let waits = if waits.is_empty() { "–".to_owned() } else { waits.join(", ") };
    let assignee = item.assignee.as_deref().map_or_else(|| "–".to_owned(), cell);
    let link = link(&places.of_story(key));
    format!("| [{key}]({link}) | {} | {epic} | {} | {waits} | {assignee} |\n", cell(&item.draft.title), item.status.as_str())
}

/// A path as the target of a link from the overview, which lies beside the folder of the stories.
fn link(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    let path = path.strip_prefix("docs/").unwrap_or(path);
    path.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// Text that stays inside its cell, and that closes no mark.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;")
}
