//! Makes of a proposal what an engine builds: a Dockerfile whose images are pinned, and the few files that it copies, in an
//! archive of Baton's own making. Asks no engine.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use sha2::{Digest as _, Sha256};

use super::{
    Files,
    dockerfile::Dockerfile,
    files::join,
    proposal::{Origin, Proposal, Step},
};

/// What is built.
pub(super) struct Recipe {
    /// The images that it begins with or copies from, by their usual names.
    pub(super) images: BTreeSet<String>,
    /// The stage that is wanted.
    pub(super) target: Option<String>,
    /// Arguments of the build.
    pub(super) arguments: BTreeMap<String, String>,
    made_by: Made,
    /// The files that it copies.
    copied: Vec<(String, Vec<u8>)>,
}

enum Made {
    /// Nothing is built.
    Image,
    Steps {
        image: String,
        steps: Vec<Step>,
    },
    Dockerfile(Dockerfile),
}

/// A recipe whose images are pinned.
pub(super) struct Pinned {
    /// The archive that the engine is given.
    pub(super) archive: Vec<u8>,
    /// The hash of all of it, by which the image is called.
    pub(super) hash: String,
}

impl Recipe {
    /// The recipe of a proposal, with the files that it copies as they are now, which have to be those that were proposed.
    /// An error is a sentence.
    pub(super) fn of(proposal: &Proposal, files: &mut Files, with_network: bool) -> Result<Self, String> {
        let whole = |images, made_by| Self { images, target: None, arguments: BTreeMap::new(), made_by, copied: Vec::new() };
        match &proposal.origin {
            None => Err("No file of the project says which language it is written in.".to_owned()),
            Some(Origin::Image { image, .. }) => Ok(whole(BTreeSet::from([image.clone()]), Made::Image)),
            Some(Origin::Tools { image, steps }) if steps.is_empty() => Ok(whole(BTreeSet::from([image.clone()]), Made::Image)),
            Some(Origin::Tools { image, steps }) => {
                let copied = steps.iter().filter_map(|step| match step {
                    Step::Copy { image, .. } => Some(image.clone()),
                    Step::Variables { .. } | Step::Run { .. } => None,
                });
                let images = copied.chain([image.clone()]).collect();
                Ok(whole(images, Made::Steps { image: image.clone(), steps: steps.clone() }))
            }
            Some(Origin::Dockerfile { path, text, context, target, arguments, copied }) => {
                let changed = |path: &str| format!("The file {path} changed while it was read. Try again.");
                let read = Dockerfile::parse(text, arguments)?;
                if let Some(fetched) = read.fetched.first().filter(|_| !with_network) {
                    return Err(format!("{path} fetches `{fetched}`, and the build has no network. Allow it with `--network`."));
                }
                let mut contents = Vec::new();
                for (name, hash) in copied {
                    let whole = join(context, name);
                    let content = files.bytes(&whole).filter(|_| files.read.get(&whole) == Some(hash)).ok_or_else(|| changed(&whole))?;
                    contents.push((name.clone(), content));
                }
                let images = read.images.clone();
                let (target, arguments) = (target.clone(), arguments.clone());
                Ok(Self { images, target, arguments, made_by: Made::Dockerfile(read), copied: contents })
            }
        }
    }

    /// The image that is used as it is; none where one is built.
    pub(super) fn whole_image(&self) -> Option<&str> {
        self.images.first().filter(|_| matches!(self.made_by, Made::Image)).map(String::as_str)
    }

    /// What the engine builds, once each image is pinned.
    pub(super) fn pin(&self, pins: &BTreeMap<String, String>) -> io::Result<Pinned> {
        let text = match &self.made_by {
            Made::Image => String::new(),
            Made::Steps { image, steps } => render_dockerfile(image, steps, pins),
            Made::Dockerfile(read) => read.render(pins),
        };
        let mut hasher = Sha256::new();
        let options = serde_json::json!([self.target, self.arguments, text]).to_string();
        hasher.update(options);
        for (name, content) in &self.copied {
            hasher.update(format!("\0{name}\0{}\0", content.len()));
            hasher.update(content);
        }
        let mut archive = tar::Builder::new(Vec::new());
        append(&mut archive, DOCKERFILE, text.as_bytes())?;
        for (name, content) in &self.copied {
            append(&mut archive, name, content)?;
        }
        Ok(Pinned { archive: archive.into_inner()?, hash: hex::encode(hasher.finalize()) })
    }
}

/// The name of the file in the archive, which no file of a project has.
pub(super) const DOCKERFILE: &str = ".baton.Dockerfile";

fn render_dockerfile(image: &str, steps: &[Step], pins: &BTreeMap<String, String>) -> String {
    let pinned = |image: &str| pins.get(image).cloned().unwrap_or_else(|| image.to_owned());
    let mut text = format!("FROM {}\n", pinned(image));
    for step in steps {
        text.push_str(&match step {
            Step::Copy { image, from, to } => format!("COPY --from={} {} {to}\n", pinned(image), from.join(" ")),
            Step::Variables { line } => format!("ENV {line}\n"),
            Step::Run { line, .. } => format!("RUN {line}\n"),
        });
    }
    text
}

fn append(archive: &mut tar::Builder<Vec<u8>>, name: &str, content: &[u8]) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    // A script that is copied has to stay one.
    header.set_mode(0o755);
    // The same files make the same archive at any time.
    header.set_mtime(0);
    archive.append_data(&mut header, name, content)
}
