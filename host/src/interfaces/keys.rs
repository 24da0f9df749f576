//! The port to keys that the operator keeps, by name. They can be set while the host is at work. Shows none.

/// Finds keys.
pub trait Keys: Send + Sync {
    /// The key of that name among the secrets, if it is set and can be opened. It is redacted from then on.
    fn find(&self, name: &str) -> Option<String>;

    /// Every key of that name: that of the environment, where it is looked for there, and that among the secrets.
    fn all(&self, name: &str) -> Vec<String> {
        self.find(name).into_iter().collect()
    }

    /// By which this host knows a key again, also after a restart. What the key is cannot be found out from it.
    fn mark(&self, name: &str, key: &str) -> String {
        mark(&[0; 32], name, key)
    }
}

/// The mark of a key, by a secret of this machine: without it a short key could be guessed.
pub fn mark(secret: &[u8; 32], name: &str, key: &str) -> String {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    hasher.update(b"mark of a key\0").update(name.as_bytes()).update(b"\0").update(key.trim().as_bytes());
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// No key is set.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl Keys for NoKeys {
    fn find(&self, _name: &str) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_of_one_key_one_name_and_one_machine() {
        let marked = mark(&[1; 32], "LAB_KEY", "sk-12345678");
        assert_eq!(mark(&[1; 32], "LAB_KEY", " sk-12345678\n"), marked);
        for (secret, name, key) in [(2, "LAB_KEY", "sk-12345678"), (1, "LAB", "sk-12345678"), (1, "LAB_KEY", "sk-12345679")] {
            assert_ne!(mark(&[secret; 32], name, key), marked);
        }
        assert!(marked.len() == 16 && !marked.contains("1234"));
    }
}
