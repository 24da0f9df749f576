//! Ready-made tools that look at the repository's history: what changed, the commits, a file as it was. They change nothing.

use serde_json::json;

use super::{
    Tool,
    reading::{argument, lines, number, object},
    text,
};
use crate::{Error, git, numbers};

/// Commits that are listed where the model does not say how many.
const USUAL_COMMITS: u32 = 20;
/// Commits that a model may ask for.
const MOST_COMMITS: u32 = 100;
/// Files without room for their diff that are named.
const MOST_NAMED: usize = 50;

/// Shows what the workspace changed.
pub fn git_diff() -> Tool {
    let parameters = object(
        &json!({
            "base": { "type": "string", "minLength": 1, "description": "A branch such as `main`, or a commit's full hash; the last commit when left out" },
            "path": { "type": "string", "minLength": 1, "description": "Only this file, or the files in this folder" }
        }),
        &[],
    );
    let description = "Shows as a unified diff what the workspace's files changed since the last commit, or since they left `base`. New files are included.";
    Tool::new("git_diff", description, parameters, |arguments| {
        let base = match arguments["base"].as_str() {
            Some(base) => base.to_owned(),
            None => git::log(None, 1)?
                .into_iter()
                .next()
                .map(|last| last.id)
                .ok_or_else(|| Error::not_found("The repository has no commit."))?,
        };
        let diff = git::diff(&base)?;
        let parts = parts(&diff).filter(|part| arguments["path"].as_str().is_none_or(|path| touches(part, path)));
        Ok(show(&parts.collect::<Vec<_>>(), &base))
    })
}

/// Lists commits.
pub fn git_log() -> Tool {
    let parameters = object(
        &json!({
            "revision": { "type": "string", "minLength": 1, "description": "A branch, or a commit's full hash, to start at; the workspace's commit when left out" },
            "limit": { "type": "integer", "minimum": 1, "maximum": MOST_COMMITS, "description": "How many commits; 20 when left out" }
        }),
        &[],
    );
    Tool::new("git_log", "Lists commits, newest first: hash, day, author and first line.", parameters, |arguments| {
        let limit = number(arguments, "limit").unwrap_or(USUAL_COMMITS).clamp(1, MOST_COMMITS);
        let commits = git::log(arguments["revision"].as_str(), limit)?;
        let line = |commit: &git::Revision| {
            format!("{} {} {}: {}\n", commit.id, day(numbers::from_contract(commit.at_ms)), commit.author, commit.summary)
        };
        Ok(commits.iter().map(line).collect())
    })
}

/// Reads a file as a commit has it.
pub fn git_show() -> Tool {
    let parameters = object(
        &json!({
            "revision": { "type": "string", "minLength": 1, "description": "A branch such as `main`, or a commit's full hash" },
            "path": { "type": "string", "minLength": 1, "description": "Relative path" },
            "first-line": { "type": "integer", "minimum": 1, "description": "Number of the line to start at; 1 when left out" },
            "lines": { "type": "integer", "minimum": 1, "maximum": 2000, "description": "How many lines; 500 when left out" }
        }),
        &["revision", "path"],
    );
    Tool::new("git_show", "Reads lines of a text file as a branch or commit has it.", parameters, |arguments| {
        let (revision, path) = (argument(arguments, "revision")?, argument(arguments, "path")?);
        let content = git::read(revision, path)?;
        let content = text::decode(path, &content).map_err(|problem| Error::invalid(problem).about(path))?;
        let (first, count) = lines(arguments);
        Ok(text::show_excerpt(path, &text::excerpt(content, first, count, text::LONGEST_EXCERPT)))
    })
}

/// The parts of a diff, one for each file.
fn parts(diff: &str) -> impl Iterator<Item = &str> {
    const HEAD: &str = "diff --git ";
    let mut starts: Vec<_> = diff.match_indices(&format!("\n{HEAD}")).map(|(end, _)| end + 1).collect();
    if diff.starts_with(HEAD) || starts.is_empty() {
        starts.insert(0, 0);
    }
    let ends: Vec<_> = starts.iter().copied().skip(1).chain([diff.len()]).collect();
    starts.into_iter().zip(ends).map(|(start, end)| &diff[start..end]).filter(|part| !part.trim().is_empty())
}

/// Whether a part is of this file, before or after, or of one in this folder.
fn touches(part: &str, path: &str) -> bool {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let fits = |named: &str| named.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let named = part.lines().take_while(|line| !line.starts_with("@@")).filter_map(|line| {
        let prefixes = ["--- a/", "+++ b/", "rename from ", "rename to "];
        prefixes.iter().find_map(|prefix| line.strip_prefix(prefix))
    });
    // A file that is empty or binary is named in the first line alone.
    let head = part.lines().next().unwrap_or_default();
    named.into_iter().any(fits) || head.split_once(" b/").is_some_and(|(_, after)| fits(after))
}

