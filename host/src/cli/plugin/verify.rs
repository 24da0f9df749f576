//! `baton plugin verify`. Says who signed a file; whether what it does is good, no signature says.

use std::path::Path;

use anyhow::Result;
use clap::Args;
use serde_json::json;

use super::{list, not_a_file};
use crate::{
    app,
    cli::{
        Context,
        exit::{Exit, Misuse},
        screen::{BAD, GOOD, WARNING, painted},
        text,
    },
    kernel::{
        registry::{Origin, Plugin},
        signature::{Signer, Trust},
    },
    operations::{Access, Host, Problem},
};

/// Show who signed a plugin, and whether you trust the key
///
/// Ends with 0 when a key in your settings signed the file as it is, or when it is part of Baton, and with 1 otherwise.
#[derive(Debug, Args)]
pub(in crate::cli) struct Verify {
    /// The name of a plugin, or a .wasm file; a file that has the name of a plugin is named as ./FILE
    #[arg(value_name = "NAME|FILE")]
    plugin: String,
}

impl Verify {
    pub(in crate::cli) async fn execute(&self, context: &Context) -> Result<Exit> {
        let app = context.open(Access::Look).await?;
        let shown = text::escaped(&self.plugin);
        let (said, document, exit) = match self.read(&app)? {
            Ok(plugin) => judged(&plugin, &app.config.trust),
            Err(reason) => (
                format!("{} {shown}: {}", painted(BAD, "✗"), text::plain(&reason)),
                json!({ "file": self.plugin, "refused": reason }),
                Exit::Failed,
            ),
        };
        if context.screen.is_json() {
            context.screen.document(&document)?;
        } else {
            context.screen.answer(said)?;
        }
        Ok(exit)
    }

    /// The plugin as its file is now; the inner error is why it is refused. A name is read again from its file.
    fn read(&self, app: &Host) -> Result<Result<Plugin, String>, Misuse> {
        let Some(plugin) = app.kernel.registry().find(&self.plugin) else {
            let path = Path::new(&self.plugin);
            if path.is_file() {
                return Ok(app::read_plugin(path, &Trust::default()));
            }
            let refused = app.refused.iter().find(|refused| refused.is_named(&self.plugin));
            return match (refused, not_a_file(path)) {
                (Some(refused), _) => Ok(app::read_plugin(&refused.path, &Trust::default())),
                (None, Some(other)) => Err(other),
                (None, None) => Err(Misuse(format!("There is no plugin and no file `{}`.", text::escaped(&self.plugin)))),
            };
        };
        match &plugin.origin {
            Origin::File(path) => Ok(app::read_plugin(path, &Trust::default())),
            Origin::Bundled => {
                let again = Plugin::read(plugin.package.wasm.clone(), Origin::Bundled, |_| Default::default());
                Ok(again.map_err(|error| Problem::of(&error).to_string()))
            }
        }
    }
}

fn judged(plugin: &Plugin, trust: &Trust) -> (String, serde_json::Value, Exit) {
    let name = text::escaped(plugin.name());
    let (said, exit) = match trust.signer(&plugin.package) {
        _ if plugin.origin == Origin::Bundled => (format!("{} `{name}` is part of Baton.", painted(GOOD, "✓")), Exit::Done),
        Signer::Trusted(signer) => {
            (format!("{} `{name}` is signed by {}, as it is.", painted(GOOD, "✓"), text::escaped(&signer)), Exit::Done)
        }
        Signer::Unknown(key) => (
            format!("{} `{name}` is signed, as it is, by the key {key}, which is not in your [signatures.keys].", painted(WARNING, "!")),
            Exit::Failed,
        ),
        Signer::Unsigned => (format!("{} `{name}` is not signed.", painted(WARNING, "!")), Exit::Failed),
    };
    (said, list::signed(list::summary(plugin), plugin, trust), exit)
}
