//! What the operator set for commands: which images there are by which name, and what each may take. Comes from the user's
//! settings alone; a project chooses no image and widens no limit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::job::DEFAULT_IMAGE;
use crate::interfaces::environments::PROJECT_IMAGE;

/// The image behind `default` unless the operator names another.
const USUAL_IMAGE: &str = "debian:stable-slim";

const MEBIBYTE: u64 = 1 << 20;
const WORDS: &str = "one of `engine`, `socket`, `at-once`, `keep-free-mib`, `docker-hub` and `images`";
const IMAGE_WORDS: &str = "one of `image`, `network`, `memory-mib`, `cpus`, `processes`, `temporary-mib`, `timeout-s` and `ready`";

/// Why the settings make no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// What follows `sandbox` in the key, such as `.engine`.
    pub key: String,
    /// What it has to be.
    pub wanted: &'static str,
    /// What it is.
    pub found: String,
}

/// What executes commands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Containers of Docker, or of what speaks like it.
    #[default]
    Docker,
    /// Plain processes of this machine, which isolate nothing.
    Process,
}

/// What the operator set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What executes commands.
    pub engine: EngineKind,
    /// The engine's socket; none for the usual one.
    pub socket: Option<String>,
    /// Commands at once; more of them wait.
    pub at_once: usize,
    /// Bytes that have to stay free on the workspace's disk. A command is stopped below.
    pub keep_free: u64,
    /// Where official images are fetched from in place of Docker Hub: a registry, perhaps with the beginning of a path.
    pub hub: Option<String>,
    /// Where the programs of plain processes are looked for.
    pub search: String,
    /// Images by the operator's names.
    pub images: BTreeMap<String, Image>,
}

/// An image and what its containers may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Image {
    /// As the engine knows it, such as `debian:stable-slim`. Empty for `project` where the settings only limit it.
    pub reference: String,
    /// Whether its containers reach the network.
    pub network: bool,
    /// Bytes of memory, swap and `/tmp` included.
    pub memory: u64,
    /// Processors, in thousandths.
    pub cpus: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Bytes of `/tmp`, which lies in memory.
    pub temporary: u64,
    /// Longest wall time of one command, in seconds.
    pub timeout: u32,
    /// Whether a container is held ready for the next command of a workspace.
    pub ready: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: EngineKind::default(),
            socket: None,
            at_once: 4,
            keep_free: 512 * MEBIBYTE,
            hub: None,
            search: String::new(),
            images: BTreeMap::from([(DEFAULT_IMAGE.to_owned(), Image::default())]),
        }
    }
}

impl Default for Image {
    fn default() -> Self {
        Self {
            reference: USUAL_IMAGE.to_owned(),
            network: false,
            memory: 2048 * MEBIBYTE,
            cpus: 2000,
            processes: 512,
            temporary: 512 * MEBIBYTE,
            timeout: 3600,
            ready: true,
        }
    }
}

impl Settings {
    /// Reads the table `sandbox`. A word that is misspelt is refused: a limit that is not read is none.
    pub fn from_settings(table: &Value) -> Result<Self, SettingsError> {
        let Some(words) = table.as_object() else { return Err(wrong("", "a table", table)) };
        let mut settings = Self::default();
        for (word, value) in words {
            match (word.as_str(), value) {
                ("engine", Value::String(engine)) if engine == "docker" => settings.engine = EngineKind::Docker,
                ("engine", Value::String(engine)) if engine == "process" => settings.engine = EngineKind::Process,
                ("engine", other) => return Err(wrong(".engine", "\"docker\" or \"process\"", other)),
                ("socket", Value::String(socket)) if socket.starts_with('/') => settings.socket = Some(socket.clone()),
                ("socket", other) => return Err(wrong(".socket", "the path of a socket, such as /var/run/docker.sock", other)),
                ("at-once", value) => settings.at_once = usize::try_from(whole(".at-once", value)?).unwrap_or(usize::MAX),
                ("keep-free-mib", value) => settings.keep_free = mebibytes(".keep-free-mib", value)?,
                ("docker-hub", Value::String(hub)) if is_reference(hub) && !hub.contains('@') => settings.hub = Some(hub.clone()),
                ("docker-hub", other) => return Err(wrong(".docker-hub", "a registry such as \"mirror.example:5000\"", other)),
                ("images", Value::Object(images)) => {
                    for (name, image) in images {
                        settings.images.insert(name.clone(), Image::from_settings(name, image)?);
                    }
                }
                ("images", other) => return Err(wrong(".images", "a table of images by name", other)),
                (unknown, value) => return Err(wrong(&format!(".{}", unknown.escape_debug()), WORDS, value)),
            }
        }
        Ok(settings)
    }

