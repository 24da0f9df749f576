//! What one instance of a component has to itself: its session, an empty WASI and a meter. Gone when the call ends.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use rand_chacha::{ChaCha12Rng, rand_core::SeedableRng};
use wasmtime::{Store, UpdateDeadline, component::ResourceTable};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use super::limits::{Limits, Meter};
use crate::interfaces::{Holds, Session};

/// Handles of WASI that one instance may hold; the table they stand in lies in the host's memory.
const MOST_HANDLES: usize = 4096;

/// The data of one store.
pub struct Guest {
    session: Session,
    wasi: WasiCtx,
    table: ResourceTable,
    pub(super) meter: Meter,
}

impl Guest {
    /// A store for one call. `seed` decides the guest's random numbers.
    pub(super) fn store(engine: &wasmtime::Engine, session: Session, seed: &str, limits: Limits) -> Store<Self> {
        let wasi = empty_wasi(seed, session.recorder.time(), limits);
        let mut table = ResourceTable::new();
        table.set_max_capacity(MOST_HANDLES);
        let guest = Self { session, wasi, table, meter: Meter::new(limits) };
        let mut store = Store::new(engine, guest);
        store.limiter(|guest| &mut guest.meter);
        // What is copied out of the guest in one call is bounded before it is copied. The gate refuses with an error what
        // is a little too large; this ends the guest for what is far too large.
        store.set_hostcall_fuel(limits.payload.saturating_mul(2));
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            let guest = store.data_mut();
            let host_time = guest.session.recorder.host_time();
            guest.meter.replays(guest.session.recorder.is_replaying());
            guest.meter.tick(std::time::Instant::now(), host_time)?;
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }

    /// Ends the session and gives back what it kept.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }
}

impl Holds for Guest {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

/// Language tool chains import WASI whether they use it or not, so it is there and gives nothing: no files, no sockets,
/// no environment, no streams; random numbers from the seed and the time of the journal.
fn empty_wasi(seed: &str, time: Arc<AtomicU64>, limits: Limits) -> WasiCtx {
    let (mut secure, mut insecure, mut hashes) = ([0; 32], [0; 32], [0; 16]);
    let mut derived = blake3::Hasher::new().update(seed.as_bytes()).finalize_xof();
    derived.fill(&mut secure);
    derived.fill(&mut insecure);
    derived.fill(&mut hashes);
    WasiCtxBuilder::new()
        .secure_random(ChaCha12Rng::from_seed(secure))
        .insecure_random(ChaCha12Rng::from_seed(insecure))
        .insecure_random_seed(u128::from_le_bytes(hashes))
        // Made in the host before the guest has to have room for them.
        .max_random_size(limits.payload as u64)
        .wall_clock(JournalClock(Arc::clone(&time)))
        .monotonic_clock(JournalClock(time))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

/// Stands at the last journal entry.
struct JournalClock(Arc<AtomicU64>);

impl HostWallClock for JournalClock {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }
}

impl HostMonotonicClock for JournalClock {
    fn resolution(&self) -> u64 {
        1_000_000
    }

    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed).saturating_mul(1_000_000)
    }
}
