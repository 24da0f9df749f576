//! Projects, here or on a server, which knows them by name and id.

use std::path::Path;

use reqwest::Method;

use super::{Client, Parameters, parameters::Fields};
use crate::operations::{
    Page, Problem,
    projects::{
        self, AddFolder, AddProject, AddedProject, ChangedProject, CreateProject, EditProject, ListProjects, Project, ProjectDetails,
        ProjectRef, RemovedProject, RenameProject,
    },
};

pub(in crate::cli) async fn list(client: &Client, request: &ListProjects) -> Result<Page<Project>, Problem> {
    match client {
        Client::Here(host) => projects::list(host, request).await,
        Client::There(remote) => remote.list_all(&["projects"], &Parameters::of(request).renamed("state", "status")).await,
    }
}

pub(in crate::cli) async fn show(client: &Client, project: &str) -> Result<ProjectDetails, Problem> {
    match client {
        Client::Here(host) => projects::show(host, project).await,
        Client::There(remote) => remote.read(&["projects", project], &Parameters::default()).await,
    }
}

/// The project with this name or id.
pub(in crate::cli) async fn find(client: &Client, project: &str) -> Result<Project, Problem> {
    match client {
        Client::Here(host) => projects::find(host, project).await,
        Client::There(_) => Ok(show(client, project).await?.project),
    }
}

/// Adds a directory: one of this machine, or on a server one that lies there below those for projects.
pub(in crate::cli) async fn add(client: &Client, request: &AddProject) -> Result<AddedProject, Problem> {
    match client {
        Client::Here(host) => projects::add(host, host.operator(), request).await,
        Client::There(remote) => {
            let AddProject { folder, name, repository } = request.clone();
            if folder == Path::new(".") {
                let message = "On a server the current directory is not a directory for a project.";
                let problem = Problem::invalid("folder_not_named", "folder", message);
                return Err(problem.advise("Name one that lies on the server, below `project-roots` of its settings."));
            }
            let request = CreateProject { folder: Some(folder), clone: None, name, repository };
            remote.change(Method::POST, &["projects"], Fields::of(&request, &[])).await
        }
    }
}

pub(in crate::cli) async fn add_folder(client: &Client, request: &AddFolder) -> Result<AddedProject, Problem> {
    match client {
        Client::Here(host) => projects::add_folder(host, host.operator(), request).await,
        Client::There(_) => {
            let message = "A second directory is added to a project on the machine of the server alone.";
            Err(Problem::invalid("server_unfit", "to", message).advise("Leave out --to, or use the command on that machine."))
        }
    }
}

pub(in crate::cli) async fn rename(client: &Client, request: &RenameProject) -> Result<ChangedProject, Problem> {
    match client {
        Client::Here(host) => projects::rename(host, host.operator(), request).await,
        Client::There(remote) => {
            let RenameProject { project, name } = request.clone();
            let edit = EditProject { project, name: Some(name), repository: None };
            remote.change(Method::PATCH, &["projects", &request.project], Fields::of(&edit, &["project"])).await
        }
    }
}

pub(in crate::cli) async fn remove(client: &Client, project: &str) -> Result<RemovedProject, Problem> {
    match client {
        Client::Here(host) => projects::remove(host, host.operator(), project).await,
        Client::There(remote) => remote.change(Method::DELETE, &["projects", project], Fields::default()).await,
    }
}

pub(in crate::cli) async fn pause(client: &Client, project: &str) -> Result<ChangedProject, Problem> {
    match client {
        Client::Here(host) => projects::pause(host, host.operator(), project).await,
        Client::There(remote) => remote.change(Method::POST, &["projects", project, "pause"], Fields::default()).await,
    }
}

pub(in crate::cli) async fn resume(client: &Client, project: &str) -> Result<ChangedProject, Problem> {
    match client {
        Client::Here(host) => projects::resume(host, host.operator(), project).await,
        Client::There(remote) => remote.change(Method::POST, &["projects", project, "resume"], Fields::default()).await,
    }
}

pub(in crate::cli) async fn complete(client: &Client, project: &str) -> Result<ChangedProject, Problem> {
    match client {
        Client::Here(host) => projects::complete(host, host.operator(), project).await,
        Client::There(remote) => remote.change(Method::POST, &["projects", project, "complete"], Fields::default()).await,
    }
}

/// The project of a request to a server, which knows no directory of this machine.
pub(super) fn named(project: &ProjectRef) -> Result<&str, Problem> {
    match project {
        ProjectRef::Name(name) => Ok(name),
        ProjectRef::Folder(_) => Err(reject_directory()),
    }
}

/// A directory where a server's project is meant.
pub(in crate::cli) fn reject_directory() -> Problem {
    let message = "On a server a project is named by its name or its id, not by a directory.";
    Problem::invalid("project_not_named", "project", message).advise("Name it with --project; `baton project list` lists the projects.")
}
