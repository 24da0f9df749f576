//! The table `autopilots`: what operators let autopilots do, and which run each is. Tells that run of what it has to look
//! at; starts none.

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::{read_number, stored},
    queue::{Change, Step},
    runs::ended,
    signals,
};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::Draft,
    interfaces::autopilot::{AutopilotOff, AutopilotOn},
    interfaces::{
        autopilot::{Autopilot, AutopilotLimits, Autopilots, Hours, LOOK},
        llm::money::Amount,
    },
    journal::RunId,
};

/// What errors call it.
const AUTOPILOTS: &str = "the autopilots";

const TABLE: &str = "autopilots";
macro_rules! columns {
    () => {
        "select project, run_id, is_on, branch, stories, tries, day_limit, hours_from, hours_to, zone, set_at, set_by from autopilots"
    };
}
const ALL: &str = concat!(columns!(), " order by project");
const OF_PROJECT: &str = concat!(columns!(), " where project = $1");
const SET: &str = "insert into autopilots (project, run_id, is_on, branch, stories, tries, day_limit, hours_from, hours_to, zone, set_at, \
    set_by) values ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict (project) do update set run_id = excluded.run_id, \
    is_on = 1, branch = excluded.branch, stories = excluded.stories, tries = excluded.tries, day_limit = excluded.day_limit, \
    hours_from = excluded.hours_from, hours_to = excluded.hours_to, zone = excluded.zone, set_at = excluded.set_at, \
    set_by = excluded.set_by";
const OFF: &str = "update autopilots set is_on = 0, set_at = $2, set_by = $3 where project = $1";
const RUN_OF: &str = "select run_id from autopilots where project = $1 and is_on = 1";
const HAS_ENDED: &str = concat!("select count(*) from runs where id = $1 and state in ", ended!());
const ASKING: &str = "select distinct r.item from questions q join runs r on r.id = q.run_id \
    where q.root_id = $1 and q.answered_at is null and q.withdrawn_at is null and r.item is not null";

#[async_trait]
impl Autopilots for Store {
    async fn autopilots(&self) -> Result<Vec<Autopilot>, StorageError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(reading(AUTOPILOTS))?;
        rows.iter().map(autopilot).collect::<Result<_, _>>().map_err(reading(AUTOPILOTS))
    }

    async fn autopilot(&self, project: &str) -> Result<Option<Autopilot>, StorageError> {
        let row = sqlx::query(OF_PROJECT).bind(project).fetch_optional(&self.reads).await.map_err(reading(AUTOPILOTS))?;
        row.as_ref().map(autopilot).transpose().map_err(reading(AUTOPILOTS))
    }

    async fn turn_on(&self, wanted: &Autopilot, by: &Actor) -> Result<Autopilot, StorageError> {
        self.queue.change(TurnOn { wanted: wanted.clone(), by: by.clone() }).await.map_err(writing(AUTOPILOTS))
    }

    async fn turn_off(&self, project: &str, by: &Actor) -> Result<Option<Autopilot>, StorageError> {
        self.queue.change(TurnOff { project: project.to_owned(), by: by.clone() }).await.map_err(writing(AUTOPILOTS))
    }

    async fn asking(&self, run: &RunId) -> Result<Vec<String>, StorageError> {
        let rows = sqlx::query(ASKING).bind(run.as_str()).fetch_all(&self.reads).await.map_err(reading(AUTOPILOTS))?;
        let mut keys = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<String>, _>>().map_err(reading(AUTOPILOTS))?;
        keys.sort();
        Ok(keys)
    }
}

/// Tells the autopilot of a project, if one is on, that something has changed. Telling it twice before it looks is telling
/// it once.
pub(super) async fn tell(project: &str, step: &mut Step<'_>) -> Result<(), StoreError> {
    let row = sqlx::query(RUN_OF).bind(project).fetch_optional(&mut *step.connection).await?;
    let Some(run) = row.map(|row| row.try_get(0).map(|id: String| RunId::from_text(id))).transpose()? else { return Ok(()) };
    signals::send_once(&run, LOOK, step).await
}

