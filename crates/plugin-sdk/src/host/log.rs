//! Lines in the plugin's log, which operators read with `teahouse plugin logs`. Never what people wrote.
//!
//! The macros [`debug!`](crate::debug), [`info!`](crate::info), [`warn!`](crate::warn) and [`error!`](crate::error)
//! format: `info!("{count} words loaded")`; with fields behind a semicolon: `info!("muted"; "user" => &user.id)`.

use super::raw;
pub use crate::bindings::host::log::Level;

/// Writes one line. At most 20 a call, 2 KiB each.
pub fn write(level: Level, line: &str, fields: &[(&str, &str)]) {
    let fields: Vec<(String, String)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    raw::log::write(level, line, &fields);
}

/// For the author.
pub fn debug(line: &str, fields: &[(&str, &str)]) {
    write(Level::Debug, line, fields);
}

/// The plugin's life.
pub fn info(line: &str, fields: &[(&str, &str)]) {
    write(Level::Info, line, fields);
}

/// Something is odd, and the plugin coped.
pub fn warn(line: &str, fields: &[(&str, &str)]) {
    write(Level::Warn, line, fields);
}

/// Someone must act.
pub fn error(line: &str, fields: &[(&str, &str)]) {
    write(Level::Error, line, fields);
}

#[doc(hidden)]
#[macro_export]
macro_rules! __log_line {
    ($level:ident, $format:literal $(, $argument:expr)* $(,)? $(; $($name:literal => $value:expr),+ $(,)?)?) => {
        $crate::log::$level(
            &::std::format!($format $(, $argument)*),
            &[$($(($name, &::std::string::ToString::to_string(&$value))),+)?],
        )
    };
}

/// A formatted line for the author.
#[macro_export]
macro_rules! debug { ($($line:tt)+) => { $crate::__log_line!(debug, $($line)+) }; }
/// A formatted line about the plugin's life.
#[macro_export]
macro_rules! info { ($($line:tt)+) => { $crate::__log_line!(info, $($line)+) }; }
/// A formatted line about something odd.
#[macro_export]
macro_rules! warn { ($($line:tt)+) => { $crate::__log_line!(warn, $($line)+) }; }
/// A formatted line about something that somebody must act on.
#[macro_export]
macro_rules! error { ($($line:tt)+) => { $crate::__log_line!(error, $($line)+) }; }
