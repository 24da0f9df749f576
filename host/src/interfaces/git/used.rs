//! Which files the settings of a checkout have git execute or read: the repository's own, the person's and the system's,
//! with all that they include, whether the condition of an include holds now or not. Reads settings, and obeys none.

use std::{
    collections::HashSet,
    ffi::OsStr,
    fs,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use super::{fields::fields, program::Program, repository::Repository, service::Repositories};
use crate::{
    interfaces::{
        blocking::Deadline,
        used_by_git::{Used, UsedBy, UsedByGit},
    },
    journal::CallError,
};

/// Files of settings that are read for one checkout.
const MOST_FILES: usize = 100;
/// Bytes of one of them, as Baton reads a repository's own.
const LONGEST: u64 = 1 << 20;

/// Settings whose value is a command, or the path of one, by section and name. Not `alias`: a person asks for one by name.
const COMMANDS: [(&str, &[&str]); 18] = [
    ("core", &["fsmonitor", "sshcommand", "gitproxy", "askpass", "editor", "pager", "alternaterefscommand"]),
    ("credential", &["helper"]),
    ("diff", &["external", "command", "textconv"]),
    ("difftool", &["cmd", "path"]),
    ("filter", &["clean", "smudge", "process"]),
    ("gpg", &["program", "defaultkeycommand"]),
    ("hook", &["command"]),
    ("interactive", &["difffilter"]),
    ("man", &["cmd", "path"]),
    ("browser", &["cmd", "path"]),
    ("merge", &["driver"]),
    ("mergetool", &["cmd", "path"]),
    ("remote", &["receivepack", "uploadpack"]),
    ("sequence", &["editor"]),
    ("submodule", &["update"]),
    ("tar", &["command"]),
    ("trailer", &["cmd", "command"]),
    ("uploadpack", &["packobjectshook"]),
];

/// A setting and the file that holds it.
#[derive(Debug)]
struct Setting {
    file: PathBuf,
    /// Section and name in small letters.
    key: String,
    value: Vec<u8>,
}

/// Reads the settings of one checkout.
struct Reader<'a> {
    program: &'a Program,
    checkout: &'a Path,
}

impl UsedByGit for Repositories {
    fn list_used(&self, checkout: &Path) -> Result<Vec<Used>, String> {
        let Ok(program) = self.program() else { return Ok(Vec::new()) };
        if !is_repository(checkout) {
            return Ok(Vec::new());
        }
        Reader { program: &program, checkout }.list_used()
    }
}

/// Git looks further up where a folder `.git` has no `HEAD`, and obeys nothing of it.
fn is_repository(checkout: &Path) -> bool {
    let place = checkout.join(".git");
    fs::metadata(&place).is_ok_and(|found| !found.is_dir() || place.join("HEAD").symlink_metadata().is_ok())
}