struct TurnOn {
    wanted: Autopilot,
    by: Actor,
}

#[async_trait]
impl Change for TurnOn {
    type Outcome = Autopilot;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Autopilot, StoreError> {
        let before = find(&self.wanted.project, step.connection).await?.filter(|before| before.is_on);
        let run = match before {
            Some(before) if !has_ended(&before.run, step.connection).await? => before.run,
            _ => self.wanted.run.clone(),
        };
        let made = Autopilot { run, is_on: true, set_at: step.now, ..self.wanted.clone() };
        let AutopilotLimits { stories, tries, dollars, hours, zone } = &made.limits;
        let query = sqlx::query(SET).bind(&*made.project).bind(made.run.as_str()).bind(&*made.branch);
        let query = query.bind(i64::from(*stories)).bind(i64::from(*tries)).bind(dollars.map(|dollars| stored(dollars.as_billionths())));
        let query = query.bind(hours.map(|hours| i64::from(hours.from))).bind(hours.map(|hours| i64::from(hours.to))).bind(&**zone);
        query.bind(stored(step.now)).bind(&*made.set_by).execute(&mut *step.connection).await?;
        let on = AutopilotOn {
            project: made.project.clone(),
            run: made.run.clone(),
            branch: made.branch.clone(),
            stories: *stories,
            tries: *tries,
            usd: *dollars,
            hours: hours.map(|hours| hours.to_string()),
            zone: zone.clone(),
        };
        step.events.extend(NewEvent::all(vec![Draft::of_host(&on).by(&self.by)]));
        tell(&made.project, step).await?;
        Ok(made)
    }
}

struct TurnOff {
    project: String,
    by: Actor,
}

#[async_trait]
impl Change for TurnOff {
    type Outcome = Option<Autopilot>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Option<Autopilot>, StoreError> {
        let Some(before) = find(&self.project, step.connection).await?.filter(|before| before.is_on) else { return Ok(None) };
        tell(&self.project, step).await?;
        sqlx::query(OFF).bind(&*self.project).bind(stored(step.now)).bind(&*self.by.name).execute(&mut *step.connection).await?;
        let off = AutopilotOff { project: self.project.clone(), run: before.run.clone() };
        step.events.extend(NewEvent::all(vec![Draft::of_host(&off).by(&self.by)]));
        Ok(Some(before))
    }
}

async fn find(project: &str, connection: &mut AnyConnection) -> Result<Option<Autopilot>, StoreError> {
    sqlx::query(OF_PROJECT).bind(project).fetch_optional(connection).await?.as_ref().map(autopilot).transpose()
}

/// One that was never started has not ended: whoever turned it on may be about to start it.
async fn has_ended(run: &RunId, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query(HAS_ENDED).bind(run.as_str()).fetch_one(connection).await?.try_get::<i64, _>(0)? > 0)
}

fn autopilot(row: &AnyRow) -> Result<Autopilot, StoreError> {
    let number = |column: &str| u32::try_from(row.try_get::<i64, _>(column)?).map_err(|error| StoreError::row(TABLE, error));
    let minute = |column: &str| Ok::<_, StoreError>(row.try_get::<Option<i64>, _>(column)?.and_then(|minute| u16::try_from(minute).ok()));
    let dollars = row.try_get::<Option<i64>, _>("day_limit")?.map(|amount| Amount::billionths(amount.unsigned_abs()));
    let hours = minute("hours_from")?.zip(minute("hours_to")?).map(|(from, to)| Hours { from, to });
    Ok(Autopilot {
        project: row.try_get("project")?,
        run: RunId::from_text(row.try_get::<String, _>("run_id")?),
        is_on: row.try_get::<i64, _>("is_on")? != 0,
        branch: row.try_get("branch")?,
        limits: AutopilotLimits { stories: number("stories")?, tries: number("tries")?, dollars, hours, zone: row.try_get("zone")? },
        set_at: read_number(row, "set_at")?,
        set_by: row.try_get("set_by")?,
    })
}
