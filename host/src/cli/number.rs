//! Numbers as the command line takes them. A wrong one is answered with what to give instead of how numbers are read.

use std::{ops::RangeInclusive, str::FromStr};

/// What reads a number of a range, or says `give`.
pub(super) fn number<N>(range: RangeInclusive<N>, give: &'static str) -> impl Fn(&str) -> Result<N, String> + Clone + Send + Sync + 'static
where
    N: FromStr + PartialOrd + Clone + Send + Sync + 'static,
{
    move |text| text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| give.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_number_is_of_its_range_or_told_what_to_be() {
        let read = number(1..=20_u32, "give 1 to 20");
        assert_eq!((read("1"), read("20")), (Ok(1), Ok(20)));
        for wrong in ["", "0", "21", "-1", "1.5", "abc", "99999999999999999999", "1 "] {
            assert_eq!(read(wrong), Err("give 1 to 20".to_owned()), "{wrong:?}");
        }
    }

    #[test]
    fn no_command_answers_in_the_words_of_a_parser() {
        let commands: [(&[&str], &str, &str); 10] = [
            (&["pull-requests", "show"], "7", "abc"),
            (&["pull-requests", "merge"], "7", "abc"),
            (&["pull-requests", "close"], "7", "1.5"),
            (&["runs", "output", "r"], "7", "abc"),
            (&["runs", "fork", "r"], "--at=7", "--at=0"),
            (&["runs", "list"], "--limit=7", "--limit=0"),
            (&["decisions"], "--limit=7", "--limit=abc"),
            (&["costs"], "--days=7", "--days=abc"),
            (&["plugin", "history", "p"], "--last=7", "--last=abc"),
            (&["backlog", "add", "a", "A"], "--priority=7", "--priority=11"),
        ];
        for (command, right, wrong) in commands {
            let given = |number| Cli::try_parse_from([&["baton"], command, &[number]].concat());
            // Of the type that the command keeps it in, too, which nobody checks before.
            assert!(given(right).is_ok(), "{command:?}");
            let said = given(wrong).unwrap_err().to_string();
            assert!(said.contains(": give ") && !said.contains("digit") && !said.contains(".."), "{command:?}: {said}");
        }
    }
}
