//! `baton tools list`.

use anyhow::Result;
use clap::Args;

use crate::{
    cli::{
        Context, client,
        exit::Exit,
        figures,
        screen::{BAD, FAINT, GOOD, WARNING, painted},
        table::{Align, Cell, Table},
        text,
    },
    operations::{
        Access,
        tools::{ListTools, Tool, ToolEffects, ToolSet},
    },
};

/// List the tools of the host, of MCP servers and of toolboxes, and the plugins that may call them
///
/// Baton starts the MCP servers from the settings and asks each for its tools. An invalid tool is quarantined; the other
/// tools of its server stay available. A tool that changed since it was granted is denied until you approve it.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Show only the tools of these MCP servers or toolboxes; `host` for the host's own tools
    #[arg(value_name = "SET")]
    sets: Vec<String>,
}

impl List {
    pub(super) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let sets = client::tools::list(&client, &ListTools { sets: self.sets.clone() }).await?;
        if context.screen.is_json() {
            context.screen.document(&sets)?;
            return Ok(Exit::Done);
        }
        let sets = sets.items;
        context.screen.answer(table(&sets).fit(context.screen.room()))?;
        for remark in sets.iter().flat_map(remarks) {
            context.screen.tell(remark);
        }
        Ok(Exit::Done)
    }
}

fn table(sets: &[ToolSet]) -> Table {
    let mut table = Table::new(&[("TOOL", Align::Left), ("EFFECTS", Align::Left), ("GRANTED TO", Align::Left), ("STATE", Align::Left)]);
    for set in sets {
        for tool in &set.tools {
            table.row([
                Cell::from(text::escaped(&tool.name)),
                effects(tool.effects).into(),
                list_plugins(&tool.granted).into(),
                state(tool),
            ]);
        }
        for quarantined in &set.quarantined {
            let name = text::escaped(&format!("{}.{}", set.name, quarantined.name));
            let why = format!("quarantined for `{}`", text::escaped(&quarantined.field));
            table.row([Cell::from(name), "".into(), "".into(), Cell::styled(why, BAD)]);
        }
        if set.problem.is_some() {
            table.row([Cell::from(text::escaped(&format!("{}.*", set.name))), "".into(), "".into(), Cell::styled("unavailable", BAD)]);
        }
    }
    table
}

fn state(tool: &Tool) -> Cell {
    match tool.needs_approval.is_empty() {
        false => Cell::styled("needs approval", WARNING),
        true if tool.granted.is_empty() => Cell::styled("not granted", FAINT),
        true => Cell::styled("ready", GOOD),
    }
}

fn effects(effects: ToolEffects) -> &'static str {
    match effects {
        ToolEffects { read_only: true, .. } => "reads",
        ToolEffects { destructive: true, idempotent: true, .. } => "destroys, repeatable",
        ToolEffects { destructive: true, .. } => "destroys",
        ToolEffects { idempotent: true, .. } => "changes, repeatable",
        _ => "changes",
    }
}

fn list_plugins(plugins: &[String]) -> String {
    plugins.iter().map(|plugin| text::escaped(plugin)).collect::<Vec<_>>().join(", ")
}

/// What a table has no room for, in sentences.
fn remarks(set: &ToolSet) -> Vec<String> {
    let name = text::escaped(&set.name);
    let line = |mark, style, said: &str| format!("{} {}", painted(style, mark), text::line(said));
    let mut remarks = Vec::new();
    remarks.extend(set.problem.iter().map(|problem| line("✗", BAD, &format!("`{name}`: {problem}"))));
    remarks.extend(set.remarks.iter().map(|remark| line("!", WARNING, &format!("`{name}`: {remark}"))));
    if set.left_out > 0 {
        let count = figures::counted(set.left_out as u64, "tool", "tools");
        remarks.push(line(
            "!",
            WARNING,
            &format!("`{name}`: {count} more are left out; a set has at most {}.", set.tools.len().max(set.quarantined.len())),
        ));
    }
    remarks.extend(set.quarantined.iter().map(|tool| {
        let (tool_name, field) = (text::escaped(&tool.name), text::escaped(&tool.field));
        line("✗", BAD, &format!("`{name}.{tool_name}` is quarantined for its `{field}`: {}", tool.reason))
    }));
    for tool in &set.tools {
        let tool_name = text::escaped(&tool.name);
        if tool.provider_name != tool.name.replacen('.', "__", 1) {
            let said = format!(
                "`{tool_name}` is sent to providers as `{}`: its name is too long, or could be confused with another.",
                tool.provider_name
            );
            remarks.push(line("·", FAINT, &said));
        }
        remarks.extend(tool.fixes.iter().map(|note| line("·", FAINT, &format!("`{tool_name}`: {note}"))));
        for changed in &tool.needs_approval {
            let (plugin, parts) = (text::escaped(&changed.plugin), changed.changed.join(" and "));
            let said = format!(
                "`{tool_name}` has changed in its {parts} since it was granted to `{plugin}`. It now says: {} Approve the new form with `baton tools approve {tool_name}`.",
                text::excerpt(&tool.description, 300)
            );
            remarks.push(line("!", WARNING, &said));
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::tools::{QuarantinedTool, ToolChange, ToolProvider};

    fn set() -> ToolSet {
        let tool = |name: &str, granted: &[&str], needs_approval: Vec<ToolChange>| Tool {
            name: name.to_owned(),
            provider_name: name.replacen('.', "__", 1),
            description: "Does.".to_owned(),
            parameters: serde_json::json!({ "type": "object" }),
            effects: ToolEffects::default(),
            fixes: Vec::new(),
            granted: granted.iter().map(ToString::to_string).collect(),
            needs_approval,
        };
        let changed = ToolChange { plugin: "probe".to_owned(), changed: vec!["description".to_owned()] };
        ToolSet {
            name: "web".to_owned(),
            kind: ToolProvider::Server,
            problem: None,
            left_out: 0,
            remarks: vec!["It wrote 1 line.".to_owned()],
            tools: vec![tool("web.look", &["probe"], Vec::new()), tool("web.new", &[], Vec::new()), tool("web.post", &[], vec![changed])],
            quarantined: vec![QuarantinedTool {
                name: "bad".to_owned(),
                field: "inputSchema".to_owned(),
                reason: "It is\u{1b}[2J wrong.".to_owned(),
            }],
        }
    }

    #[test]
    fn every_tool_has_a_line_and_every_reason_a_sentence() {
        let shown = anstream::adapter::strip_str(&table(&[set()]).render()).to_string();
        let lines: Vec<_> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(
            lines,
            [
                "TOOL EFFECTS GRANTED TO STATE",
                "web.look changes probe ready",
                "web.new changes not granted",
                "web.post changes needs approval",
                "web.bad quarantined for `inputSchema`",
            ]
        );
        let said = remarks(&set()).join("\n");
        let said = anstream::adapter::strip_str(&said).to_string();
        for part in ["It wrote 1 line.", "`web.bad` is quarantined for its `inputSchema`: It is wrong.", "baton tools approve web.post"] {
            assert!(said.contains(part), "{said}");
        }
        let gone = ToolSet { problem: Some("It does not start.".to_owned()), tools: Vec::new(), quarantined: Vec::new(), ..set() };
        assert!(table(&[gone]).render().contains("unavailable"));
    }
}
