//! What a person is told of a tree of runs: a line for a step, one for the status. Its texts are safe to show; it shows none.

use jiff::tz::TimeZone;

use crate::{
    cli::{figures, text},
    operations::{
        Moment,
        execution::{Activity, Branch, Happening, Member, Replies, Snapshot, Step, SweepDeed, Work},
        runs::NeedKind,
    },
};

/// What a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// A step began.
    Begun,
    /// A step was done.
    Done,
    /// A step was not done.
    Broken,
    /// A run below the root ended.
    Child,
    /// A person is asked. On a terminal the whole question is shown besides.
    Asked,
    /// A person should know.
    Warning,
}

/// Something to tell the person who watches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// When, in milliseconds since 1970 UTC.
    pub(super) at: u64,
    /// What it says.
    pub(super) mark: Mark,
    /// How far below the root, for a child.
    pub(super) depth: usize,
    /// The text.
    pub(super) text: String,
    /// How long it took, in milliseconds, where that is known.
    pub(super) took: Option<u64>,
}

/// The line for a step.
pub(super) fn line(step: &Step) -> Line {
    let (mark, text, took) = words(step);
    let depth = if matches!(step.what, Happening::Decided { .. }) { step.depth + 1 } else { step.depth };
    Line { at: step.at.0, mark, depth, text, took }
}

fn words(step: &Step) -> (Mark, String, Option<u64>) {
    let who = name(&step.member);
    let plain = |mark, text| (mark, text, None);
    let warning = |told: &str| plain(Mark::Warning, format!("{who} (run {}): {}", text::short(&step.member.run), text::line(told)));
    match &step.what {
        Happening::Began { step } => plain(Mark::Begun, text::excerpt(step, 100)),
        Happening::Ended { step, succeeded, took_ms } => {
            (if *succeeded { Mark::Done } else { Mark::Broken }, text::excerpt(step, 100), *took_ms)
        }
        Happening::Succeeded { replies, took_ms } => (Mark::Child, summary(&who, replies), *took_ms),
        Happening::Stopped { state, reason } => {
            let how = if state == "paused" { "is paused" } else { state.as_str() };
            warning(&reason.as_ref().map_or_else(|| how.to_owned(), |reason| format!("{how}: {reason}")))
        }
        Happening::Asked { question } => plain(Mark::Asked, format!("{who} asks: {}", text::excerpt(question, 200))),
        Happening::Withdrew { question } => plain(Mark::Asked, format!("{who} withdraws the question: {}", text::excerpt(question, 200))),
        Happening::Decided { question, answer } => {
            plain(Mark::Child, format!("decided: {} → {}", text::excerpt(question, 80), text::excerpt(answer, 80)))
        }
        Happening::Warned { message } => {
            let message = text::excerpt(message, 400);
            // Several runs may say the same of different work.
            let place = step.member.worktree.as_deref().map(|worktree| format!("{}: ", text::excerpt(worktree, 64)));
            plain(Mark::Warning, place.unwrap_or_default() + &message)
        }
        what => warning(&trouble(what)),
    }
}

/// What a person should know of a run, after its name.
fn trouble(what: &Happening) -> String {
    match what {
        Happening::NeedsOperator { need, reason } => text::excerpt(&format!("waits for the {}: {reason}", need_word(*need)), 400),
        Happening::WaitsForAccount { account, until, reason } => {
            let (account, until) = (text::excerpt(account, 40), figures::moment(until.0, &TimeZone::system()));
            text::excerpt(&format!("waits for {account} until {until}: {reason}"), 400)
        }
        Happening::LostReply { cost_usd, reason } => {
            let charged = cost_usd.map_or_else(
                || "It may have been charged".to_owned(),
                |cost| format!("Up to {} may have been charged", figures::money(Some(cost))),
            );
            text::excerpt(&format!("{charged} for no reply. {reason}"), 400)
        }
        Happening::RepeatedCall { call } => format!("call {call} was cut off and is made again; it may have been charged twice"),
        Happening::FellBack { from, to, reason } => text::excerpt(&format!("{to} is asked instead of {from}. {reason}"), 400),
        Happening::BudgetNearlySpent { spent_usd, budget_usd } => {
            format!("${spent_usd} of a budget of ${budget_usd} is spent or reserved")
        }
        Happening::Denied { reason } => format!("denied: {reason}"),
        Happening::Swept { path, deed, moved_to, others } => sweep(path, *deed, moved_to.as_deref(), *others),
        Happening::LeftOut { branch, paths, others } => left_out(branch, paths, *others),
        _ => String::new(),
    }
}

