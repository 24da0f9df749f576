//! A report as people read it: one screen, with what is left out counted. Gathers nothing.

use jiff::tz::TimeZone;

use super::gathering::{Gathered, Story, Waiting, answer_with};
use crate::cli::{
    Context, figures,
    project::share,
    questions,
    screen::{BAD, FAINT, GOOD, STRONG, WARNING, painted},
    text,
};

/// Lines of one section.
const MOST: usize = 8;
/// Characters of a text of others.
const LONGEST: usize = 100;

pub(super) fn lines(gathered: &Gathered, context: &Context, zone: &TimeZone) -> Vec<String> {
    let name = text::escaped(gathered.project.shown());
    let since = figures::moment(gathered.since, zone);
    let mut lines = vec![format!("{} {}", painted(STRONG, name), painted(FAINT, format!("since {since}")))];
    let width =
        [&gathered.landed, &gathered.blocked, &gathered.at_work].into_iter().flatten().map(|story| story.key.len()).max().unwrap_or(0);
    let mut section = |mark: String, heading: &str, entries: Vec<String>| {
        if entries.is_empty() {
            return;
        }
        lines.push(format!("{mark} {heading}: {}", entries.len()));
        let more = entries.len().saturating_sub(MOST);
        lines.extend(entries.into_iter().take(MOST).map(|entry| format!("    {entry}")));
        if more > 0 {
            lines.push(painted(FAINT, format!("    and {more} more")));
        }
    };
    let each = |stories: &[Story], told: fn(&Story) -> String| {
        let line = |story: &Story| format!("{:<width$}  {}", text::escaped(&story.key), told(story));
        stories.iter().map(line).collect::<Vec<_>>()
    };
    section(painted(GOOD, "✓"), "Landed", each(&gathered.landed, landed));
    section(painted(BAD, "✗"), "Blocked", each(&gathered.blocked, blocked));
    section(" ".to_owned(), "In work", each(&gathered.at_work, at_work));
    let asked = |asked: &crate::operations::questions::Question| {
        format!("{}  {}\n      {}", questions::short(&asked.id), excerpt(&asked.text), answer_with(context, asked))
    };
    section(painted(WARNING, "?"), "Asked", gathered.asked.iter().map(asked).collect());
    section(painted(WARNING, "!"), "Waits for you", gathered.waits.iter().map(|waiting| waits(waiting, context)).collect());
    section(painted(WARNING, "!"), "To look at", doubts(gathered));
    if lines.len() == 1 {
        lines.push("  Nothing happened.".to_owned());
    }
    lines.push(spent(gathered));
    lines
}

fn landed(story: &Story) -> String {
    let by = match (story.pull_request, &story.commit) {
        (Some(number), Some(commit)) => format!("  {}", painted(FAINT, format!("#{number}, {}", short(commit)))),
        (Some(number), None) => format!("  {}", painted(FAINT, format!("#{number}"))),
        _ => String::new(),
    };
    let merges = match story.merges.len() {
        0 => String::new(),
        count => painted(FAINT, format!(", after {}", figures::counted(count as u64, "conflict", "conflicts"))),
    };
    format!("{}{by}{merges}", excerpt(&story.title))
}

fn blocked(story: &Story) -> String {
    excerpt(&story.reason)
}

fn at_work(story: &Story) -> String {
    let on = story.branch.as_deref().map(|branch| format!(" on {}", text::escaped(branch))).unwrap_or_default();
    format!("{}{on}", story.status.as_str())
}

fn waits(waiting: &Waiting, context: &Context) -> String {
    let who = waiting.run.as_ref().map(|run| format!("{} (run {}) ", text::line(&run.plugin), text::short(&run.id))).unwrap_or_default();
    format!("{who}{}", excerpt_of(&context.advice(&text::line(&waiting.reason)), 3 * LONGEST))
}

fn doubts(gathered: &Gathered) -> Vec<String> {
    let flaky = |(item, times): (&String, &u64)| {
        format!("{}: tests passed in a second run only ({})", text::escaped(item), figures::counted(*times, "time", "times"))
    };
    let mut doubts: Vec<_> = gathered.flaky.iter().map(flaky).collect();
    if gathered.uncertain > 0 {
        let calls = figures::counted(gathered.uncertain, "model call was", "model calls were");
        doubts.push(format!("{calls} cut off and made again, and may have been charged twice"));
    }
    doubts
}

fn spent(gathered: &Gathered) -> String {
    let spent = &gathered.spent;
    let most: Vec<_> = spent.by_story.iter().take(MOST).map(|(name, usd)| format!("{} ${usd}", text::escaped(name))).collect();
    let more = spent.by_story.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let by = if most.is_empty() { String::new() } else { format!(" ({}{more})", most.join(", ")) };
    let unknown = if spent.unknown > 0 {
        format!("; {} without a known price", figures::counted(spent.unknown, "reply", "replies"))
    } else {
        String::new()
    };
    let day = gathered.day_limit().map(|limit| format!("; today ${} of ${limit}{}", spent.today, share(spent.today, limit)));
    format!("  Spent: ${}{by}{unknown}{}", spent.total, day.unwrap_or_default())
}

fn excerpt(of: &str) -> String {
    excerpt_of(&text::line(of), LONGEST)
}

fn excerpt_of(line: &str, most: usize) -> String {
    text::excerpt(line, most)
}

fn short(commit: &str) -> &str {
    &commit[..commit.floor_char_boundary(10)]
}
