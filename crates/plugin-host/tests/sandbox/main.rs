//! The sandbox through its public face: components written by hand, each with one habit, good or bad.

mod attacker;
mod calls;
mod compiling;
mod guest;
mod hostile;
mod house;
mod instances;
mod reach;
