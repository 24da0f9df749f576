//! Containers that were started before anybody asked: each waits in a shell for one command, becomes that command and ends
//! with it. So a command is at home in a container of its own as ever, and only its start is waited for no more.

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use bollard::{
    Docker,
    models::ContainerCreateBody,
    query_parameters::{
        AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder, RenameContainerOptionsBuilder,
    },
};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use super::{failure, following::Output};
use crate::interfaces::sandbox::{engine::Task, leftovers::Covers};

/// The label of a container that was made ready; its value is known to nobody in it.
pub(super) const LABEL: &str = "baton.ready";
/// How a container ends that never was given a command.
pub(super) const UNUSED: i32 = 117;
/// What the names of those that wait begin with.
const PREFIX: &str = "baton-ready-";
/// Containers that wait at once.
const MOST: usize = 4;
/// How long after a command the next container is made ready. Who ends within that time needs none.
const DELAY: Duration = Duration::from_millis(250);
/// How often it is looked whether one has been made.
const LOOK: Duration = Duration::from_millis(10);
/// How long one waits for a command.
const PATIENCE: Duration = Duration::from_secs(600);

/// Waits for a line and becomes the command in it. When the host is gone there is none, and it ends with its secret.
const SHELL: &str = "baton_newline='\n'; IFS= read -r line || { echo \"$0\" >&2; exit 117; }; eval \"$line\"";
/// How a line break is written in the one line.
const NEWLINE: &str = "'\"$baton_newline\"'";

/// What a container has to be like to take a command.
#[derive(Clone, PartialEq)]
pub(super) struct Recipe {
    body: ContainerCreateBody,
    /// Another folder in the same place is another.
    folder: Folder,
    /// So is another repository: the container covers the one that was there when it was started. Held, so that it stays there.
    covers: Covers,
}

#[derive(Clone, PartialEq, Eq)]
struct Folder {
    path: PathBuf,
    identity: (u64, u64),
}

/// A container that waits.
pub(super) struct Waiting {
    pub(super) name: String,
    pub(super) output: Output,
    recipe: Recipe,
    input: Pin<Box<dyn AsyncWrite + Send>>,
    since: Instant,
}

/// Those that wait.
#[derive(Default)]
pub(super) struct Pool {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    waiting: Vec<Waiting>,
    /// All that this host made and nobody has taken, also those that are being made.
    names: HashMap<String, Recipe>,
    /// How many are being made.
    making: usize,
    /// No more are made.
    closed: bool,
    /// Images without a shell.
    unfit: HashSet<String>,
}

impl Recipe {
    /// The recipe of a container that would be described so, in a workspace.
    pub(super) fn new(body: ContainerCreateBody, task: &Task) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;

        let found = std::fs::metadata(&task.workspace).ok()?;
        // What belongs to the command and not to its surroundings is given with the command.
        let body = ContainerCreateBody { cmd: None, entrypoint: None, env: None, labels: None, ..body };
        let folder = Folder { path: task.workspace.clone(), identity: (found.dev(), found.ino()) };
        Some(Self { body, folder, covers: task.covers.clone() })
    }

    fn describe_container(&self, owner: (&str, &str), secret: &str) -> ContainerCreateBody {
        let words = ["-c", SHELL, secret].map(str::to_owned).to_vec();
        let labels = [owner, (LABEL, secret)].map(|(name, value)| (name.to_owned(), value.to_owned()));
        ContainerCreateBody {
            entrypoint: Some(vec!["sh".to_owned()]),
            cmd: Some(words),
            labels: Some(HashMap::from(labels)),
            open_stdin: Some(true),
            stdin_once: Some(true),
            ..self.body.clone()
        }
    }
}

impl Waiting {
    /// Gives the container its name and its command; it is nobody else's from then on.
    pub(super) async fn become_command(&mut self, docker: &Docker, name: &str, task: &Task) -> Result<(), bollard::errors::Error> {
        let options = RenameContainerOptionsBuilder::new().name(name).build();
        docker.rename_container(&self.name, options).await?;
        name.clone_into(&mut self.name);
        self.input.write_all(line(task).as_bytes()).await?;
        self.input.flush().await?;
        Ok(())
    }
}

impl Pool {
    /// A container that waits and fits.
    pub(super) fn take(&self, recipe: &Recipe) -> Option<Waiting> {
        let mut state = self.state();
        let at = state.waiting.iter().position(|waiting| waiting.recipe == *recipe)?;
        let waiting = state.waiting.remove(at);
        state.names.remove(&waiting.name);
        Some(waiting)
    }

