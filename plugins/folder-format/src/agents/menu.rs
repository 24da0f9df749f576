//! The menu of an agent, and the workflow folder that offers it: a question, and for each item what it leads to.

use super::ModuleAgent;
use super::compiled::{attribute, unescape};
use super::cut;
use crate::yaml::Value;

/// What an agent offers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// The word by which it is chosen.
    pub trigger: String,
    /// What it does.
    pub description: String,
    /// What happens.
    pub leads: Leads,
}

/// What happens when an item is chosen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Leads {
    /// A workflow is started, by its file.
    Workflow(String),
    /// The document of a workflow is checked against its checklist.
    Validation(String),
    /// A task's file is performed.
    Task(String),
    /// The agent is told this.
    Instruction(String),
    /// The agent is told one of its prompts, by its id.
    Prompt(String),
    /// Its author has not made it yet.
    Nowhere,
}

impl Item {
    pub(super) fn of_yaml(value: &Value) -> Option<Self> {
        let field = |name: &str| value.text_of(name).map(cut);
        Self::of(&field("trigger")?, field("description").unwrap_or_default(), field)
    }

    pub(super) fn of_tag(tag: &str, text: &str) -> Option<Self> {
        let trigger = attribute(tag, "cmd").or_else(|| attribute(tag, "trigger"))?;
        Self::of(&trigger, cut(&unescape(text)), |name| attribute(tag, name).map(|text| cut(&text)))
    }

    /// None: it is one of those that every menu has.
    fn of(trigger: &str, description: String, field: impl Fn(&str) -> Option<String>) -> Option<Self> {
        // `CS or fuzzy match on create-story`: the last word is the one that says what it is.
        let trigger = trigger.trim().trim_start_matches('*').split_whitespace().next_back().unwrap_or_default().to_owned();
        if trigger.is_empty() || ["help", "exit"].contains(&trigger.as_str()) {
            return None;
        }
        let named = |name: &str| field(name).filter(|path| !path.is_empty() && path != "todo");
        let is_workflow = |path: &str| path.ends_with("workflow.yaml") || path.ends_with("workflow.md");
        let leads = if let Some(path) = named("workflow").or_else(|| named("run-workflow")) {
            Leads::Workflow(path)
        } else if let Some(path) = named("validate-workflow") {
            Leads::Validation(path)
        } else if let Some(path) = named("exec") {
            if is_workflow(&path) { Leads::Workflow(path) } else { Leads::Task(path) }
        } else if let Some(action) = named("action") {
            action.strip_prefix('#').map_or_else(|| Leads::Instruction(action.clone()), |id| Leads::Prompt(id.to_owned()))
        } else {
            Leads::Nowhere
        };
        Some(Self { trigger, description, leads })
    }
}

impl ModuleAgent {
    /// The menu as a workflow folder: the paths and texts of its files. None: it offers nothing.
    pub fn menu_folder(&self, name: &str) -> Option<Vec<(String, String)>> {
        if self.menu.is_empty() {
            return None;
        }
        let who = plain(if self.name.is_empty() { &self.id } else { &self.name });
        let mut question = format!("What should {who} do? Answer with a number or a word.\n");
        let mut checks = String::new();
        for (number, item) in (1..).zip(&self.menu) {
            let trigger = plain(&item.trigger);
            question.push_str(&format!("{number}. {trigger}: {}\n", plain(&item.description)));
            checks.push_str(&format!("<check if=\"choice == {number} OR choice == '{trigger}'\">\n{}</check>\n", item.statement()));
        }
        let last = self.menu.len() + 1;
        question.push_str(&format!("{last}. exit: End"));
        let instructions = format!(
            "# Menu of {who}\n\n<workflow>\n<step n=\"1\" goal=\"Choose what to do\">\n<ask response=\"choice\">{question}</ask>\n<check if=\"choice == {last} OR choice == 'exit'\">\n<action>Exit workflow</action>\n</check>\n{checks}<goto step=\"1\">Show the menu again</goto>\n</step>\n</workflow>\n"
        );
        let description = format!("Menu of {who}: {}", plain(&self.title));
        let workflow = format!("name: \"{name}\"\ndescription: \"{description}\"\nstandalone: true\ninstructions: instructions.md\n");
        Some(vec![("workflow.yaml".to_owned(), workflow), ("instructions.md".to_owned(), instructions)])
    }
}

impl Item {
    fn statement(&self) -> String {
        match &self.leads {
            Leads::Workflow(path) => format!("<invoke-workflow path=\"{}\" />\n", plain(path)),
            Leads::Validation(path) => {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                let text = "Find the document that this workflow wrote, check it against the workflow's checklist item by item, and report what is missing";
                format!("<action>{text}: {}/checklist.md</action>\n", plain(folder))
            }
            Leads::Task(path) => format!("<invoke-task>{}</invoke-task>\n", plain(path)),
            Leads::Instruction(text) => format!("<action>{}</action>\n", plain(text)),
            Leads::Prompt(_) | Leads::Nowhere => format!("<output>{} is not implemented.</output>\n", plain(&self.trigger)),
        }
    }
}

/// One line without what would be markup, YAML or a quote where it is put.
fn plain(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace(['<', '>', '"', '\'', '`', '\\'], "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::MemoryFiles;
    use crate::plan::{Options, plan};

    #[test]
    fn a_menu_is_a_folder_that_runs() {
        let item = |trigger: &str, leads: Leads| Item { trigger: trigger.to_owned(), description: "Does \"it\"".to_owned(), leads };
        let agent = ModuleAgent {
            name: "Ann <x>".to_owned(),
            menu: vec![
                item("plan", Leads::Workflow("{project-root}/bmad/g/workflows/plan/workflow.yaml".to_owned())),
                item("look", Leads::Instruction("Look <around>".to_owned())),
                item("later", Leads::Nowhere),
                item("check", Leads::Validation("{project-root}/g/plan/workflow.yaml".to_owned())),
            ],
            ..ModuleAgent::default()
        };
        let files = agent.menu_folder("g-menu").expect("a folder");
        let folder = files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect();
        let plan = plan(&MemoryFiles { folder, project: None }, &Options::default());
        assert!(plan.runnable && plan.findings.is_empty(), "{:?}", plan.findings);
        assert_eq!(plan.needs.workflows, ["./bmad/g/workflows/plan/workflow.yaml"]);
        let conditions = plan.sheets[0].conditions();
        assert!(conditions.iter().all(|condition| condition.decider == crate::conditions::Decider::Evaluator), "{conditions:?}");
        assert_eq!(conditions.len(), 5);
        assert_eq!(ModuleAgent::default().menu_folder("g-menu"), None);
    }
}
