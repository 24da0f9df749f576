//! Which services run beside the commands of a project: what the operator's settings say, or what was approved of what the
//! repository proposes. Starts none.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    interfaces::sandbox::{
        approvals::{Approvable, ApprovalKind},
        job::is_variable,
        settings::is_reference,
    },
    journal::form::canonical,
    rules::mismatch,
};

const MOST_SERVICES: usize = 8;
const LONGEST_NAME: usize = 32;
/// Words and variables of one service, and bytes of each.
const MOST_WORDS: usize = 64;
const LONGEST_WORD: usize = 4 << 10;
/// MiB of memory.
const MEMORY: std::ops::RangeInclusive<u64> = 16..=65_536;
/// Seconds until a service has to be ready.
const LONGEST_START: u32 = 600;
/// Where no folder in memory goes.
const SYSTEM: [&str; 4] = ["/proc", "/sys", "/dev", "/baton"];

/// Services by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Services(pub BTreeMap<String, Service>);

/// A program that runs beside commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Service {
    /// As the engine knows it.
    pub image: String,
    /// What is executed in place of what the image says.
    #[serde(default)]
    pub command: Vec<String>,
    /// Its variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Ports that accept connections once it is ready.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// A command that succeeds in its container once it is ready.
    #[serde(default)]
    pub ready: Vec<String>,
    /// Folders that it writes to, which lie in memory, beside `/tmp` and the volumes of its image.
    #[serde(default)]
    pub temporary: Vec<String>,
    /// MiB of memory, what it writes included.
    #[serde(default = "usual_memory")]
    pub memory_mib: u64,
    /// Seconds until it has to be ready.
    #[serde(default = "usual_start")]
    pub timeout_s: u32,
    /// Variables of the commands beside it.
    #[serde(default)]
    pub gives: BTreeMap<String, String>,
}

fn usual_memory() -> u64 {
    512
}

fn usual_start() -> u32 {
    60
}

impl Approvable for Services {
    const KIND: ApprovalKind = ApprovalKind::Services;

    fn hash(&self) -> String {
        // What is kept of a service is text, numbers and lists, which JSON has all of.
        hex::encode(Sha256::digest(canonical(&serde_json::to_value(self).unwrap_or_default())))
    }
}

impl Services {
    /// The services in a table `test`; none where it has none. An error is a sentence.
    pub fn read(test: &Value) -> Result<Option<Self>, String> {
        let tables = match test.get("services") {
            None => return Ok(None),
            Some(Value::Object(tables)) => tables,
            Some(_) => return Err("`test.services` has to be a table of services by name.".to_owned()),
        };
        if tables.len() > MOST_SERVICES {
            return Err(format!("`test.services` has {} services, more than {MOST_SERVICES}.", tables.len()));
        }
        let mut services = BTreeMap::new();
        for (name, table) in tables {
            services.insert(name.clone(), Service::read(name, table)?);
        }
        let mut ports = BTreeSet::new();
        match services.values().flat_map(|service| &service.ports).find(|port| !ports.insert(**port)) {
            Some(port) => Err(format!("`test.services`: port {port} is named twice, and all services share one loopback.")),
            None => Ok(Some(Self(services))),
        }
    }

    /// The variables of commands beside them.
    pub(super) fn gives(&self) -> BTreeMap<String, String> {
        self.0.values().flat_map(|service| service.gives.clone()).collect()
    }
}

impl Service {
    fn read(name: &str, table: &Value) -> Result<Self, String> {
        let shown: String = name.chars().take(LONGEST_NAME).flat_map(char::escape_debug).collect();
        let wrong = |reason: String| format!("`test.services.{shown}`: {reason}.");
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(is_name) {
            return Err(wrong(format!("a name consists of at most {LONGEST_NAME} lower-case letters, digits and dashes")));
        }
        let service: Self = serde_json::from_value(table.clone()).map_err(|error| wrong(mismatch::describe(&error)))?;
        service.problem().map_or(Ok(service), |problem| Err(wrong(problem)))
    }

    fn problem(&self) -> Option<String> {
        let words = self.command.iter().chain(&self.ready).chain(self.env.values()).chain(self.gives.values());
        let names = || self.env.keys().chain(self.gives.keys());
        let is_folder = |path: &&String| {
            let parts_of = |part: &str| !matches!(part, "" | "." | "..");
            let inside = path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(parts_of));
            inside && path.len() <= 256 && !path.contains([':', ',', '\0']) && !SYSTEM.iter().any(|system| path.starts_with(system))
        };
        let checks = [
            (is_reference(&self.image), "`image` has to be an image such as \"postgres:16\"".to_owned()),
            (!self.ports.is_empty() || !self.ready.is_empty(), "`ports` or `ready` has to say when it is ready".to_owned()),
            (!self.ports.contains(&0) && self.ports.len() <= MOST_SERVICES, "`ports` has to be a list of port numbers".to_owned()),
            (
                words.clone().count() <= MOST_WORDS && words.clone().all(|word| word.len() <= LONGEST_WORD && !word.contains('\0')),
                format!("it has more than {MOST_WORDS} words and variables, or one of more than {LONGEST_WORD} bytes"),
            ),
            (names().all(|name| is_variable(name)), "a variable consists of letters, digits and `_`".to_owned()),
            (
                self.temporary.len() <= MOST_SERVICES && self.temporary.iter().all(|path| is_folder(&path)),
                "`temporary` has to be a list of absolute paths".to_owned(),
            ),
            (MEMORY.contains(&self.memory_mib), format!("`memory-mib` has to be from {} to {}", MEMORY.start(), MEMORY.end())),
            ((1..=LONGEST_START).contains(&self.timeout_s), format!("`timeout-s` has to be from 1 to {LONGEST_START}")),
        ];
        checks.into_iter().find(|(holds, _)| !holds).map(|(_, problem)| problem)
    }
}

