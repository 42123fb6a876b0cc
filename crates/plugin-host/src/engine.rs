//! The one engine: its pool, its features, and the hash that says which compiled code fits it.

use std::hash::{DefaultHasher, Hash, Hasher};

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::HostError;
use crate::limits::{CORE_INSTANCES, MEMORIES, MEMORY_BYTES_CAP, TABLE_ELEMENTS, TABLES};

/// A guest's own stack. Deeper is a trap.
const WASM_STACK_BYTES: usize = 512 * 1024;
/// A call's whole stack: the guest's, and what the host's functions need above it.
const ASYNC_STACK_BYTES: usize = 2 * 1024 * 1024;
/// Addresses kept for each memory, so that compiled code needs no bounds checks: a smaller reservation made warm calls
/// a quarter to a half slower.
const RESERVATION_BYTES: u64 = 1 << 32;

/// How running code is measured. Epochs bound what it takes either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metering {
    /// By time alone, as on a server.
    #[default]
    Time,
    /// Its instructions are counted too, which makes it slower: for a figure that is the same on each machine.
    Fuel,
}

/// What code and runtime must agree about. The compiler's child uses it too.
fn common(metering: Metering) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(metering == Metering::Fuel)
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(ASYNC_STACK_BYTES)
        .memory_reservation(RESERVATION_BYTES)
        .memory_init_cow(true)
        // Guests are synchronous: without this each call goes through the machinery of concurrent tasks.
        .concurrency_support(false)
        .wasm_component_model(true)
        .wasm_memory64(false);
    config
}

/// An engine that only compiles: it reserves no pool.
pub(crate) fn compiler(metering: Metering) -> Result<Engine, HostError> {
    Engine::new(&common(metering)).map_err(|error| engine_error(&error))
}

/// The engine that runs plugins, with places for `slots` instances.
pub(crate) fn runtime(slots: u32, metering: Metering) -> Result<Engine, HostError> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES as u32))
        .max_core_instances_per_component(CORE_INSTANCES as u32)
        .max_memories_per_component(MEMORIES as u32)
        // Most have one. A pool that is full refuses the next instance, and nothing else.
        .total_memories(slots.saturating_mul(2))
        .max_memory_size(MEMORY_BYTES_CAP)
        .max_tables_per_component(TABLES as u32)
        .total_tables(slots.saturating_mul(4).max(TABLES as u32 * 8))
        .table_elements(TABLE_ELEMENTS)
        .total_stacks(slots);
    let mut config = common(metering);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).map_err(|error| engine_error(&error))
}

/// Names the engine's settings and version: code compiled under another hash is not loaded.
pub(crate) fn compatibility(engine: &Engine) -> String {
    let mut hasher = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn engine_error(error: &wasmtime::Error) -> HostError {
    HostError::Engine(format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_child_compiles_for_the_engine_that_runs() {
        let hashes = [Metering::Time, Metering::Fuel].map(|metering| {
            let compiler = compatibility(&compiler(metering).expect("compiler"));
            assert_eq!(compiler, compatibility(&runtime(4, metering).expect("runtime")));
            compiler
        });
        // Code that counts is not taken for code that doesn't.
        assert_ne!(hashes[0], hashes[1]);
    }
}
