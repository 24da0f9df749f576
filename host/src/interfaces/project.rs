//! The project of a run as interfaces need it: they keep things under its id, tell people its name, and look its settings up
//! by either. Knows no row.

/// The project that a run belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// What everything of the project is kept under.
    pub id: String,
    /// What people call it now; empty where it has no row.
    pub name: String,
    /// What it was known by before projects had ids.
    pub former_key: Option<String>,
}

impl Project {
    /// By what the operator's settings may name it, the most certain first.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        [Some(self.id.as_str()), Some(self.name.as_str()), self.former_key.as_deref()].into_iter().flatten().filter(|key| !key.is_empty())
    }

    /// One for tests, with the same id and name.
    #[cfg(test)]
    pub(crate) fn named(name: &str) -> Self {
        Self { id: name.to_owned(), name: name.to_owned(), former_key: None }
    }

    /// The name, or the id where it has none.
    pub fn shown(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}
