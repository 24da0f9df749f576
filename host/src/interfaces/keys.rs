//! The port to keys that the operator keeps, by name. They can be set while the host is at work. Shows none.

/// Finds keys.
pub trait Keys: Send + Sync {
    /// The key of that name, if it is set and can be opened. It is redacted from then on.
    fn find(&self, name: &str) -> Option<String>;
}

/// No key is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl Keys for NoKeys {
    fn find(&self, _name: &str) -> Option<String> {
        None
    }
}
