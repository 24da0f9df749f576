//! The tables `users` and `members`, and the setup link, which ends with the first user.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{
    super::{
        Store, StoreError,
        error::{reading, writing},
        events::NewEvent,
        number::{read_number, stored},
        queue::{Change, Step},
    },
    ACCOUNTS,
};
use crate::{
    accounts::{AccountError, Login, Member, MemberChange, NewUser, Permission, Role, SetupLinks, User, UserChange, Users, key_of_name},
    errors::StorageError,
    events::Draft,
};

const TABLE: &str = "users";
const ALL: &str = "select id, name, password, role, all_projects, created_at, updated_at, disabled_at from users";
const FIND: &str = "select id, name, password, role, all_projects, created_at, updated_at, disabled_at from users where id = $1";
const FIND_BY_NAME: &str =
    "select id, name, password, role, all_projects, created_at, updated_at, disabled_at from users where name_key = $1";
const ALL_MEMBERS: &str = "select user_id, project, permissions from members";
const MEMBERS: &str = "select user_id, project, permissions from members where user_id = $1";
const ADD: &str = "insert into users (id, name, name_key, password, role, all_projects, created_at, updated_at) \
    values ($1, $2, $3, $4, $5, $6, $7, $7)";
const CHANGE: &str =
    "update users set role = $2, all_projects = $3, disabled_at = $4, password = coalesce($5, password), updated_at = $6 where id = $1";
const SET_MEMBER: &str = "insert into members (user_id, project, permissions) values ($1, $2, $3) \
    on conflict (user_id, project) do update set permissions = excluded.permissions";
const REMOVE_MEMBER: &str = "delete from members where user_id = $1 and project = $2";
const OTHER_ADMINS: &str = "select count(*) from users where role = 'admin' and disabled_at is null and id <> $1";
const REVOKE_SESSIONS: &str = "update sessions set revoked_at = $3 where user_id = $1 and id <> $2 and revoked_at is null";
/// What belongs to a user, before the user.
const REMOVE: [&str; 5] = [
    "delete from used_refreshes where session in (select id from sessions where user_id = $1)",
    "delete from sessions where user_id = $1",
    "delete from tokens where user_id = $1",
    "delete from members where user_id = $1",
    "delete from users where id = $1",
];
const ANY: &str = "select count(*) from users";
const LINK: &str = "select hash from setup_links where hash = $1 and expires_at > $2";
const SET_LINK: &str = "insert into setup_links (hash, created_at, expires_at) values ($1, $2, $3)";
const FORGET_LINKS: &str = "delete from setup_links";

#[async_trait]
impl Users for Store {
    async fn users(&self) -> Result<Vec<User>, StorageError> {
        let read = async || all(&mut *self.reads.acquire().await?).await;
        read().await.map_err(reading(ACCOUNTS))
    }

    async fn find_user(&self, id: &str) -> Result<Option<User>, StorageError> {
        let read = async || find(id, &mut *self.reads.acquire().await?).await;
        read().await.map_err(reading(ACCOUNTS))
    }

    async fn find_login(&self, key: &str) -> Result<Option<Login>, StorageError> {
        let read = async || -> Result<Option<Login>, StoreError> {
            let connection = &mut *self.reads.acquire().await?;
            let Some(row) = sqlx::query(FIND_BY_NAME).bind(key).fetch_optional(&mut *connection).await? else { return Ok(None) };
            let password = row.try_get("password")?;
            Ok(Some(Login { user: with_members(&row, connection).await?, password }))
        };
        read().await.map_err(reading(ACCOUNTS))
    }

    async fn add_user(&self, user: &NewUser, link: Option<&str>, events: Vec<Draft>) -> Result<User, AccountError> {
        let add = Add { user: user.clone(), link: link.map(str::to_owned), events: NewEvent::all(events) };
        self.queue.change(add).await.map_err(writing(ACCOUNTS))?
    }

    async fn change_user(&self, id: &str, change: &UserChange, events: Vec<Draft>) -> Result<User, AccountError> {
        let edit = Edit { id: id.to_owned(), change: change.clone(), events: NewEvent::all(events) };
        self.queue.change(edit).await.map_err(writing(ACCOUNTS))?
    }

    async fn remove_user(&self, id: &str, keeps_admin: bool, events: Vec<Draft>) -> Result<(), AccountError> {
        let remove = Remove { id: id.to_owned(), keeps_admin, events: NewEvent::all(events) };
        self.queue.change(remove).await.map_err(writing(ACCOUNTS))?
    }
}

