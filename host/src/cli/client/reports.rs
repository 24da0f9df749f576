//! The report of a project, here or by a server.

use super::{Client, Parameters, projects::named};
use crate::operations::{
    Problem,
    reports::{self, MakeReport, Report},
};

pub(in crate::cli) async fn make(client: &Client, request: &MakeReport) -> Result<Report, Problem> {
    match client {
        Client::Here(host) => reports::make(host, request).await,
        Client::There(remote) => {
            let path = ["projects", named(&request.project)?, "report"];
            remote.read(&path, &Parameters::of(request).without(&["project"])).await
        }
    }
}