fn show(parts: &[&str], base: &str) -> String {
    if parts.is_empty() {
        return format!("Nothing differs from `{base}`.");
    }
    let (mut shown, mut left_out) = (String::new(), Vec::new());
    for part in parts {
        let room = (text::LONGEST_EXCERPT as usize).saturating_sub(shown.len());
        match part.len() <= room {
            true => shown.push_str(part),
            false if shown.is_empty() => shown.push_str(&text::head_and_tail(part, room)),
            false => left_out.push(part.lines().next().unwrap_or_default().rsplit(" b/").next().unwrap_or_default()),
        }
    }
    if left_out.is_empty() {
        return shown;
    }
    let named = left_out[..left_out.len().min(MOST_NAMED)].join(", ");
    let more = left_out.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{shown}[The changes of {} more files are left out; name one as `path`: {named}{more}.]\n", left_out.len())
}

/// The day of a time, in UTC, such as `2026-01-31`.
fn day(milliseconds: u64) -> String {
    let days = milliseconds / 86_400_000 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    // Years begin in March here, so that the odd day is their last.
    let (year, month) = (era * 400 + year + u64::from(month >= 10), if month < 10 { month + 3 } else { month - 9 });
    format!("{year}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Result;
    use crate::testing::Host;
    use serde_json::Value;

    fn call(host: &Host, tool: &Tool, arguments: &Value) -> Result<String> {
        host.inside(|| tool.call(arguments))
    }

    #[test]
    fn what_changed_is_shown_by_file_and_folder() {
        let host = Host::new().with_file("src/a.txt", "A\n").with_file("b.txt", "B\n").with_repository().in_worktree("story/1");
        assert!(call(&host, &git_diff(), &json!({})).unwrap().starts_with("Nothing differs from `"));
        let host = host.with_file("src/a.txt", "changed\n").with_file("b.txt", "changed too\n");
        let all = call(&host, &git_diff(), &json!({ "base": "main" })).unwrap();
        assert!(all.contains("+changed\n") && all.contains("+changed too\n"), "{all}");
        for path in ["src", "src/", "src/a.txt", "./src/a.txt"] {
            let some = call(&host, &git_diff(), &json!({ "path": path })).unwrap();
            assert!(some.contains("+changed\n") && !some.contains("+changed too\n"), "{path}: {some}");
        }
        assert!(call(&host, &git_diff(), &json!({ "path": "sr" })).unwrap().starts_with("Nothing differs"));
        assert!(call(&host, &git_diff(), &json!({ "base": "--output=x" })).is_err());
    }

    #[test]
    fn commits_and_files_of_the_past_are_read() {
        let host = Host::new().with_file("a.txt", "A\n").with_repository().in_worktree("story/1").with_file("a.txt", "B\n");
        host.inside(|| git::commit("Change a", None)).unwrap();
        let log = call(&host, &git_log(), &json!({ "limit": 1 })).unwrap();
        let id = log.split(' ').next().unwrap().to_owned();
        assert!(log.contains(" 2026-01-01 plugin: Change a\n"), "{log}");
        assert_eq!(call(&host, &git_show(), &json!({ "revision": "main", "path": "a.txt" })).unwrap(), "     1\tA\n[All 1 lines.]");
        assert_eq!(call(&host, &git_show(), &json!({ "revision": id, "path": "a.txt" })).unwrap(), "     1\tB\n[All 1 lines.]");
        assert!(call(&host, &git_show(), &json!({ "revision": "main", "path": "none" })).is_err());
    }

    #[test]
    fn a_long_diff_names_what_it_leaves_out() {
        let part = |name: &str, lines: usize| {
            format!("diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n{}", "+line\n".repeat(lines))
        };
        let diff = part("one", 3000) + &part("two", 3000) + &part("three", 10);
        let shown = show(&parts(&diff).collect::<Vec<_>>(), "main");
        assert!(shown.starts_with("diff --git a/one") && shown.contains("diff --git a/three"), "{shown}");
        assert!(shown.ends_with("[The changes of 1 more files are left out; name one as `path`: two.]\n"));
        let shown = show(&[&part("one", 30_000)], "main");
        assert!(shown.len() < 25 << 10 && shown.contains("bytes left out"), "{}", shown.len());
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (milliseconds, expected) in
            [(0, "1970-01-01"), (951_782_400_000, "2000-02-29"), (1_767_225_600_000, "2026-01-01"), (1_796_083_199_999, "2026-11-30")]
        {
            assert_eq!(day(milliseconds), expected);
        }
    }
}