#[async_trait]
impl SetupLinks for Store {
    async fn has_setup_link(&self, hash: &str, now: u64) -> Result<bool, StorageError> {
        let found = sqlx::query(LINK).bind(hash).bind(stored(now)).fetch_optional(&self.reads).await.map_err(reading(ACCOUNTS))?;
        Ok(found.is_some())
    }

    async fn set_setup_link(&self, hash: &str, expires_at: u64, events: Vec<Draft>) -> Result<bool, StorageError> {
        let change = SetLink { hash: hash.to_owned(), expires_at, events: NewEvent::all(events) };
        self.queue.change(change).await.map_err(writing(ACCOUNTS))
    }
}

/// Every user with what it is a member of.
async fn all(connection: &mut AnyConnection) -> Result<Vec<User>, StoreError> {
    let mut members: HashMap<String, Vec<Member>> = HashMap::new();
    for row in sqlx::query(ALL_MEMBERS).fetch_all(&mut *connection).await? {
        members.entry(row.try_get("user_id")?).or_default().push(member(&row)?);
    }
    let rows = sqlx::query(ALL).fetch_all(connection).await?;
    rows.iter().map(|row| user(row, members.remove(row.try_get::<&str, _>("id")?).unwrap_or_default())).collect()
}

/// One user.
pub(super) async fn find(id: &str, connection: &mut AnyConnection) -> Result<Option<User>, StoreError> {
    match sqlx::query(FIND).bind(id).fetch_optional(&mut *connection).await? {
        Some(row) => with_members(&row, connection).await.map(Some),
        None => Ok(None),
    }
}

async fn with_members(row: &AnyRow, connection: &mut AnyConnection) -> Result<User, StoreError> {
    let rows = sqlx::query(MEMBERS).bind(row.try_get::<&str, _>("id")?).fetch_all(connection).await?;
    user(row, rows.iter().map(member).collect::<Result<_, _>>()?)
}

fn user(row: &AnyRow, mut members: Vec<Member>) -> Result<User, StoreError> {
    // Here, because databases do not agree on an order of text.
    members.sort_by(|one, other| one.project.cmp(&other.project));
    let word: &str = row.try_get("role")?;
    Ok(User {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        role: Role::from_word(word).ok_or_else(|| StoreError::row(TABLE, format!("`{word}` is not a role")))?,
        all_projects: row.try_get::<i64, _>("all_projects")? != 0,
        members,
        created_at: read_number(row, "created_at")?,
        updated_at: read_number(row, "updated_at")?,
        disabled_at: row.try_get::<Option<i64>, _>("disabled_at")?.map(i64::unsigned_abs),
    })
}

fn member(row: &AnyRow) -> Result<Member, StoreError> {
    let permissions = serde_json::from_str(row.try_get("permissions")?).map_err(|error| StoreError::row("members", error))?;
    Ok(Member { project: row.try_get("project")?, permissions })
}

/// Permissions as they are kept.
pub(super) fn permissions_text(permissions: &BTreeSet<Permission>) -> String {
    let words: Vec<_> = permissions.iter().map(|permission| permission.as_str()).collect();
    serde_json::json!(words).to_string()
}

struct Add {
    user: NewUser,
    link: Option<String>,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Add {
    type Outcome = Result<User, AccountError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let NewUser { id, name, password, role, all_projects, members } = &self.user;
        if let Some(link) = &self.link {
            let found = sqlx::query(LINK).bind(&**link).bind(stored(step.now)).fetch_optional(&mut *step.connection).await?;
            if found.is_none() || has_users(step.connection).await? {
                return Ok(Err(AccountError::NoSetup));
            }
        }
        let key = key_of_name(name);
        if let Some(row) = sqlx::query(FIND_BY_NAME).bind(&*key).fetch_optional(&mut *step.connection).await? {
            return Ok(Err(AccountError::NameTaken(row.try_get("name")?)));
        }
        let query = sqlx::query(ADD).bind(&**id).bind(&**name).bind(&*key).bind(&**password).bind(role.as_str());
        query.bind(i64::from(*all_projects)).bind(stored(step.now)).execute(&mut *step.connection).await?;
        for member in members {
            set_member(id, member, step.connection).await?;
        }
        sqlx::query(FORGET_LINKS).execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        reloaded(id, step.connection).await
    }
}

