//! Finds flow that instructions state in prose: halts, jumps, files to load, variables to set. What is stated without a condition
//! is the engine's; the rest is marked, so that the agent's verdict can say whether it happens.

use serde::{Deserialize, Serialize};

use super::Place;
use crate::status::{sprint, workflows};
use crate::variables::is_name;

/// Flow in prose.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
pub struct Flow {
    /// Its line, from 1.
    pub line: u32,
    /// Whether it always happens when the text is executed; otherwise the agent says.
    pub certain: bool,
    /// What happens.
    #[serde(flatten)]
    pub kind: FlowKind,
}

/// What happens.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "flow")]
pub enum FlowKind {
    /// The run stops, and a person reads why.
    Halt {
        /// Why, in the folder's words.
        reason: String,
    },
    /// The workflow ends.
    Exit,
    /// The workflow ends and hands its values to the caller.
    Return,
    /// A person is waited for.
    Wait,
    /// A jump.
    Jump {
        /// Where to.
        place: Place,
        /// Whether that exists.
        resolves: bool,
    },
    /// Another file of instructions is executed.
    Load {
        /// As written.
        path: String,
    },
    /// A variable is set.
    Set {
        /// Its name.
        name: String,
        /// As written.
        value: String,
    },
    /// A value of a status file is set.
    Status {
        /// Its section.
        section: String,
        /// Its key, as written.
        key: String,
        /// Its value, as written.
        value: String,
    },
    /// What was done is kept in a variable.
    Store {
        /// Its name.
        name: String,
    },
    /// The first story with a status is looked up in the sprint's status, and becomes the one at work.
    FindStory {
        /// Its status.
        status: String,
    },
    /// The line `Status:` of the file of the story at work is set.
    StoryStatus {
        /// Its value, as written.
        value: String,
    },
}

/// The flow in a text that begins on `line`. It is certain as long as the text states nothing else: what stands below other
/// instructions may depend on them.
pub fn find(text: &str, line: u32) -> Vec<Flow> {
    if let Some(kind) = find_story(text) {
        return vec![Flow { line, certain: true, kind }];
    }
    let mut flow = Vec::new();
    let mut is_outright = true;
    for (line, content) in (line..).zip(text.lines()) {
        for (sentence, is_first) in sentences(content) {
            if let Some(kind) = read_sentence(sentence) {
                flow.push(Flow { line, certain: is_outright && is_first, kind });
            } else {
                flow.extend(read_inside(sentence).into_iter().map(|kind| Flow { line, certain: false, kind }));
            }
        }
        is_outright = is_outright && is_flow(content);
    }
    flow
}

