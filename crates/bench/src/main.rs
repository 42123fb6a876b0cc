#![doc = include_str!("../README.md")]

mod aims;
mod args;
mod bare_server;
mod chat;
mod connection;
mod contestant;
mod cores;
mod crowd;
mod dialect;
#[cfg(test)]
mod fake;
mod flow;
mod histogram;
mod http;
mod ledger;
mod machine;
mod measure;
mod meter;
mod outcome;
mod place;
mod plugins;
mod process;
mod report;
mod scenario;
mod stamp;
mod traffic;
mod usage;
mod wire;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Command};

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Chat(args) => chat::run(&args),
        Command::Plugins(args) => plugins::run(&args),
        Command::BareServer => bare_server::run().map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("teahouse-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