struct Edit {
    id: String,
    change: UserChange,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Edit {
    type Outcome = Result<User, AccountError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let (id, change) = (&*self.id, &self.change);
        let Some(before) = find(id, step.connection).await? else { return Ok(Err(AccountError::NoUser(id.to_owned()))) };
        let role = change.role.unwrap_or(before.role);
        let disabled_at = match change.is_disabled {
            Some(true) => before.disabled_at.or(Some(step.now)),
            Some(false) => None,
            None => before.disabled_at,
        };
        let is_admin = role == Role::Admin && disabled_at.is_none();
        if change.keeps_admin && !is_admin && is_last_admin(&before, step.connection).await? {
            return Ok(Err(AccountError::LastAdmin(before.name)));
        }
        let query = sqlx::query(CHANGE).bind(id).bind(role.as_str());
        let query = query.bind(i64::from(change.all_projects.unwrap_or(before.all_projects))).bind(disabled_at.map(stored));
        query.bind(change.password.as_deref()).bind(stored(step.now)).execute(&mut *step.connection).await?;
        for MemberChange { project, permissions } in &change.members {
            match permissions {
                Some(permissions) => {
                    let member = Member { project: project.clone(), permissions: permissions.clone() };
                    set_member(id, &member, step.connection).await?;
                }
                None => {
                    sqlx::query(REMOVE_MEMBER).bind(id).bind(&**project).execute(&mut *step.connection).await?;
                }
            }
        }
        if disabled_at.is_some() || change.password.is_some() {
            let kept = change.keeps_session.as_deref().unwrap_or_default();
            sqlx::query(REVOKE_SESSIONS).bind(id).bind(kept).bind(stored(step.now)).execute(&mut *step.connection).await?;
        }
        step.events.extend(self.events.iter().cloned());
        reloaded(id, step.connection).await
    }
}

struct Remove {
    id: String,
    keeps_admin: bool,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for Remove {
    type Outcome = Result<(), AccountError>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Self::Outcome, StoreError> {
        let Some(user) = find(&self.id, step.connection).await? else { return Ok(Err(AccountError::NoUser(self.id.clone()))) };
        if self.keeps_admin && is_last_admin(&user, step.connection).await? {
            return Ok(Err(AccountError::LastAdmin(user.name)));
        }
        for statement in REMOVE {
            sqlx::query(statement).bind(&*self.id).execute(&mut *step.connection).await?;
        }
        step.events.extend(self.events.iter().cloned());
        Ok(Ok(()))
    }
}

struct SetLink {
    hash: String,
    expires_at: u64,
    events: Vec<Arc<NewEvent>>,
}

#[async_trait]
impl Change for SetLink {
    type Outcome = bool;

    async fn apply(&self, step: &mut Step<'_>) -> Result<bool, StoreError> {
        if has_users(step.connection).await? {
            return Ok(false);
        }
        sqlx::query(FORGET_LINKS).execute(&mut *step.connection).await?;
        let query = sqlx::query(SET_LINK).bind(&*self.hash).bind(stored(step.now)).bind(stored(self.expires_at));
        query.execute(&mut *step.connection).await?;
        step.events.extend(self.events.iter().cloned());
        Ok(true)
    }
}

async fn set_member(user: &str, member: &Member, connection: &mut AnyConnection) -> Result<(), StoreError> {
    let query = sqlx::query(SET_MEMBER).bind(user).bind(&*member.project).bind(permissions_text(&member.permissions));
    query.execute(connection).await?;
    Ok(())
}

async fn is_last_admin(user: &User, connection: &mut AnyConnection) -> Result<bool, StoreError> {
    if user.role != Role::Admin || user.disabled_at.is_some() {
        return Ok(false);
    }
    let others: i64 = sqlx::query(OTHER_ADMINS).bind(&*user.id).fetch_one(connection).await?.try_get(0)?;
    Ok(others == 0)
}

async fn has_users(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    Ok(sqlx::query(ANY).fetch_one(connection).await?.try_get::<i64, _>(0)? > 0)
}

async fn reloaded(id: &str, connection: &mut AnyConnection) -> Result<Result<User, AccountError>, StoreError> {
    Ok(find(id, connection).await?.ok_or_else(|| AccountError::NoUser(id.to_owned())))
}
