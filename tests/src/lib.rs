#![doc = include_str!("../README.md")]

mod answer;
mod business;
mod database;
mod keeper;
mod memory;
mod outage;
mod person;
mod program;
mod proxy;
mod raw;
mod run;
mod server;
mod settings;
mod socket;
mod tool;
mod wechat;

pub use answer::Answer;
pub use business::secret_in;
pub use database::Engine;
pub use keeper::Keeper;
pub use outage::Outage;
pub use person::Person;
pub use program::{Output, node, program_output, run_venv};
pub use proxy::Proxy;
pub use raw::{Opcode, RawFrame, RawSocket};
pub use run::run;
pub use server::TestServer;
pub use settings::Settings;
pub use socket::{Socket, contents, seqs};
pub use teahouse_tests_macro::server_test;
pub use tool::Tool;
pub use wechat::{Login, Phone, WechatSim};

use std::time::Duration;

/// How long a test waits for something that should come at once. Long, since it only shows on failure, and a
/// machine with two cores that runs eight tests is slow.
pub const PATIENCE: Duration = Duration::from_secs(20);
