//! Durable work after a commit: what follows from messages and from accounts, one file a kind.

mod arrivals;
mod bots;
mod mentions;
mod merge;

use teahouse_jobs::Runner;

use crate::Chat;

impl Chat {
    /// Makes `runner` do the conversation's jobs.
    #[must_use]
    pub fn register_jobs(&self, runner: Runner) -> Runner {
        runner
            .register(mentions::Mentions(self.clone()))
            .register(merge::MergeMemberships(self.clone()))
            .register(arrivals::Arrivals(self.clone()))
            .register(bots::BotsLeave(self.clone()))
    }
}

/// Why an attempt failed, as the job's row keeps it.
fn retry(error: impl Into<crate::Error>) -> teahouse_jobs::Failure {
    let error = error.into();
    teahouse_jobs::Failure::Retry(error.code().as_str().to_owned())
}
