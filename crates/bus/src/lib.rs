#![doc = include_str!("../README.md")]

mod bus;

pub use bus::{Bus, Event, Subscription};