impl Reader<'_> {
    fn list_used(&self) -> Result<Vec<Used>, String> {
        let mut used = Vec::new();
        let (mut pending, mut read) = (self.settings()?, HashSet::new());
        while let Some(setting) = pending.pop() {
            match place_of(&setting.key) {
                Some(Named::Include) => {
                    let path = self.at(&setting.value, setting.file.parent().unwrap_or(self.checkout));
                    if read.len() < MOST_FILES && read.insert(path.clone()) {
                        pending.extend(self.settings_of(&path));
                    }
                    used.push(Used { path, by: UsedBy::File });
                }
                Some(Named::Hooks) => self.add_hooks(&setting.value, &mut used),
                Some(Named::File) => used.push(Used { path: self.at(&setting.value, self.checkout), by: UsedBy::File }),
                Some(Named::Command) => {
                    used.extend(self.words(&setting.value).into_iter().map(|path| Used { path, by: UsedBy::File }));
                }
                None => {}
            }
        }
        Ok(used)
    }

    /// What git takes for this checkout, without what is included.
    fn settings(&self) -> Result<Vec<Setting>, String> {
        let call = self.program.call(["config", "--list", "-z", "--show-origin", "--no-includes"]).at(self.checkout);
        let call = call.by_the_persons_settings(self.program).by_the_systems_settings().env("GIT_DIR", self.checkout.join(".git"));
        let unread = |error: CallError| {
            format!(
                "The git settings of {} cannot be read, so Baton does not know which files in the workspace git executes: {error}",
                self.checkout.display()
            )
        };
        let said = call.within(Some(Deadline::new())).run().map_err(unread)?;
        if said.complaint.contains("not a git repository") {
            return Ok(Vec::new());
        }
        if said.code != 0 {
            return Err(unread(said.failure()));
        }
        let fields: Vec<_> = fields(&said.out).collect();
        let settings = fields.chunks_exact(2).filter_map(|pair| {
            let file = self.checkout.join(OsStr::from_bytes(pair[0].strip_prefix(b"file:")?));
            Some(setting(file, pair[1]))
        });
        Ok(settings.collect())
    }

    /// The settings of a file that is included. Git itself does nothing with one that it cannot read.
    fn settings_of(&self, file: &Path) -> Vec<Setting> {
        if !fs::metadata(file).is_ok_and(|found| found.is_file() && found.len() <= LONGEST) {
            return Vec::new();
        }
        let arguments = ["config", "--list", "-z", "--no-includes", "--file"].map(OsStr::new);
        let call = self.program.call(arguments.into_iter().chain([file.as_os_str()]));
        let out = call.within(Some(Deadline::new())).done().map(|said| said.out).unwrap_or_default();
        fields(&out).map(|field| setting(file.to_owned(), field)).collect()
    }

    /// The folder of hooks. Husky's `_` holds what executes the files of the folder above.
    fn add_hooks(&self, value: &[u8], used: &mut Vec<Used>) {
        let folder = self.at(value, self.checkout);
        let above = folder.parent().filter(|_| folder.file_name() == Some(OsStr::new("_"))).map(Path::to_owned);
        for path in [Some(folder), above].into_iter().flatten() {
            let reviewed = self.committed(&path);
            used.push(Used { path, by: UsedBy::Hooks { reviewed } });
        }
    }

    /// The files below a folder that the checkout's index has; none where it cannot be read.
    fn committed(&self, folder: &Path) -> Vec<PathBuf> {
        let Ok(repository) = Repository::locate(self.checkout) else { return Vec::new() };
        let hash = if repository.object_format().is_some() { gix::hash::Kind::Sha256 } else { gix::hash::Kind::Sha1 };
        let Ok(index) = gix::index::File::at(repository.git_dir.join("index"), hash, true, Default::default()) else {
            return Vec::new();
        };
        let whole = |entry: &gix::index::Entry| self.checkout.join(OsStr::from_bytes(entry.path(&index)));
        index.entries().iter().map(whole).filter(|path| path.starts_with(folder)).collect()
    }

    /// The words of a command that are paths: those with a slash, and those behind the program that name a file.
    fn words(&self, command: &[u8]) -> Vec<PathBuf> {
        let is_between = |byte: &u8| byte.is_ascii_whitespace() || b"\"'`;|&()<>$={},".contains(byte);
        let words = command.split(is_between).filter(|word| !word.is_empty()).enumerate();
        let paths =
            words.filter(|(_, word)| !word.starts_with(b"-")).map(|(at, word)| (at, word.contains(&b'/'), self.at(word, self.checkout)));
        let named = paths.filter(|(at, has_slash, path)| match fs::metadata(path) {
            Ok(found) if found.is_dir() => false,
            Ok(_) => *has_slash || *at > 0,
            Err(_) => *has_slash,
        });
        named.map(|(.., path)| path).collect()
    }

    /// A path as settings have it.
    fn at(&self, path: &[u8], folder: &Path) -> PathBuf {
        let home = self.program.person.iter().find(|(name, _)| name == "HOME").map(|(_, home)| Path::new(home));
        match (path.strip_prefix(b"~/"), home) {
            (Some(below), Some(home)) => home.join(OsStr::from_bytes(below)),
            _ => folder.join(OsStr::from_bytes(path)),
        }
    }
}

/// What the value of a setting is.
enum Named {
    Include,
    Hooks,
    File,
    Command,
}

fn place_of(key: &str) -> Option<Named> {
    let (section, name) = (key.split('.').next()?, key.rsplit('.').next()?);
    match (section, name) {
        ("include" | "includeif", "path") => Some(Named::Include),
        ("core", "hookspath") => Some(Named::Hooks),
        ("core", "attributesfile") => Some(Named::File),
        ("pager", _) => Some(Named::Command),
        _ if COMMANDS.iter().any(|(of, names)| *of == section && names.contains(&name)) => Some(Named::Command),
        _ => None,
    }
}

fn setting(file: PathBuf, field: &[u8]) -> Setting {
    let end = field.iter().position(|byte| *byte == b'\n');
    let (key, value) = end.map_or((field, &b""[..]), |end| (&field[..end], &field[end + 1..]));
    Setting { file, key: String::from_utf8_lossy(key).into_owned(), value: value.to_vec() }
}
