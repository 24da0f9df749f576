//! Agents without code: what is wrong with a persona, and what its author should know. All share an engine that imports what
//! any of them may use, so that its imports say nothing about one.

use crate::{
    interfaces::CAPABILITIES,
    kernel::{package::Package, registry::Plugin},
};

/// The file that says who the model is.
pub(super) const FILE: &str = "persona.md";

/// The tools that a persona names, or a sentence on what is wrong with it.
pub(super) fn tools(persona: &[u8]) -> Result<Vec<String>, String> {
    let text = std::str::from_utf8(persona).map_err(|error| {
        let line = persona[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("{FILE}:{line}: it is not UTF-8 text. Save it as UTF-8.")
    })?;
    baton_plugins::persona_tools(text).map_err(|mistake| format!("{mistake}. Correct it."))
}

/// What the author of a plugin should know though it harms nobody.
pub fn warnings(plugin: &Plugin) -> Vec<String> {
    match plugin.assets.get(FILE).filter(|_| is_persona(&plugin.package)) {
        Some(persona) => persona_warnings(plugin, persona),
        // Their engine imports what any of them may use.
        None if plugin.assets.get(baton_folder_format::packing::PACKING).is_some() => plugin.package.needless(CAPABILITIES),
        None => plugin.package.warnings(CAPABILITIES),
    }
}

fn is_persona(package: &Package) -> bool {
    Package::code_hash_of(baton_plugins::ROLE_ENGINE).is_some_and(|engine| engine == package.code_hash)
}

fn persona_warnings(plugin: &Plugin, persona: &[u8]) -> Vec<String> {
    let asks_for = |word: &str| !plugin.package.manifest.needs.of(word).is_empty();
    let mut warnings = plugin.package.needless(CAPABILITIES);
    if !asks_for("models") {
        warnings.push("asks for no `models`: it cannot ask a model".to_owned());
    }
    match tools(persona) {
        Ok(tools) => {
            let uses = tools.iter().flat_map(|tool| needed(tool).iter().map(move |word| (tool, word)));
            let denied = uses.filter(|(_, word)| !asks_for(word));
            warnings
                .extend(denied.map(|(tool, word)| format!("names the tool `{tool}` and asks for no `{word}`: its calls will be denied")));
        }
        Err(mistake) => warnings.push(format!("cannot be used: {}", mistake.trim_end_matches('.'))),
    }
    warnings
}

/// What a tool of a persona needs.
fn needed(tool: &str) -> &'static [&'static str] {
    match tool {
        "read_file" | "find_files" | "search_files" => &["read"],
        "write_file" => &["write"],
        "edit_file" | "apply_patch" => &["read", "write"],
        "run_command" | "read_output" => &["images"],
        "git_diff" | "git_log" | "git_show" => &["git"],
        _ => &["tools"],
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::{app::folder::pack, kernel::signature::Trust};

    fn packed(needs: &str, persona: impl AsRef<[u8]>) -> Result<Plugin, String> {
        let folder = tempfile::tempdir().unwrap();
        let manifest = format!("name = \"ann\"\nversion = \"1.0.0\"\nkind = \"agent\"\n[needs]\n{needs}\n");
        fs::write(folder.path().join("plugin.toml"), manifest).unwrap();
        fs::write(folder.path().join(FILE), persona).unwrap();
        pack(folder.path(), &Trust::default())
    }

    #[test]
    fn a_persona_is_warned_of_what_it_uses_and_not_of_its_engine() {
        let warned = |needs: &str, persona: &str| warnings(&packed(needs, persona).unwrap());
        assert_eq!(warned("models = [\"*\"]", "You are Ann."), [""; 0]);
        let head = "+++\ntools = [\"read_file\", \"edit_file\", \"run_command\", \"calculator.*\"]\n+++\nYou are Ann.";
        let all = "models = [\"*\"]\nread = [\"**\"]\nwrite = [\"**\"]\nimages = [\"*\"]\ntools = [\"calculator.*\"]";
        assert_eq!(warned(all, head), [""; 0]);
        assert_eq!(
            warned("read = [\"**\"]\nbacklog = [\"read\"]", head),
            [
                "asks for `backlog` and does not import `backlog`: the need can go",
                "asks for no `models`: it cannot ask a model",
                "names the tool `edit_file` and asks for no `write`: its calls will be denied",
                "names the tool `run_command` and asks for no `images`: its calls will be denied",
                "names the tool `calculator.*` and asks for no `tools`: its calls will be denied",
            ]
        );
    }

    #[test]
    fn a_persona_that_cannot_be_read_is_not_packed() {
        let refused = |persona: &[u8]| packed("models = [\"*\"]", persona).map(drop).unwrap_err();
        assert!(refused(b"+++\nturns = 3\n+++\nYou").starts_with("persona.md:2: unknown field `turns`, expected one of"));
        assert!(refused(b"+++\ntools = 7\n+++\nYou").starts_with("persona.md:2: invalid type"));
        assert_eq!(refused(b"You\n\xff"), "persona.md:2: it is not UTF-8 text. Save it as UTF-8.");
        let contents = [("persona.md".to_owned(), b"+++\nturns = 3\n+++\nYou".to_vec())];
        let manifest = "name = \"ann\"\nversion = \"1.0.0\"\nkind = \"agent\"\n[needs]\nmodels = [\"*\"]\n";
        let old = baton_pack::pack(baton_plugins::ROLE_ENGINE, manifest, &contents).unwrap();
        let old = crate::app::understand(old, Path::new("ann.wasm"), &Trust::default()).unwrap();
        assert!(warnings(&old)[0].starts_with("cannot be used: persona.md:2: unknown field"), "{:?}", warnings(&old));
    }
}
