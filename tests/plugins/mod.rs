//! Plugins in the running server: taken in over REST, at work in what people say, and of no harm to anybody else.

mod bundled;
pub(crate) mod crowd;
mod floods;
mod gates;
mod gone;
mod hostile;
pub(crate) mod house;
mod names;
mod nodes;
mod operator;
mod outside;
pub(crate) mod package;
mod policy;
mod presses;
mod queue;
mod refused;
mod restart;
mod settings;
mod talk;
mod upgrade;
mod verdicts;
mod wire;
