//! The tester's side, below `/control`: people, the phone's half, content rules, pushes, faults, the clock, and what
//! was asked.

mod complaint;
mod content;
mod phone;
mod pushes;
mod staging;

use poem::{Route, get, post};

/// The control paths. The world is their endpoint's data.
pub(crate) fn routes() -> Route {
    Route::new()
        .at("/people", get(phone::list_people).post(phone::add_person))
        .at("/login", post(phone::login))
        .at("/userinfo", post(phone::user_info))
        .at("/phonecode", post(phone::phone_code))
        .at("/expire", post(phone::expire))
        .at("/subscribe", post(content::subscribe))
        .at("/messages", get(content::messages))
        .at("/templates", post(content::put_template))
        .at("/words", post(content::set_words))
        .at("/media", get(content::media_plan).post(content::set_media_plan))
        .at("/push", post(pushes::push))
        .at("/push/check", post(pushes::check_url))
        .at("/outbox", get(pushes::outbox))
        .at("/apps", get(staging::list_apps).post(staging::put_app))
        .at("/faults", get(staging::list_faults).post(staging::add_fault).delete(staging::clear_faults))
        .at("/clock", get(staging::time).post(staging::advance))
        .at("/quota", get(staging::usage).post(staging::limit))
        .at("/calls", get(staging::calls))
}
