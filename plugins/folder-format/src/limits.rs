//! How much of a folder is read. Every limit is checked before the work that it bounds.

/// Bytes of one file.
pub const MOST_FILE_BYTES: usize = 4 << 20;
/// Nodes of one document.
pub const MOST_NODES: usize = 200_000;
/// Elements inside each other.
pub const MOST_DEPTH: usize = 64;
/// Bytes of one tag, with its attributes.
pub const LONGEST_TAG: usize = 4 << 10;
/// Bytes of a YAML document.
pub const MOST_YAML_BYTES: usize = 1 << 20;
/// Values of a YAML document.
pub const MOST_YAML_VALUES: usize = 20_000;
/// Levels of a YAML document.
pub const MOST_YAML_DEPTH: usize = 32;
/// Variables that need each other, one after the other.
pub const MOST_CHAIN: usize = 64;
/// Bytes of a variable's value once other variables are put in.
pub const LONGEST_VALUE: usize = 64 << 10;
/// Variables of a folder.
pub const MOST_VARIABLES: usize = 5_000;
/// Bytes of a condition that is taken apart; a longer one is for the judge.
pub const LONGEST_CONDITION: usize = 1 << 10;
/// Tests that one condition may join by AND and OR.
pub const MOST_TESTS: usize = 16;
/// Findings that are listed; more are counted.
pub const MOST_FINDINGS: usize = 1_000;
/// Step files and instruction files of one folder.
pub const MOST_SHEETS: usize = 500;
/// Lines of a status file.
pub const MOST_STATUS_LINES: usize = 20_000;
