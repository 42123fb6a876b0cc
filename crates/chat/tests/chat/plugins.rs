//! What plugins do to the conversation, with a fake one that decides by the words in a text.

mod hooks;

mod bots;
mod deciding;
mod edits;
mod looking;
mod moderators;
mod names;
mod order;
mod presses;
mod repeats;
mod shadows;
mod verdicts;
