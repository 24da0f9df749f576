//! The file of rules: what it may say, what is wrong with it, and which rule holds. Reads and appends below its own
//! folder alone, whatever paths it names; shows none of a file's text in an error.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Asked;
use crate::interfaces::{blocking::Deadline, expression::Expression};

/// Longest script, in bytes.
const LONGEST_SCRIPT: u64 = 1024 * 1024;
/// Rules of one script, and those among them with a pattern: all may be held against one prompt.
const MOST_RULES: usize = 5_000;
const MOST_PATTERNS: usize = 100;
/// Longest reply file, in bytes.
const LONGEST_REPLY: u64 = 8 * 1024 * 1024;

/// A script that was read and found in order.
pub(super) struct Rules {
    folder: Dir,
    log: Option<PathBuf>,
    rules: Vec<Rule>,
}

/// One rule.
pub(super) struct Rule {
    pub(super) name: String,
    when: When,
    matches: Option<Expression>,
    text: Text,
    pub(super) calls: Vec<Call>,
    pub(super) usage: Tokens,
    pub(super) delay_ms: u64,
}

/// A tool call of a rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) name: String,
    #[serde(default = "no_arguments")]
    pub(super) arguments: Value,
}

/// What a rule says its reply takes.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Tokens {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    /// Dollars, to rehearse what a run may spend.
    pub(super) cost_usd: Option<f64>,
}

