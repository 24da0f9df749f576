//! Reads a server's list of tools page by page. A cursor that came before ends it, and so do many pages without a tool.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use serde_json::Value;

use super::reading;
use crate::interfaces::{
    lenient::{Oddity, Reading},
    toolboxes::{Form, Roster},
    tools::{
        admission::{Admission, OF_SERVERS, Objection},
        forms,
        text::{cut, escape_name},
    },
};

/// Pages of one list.
const MOST_PAGES: usize = 256;
/// Pages in a row that bring no tool.
const MOST_EMPTY_PAGES: usize = 8;
/// Steps and characters of the place in a declaration at which it is not JSON.
const MOST_STEPS: usize = 6;
const LONGEST_FIELD: usize = 100;

/// Everything that `page` brings, which is asked with the cursor of the page before. The error says why there is no list.
pub(super) async fn load_roster<F: Future<Output = Result<Reading, String>>>(page: impl Fn(Option<String>) -> F) -> Result<Roster, String> {
    let mut listing = Listing { admission: Admission::new(OF_SERVERS), forms: Vec::new(), place: 0 };
    let (mut cursor, mut seen, mut empty) = (None, BTreeSet::new(), 0);
    let mut remarks = Vec::new();
    for number in 1.. {
        let Reading { value: page, oddities } = page(cursor).await?;
        let Some(entries) = page.get("tools").and_then(Value::as_array) else {
            return Err("its answer to `tools/list` has no list `tools`".to_owned());
        };
        let objections = objections(&oddities);
        entries.iter().enumerate().for_each(|(place, entry)| listing.take_in(entry, objections.get(&place)));
        empty = if entries.is_empty() { empty + 1 } else { 0 };
        let next = match page.get("nextCursor") {
            None | Some(Value::Null) => break,
            Some(Value::String(next)) => next.clone(),
            Some(_) => {
                remarks.push("Its list of tools ends with a cursor that is not text, so there may be more tools.".to_owned());
                break;
            }
        };
        let shown = cut(&escape_name(&next), 60);
        if !seen.insert(next.clone()) {
            remarks.push(format!("Its list of tools comes back to the cursor `{shown}`, and ends there."));
            break;
        }
        if empty >= MOST_EMPTY_PAGES || number >= MOST_PAGES {
            remarks.push(format!(
                "Its list of tools goes on after {number} pages, {empty} of them at the end without a tool, and is not read further."
            ));
            break;
        }
        if listing.admission.is_full() {
            remarks.push(format!("Its list of tools goes on after the {} that are offered, and is not read further.", OF_SERVERS.most));
            break;
        }
        cursor = Some(next);
    }
    Ok(Roster { remarks, forms: listing.forms.into_iter().collect(), ..listing.admission.into_roster() })
}

/// What is offered of a list in one page, as a server sends it; nothing where it is no list.
pub fn roster(page: &Value) -> Option<Roster> {
    let mut listing = Listing { admission: Admission::new(OF_SERVERS), forms: Vec::new(), place: 0 };
    page.get("tools")?.as_array()?.iter().for_each(|entry| listing.take_in(entry, None));
    Some(Roster { forms: listing.forms.into_iter().collect(), ..listing.admission.into_roster() })
}

/// What is not JSON in the entries of a page, by their place in it. What was read in the place of that may mean something
/// else than the server does.
fn objections(oddities: &[Oddity]) -> BTreeMap<usize, Objection> {
    let mut objections = BTreeMap::new();
    for Oddity { pointer, reason, .. } in oddities {
        let Some(inside) = pointer.strip_prefix("/tools/") else { continue };
        let (place, field) = inside.split_once('/').unwrap_or((inside, ""));
        if let Ok(place) = place.parse() {
            let field = field.split('/').take(MOST_STEPS).collect::<Vec<_>>().join("/");
            objections.entry(place).or_insert_with(|| Objection::new(cut(&escape_name(&field), LONGEST_FIELD), reason.clone()));
        }
    }
    objections
}

struct Listing {
    admission: Admission,
    forms: Vec<(String, Form)>,
    place: usize,
}

