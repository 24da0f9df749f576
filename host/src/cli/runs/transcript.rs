//! `baton runs transcript`.

use std::fmt::Write as _;

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::{
    cli::{Context, client, exit::Exit, figures, text},
    operations::{
        Access,
        runs::{Exchange, ExchangeOutcome, Part, ReadTranscript, Role, RunTranscript, Usage},
    },
};

/// Show the model requests and replies of a run and its child runs, as Markdown
#[derive(Debug, Args)]
pub(in crate::cli) struct Transcript {
    /// Run id, or a unique prefix or suffix
    run: String,
    /// Show only the run itself, without its child runs
    #[arg(long)]
    only: bool,
}

impl Transcript {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let client = context.connect(Access::Look).await?;
        let transcript = client::runs::transcript(&client, &ReadTranscript { run: self.run.clone(), only: self.only }).await?;
        if context.screen.is_json() {
            context.screen.document(&transcript)?;
            return Ok(Exit::Done);
        }
        context.screen.answer(format!("# Transcript of {} {}\n", text::line(&transcript.plugin), text::short(&transcript.run)))?;
        for run in &transcript.runs {
            context.screen.answer(heading(run))?;
            run.exchanges.iter().try_for_each(|exchange| context.screen.answer(text::plain(&call(exchange))))?;
        }
        if transcript.runs.is_empty() {
            context.screen.tell(if self.only {
                "The run has not called a model."
            } else {
                "Neither the run nor its child runs have called a model."
            });
        }
        Ok(Exit::Done)
    }
}

fn heading(run: &RunTranscript) -> String {
    let item = run.item.as_ref().map(|item| format!(" for {}", text::line(item))).unwrap_or_default();
    format!("## {} {}{item}\n", text::line(&run.plugin), text::short(&run.run))
}

fn call(exchange: &Exchange) -> String {
    let mut facts = vec![figures::moment(exchange.asked_at.0, &TimeZone::system())];
    facts.extend(exchange.answered_at.map(|answered| figures::duration(answered.0.saturating_sub(exchange.asked_at.0))));
    if let ExchangeOutcome::Replied { reply } = &exchange.outcome {
        facts.extend(spent(&reply.usage));
        facts.push(format!("ended with `{}`", reply.stop.as_str()));
    }
    if exchange.repeated {
        facts.push("**sent twice**".to_owned());
    }
    let joined = facts.join(" · ");
    format!("### Call {}\n\n{joined}\n\n{}", figures::count(exchange.seq), markdown(exchange))
}

fn spent(usage: &Usage) -> Vec<String> {
    if usage.uncounted {
        return vec!["tokens unknown".to_owned()];
    }
    let tokens = format!("{} → {} tokens", figures::count(usage.input_tokens), figures::count(usage.output_tokens));
    let share = figures::share(usage.cached_input_tokens, usage.input_tokens);
    let cached = (usage.cached_input_tokens > 0).then(|| format!("{share} from the provider's cache"));
    [Some(tokens), cached, Some(figures::money(usage.cost_usd))].into_iter().flatten().collect()
}

/// An exchange in Markdown, without a heading. What models, tools and plugins wrote stands in quotes and fences, so that it
/// cannot pass for a heading or another's words.
fn markdown(exchange: &Exchange) -> String {
    let mut text = String::new();
    if let Some(system) = &exchange.system {
        section(&mut text, "System", &quoted(system));
    }
    if let Some(tools) = &exchange.tools {
        let listed: Vec<_> = tools.iter().map(|tool| format!("`{}`", tool.name)).collect();
        section(&mut text, "Tools", &listed.join(", "));
    }
    if let Some(schema) = &exchange.reply_schema {
        section(&mut text, "Schema of the reply", &fenced("json", &pretty(schema)));
    }
    if exchange.changed > 0 {
        let messages = if exchange.changed == 1 { "message was" } else { "messages were" };
        let _ = writeln!(text, "*{} earlier {messages} shortened or changed for this request.*\n", exchange.changed);
    }
    for message in &exchange.messages {
        let side = match message.role {
            Role::User => "User",
            Role::Assistant => "Assistant",
        };
        section(&mut text, side, &parts(&message.parts));
    }
    match &exchange.outcome {
        ExchangeOutcome::Replied { reply } => section(&mut text, &format!("Reply of {}", reply.model), &parts(&reply.parts)),
        ExchangeOutcome::Failed { error } => section(&mut text, "Error", &quoted(error)),
        ExchangeOutcome::Missing => section(&mut text, "No reply", "The journal has no answer to this call."),
        ExchangeOutcome::Unreadable { reason } => section(&mut text, "Not readable", &quoted(reason)),
    }
    text
}

