//! The name of the operator, for the audit log. Asks the environment and the system, and proves nothing.

use serde_json::Value;

use super::{at, text};

/// `BATON_USER`, else `operator` in the settings, else what the system calls the user.
pub(super) fn name(user: &Value) -> String {
    let set = || at(user, "operator").and_then(Value::as_str).filter(|name| !name.trim().is_empty()).map(str::to_owned);
    let of_the_system = || ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(text);
    text("BATON_USER").or_else(set).or_else(of_the_system).unwrap_or_else(of_the_process)
}

/// The environment of a service, a container or `env -i` names nobody; the process has a user all the same.
#[cfg(unix)]
fn of_the_process() -> String {
    let uid = nix::unistd::Uid::current();
    let known = nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.name).filter(|name| !name.trim().is_empty());
    known.unwrap_or_else(|| format!("uid {uid}"))
}

#[cfg(not(unix))]
fn of_the_process() -> String {
    "unknown".to_owned()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_process_without_an_environment_has_a_user() {
        let name = of_the_process();
        let uid = nix::unistd::Uid::current();
        assert!(name == format!("uid {uid}") || nix::unistd::User::from_name(&name).unwrap().unwrap().uid == uid, "{name}");
    }
}
