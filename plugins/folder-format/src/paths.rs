//! Makes paths of what a folder writes. Rejects what leaves the project, and what is fetched from elsewhere.

/// Why a path is not used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PathProblem {
    /// It leads out of the project.
    Outside,
    /// It is a URL.
    Remote,
    /// It is empty, or holds characters that no path has.
    Invalid,
}

/// A path inside the project, without `.` and `..`. Empty: the project itself.
pub fn clean(path: &str) -> Result<String, PathProblem> {
    let path = path.trim();
    if is_remote(path) {
        return Err(PathProblem::Remote);
    }
    if path.is_empty() || path.len() > 1 << 10 || path.contains(['\0', '\n', '\r']) {
        return Err(PathProblem::Invalid);
    }
    let is_drive = path.as_bytes().get(1) == Some(&b':') && path.as_bytes()[0].is_ascii_alphabetic();
    if path.starts_with(['/', '\\', '~']) || is_drive {
        return Err(PathProblem::Outside);
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(PathProblem::Outside)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// Whether a file is named by a URL of any scheme.
pub fn is_remote(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

/// A path relative to the folder of a file.
pub fn beside(file: &str, path: &str) -> Result<String, PathProblem> {
    if is_remote(path) || path.starts_with(['/', '\\', '~']) {
        return clean(path);
    }
    match file.rsplit_once('/') {
        Some((folder, _)) => clean(&format!("{folder}/{path}")),
        None => clean(path),
    }
}

/// The last part of a path.
pub fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_inside() {
        assert_eq!(clean("./docs//a/../b.md").as_deref(), Ok("docs/b.md"));
        assert_eq!(clean("."), Ok(String::new()));
        for path in ["../a", "docs/../../a", "/etc/passwd", "~/.ssh/id", "C:\\a", "..\\a"] {
            assert_eq!(clean(path), Err(PathProblem::Outside), "{path}");
        }
        for path in ["https://example.org/a.md", "file:///etc/passwd", "git+ssh://a"] {
            assert_eq!(clean(path), Err(PathProblem::Remote), "{path}");
        }
        assert_eq!(clean("a\0b"), Err(PathProblem::Invalid));
        assert_eq!(beside("steps/step-01.md", "../data/a.csv").as_deref(), Ok("data/a.csv"));
        assert_eq!(beside("workflow.md", "../a.md"), Err(PathProblem::Outside));
    }
}
