//! What is done again and again until the stop.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Waits for the next round: until `pause` is over or somebody `asked`. False: it is time to stop.
pub(crate) async fn goes_on(
    stop: &CancellationToken,
    pause: Duration,
    asked: impl Future<Output = ()>,
) -> bool {
    tokio::select! {
        biased;
        () = stop.cancelled() => false,
        () = asked => true,
        () = tokio::time::sleep(pause) => true,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_round_comes_in_its_time_when_asked_for_and_never_after_the_stop() {
        let (stop, second) = (CancellationToken::new(), Duration::from_secs(1));
        let start = tokio::time::Instant::now();
        assert!(goes_on(&stop, second, pending()).await);
        assert_eq!(start.elapsed(), second);
        assert!(goes_on(&stop, second, ready(())).await);
        assert_eq!(start.elapsed(), second);
        stop.cancel();
        assert!(!goes_on(&stop, second, ready(())).await);
    }
}
