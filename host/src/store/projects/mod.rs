//! The tables `projects` and `project_folders`: what everything that is kept of a project belongs to. Reads here, changes
//! beside. Looks at no folder.

mod change;
mod upgrade;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::read_number,
};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::Draft,
    journal::RunId,
    kernel::{
        projects::{Opening, Project, ProjectChange, ProjectState, Projects, Refusal, former_key},
        run::Run,
    },
};
use change::{Edit, Open, Start, unfinished};
pub(super) use upgrade::{is_unfinished, replace_keys};

/// What errors call it.
const PROJECTS: &str = "the projects";

const TABLE: &str = "projects";
const ALL: &str = "select id, name, repository, state, settings, former_key, created_at, updated_at, removed_at from projects";
const FOLDERS: &str = "select folder, project from project_folders order by added_at, folder";

#[async_trait]
impl Projects for Store {
    async fn all_projects(&self) -> Result<Vec<Project>, StorageError> {
        let read = async || all(&mut *self.reads.acquire().await?).await;
        read().await.map_err(reading(PROJECTS))
    }

    async fn load_project(&self, id: &str) -> Result<Option<Project>, StorageError> {
        let read = async || find(id, &mut *self.reads.acquire().await?).await;
        read().await.map_err(reading(PROJECTS))
    }

    async fn project_of_folder(&self, folder: &Path) -> Result<Option<Project>, StorageError> {
        let read = async || of_folder(folder, &mut *self.reads.acquire().await?).await;
        read().await.map_err(reading(PROJECTS))
    }

    async fn open_project(&self, opening: &Opening) -> Result<Result<Project, Refusal>, StorageError> {
        self.queue.change(Open(opening.clone())).await.map_err(writing(PROJECTS))
    }

    async fn change_project(&self, id: &str, change: &ProjectChange, by: &Actor) -> Result<Result<Project, Refusal>, StorageError> {
        let edit = Edit { id: id.to_owned(), change: change.clone(), by: by.clone() };
        self.queue.change(edit).await.map_err(writing(PROJECTS))
    }

    async fn start_run(&self, run: &Run, opening: Option<&Opening>, events: Vec<Draft>) -> Result<Result<Run, Refusal>, StorageError> {
        let published = match &run.forked_from {
            Some((source, at)) => self.shown_before(source, *at).await.map_err(writing(PROJECTS))?,
            None => Vec::new(),
        };
        let start = Start { run: run.clone(), opening: opening.cloned(), published, events: NewEvent::all(events) };
        self.queue.change(start).await.map_err(writing(PROJECTS))
    }

    async fn unfinished_run(&self, project: &str) -> Result<Option<RunId>, StorageError> {
        let read = async || unfinished(project, &mut *self.reads.acquire().await?).await;
        read().await.map_err(reading(PROJECTS))
    }
}

/// Every project with its folders. There are few of them, and whoever looks for one by its name looks at all.
async fn all(connection: &mut AnyConnection) -> Result<Vec<Project>, StoreError> {
    let mut folders: HashMap<String, Vec<PathBuf>> = HashMap::new();
    for row in sqlx::query(FOLDERS).fetch_all(&mut *connection).await? {
        folders.entry(row.try_get("project")?).or_default().push(PathBuf::from(row.try_get::<String, _>("folder")?));
    }
    let rows = sqlx::query(ALL).fetch_all(connection).await?;
    let mut projects: Vec<_> = rows.iter().map(|row| project(row, &mut folders)).collect::<Result<_, _>>()?;
    // Here, because databases do not agree on an order of text.
    projects.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
    Ok(projects)
}

/// One project by its id, for every execution of a run: reads no other.
async fn find(id: &str, connection: &mut AnyConnection) -> Result<Option<Project>, StoreError> {
    const FIND: &str =
        "select id, name, repository, state, settings, former_key, created_at, updated_at, removed_at from projects where id = $1";
    const FOLDERS_OF: &str = "select folder, project from project_folders where project = $1 order by added_at, folder";
    let Some(row) = sqlx::query(FIND).bind(id).fetch_optional(&mut *connection).await? else { return Ok(None) };
    let rows = sqlx::query(FOLDERS_OF).bind(id).fetch_all(connection).await?;
    let folders = rows.iter().map(|row| Ok(PathBuf::from(row.try_get::<String, _>("folder")?))).collect::<Result<_, StoreError>>()?;
    project(&row, &mut HashMap::from([(id.to_owned(), folders)])).map(Some)
}

async fn of_folder(folder: &Path, connection: &mut AnyConnection) -> Result<Option<Project>, StoreError> {
    let key = former_key(folder);
    let is_its = |project: &Project| project.folders.iter().any(|known| known == folder);
    let was_its = |project: &Project| project.folders.is_empty() && project.former_key.as_ref() == Some(&key);
    let mut known: Vec<_> = all(connection).await?.into_iter().filter(|project| project.removed_at.is_none()).collect();
    let found = known.iter().position(is_its).or_else(|| known.iter().position(was_its));
    Ok(found.map(|found| known.swap_remove(found)))
}

fn project(row: &AnyRow, folders: &mut HashMap<String, Vec<PathBuf>>) -> Result<Project, StoreError> {
    let (id, word): (String, String) = (row.try_get("id")?, row.try_get("state")?);
    let state = ProjectState::from_word(&word).ok_or_else(|| StoreError::row(TABLE, format!("`{word}` is not a state")))?;
    let settings = serde_json::from_str(row.try_get("settings")?).map_err(|error| StoreError::row(TABLE, error))?;
    let removed_at = row.try_get::<Option<i64>, _>("removed_at")?.map(i64::unsigned_abs);
    Ok(Project {
        folders: folders.remove(&id).unwrap_or_default(),
        id,
        name: row.try_get("name")?,
        repository: row.try_get("repository")?,
        state,
        settings,
        former_key: row.try_get("former_key")?,
        created_at: read_number(row, "created_at")?,
        updated_at: read_number(row, "updated_at")?,
        removed_at,
    })
}
