//! How wasmtime is set up: the same for every engine of this program, so that each takes the code of the others. Starts none.

use wasmtime::{Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{limits, package::Package};

/// Components that can be alive at once; a run beyond it waits for its turn.
const SLOTS: u32 = 1_000;

/// An engine whose code every engine of this program takes, and which has no room for instances.
pub(super) fn for_compiling() -> wasmtime::Result<wasmtime::Engine> {
    wasmtime::Engine::new(&config(InstanceAllocationStrategy::OnDemand))
}

pub(super) fn config(allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .allocation_strategy(allocation)
        .epoch_interruption(true)
        // The contract is synchronous; without support for concurrent tasks a fresh sandbox costs half.
        .concurrency_support(false)
        // A resumed run must compute the same: no bit of a NaN, and no relaxed rounding. Threads are not built in.
        .cranelift_nan_canonicalization(true)
        .relaxed_simd_deterministic(true)
        // What a package may use and what is compiled are one list.
        .wasm_features(Package::FEATURES, true)
        .wasm_features(Package::FEATURES.complement(), false)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(20));
    config
}

/// Slots keep some memory resident and are swept by page map: without both, two threads are slower than one.
pub(super) fn pool() -> InstanceAllocationStrategy {
    const CORE_INSTANCES_EACH: u32 = 8;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(SLOTS)
        .total_core_instances(SLOTS * CORE_INSTANCES_EACH)
        .total_memories(SLOTS)
        .total_tables(SLOTS * 4)
        .total_stacks(SLOTS)
        .max_core_instances_per_component(u32::try_from(limits::INSTANCES).unwrap_or(u32::MAX))
        .max_memories_per_component(u32::try_from(limits::MEMORIES).unwrap_or(u32::MAX))
        .max_tables_per_component(u32::try_from(limits::TABLES).unwrap_or(u32::MAX))
        .table_elements(limits::TABLE_ELEMENTS)
        .max_memory_size(1 << 32)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .async_stack_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}
