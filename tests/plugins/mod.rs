//! Plugins in the running server: taken in over REST, at work in what people say, and of no harm to anybody else.

mod bundled;
mod hostile;
mod house;
mod package;
mod refused;
mod restart;
mod talk;
mod upgrade;
mod verdicts;
