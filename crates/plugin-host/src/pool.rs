//! The warm instances of one plugin: made on demand, used by one call at a time, replaced when they have served enough.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::call::Call;
use crate::error::{CallFailure, FailureKind, LoadError};
use crate::instance::{Instance, Template, no_hook};
use crate::limits::{HookLimits, INIT_TIME, Isolation};
use crate::loaded::{Called, Shared};
use crate::services::Hook;
use crate::stats::Cost;

/// Problems of a new instance that its failure names.
const MOST_TOLD: usize = 3;

pub(crate) struct Pool {
    template: Arc<Template>,
    shared: Arc<Shared>,
    limits: HookLimits,
    // The one used last is used next: its memory is in the caches.
    #[expect(clippy::vec_box, reason = "each call takes one out, passes it on and puts it back")]
    idle: Mutex<Vec<Box<Instance>>>,
    permits: Semaphore,
}

impl Pool {
    /// A pool with one instance, which `init` has accepted.
    pub(crate) async fn start(
        template: Arc<Template>,
        shared: Arc<Shared>,
        limits: HookLimits,
    ) -> Result<Arc<Self>, LoadError> {
        let first = template.instantiate(&shared, &limits).await?;
        let permits = Semaphore::new(limits.instances.get());
        let pool = Self { template, shared, limits, idle: Mutex::new(Vec::new()), permits };
        if pool.is_warm() {
            pool.idle.lock().push(Box::new(first));
        }
        Ok(Arc::new(pool))
    }

    /// Calls a hook on a free instance.
    pub(crate) async fn call<C: Call>(
        pool: Option<&Arc<Self>>,
        call: C,
        within: Option<Duration>,
    ) -> Result<Called<C::Reply>, CallFailure> {
        let Some(pool) = pool else { return Err(no_hook(C::HOOK)) };
        let called = pool.run(&call, within).await;
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
        within: Option<Duration>,
    ) -> Result<Called<C::Reply>, CallFailure> {
        // Dropped last, so that whoever gets the permit next finds the instance.
        let (permit, mut instance, within) = match self.free_instance() {
            Some((permit, instance)) => (permit, instance, within),
            // Seldom, and large: boxed, so that the way of every other call stays small.
            None => Box::pin(self.wait_for_instance(C::HOOK, within)).await?,
        };
        let called = instance.call(&self.limits, call, within).await;
        if !self.is_warm() {
            return called;
        }
        if called.is_ok() && !instance.is_due(&self.shared.limits.retirement, self.limits.memory_bytes) {
            self.idle.lock().push(instance);
        } else {
            drop(instance);
            self.replace(permit);
        }
        called
    }

    /// A warm instance that nobody uses.
    fn free_instance(&self) -> Option<(SemaphorePermit<'_>, Box<Instance>)> {
        let permit = self.permits.try_acquire().ok()?;
        let instance = self.idle.lock().pop()?;
        Some((permit, instance))
    }

    /// The next instance that becomes free, or a new one, and what is left of the time then.
    async fn wait_for_instance(
        &self,
        hook: Hook,
        within: Option<Duration>,
    ) -> Result<(SemaphorePermit<'_>, Box<Instance>, Option<Duration>), CallFailure> {
        let began = Instant::now();
        // A replacement may be under way, and `init` has its own time.
        let patience = within.unwrap_or(self.limits.wall.max(INIT_TIME * 2));
        let waited = timeout(patience, async {
            let permit = self.permits.acquire().await.map_err(|_| busy(hook))?;
            let idle = self.idle.lock().pop();
            let instance = match idle {
                Some(instance) => instance,
                None => self.make().await.map_err(start_failure)?,
            };
            Ok((permit, instance))
        });
        let (permit, instance) = waited.await.map_err(|_| busy(hook))??;
        Ok((permit, instance, within.map(|within| within.saturating_sub(began.elapsed()))))
    }

    async fn make(&self) -> Result<Box<Instance>, LoadError> {
        self.template.instantiate(&self.shared, &self.limits).await.map(Box::new)
    }

    /// Makes the next instance beside the path of calls, in the place of one that is gone.
    fn replace(self: &Arc<Self>, permit: SemaphorePermit<'_>) {
        permit.forget();
        let place = Place(Arc::clone(self));
        tokio::spawn(async move {
            match place.0.make().await {
                Ok(instance) => place.0.idle.lock().push(instance),
                // The next call tries again, and its caller is told.
                Err(error) => tracing::debug!(plugin.id = %place.0.shared.id, %error, "no new instance"),
            }
        });
    }

    fn is_warm(&self) -> bool {
        self.shared.limits.isolation == Isolation::Warm
    }
}

/// A permit that outlives its call. Given back however the replacement ends.
struct Place(Arc<Pool>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.permits.add_permits(1);
    }
}

fn busy(hook: Hook) -> CallFailure {
    let message = format!("no instance was free for {} in time", hook.name());
    CallFailure { kind: FailureKind::Busy, message, backtrace: None, cost: Cost::default() }
}

fn start_failure(error: LoadError) -> CallFailure {
    let message = match error {
        LoadError::Full => {
            return CallFailure {
                cost: Cost { took: Duration::ZERO, ..Cost::default() },
                ..busy(Hook::Init)
            };
        }
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
        cost: Cost::default(),
    }
}