fn section(text: &mut String, title: &str, content: &str) {
    let _ = writeln!(text, "**{title}**\n\n{}\n", content.trim_end());
}

fn parts(parts: &[Part]) -> String {
    if parts.is_empty() {
        return "*(empty)*".to_owned();
    }
    parts.iter().map(part).collect::<Vec<_>>().join("\n\n")
}

fn part(part: &Part) -> String {
    match part {
        Part::Text { text } => quoted(text),
        Part::Thinking { text } if text.is_empty() => "*Thinking, which the provider hides.*".to_owned(),
        Part::Thinking { text } => format!("*Thinking:*\n\n{}", quoted(text)),
        Part::ToolCall { name, arguments, .. } => format!("*Calls* `{name}`\n\n{}", fenced("json", &pretty(arguments))),
        Part::ToolResult { content, failed, .. } => {
            let title = if *failed { "*The tool failed:*" } else { "*The tool answered:*" };
            format!("{title}\n\n{}", fenced("text", content))
        }
        Part::File { media_type, path } => format!("*File* `{path}` ({media_type})"),
        Part::Opaque { provider } => format!("*A document that only {provider} reads.*"),
    }
}

fn quoted(text: &str) -> String {
    if text.trim().is_empty() {
        return "> *(empty)*".to_owned();
    }
    let quote = |line: &str| if line.is_empty() { ">".to_owned() } else { format!("> {line}") };
    text.trim_end().lines().map(quote).collect::<Vec<_>>().join("\n")
}

/// A fence longer than any run of backticks inside it.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}

fn pretty(document: &Value) -> String {
    serde_json::to_string_pretty(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{Moment, runs::Message};

    #[test]
    fn the_share_from_the_cache_is_told_where_there_is_one() {
        let usage = Usage { input_tokens: 1_200, cached_input_tokens: 960, output_tokens: 30, cost_usd: Some(0.5), ..Usage::default() };
        assert_eq!(spent(&usage), ["1,200 → 30 tokens", "80 % from the provider's cache", "$0.5000"]);
        assert_eq!(spent(&Usage { cached_input_tokens: 0, cost_usd: None, ..usage }), ["1,200 → 30 tokens", "unknown"]);
        assert_eq!(spent(&Usage { uncounted: true, ..usage }), ["tokens unknown"]);
        assert_eq!(spent(&Usage::default())[0], "0 → 0 tokens");
    }

    fn exchange(changed: u64, parts: Vec<Part>) -> Exchange {
        Exchange {
            seq: 3,
            asked_at: Moment(0),
            answered_at: None,
            conversation: 3,
            system: None,
            tools: None,
            reply_schema: None,
            changed,
            messages: vec![Message { role: Role::User, parts }],
            outcome: ExchangeOutcome::Missing,
            repeated: false,
        }
    }

    #[test]
    fn shortened_messages_are_counted() {
        assert!(markdown(&exchange(1, Vec::new())).contains("1 earlier message was shortened"));
        assert!(!markdown(&exchange(0, Vec::new())).contains("earlier"));
    }

    #[test]
    fn nothing_that_was_written_can_pass_for_the_document_itself() {
        let hostile = "# Reply of me\n```\n**User**\n````\nend".to_owned();
        let result = Part::ToolResult { call_id: "1".to_owned(), content: hostile.clone(), failed: false };
        let shown = markdown(&exchange(0, vec![result, Part::Text { text: hostile }]));
        assert!(shown.contains("`````text\n# Reply of me"), "{shown}");
        assert!(shown.contains("> # Reply of me\n> ```\n> **User**"), "{shown}");
    }
}
