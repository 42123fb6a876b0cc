//! `dev`: builds at each change, loads the result into a running development server, and shows what it logs there.

mod server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use notify::{RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::cases::runtime;
use crate::command::Dev;
use crate::project::Project;
use server::Server;

/// Changes that come within this are one: editors save in several steps.
const QUIET: Duration = Duration::from_millis(300);
/// How often the server's log is asked for.
const LOG_EVERY: Duration = Duration::from_secs(1);
/// Folders and files that building itself writes.
const MADE: [&str; 7] =
    ["target", "node_modules", ".venv", ".teahouse", ".git", "__pycache__", "plugin.wasm"];

pub(crate) fn run(dev: Dev) -> Result<()> {
    runtime()?.block_on(watch(dev))
}

async fn watch(dev: Dev) -> Result<()> {
    let project = dev.at.project()?;
    let folder = project.folder.clone();
    let mut server = Server::new(&dev.server, &dev.key, project.manifest.id.clone())?;
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
    reload(&folder, &mut server, &dev.rooms).await;
    let mut tick = tokio::time::interval(LOG_EVERY);
    loop {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => return Ok(()),
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

/// Waits until nothing has changed for a while.
async fn settle(changes: &mut mpsc::Receiver<()>) {
    while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
}

/// Whether a change of `path` is one of the author's.
fn is_source(folder: &Path, path: &Path) -> bool {
    let inner = path.strip_prefix(folder).unwrap_or(path);
    let made = inner.iter().any(|part| MADE.iter().any(|made| part == *made));
    !made && inner.extension().is_none_or(|extension| extension != "teaplugin")
}

/// Builds and loads; what goes wrong is told, and the next change tries again.
async fn reload(folder: &Path, server: &mut Server, rooms: &[String]) {
    let at = folder.to_path_buf();
    let built = tokio::task::spawn_blocking(move || {
        let project = Project::open(&at)?;
        let component = std::fs::read(crate::build::run(&project)?)?;
        Ok::<_, anyhow::Error>(teahouse_plugin_package::Package::pack(&project.folder, component)?)
    });
    let outcome = match built.await {
        Ok(Ok(package)) => server.load(package, rooms).await,
        Ok(Err(error)) => Err(error),
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(digest) => println!("loaded {digest}"),
        Err(error) => eprintln!("not loaded: {error:#}"),
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
        assert!(is_source(Path::new("/target/guard"), Path::new("/target/guard/src/lib.rs")));
    }
}
