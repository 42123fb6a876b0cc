//! Where log lines go and how they look: standard error, for a person or as JSON.

use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{LogConfig, LogFormat};

/// The filter of `log.level`.
///
/// # Errors
/// When it is no filter.
pub(crate) fn filter(config: &LogConfig) -> Result<EnvFilter, ParseError> {
    // sqlx tells of every statement, and of each that took a second, at levels that are ours to choose.
    EnvFilter::builder().parse(format!("sqlx=warn,sea_orm_migration=warn,{}", config.level))
}

/// Sends what is logged from here on to standard error. Standard output is for what was asked for.
pub(crate) fn start(config: &LogConfig) -> Result<(), ParseError> {
    let builder = tracing_subscriber::fmt().with_env_filter(filter(config)?).with_writer(io::stderr);
    match config.format {
        LogFormat::Human => {
            let is_terminal = io::IsTerminal::is_terminal(&io::stderr());
            drop(builder.with_ansi(is_terminal).try_init());
        }
        LogFormat::Json => drop(builder.json().flatten_event(true).with_current_span(true).try_init()),
    }
    Ok(())
}
