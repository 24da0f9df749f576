//! How much a guest may take, and who counts. Limits are on by default; an operator sets others, a plugin cannot.

use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

/// How often a guest that computes is looked at.
pub const TICK: Duration = Duration::from_millis(10);

/// What one run of a plugin may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of linear memory. Default 64 MiB.
    pub memory: usize,
    /// Time the guest itself may compute in one execution; host calls do not count. Default 5 s.
    pub guest_time: Duration,
    /// Time one execution may take in all. Default 1 hour.
    pub wall_time: Duration,
    /// Bytes of one request or answer. Default 8 MiB.
    pub payload: usize,
    /// Host calls of one run. Default 100,000.
    pub calls: u64,
    /// Runs of one tree: the run that somebody started and all that it and its children started. That of the first run's
    /// plugin holds. Default 2,000.
    pub runs: u64,
    /// Executions of one plugin at once; a run that waits is none. Default none beyond the slots there are.
    pub concurrent_runs: Option<usize>,
    /// How long a run that is being cancelled may put things in order before it is ended. Default 10 s.
    pub grace: Duration,
    /// Runs of one version in a row that a trap may end before nothing starts it any more. Default 5.
    pub traps: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 64 << 20,
            guest_time: Duration::from_secs(5),
            wall_time: Duration::from_secs(3600),
            payload: 8 << 20,
            calls: 100_000,
            runs: 2_000,
            concurrent_runs: None,
            grace: Duration::from_secs(10),
            traps: 5,
        }
    }
}

/// Which limit a guest ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exceeded {
    /// It wanted more memory.
    #[error("The plugin wanted more than its {} MiB of memory. Raise `limits.memory-mib` for it in baton.toml, then resume the run.", .0 >> 20)]
    Memory(usize),
    /// It computed for too long.
    #[error("The plugin computed for more than its {} ms without an end. Raise `limits.guest-time-ms` for it in baton.toml if it is not an endless loop, then resume the run.", .0.as_millis())]
    GuestTime(Duration),
    /// It handed over too much at once.
    #[error("The plugin handed the host far more than the {} MiB that one call may carry. Raise `limits.payload-mib` for it in baton.toml, then resume the run.", .0 >> 20)]
    Payload(usize),
    /// It took too long in all.
    #[error("The run was executed for more than its {} s. Raise `limits.wall-time-s` in baton.toml, then resume it.", .0.as_secs())]
    WallTime(Duration),
}

/// Elements a guest's tables may have together; far above what a compiler makes.
pub(super) const TABLE_ELEMENTS: usize = 100_000;
/// Core instances, memories and tables of one component; a compiler's output has four, one and two.
pub(super) const INSTANCES: usize = 64;
pub(super) const MEMORIES: usize = 4;
pub(super) const TABLES: usize = 16;

/// Counts what one guest takes.
#[derive(Debug)]
pub struct Meter {
    limits: Limits,
    computed: Duration,
    last_tick: Instant,
    host_time: Duration,
    replaying: bool,
    memory: usize,
    memory_refused: bool,
}

impl Meter {
    /// A meter that has counted nothing.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            computed: Duration::ZERO,
            last_tick: Instant::now(),
            host_time: Duration::ZERO,
            replaying: true,
            memory: 0,
            memory_refused: false,
        }
    }

    /// Called when a tick has passed while the guest was computing. `host_time` is what this execution has spent in host
    /// calls until `now`. One tick charges at most one tick: what the guest spent waiting for its turn is not its own.
    pub fn tick(&mut self, now: Instant, host_time: Duration) -> Result<(), Exceeded> {
        let in_calls = host_time.saturating_sub(self.host_time);
        let charge = now.duration_since(self.last_tick).saturating_sub(in_calls).min(TICK);
        (self.last_tick, self.host_time) = (now, host_time);
        self.computed += charge;
        if self.computed > self.limits.guest_time { Err(Exceeded::GuestTime(self.limits.guest_time)) } else { Ok(()) }
    }

    /// Called with each tick, before it is counted: whether the guest is being told again what it was told before. What
    /// it computes again once that ends has its whole time, however often the run was suspended.
    pub fn replays(&mut self, replaying: bool) {
        if self.replaying && !replaying {
            self.computed = Duration::ZERO;
        }
        self.replaying = replaying;
    }

    /// The memory limit, when the guest has run into it.
    pub fn memory_exceeded(&self) -> Option<Exceeded> {
        self.memory_refused.then_some(Exceeded::Memory(self.limits.memory))
    }
}

impl ResourceLimiter for Meter {
    /// All memories of a component count together.
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.memory.saturating_add(desired.saturating_sub(current));
        let allowed = wanted <= self.limits.memory;
        if allowed {
            self.memory = wanted;
        }
        self.memory_refused |= !allowed;
        Ok(allowed)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        INSTANCES
    }

    fn memories(&self) -> usize {
        MEMORIES
    }

    fn tables(&self) -> usize {
        TABLES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_charges_at_most_one_tick_and_no_host_call() {
        let mut meter = Meter::new(Limits { guest_time: TICK * 3, ..Limits::default() });
        let begun = meter.last_tick;
        assert!(meter.tick(begun + TICK * 5, TICK * 5).is_ok());
        assert_eq!(meter.computed, Duration::ZERO, "all of it was spent in a host call");
        for ticks in [7, 9, 11] {
            assert!(meter.tick(begun + TICK * ticks, TICK * 5).is_ok());
        }
        assert_eq!(meter.computed, TICK * 3, "two ticks of waiting for a turn charge one each time");
        assert_eq!(meter.tick(begun + TICK * 12, TICK * 5), Err(Exceeded::GuestTime(TICK * 3)));
    }

    #[test]
    fn memory_beyond_the_limit_is_refused_and_remembered() {
        let mut meter = Meter::new(Limits { memory: 1 << 20, ..Limits::default() });
        assert!(meter.memory_growing(0, 1 << 20, None).unwrap());
        assert_eq!(meter.memory_exceeded(), None);
        assert!(!meter.memory_growing(1 << 20, (1 << 20) + 1, None).unwrap());
        assert_eq!(meter.memory_exceeded(), Some(Exceeded::Memory(1 << 20)));
    }

    #[test]
    fn several_memories_count_together() {
        let mut meter = Meter::new(Limits { memory: 1 << 20, ..Limits::default() });
        assert!(meter.memory_growing(0, 1 << 19, None).unwrap());
        assert!(meter.memory_growing(0, 1 << 19, None).unwrap());
        assert!(!meter.memory_growing(0, 1, None).unwrap());
    }

    #[test]
    fn what_a_replay_computes_again_is_not_added_up() {
        let mut meter = Meter::new(Limits { guest_time: TICK * 2, ..Limits::default() });
        let begun = meter.last_tick;
        assert!(meter.tick(begun + TICK, Duration::ZERO).is_ok());
        assert!(meter.tick(begun + TICK * 2, Duration::ZERO).is_ok());
        meter.replays(false);
        assert!(meter.tick(begun + TICK * 3, Duration::ZERO).is_ok(), "its time begins with what is new");
        meter.replays(false);
        assert!(meter.tick(begun + TICK * 4, Duration::ZERO).is_ok());
        assert!(meter.tick(begun + TICK * 5, Duration::ZERO).is_err());
    }
}
