//! SIGTERM and SIGINT: the first asks for an orderly end, the second for an end at once.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What a shell reports for a program that SIGINT ended.
const ENDED_AT_ONCE: i32 = 130;

/// A token that the first signal cancels.
///
/// # Errors
/// When the signals can't be listened to.
pub(crate) fn shutdown_on_signals() -> io::Result<CancellationToken> {
    let mut signals = [signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?];
    let shutdown = CancellationToken::new();
    let cancelled = shutdown.clone();
    tokio::spawn(async move {
        next(&mut signals).await;
        tracing::info!("asked to stop: finishing what is under way; a second signal ends at once");
        cancelled.cancel();
        next(&mut signals).await;
        std::process::exit(ENDED_AT_ONCE);
    });
    Ok(shutdown)
}

async fn next([terminate, interrupt]: &mut [Signal; 2]) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
