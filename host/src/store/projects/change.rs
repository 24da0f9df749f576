//! The changes of projects, each one step with what it depends on, and with the event that tells it.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        StoreError,
        events::NewEvent,
        number::stored,
        published,
        queue::{self, Step},
        runs::{self, Add},
    },
    all, find, of_folder,
};
use crate::{
    actor::Actor,
    events::{Draft, Payload, path_text},
    interfaces::{pins::Pin, published::Publication},
    journal::RunId,
    kernel::{
        projects::{
            Opening, Project, ProjectChange, ProjectState, Purpose, Refusal,
            events::{
                ProjectAdded, ProjectCompleted, ProjectFolderAdded, ProjectMoved, ProjectPaused, ProjectRemoved, ProjectRenamed,
                ProjectRepositorySet, ProjectResumed,
            },
            is_same, name_of, unique_name,
        },
        run::Run,
    },
};

const ADD: &str = "insert into projects (id, name, repository, state, settings, former_key, created_at, updated_at) \
    values ($1, $2, $3, $4, '{}', $5, $6, $6)";
const ADD_FOLDER: &str = "insert into project_folders (folder, project, added_at) values ($1, $2, $3)";
const RENAME: &str = "update projects set name = $2, updated_at = $3 where id = $1";
const SET_REPOSITORY: &str = "update projects set repository = $2, updated_at = $3 where id = $1";
const SET_STATE: &str = "update projects set state = $2, updated_at = $3 where id = $1";
const TOUCH: &str = "update projects set updated_at = $2 where id = $1";
const MOVE_FOLDER: &str = "update project_folders set folder = $3 where project = $1 and folder = $2";
/// A run that ended may be forked, or resumed where it failed: in the folder as it is now, to which the operator says so.
const MOVE_RUNS: &str = "update runs set workspace = $3, pin = $4 where project = $1 and workspace = $2";
/// A folder that was given back is made ready again from its checkout's new place.
const MOVE_WORKTREES: &str = "update worktrees set checkout = $3, pin = $4 where project = $1 and checkout = $2";
const REMOVE: &str = "update projects set removed_at = $2, updated_at = $2 where id = $1";
const FORGET_FOLDERS: &str = "delete from project_folders where project = $1";
const FORGET_BUDGET: &str = "delete from budgets where scope = 'project' and of_id = $1";
/// In the form of the index by state, for few runs are unfinished and many belong to a project.
const UNFINISHED: &str = concat!(
    "select root_id from runs where state in ",
    runs::unfinished!(),
    " and project || '' = $1 \
    order by created_at, id limit 1"
);
const IN_USE: &str = "select root_id from worktrees where project = $1 and state <> 'free' order by slot limit 1";

/// Opens a folder as a project.
pub(super) struct Open(pub(super) Opening);

#[async_trait]
impl queue::Change for Open {
    type Outcome = Result<Project, Refusal>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        open(&self.0, step).await
    }
}

