//! WeChat's calls, one file a subject. Each checks in WeChat's order, and answers or refuses.

mod login;
mod phone_number;
mod session;
mod token;

use serde_json::Value;

use crate::{
    ask::{Ask, Call},
    refusal::Refusal,
    state::World,
};

/// Does what the call does.
pub(crate) fn answer(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    match ask.call {
        Call::CodeToSession => login::code_to_session(world, ask),
        Call::CheckSession => session::check(world, ask),
        Call::ResetSessionKey => session::reset(world, ask),
        Call::Token => token::plain(world, ask),
        Call::StableToken => token::stable(world, ask),
        Call::PhoneNumber => phone_number::exchange(world, ask),
    }
}