/// What a text states besides the flow that is certain: nothing, or the lines from the first that states something else on.
pub fn after_certain(text: &str) -> &str {
    if find_story(text).is_some() {
        return "";
    }
    let mut rest = text;
    while let Some(line) = rest.lines().next() {
        if !is_flow(line) {
            break;
        }
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest.trim()
}

/// Whether a line is empty, or one statement of flow and nothing else.
fn is_flow(line: &str) -> bool {
    match sentences(line)[..] {
        [] => true,
        [(sentence, _)] => read_sentence(sentence).is_some(),
        _ => false,
    }
}

/// `Find the FIRST story … where: … Status value equals "drafted"`, in one line or as a list.
fn find_story(text: &str) -> Option<FlowKind> {
    let lower = text.trim_start().to_ascii_lowercase();
    let rest = lower.strip_prefix("find ")?;
    let rest = rest.strip_prefix("the ").unwrap_or(rest).strip_prefix("first story ")?;
    let (_, after) = rest.split_once("status value equals ")?;
    let status = after.split_whitespace().next()?.trim_matches(['"', '\'', '`', '.', ',']);
    sprint::rank(status)?;
    // A second status would be a choice.
    (rest.matches("status value").count() == 1).then(|| FlowKind::FindStory { status: status.to_owned() })
}

/// What a line says, one thing after the other. Only the first can be certain: what follows may depend on it.
fn sentences(line: &str) -> Vec<(&str, bool)> {
    let line = line.trim().trim_start_matches(['-', '*', '+', '>', ' ']).trim_end_matches(['*', ' ']);
    let number = line.bytes().take_while(u8::is_ascii_digit).count();
    let line = line[number..].strip_prefix(['.', ')']).filter(|_| number > 0).unwrap_or(line).trim_start();
    line.split("; ")
        .flat_map(|part| part.split(". "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .enumerate()
        .map(|(index, part)| (part, index == 0))
        .collect()
}

fn read_sentence(sentence: &str) -> Option<FlowKind> {
    let lower = sentence.to_ascii_lowercase();
    let begins =
        |words: &str| lower.strip_prefix(words).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'));
    if sentence.starts_with("HALT") && begins("halt") {
        return Some(FlowKind::Halt { reason: sentence[4..].trim_start_matches([' ', ':', '-']).trim_matches('"').to_owned() });
    }
    if begins("exit workflow") || begins("exit the workflow") {
        return Some(FlowKind::Exit);
    }
    if begins("return to calling workflow") || begins("return control to calling workflow") || begins("return to caller") {
        return Some(FlowKind::Return);
    }
    if sentence.starts_with("WAIT") && begins("wait") {
        return Some(FlowKind::Wait);
    }
    if let Some(path) = load(sentence, &lower) {
        return Some(FlowKind::Load { path });
    }
    if let Some(kind) = status(sentence, &lower)
        .or_else(|| status_in_words(sentence, &lower))
        .or_else(|| set(sentence, &lower))
        .or_else(|| store(sentence, &lower, 0))
    {
        return Some(kind);
    }
    let jump = jump_at(sentence, &lower, 0)?;
    Some(jump)
}

/// Jumps, halts and stores in the middle of a sentence.
fn read_inside(sentence: &str) -> Vec<FlowKind> {
    let lower = sentence.to_ascii_lowercase();
    let mut found = Vec::new();
    for (position, _) in lower.match_indices(" to step ").take(8) {
        let verb = lower[..position].rsplit([' ', ',', '→', ':', '"']).next().unwrap_or_default();
        if ["jump", "continue", "skip", "return", "go", "proceed", "goto"].contains(&verb) {
            found.extend(step_id(sentence.get(position + 9..).unwrap_or_default()).map(|id| jump(Place::Step(id))));
        }
    }
    // `Enter the healing loop (Step 5.4)`.
    if let Some(position) = lower.find("(step ").filter(|position| lower[..*position].contains("enter ")) {
        found.extend(step_id(&sentence[position + 6..]).map(|id| jump(Place::Step(id))));
    }
    for (position, _) in sentence.match_indices("GOTO ").take(8) {
        found.extend(goto(&sentence[position + 5..]));
    }
    if sentence.contains("HALT") {
        found.push(FlowKind::Halt { reason: sentence.to_owned() });
    }
    if lower.contains("exit workflow") || lower.contains("exit the workflow") {
        found.push(FlowKind::Exit);
    }
    if let Some(position) = lower.find("store as {{") {
        found.extend(store(sentence, &lower, position));
    }
    found
}

fn jump(place: Place) -> FlowKind {
    FlowKind::Jump { place, resolves: false }
}

fn jump_at(sentence: &str, lower: &str, start: usize) -> Option<FlowKind> {
    if let Some(rest) = sentence[start..].strip_prefix("GOTO ") {
        return goto(rest);
    }
    let rest = &lower[start..];
    let verbs = ["jump to step ", "continue to step ", "skip to step ", "return to step ", "go to step ", "proceed to step "];
    let verb = verbs.iter().find(|verb| rest.starts_with(**verb))?;
    step_id(&sentence[start + verb.len()..]).map(|id| jump(Place::Step(id)))
}

fn goto(rest: &str) -> Option<FlowKind> {
    let word = rest.split_whitespace().next()?.trim_matches(['.', ',', ';', ')', '"', '\'', '*', '`']);
    if word.eq_ignore_ascii_case("step") {
        return step_id(rest[4..].trim_start()).map(|id| jump(Place::Step(id)));
    }
    is_name(word).then(|| jump(Place::Anchor(word.to_owned())))
}

/// `2`, `1.5`, `9a`, `FINAL`, `{{next}}` is none.
fn step_id(text: &str) -> Option<String> {
    let end = text.find(|character: char| !(character.is_ascii_alphanumeric() || matches!(character, '.' | '-'))).unwrap_or(text.len());
    let id = text[..end].trim_end_matches(['.', '-']);
    let is_id = id.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        || !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_uppercase());
    is_id.then(|| id.to_owned())
}

fn load(sentence: &str, lower: &str) -> Option<String> {
    let marks = ["load and execute:", "load and execute ", "load:", "read fully and follow:", "load, read entire file and execute:"];
    let begins_word = |position: &usize| !lower[..*position].ends_with(|before: char| before.is_alphanumeric());
    let (mark, position) = marks.iter().find_map(|mark| lower.find(mark).filter(begins_word).map(|position| (mark, position)))?;
    let word = sentence[position + mark.len()..].split_whitespace().next()?.trim_matches(['`', '"', '\'', '*', ',', '.']);
    (word.contains(['/', '.']) || word.starts_with('{')).then(|| word.to_owned())
}

/// `Update development_status[{{story_key}}] = "done"`.
fn status(sentence: &str, lower: &str) -> Option<FlowKind> {
    let start = ["update ", "set ", ""].into_iter().find(|verb| {
        let rest = lower.strip_prefix(verb);
        rest.is_some_and(|rest| [sprint::SECTION, workflows::SECTION].iter().any(|section| rest.starts_with(section)))
    })?;
    let (section, rest) = sentence[start.len()..].split_once('[')?;
    let (key, rest) = rest.split_once(']')?;
    let value = rest.trim_start().strip_prefix('=').filter(|rest| !rest.starts_with('='))?;
    let plain = |text: &str| text.trim().trim_matches(['"', '\'', '`']).to_owned();
    let (section, key, value) = (section.trim().to_owned(), plain(key), plain(value));
    let is_one_word = !value.is_empty() && !value.contains(char::is_whitespace);
    (is_one_word && !key.is_empty()).then_some(FlowKind::Status { section, key, value })
}

/// `Update the story Status to: review`, `Update the story in the sprint status report to = "in-progress"`.
fn status_in_words(sentence: &str, lower: &str) -> Option<FlowKind> {
    let of_file = ["update story file: change status to ", "update the story status to: ", "update the story status to "];
    let of_sprint = "update the story in the sprint status report to = ";
    let word = |start: usize| {
        let value = sentence[start..].trim().trim_end_matches('.').trim_matches(['"', '\'', '`']);
        sprint::rank(value).map(|_| value.to_owned())
    };
    if let Some(mark) = of_file.iter().find(|mark| lower.starts_with(**mark)) {
        return Some(FlowKind::StoryStatus { value: word(mark.len())? });
    }
    let value = lower.starts_with(of_sprint).then(|| word(of_sprint.len())).flatten()?;
    Some(FlowKind::Status { section: sprint::SECTION.to_owned(), key: "{{story_key}}".to_owned(), value })
}

/// `Set x = 1`, `Set {{x}} to "a"`.
fn set(sentence: &str, lower: &str) -> Option<FlowKind> {
    let rest = sentence[lower.strip_prefix("set ").map(|_| 4)?..].trim_start();
    let end = rest.find([' ', '=']).unwrap_or(rest.len());
    let name = rest[..end].trim_matches(['{', '}', '`', '"']);
    let after = rest[end..].trim_start();
    let value = after.strip_prefix('=').or_else(|| after.strip_prefix("to "))?;
    let value = value.trim().trim_matches(['"', '\'', '`']);
    (is_name(name) && !value.is_empty()).then(|| FlowKind::Set { name: name.to_owned(), value: value.to_owned() })
}

fn store(sentence: &str, lower: &str, start: usize) -> Option<FlowKind> {
    let position = lower[start..].strip_prefix("store as ").map(|_| start + 9)?;
    let word = sentence[position..].split_whitespace().next()?.trim_matches(['{', '}', '`', '.', ',', ':']);
    is_name(word).then(|| FlowKind::Store { name: word.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(FlowKind, bool)> {
        find(text, 1).into_iter().map(|flow| (flow.kind, flow.certain)).collect()
    }

    fn to_step(id: &str) -> FlowKind {
        jump(Place::Step(id.to_owned()))
    }

    #[test]
    fn what_is_stated_outright_is_certain() {
        assert_eq!(kinds("HALT"), [(FlowKind::Halt { reason: String::new() }, true)]);
        assert_eq!(kinds("- HALT with message: \"No\""), [(FlowKind::Halt { reason: "with message: \"No".to_owned() }, true)]);
        assert_eq!(kinds("Exit workflow"), [(FlowKind::Exit, true)]);
        assert_eq!(kinds("**Continue to Step 1.5**"), [(to_step("1.5"), true)]);
        assert_eq!(kinds("Return control to calling workflow"), [(FlowKind::Return, true)]);
        assert_eq!(kinds("GOTO mark_ready"), [(jump(Place::Anchor("mark_ready".to_owned())), true)]);
        let set = FlowKind::Set { name: "standalone_mode".to_owned(), value: "true".to_owned() };
        assert_eq!(kinds("Set standalone_mode = true"), [(set.clone(), true)]);
        assert_eq!(kinds("1. Set {{standalone_mode}} to \"true\""), [(set, true)]);
        assert_eq!(kinds("Load and execute: {installed_path}/a.md"), [(FlowKind::Load { path: "{installed_path}/a.md".to_owned() }, true)]);
    }

    #[test]
    fn values_of_status_files_are_set_by_the_engine() {
        let status = |section: &str, key: &str, value: &str| FlowKind::Status {
            section: section.to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let story = status("development_status", "{{story_key}}", "done");
        assert_eq!(kinds("Update development_status[{{story_key}}] = \"done\""), [(story, true)]);
        let path = status("workflow_status", "prd", "{default_output_file}");
        assert_eq!(kinds("Update workflow_status[\"prd\"] = \"{default_output_file}\""), [(path, true)]);
        for text in [
            "Get current status value for development_status[{{story_key}}]",
            "development_status[x] == done",
            "Update development_status[x] = what it was before",
        ] {
            assert!(!kinds(text).iter().any(|(kind, _)| matches!(kind, FlowKind::Status { .. })), "{text}");
        }
    }

    #[test]
    fn what_stands_below_other_instructions_is_not_certain() {
        let text = "Look at the last story:\n  - If it is done:\n    * Set learnings = none\nHALT";
        assert!(kinds(text).iter().all(|(_, certain)| !certain), "{:?}", kinds(text));
        let text = "Set a = 1\n\n- Set b = 2\nThen look around.\nSet c = 3";
        assert_eq!(kinds(text).iter().map(|(_, certain)| *certain).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(after_certain(text), "Then look around.\nSet c = 3");
        assert_eq!(after_certain("Set a = 1. Then look around."), "Set a = 1. Then look around.");
        assert_eq!((after_certain("Set a = 1\n"), after_certain("Download: a/b.md")), ("", "Download: a/b.md"));
        assert_eq!(kinds("Download: a/b.md"), []);
    }

    #[test]
    fn the_story_at_work_is_found_and_moved_by_the_engine() {
        let list = "Find the FIRST story (by reading in order from top to bottom) where:\n  - NOT an epic key (epic-X)\n  - Status value equals \"drafted\"\n";
        let found = FlowKind::FindStory { status: "drafted".to_owned() };
        assert_eq!(kinds(list), [(found.clone(), true)]);
        assert_eq!(kinds("Find FIRST story where: - Status value equals \"drafted\""), [(found, true)]);
        assert_eq!(after_certain(list), "");
        let file = FlowKind::StoryStatus { value: "ready-for-dev".to_owned() };
        assert_eq!(kinds("Update story file: Change Status to \"ready-for-dev\""), [(file, true)]);
        assert_eq!(kinds("Update the story Status to: review"), [(FlowKind::StoryStatus { value: "review".to_owned() }, true)]);
        let sprint = kinds("Update the story in the sprint status report to = \"in-progress\"");
        assert!(matches!(&sprint[..], [(FlowKind::Status { key, value, .. }, true)] if key == "{{story_key}}" && value == "in-progress"));
        for text in
            ["Find the FIRST story where:\n- Status value equals \"tall\"", "Update the story Status to: {{x}}", "Find first things"]
        {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn what_depends_on_something_is_for_the_agent() {
        assert_eq!(kinds("If the user agrees, jump to Step 9a, else go on"), [(to_step("9a"), false)]);
        assert_eq!(kinds("Use it; GOTO mark_ready"), [(jump(Place::Anchor("mark_ready".to_owned())), false)]);
        assert_eq!(kinds("If not, HALT"), [(FlowKind::Halt { reason: "If not, HALT".to_owned() }, false)]);
        assert_eq!(kinds("If true: Enter the loop (Step 5.4)"), [(to_step("5.4"), false)]);
        assert_eq!(kinds("Ask and Store as {{plan}}"), [(FlowKind::Store { name: "plan".to_owned() }, false)]);
    }

    #[test]
    fn prose_without_flow_has_none() {
        for text in
            ["Set up the project", "Continue to step back and think", "Halting is bad", "Skip to step {{n}}", "Set a timer to remember", ""]
        {
            assert_eq!(kinds(text), [], "{text}");
        }
    }
}
