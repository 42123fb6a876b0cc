//! What is to be measured, as the command line says.

use std::error::Error;
use std::path::PathBuf;

pub(crate) struct Options {
    pub(crate) component: PathBuf,
    /// The settings, as `init` gets them.
    pub(crate) config: String,
    pub(crate) text: String,
    /// Calls of one measurement.
    pub(crate) calls: u32,
    /// Plugins that are started together.
    pub(crate) plugins: u32,
    /// In one line, for programs.
    pub(crate) json: bool,
}

impl Options {
    pub(crate) fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            component: arguments.next().ok_or("which component?")?.into(),
            config: "{}".to_owned(),
            text: "两杯茶,谢谢。明天下午三点老地方见,别忘了带上那本书。".to_owned(),
            calls: 200_000,
            plugins: 100,
            json: false,
        };
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--config" => options.config = std::fs::read_to_string(value()?)?,
                "--text" => options.text = value()?,
                "--calls" => options.calls = value()?.parse()?,
                "--plugins" => options.plugins = value()?.parse()?,
                "--json" => options.json = true,
                other => return Err(format!("what is {other}?").into()),
            }
        }
        Ok(options)
    }
}
