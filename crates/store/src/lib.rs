#![doc = include_str!("../README.md")]

mod db;
pub mod entity;
mod error;

pub use db::{DatabaseConfig, Db};
pub use error::Error;
