//! Makes an agent of a folder: `persona.md` says who the model is, the SDK holds the conversation.
//! The engine has no manifest of its own; each agent's is packed with its folder.

mod persona;
#[cfg(test)]
mod prompts;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use baton_sdk::conversation::{Conversation, HostModel};
use baton_sdk::prelude::*;
use baton_sdk::tools::Tool;

use persona::Persona;

struct Role;

impl Agent for Role {
    fn perform(task: Task) -> Result<Report> {
        let persona = persona(&assets::read_text("persona.md")?)?;
        let conversation = conversation(persona, &task)?;
        let answer = conversation.hold(&mut HostModel, &opening(&task))?;
        let summary = summary::of(&answer);
        let continued = answer.conversation.map(|conversation| conversation.to_string());
        Ok(Report::new(answer.text, summary).with_conversation(continued))
    }
}

baton_sdk::export!(agent Role, manifest packed later);

fn persona(document: &str) -> Result<Persona> {
    Persona::read(document).map_err(|mistake| Error::invalid(format!("{mistake}. Correct it and pack the agent again.")))
}

fn conversation(persona: Persona, task: &Task) -> Result<Conversation> {
    let answer_schema = task.answer_schema.as_deref().map(baton_sdk::serde_json::from_str).transpose().map_err(|error| {
        Error::invalid(format!("The task's answer schema is not JSON: {error}. Correct it and perform the task again."))
    })?;
    let tools = tools(&persona.settings.tools)?;
    Ok(Conversation {
        system: Some(persona.text),
        temperature: persona.settings.temperature,
        effort: persona.settings.effort.map(effort),
        max_tokens: persona.settings.max_tokens,
        max_turns: persona.settings.max_turns,
        tools,
        answer_schema,
        // That of another agent, which filled the slot before, is left aside.
        continuing: task.conversation.as_deref().and_then(|conversation| baton_sdk::serde_json::from_str(conversation).ok()),
        ..Conversation::default()
    })
}

fn effort(effort: persona::Effort) -> llm::Effort {
    match effort {
        persona::Effort::Low => llm::Effort::Low,
        persona::Effort::Medium => llm::Effort::Medium,
        persona::Effort::High => llm::Effort::High,
    }
}

/// The SDK's own tools by name, and those that the host holds ready by pattern.
fn tools(names: &[String]) -> Result<Vec<Tool>> {
    let offers = if names.iter().all(|name| tools::named(name).is_some()) { Vec::new() } else { tools::available() };
    let mut chosen = Vec::new();
    for name in names {
        if let Some(own) = tools::named(name) {
            chosen.push(own);
            continue;
        }
        let granted = tools::fitting(&offers, name);
        if granted.is_empty() && !name.contains('*') {
            return Err(Error::invalid(format!(
                "The persona names the tool `{name}`, which is not offered to this agent. `baton tools list` shows whether it exists, is quarantined or needs approval; `baton plugin grant {} 'tools={name}'` grants it if plugin.toml asks for it.",
                run::about().plugin
            )));
        }
        for offer in granted {
            chosen.push(Tool::granted(offer)?);
        }
    }
    // Two patterns may fit one tool, and no model takes a name twice.
    let mut seen = BTreeSet::new();
    chosen.retain(|tool: &Tool| seen.insert(tool.name.clone()));
    Ok(chosen)
}

fn opening(task: &Task) -> String {
    if task.context.trim().is_empty() { task.goal.clone() } else { format!("{}\n\n{}", task.goal, task.context) }
}
