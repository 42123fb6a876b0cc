//! WeChat's calls, one file a subject. Each checks in WeChat's order, and answers or refuses.

mod login;
mod media_check;
mod phone_number;
mod session;
mod subscribe_send;
mod text_check;
mod token;

use serde_json::Value;

use crate::{
    ask::{Ask, Call},
    refusal::Refusal,
    state::World,
};

pub(crate) use media_check::MediaErrand;

/// Does what the call does.
pub(crate) fn answer(world: &mut World, ask: &Ask) -> Result<Value, Refusal> {
    match ask.call {
        Call::CodeToSession => login::code_to_session(world, ask),
        Call::CheckSession => session::check(world, ask),
        Call::ResetSessionKey => session::reset(world, ask),
        Call::Token => token::plain(world, ask),
        Call::StableToken => token::stable(world, ask),
        Call::PhoneNumber => phone_number::exchange(world, ask),
        Call::TextCheck => text_check::check(world, ask),
        Call::MediaCheck => media_check::accept(world, ask),
        Call::SubscribeSend => subscribe_send::send(world, ask),
    }
}
