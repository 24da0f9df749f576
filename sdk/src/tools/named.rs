//! The ready-made tools by their names. Knows no other.

use super::{
    Tool, apply_patch, edit_file, find_files, git_diff, git_log, git_show, read_file, read_output, run_command, search_files, write_file,
};

/// The tool of that name, if there is one: `read_file`, `find_files`, `search_files`, `write_file`, `edit_file`, `apply_patch`,
/// `run_command`, `read_output`, `git_diff`, `git_log` or `git_show`.
///
/// ```
/// # use baton_sdk::{prelude::*, tools::Tool};
/// /// The tools that an agent's settings name.
/// fn chosen() -> Result<Vec<Tool>> {
///     let names: Vec<String> = settings::get("my-agent.tools")?.unwrap_or_else(|| vec!["read_file".to_owned()]);
///     let unknown = |name: &str| Error::invalid(format!("`my-agent.tools` names `{name}`, which is not a tool."));
///     names.iter().map(|name| tools::named(name).ok_or_else(|| unknown(name))).collect()
/// }
/// # assert_eq!(baton_sdk::testing::Host::new().inside(chosen).map(|tools| tools.len()), Ok(1));
/// ```
pub fn named(name: &str) -> Option<Tool> {
    Some(match name {
        "read_file" => read_file(),
        "find_files" => find_files(),
        "search_files" => search_files(),
        "write_file" => write_file(),
        "edit_file" => edit_file(),
        "apply_patch" => apply_patch(),
        "run_command" => run_command(),
        "read_output" => read_output(),
        "git_diff" => git_diff(),
        "git_log" => git_log(),
        "git_show" => git_show(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_found_by_the_name_they_carry() {
        for name in [
            "read_file",
            "find_files",
            "search_files",
            "write_file",
            "edit_file",
            "apply_patch",
            "run_command",
            "read_output",
            "git_diff",
            "git_log",
            "git_show",
        ] {
            assert_eq!(named(name).map(|tool| tool.name), Some(name.to_owned()));
        }
        assert!(named("run_shell").is_none());
    }
}
