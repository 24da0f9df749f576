//! Reads `devcontainer.json`. Of it an image or a Dockerfile is proposed, and nothing else is taken over: what would reach
//! beyond the container, or is done by another program, is named as left out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    files::{Files, resolve},
    image_name, json,
    proposal::LeftOut,
};

/// What it says.
pub(super) enum Devcontainer {
    /// Commands run in this image.
    Image(String),
    /// Commands run in what this Dockerfile makes.
    Dockerfile { path: String, context: String, target: Option<String>, arguments: BTreeMap<String, String> },
    /// Nothing that can be used.
    Nothing,
}

/// What Baton does not do, by its property, and why.
const LEFT_OUT: [(&str, &str); 22] = [
    ("privileged", "a container with the rights of the machine is none"),
    ("capAdd", "commands have no capabilities"),
    ("securityOpt", "commands keep the engine's guards"),
    ("mounts", "commands see the workspace and nothing else of this machine"),
    ("workspaceMount", "commands see the workspace and nothing else of this machine"),
    ("runArgs", "only Baton says how a container is started"),
    ("initializeCommand", "nothing of a repository is executed on this machine"),
    ("features", "they are install scripts from elsewhere; use an image that has them"),
    ("dockerComposeFile", "commands run in one container"),
    ("service", "commands run in one container"),
    ("runServices", "commands run in one container"),
    ("containerUser", "commands run as the owner of the workspace"),
    ("remoteUser", "commands run as the owner of the workspace"),
    ("updateRemoteUserUID", "commands run as the owner of the workspace"),
    ("containerEnv", "the environment of a command sets variables"),
    ("remoteEnv", "the environment of a command sets variables"),
    ("onCreateCommand", "each command has a container of its own"),
    ("updateContentCommand", "each command has a container of its own"),
    ("postCreateCommand", "each command has a container of its own"),
    ("postStartCommand", "each command has a container of its own"),
    ("appPort", "no port of a command is opened"),
    ("secrets", "no secret is given to a command"),
];
/// What a build may be told, beside its arguments.
const LEFT_OUT_OF_BUILD: [(&str, &str); 2] =
    [("options", "only Baton says how an image is built"), ("cacheFrom", "only Baton says how an image is built")];
/// Entries of a folder in which others are looked for.
const MOST: usize = 20;

/// The first that the project has, with what is left out of it.
pub(super) fn find(files: &mut Files, left_out: &mut Vec<LeftOut>) -> Option<Devcontainer> {
    let mut places = vec![".devcontainer/devcontainer.json".to_owned(), ".devcontainer.json".to_owned()];
    places.extend(files.folders_in(".devcontainer", MOST).into_iter().map(|folder| format!(".devcontainer/{folder}/devcontainer.json")));
    places.into_iter().find_map(|path| {
        let text = files.text(&path)?;
        let mut leave_out =
            |what: &str, why: &str| left_out.push(LeftOut { path: path.clone(), what: what.to_owned(), why: why.to_owned() });
        match json::parse(&text) {
            Ok(document) => Some(read(&path, &document, &mut leave_out)),
            Err(error) => {
                leave_out("the file", &error);
                None
            }
        }
    })
}

fn read(path: &str, document: &Value, leave_out: &mut impl FnMut(&str, &str)) -> Devcontainer {
    let is_said = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    };
    for (name, why) in LEFT_OUT.iter().filter(|(name, _)| is_said(&document[*name])) {
        leave_out(name, why);
    }
    let build = &document["build"];
    for (name, why) in LEFT_OUT_OF_BUILD.iter().filter(|(name, _)| is_said(&build[*name])) {
        leave_out(&format!("build.{name}"), why);
    }
    if let Some(image) = document["image"].as_str() {
        if image_name::is_one(image) {
            return Devcontainer::Image(image.to_owned());
        }
        leave_out("image", "it is not the name of an image");
    }
    // Before there was `build`, its parts stood alone.
    let (file, context) =
        (build["dockerfile"].as_str().or(document["dockerFile"].as_str()), build["context"].as_str().or(document["context"].as_str()));
    let Some(file) = file else { return Devcontainer::Nothing };
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let (Some(file), Some(context)) = (resolve(folder, file), resolve(folder, context.unwrap_or("."))) else {
        leave_out("build", "it leads out of the project");
        return Devcontainer::Nothing;
    };
    let target = build["target"].as_str().filter(|target| is_word(target)).map(str::to_owned);
    Devcontainer::Dockerfile { path: file, context, target, arguments: arguments(&build["args"], leave_out) }
}

fn arguments(args: &Value, leave_out: &mut impl FnMut(&str, &str)) -> BTreeMap<String, String> {
    let (mut arguments, mut is_whole) = (BTreeMap::new(), true);
    for (name, value) in args.as_object().into_iter().flatten().take(MOST) {
        match value.as_str() {
            // A variable would be one of this machine.
            Some(value) if is_word(name) && value.len() <= 1_000 && !value.contains("${") => {
                arguments.insert(name.clone(), value.to_owned());
            }
            _ => is_whole = false,
        }
    }
    if !is_whole {
        leave_out("build.args", "some are not plain texts");
    }
    arguments
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
}
