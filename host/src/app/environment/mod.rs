//! What a project's commands run in: found from its files or named by the operator, approved, and built from images that are
//! pinned by their digest. Executes nothing of a project on this machine, and hands a build no folder of it.

mod approving;
mod declarations;
mod devcontainer;
mod dockerfile;
mod files;
mod image_name;
mod json;
mod proposal;
mod recipe;
mod testing;
#[cfg(test)]
mod tests;
mod tools;
mod versions;

use std::{collections::BTreeMap, io, path::Path};

pub use approving::{Approved, BuildError, BuildOptions, EnvironmentState};
pub use proposal::{LeftOut, Origin, Part, Proposal, Step};
pub use testing::InstalledTool;
pub use tools::Tool;

use declarations::DeclaredNeeds;
use devcontainer::Devcontainer;
use dockerfile::Dockerfile;
use files::{Files, join};

/// Folders of a monorepo that are told.
const MOST_PARTS: usize = 60;
/// Sentences of each kind that are told.
const MOST_SENTENCES: usize = 50;

/// What the files of a folder propose.
pub fn detect(folder: &Path) -> io::Result<Proposal> {
    let mut files = Files::open(folder)?;
    let mut proposal = Proposal::default();
    let container = devcontainer::find(&mut files, &mut proposal.left_out);
    let folders = read_folders(&mut files);
    proposal.parts = parts(&folders);
    for (_, said) in &folders {
        proposal.missing.extend(said.missing.iter().cloned());
    }
    proposal.origin = match container {
        Some(Devcontainer::Image(image)) => Some(Origin::Image { image, is_named: false }),
        Some(Devcontainer::Dockerfile { path, context, target, arguments }) => {
            of_dockerfile(&mut files, &mut proposal.left_out, path, context, target, arguments)
        }
        Some(Devcontainer::Nothing) | None => None,
    };
    if proposal.origin.is_none() {
        proposal.origin = of_tools(&mut proposal, &folders);
    }
    if proposal.origin.is_none() && files.holds("Dockerfile") {
        let path = "Dockerfile".to_owned();
        proposal.origin = of_dockerfile(&mut files, &mut proposal.left_out, path, String::new(), None, BTreeMap::new());
    }
    note_services(&files, &mut proposal.left_out);
    proposal.left_out.extend(std::mem::take(&mut files.unread));
    proposal.left_out.sort();
    proposal.left_out.dedup();
    proposal.left_out.truncate(MOST_SENTENCES);
    proposal.missing.dedup();
    proposal.missing.truncate(MOST_SENTENCES);
    proposal.files = files.read;
    Ok(proposal)
}

/// What a Dockerfile that the operator chose proposes; of the rest of the files nothing. An error is a sentence.
pub fn detect_dockerfile(folder: &Path, path: &str) -> io::Result<Proposal> {
    let mut files = Files::open(folder)?;
    let mut proposal = Proposal::default();
    let Some(path) = files::resolve("", path) else { return Ok(proposal) };
    let context = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    proposal.origin = of_dockerfile(&mut files, &mut proposal.left_out, path, context, None, BTreeMap::new());
    proposal.left_out.extend(std::mem::take(&mut files.unread));
    proposal.files = files.read;
    Ok(proposal)
}

/// What each folder says, where it says anything.
fn read_folders(files: &mut Files) -> Vec<(String, DeclaredNeeds)> {
    let folders = files.folders();
    let said = folders.into_iter().map(|folder| {
        let said = declarations::of_folder(files, &folder);
        (folder, said)
    });
    said.filter(|(_, said)| *said != DeclaredNeeds::default()).take(MOST_PARTS).collect()
}

/// Each tool of each folder once, unless a folder above wants the same of it.
fn parts(folders: &[(String, DeclaredNeeds)]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for (folder, said) in folders {
        for need in &said.needs {
            let release = need.tool.release(need.wanted.as_deref());
            let above = |part: &&Part| part.tool == need.tool && is_at_or_above(&part.folder, folder);
            let covered = parts.iter().rev().find(above).is_some_and(|part| {
                // In one folder the most certain came first.
                part.folder == *folder || need.wanted.is_none() || part.version == release
            });
            if covered || parts.len() == MOST_PARTS {
                continue;
            }
            parts.push(Part {
                folder: folder.clone(),
                tool: need.tool,
                image: need.tool.has_image().then(|| need.tool.image(&release, said.gradle.as_deref())),
                version: release,
                wanted: need.wanted.clone(),
                said_by: need.path.clone(),
            });
        }
    }
    parts
}

