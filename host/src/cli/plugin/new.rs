//! `baton plugin new`. Makes a folder that builds as it is, and overwrites nothing.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, builder::PossibleValuesParser, builder::TypedValueParser};

use super::output;
use crate::{
    cli::{
        Context,
        authoring::{Language, scaffold::Scaffold},
        exit::Exit,
        screen::{GOOD, painted},
        text,
    },
    operations::plugins::{CreatedPlugin, PluginKind, PluginLanguage},
};

/// Create a plugin directory that builds as it is, and show the next commands to run
///
/// Without --language, Baton creates a workflow or a toolbox in Rust, and an agent as a persona, which needs no code. With
/// `--language folder`, a workflow is a folder of instructions, which needs no code either. Rust plugins contain the source of Baton's SDK in the directory `vendor`.
#[derive(Debug, Args)]
pub(in crate::cli) struct New {
    /// Name of the plugin and of its directory: lower-case letters, digits and single dashes
    name: String,
    /// Kind of plugin
    #[arg(long, default_value = "workflow", value_parser = kinds())]
    kind: PluginKind,
    /// Language
    #[arg(long, value_enum)]
    language: Option<Language>,
    /// Directory in which to create the plugin's directory; Baton creates it if it does not exist
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    place: PathBuf,
}

impl New {
    pub(in crate::cli) fn execute(&self, context: &Context) -> Result<Exit> {
        let begun = Scaffold::new(&self.name, self.kind, self.language()).and_then(|scaffold| Ok((scaffold.write(&self.place)?, scaffold)));
        let (folder, scaffold) = begun?;
        let shown = text::path(folder.strip_prefix(".").unwrap_or(&folder));
        // A shell takes what begins with a dash for an option.
        let target = if shown.starts_with('-') { format!("./{shown}") } else { shown };
        let enter = format!("cd {}", text::shell_word(&target));
        // The commands are typed in another folder than this one.
        let data_dir = context.data_dir.as_ref().map(std::path::absolute).transpose()?;
        let inside = Context { screen: context.screen.clone(), data_dir, redactor: context.redactor.clone(), server: None };
        let enter = Some(enter).filter(|_| scaffold.is_entered());
        let next: Vec<_> = enter.into_iter().chain(scaffold.next(|command| inside.again(command))).collect();
        if context.screen.is_json() {
            context.screen.document(&CreatedPlugin {
                folder: output::path_text(&folder),
                language: self.language().into(),
                files: scaffold.files().into_iter().map(|(path, _)| path).collect(),
                next,
            })?;
            return Ok(Exit::Done);
        }
        let what = format!("{} `{}` in {}", self.kind.as_str(), self.name, self.language().as_str());
        context.screen.tell(format!("{} Created the {what}. Type next:", painted(GOOD, "✓")));
        context.screen.answer(next.iter().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n"))?;
        if let Some(used) = scaffold.used() {
            context.screen.tell(used);
        }
        Ok(Exit::Done)
    }

    fn language(&self) -> Language {
        self.language.unwrap_or(if self.kind == PluginKind::Agent { Language::Persona } else { Language::Rust })
    }
}

fn kinds() -> impl TypedValueParser<Value = PluginKind> {
    let kinds = [PluginKind::Workflow, PluginKind::Agent, PluginKind::Toolbox];
    let of_word = move |word: String| kinds.into_iter().find(|kind| kind.as_str() == word).unwrap_or(PluginKind::Workflow);
    PossibleValuesParser::new(kinds.map(PluginKind::as_str)).map(of_word)
}

impl From<Language> for PluginLanguage {
    fn from(language: Language) -> Self {
        match language {
            Language::Rust => Self::Rust,
            Language::Python => Self::Python,
            Language::JavaScript => Self::Javascript,
            Language::Persona => Self::Persona,
            Language::Folder => Self::Folder,
        }
    }
}