/// Adds a root run in its project.
pub(super) struct Start {
    pub(super) run: Run,
    /// None: the run has its project already.
    pub(super) opening: Option<Opening>,
    /// What a fork shows from its begin.
    pub(super) published: Vec<Publication>,
    pub(super) events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl queue::Change for Start {
    type Outcome = Result<Run, Refusal>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let opened = match &self.opening {
            Some(opening) => open(opening, step).await?,
            None => find(&self.run.project, step.connection).await?.ok_or_else(|| Refusal::Unknown(self.run.project.clone())),
        };
        let project = match opened.and_then(|project| project.admit().map(|()| project)) {
            Ok(project) => project,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if project.state == ProjectState::Inactive {
            set_state(&project, ProjectState::Active, step).await?;
        }
        let run = Run { project: project.id, ..self.run.clone() };
        Add { run: run.clone(), most: u64::MAX, events: self.events.clone() }.apply(step).await?;
        published::copy(&run.id, &self.published, step.connection).await?;
        Ok(Ok(run))
    }
}

async fn open(opening: &Opening, step: &mut Step<'_>) -> Result<Result<Project, Refusal>, StoreError> {
    let Opening { folder, purpose, .. } = opening;
    let Some(known) = of_folder(folder, step.connection).await? else { return add(opening, step).await };
    if !known.folders.is_empty() {
        return Ok(match purpose {
            Purpose::Add { .. } => Err(reject_taken_folder(folder, &known)),
            Purpose::Write | Purpose::Run(_) => Ok(known),
        });
    }
    // It was known by the hash of this folder's path.
    if let Purpose::Add { name, repository } = purpose
        && let Err(refusal) = describe(&known, name.as_deref(), repository.as_deref(), step).await?
    {
        return Ok(Err(refusal));
    }
    add_folder(&known, folder, step).await?;
    tell(step, opening, &ProjectFolderAdded { project: known.id.clone(), name: known.name.clone(), folder: path_text(folder) });
    reloaded(&known.id, step).await
}

/// Gives a project what the operator who adds its folder says of it.
async fn describe(project: &Project, name: Option<&str>, repository: Option<&str>, step: &mut Step<'_>) -> Result<Made, StoreError> {
    let renamed = match name {
        Some(name) => rename(project, name, step).await?,
        None => Ok(None),
    };
    if let (Ok(_), Some(repository)) = (&renamed, repository) {
        let query = sqlx::query(SET_REPOSITORY).bind(&*project.id).bind(repository).bind(stored(step.now));
        query.execute(&mut *step.connection).await?;
    }
    Ok(renamed)
}

async fn add(opening: &Opening, step: &mut Step<'_>) -> Result<Result<Project, Refusal>, StoreError> {
    let known = all(step.connection).await?;
    let (wanted, repository) = match &opening.purpose {
        Purpose::Add { name, repository } => (name.clone(), repository.as_deref()),
        Purpose::Write | Purpose::Run(_) => (None, None),
    };
    let name = match wanted {
        Some(name) if is_taken(&name, &known) => return Ok(Err(name_taken(&name, &known))),
        Some(name) => name,
        None => unique_name(&name_of(&opening.folder), |name| is_taken(name, &known)),
    };
    let query = sqlx::query(ADD).bind(&*opening.id).bind(&*name).bind(repository).bind(ProjectState::Inactive.as_str());
    query.bind(None::<&str>).bind(stored(step.now)).execute(&mut *step.connection).await?;
    let added = match reloaded(&opening.id, step).await? {
        Ok(added) => added,
        refused => return Ok(refused),
    };
    add_folder(&added, &opening.folder, step).await?;
    let (project, name, folder) = (added.id.clone(), added.name.clone(), path_text(&opening.folder));
    tell(step, opening, &ProjectAdded { project, name, folder, repository: repository.map(str::to_owned) });
    reloaded(&added.id, step).await
}

/// What an operator changes.
pub(super) struct Edit {
    pub(super) id: String,
    pub(super) change: ProjectChange,
    pub(super) by: Actor,
}

#[async_trait]
impl queue::Change for Edit {
    type Outcome = Result<Project, Refusal>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let found = find(&self.id, step.connection).await?.filter(|project| project.removed_at.is_none());
        let Some(project) = found else { return Ok(Err(Refusal::Unknown(self.id.clone()))) };
        let made = match &self.change {
            ProjectChange::Rename(name) => rename(&project, name, step).await?,
            ProjectChange::SetRepository(repository) => set_repository(&project, repository, step).await?,
            ProjectChange::Pause => pause(&project, step).await?,
            ProjectChange::Resume => resume(&project, step).await?,
            ProjectChange::Complete => complete(&project, step).await?,
            ProjectChange::AddFolder(folder) => add_one_more(&project, folder, step).await?,
            ProjectChange::Move { from, to, pin } => move_folder(&project, (from.as_deref(), to, pin.as_ref()), step).await?,
            ProjectChange::Remove => remove(&project, step).await?,
        };
        match made {
            Err(refusal) => Ok(Err(refusal)),
            Ok(None) => Ok(Ok(project)),
            Ok(Some(event)) => {
                step.events.extend(NewEvent::all(vec![event.by(&self.by)]));
                reloaded(&project.id, step).await
            }
        }
    }
}

/// The event of a change, none where nothing changed, or why it is not made.
type Made = Result<Option<Draft>, Refusal>;

async fn rename(project: &Project, name: &str, step: &mut Step<'_>) -> Result<Made, StoreError> {
    if project.name == name {
        return Ok(Ok(None));
    }
    let others: Vec<_> = all(step.connection).await?.into_iter().filter(|other| other.id != project.id).collect();
    if is_taken(name, &others) {
        return Ok(Err(name_taken(name, &others)));
    }
    sqlx::query(RENAME).bind(&*project.id).bind(name).bind(stored(step.now)).execute(&mut *step.connection).await?;
    let renamed = ProjectRenamed { project: project.id.clone(), from: project.name.clone(), name: name.to_owned() };
    Ok(Ok(Some(Draft::of_host(&renamed))))
}

