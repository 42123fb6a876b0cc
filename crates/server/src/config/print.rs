//! The configuration in force as text, each value with its source, secrets masked.

use std::fmt::Write as _;

use super::load::Settings;

/// `settings` as TOML. It could be a configuration file, but for what is masked.
pub(crate) fn print(settings: &Settings) -> String {
    let mut text = String::new();
    let mut section = "";
    for (key, setting) in settings.by_key() {
        if key.section() != section {
            section = key.section();
            let _ = writeln!(text, "\n[{section}]");
        }
        let _ = match setting {
            Some(setting) => {
                let shown = format!("{} = {}", key.name(), key.kind.shown(&setting.value));
                writeln!(text, "{shown:<48} # {}", setting.origin)
            }
            None => writeln!(text, "# {} is not set", key.name()),
        };
    }
    text
}
