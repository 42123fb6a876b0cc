//! Who is let in, and what becomes of a session.

mod api_keys;
mod bans;
mod guests;
mod sessions;
mod wechat;
mod wechat_data;
mod wechat_faults;