async fn set_repository(project: &Project, repository: &str, step: &mut Step<'_>) -> Result<Made, StoreError> {
    if project.repository.as_deref() == Some(repository) {
        return Ok(Ok(None));
    }
    sqlx::query(SET_REPOSITORY).bind(&*project.id).bind(repository).bind(stored(step.now)).execute(&mut *step.connection).await?;
    let (id, name) = (project.id.clone(), project.name.clone());
    Ok(Ok(Some(Draft::of_host(&ProjectRepositorySet { project: id, name, repository: repository.to_owned() }))))
}

async fn pause(project: &Project, step: &mut Step<'_>) -> Result<Made, StoreError> {
    match project.state {
        ProjectState::Paused => Ok(Ok(None)),
        ProjectState::Completed => Ok(Err(Refusal::Completed(project.name.clone()))),
        _ => {
            set_state(project, ProjectState::Paused, step).await?;
            Ok(Ok(Some(Draft::of_host(&ProjectPaused { project: project.id.clone(), name: project.name.clone() }))))
        }
    }
}

async fn resume(project: &Project, step: &mut Step<'_>) -> Result<Made, StoreError> {
    if matches!(project.state, ProjectState::Active | ProjectState::Inactive) {
        return Ok(Ok(None));
    }
    set_state(project, ProjectState::Active, step).await?;
    let (id, name, from) = (project.id.clone(), project.name.clone(), project.state.as_str().to_owned());
    Ok(Ok(Some(Draft::of_host(&ProjectResumed { project: id, name, from }))))
}

async fn complete(project: &Project, step: &mut Step<'_>) -> Result<Made, StoreError> {
    if project.state == ProjectState::Completed {
        return Ok(Ok(None));
    }
    if let Some(run) = unfinished(&project.id, step.connection).await? {
        return Ok(Err(Refusal::Unfinished { name: project.name.clone(), run: run.short().to_owned() }));
    }
    set_state(project, ProjectState::Completed, step).await?;
    Ok(Ok(Some(Draft::of_host(&ProjectCompleted { project: project.id.clone(), name: project.name.clone() }))))
}

async fn add_one_more(project: &Project, folder: &Path, step: &mut Step<'_>) -> Result<Made, StoreError> {
    match of_folder(folder, step.connection).await? {
        Some(owner) if owner.id == project.id && !owner.folders.is_empty() => return Ok(Ok(None)),
        Some(owner) if owner.id != project.id && !owner.folders.is_empty() => return Ok(Err(reject_taken_folder(folder, &owner))),
        _ => {}
    }
    add_folder(project, folder, step).await?;
    let (id, name) = (project.id.clone(), project.name.clone());
    Ok(Ok(Some(Draft::of_host(&ProjectFolderAdded { project: id, name, folder: path_text(folder) }))))
}

async fn move_folder(
    project: &Project,
    (from, to, pin): (Option<&Path>, &Path, Option<&Pin>),
    step: &mut Step<'_>,
) -> Result<Made, StoreError> {
    if from == Some(to) {
        return Ok(Ok(None));
    }
    if let Some(refusal) = held_by_runs(project, step.connection).await? {
        return Ok(Err(refusal));
    }
    if let Some(owner) = of_folder(to, step.connection).await?.filter(|owner| !owner.folders.is_empty()) {
        return Ok(Err(reject_taken_folder(to, &owner)));
    }
    let Some(from) = from else {
        add_folder(project, to, step).await?;
        return Ok(Ok(Some(describe_move(project, None, to))));
    };
    let (before, now) = (text(from)?, text(to)?);
    sqlx::query(MOVE_FOLDER).bind(&*project.id).bind(before).bind(now).execute(&mut *step.connection).await?;
    for statement in [MOVE_RUNS, MOVE_WORKTREES] {
        let query = sqlx::query(statement).bind(&*project.id).bind(before).bind(now).bind(pin.map(|pin| &*pin.0));
        query.execute(&mut *step.connection).await?;
    }
    sqlx::query(TOUCH).bind(&*project.id).bind(stored(step.now)).execute(&mut *step.connection).await?;
    Ok(Ok(Some(describe_move(project, Some(from), to))))
}

