//! The table `tool_forms`: in which form each plugin was granted tools. Compares nothing.

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{Row, any::AnyRow};

use super::{
    Store, StoreError,
    error::{reading, writing},
    events::NewEvent,
    number::stored,
    queue::{Change, Step},
};
use crate::{
    actor::Actor,
    errors::StorageError,
    events::Draft,
    interfaces::{
        toolboxes::Form,
        tools::{Pin, Pins, TOOLS},
    },
};
use crate::{interfaces::tools::events::FormApproved, journal::CapabilityName};

/// What errors call it.
const TOOL_FORMS: &str = "the definitions of granted tools";

const TABLE: &str = "tool_forms";
const ALL: &str = "select plugin, tool, form from tool_forms order by plugin, tool";
const OF_PLUGIN: &str = "select plugin, tool, form from tool_forms where plugin = $1";
const OF_TOOL: &str = "select plugin, tool, form from tool_forms where tool = $1 order by plugin";
const PIN: &str = "insert into tool_forms (plugin, tool, form, seen_at) values ($1, $2, $3, $4) on conflict (plugin, tool) do nothing";
const APPROVE: &str = "update tool_forms set form = $2, seen_at = $3, approved_by = $4 where tool = $1";
const FORGET: &str = "delete from tool_forms where plugin = $1 and tool = $2";

#[async_trait]
impl Pins for Store {
    async fn load_pinned(&self, plugin: &str) -> Result<BTreeMap<String, Form>, StorageError> {
        let rows = sqlx::query(OF_PLUGIN).bind(plugin).fetch_all(&self.reads).await.map_err(reading(TOOL_FORMS))?;
        rows.iter().map(|row| pin(row).map(|pin| (pin.tool, pin.form))).collect::<Result<_, _>>().map_err(reading(TOOL_FORMS))
    }

    async fn pin(&self, plugin: &str, forms: Vec<(String, Form)>) -> Result<(), StorageError> {
        self.queue.change(Keep { plugin: plugin.to_owned(), forms }).await.map_err(writing(TOOL_FORMS))
    }

    async fn pins(&self) -> Result<Vec<Pin>, StorageError> {
        let rows = sqlx::query(ALL).fetch_all(&self.reads).await.map_err(reading(TOOL_FORMS))?;
        rows.iter().map(pin).collect::<Result<_, _>>().map_err(reading(TOOL_FORMS))
    }

    async fn approve(&self, tool: &str, form: &Form, by: &Actor) -> Result<Vec<String>, StorageError> {
        let change = Approve { tool: tool.to_owned(), form: form.clone(), by: by.clone() };
        self.queue.change(change).await.map_err(writing(TOOL_FORMS))
    }
}

impl Store {
    /// Forgets in which form a plugin was granted these tools.
    pub(super) async fn remove_forms(&self, plugin: &str, tools: Vec<String>) -> Result<(), StoreError> {
        self.queue.change(Forget { plugin: plugin.to_owned(), tools }).await
    }
}

struct Keep {
    plugin: String,
    forms: Vec<(String, Form)>,
}

#[async_trait]
impl Change for Keep {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        for (tool, form) in &self.forms {
            let query = sqlx::query(PIN).bind(&*self.plugin).bind(&**tool).bind(text(form)?).bind(stored(step.now));
            query.execute(&mut *step.connection).await?;
        }
        Ok(())
    }
}

struct Approve {
    tool: String,
    form: Form,
    by: Actor,
}

#[async_trait]
impl Change for Approve {
    type Outcome = Vec<String>;

    async fn apply(&self, step: &mut Step<'_>) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query(OF_TOOL).bind(&*self.tool).fetch_all(&mut *step.connection).await?;
        let pins: Vec<_> = rows.iter().map(pin).collect::<Result<_, _>>()?;
        let plugins: Vec<String> = pins.into_iter().filter(|pin| pin.form != self.form).map(|pin| pin.plugin).collect();
        if plugins.is_empty() {
            return Ok(plugins);
        }
        let query = sqlx::query(APPROVE).bind(&*self.tool).bind(text(&self.form)?).bind(stored(step.now)).bind(&*self.by.name);
        query.execute(&mut *step.connection).await?;
        let capability = CapabilityName { kind: TOOLS.word.to_owned(), value: self.tool.clone() };
        let approved = |plugin: &String| FormApproved { plugin: plugin.clone(), capability: capability.clone(), form: (&self.form).into() };
        let drafts = plugins.iter().map(|plugin| Draft::of_host(&approved(plugin)).by(&self.by));
        step.events.extend(NewEvent::all(drafts.collect()));
        Ok(plugins)
    }
}

struct Forget {
    plugin: String,
    tools: Vec<String>,
}

#[async_trait]
impl Change for Forget {
    type Outcome = ();

    async fn apply(&self, step: &mut Step<'_>) -> Result<(), StoreError> {
        for tool in &self.tools {
            sqlx::query(FORGET).bind(&*self.plugin).bind(&**tool).execute(&mut *step.connection).await?;
        }
        Ok(())
    }
}

fn pin(row: &AnyRow) -> Result<Pin, StoreError> {
    let form: &str = row.try_get("form")?;
    Ok(Pin {
        plugin: row.try_get("plugin")?,
        tool: row.try_get("tool")?,
        form: serde_json::from_str(form).map_err(|error| StoreError::row(TABLE, error))?,
    })
}

fn text(form: &Form) -> Result<String, StoreError> {
    serde_json::to_string(form).map_err(|error| StoreError::Unwritable(error.to_string()))
}
