//! `baton runs transcript`.

use anyhow::Result;
use clap::Args;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::{
    cli::{Context, exit::Exit, figures, text},
    interfaces::llm::{
        Usage,
        transcript::{self, Exchange, Outcome},
    },
    kernel::run::Run,
    operations::{Access, Host},
};

/// Show what a run and those below it asked models, and every reply, as Markdown
#[derive(Debug, Args)]
pub(in crate::cli) struct Transcript {
    /// Any beginning or end of the run's id
    run: String,
    /// Only the run itself, without those below it
    #[arg(long)]
    only: bool,
}

impl Transcript {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let run = app.kernel.resolve(&self.run).await?;
        let mut runs = if self.only { vec![run.clone()] } else { app.kernel.tree(&run.id).await? };
        runs.sort_by(|one, other| {
            (one.started_at, one.created_at, one.id.as_str()).cmp(&(other.started_at, other.created_at, other.id.as_str()))
        });
        if context.screen.is_json() {
            return self.print_json(context, &app, &run, &runs).await;
        }
        context.screen.answer(format!("# Transcript of {} {}\n", text::line(&run.plugin), text::short(&run.id)))?;
        let mut asked = false;
        for run in &runs {
            let exchanges = exchanges(&app, run).await?;
            if !exchanges.is_empty() {
                asked = true;
                context.screen.answer(heading(run))?;
            }
            for exchange in &exchanges {
                context.screen.answer(text::plain(&section(exchange)))?;
            }
        }
        if !asked {
            context.screen.tell(if self.only {
                "The run asked no model yet."
            } else {
                "Neither the run nor one below it asked a model yet."
            });
        }
        Ok(Exit::Done)
    }

    async fn print_json(&self, context: &Context, app: &Host, run: &Run, runs: &[Run]) -> Result<Exit> {
        let mut documents = Vec::new();
        for run in runs {
            let exchanges: Vec<_> = exchanges(app, run).await?.iter().map(document).collect();
            if !exchanges.is_empty() {
                documents.push(json!({ "run": run.id, "plugin": run.plugin, "item": run.item, "exchanges": exchanges }));
            }
        }
        context.screen.document(&json!({ "run": run.id, "runs": documents }))?;
        Ok(Exit::Done)
    }
}

/// The exchanges of a run. What is damaged in the journal is left to `runs journal`.
async fn exchanges(app: &Host, run: &Run) -> Result<Vec<Exchange>> {
    let entries: Vec<_> = app.kernel.journal().inspect(&run.id).await?.into_iter().map(|found| found.entry).collect();
    Ok(transcript::read(&entries))
}

fn heading(run: &Run) -> String {
    let item = run.item.as_ref().map(|item| format!(" for {}", text::line(item))).unwrap_or_default();
    format!("## {} {}{item}\n", text::line(&run.plugin), text::short(&run.id))
}

fn section(exchange: &Exchange) -> String {
    let mut facts = vec![figures::moment(exchange.asked_at, &TimeZone::system())];
    facts.extend(exchange.answered_at.map(|answered| figures::duration(answered.saturating_sub(exchange.asked_at))));
    if let Outcome::Reply(reply) = &exchange.outcome {
        facts.extend(spent(&reply.usage));
        facts.extend(json!(reply.stop).as_str().map(|stop| format!("ended with `{stop}`")));
    }
    if exchange.repeated {
        facts.push("**sent twice**".to_owned());
    }
    let joined = facts.join(" · ");
    format!("### Call {}\n\n{joined}\n\n{}", figures::count(exchange.seq), transcript::markdown(exchange))
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

fn document(exchange: &Exchange) -> Value {
    let mut document = json!(exchange);
    document["asked-at"] = json!(figures::stamp(exchange.asked_at));
    document["answered-at"] = json!(exchange.answered_at.map(figures::stamp));
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_from_the_cache_is_told_where_there_is_one() {
        let usage = Usage { input_tokens: 1_200, cached_input_tokens: 960, output_tokens: 30, cost_usd: Some(0.5), ..Usage::default() };
        assert_eq!(spent(&usage), ["1,200 → 30 tokens", "80 % from the provider's cache", "$0.5000"]);
        assert_eq!(spent(&Usage { cached_input_tokens: 0, cost_usd: None, ..usage }), ["1,200 → 30 tokens", "unknown"]);
        assert_eq!(spent(&Usage { uncounted: true, ..usage }), ["tokens unknown"]);
        assert_eq!(spent(&Usage::default())[0], "0 → 0 tokens");
    }
}
