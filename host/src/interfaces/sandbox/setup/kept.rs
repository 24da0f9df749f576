//! What setups left, kept by the hash of what they read, and what of it lies in which workspace. What is kept is read by
//! copies alone, so no command changes what another gets. Removes what nobody has used for long.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use ignore::gitignore::GitignoreBuilder;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::copying;

/// Bytes of a record.
const LARGEST_RECORD: u64 = 64 << 20;
/// What is kept for each project that no workspace uses.
const MOST_UNUSED: usize = 4;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a setup left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Record {
    pub(super) command: String,
    /// The image, as the engine knows it.
    pub(super) image: String,
    pub(super) inputs: BTreeMap<String, String>,
    /// Files and folders, by their paths in the workspace; each lies under its number.
    pub(super) installed: Vec<String>,
    /// Files that the setup read and wrote over.
    pub(super) changed: Vec<String>,
    pub(super) reached: Vec<String>,
    pub(super) denied: Vec<String>,
    pub(super) took_ms: u64,
    pub(super) bytes: u64,
}

/// What of a setup lies in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Applied {
    pub(super) workspace: PathBuf,
    /// Another folder in the same place has another.
    pub(super) identity: (u64, u64),
    /// The folder of what was kept.
    pub(super) kept: PathBuf,
    pub(super) key: String,
    /// The run for which the workspace was set up; runs that it starts find it as it is.
    pub(super) run: String,
    pub(super) installed: Vec<String>,
}

/// The folders in which all of this lies.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    root: PathBuf,
}

