//! What happens when things break: nothing that was acknowledged is lost, and the service returns by itself.

mod crash;
mod database_away;
mod disk_full;
mod ledger;
mod shutdown;
mod silence;
