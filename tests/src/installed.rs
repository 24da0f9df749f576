//! Programs that others wrote, which a machine may lack: a variable names one, or it is on the PATH.

use std::{
    env,
    io::{self, Write as _},
    path::PathBuf,
};

/// Where a program is: what the variable names, else `name` on the PATH.
///
/// None where there is none, after a line that no test runner swallows; with `CI=true` that is a failure. `untested` is what goes
/// untested then, and `package` what pip or a package manager installs.
pub fn find(variable: &str, name: &str, untested: &str, package: &str) -> Option<PathBuf> {
    if let Some(named) = env::var_os(variable).map(PathBuf::from) {
        assert!(named.is_file(), "{variable} names {}, which is not a file", named.display());
        return Some(named);
    }
    let on_path = env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(name)).find(|program| program.is_file());
    if on_path.is_none() {
        let advice = format!("install {package}, or name its program in {variable}");
        assert!(env::var("CI").as_deref() != Ok("true"), "there is no `{name}`; {advice}");
        let line = format!("\n!! SKIPPED: {untested}; {advice}\n\n");
        // Not by `eprintln!`, which the test runner keeps to itself.
        io::stderr().write_all(line.as_bytes()).unwrap();
    }
    on_path
}