impl Folders {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Where the program lies that forwards connections.
    pub(super) fn bin(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// Where setups work, each in a folder named by its call.
    pub(super) fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Where it is kept what a setup of a project left.
    pub(super) fn locate(&self, project: &str, key: &str) -> PathBuf {
        self.of_project(project).join(key)
    }

    fn of_project(&self, project: &str) -> PathBuf {
        self.root.join("kept").join(short(project))
    }

    fn applied_file(&self, workspace: &Path) -> PathBuf {
        self.root.join("applied").join(format!("{}.json", short(&workspace.to_string_lossy())))
    }

    /// The state of the lockfiles of a workspace.
    pub(super) fn locked_file(&self, workspace: &Path) -> PathBuf {
        self.root.join("locked").join(format!("{}.json", short(&workspace.to_string_lossy())))
    }

    /// What lies in a workspace, if it is still the folder into which it was put.
    pub(super) fn find_applied(&self, workspace: &Path) -> Option<Applied> {
        let applied: Applied = read(&self.applied_file(workspace))?;
        let is_same = applied.workspace == workspace && identity(workspace).is_ok_and(|identity| identity == applied.identity);
        is_same.then_some(applied)
    }

    /// What was kept of a setup; it counts as used from now on.
    pub(super) fn find(&self, project: &str, key: &str) -> Option<Record> {
        let file = self.locate(project, key).join(RECORD);
        let record = read(&file)?;
        let _ = File::options().write(true).open(&file).and_then(|file| file.set_modified(SystemTime::now()));
        Some(record)
    }

    /// The caches of the setup of a project in an image that was used last.
    pub(super) fn newest_home(&self, project: &str, image: &str) -> Option<PathBuf> {
        let kept = list_entries(&self.of_project(project));
        let fitting = kept.filter(|folder| read::<Record>(&folder.join(RECORD)).is_some_and(|record| record.image == image));
        fitting.max_by_key(|folder| read_last_use(folder)).map(|folder| folder.join(HOME)).filter(|home| home.is_dir())
    }

    /// Puts what a setup left into a workspace in which nothing works, in the place of what lay there. Gives what was left out,
    /// with the reasons.
    pub(super) fn apply(&self, record: &Record, applied: &Applied, is_ours: bool) -> io::Result<Vec<String>> {
        let (workspace, before) = (&applied.workspace, self.find_applied(&applied.workspace));
        let before = before.map(|before| before.installed).unwrap_or_default();
        let (mut placed, mut left_out) = (Vec::new(), Vec::new());
        // Before the first change, so that whoever dies here leaves no word of what is not there.
        let file = self.applied_file(workspace);
        copying::remove(&file)?;
        for path in before.iter().filter(|path| !record.installed.contains(path)) {
            if has_real_parents(workspace, path) {
                copying::remove(&workspace.join(path))?;
            }
        }
        for (number, path) in record.installed.iter().enumerate() {
            let (from, to) = (applied.kept.join(INSTALLED).join(number.to_string()), workspace.join(path));
            let is_there = to.symlink_metadata().is_ok();
            if !has_real_parents(workspace, path) {
                left_out.push(format!("`{path}` was left out, because its folder is not there."));
            } else if is_there && !is_ours && !before.contains(path) {
                left_out.push(format!("`{path}` is there already and was left as it is."));
            } else if !from.symlink_metadata()?.is_dir() && !is_ignored(workspace, path) {
                left_out.push(format!("`{path}` was left out, because git would take it for a change; ignore it in .gitignore."));
            } else {
                copying::remove(&to)?;
                copying::copy(&from, &to)?;
                ignore(&to)?;
                placed.push(path.clone());
            }
        }
        write(&file, &Applied { installed: placed, ..applied.clone() })?;
        Ok(left_out)
    }

    /// Keeps what lies in a folder of the same disk; another that was kept under the same key goes.
    pub(super) fn keep(&self, project: &str, key: &str, folder: &Path, record: &Record) -> io::Result<PathBuf> {
        write(&folder.join(RECORD), record)?;
        let kept = self.locate(project, key);
        fs::create_dir_all(self.of_project(project))?;
        copying::remove(&kept)?;
        fs::rename(folder, &kept)?;
        Ok(kept)
    }

    /// Removes what no workspace uses and nobody has used for so many days, or what is too much of one project; and what setups
    /// left that no host remembers.
    pub(super) fn tidy(&self, keep_days: u64) {
        let mut in_use = Vec::new();
        for file in list_entries(&self.root.join("applied")) {
            match read::<Applied>(&file).filter(|applied| self.find_applied(&applied.workspace).is_some()) {
                Some(applied) => in_use.push(applied.kept),
                None => drop(copying::remove(&file)),
            }
        }
        for file in list_entries(&self.root.join("locked")).filter(|file| age(file) > DAY) {
            remove_or_tell(&file);
        }
        let longest = DAY.saturating_mul(u32::try_from(keep_days).unwrap_or(u32::MAX));
        for project in list_entries(&self.root.join("kept")) {
            let mut unused: Vec<_> = list_entries(&project).filter(|folder| !in_use.contains(folder)).collect();
            unused.sort_by_key(|folder| std::cmp::Reverse(read_last_use(folder)));
            for (place, folder) in unused.iter().enumerate() {
                if place >= MOST_UNUSED || age(folder) > longest {
                    remove_or_tell(folder);
                }
            }
        }
        for folder in list_entries(&self.work()).filter(|folder| age(folder) > DAY) {
            remove_or_tell(&folder);
        }
    }
}

/// The file that says what was kept.
const RECORD: &str = "setup.json";
/// The folder of what belongs into workspaces.
pub(super) const INSTALLED: &str = "installed";
/// The folder of caches.
pub(super) const HOME: &str = "home";

/// A name for a folder, whatever the text holds.
fn short(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..24].to_owned()
}

/// By which a folder is known, whatever its path.
pub(super) fn identity(folder: &Path) -> io::Result<(u64, u64)> {
    let found = fs::symlink_metadata(folder)?;
    Ok((found.dev(), found.ino()))
}

/// Whether all of what was put into a workspace is there.
pub(super) fn is_whole(applied: &Applied) -> bool {
    applied.installed.iter().all(|path| applied.workspace.join(path).symlink_metadata().is_ok())
}

