//! Somebody is in the lobby for the first time: no entry of its log says so, and plugins are told by this.

use teahouse_jobs::{Failure, Job, JobKind};
use teahouse_protocol::UserId;

use super::retry;
use crate::Chat;
use crate::access::CAME;

/// Follows each first entry into the lobby.
pub(super) struct Arrivals(pub(super) Chat);

impl JobKind for Arrivals {
    const NAME: &'static str = CAME;
    type Payload = UserId;

    async fn run(&self, job: Job<UserId>) -> Result<(), Failure> {
        match self.0.hooks() {
            Some(hooks) => hooks.came(self.0.lobby(), job.payload, job.created_at).await.map_err(retry),
            None => Ok(()),
        }
    }
}