impl Listing {
    fn take_in(&mut self, entry: &Value, objection: Option<&Objection>) {
        let place = self.place;
        self.place += 1;
        if let Some(objection) = objection {
            self.admission.quarantine(&reading::label_entry(entry, place), objection.clone());
            return;
        }
        match reading::read(entry, place) {
            Err((name, objection)) => self.admission.quarantine(&name, objection),
            Ok(reading::Read { tool, notes }) => {
                let name = tool.name.clone();
                let form = forms::of(&tool);
                self.admission.add(tool.clone());
                if self.admission.is_offered(&tool) {
                    self.forms.push((name.clone(), form));
                }
                notes.iter().for_each(|note| self.admission.note(&name, note));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde_json::json;

    use super::*;

    fn tool(name: &str) -> Value {
        json!({ "name": name, "inputSchema": { "type": "object" } })
    }

    /// The names that are offered, how often the server was asked, and the remarks.
    async fn asked(pages: impl Fn(Option<&str>) -> (Vec<Value>, Value)) -> (Vec<String>, usize, Vec<String>) {
        let count = AtomicUsize::new(0);
        let roster = load_roster(|cursor| {
            count.fetch_add(1, Ordering::Relaxed);
            let (tools, next) = pages(cursor.as_deref());
            std::future::ready(Ok(json!({ "tools": tools, "nextCursor": next }).into()))
        })
        .await
        .unwrap();
        assert!(roster.tools.iter().all(|tool| roster.forms.contains_key(&tool.name)));
        (roster.tools.into_iter().map(|tool| tool.name).collect(), count.into_inner(), roster.remarks)
    }

    #[tokio::test]
    async fn a_list_ends_whatever_its_cursors_are() {
        let first = |cursor: Option<&str>| if cursor.is_none() { vec![tool("one")] } else { vec![tool("two")] };
        let (names, count, remarks) = asked(|cursor| (first(cursor), if cursor.is_none() { json!("") } else { Value::Null })).await;
        assert_eq!((names, count, remarks.len()), (vec!["one".to_owned(), "two".to_owned()], 2, 0), "an empty cursor is one");
        let (names, count, remarks) = asked(|cursor| (first(cursor), json!("same"))).await;
        assert_eq!((names.len(), count), (2, 2));
        assert!(remarks[0].contains("`same`"), "{remarks:?}");
        let circle = |cursor: Option<&str>| match cursor {
            None => (vec![tool("one")], json!("a")),
            Some("a") => (vec![tool("two")], json!("b")),
            _ => (vec![tool("three")], json!("a")),
        };
        let (names, count, _) = asked(circle).await;
        assert_eq!((names.len(), count), (3, 3));
        let (names, count, _) = asked(|_| (vec![tool("one")], json!(""))).await;
        assert_eq!((names.len(), count), (1, 2), "the same tool again is the same tool");
        let numbered = AtomicUsize::new(0);
        let (_, count, remarks) = asked(|_| (Vec::new(), json!(numbered.fetch_add(1, Ordering::Relaxed).to_string()))).await;
        assert!(count == MOST_EMPTY_PAGES && remarks[0].contains("8 pages"), "{count} {remarks:?}");
        let (names, count, _) = asked(|_| (vec![tool("one")], json!(numbered.fetch_add(1, Ordering::Relaxed).to_string()))).await;
        assert_eq!((names.len(), count), (1, MOST_PAGES));
        let (_, count, remarks) = asked(|_| (vec![tool("one")], json!(7))).await;
        assert!(count == 1 && remarks[0].contains("not text"));
    }

    #[tokio::test]
    async fn no_more_is_read_than_is_offered() {
        let number = AtomicUsize::new(0);
        let page = |_: Option<&str>| {
            let page = number.fetch_add(1, Ordering::Relaxed);
            ((0..300).map(|tool_number| tool(&format!("t{page}-{tool_number}"))).collect(), json!(page.to_string()))
        };
        let (names, count, remarks) = asked(page).await;
        assert_eq!((names.len(), count, remarks.len()), (512, 2, 1));
    }

    #[tokio::test]
    async fn one_bad_tool_takes_no_other_with_it() {
        let entries = json!([tool("good"), { "name": "bad", "inputSchema": true }, 7, tool("also-good")]);
        let roster = load_roster(|_| std::future::ready(Ok(json!({ "tools": entries.clone() }).into()))).await.unwrap();
        assert_eq!(roster.tools.len(), 2);
        let named: Vec<_> = roster.quarantined.iter().map(|tool| (tool.name.as_str(), tool.field.as_str())).collect();
        assert_eq!(named, [("bad", "inputSchema"), ("#3", "")]);
        for odd in [json!({}), json!([]), json!({ "tools": {} }), Value::Null] {
            assert!(load_roster(|_| std::future::ready(Ok(odd.clone().into()))).await.unwrap_err().contains("`tools`"));
        }
    }
    #[tokio::test]
    async fn a_tool_that_is_no_json_is_quarantined_alone_and_named() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let entry =
            |name: &str, schema: &str| format!(r#"{{"name":"{name}","inputSchema":{{"type":"object","properties":{{"a":{schema}}}}}}}"#);
        let entries = [
            entry("good", "{}"),
            entry("half", r#"{"description":"\ud83d"}"#),
            entry("nan", r#"{"default":NaN}"#),
            entry("large", r#"{"maximum":1e999,"minimum":-1e999}"#),
            entry("deep", &format!(r#"{{"default":{deep}}}"#)),
            entry("\\udc00", "{}"),
            "Infinity".to_owned(),
            entry("also-good", "{}"),
        ];
        let text = format!(r#"{{"tools":[{}],"prompts":[],"resources":[NaN]}}"#, entries.join(","));
        let page = crate::interfaces::lenient::read(&text).unwrap();
        let roster = load_roster(|_| std::future::ready(Ok(page.clone()))).await.unwrap();
        assert_eq!(roster.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["good", "also-good"]);
        let named: Vec<_> = roster.quarantined.iter().map(|tool| (tool.name.as_str(), tool.field.as_str())).collect();
        let default = "inputSchema/properties/a/default";
        let expected = [
            ("half", "inputSchema/properties/a/description"),
            ("nan", default),
            ("large", "inputSchema/properties/a/maximum"),
            ("deep", "inputSchema/properties/a/default/0/0"),
            ("\u{fffd}", "name"),
            ("#7", ""),
        ];
        assert_eq!(named, expected);
        assert!(roster.quarantined[2].reason.contains("`1e999`") && roster.remarks.is_empty(), "{:?}", roster.quarantined);
    }
}