fn describe_move(project: &Project, from: Option<&Path>, to: &Path) -> Draft {
    let (id, name) = (project.id.clone(), project.name.clone());
    Draft::of_host(&ProjectMoved { project: id, name, from: from.map(path_text), to: path_text(to) })
}

async fn remove(project: &Project, step: &mut Step<'_>) -> Result<Made, StoreError> {
    if let Some(refusal) = held_by_runs(project, step.connection).await? {
        return Ok(Err(refusal));
    }
    sqlx::query(REMOVE).bind(&*project.id).bind(stored(step.now)).execute(&mut *step.connection).await?;
    for statement in [FORGET_FOLDERS, FORGET_BUDGET] {
        sqlx::query(statement).bind(&*project.id).execute(&mut *step.connection).await?;
    }
    Ok(Ok(Some(Draft::of_host(&ProjectRemoved { project: project.id.clone(), name: project.name.clone() }))))
}

/// Why a project has to stay where it is: something of it is at work, or could continue.
async fn held_by_runs(project: &Project, connection: &mut AnyConnection) -> Result<Option<Refusal>, StoreError> {
    let name = project.name.clone();
    if let Some(run) = unfinished(&project.id, connection).await? {
        return Ok(Some(Refusal::Unfinished { name, run: run.short().to_owned() }));
    }
    let row = sqlx::query(IN_USE).bind(&*project.id).fetch_optional(connection).await?;
    let run = row.map(|row| row.try_get("root_id").map(|id: String| RunId::from_text(id))).transpose()?;
    Ok(run.map(|run| Refusal::Worktrees { name, run: run.short().to_owned() }))
}

/// The root of the oldest run of a project that has not ended.
pub(super) async fn unfinished(project: &str, connection: &mut AnyConnection) -> Result<Option<RunId>, StoreError> {
    let row = sqlx::query(UNFINISHED).bind(project).fetch_optional(connection).await?;
    Ok(row.map(|row| row.try_get("root_id").map(|id: String| RunId::from_text(id))).transpose()?)
}

async fn set_state(project: &Project, state: ProjectState, step: &mut Step<'_>) -> Result<(), StoreError> {
    let query = sqlx::query(SET_STATE).bind(&*project.id).bind(state.as_str()).bind(stored(step.now));
    query.execute(&mut *step.connection).await?;
    Ok(())
}

async fn add_folder(project: &Project, folder: &Path, step: &mut Step<'_>) -> Result<(), StoreError> {
    let query = sqlx::query(ADD_FOLDER).bind(text(folder)?).bind(&*project.id).bind(stored(step.now));
    query.execute(&mut *step.connection).await?;
    sqlx::query(TOUCH).bind(&*project.id).bind(stored(step.now)).execute(&mut *step.connection).await?;
    Ok(())
}

async fn reloaded(id: &str, step: &mut Step<'_>) -> Result<Result<Project, Refusal>, StoreError> {
    Ok(find(id, step.connection).await?.ok_or_else(|| Refusal::Unknown(id.to_owned())))
}

/// A name is taken by a project that has it now, and by one that settings may name so.
pub(super) fn is_taken(name: &str, known: &[Project]) -> bool {
    let present = known.iter().filter(|project| project.removed_at.is_none());
    present.into_iter().any(|project| is_same(&project.name, name))
        || known.iter().any(|project| project.former_key.as_deref() == Some(name))
}

/// Names the project as it is called: names that differ in case alone are the same.
fn name_taken(name: &str, known: &[Project]) -> Refusal {
    let owner = known.iter().find(|project| project.removed_at.is_none() && is_same(&project.name, name));
    Refusal::NameTaken(owner.map_or(name, |owner| &owner.name).to_owned())
}

fn reject_taken_folder(folder: &Path, owner: &Project) -> Refusal {
    Refusal::FolderTaken { folder: folder.display().to_string().escape_debug().to_string(), name: owner.name.clone() }
}

fn text(folder: &Path) -> Result<&str, StoreError> {
    folder.to_str().ok_or_else(|| {
        StoreError::Unwritable(format!("The directory {} has a name that is not Unicode. Rename the directory.", path_text(folder)))
    })
}

fn tell(step: &mut Step<'_>, opening: &Opening, payload: &impl Payload) {
    let draft = match &opening.purpose {
        Purpose::Run(run) => Draft::of_run(run, payload),
        Purpose::Add { .. } | Purpose::Write => Draft::of_host(payload),
    };
    step.events.extend(NewEvent::all(vec![Draft { actor: opening.by.clone(), ..draft }]));
}
