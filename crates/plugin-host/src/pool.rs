//! The warm instances of one plugin: made on demand, used by one call at a time, replaced when they have served enough.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::time::timeout;

use crate::call::Call;
use crate::error::{CallFailure, FailureKind, LoadError};
use crate::instance::{Instance, Template, no_hook};
use crate::limits::{HookLimits, INIT_TIME, Isolation};
use crate::loaded::{Called, Shared};
use crate::party::CallTerms;
use crate::services::Hook;
use crate::stats::Cost;
use crate::turns::{Turn, Turns};

/// Problems of a new instance that its failure names.
const MOST_TOLD: usize = 3;

pub(crate) struct Pool {
    template: Arc<Template>,
    shared: Arc<Shared>,
    limits: HookLimits,
    // The one used last is used next: its memory is in the caches.
    #[expect(clippy::vec_box, reason = "each call takes one out, passes it on and puts it back")]
    idle: Mutex<Vec<Box<Instance>>>,
    turns: Arc<Turns>,
}

impl Pool {
    /// A pool with one instance, which `init` has accepted.
    pub(crate) async fn start(
        template: Arc<Template>,
        shared: Arc<Shared>,
        limits: HookLimits,
    ) -> Result<Arc<Self>, LoadError> {
        let first = template.instantiate(&shared, &limits).await?;
        let turns = Turns::new(limits.instances.get(), limits.waiting_of_one);
        let pool = Self { template, shared, limits, idle: Mutex::new(Vec::new()), turns };
        if pool.is_warm() {
            pool.idle.lock().push(Box::new(first));
        }
        Ok(Arc::new(pool))
    }

    /// Calls a hook on an instance that is free, or the next that is.
    pub(crate) async fn call<C: Call>(
        pool: Option<&Arc<Self>>,
        call: C,
        terms: &CallTerms,
    ) -> Result<Called<C::Reply>, CallFailure> {
        let Some(pool) = pool else { return Err(no_hook(C::HOOK)) };
        let called = pool.run(&call, terms).await;
        if let Err(failure) = &called {
            pool.shared.telemetry.stats.failed(failure.kind);
        }
        called
    }

    pub(crate) fn warm(&self) -> usize {
        self.idle.lock().len()
    }

    async fn run<C: Call>(
        self: &Arc<Self>,
        call: &C,
        terms: &CallTerms,
    ) -> Result<Called<C::Reply>, CallFailure> {
        // Dropped last, so that whoever is next finds the instance.
        let (turn, mut instance, waited) = match self.free_instance() {
            Some((turn, instance)) => (turn, instance, Duration::ZERO),
            // Seldom, and large: boxed, so that the way of every other call stays small.
            None => Box::pin(self.wait_for_instance(C::HOOK, terms)).await?,
        };
        let patience = terms.wait.unwrap_or_default().saturating_sub(waited);
        let mut called = instance.call(&self.limits, call, terms, patience).await;
        match &mut called {
            Ok(called) => called.cost.waited = waited,
            Err(failure) => failure.cost.waited = waited,
        }
        if !self.is_warm() {
            return called;
        }
        if called.is_ok() && !instance.is_due(&self.shared.limits.retirement, self.limits.memory_bytes) {
            self.idle.lock().push(instance);
        } else {
            drop(instance);
            self.replace(turn);
        }
        called
    }

    /// A warm instance that nobody uses.
    fn free_instance(&self) -> Option<(Turn, Box<Instance>)> {
        let turn = self.turns.try_take()?;
        let instance = self.idle.lock().pop()?;
        Some((turn, instance))
    }

    /// The next instance that becomes free, or a new one, and how long that took. That time is the host's: of the call's
    /// own, nothing has gone when it begins.
    async fn wait_for_instance(
        &self,
        hook: Hook,
        terms: &CallTerms,
    ) -> Result<(Turn, Box<Instance>, Duration), CallFailure> {
        let began = Instant::now();
        // A replacement may be under way, and `init` has its own time.
        let patience = terms.wait.unwrap_or(self.limits.wall.max(INIT_TIME * 2));
        let waiting = timeout(patience, async {
            let turn = self.turns.take(terms.party).await.ok_or_else(|| busy(hook))?;
            let idle = self.idle.lock().pop();
            let instance = match idle {
                Some(instance) => instance,
                None => self.make().await.map_err(|error| start_failure(error, hook))?,
            };
            Ok((turn, instance))
        });
        let waited = |failure: CallFailure| CallFailure {
            cost: Box::new(Cost { waited: began.elapsed(), ..*failure.cost }),
            ..failure
        };
        let (turn, instance) = waiting.await.unwrap_or_else(|_| Err(busy(hook))).map_err(waited)?;
        Ok((turn, instance, began.elapsed()))
    }

    async fn make(&self) -> Result<Box<Instance>, LoadError> {
        self.template.instantiate(&self.shared, &self.limits).await.map(Box::new)
    }

    /// Makes the next instance beside the path of calls, in the place of one that is gone.
    fn replace(self: &Arc<Self>, turn: Turn) {
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            match pool.make().await {
                Ok(instance) => pool.idle.lock().push(instance),
                // The next call tries again, and its caller is told.
                Err(error) => tracing::debug!(plugin.id = %pool.shared.id, %error, "no new instance"),
            }
            // Given back however the replacement ended.
            drop(turn);
        });
    }

    fn is_warm(&self) -> bool {
        self.shared.limits.isolation == Isolation::Warm
    }
}

fn busy(hook: Hook) -> CallFailure {
    let message = format!("no instance was free for {} in time", hook.name());
    CallFailure { kind: FailureKind::Busy, message, backtrace: None, cost: Box::default() }
}

fn start_failure(error: LoadError, hook: Hook) -> CallFailure {
    let message = match error {
        LoadError::Full => return busy(hook),
        // It was within its running time, and waited: the machine had no time for it.
        LoadError::Init(failure) if failure.kind == FailureKind::WallTime => return busy(hook),
        LoadError::Init(failure) => {
            let message = format!("a new instance could not be started: {failure}");
            return CallFailure { kind: FailureKind::Init, message, ..failure };
        }
        LoadError::Problems(problems) => problems
            .iter()
            .map(|problem| format!("{}: {}", problem.field, problem.text))
            // Every node reads a quarantine's reason each second.
            .take(MOST_TOLD)
            .collect::<Vec<_>>()
            .join("; "),
        LoadError::MissingExport(_) | LoadError::Misfit(_) => error.to_string(),
    };
    CallFailure {
        kind: FailureKind::Init,
        message: format!("a new instance could not be started: {message}"),
        backtrace: None,
        cost: Box::default(),
    }
}
