//! From a component's bytes to machine code: checked first, compiled apart, kept on disk.

mod cache;
mod child;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::{self, Metering};
use crate::error::CompileError;
use crate::inspect::{Inspection, inspect};
pub(crate) use cache::Cache;
pub use child::{COMPILE_MEMORY_BYTES, COMPILE_TIME, compile_child};

/// Where the compiler runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compile {
    /// In this process: for tests and for authors' tools, who trust the component.
    InProcess,
    /// In a child with limits on time and memory: `PROGRAM __compile-component`, which calls [`compile_child`].
    Child(PathBuf),
}

/// What compiling may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CompileLimits {
    pub(crate) component_bytes: usize,
    pub(crate) time: Duration,
    pub(crate) metering: Metering,
}

/// A component ready to be loaded, by the host that made it.
#[derive(Clone)]
pub struct Compiled {
    pub(crate) component: Component,
    /// What it imports and exports.
    pub inspection: Arc<Inspection>,
    /// SHA-256 of the component, in hex.
    pub digest: Arc<str>,
}

/// SHA-256 in hex.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Looks at `bytes` and compiles them, unless the cache has them.
pub(crate) async fn compile(
    engine: &Engine,
    cache: Option<&Arc<Cache>>,
    bytes: Arc<[u8]>,
    limits: CompileLimits,
    how: &Compile,
) -> Result<Compiled, CompileError> {
    if bytes.len() > limits.component_bytes {
        return Err(CompileError::TooLarge { size: bytes.len(), limit: limits.component_bytes });
    }
    let (engine, cache, how) = (engine.clone(), cache.cloned(), how.clone());
    tokio::task::spawn_blocking(move || compile_now(&engine, cache.as_deref(), &bytes, &how, limits))
        .await
        .map_err(|error| CompileError::Compiler(error.to_string()))?
}

fn compile_now(
    engine: &Engine,
    cache: Option<&Cache>,
    bytes: &[u8],
    how: &Compile,
    limits: CompileLimits,
) -> Result<Compiled, CompileError> {
    let inspection = inspect(bytes)?;
    if !inspection.refused.is_empty() {
        return Err(CompileError::Imports(inspection.refused));
    }
    let digest = digest(bytes);
    let kept = cache.and_then(|cache| cache.find(&digest)).and_then(|code| load(engine, &code).ok());
    let component = match kept {
        Some(component) => component,
        None => {
            let code = machine_code(bytes, how, limits)?;
            if let Some(cache) = cache {
                // Without the cache it works as well, only slower at the next start.
                if let Err(error) = cache.keep(&digest, &code) {
                    tracing::warn!(%error, "a compiled plugin could not be kept");
                }
            }
            load(engine, &code).map_err(|error| CompileError::Compiler(format!("{error:#}")))?
        }
    };
    Ok(Compiled { component, inspection: Arc::new(inspection), digest: digest.into() })
}

fn machine_code(bytes: &[u8], how: &Compile, limits: CompileLimits) -> Result<Vec<u8>, CompileError> {
    match how {
        Compile::InProcess => precompile(bytes, limits.metering),
        Compile::Child(program) => child::run(program, bytes, limits.time),
    }
}

fn precompile(bytes: &[u8], metering: Metering) -> Result<Vec<u8>, CompileError> {
    let engine = engine::compiler(metering).map_err(|error| CompileError::Compiler(error.to_string()))?;
    engine.precompile_component(bytes).map_err(|error| CompileError::Invalid(format!("{error:#}")))
}

#[expect(unsafe_code, reason = "machine code can only be loaded on trust; why it is earned is said below")]
fn load(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` demands that the bytes are what `precompile_component` wrote, unchanged. There are two ways
    // here. Fresh code comes from this program's own compiler: in this process, or through a pipe from a child that is
    // the same program (a hostile component may end that child, but what its compiler writes is the compiler's). Kept
    // code is read into memory once, and those very bytes were compared with the SHA-256 that this program wrote when
    // it compiled them, in a folder that no other user can write; what differs is compiled anew. Code for another
    // engine or version is refused by `deserialize` itself.
    unsafe { Component::deserialize(engine, code) }
}
