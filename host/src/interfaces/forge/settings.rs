//! What the operator set about forges: `[forge]` of the user's settings. Reads no file and no environment, and shows no
//! token.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::interfaces::project::Project;

/// Which forge a project has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The host's own store.
    #[default]
    Local,
    /// GitHub, or a GitHub Enterprise Server.
    #[serde(rename = "github")]
    GitHub,
}

impl Kind {
    /// The word of the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::GitHub => "github",
        }
    }
}

/// Says who asks. Shown nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token, without the white space around it.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// For the one header it belongs in, and for whoever blots it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token")
    }
}

/// A repository, `owner/name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// A user or an organisation.
    pub owner: String,
    /// What they call it.
    pub name: String,
}

impl Repository {
    fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let plain = |word: &str| {
            let usual = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
            (1..=100).contains(&word.len()) && word.chars().all(usual) && word.chars().any(|character| character != '.')
        };
        (plain(owner) && plain(name)).then(|| Self { owner: owner.to_owned(), name: name.to_owned() })
    }
}

/// What holds for one project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Where its pull requests are. Default `local`.
    pub kind: Kind,
    /// Its repository there; needed for GitHub.
    pub repository: Option<Repository>,
    /// Whether runs may merge what is approved and green. None: where the host keeps the pull requests, and not on GitHub.
    pub auto_merge: Option<bool>,
}

impl Rules {
    /// Whether runs may merge; else a person does.
    pub fn lets_runs_merge(&self) -> bool {
        self.auto_merge.unwrap_or(self.kind == Kind::Local)
    }
}

/// What the operator set about forges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Up to and including the version, without a slash at its end. Default `https://api.github.com`.
    pub base_url: String,
    /// None: the operator has not set it.
    pub token: Option<Token>,
    /// The name under which the token is looked for, in the environment or among the secrets.
    pub token_name: String,
    /// For projects that are not listed.
    pub usual: Rules,
    /// By the project's name, its id, or what it was known by before.
    pub projects: BTreeMap<String, Rules>,
}

/// A setting that makes no sense.
#[derive(Debug, PartialEq, Eq)]
pub struct SettingError {
    /// The dotted key below `forge`, with a dot before it; empty for the table itself.
    pub key: String,
    /// What it has to be.
    pub wanted: &'static str,
    /// What it is.
    pub found: String,
}

/// Where tokens are looked for.
pub struct Sources<'a> {
    /// The environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The operator's secrets.
    pub secret: &'a dyn Fn(&str) -> Option<String>,
}

const GITHUB: &str = "https://api.github.com";
const TOKEN: &str = "GITHUB_TOKEN";
const WORDS: &str = "one of `kind`, `repository`, `auto-merge`, `base-url`, `token-env`, `token-secret` and `projects`";
const WORDS_OF_A_PROJECT: &str = "one of `kind`, `repository` and `auto-merge`";

impl Default for Config {
    fn default() -> Self {
        Self { base_url: GITHUB.to_owned(), token: None, token_name: TOKEN.to_owned(), usual: Rules::default(), projects: BTreeMap::new() }
    }
}

impl Config {
    /// Reads the table `forge`. Without `token-env` and `token-secret` the token is `GITHUB_TOKEN`, in the environment or
    /// among the secrets.
    pub fn from_settings(table: &Value, sources: &Sources<'_>) -> Result<Self, SettingError> {
        let mut config = Self::default();
        let mut named = false;
        for (key, value) in object("", table)? {
            let place = format!(".{}", key.escape_debug());
            match key.as_str() {
                "base-url" => {
                    config.base_url =
                        base_url(value).ok_or_else(|| wrong(&place, "an address such as https://github.example.com/api/v3", value))?
                }
                "token-env" => (config.token, config.token_name, named) = find_token(&place, value, sources.variable)?,
                "token-secret" => (config.token, config.token_name, named) = find_token(&place, value, sources.secret)?,
                "projects" => {}
                _ => set(&mut config.usual, key, value).map_err(|wanted| wrong(&place, wanted.unwrap_or(WORDS), value))?,
            }
        }
        if !named {
            config.token = (sources.variable)(TOKEN).or_else(|| (sources.secret)(TOKEN)).map(|token| Token::new(&token));
        }
        complete("", &config.usual)?;
        let projects = table.get("projects").map(|projects| object(".projects", projects)).transpose()?;
        for (name, table) in projects.into_iter().flatten() {
            let (place, mut rules) = (format!(".projects.\"{}\"", name.escape_debug()), config.usual.clone());
            for (key, value) in object(&place, table)? {
                let place = format!("{place}.{}", key.escape_debug());
                set(&mut rules, key, value).map_err(|wanted| wrong(&place, wanted.unwrap_or(WORDS_OF_A_PROJECT), value))?;
            }
            complete(&place, &rules)?;
            config.projects.insert(name.clone(), rules);
        }
        Ok(config)
    }