    /// What containers of an image may take. `project` may take what `default` may, where nothing else is set.
    pub fn limits(&self, name: &str) -> Option<&Image> {
        let usual = || self.images.get(DEFAULT_IMAGE).filter(|_| name == PROJECT_IMAGE);
        self.images.get(name).or_else(usual)
    }

    /// The image of that name in the operator's list.
    pub fn named(&self, name: &str) -> Option<&Image> {
        self.images.get(name).filter(|image| !image.reference.is_empty())
    }
}

impl Image {
    fn from_settings(name: &str, table: &Value) -> Result<Self, SettingsError> {
        let place = format!(".images.{}", name.escape_debug());
        let Some(words) = table.as_object() else { return Err(wrong(&place, "a table with `image`", table)) };
        let mut image = Self::default();
        for (word, value) in words {
            let key = format!("{place}.{}", word.escape_debug());
            match (word.as_str(), value) {
                ("image", Value::String(reference)) if is_reference(reference) => image.reference.clone_from(reference),
                ("image", other) => return Err(wrong(&key, "an image such as \"debian:stable-slim\"", other)),
                ("network", Value::Bool(network)) => image.network = *network,
                ("ready", Value::Bool(ready)) => image.ready = *ready,
                ("network" | "ready", other) => return Err(wrong(&key, "true or false", other)),
                ("memory-mib", value) => image.memory = mebibytes(&key, value)?,
                ("temporary-mib", value) => image.temporary = mebibytes(&key, value)?,
                ("processes", value) => image.processes = whole(&key, value)?,
                ("timeout-s", value) => image.timeout = u32::try_from(whole(&key, value)?).unwrap_or(u32::MAX),
                ("cpus", value) => image.cpus = thousandths(&key, value)?,
                (_, value) => return Err(wrong(&key, IMAGE_WORDS, value)),
            }
        }
        if !words.contains_key("image") && name == PROJECT_IMAGE {
            image.reference.clear();
        } else if !words.contains_key("image") && name != DEFAULT_IMAGE {
            return Err(wrong(&format!("{place}.image"), "an image such as \"debian:stable-slim\"", &Value::Null));
        }
        Ok(image)
    }
}

/// What stands in an image's name everywhere. Whether there is one, the engine knows.
pub(super) fn is_reference(text: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || "._-/:@".contains(character);
    !text.is_empty() && text.len() <= 255 && text.starts_with(|first: char| first.is_ascii_alphanumeric()) && text.chars().all(plain)
}

fn mebibytes(key: &str, value: &Value) -> Result<u64, SettingsError> {
    Ok(whole(key, value)?.saturating_mul(MEBIBYTE))
}

fn whole(key: &str, value: &Value) -> Result<u64, SettingsError> {
    // What the engine counts in is signed, and bytes are counted in millions here.
    let fits = |number: &u64| (1..=1 << 40).contains(number);
    value.as_u64().filter(fits).ok_or_else(|| wrong(key, "a whole number above 0", value))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
fn thousandths(key: &str, value: &Value) -> Result<u64, SettingsError> {
    let fits = |number: &f64| (0.01..=4096.0).contains(number);
    value
        .as_f64()
        .filter(fits)
        .map(|cpus| (cpus * 1000.0).round() as u64)
        .ok_or_else(|| wrong(key, "a number of processors, such as 1.5", value))
}

fn wrong(key: &str, wanted: &'static str, found: &Value) -> SettingsError {
    let found = if found.is_null() { "not set".to_owned() } else { found.to_string() };
    SettingsError { key: key.to_owned(), wanted, found }
}
