//! What `dotnet test` prints. Passing tests are named where it is verbose.

use crate::found::Found;
use crate::lines::{counted, timed};
use crate::place;
use crate::{Counts, Status};

pub(crate) fn read(lines: &[&str], found: &mut Found) {
    let mut is_dotnet = false;
    for line in lines {
        // A line for each project: `Failed!  - Failed:     1, Passed:     2, Skipped:     0, Total:     3`
        if (line.starts_with("Failed!  - ") || line.starts_with("Passed!  - ") || line.starts_with("Skipped! - "))
            && line.contains("Total:")
        {
            is_dotnet = true;
            let of = |word| counted(line, word, false);
            found.count(Counts { passed: of("Passed:"), failed: of("Failed:"), skipped: of("Skipped:"), flaky: 0 });
        }
    }
    if !is_dotnet {
        return;
    }
    for (place, line) in lines.iter().enumerate() {
        let Some((name, status)) = ended(line) else { continue };
        let (name, seconds) = timed(name);
        found.add(name, status);
        found.seconds(name, seconds);
        if status == Status::Failed {
            let said = &lines[place + 1..];
            let end = said.iter().position(|line| ended(line).is_some() || line.is_empty()).unwrap_or(said.len());
            let said: Vec<_> = said[..end].iter().copied().filter(|line| line.trim() != "Error Message:").collect();
            let stack = said.iter().position(|line| line.trim() == "Stack Trace:").unwrap_or(said.len());
            found.place(name, place::first(&said[stack..]));
            found.details(name, &said[..stack]);
        }
    }
}

/// `  Failed App.Tests.Sums.Cents [5 ms]`
fn ended(line: &str) -> Option<(&str, Status)> {
    let rest = line.strip_prefix("  ").filter(|rest| rest.ends_with(']'))?;
    let (word, name) = rest.split_once(' ')?;
    let status = match word {
        "Failed" => Status::Failed,
        "Passed" => Status::Passed,
        "Skipped" => Status::Skipped,
        _ => return None,
    };
    Some((name, status))
}
