//! What an event carries: a type for each name, beside the code that emits it. Knows none of them.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{Category, EventLevel};

/// The particulars of one kind of event. The type says what the event is about, what it is called and how much attention it
/// asks for; its documentation, and that of its fields, are the table of events.
pub trait Payload: Serialize + DeserializeOwned + ToSchema {
    /// What the event is about.
    const CATEGORY: Category;
    /// What happened, such as `progress` or `completed`.
    const NAME: &'static str;
    /// How much attention it asks for.
    const LEVEL: EventLevel;
    /// The module that knows the matter.
    const MODULE: &'static str;

    /// How much attention one of them asks for. Most do not differ.
    fn level_of(_data: &Value) -> EventLevel {
        Self::LEVEL
    }
}

/// One kind of event, without its type.
#[derive(Clone, Copy)]
pub struct EventKind {
    /// What the event is about.
    pub category: Category,
    /// What happened.
    pub name: &'static str,
    /// How much attention it asks for.
    pub level: EventLevel,
    /// The module that knows the matter, below the crate.
    pub module: &'static str,
    level_of: fn(&Value) -> EventLevel,
    schema: fn() -> Value,
    reread: fn(Value) -> Result<Value, serde_json::Error>,
}

impl EventKind {
    /// The kind that a payload is of.
    pub const fn of<P: Payload>() -> Self {
        Self {
            category: P::CATEGORY,
            name: P::NAME,
            level: P::LEVEL,
            module: P::MODULE,
            level_of: P::level_of,
            schema: schema::<P>,
            reread: |data| serde_json::to_value(serde_json::from_value::<P>(data)?),
        }
    }

    /// How much attention an event of this kind asks for.
    pub fn level_of(&self, data: &Value) -> EventLevel {
        (self.level_of)(data)
    }

    /// The JSON Schema of its particulars. References in it begin with `#/components/schemas/`, which it has itself.
    pub fn schema(&self) -> Value {
        (self.schema)()
    }

    /// The particulars as their type writes them, once it has read them.
    pub fn reread(&self, data: Value) -> Result<Value, serde_json::Error> {
        (self.reread)(data)
    }
}

fn schema<P: ToSchema>() -> Value {
    let mut parts: Vec<(String, RefOr<Schema>)> = Vec::new();
    P::schemas(&mut parts);
    let parts: serde_json::Map<_, _> = parts.into_iter().map(|(name, part)| (name, json!(part))).collect();
    let mut schema = json!(P::schema());
    schema["components"] = json!({ "schemas": parts });
    schema
}

/// Makes types the payloads of events, and a constant `EVENTS` of all of a module:
/// `payloads! { Created => Run "created" Info, Failed => Run "failed" Error }`.
macro_rules! payloads {
    ($($type:ty => $category:ident $name:literal $level:ident $($varies:ident)?),* $(,)?) => {
        $(
            impl $crate::events::Payload for $type {
                const CATEGORY: $crate::events::Category = $crate::events::Category::$category;
                const NAME: &'static str = $name;
                const LEVEL: $crate::events::EventLevel = $crate::events::EventLevel::$level;
                const MODULE: &'static str = module_path!();
                $(fn level_of(data: &serde_json::Value) -> $crate::events::EventLevel { $varies(data) })?
            }
        )*

        /// The kinds of events of this module.
        pub(crate) const EVENTS: &[$crate::events::EventKind] = &[$($crate::events::EventKind::of::<$type>()),*];
    };
}
pub(crate) use payloads;
