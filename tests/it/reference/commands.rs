//! `commands.md` has the help of every command, as the program prints it.

use std::fmt::Write as _;

use baton::cli::Cli;
use clap::{Command, CommandFactory};

use super::Page;

/// Columns of the help.
const WIDTH: usize = 100;

#[test]
fn every_command_is_on_its_page() {
    let mut text = String::new();
    let mut command = Cli::command().term_width(WIDTH);
    command.build();
    write_help(&command, &mut text);
    Page::named("commands.md").holds(&text);
}

/// The help of a command, then that of those below it. What every command takes is shown once, at the top.
fn write_help(command: &Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or("baton");
    let depth = name.split(' ').count().min(3) + 1;
    let help = command.clone().render_long_help().to_string();
    let own = help.split("\nGlobal options:").next().unwrap_or_default();
    let shown = if depth == 2 { &help } else { own };
    let lines: Vec<_> = shown.trim_end().lines().map(str::trim_end).collect();
    writeln!(text, "{} {name}\n\n```text\n{}\n```\n", "#".repeat(depth), lines.join("\n")).unwrap();
    for below in command.get_subcommands().filter(|below| !below.is_hide_set() && below.get_name() != "help") {
        write_help(below, text);
    }
}
