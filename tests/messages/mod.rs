//! What is said arrives: once, in order, at everybody who may read it, and can be read again.

mod changing;
mod history;
mod listening;
mod repeating;
mod resuming;
mod sending;
mod tutorial;