enum Text {
    None,
    Given(String),
    File(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    log: Option<PathBuf>,
    rules: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    name: Option<String>,
    #[serde(default)]
    when: When,
    reply: Option<String>,
    file: Option<PathBuf>,
    json: Option<Value>,
    #[serde(default)]
    calls: Vec<Call>,
    #[serde(default)]
    usage: Tokens,
    #[serde(default)]
    delay_ms: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
struct When {
    plugin: Option<String>,
    turn: Option<usize>,
    contains: Texts,
    /// In the user's last message alone.
    last: Texts,
    system: Texts,
    matches: Option<String>,
    /// Whether the request asks for a structured reply.
    reply_schema: Option<bool>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Rules {
    /// Reads and checks the script at `path`. The error is one or more sentences without the script's name.
    pub(super) fn read(path: &Path) -> Result<Self, String> {
        let unreadable = |error: std::io::Error| format!("it cannot be read ({error}). Check the file and its folder.");
        let folder = Dir::open_ambient_dir(path.parent().unwrap_or(Path::new("/")), ambient_authority());
        let folder = folder.map_err(unreadable)?;
        let name = path.file_name().ok_or("it is not a file. Name a YAML file.")?;
        // The script itself may be a link, the files it names may not lead out of its folder.
        let mut yaml = String::new();
        let file = std::fs::File::open(path.with_file_name(name)).map_err(unreadable)?;
        file.take(LONGEST_SCRIPT + 1).read_to_string(&mut yaml).map_err(unreadable)?;
        if yaml.len() as u64 > LONGEST_SCRIPT {
            return Err(format!("it is longer than {LONGEST_SCRIPT} bytes. Move long replies to files of their own."));
        }
        let file = parse(&yaml)?;
        let patterns = file.rules.iter().filter(|rule| rule.when.matches.is_some()).count();
        if file.rules.len() > MOST_RULES || patterns > MOST_PATTERNS {
            return Err(format!("it has more than {MOST_RULES} rules, or more than {MOST_PATTERNS} with `matches`. Split it."));
        }
        let rules = file.rules.into_iter().enumerate().map(|(index, rule)| rule.check(index, &folder));
        let rules = rules.collect::<Result<_, _>>()?;
        Ok(Self { folder, log: file.log, rules })
    }

    /// The place of the first rule that holds; else a sentence on the rule that missed least. Takes as long as the deadline
    /// allows.
    pub(super) fn first(&self, asked: &Asked<'_>, deadline: &Deadline) -> Result<Result<usize, String>, String> {
        let mut nearest: Option<(&Rule, Vec<String>)> = None;
        for (index, rule) in self.rules.iter().enumerate() {
            let misses = rule.misses(asked, deadline)?;
            if misses.is_empty() {
                return Ok(Ok(index));
            }
            if nearest.as_ref().is_none_or(|(_, fewest)| misses.len() < fewest.len()) {
                nearest = Some((rule, misses));
            }
        }
        Ok(Err(match nearest {
            Some((rule, misses)) => format!("The closest rule is \"{}\", but {}.", rule.name, misses.join(", and ")),
            None => "The script has no rules.".to_owned(),
        }))
    }

    /// The rule at `index`.
    pub(super) fn rule(&self, index: usize) -> Option<&Rule> {
        self.rules.get(index)
    }

    /// The text of the rule at `index`, read from its file where it has one.
    pub(super) fn text(&self, index: usize) -> Result<Option<String>, String> {
        let Some(rule) = self.rules.get(index) else { return Ok(None) };
        match &rule.text {
            Text::None => Ok(None),
            Text::Given(text) => Ok(Some(text.clone())),
            Text::File(path) => read(&self.folder, path).map(Some).map_err(|error| rule.unreadable(path, &error)),
        }
    }

    /// Appends one line to the log, if the script keeps one, in one write so that processes can share it.
    pub(super) fn log(&self, line: &str) -> Result<(), String> {
        let Some(path) = &self.log else { return Ok(()) };
        let opened = self.folder.open_with(path, OpenOptions::new().create(true).append(true));
        let written = opened.and_then(|mut log| log.write_all(format!("{line}\n").as_bytes()));
        written.map_err(|error| format!("its log {} cannot be written ({error}). Name a file in the script's folder.", path.display()))
    }
}

impl Rule {
    /// The conditions that do not hold, each as a clause.
    fn misses(&self, asked: &Asked<'_>, deadline: &Deadline) -> Result<Vec<String>, String> {
        deadline.check("Split the script.").map_err(|error| error.to_string())?;
        let when = &self.when;
        let mut misses = Vec::new();
        if let Some(plugin) = when.plugin.as_ref().filter(|plugin| *plugin != asked.plugin) {
            misses.push(format!("it wants plugin \"{plugin}\""));
        }
        if let Some(turn) = when.turn.filter(|turn| *turn != asked.turn) {
            misses.push(format!("it wants turn {turn}"));
        }
        if let Some(wanted) = when.reply_schema.filter(|wanted| *wanted != asked.request.reply_schema.is_some()) {
            misses.push(format!("it wants a request {} a reply schema", if wanted { "with" } else { "without" }));
        }
        let system = asked.request.system.as_deref().unwrap_or_default();
        let lacking = |place: &str, text: &String| format!("the {place} does not contain \"{text}\"");
        misses.extend(when.system.lacking(system).map(|text| lacking("system prompt", text)));
        misses.extend(when.contains.lacking(asked.prompt).map(|text| lacking("prompt", text)));
        misses.extend(when.last.lacking(&asked.request.last_prompt()).map(|text| lacking("last message", text)));
        if let Some(expression) = &self.matches
            && !expression.search(deadline).matches(asked.prompt).map_err(|error| error.to_string())?
        {
            misses.push(format!("the prompt does not match /{}/", expression.as_str()));
        }
        Ok(misses)
    }

    fn unreadable(&self, path: &Path, error: &std::io::Error) -> String {
        format!(
            "the file {} of rule \"{}\" cannot be read ({error}). Put a text of at most {LONGEST_REPLY} bytes there; it \
             must lie in the script's folder.",
            path.display(),
            self.name
        )
    }
}

impl Written {
    fn check(self, index: usize, folder: &Dir) -> Result<Rule, String> {
        let name = self.name.unwrap_or_else(|| format!("rule {}", index + 1));
        let text = match (self.reply, self.file, self.json) {
            (None, None, None) if self.calls.is_empty() => {
                return Err(format!("rule \"{name}\" has no answer. Give it one of reply, file, json, or calls."));
            }
            (None, None, None) => Text::None,
            (Some(text), None, None) => Text::Given(text),
            (None, Some(path), None) => Text::File(path),
            (None, None, Some(json)) => Text::Given(json.to_string()),
            _ => return Err(format!("rule \"{name}\" has several answers. Give it only one of reply, file and json.")),
        };
        let matches = self
            .when
            .matches
            .as_deref()
            .map(Expression::parse)
            .transpose()
            .map_err(|error| format!("the pattern in matches of rule \"{name}\" is wrong: {error} Correct the regular expression."))?;
        let (when, calls, usage) = (self.when, self.calls, self.usage);
        let rule = Rule { name, when, matches, text, calls, usage, delay_ms: self.delay_ms };
        if let Text::File(path) = &rule.text {
            folder.open(path).map_err(|error| rule.unreadable(path, &error))?;
        }
        Ok(rule)
    }
}

impl Texts {
    fn lacking<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a String> {
        let wanted = match self {
            Self::One(wanted) => std::slice::from_ref(wanted),
            Self::Many(wanted) => wanted.as_slice(),
        };
        wanted.iter().filter(move |wanted| !text.contains(wanted.as_str()))
    }
}

impl Default for Texts {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

/// Aliases are not taken at all: a few lines of them unfold to gigabytes, and a script needs none.
fn parse(yaml: &str) -> Result<File, String> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_aliases: 0, max_depth: 64, flow_nesting_limit: 64 },
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(yaml, options)
        .map_err(|error| format!("it is not a script: {error}. Correct it; the fields are log and rules, and YAML aliases are not taken."))
}

fn read(folder: &Dir, path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    folder.open(path)?.take(LONGEST_REPLY + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_REPLY {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

fn no_arguments() -> Value {
    Value::Object(Map::new())
}