/// Whether each folder above a path is a folder, and not a link to one elsewhere.
pub(super) fn has_real_parents(workspace: &Path, path: &str) -> bool {
    let above = Path::new(path).parent().into_iter().flat_map(Path::ancestors).filter(|folder| !folder.as_os_str().is_empty());
    let is_folder = |folder: &Path| workspace.join(folder).symlink_metadata().is_ok_and(|found| found.is_dir());
    Path::new(path).components().all(|part| matches!(part, std::path::Component::Normal(_))) && above.into_iter().all(is_folder)
}

/// Whether the list at the top of the workspace ignores a file.
fn is_ignored(workspace: &Path, path: &str) -> bool {
    let mut list = GitignoreBuilder::new(workspace);
    if workspace.join(".gitignore").symlink_metadata().is_ok_and(|found| found.is_file()) {
        list.add(workspace.join(".gitignore"));
    }
    list.build().is_ok_and(|list| list.matched_path_or_any_parents(path, false).is_ignore())
}

/// Has git take nothing of a folder, whatever the repository ignores.
fn ignore(folder: &Path) -> io::Result<()> {
    if !folder.symlink_metadata()?.is_dir() {
        return Ok(());
    }
    let list = folder.join(".gitignore");
    copying::remove(&list)?;
    fs::write(list, "*\n")
}

