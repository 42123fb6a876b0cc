#![doc = include_str!("../README.md")]

mod app;
mod config;
mod errcode;
mod login_code;
mod malformed;
mod person;
mod session_key;

mod client;
mod error;

pub mod decrypt;
pub mod integrity;

pub use app::{App, AppId, AppSecret};
pub use client::{
    AccessToken, Client, Clock, Environment, Jitter, Login, PhoneNumber, RandomJitter, SessionState,
    SystemClock,
};
pub use config::{ApiBase, AppConfig, Config};
pub use errcode::Errcode;
pub use error::{BuildError, Call, Error, Sent};
pub use login_code::{LoginCode, PhoneCode};
pub use malformed::Malformed;
pub use person::{OpenId, UnionId};
pub use session_key::SessionKey;