    /// Whether this host made it and nobody has taken it.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.state().names.contains_key(name)
    }

    /// Makes a container ready, unless one waits; removes it when nobody has taken it after a while.
    pub(super) async fn prepare(self: Arc<Self>, docker: Docker, recipe: Recipe, owner: (&'static str, String), secret: String) {
        tokio::time::sleep(DELAY).await;
        let name = format!("{PREFIX}{secret}");
        if !self.announce(&name, &recipe) {
            return;
        }
        let body = recipe.describe_container((owner.0, &owner.1), &secret);
        match start_container(&docker, &name, body).await {
            Ok((output, input)) => {
                let evicted = self.admit(Waiting { name: name.clone(), output, recipe, input, since: Instant::now() });
                self.state().making -= 1;
                if let Some(evicted) = evicted {
                    remove(&docker, &evicted).await;
                }
                tokio::time::sleep(PATIENCE).await;
            }
            Err(error) => {
                self.state().making -= 1;
                tracing::debug!(%error, "no container is held ready");
                if failure::not_a_program(&error).is_some() {
                    self.state().unfit.extend(recipe.body.image);
                }
            }
        }
        if self.give_up(&name) {
            remove(&docker, &name).await;
        }
    }

    /// Removes all that wait, and lets no more be made.
    pub(super) async fn close(&self, docker: &Docker) {
        self.state().closed = true;
        while self.state().making > 0 {
            tokio::time::sleep(LOOK).await;
        }
        let names: Vec<_> = {
            let mut state = self.state();
            state.waiting.clear();
            state.names.drain().map(|(name, _)| name).collect()
        };
        futures::future::join_all(names.iter().map(|name| remove(docker, name))).await;
    }

    /// Notes what is about to be made; false when there is no use for it.
    fn announce(&self, name: &str, recipe: &Recipe) -> bool {
        let mut state = self.state();
        let unfit = recipe.body.image.as_ref().is_some_and(|image| state.unfit.contains(image));
        if state.closed || unfit || state.names.values().any(|other| other == recipe) {
            return false;
        }
        state.names.insert(name.to_owned(), recipe.clone());
        state.making += 1;
        true
    }

    /// Lets it wait with the others, and gives the name of the one that had to make room.
    fn admit(&self, waiting: Waiting) -> Option<String> {
        let mut state = self.state();
        state.waiting.push(waiting);
        if state.waiting.len() <= MOST {
            return None;
        }
        let oldest = state.waiting.iter().enumerate().min_by_key(|(_, waiting)| waiting.since).map(|(at, _)| at)?;
        let evicted = state.waiting.remove(oldest).name;
        state.names.remove(&evicted);
        Some(evicted)
    }

    fn give_up(&self, name: &str) -> bool {
        let mut state = self.state();
        state.waiting.retain(|waiting| waiting.name != name);
        state.names.remove(name).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a container of that name waits, or waited for a host that is gone.
pub(super) fn is_waiting(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Whether the one line can carry the command.
pub(super) fn can_carry(task: &Task) -> bool {
    !task.command.first().is_none_or(|program| program.starts_with('-')) && !task.env.contains_key("baton_newline")
}

async fn start_container(
    docker: &Docker,
    name: &str,
    body: ContainerCreateBody,
) -> Result<(Output, Pin<Box<dyn AsyncWrite + Send>>), bollard::errors::Error> {
    let options = CreateContainerOptionsBuilder::new().name(name).build();
    docker.create_container(Some(options), body).await?;
    let options = AttachContainerOptionsBuilder::new().stream(true).stdin(true).stdout(true).stderr(true).build();
    let attached = docker.attach_container(name, Some(options)).await?;
    docker.start_container(name, None).await?;
    Ok((attached.output, attached.input))
}

async fn remove(docker: &Docker, name: &str) {
    let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
    if let Err(error) = docker.remove_container(name, Some(options)).await {
        tracing::debug!(container = name, %error, "a container that waited was not removed");
    }
}

/// The command as one line for the shell.
fn line(task: &Task) -> String {
    let home = ("HOME".to_owned(), "/tmp".to_owned());
    let variables = std::iter::once(&home).map(|(name, value)| (name, value)).chain(&task.env);
    let mut line: String = variables.map(|(name, value)| format!("export {name}={}; ", quote_word(value))).collect();
    line.push_str("exec");
    for word in &task.command {
        line.push(' ');
        line.push_str(&quote_word(word));
    }
    line.push_str(" </dev/null\n");
    line
}

fn quote_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''").replace('\n', NEWLINE))
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    use super::*;
    use crate::{
        interfaces::sandbox::{engine::Key, settings::Image},
        journal::RunId,
    };

    fn task(command: &[&str], env: &[(&str, &str)]) -> Task {
        Task {
            mounts: Vec::new(),
            network: None,
            key: Key { run: RunId::from_text("r"), seq: 1 },
            image: Image::default(),
            command: command.iter().map(|word| (*word).to_owned()).collect(),
            env: env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            workspace: PathBuf::new(),
            timeout_ms: 1_000,
            asked_at: 0,
            covers: Covers::none(),
            user: None,
            found: None,
        }
    }

    /// What the shell of this machine makes of the line.
    fn shell(line: &str) -> (String, String, Option<i32>) {
        let mut command = Command::new("sh");
        command.args(["-c", SHELL, "secret"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(ended.stdout), text(ended.stderr), ended.status.code())
    }

    #[test]
    fn a_command_arrives_as_it_was_given() {
        let words = ["a b", "it's", "two\nlines\n", "é 漢字 😀", "$HOME `id` \\ \\n \" ; exit 5", "", "-n", "*"];
        let command: Vec<_> = ["printf", "%s|"].into_iter().chain(words).collect();
        let (out, err, code) = shell(&line(&task(&command, &[("A", "x\n'y' $Z")])));
        assert_eq!((out, err, code), (words.map(|word| format!("{word}|")).concat(), String::new(), Some(0)));
        let (out, ..) =
            shell(&line(&task(&["sh", "-c", "printf '%s,%s,%s' \"$A\" \"$HOME\" \"$baton_newline$line$0\""], &[("A", "x\n'y' $Z")])));
        assert_eq!(out, "x\n'y' $Z,/tmp,sh", "nothing of the waiting shell is seen");
    }

    #[test]
    fn a_shell_that_is_given_nothing_tells_its_secret() {
        assert_eq!(shell(""), (String::new(), "secret\n".to_owned(), Some(UNUSED)));
    }

    #[test]
    fn what_the_line_cannot_carry_is_known() {
        assert!(can_carry(&task(&["true"], &[])));
        assert!(!can_carry(&task(&["-x"], &[])) && !can_carry(&task(&["true"], &[("baton_newline", "")])));
    }
}
