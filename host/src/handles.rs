//! How many files this process may have open. Asks for as many as it is allowed, and says when that is too few to work with,
//! before something else fails for it and says so in other words.

/// A program that reads and writes no more than it must needs these.
const FEWEST: u64 = 96;
/// More than anybody needs; programs that close whatever could be open would take long with more.
const MOST: u64 = 65_536;

/// Raises this process's limit as far as it may go. An error is a sentence.
#[cfg(unix)]
pub fn raise() -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(MOST, |maximum| maximum.min(MOST));
    let raised =
        current.is_some_and(|current| current < wanted) && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    check(if raised { Some(wanted) } else { current })
}

#[cfg(not(unix))]
pub fn raise() -> Result<(), String> {
    Ok(())
}

fn check(limit: Option<u64>) -> Result<(), String> {
    match limit.filter(|limit| *limit < FEWEST) {
        Some(limit) => {
            Err(format!("Baton may have only {limit} files open, and needs {FEWEST} at least. Raise the limit with `ulimit -n`."))
        }
        None => Ok(()),
    }
}

/// Whether no more files can be opened now. Some libraries say so in words of their own.
#[cfg(unix)]
pub fn are_used_up() -> bool {
    use rustix::io::Errno;

    let opened = std::fs::File::open("/dev/null");
    opened.is_err_and(|error| Errno::from_io_error(&error).is_some_and(|error| matches!(error, Errno::MFILE | Errno::NFILE)))
}

#[cfg(not(unix))]
pub fn are_used_up() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_handles_are_told_and_the_way_out_of_it() {
        assert_eq!((check(None), check(Some(FEWEST))), (Ok(()), Ok(())));
        let said = check(Some(24)).unwrap_err();
        assert!(said.contains("only 24 files") && said.contains("`ulimit -n`"), "{said}");
        assert!(!are_used_up());
    }
}
