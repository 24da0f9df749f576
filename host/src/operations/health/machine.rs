//! What the machine has beside Baton: for workflows that use it, and for authors of plugins. Asks no host.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::process::Command;

use super::Check;
use crate::escape::escaped;

/// A program that has not answered by then will not.
const PATIENCE: Duration = Duration::from_secs(5);

/// Characters of a program's first line.
const LONGEST_LINE: usize = 160;

/// The target plugins are built for.
const TARGET: &str = "wasm32-wasip2";

/// Checks of other programs, none of which Baton needs to start.
pub async fn check_machine() -> Vec<Check> {
    let (git, rust, target) = tokio::join!(git(), rust(), target());
    vec![git, rust, target]
}

async fn git() -> Check {
    match first_line("git", &["--version"]).await {
        Ok(version) if is_old(&version) => Check::warn("git", version, "Install git 2.38 or newer, which can merge in memory."),
        Ok(version) => Check::ok("git", version),
        Err(reason) => Check::warn("git", reason, "Install git to work on repositories."),
    }
}

/// Whether a line such as `git version 2.47.3` is that of a git before 2.38.
fn is_old(version: &str) -> bool {
    let numbers = version.rsplit(' ').find(|word| word.starts_with(|first: char| first.is_ascii_digit())).unwrap_or_default();
    let mut numbers = numbers.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) < (2, 38)
}

async fn rust() -> Check {
    let (compiler, cargo) = tokio::join!(first_line("rustc", &["--version"]), first_line("cargo", &["--version"]));
    match (compiler, cargo) {
        (Ok(compiler), Ok(cargo)) => Check::ok("Rust", format!("{compiler}, {cargo}")),
        (Err(reason), _) | (_, Err(reason)) => Check::warn("Rust", reason, "Only for writing plugins in Rust: https://rustup.rs"),
    }
}

async fn target() -> Check {
    let advice = format!("Only for writing plugins in Rust: `rustup target add {TARGET}`.");
    match first_line("rustc", &["--print", "target-libdir", "--target", TARGET]).await {
        Ok(folder) if Path::new(&folder).is_dir() => Check::ok("Rust target", TARGET),
        Ok(_) => Check::warn("Rust target", format!("{TARGET} is not installed"), advice),
        Err(reason) => Check::warn("Rust target", reason, advice),
    }
}

/// The first line that a program prints, or why there is none.
async fn first_line(program: &str, arguments: &[&str]) -> Result<String, String> {
    let command = Command::new(program).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
    let output = match tokio::time::timeout(PATIENCE, command).await {
        Err(_) => return Err(format!("`{program}` does not answer")),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return Err(format!("`{program}` is not installed")),
        Ok(Err(error)) => return Err(format!("`{program}` cannot be called: {error}")),
        Ok(Ok(output)) => output,
    };
    let beginning = |bytes: &[u8]| {
        let line: String = String::from_utf8_lossy(bytes).trim().lines().next().unwrap_or_default().chars().take(LONGEST_LINE).collect();
        escaped(&line)
    };
    match output.status.success() {
        true => Ok(beginning(&output.stdout)),
        false => Err(format!("`{program}` fails: {}", beginning(&output.stderr))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_that_cannot_merge_in_memory_is_old() {
        assert!(is_old("git version 2.37.9") && is_old("git version 1.9") && is_old("something"));
        assert!(!is_old("git version 2.38.0") && !is_old("git version 2.47.3 (Apple Git-1)") && !is_old("git version 3.0.rc1"));
    }

    #[tokio::test]
    async fn a_program_answers_fails_or_is_not_there() {
        assert_eq!(first_line("echo", &["\u{1b}[31mhello"]).await, Ok(r"\u{1b}[31mhello".to_owned()));
        assert_eq!(first_line("false", &[]).await, Err("`false` fails: ".to_owned()));
        let missing = first_line("no-such-program-anywhere", &[]).await;
        assert_eq!(missing, Err("`no-such-program-anywhere` is not installed".to_owned()));
    }
}
