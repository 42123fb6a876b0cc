#![doc = include_str!("../README.md")]

mod draft;
mod entry;
mod event;
mod house;
mod language;
mod paper;
mod server;
mod text;

pub use draft::{Button, Draft, Style};
pub use entry::{Entry, update};
pub use event::{Call, Event, Joined, Person, Place, Press, Rang, Said};
pub use house::{House, Refusal, Role};
pub use language::Language;
pub use paper::{PaperHouse, PaperMessage, PaperTimer};
pub use server::Server;
pub use text::{clipped, normal, width};
