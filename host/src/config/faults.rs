//! Faults that tests inject: a journal that stands still, a clock that is moved, waits that are shortened. Builds for
//! development have them, and others with the feature `fault-injection`; a build without them rejects the variables, so that no
//! test passes because nothing was injected.

#[cfg(fault_injection)]
use std::path::PathBuf;

use super::ConfigError;
#[cfg(fault_injection)]
use crate::journal::FaultPoint;

const FREEZE: &str = "BATON_FREEZE_AFTER_WRITES";
const CLOCK: &str = "BATON_CLOCK_FILE";
const HASTE: &str = "BATON_HASTE";

/// What is injected. By default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// The journal stands still for ever after so many writes, or so many of a kind, and the data directory has a file `frozen`
    /// then.
    #[cfg(fault_injection)]
    pub(crate) freeze_after_writes: Option<FaultPoint>,
    /// A file that holds milliseconds, which are added to what the machine's clock says, read anew each time.
    #[cfg(fault_injection)]
    pub(crate) clock_file: Option<PathBuf>,
    /// By what waits for models are divided.
    #[cfg(fault_injection)]
    haste: Option<u32>,
}

impl Faults {
    /// Reads what the variables ask for.
    #[cfg(fault_injection)]
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let wrong = |variable, wanted| move |_| ConfigError::Fault { variable, wanted };
        let freeze_after_writes = variable(FREEZE).map(|text| text.parse().map_err(wrong(FREEZE, "`12` or `3 git.commit done`")));
        let haste = variable(HASTE).map(|text| text.parse().map_err(wrong(HASTE, "`100`")));
        Ok(Self {
            freeze_after_writes: freeze_after_writes.transpose()?,
            clock_file: variable(CLOCK).map(PathBuf::from),
            haste: haste.transpose()?,
        })
    }

    /// Rejects each variable that asks for something.
    #[cfg(not(fault_injection))]
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        match [FREEZE, CLOCK, HASTE].into_iter().find(|name| variable(name).is_some()) {
            Some(variable) => Err(ConfigError::NoFaults { variable }),
            None => Ok(Self::default()),
        }
    }

    /// By what waits for models are divided.
    #[cfg(fault_injection)]
    pub(super) fn haste(&self) -> u32 {
        self.haste.unwrap_or(1)
    }

    /// Waits are as long as they are.
    #[cfg(not(fault_injection))]
    #[expect(clippy::unused_self, reason = "a build with faults has some")]
    pub(super) fn haste(&self) -> u32 {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, text: &'static str) -> Result<Faults, ConfigError> {
        Faults::read(|asked| (asked == name).then(|| text.to_owned()))
    }

    #[cfg(fault_injection)]
    #[test]
    fn faults_are_asked_for_by_name_and_mistakes_are_told() {
        assert_eq!(read("OTHER", "1").unwrap(), Faults::default());
        let point = "3 git.commit done".parse().unwrap();
        assert_eq!(read(FREEZE, "3 git.commit done").unwrap().freeze_after_writes, Some(point));
        assert_eq!(read(HASTE, "200").unwrap().haste(), 200);
        assert_eq!(read(CLOCK, "/x").unwrap().clock_file, Some(PathBuf::from("/x")));
        for name in [FREEZE, HASTE] {
            assert!(read(name, "soon").unwrap_err().to_string().contains(name), "a test would inject nothing");
        }
    }

    #[cfg(not(fault_injection))]
    #[test]
    fn a_build_without_faults_rejects_each() {
        assert_eq!(read("OTHER", "1").unwrap(), Faults::default());
        for name in [FREEZE, CLOCK, HASTE] {
            assert!(read(name, "1").unwrap_err().to_string().contains(name));
        }
    }
}
