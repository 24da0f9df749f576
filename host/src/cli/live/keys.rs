//! Keeps the terminal from writing `^C` behind the bar, which would wrap and leave half of it on the screen.

#[cfg(unix)]
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Control keys are not shown until this is dropped.
pub(super) struct SilentKeys {
    #[cfg(unix)]
    before: Option<Termios>,
}

impl SilentKeys {
    #[cfg(unix)]
    pub(super) fn begin() -> Self {
        let before = tcgetattr(std::io::stdin()).ok();
        if let Some(mut modes) = before.clone() {
            modes.local_modes.remove(LocalModes::ECHOCTL);
            // Where it cannot be set, a line too many stays on the screen.
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &modes);
        }
        Self { before }
    }

    #[cfg(not(unix))]
    pub(super) fn begin() -> Self {
        Self {}
    }
}

#[cfg(unix)]
impl Drop for SilentKeys {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