/// Which services hold: by what the operator's settings say, what the repository proposes and what was approved. An error is
/// what the operator has to decide, a sentence.
pub fn decide_services(
    own: Option<&Services>,
    proposed: Result<Option<Services>, String>,
    approved: Option<&Services>,
) -> Result<Option<Services>, String> {
    let some = |services: &Services| Some(services.clone()).filter(|services| !services.0.is_empty());
    if let Some(own) = own {
        return Ok(some(own));
    }
    match proposed {
        Ok(None) => Ok(None),
        Ok(Some(proposed)) if proposed.0.is_empty() || approved == Some(&proposed) => Ok(some(&proposed)),
        Ok(Some(proposed)) => Err(format!(
            "The repository's baton.toml proposes services beside its tests ({}), {}. Look at them with `baton project services show`, approve them with \
             `baton project services approve`, then resume the run.",
            proposed.0.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            if approved.is_some() { "which are not the ones that were approved" } else { "which are not approved" }
        )),
        Err(reason) => Err(format!("{reason} Correct it, then resume the run.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn database() -> Value {
        json!({ "image": "postgres:16", "ports": [5432], "gives": { "DATABASE_URL": "postgres://127.0.0.1/" } })
    }

    #[test]
    fn a_service_is_read_or_told_what_is_wrong_with_it() {
        let read = |table: Value| Services::read(&json!({ "services": { "db": table } }));
        let services = read(database()).unwrap().unwrap();
        assert_eq!((services.0["db"].memory_mib, services.0["db"].timeout_s), (512, 60));
        assert_eq!(services.gives()["DATABASE_URL"], "postgres://127.0.0.1/");
        assert_eq!(Services::read(&json!({ "command": "make" })), Ok(None));
        let with = |key: &str, value: Value| {
            let mut table = database();
            table[key] = value;
            read(table).unwrap_err()
        };
        for (key, value, word) in [
            ("privileged", json!(true), "`privileged` is not one of its fields"),
            ("volumes", json!(["/:/host"]), "`volumes` is not one of its fields"),
            ("image", json!("--privileged"), "`image`"),
            ("ports", json!([]), "`ports` or `ready`"),
            ("ports", json!([70_000]), "70000"),
            ("temporary", json!(["/proc/sys"]), "`temporary`"),
            ("temporary", json!(["/a/../b"]), "`temporary`"),
            ("gives", json!({ "a b": "" }), "variable"),
            ("memory-mib", json!(1), "`memory-mib`"),
            ("timeout-s", json!(0), "`timeout-s`"),
        ] {
            let said = with(key, value);
            assert!(said.starts_with("`test.services.db`: ") && said.contains(word), "{key}: {said}");
        }
        let twice = Services::read(&json!({ "services": { "a": database(), "b": database() } })).unwrap_err();
        assert!(twice.contains("port 5432 is named twice"), "{twice}");
        assert!(Services::read(&json!({ "services": { "../x": database() } })).is_err());
    }

    #[test]
    fn the_operators_word_comes_first_and_a_repository_only_proposes() {
        let read = |port: u16| Services::read(&json!({ "services": { "db": { "image": "a", "ports": [port] } } })).unwrap();
        let (own, proposed, none) = (read(1), read(2), Services::default());
        assert_eq!(decide_services(own.as_ref(), Ok(proposed.clone()), None), Ok(own.clone()));
        assert_eq!(decide_services(Some(&none), Ok(proposed.clone()), proposed.as_ref()), Ok(None));
        assert_eq!(decide_services(None, Ok(proposed.clone()), proposed.as_ref()), Ok(proposed.clone()));
        assert_eq!(decide_services(None, Ok(None), own.as_ref()), Ok(None));
        for approved in [None, own.as_ref()] {
            let said = decide_services(None, Ok(proposed.clone()), approved).unwrap_err();
            assert!(said.contains("(`db`)") && said.contains("baton project services approve"), "{said}");
        }
        assert_ne!(own.unwrap().hash(), proposed.unwrap().hash());
    }
}
