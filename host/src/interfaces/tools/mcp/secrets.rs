//! What a server is given to be started or reached with: its variables and its token, from the environment, else from the
//! operator's secrets. Keeps none of them.

use super::{Config, Reach, http::DENIED};
use crate::{
    interfaces::keys::Keys,
    journal::{NeedKind, Needed},
};

/// A server with what was found for it.
pub(super) struct Equipped {
    pub(super) config: Config,
    /// Variables that are still not set.
    missing: Vec<String>,
    /// The name of the token that it is given, and its mark.
    token: Option<(String, String)>,
}

/// Gives a server what was set for it. The error is the token without which it is not asked.
pub(super) fn equip(config: &Config, keys: &dyn Keys, rejected: &[String]) -> Result<Equipped, Needed> {
    let (mut config, mut missing, mut used) = (config.clone(), Vec::new(), None);
    match &mut config.reach {
        Reach::Program { environment, missing: wanted, .. } => {
            for name in std::mem::take(wanted) {
                match keys.find(&name) {
                    Some(value) => _ = environment.insert(name, value),
                    None => missing.push(name),
                }
            }
        }
        Reach::Address { token, token_name: Some(name), .. } => {
            let all: Vec<_> = token.iter().cloned().chain(keys.all(name)).map(|token| (keys.mark(name, &token), token)).collect();
            // Where each was rejected, the last is asked with once more: it may have been allowed meanwhile.
            let chosen = all.iter().find(|(mark, _)| !rejected.contains(mark)).or(all.last());
            let Some((mark, chosen)) = chosen else {
                let reason = format!(
                    "its token, {name}, is neither in the environment nor among the secrets: keep it with `baton secret set {name}`"
                );
                return Err(Needed::new(NeedKind::Key, name.as_str(), reason));
            };
            (*token, used) = (Some(chosen.clone()), Some((name.clone(), mark.clone())));
        }
        Reach::Address { .. } => {}
    }
    Ok(Equipped { config, missing, token: used })
}

impl Equipped {
    /// What the operator may have to set, since the server failed as `why` says; `rejected` learns a token that it does not take.
    pub(super) fn lacking(self, why: &str, rejected: &mut Vec<String>) -> Option<Needed> {
        if let Some((name, mark)) = self.token.filter(|_| why.starts_with(DENIED)) {
            if !rejected.contains(&mark) {
                rejected.push(mark);
            }
            let reason = format!("keep another token with `baton secret set {name}`");
            return Some(Needed { rejected: rejected.clone(), ..Needed::new(NeedKind::Key, name, reason) });
        }
        let name = self.missing.first()?;
        let reason = format!("it is to have the variable {name}, which is not set: keep it with `baton secret set {name}`");
        Some(Needed::new(NeedKind::Key, name.as_str(), reason))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Kept(&'static [(&'static str, &'static str)]);

    impl Keys for Kept {
        fn find(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(kept, _)| *kept == name).map(|(_, key)| (*key).to_owned())
        }
    }

    fn program() -> Config {
        let missing = vec!["A_KEY".to_owned(), "B_KEY".to_owned()];
        Config { name: "a".into(), reach: Reach::Program { command: vec!["a".into()], environment: BTreeMap::new(), missing } }
    }

    fn address(token: Option<&str>) -> Config {
        let (url, token_name) = ("http://127.0.0.1:9/mcp".to_owned(), Some("TOKEN".to_owned()));
        Config { name: "a".into(), reach: Reach::Address { url, token: token.map(str::to_owned), token_name } }
    }

    #[test]
    fn a_program_is_given_what_is_kept_and_lacks_the_rest() {
        let equipped = equip(&program(), &Kept(&[("A_KEY", "12345678")]), &[]).unwrap();
        assert!(matches!(&equipped.config.reach, Reach::Program { environment, .. } if environment["A_KEY"] == "12345678"));
        let lacking = equipped.lacking("it ended at once", &mut Vec::new()).unwrap();
        assert!(lacking.subject == "B_KEY" && lacking.reason.contains("`baton secret set B_KEY`"), "{lacking:?}");
        let all = equip(&program(), &Kept(&[("A_KEY", "12345678"), ("B_KEY", "12345678")]), &[]).unwrap();
        assert_eq!(all.lacking("it ended at once", &mut Vec::new()), None, "its operator has to look");
    }

    #[test]
    fn an_address_is_not_asked_without_its_token_and_asked_with_another_once_it_is_rejected() {
        assert_eq!(equip(&address(None), &Kept(&[]), &[]).err().map(|lacking| lacking.subject), Some("TOKEN".to_owned()));
        let (kept, mut rejected) = (Kept(&[("TOKEN", "second-token")]), Vec::new());
        let token = |equipped: &Equipped| match &equipped.config.reach {
            Reach::Address { token, .. } => token.clone(),
            Reach::Program { .. } => None,
        };
        let first = equip(&address(Some("first-token")), &kept, &rejected).unwrap();
        assert_eq!(token(&first).as_deref(), Some("first-token"));
        let lacking = first.lacking(&format!("{DENIED} (HTTP 401)"), &mut rejected).unwrap();
        assert_eq!((lacking.subject.as_str(), lacking.rejected.len()), ("TOKEN", 1));
        let second = equip(&address(Some("first-token")), &kept, &rejected).unwrap();
        assert_eq!(token(&second).as_deref(), Some("second-token"));
        assert_eq!(second.lacking("it closed the connection", &mut rejected), None);
    }
}
