//! What a model is shown of files and of the output of commands: numbered lines, matches with what is around them, the head
//! and the tail of what is long. Pure functions, for tools of your own as well: reads no file and calls no host.
//!
//! The host's own tools show files and commands by the same functions.

mod finding;
mod lines;
mod output;

pub use finding::{Found, MOST_MATCHES, find_meant, pattern, searched, show_found, show_matches};
pub use lines::{LONGEST_EXCERPT, USUAL_LINES, decode, excerpt, number, show_excerpt};
pub use output::{SHOWN_OUTPUT, head_and_tail, left_out, say_ended, say_kept, show_streams};