    /// Whether any project is on GitHub.
    pub fn needs_github(&self) -> bool {
        self.projects.values().chain([&self.usual]).any(|rules| rules.kind == Kind::GitHub)
    }

    /// What holds for a project.
    pub fn rules(&self, project: &Project) -> &Rules {
        project.keys().find_map(|key| self.projects.get(key)).unwrap_or(&self.usual)
    }
}

/// One rule. What it has to be, where it is not; none where there is no such rule.
fn set(rules: &mut Rules, key: &str, value: &Value) -> Result<(), Option<&'static str>> {
    match key {
        "kind" => {
            let word = value.as_str().unwrap_or_default();
            let kind = [Kind::Local, Kind::GitHub].into_iter().find(|kind| kind.as_str() == word);
            rules.kind = kind.ok_or(Some("`local` or `github`"))?;
        }
        "repository" => {
            let repository = value.as_str().and_then(Repository::parse);
            rules.repository = Some(repository.ok_or(Some("an owner and a name, such as \"ada/engine\""))?);
        }
        "auto-merge" => rules.auto_merge = Some(value.as_bool().ok_or(Some("true or false"))?),
        _ => return Err(None),
    }
    Ok(())
}

fn complete(place: &str, rules: &Rules) -> Result<(), SettingError> {
    if rules.kind == Kind::GitHub && rules.repository.is_none() {
        let wanted = "set where `kind` is `github`, such as \"ada/engine\"";
        return Err(SettingError { key: format!("{place}.repository"), wanted, found: "not set".to_owned() });
    }
    Ok(())
}

fn find_token(place: &str, name: &Value, look: &dyn Fn(&str) -> Option<String>) -> Result<(Option<Token>, String, bool), SettingError> {
    let name = name.as_str().ok_or_else(|| wrong(place, "the name under which the token is kept", name))?;
    Ok((look(name).map(|token| Token::new(&token)), name.to_owned(), true))
}

fn base_url(value: &Value) -> Option<String> {
    let url = reqwest::Url::parse(value.as_str()?.trim()).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    // A token is told to nobody over an open line, this machine aside.
    let loopback = url.host_str().is_some_and(|host| {
        host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
    });
    let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    (plain && safe && url.has_host()).then(|| url.as_str().trim_end_matches('/').to_owned())
}

fn object<'a>(place: &str, value: &'a Value) -> Result<&'a serde_json::Map<String, Value>, SettingError> {
    value.as_object().ok_or_else(|| wrong(place, "a table", value))
}

