//! The doors with a real conversation behind them: who comes in, in which dialect, and what they hear.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails where it stands")]

mod callers;
mod house;
mod tutorials;
mod wafer;
