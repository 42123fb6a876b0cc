//! What a call takes in the sandbox alone: the host's own example, which says it in JSON.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::packages::Packages;
use crate::{
    args::PluginsArgs,
    measure::median,
    place::{self, Place},
    stamp::Prose,
};

/// Plugins that are started together, and then idle.
const PLUGINS: u32 = 100;

/// Both filters' figures.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Calls {
    pub(super) noop: Call,
    pub(super) words: Call,
}

/// One filter's figures, medians of repetitions.
#[derive(Debug, Clone, Deserialize, Serialize)]
pub(super) struct Call {
    pub(super) compiled_ms: f64,
    pub(super) loaded_ms: f64,
    pub(super) warm: Took,
    pub(super) fresh: Took,
    pub(super) many: Many,
}

/// What one call took.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub(super) struct Took {
    pub(super) wall_ns: f64,
    pub(super) processor_ns: f64,
}

/// Plugins that were started together from compiled code.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
pub(super) struct Many {
    pub(super) plugins: u32,
    pub(super) took_ms: f64,
    pub(super) kib_each: f64,
}

/// Where the example is.
pub(super) fn program(args: &PluginsArgs, place: &Place) -> anyhow::Result<PathBuf> {
    let program = args.call.clone().unwrap_or_else(|| place.target().join("release/examples/call"));
    ensure!(
        program.is_file(),
        "{} is not there: build it by `cargo build --release -p teahouse-plugin-host --example call`",
        program.display()
    );
    place::absolute(&program)
}

/// Runs the example, the two filters taking turns.
pub(super) fn measure(
    program: &Path,
    packages: &Packages,
    place: &Place,
    args: &PluginsArgs,
) -> anyhow::Result<Calls> {
    let settings = packages.words_settings()?;
    let calls = if args.stage.quick { "2000" } else { "100000" };
    let (mut noop, mut words) = (Vec::new(), Vec::new());
    for _ in 0..args.stage.effort().reps {
        let run = |component: &Path, more: &[&str]| {
            let mut command = Command::new(program);
            command.arg(component).args(["--json", "--calls", calls]).args(more);
            ask(&mut command, place)
        };
        noop.push(run(&packages.noop(), &["--plugins", &PLUGINS.to_string()])?);
        let settings = settings.to_str().context("a path in UTF-8")?;
        // A few: each with the whole list.
        let more = ["--plugins", "4", "--config", settings, "--text", Prose::Chinese.text()];
        words.push(run(&packages.words(), &more)?);
    }
    Ok(Calls { noop: Call::median(&noop), words: Call::median(&words) })
}

/// What the example says, on the core that servers are measured on.
fn ask(command: &mut Command, place: &Place) -> anyhow::Result<Call> {
    let log = place.folder().join("call.log");
    let stderr = File::create(&log).with_context(|| format!("creating {}", log.display()))?;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
    let output =
        place.cores().spawn_server(command)?.wait_with_output().context("waiting for the example")?;
    ensure!(
        output.status.success(),
        "{command:?} failed:\n{}",
        std::fs::read_to_string(&log).unwrap_or_default()
    );
    serde_json::from_slice(&output.stdout).context("the example's figures")
}

impl Call {
    fn median(all: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(figure));
        let plugins = all.first().map_or(0, |call| call.many.plugins);
        Self {
            compiled_ms: of(|call| call.compiled_ms),
            loaded_ms: of(|call| call.loaded_ms),
            warm: Took {
                wall_ns: of(|call| call.warm.wall_ns),
                processor_ns: of(|call| call.warm.processor_ns),
            },
            fresh: Took {
                wall_ns: of(|call| call.fresh.wall_ns),
                processor_ns: of(|call| call.fresh.processor_ns),
            },
            many: Many {
                plugins,
                took_ms: of(|call| call.many.took_ms),
                kib_each: of(|call| call.many.kib_each),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_example_prints_is_read_and_its_medians_are_taken() {
        let call = |warm: f64| -> Call {
            serde_json::from_value(serde_json::json!({
                "compiled_ms": 20.0, "loaded_ms": 1.0,
                "warm": {"wall_ns": warm, "processor_ns": warm},
                "at_once": {"tasks": 1, "each": {"wall_ns": 1.0, "processor_ns": 1.0}},
                "fresh": {"wall_ns": 9.0, "processor_ns": 9.0},
                "many": {"plugins": 100, "took_ms": 30.0, "kib_each": 150.0},
            }))
            .expect("as the example prints it")
        };
        let median = Call::median(&[call(900.0), call(700.0), call(2000.0)]);
        assert_eq!((median.warm.wall_ns, median.many.plugins), (900.0, 100));
    }
}
