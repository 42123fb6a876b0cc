//! What is done now and then: forgetting what has had its time.

use std::time::Duration;

use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// Nothing depends on when; often enough that there is never much of it.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// Keeps up until `shutdown`.
pub(super) fn start(accounts: Accounts, chat: Chat, shutdown: CancellationToken) {
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
            sweep(&accounts, &chat).await;
        }
    });
}

async fn sweep(accounts: &Accounts, chat: &Chat) {
    match accounts.sweep().await {
        Ok(swept) => tracing::debug!(sessions = swept.sessions, answers = swept.answers, "swept"),
        Err(error) => tracing::warn!(%error, "could not sweep; will try again"),
    }
    match chat.sweep_decisions().await {
        Ok(swept) => tracing::debug!(held = swept.held, reviews = swept.reviews, "swept what was decided"),
        Err(error) => tracing::warn!(%error, "could not sweep what was decided; will try again"),
    }
    match chat.sweep_invitations().await {
        Ok(invitations) => tracing::debug!(invitations, "swept old invitations"),
        Err(error) => tracing::warn!(%error, "could not sweep invitations; will try again"),
    }
}
