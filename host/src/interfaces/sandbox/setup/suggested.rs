//! The setup that lockfiles suggest: one command for each package manager at the top of a workspace, and for each folder below
//! it that has a lockfile of its own. Looks at names alone; executes nothing, and approves nothing.

use std::{fs, path::Path};

/// A lockfile, the command that fetches what it names, and the one that renews it; of those of one manager the first whose
/// lockfile is present.
const MANAGERS: [&[(&str, &str, Option<&str>)]; 6] = [
    &[("Cargo.lock", "cargo fetch --locked", Some("cargo update --workspace"))],
    &[
        ("package-lock.json", "npm ci", Some(NPM_LOCK)),
        ("npm-shrinkwrap.json", "npm ci", Some(NPM_LOCK)),
        ("pnpm-lock.yaml", "pnpm install --frozen-lockfile", Some("pnpm install --lockfile-only --ignore-scripts")),
        // Yarn 1 cannot renew a lockfile without installing, and later versions spell it in another way.
        ("yarn.lock", "yarn install --frozen-lockfile", None),
        // A link to its cache would let a story write into what others read.
        ("bun.lock", "bun install --frozen-lockfile --backend copyfile", Some("bun install --lockfile-only --ignore-scripts")),
    ],
    &[
        ("uv.lock", "uv sync --frozen", Some("uv lock")),
        ("poetry.lock", "POETRY_VIRTUALENVS_IN_PROJECT=true poetry install --no-root", Some("poetry lock")),
        ("Pipfile.lock", "PIPENV_VENV_IN_PROJECT=1 pipenv sync --dev", Some("pipenv lock")),
    ],
    &[("go.sum", "go mod download", Some("GOFLAGS=-mod=mod go mod download"))],
    &[("pom.xml", "mvn -B -q dependency:go-offline", None)],
    &[("Gemfile.lock", "BUNDLE_FROZEN=true bundle install", Some("bundle lock"))],
];
const NPM_LOCK: &str = "npm install --package-lock-only --ignore-scripts --no-audit --no-fund";
/// Locks in the place of lists.
const PYTHON: [&str; 3] = ["uv.lock", "poetry.lock", "Pipfile.lock"];
/// Lists of what tests need, of which the first that is there is taken beside `requirements.txt`.
const LISTS_OF_TESTS: [&str; 10] = [
    "requirements-test.txt",
    "requirements-tests.txt",
    "requirements-testing.txt",
    "test-requirements.txt",
    "requirements/test.txt",
    "requirements/tests.txt",
    "requirements/testing.txt",
    "requirements-dev.txt",
    "dev-requirements.txt",
    "requirements/dev.txt",
];
/// Folders in folders that are looked into.
const DEEPEST: usize = 3;
/// Folders that are looked into, and of which commands are suggested.
const MOST_LOOKED: usize = 2_000;
const MOST_FOLDERS: usize = 12;
/// Where lockfiles are of others, or of examples.
const FOREIGN: [&str; 14] = [
    "node_modules",
    "vendor",
    "target",
    "venv",
    "third_party",
    "third-party",
    "examples",
    "example",
    "test",
    "tests",
    "fixtures",
    "testdata",
    "templates",
    "docs",
];

/// The command lines of the setup and of the renewal of lockfiles; none where no lockfile is known.
pub(super) fn commands(workspace: &Path) -> Option<(String, Option<String>)> {
    let (mut setups, mut locks) = of_folder(workspace);
    let is_go_of_all = is_file(&workspace.join("go.work"));
    for folder in below(workspace) {
        // Paths that a shell would read otherwise are left to people.
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
        if !folder.chars().all(is_plain) {
            continue;
        }
        let own = |commands: Vec<String>| -> Option<String> {
            let own: Vec<_> = commands.into_iter().filter(|command| !(is_go_of_all && command.contains("go mod "))).collect();
            (!own.is_empty()).then(|| format!("(cd {folder} && {})", own.join(" && ")))
        };
        let (below, renewed) = of_folder(&workspace.join(&folder));
        setups.extend(own(below));
        locks.extend(own(renewed));
    }
    let joined = |mut commands: Vec<String>| {
        commands.truncate(MOST_FOLDERS);
        (!commands.is_empty()).then(|| commands.join(" && "))
    };
    joined(setups).map(|setup| (setup, joined(locks)))
}

