//! What wasmtime's errors mean: who ended the call, and where.

use std::time::Duration;

use wasmtime::{Trap, WasmBacktrace};

use crate::error::{CallFailure, FailureKind, LoadError};
use crate::log::bounded;
use crate::state::State;
use crate::stats::Cost;

/// A backtrace is cut here: deep recursion has thousands of frames.
const BACKTRACE_FRAMES: usize = 30;
/// A failure's text, which may hold names of the guest's own choice.
const MESSAGE_BYTES: usize = 1024;

/// Why a call ended with `error`.
pub(crate) fn failure_of(error: &wasmtime::Error, state: &State, cost: Cost) -> CallFailure {
    let kind = kind_of(error, state);
    CallFailure {
        kind,
        message: message_of(error, kind),
        backtrace: backtrace_of(error),
        cost: Box::new(cost),
    }
}

/// Why an instance was not made.
pub(crate) fn load_error_of(error: &wasmtime::Error, state: &State, took: Duration) -> LoadError {
    if error.downcast_ref::<wasmtime::PoolConcurrencyLimitError>().is_some() {
        return LoadError::Full;
    }
    // An instruction that trapped (a start function), or a limit that was met; else the component doesn't fit.
    if state.breach.is_some() || error.downcast_ref::<Trap>().is_some() {
        return LoadError::Init(failure_of(error, state, Cost { took, ..Cost::default() }));
    }
    LoadError::Misfit(bounded(&format!("{error:#}"), MESSAGE_BYTES))
}

fn kind_of(error: &wasmtime::Error, state: &State) -> FailureKind {
    if let Some(breach) = state.breach {
        return breach;
    }
    if error.downcast_ref::<wasmtime::PoolConcurrencyLimitError>().is_some() {
        // No stack was free.
        return FailureKind::Busy;
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => FailureKind::Stack,
        Some(Trap::Interrupt) => FailureKind::RunningTime,
        Some(_) => FailureKind::Trap,
        None if is_about_data(error) => FailureKind::Data,
        // No trap and no limit: what came back was not what the interface says (text that is not UTF-8, an address
        // out of bounds, a discriminant without a case).
        None => FailureKind::BadReply,
    }
}

/// wasmtime keeps the type of this error to itself.
fn is_about_data(error: &wasmtime::Error) -> bool {
    error.root_cause().to_string().contains("fuel allocated for hostcalls")
}

fn message_of(error: &wasmtime::Error, kind: FailureKind) -> String {
    let text = match kind {
        FailureKind::Data => "too much data handed to the host".to_owned(),
        FailureKind::RunningTime => "its running time is used up".to_owned(),
        FailureKind::Stack => "call stack exhausted".to_owned(),
        _ => error.root_cause().to_string(),
    };
    bounded(&text, MESSAGE_BYTES)
}

fn backtrace_of(error: &wasmtime::Error) -> Option<String> {
    let backtrace = error.downcast_ref::<WasmBacktrace>()?;
    let frames: Vec<String> = backtrace
        .frames()
        .iter()
        .take(BACKTRACE_FRAMES)
        .map(|frame| match frame.func_name() {
            Some(name) => bounded(name, 200),
            None => format!("function {}", frame.func_index()),
        })
        .collect();
    (!frames.is_empty()).then(|| frames.join("\n"))
}
