#![doc = include_str!("../README.md")]

mod counts;
mod kind;
mod node;
mod outbox;
mod runner;

pub use counts::{Counts, DeadJob, counts, page_dead};
pub use kind::{Failure, Job, JobKind, Retries};
pub use node::Node;
pub use outbox::{EnqueueError, Outbox};
pub use runner::{Runner, RunnerSettings};
pub use teahouse_store::nodes::Company;