/// What fetches the dependencies of a folder, and what renews its lockfiles.
fn of_folder(folder: &Path) -> (Vec<String>, Vec<String>) {
    let is_there = |name: &str| is_file(&folder.join(name));
    let found: Vec<_> = MANAGERS.iter().filter_map(|manager| manager.iter().find(|(name, ..)| is_there(name))).collect();
    let mut setups: Vec<_> = found.iter().map(|(_, setup, _)| (*setup).to_owned()).collect();
    let locks = found.iter().filter_map(|(_, _, lock)| lock.map(str::to_owned)).collect();
    if !PYTHON.iter().any(|lock| is_there(lock)) {
        let all = ["requirements.txt"].into_iter().filter(|list| is_there(list));
        let of_tests = LISTS_OF_TESTS.into_iter().find(|list| is_there(list));
        let lists: String = all.chain(of_tests).map(|list| format!(" -r {list}")).collect();
        if !lists.is_empty() {
            setups.push(format!("python3 -m venv .venv && .venv/bin/pip install{lists}"));
        }
    }
    (setups, locks)
}

/// The folders below the top, sorted, those of others left out, and no link followed.
fn below(workspace: &Path) -> Vec<String> {
    let (mut found, mut next) = (Vec::new(), vec![String::new()]);
    for _ in 0..DEEPEST {
        let mut deeper = Vec::new();
        for folder in next {
            let listed = fs::read_dir(workspace.join(&folder)).into_iter().flatten().flatten();
            let folders = listed.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
            let names = folders.filter_map(|entry| entry.file_name().into_string().ok());
            let ours = names.filter(|name| !name.starts_with('.') && !FOREIGN.contains(&name.as_str()));
            deeper.extend(ours.map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") }));
            if found.len() + deeper.len() > MOST_LOOKED {
                break;
            }
        }
        deeper.sort();
        found.extend(deeper.iter().cloned());
        next = deeper;
    }
    found.truncate(MOST_LOOKED);
    found
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggested(files: &[&str]) -> Option<String> {
        both(files).map(|both| both.0)
    }

    fn both(files: &[&str]) -> Option<(String, Option<String>)> {
        let home = tempfile::tempdir().unwrap();
        for file in files {
            let path = home.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        commands(home.path())
    }

    #[test]
    fn lockfiles_suggest_the_commands_that_fetch() {
        assert_eq!(suggested(&["README.md"]), None);
        assert_eq!(suggested(&["package-lock.json", "yarn.lock", "Cargo.lock"]).unwrap(), "cargo fetch --locked && npm ci");
        assert_eq!(
            suggested(&["Gemfile.lock", "Pipfile.lock", "requirements.txt"]).unwrap(),
            "PIPENV_VENV_IN_PROJECT=1 pipenv sync --dev && BUNDLE_FROZEN=true bundle install"
        );
    }

    #[test]
    fn folders_below_the_top_have_commands_of_their_own() {
        let files =
            ["Cargo.lock", "web/package-lock.json", "services/pay/uv.lock", "node_modules/x/package-lock.json", "examples/a/yarn.lock"];
        assert_eq!(suggested(&files).unwrap(), "cargo fetch --locked && (cd web && npm ci) && (cd services/pay && uv sync --frozen)");
        assert_eq!(suggested(&["a b/yarn.lock", "x;y/yarn.lock"]), None, "a shell would misread them");
        assert_eq!(suggested(&["go.work", "go.sum", "a/go.sum"]).unwrap(), "go mod download");
        assert_eq!(suggested(&["a/b/c/d/yarn.lock"]), None);
    }

    #[test]
    fn lockfiles_are_renewed_by_those_that_can() {
        let (setup, lock) = both(&["Cargo.lock", "web/package-lock.json", "app/yarn.lock"]).unwrap();
        assert_eq!(setup, "cargo fetch --locked && (cd app && yarn install --frozen-lockfile) && (cd web && npm ci)");
        assert_eq!(lock.unwrap(), format!("cargo update --workspace && (cd web && {NPM_LOCK})"));
        assert_eq!(both(&["yarn.lock"]).unwrap().1, None);
    }

    #[test]
    fn lists_of_what_tests_need_are_installed_too() {
        let install = "python3 -m venv .venv && .venv/bin/pip install";
        assert_eq!(suggested(&["requirements/tests.txt", "requirements/dev.txt"]).unwrap(), format!("{install} -r requirements/tests.txt"));
        assert_eq!(
            suggested(&["requirements.txt", "requirements-dev.txt"]).unwrap(),
            format!("{install} -r requirements.txt -r requirements-dev.txt")
        );
        assert_eq!(suggested(&["uv.lock", "requirements.txt"]).unwrap(), "uv sync --frozen");
    }
}