fn read_last_use(kept: &Path) -> SystemTime {
    fs::metadata(kept.join(RECORD)).or_else(|_| fs::metadata(kept)).and_then(|found| found.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

fn age(folder: &Path) -> Duration {
    SystemTime::now().duration_since(read_last_use(folder)).unwrap_or_default()
}

fn list_entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

fn remove_or_tell(folder: &Path) {
    if let Err(error) = copying::remove(folder) {
        tracing::warn!(folder = %folder.display(), %error, "what a setup left cannot be removed");
    }
}

pub(super) fn read<T: DeserializeOwned>(file: &Path) -> Option<T> {
    let is_record = fs::symlink_metadata(file).is_ok_and(|found| found.is_file() && found.len() <= LARGEST_RECORD);
    if is_record { serde_json::from_slice(&fs::read(file).ok()?).ok() } else { None }
}

/// Puts a whole file in its place.
pub(super) fn write<T: Serialize>(file: &Path, record: &T) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)?;
    let mut whole = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut whole, record)?;
    whole.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Home {
        folders: Folders,
        home: tempfile::TempDir,
    }

    impl Home {
        fn new() -> Self {
            let home = tempfile::tempdir().unwrap();
            fs::create_dir_all(home.path().join("work/web")).unwrap();
            Self { folders: Folders::new(home.path().join("setup")), home }
        }

        fn workspace(&self) -> PathBuf {
            self.home.path().join("work")
        }

        /// Keeps a setup that left these.
        fn keep(&self, key: &str, installed: &[&str]) -> Record {
            let folder = self.home.path().join("making");
            for number in 0..installed.len() {
                fs::create_dir_all(folder.join(INSTALLED).join(number.to_string())).unwrap();
                fs::write(folder.join(INSTALLED).join(number.to_string()).join("x"), key).unwrap();
            }
            fs::create_dir_all(folder.join(HOME)).unwrap();
            let record = Record {
                command: "npm ci".to_owned(),
                image: "node".to_owned(),
                inputs: BTreeMap::new(),
                installed: installed.iter().map(|path| (*path).to_owned()).collect(),
                changed: Vec::new(),
                reached: Vec::new(),
                denied: Vec::new(),
                took_ms: 5,
                bytes: 9,
            };
            self.folders.keep("p", key, &folder, &record).unwrap();
            record
        }

        fn apply(&self, key: &str, record: &Record, is_ours: bool) -> Vec<String> {
            let applied = Applied {
                identity: identity(&self.workspace()).unwrap(),
                workspace: self.workspace(),
                kept: self.folders.locate("p", key),
                key: key.to_owned(),
                run: "r".to_owned(),
                installed: Vec::new(),
            };
            self.folders.apply(record, &applied, is_ours).unwrap()
        }

        fn text(&self, path: &str) -> Option<String> {
            fs::read_to_string(self.workspace().join(path)).ok()
        }
    }

    #[test]
    fn a_workspace_gets_what_setup_left_and_nothing_of_what_lay_there() {
        let home = Home::new();
        let one = home.keep("one", &["node_modules", "web/node_modules", "gone/node_modules"]);
        let left_out = home.apply("one", &one, true);
        assert!(left_out.len() == 1 && left_out[0].contains("`gone/node_modules`"), "{left_out:?}");
        assert_eq!(
            (home.text("node_modules/x").as_deref(), home.text("web/node_modules/.gitignore").as_deref()),
            (Some("one"), Some("*\n"))
        );
        fs::write(home.workspace().join("node_modules/planted"), "by a story").unwrap();
        fs::write(home.workspace().join("node_modules/x"), "by a story").unwrap();
        let two = home.keep("two", &["node_modules"]);
        assert!(home.apply("two", &two, true).is_empty());
        assert_eq!((home.text("node_modules/x").as_deref(), home.text("node_modules/planted")), (Some("two"), None));
        assert_eq!(home.text("web/node_modules/x"), None, "what the other setup left goes");
        home.apply("one", &one, true);
        assert_eq!(home.text("node_modules/x").as_deref(), Some("one"), "a story changes nothing that is kept");
        assert!(is_whole(&home.folders.find_applied(&home.workspace()).unwrap()));
        fs::remove_dir_all(home.workspace().join("node_modules")).unwrap();
        assert!(!is_whole(&home.folders.find_applied(&home.workspace()).unwrap()));
    }

    #[test]
    fn nothing_is_put_through_a_link() {
        let home = Home::new();
        let record = home.keep("one", &["web/node_modules"]);
        fs::create_dir(home.home.path().join("outside")).unwrap();
        fs::remove_dir(home.workspace().join("web")).unwrap();
        std::os::unix::fs::symlink(home.home.path().join("outside"), home.workspace().join("web")).unwrap();
        assert_eq!(home.apply("one", &record, true).len(), 1);
        assert!(fs::read_dir(home.home.path().join("outside")).unwrap().next().is_none());
    }

    #[test]
    fn what_a_person_has_in_a_checkout_stays() {
        let home = Home::new();
        let record = home.keep("one", &["node_modules"]);
        fs::create_dir(home.workspace().join("node_modules")).unwrap();
        fs::write(home.workspace().join("node_modules/own"), "mine").unwrap();
        assert!(home.apply("one", &record, false)[0].contains("is there already"));
        assert_eq!((home.text("node_modules/own").as_deref(), home.text("node_modules/x")), (Some("mine"), None));
    }

    #[test]
    fn another_folder_in_the_same_place_is_another() {
        let home = Home::new();
        let record = home.keep("one", &["node_modules"]);
        home.apply("one", &record, true);
        assert!(home.folders.find_applied(&home.workspace()).is_some());
        fs::rename(home.workspace(), home.home.path().join("moved")).unwrap();
        fs::create_dir(home.workspace()).unwrap();
        assert_eq!(home.folders.find_applied(&home.workspace()), None);
    }

    #[test]
    fn what_nobody_uses_is_removed() {
        let home = Home::new();
        let first = home.keep("first", &["node_modules"]);
        home.apply("first", &first, true);
        for number in 0..8 {
            home.keep(&format!("other-{number}"), &["node_modules"]);
        }
        home.folders.tidy(14);
        let kept = |key: &str| home.folders.find("p", key).is_some();
        assert!(kept("first"), "a workspace uses it");
        assert_eq!((0..8).filter(|number| kept(&format!("other-{number}"))).count(), MOST_UNUSED);
        home.folders.tidy(0);
        assert_eq!(list_entries(&home.folders.of_project("p")).count(), 1);
        assert_eq!(home.folders.newest_home("p", "node"), Some(home.folders.locate("p", "first").join(HOME)));
        assert_eq!(home.folders.newest_home("p", "rust"), None);
    }
}
