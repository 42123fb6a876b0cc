//! `dev`: builds at each change, loads the result into a running development server, and shows what it logs there.

mod server;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use notify::{RecursiveMode, Watcher as _};
use teahouse_plugin_package::{Package, Rooms};
use tokio::sync::mpsc;

use crate::Misused;
use crate::cases::runtime;
use crate::command::Dev;
use crate::project::Project;
use server::Server;

/// Changes that come within this are one: editors save in several steps.
const QUIET: Duration = Duration::from_millis(300);
/// How often the server's log is asked for.
const LOG_EVERY: Duration = Duration::from_secs(1);
/// Folders and files that building itself writes.
const MADE: [&str; 8] =
    ["target", "node_modules", ".venv", ".teahouse", ".git", "__pycache__", "plugin.wasm", "Cargo.lock"];
/// What editors write beside the file that is edited.
const SCRATCH: [&str; 4] = ["~", ".swp", ".swx", ".tmp"];

pub(crate) fn run(dev: Dev) -> Result<()> {
    let runtime = runtime()?;
    // Listened for all the while: a build takes its time, and Ctrl-C must end that too.
    let ended = runtime.block_on(async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => Ok(()),
            ended = watch(dev) => ended,
        }
    });
    // A build that still runs is nobody's business any more.
    runtime.shutdown_background();
    ended
}

async fn watch(dev: Dev) -> Result<()> {
    let project = dev.at.project()?;
    let folder = project.folder.clone();
    let mut server = Server::new(&dev.server, &key(&dev)?, project.manifest.id.clone())?;
    server.greet().await?;
    let (to, mut changes) = mpsc::channel(1);
    let watched = folder.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let relevant = |path: &PathBuf| is_source(&watched, path);
        let changed = event.is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(relevant));
        if changed {
            // Full: a change is announced already.
            let _ = to.try_send(());
        }
    })?;
    watcher
        .watch(&folder, RecursiveMode::Recursive)
        .with_context(|| format!("watching {}", folder.display()))?;
    println!("watching {}; Ctrl-C ends it", folder.display());
    if !works_somewhere(&project, &dev.rooms) {
        println!("it works in the rooms that are chosen, and none is: name one with --room");
    }
    reload(&folder, &mut server, &dev.rooms).await;
    let mut tick = tokio::time::interval(LOG_EVERY);
    loop {
        tokio::select! {
            change = changes.recv() => {
                if change.is_none() {
                    return Ok(());
                }
                settle(&mut changes).await;
                reload(&folder, &mut server, &dev.rooms).await;
            }
            _ = tick.tick() => server.show_log().await,
        }
    }
}

fn key(dev: &Dev) -> Result<String> {
    dev.key.clone().ok_or_else(|| {
        Misused::because(
            "an admin's key of the server is needed: make one with `teahouse token key NAME --admin` in the server's \
             folder, and hand it over with --key or in TEAHOUSE_ADMIN_KEY",
        )
    })
}

/// Whether a hook of the plugin has a room to work in.
fn works_somewhere(project: &Project, rooms: &[String]) -> bool {
    let hooks = &project.manifest.hooks;
    let of_hooks = [
        hooks.filter.as_ref().map(|hook| hook.rooms),
        hooks.gate.as_ref().map(|hook| hook.rooms),
        hooks.bot.as_ref().map(|hook| hook.rooms),
    ];
    !rooms.is_empty() || of_hooks.contains(&Some(Rooms::All))
}

/// Waits until nothing has changed for a while.
async fn settle(changes: &mut mpsc::Receiver<()>) {
    while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
}

/// Whether a change of `path` is one of the author's.
fn is_source(folder: &Path, path: &Path) -> bool {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    let made = inner.iter().any(|part| MADE.iter().any(|made| part == *made));
    let name = inner.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let scratch = name.starts_with(".#") || SCRATCH.iter().any(|ending| name.ends_with(ending));
    !made && !scratch && !name.ends_with(".teaplugin")
}

/// Builds and loads; what goes wrong is told, and the next change tries again.
async fn reload(folder: &Path, server: &mut Server, rooms: &[String]) {
    let at = folder.to_path_buf();
    let began = Instant::now();
    let built = tokio::task::spawn_blocking(move || {
        let project = Project::open(&at)?;
        let component = std::fs::read(crate::build::make(&project)?)?;
        Ok::<_, anyhow::Error>(Package::pack(&project.folder, component)?)
    });
    let outcome = match built.await {
        Ok(Ok(package)) => server.load(package, rooms).await,
        Ok(Err(error)) => Err(error),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(loaded) => println!("loaded {loaded}, {:.1} s after the change", began.elapsed().as_secs_f64()),
        Err(error) => eprintln!("not loaded: {error:#}\nwhat was loaded before goes on; mend it, and save"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_building_writes_is_no_change() {
        let folder = Path::new("/home/ann/guard");
        let source = |path: &str| is_source(folder, &folder.join(path));
        assert!(source("src/lib.rs") && source("plugin.toml") && source("locales/en.json"));
        for made in
            ["target/x", "plugin.wasm", "guard-0.1.0.teaplugin", "node_modules/a/b.js", ".teahouse/compiled"]
        {
            assert!(!source(made), "{made}");
        }
        for scratch in ["src/.lib.rs.swp", "src/lib.rs~", "src/.#lib.rs", "Cargo.lock"] {
            assert!(!source(scratch), "{scratch}");
        }
        assert!(is_source(Path::new("/target/guard"), Path::new("/target/guard/src/lib.rs")));
    }
}