/// A password in an address is not repeated.
fn wrong(place: &str, wanted: &'static str, found: &Value) -> SettingError {
    let found = if place.ends_with("base-url") { "another address".to_owned() } else { found.to_string() };
    SettingError { key: place.to_owned(), wanted, found }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(table: Value) -> Result<Config, SettingError> {
        let variable = |name: &str| (name == "HUB").then(|| " t0ken-of-hub\n".to_owned());
        let secret = |name: &str| (name == "SEALED" || name == TOKEN).then(|| format!("token-{name}"));
        Config::from_settings(&table, &Sources { variable: &variable, secret: &secret })
    }

    #[test]
    fn a_project_has_its_own_rules_over_the_usual_ones() {
        let config = read(json!({
            "kind": "github", "repository": "ada/engine", "token-secret": "SEALED", "base-url": "https://hub.example.com/api/v3/",
            "projects": { "shop-1a2b3c": { "repository": "ada/shop", "auto-merge": true }, "notes": { "kind": "local" } },
        }));
        let config = config.unwrap();
        assert_eq!(config.base_url, "https://hub.example.com/api/v3");
        assert_eq!(config.token.as_ref().unwrap().reveal(), "token-SEALED");
        let rules = |project: &str| config.rules(&Project::named(project));
        assert_eq!(rules("else").repository.as_ref().unwrap().name, "engine");
        assert!(!rules("else").lets_runs_merge());
        assert_eq!(rules("shop-1a2b3c").repository.as_ref().unwrap().name, "shop");
        assert!(rules("shop-1a2b3c").lets_runs_merge() && rules("notes").lets_runs_merge());
        assert_eq!(rules("notes").kind, Kind::Local);
        assert!(!format!("{config:?}").contains("token-SEALED"));
    }

    #[test]
    fn a_project_is_found_by_its_id_its_name_or_its_former_key() {
        let config =
            read(json!({ "projects": { "id": { "auto-merge": false }, "shop": {}, "shop-1a2b3c": { "auto-merge": false } } })).unwrap();
        let merges = |id: &str, name: &str, former_key: Option<&str>| {
            let project = Project { id: id.to_owned(), name: name.to_owned(), former_key: former_key.map(str::to_owned) };
            config.rules(&project).lets_runs_merge()
        };
        assert!(!merges("id", "shop", None), "the id is the most certain");
        assert!(merges("other", "shop", Some("shop-1a2b3c")));
        assert!(!merges("other", "renamed", Some("shop-1a2b3c")));
        assert!(merges("other", "", None));
    }

    #[test]
    fn without_settings_pull_requests_are_local_and_runs_merge() {
        let config = read(json!({})).unwrap();
        assert_eq!((config.usual.kind, config.usual.lets_runs_merge()), (Kind::Local, true));
        let off = read(json!({ "auto-merge": false, "projects": { "shop": { "auto-merge": true } } })).unwrap();
        assert_eq!((off.usual.lets_runs_merge(), off.rules(&Project::named("shop")).lets_runs_merge()), (false, true));
        assert_eq!(config.base_url, GITHUB);
        assert_eq!(config.token.unwrap().reveal(), "token-GITHUB_TOKEN");
        assert_eq!(read(json!({ "token-env": "HUB" })).unwrap().token.unwrap().reveal(), "t0ken-of-hub");
        assert_eq!(read(json!({ "token-env": "GHOST" })).unwrap().token, None, "a token that is named is not another");
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_key() {
        let key = |table: Value| read(table).unwrap_err().key;
        assert_eq!(key(json!("github")), "");
        assert_eq!(key(json!({ "kind": "gitlab" })), ".kind");
        assert_eq!(key(json!({ "kind": "github" })), ".repository");
        for repository in ["engine", "ada/", "/engine", "ada/en gine", "ada/../x", "ada/..", "a/b/c", "ada/x?y"] {
            assert_eq!(key(json!({ "repository": repository })), ".repository", "{repository}");
        }
        assert_eq!(key(json!({ "auto-merge": "yes" })), ".auto-merge");
        assert_eq!(key(json!({ "automerge": true })), ".automerge");
        assert_eq!(key(json!({ "token-env": 5 })), ".token-env");
        assert_eq!(key(json!({ "projects": { "shop": { "base-url": "https://evil" } } })), ".projects.\"shop\".base-url");
        assert_eq!(key(json!({ "projects": { "shop": { "kind": "github" } } })), ".projects.\"shop\".repository");
        for url in ["http://hub.example.com", "ftp://x", "https://ada:secret@hub", "https://hub?x=1", "hub"] {
            let error = read(json!({ "base-url": url })).unwrap_err();
            assert_eq!((error.key.as_str(), error.found.contains("secret")), (".base-url", false), "{url}");
        }
        assert!(read(json!({ "base-url": "http://127.0.0.1:8080/" })).is_ok());
        assert!(read(json!({ "base-url": "http://[::1]:8080" })).is_ok());
    }
}
