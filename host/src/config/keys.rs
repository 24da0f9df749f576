//! Keys that are set while the host is at work: secrets alone, since an environment does not change from outside.

use super::Config;
use crate::interfaces::keys::Keys;

impl Keys for Config {
    fn find(&self, name: &str) -> Option<String> {
        let key = self.secrets.find(name).ok()??;
        self.redactor.learn(&key);
        Some(key)
    }
}