fn is_at_or_above(folder: &str, below: &str) -> bool {
    folder.is_empty() || below == folder || below.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// An official image for one of the languages, with the others added as far as that can be done.
fn of_tools(proposal: &mut Proposal, folders: &[(String, DeclaredNeeds)]) -> Option<Origin> {
    // The order of the tools is that in which they are chosen as the base.
    let base = proposal.parts.iter().filter(|part| part.tool.is_language()).min_by_key(|part| part.tool)?.clone();
    let image = base.image.clone()?;
    let mut steps = Vec::new();
    let mut chosen: Vec<Part> = vec![base.clone()];
    for part in proposal.parts.clone() {
        if let Some(other) = chosen.iter().find(|other| other.tool == part.tool) {
            if other.version != part.version {
                proposal.missing.push(format!(
                    "{} wants {} {}, and the image has {}, which {} wants.",
                    part.said_by,
                    part.tool.name(),
                    part.version,
                    other.version,
                    other.said_by
                ));
            }
            continue;
        }
        match part.tool.added(&part.version) {
            Some(added) => steps.extend(added),
            None => proposal.missing.push(format!(
                "The image has no {}, which {} wants, beside {}. Build one that has both, and name it with `--image`.",
                part.tool.name(),
                part.said_by,
                base.tool.name()
            )),
        }
        chosen.push(part);
    }
    for line in folders.iter().flat_map(|(_, said)| &said.fetched) {
        steps.push(Step::Run { line: line.clone(), needs_network: true });
    }
    if folders.iter().any(|(_, said)| said.is_rust_pinned) {
        steps.extend(own_rust());
    }
    Some(Origin::Tools { image, steps })
}

/// Where a file chooses the toolchain, rustup fetches one of exactly that name, and the one of the image has another.
fn own_rust() -> [Step; 2] {
    let line = "rustup toolchain link project \"$(rustc --print sysroot)\"".to_owned();
    [Step::Run { line, needs_network: false }, Step::Variables { line: "RUSTUP_TOOLCHAIN=project".to_owned() }]
}

/// What a Dockerfile of the project makes, if Baton can build it.
fn of_dockerfile(
    files: &mut Files,
    left_out: &mut Vec<LeftOut>,
    path: String,
    context: String,
    target: Option<String>,
    arguments: BTreeMap<String, String>,
) -> Option<Origin> {
    let mut leave_out = |what: &str, why: String| {
        left_out.push(LeftOut { path: path.clone(), what: what.to_owned(), why });
    };
    let Some(text) = files.text(&path) else {
        leave_out("the file", "it is not there or cannot be read".to_owned());
        return None;
    };
    let read = match Dockerfile::parse(&text, &arguments) {
        Ok(read) => read,
        Err(why) => {
            leave_out("the file", why);
            return None;
        }
    };
    let mut copied = BTreeMap::new();
    for name in &read.copied {
        let whole = join(&context, name);
        if files.holds_folder(&whole) {
            leave_out("the file", format!("It copies the folder `{name}`, and Baton hands a build only files that are named."));
            return None;
        }
        let Some(hash) = files.bytes(&whole).and_then(|_| files.read.get(&whole).cloned()) else {
            leave_out("the file", format!("It copies `{name}`, which is not there or cannot be read."));
            return None;
        };
        copied.insert(name.clone(), hash);
    }
    Some(Origin::Dockerfile { path, text, context, target, arguments, copied })
}

/// Services that tests may want and that are not started.
fn note_services(files: &Files, left_out: &mut Vec<LeftOut>) {
    const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
    if let Some(name) = NAMES.into_iter().find(|name| files.holds(name)) {
        let (path, what) = (name.to_owned(), "its services".to_owned());
        left_out.push(LeftOut { path, what, why: "commands run in one container".to_owned() });
    }
}