fn sweep(path: &str, deed: SweepDeed, moved_to: Option<&str>, others: u64) -> String {
    let done = match deed {
        SweepDeed::Moved => format!("moved to {}", text::excerpt(moved_to.unwrap_or_default(), 200)),
        SweepDeed::Removed => "removed".to_owned(),
        SweepDeed::Opened => "made readable".to_owned(),
        SweepDeed::Disarmed => "disarmed".to_owned(),
    };
    let more = if others > 0 { format!(", and {others} more") } else { String::new() };
    format!("a command left `{}`, which Baton {done}{more}", text::excerpt(path, 60))
}

fn left_out(branch: &str, paths: &[String], others: u64) -> String {
    let named: Vec<_> = paths.iter().map(|path| format!("`{}`", text::excerpt(path, 60))).collect();
    let more = if others > 0 { format!(" and {others} more") } else { String::new() };
    format!(
        "the commit on `{}` leaves out {}{more}, because of the name or the size; these files stay in the worktree",
        text::excerpt(branch, 64),
        named.join(", ")
    )
}

/// What is being done, in one line; where several runs are at work side by side, each has a line of its own.
pub(super) fn status(snapshot: &Snapshot) -> String {
    let step = snapshot.step.as_deref().map_or_else(|| "Starting".to_owned(), |step| text::excerpt(step, 100));
    match snapshot.latest.as_ref().filter(|_| snapshot.side_by_side.is_empty()) {
        Some(Work { member, activity }) if member.run == snapshot.root => format!("{step} · {}", describe(activity)),
        Some(Work { member, activity }) => format!("{step} · {}: {}", name(member), describe(activity)),
        None => step,
    }
}

/// A line for each of several runs that are at work side by side.
pub(super) fn branches(snapshot: &Snapshot) -> Vec<String> {
    snapshot.side_by_side.iter().map(branch).collect()
}

fn branch(Branch { member, latest }: &Branch) -> String {
    let who = name(member);
    match latest {
        Some(Work { member: below, activity }) if below.run == member.run => format!("{who}: {}", describe(activity)),
        Some(Work { member: below, activity }) => format!("{who} · {}: {}", text::excerpt(&below.title, 64), describe(activity)),
        None => who,
    }
}

fn describe(activity: &Activity) -> String {
    let time = |until: &Moment| figures::clock(until.0, &TimeZone::system());
    match activity {
        Activity::Step { step } => text::excerpt(step, 60),
        Activity::Reply { replies, used_tokens, window_tokens } => {
            // Of a model whose window is not known nothing is said.
            let fill = figures::share(*used_tokens, *window_tokens);
            let fill = if fill.is_empty() { fill } else { format!(", window {fill} full") };
            tokens(replies) + &fill
        }
        Activity::Command { command } => text::excerpt(&format!("runs {command}"), 60),
        Activity::Fetch { progress } => text::excerpt(&format!("fetches {progress}"), 60),
        Activity::Sleep { until } => format!("sleeps until {}", time(until)),
        Activity::Question => "waits for an answer".to_owned(),
        Activity::Operator { need, subject } => format!("waits for the {} {}", need_word(*need), text::excerpt(subject, 60)),
        Activity::Account { account, until } => format!("waits for {} until {}", text::excerpt(account, 40), time(until)),
        Activity::Continues => "continues".to_owned(),
    }
}

fn need_word(need: NeedKind) -> &'static str {
    match need {
        NeedKind::Key => "key",
        NeedKind::Budget => "budget",
        NeedKind::Price => "price",
        NeedKind::Grant => "grant",
        NeedKind::Image => "image",
        NeedKind::Engine => "engine",
    }
}

fn name(member: &Member) -> String {
    let title = text::excerpt(&member.title, 64);
    match &member.worktree {
        Some(worktree) => format!("{title} on {}", text::excerpt(worktree, 64)),
        None => title,
    }
}

fn tokens(replies: &Replies) -> String {
    let cached = match replies.cached_input_tokens {
        0 => String::new(),
        cached => format!(", {} cached", figures::share(cached, replies.input_tokens)),
    };
    format!("{} → {} tokens{cached}", figures::count(replies.input_tokens), figures::count(replies.output_tokens))
}

fn summary(who: &str, replies: &Replies) -> String {
    if replies.count == 0 {
        return who.to_owned();
    }
    let mut summary = format!("{who} · {} · {}", figures::counted(replies.count, "reply", "replies"), tokens(replies));
    if let Some(cost) = replies.cost_usd.filter(|cost| *cost > 0.0) {
        summary.push_str(" · ");
        summary.push_str(&figures::money(Some(cost)));
    }
    summary
}
