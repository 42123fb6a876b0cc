//! The host's functions: each is counted, checked against grants and hook, and then asked of the house.

mod house;
mod own;
mod weight;

use wasmtime::component::{HasSelf, Linker};

use crate::state::State;
use crate::wit::imports::{directory, env, history, http, kv, log, messages, moderation, timers, types};

/// Every import that a plugin may have, granted or not: tools import the whole world, used or not.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    types::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    log::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    env::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    kv::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    directory::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    messages::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    history::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    moderation::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    timers::add_to_linker::<_, HasSelf<_>>(linker, |state| state)?;
    http::add_to_linker::<_, HasSelf<_>>(linker, |state| state)
}
