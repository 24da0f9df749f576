//! `--project` and `--until` of `baton plugin grant`: where and until when something is granted.

use clap::Args;

use crate::{cli::until::moment, operations::Moment};

/// Where and until when.
#[derive(Debug, Args)]
pub(super) struct TermArguments {
    /// Grant only in this project, by its name or id
    #[arg(long, value_name = "NAME", conflicts_with = "only")]
    pub(super) project: Option<String>,
    /// Grant until this time: a date such as 2027-01-31, to its end in your time zone, or a time such as
    /// 2027-01-31T18:00:00Z
    #[arg(long, value_name = "DATE", conflicts_with = "only", value_parser = moment)]
    pub(super) until: Option<Moment>,
}
