//! A report as people read it: one screen, with what is left out counted. Gathers nothing.

use jiff::tz::TimeZone;

use crate::cli::{
    Context, figures,
    project::share,
    questions,
    screen::{BAD, FAINT, GOOD, STRONG, WARNING, painted},
    text,
};
use crate::operations::{
    questions::Question,
    reports::{Report, ReportedStory, ReportedWait},
};

/// Lines of one section.
const MOST: usize = 8;
/// Characters of a text of others.
const LONGEST: usize = 100;

pub(super) fn lines(report: &Report, context: &Context, zone: &TimeZone) -> Vec<String> {
    let name = text::escaped(&report.name);
    let since = figures::moment(report.since.0, zone);
    let mut lines = vec![format!("{} {}", painted(STRONG, name), painted(FAINT, format!("since {since}")))];
    let width = [&report.landed, &report.blocked, &report.in_work].into_iter().flatten().map(|story| story.key.len()).max().unwrap_or(0);
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
    let each = |stories: &[ReportedStory], told: fn(&ReportedStory) -> String| {
        let line = |story: &ReportedStory| format!("{:<width$}  {}", text::escaped(&story.key), told(story));
        stories.iter().map(line).collect::<Vec<_>>()
    };
    section(painted(GOOD, "✓"), "Landed", each(&report.landed, landed));
    section(painted(BAD, "✗"), "Blocked", each(&report.blocked, blocked));
    section(" ".to_owned(), "In work", each(&report.in_work, at_work));
    let asked =
        |asked: &Question| format!("{}  {}\n      {}", questions::short(&asked.id), excerpt(&asked.text), answer_with(context, asked));
    section(painted(WARNING, "?"), "Asked", report.asked.iter().map(asked).collect());
    section(painted(WARNING, "!"), "Waits for you", report.waits.iter().map(waits).collect());
    section(painted(WARNING, "!"), "To look at", doubts(report));
    if lines.len() == 1 {
        lines.push("  Nothing happened.".to_owned());
    }
    lines.push(describe_spending(report));
    lines
}

fn landed(story: &ReportedStory) -> String {
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

fn blocked(story: &ReportedStory) -> String {
    excerpt(&story.reason)
}

fn at_work(story: &ReportedStory) -> String {
    let on = story.branch.as_deref().map(|branch| format!(" on {}", text::escaped(branch))).unwrap_or_default();
    format!("{}{on}", story.status.as_str())
}

fn waits(waiting: &ReportedWait) -> String {
    let plugin = waiting.plugin.as_deref().map(text::line).unwrap_or_default();
    let who = waiting.run.as_ref().map(|run| format!("{plugin} (run {}) ", text::short(run))).unwrap_or_default();
    format!("{who}{}", excerpt_of(&text::line(&waiting.reason), 3 * LONGEST))
}

fn doubts(report: &Report) -> Vec<String> {
    let flaky = |(item, times): (&String, &u64)| {
        format!("{}: tests passed in a second run only ({})", text::escaped(item), figures::counted(*times, "time", "times"))
    };
    let mut doubts: Vec<_> = report.flaky.iter().map(flaky).collect();
    if report.uncertain_calls > 0 {
        let calls = figures::counted(report.uncertain_calls, "model call was", "model calls were");
        doubts.push(format!("{calls} cut off and made again, and may have been charged twice"));
    }
    doubts
}

fn describe_spending(report: &Report) -> String {
    let spent = &report.spent;
    let most: Vec<_> = spent.by_story.iter().take(MOST).map(|cost| format!("{} ${}", text::escaped(&cost.name), cost.cost_usd)).collect();
    let more = spent.by_story.len().saturating_sub(MOST);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let by = if most.is_empty() { String::new() } else { format!(" ({}{more})", most.join(", ")) };
    let unknown = if spent.replies_without_price > 0 {
        format!("; {} without a known price", figures::counted(spent.replies_without_price, "reply", "replies"))
    } else {
        String::new()
    };
    let day = spent.day_limit_usd.map(|limit| format!("; today ${} of ${limit}{}", spent.today_usd, share(spent.today_usd, limit)));
    format!("  Spent: ${}{by}{unknown}{}", spent.total_usd, day.unwrap_or_default())
}

/// The command that answers a question.
fn answer_with(context: &Context, asked: &Question) -> String {
    context.again(&format!("questions answer {}", questions::short(&asked.id)))
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
