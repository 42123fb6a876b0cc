//! One instance of a plugin: a store, the exports that were looked up once, and how a call of them ends.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::task::unconstrained;
use tokio::time::{sleep_until, timeout};
use wasmtime::component::InstancePre;
use wasmtime::{Engine, Store, UpdateDeadline};

use crate::call::{Call, Reply, oversize};
use crate::engine::Metering;
use crate::error::{CallFailure, FailureKind, LoadError};
use crate::failure::{failure_of, load_error_of};
use crate::limits::{HookLimits, INIT_TIME, Retirement};
use crate::loaded::{Called, ERROR_TEXT_BYTES, Exports, Shared};
use crate::log::bounded;
use crate::party::CallTerms;
use crate::services::{CallContext, Hook};
use crate::state::{Allowance, MemoryLimiter, Meter, State, running, wall};
use crate::stats::{Cost, Outcome, Shard};
use crate::ticker::Ticker;
use crate::wit::Problem;
use crate::wit::exports::{bot, filter, gate, setup};

/// Problems with its settings that a guest may name, and how long each may be.
const MOST_PROBLEMS: usize = 50;
const PROBLEM_FIELD_BYTES: usize = 200;
const PROBLEM_TEXT_BYTES: usize = 500;

/// A component that can be instantiated without further look-ups.
pub(crate) struct Template {
    pub(crate) engine: Engine,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) component: InstancePre<State>,
    pub(crate) setup: setup::GuestIndices,
    pub(crate) filter: Option<filter::GuestIndices>,
    pub(crate) gate: Option<gate::GuestIndices>,
    pub(crate) bot: Option<bot::GuestIndices>,
    metering: Metering,
}

/// What a call gets where fuel is counted: more than it can burn in the time that it has.
const FUEL: u64 = 1 << 62;

/// The exports of one instance.
pub(crate) struct GuestExports {
    setup: setup::Guest,
    pub(crate) filter: Option<filter::Guest>,
    pub(crate) gate: Option<gate::Guest>,
    pub(crate) bot: Option<bot::Guest>,
}

pub(crate) struct Instance {
    pub(crate) store: Store<State>,
    pub(crate) exports: GuestExports,
    calls: u32,
    born: Instant,
    last_used: Instant,
    ticker: Arc<Ticker>,
    meter: Arc<Meter>,
    shard: Arc<Shard>,
    metering: Metering,
}

impl Template {
    pub(crate) fn new(
        engine: Engine,
        ticker: Arc<Ticker>,
        component: InstancePre<State>,
        hooks: Exports,
        metering: Metering,
    ) -> Result<Self, LoadError> {
        let missing = |name| move |_| LoadError::MissingExport(name);
        Ok(Self {
            setup: setup::GuestIndices::new(&component).map_err(missing("setup"))?,
            filter: find(hooks.filter, || filter::GuestIndices::new(&component).map_err(missing("filter")))?,
            gate: find(hooks.gate, || gate::GuestIndices::new(&component).map_err(missing("gate")))?,
            bot: find(hooks.bot, || bot::GuestIndices::new(&component).map_err(missing("bot")))?,
            engine,
            ticker,
            component,
            metering,
        })
    }

    /// A new instance that `init` has accepted.
    pub(crate) async fn instantiate(
        &self,
        shared: &Arc<Shared>,
        limits: &HookLimits,
    ) -> Result<Instance, LoadError> {
        let meter = Arc::new(Meter::new());
        let mut store = self.store(shared, limits, &meter);
        refuel(&mut store, self.metering);
        let _running = self.ticker.run();
        let began = Instant::now();
        let made = metered(&meter, async {
            let instance = self.component.instantiate_async(&mut store).await?;
            self.exports(&mut store, &instance)
        });
        let exports = match timeout(INIT_TIME, made).await {
            Ok(Ok(exports)) => exports,
            Ok(Err(error)) => return Err(load_error_of(&error, store.data(), began.elapsed())),
            Err(_) => {
                let cost = Box::new(Cost { took: began.elapsed(), ..Cost::default() });
                return Err(LoadError::Init(CallFailure { cost, ..too_slow(Hook::Init, INIT_TIME) }));
            }
        };
        let shard = shared.telemetry.stats.shard();
        let ticker = Arc::clone(&self.ticker);
        let born = Instant::now();
        let metering = self.metering;
        let mut instance =
            Instance { store, exports, calls: 0, born, last_used: born, ticker, meter, shard, metering };
        instance.init(shared, limits).await?;
        Ok(instance)
    }

    fn store(&self, shared: &Arc<Shared>, limits: &HookLimits, meter: &Arc<Meter>) -> Store<State> {
        let context = CallContext {
            plugin: Arc::clone(&shared.id),
            hook: Hook::Init,
            event: None,
            party: None,
            hops: 0,
            room: String::new(),
        };
        let state = State {
            shared: Arc::clone(shared),
            context,
            memory: MemoryLimiter::new(limits.memory_bytes),
            left: Allowance::of(limits, Instant::now() + INIT_TIME),
            meter: Arc::clone(meter),
            breach: None,
            running: running(limits, Hook::Init),
            first_tick: true,
        };
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_hostcall_fuel(limits.data_bytes);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut cx| {
            let state = cx.data_mut();
            if state.meter.spent() >= state.running {
                state.breach = Some(FailureKind::RunningTime);
                return Ok(UpdateDeadline::Interrupt);
            }
            // A call of microseconds that the machine interrupted in the middle: it is nearly through, and must not
            // lose its wall time to a queue.
            if std::mem::take(&mut state.first_tick) {
                return Ok(UpdateDeadline::Continue(1));
            }
            // Other tasks get their turn each tick, so that a busy guest holds up none of them.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }

    fn exports(
        &self,
        store: &mut Store<State>,
        instance: &wasmtime::component::Instance,
    ) -> wasmtime::Result<GuestExports> {
        Ok(GuestExports {
            setup: self.setup.load(&mut *store, instance)?,
            filter: self.filter.as_ref().map(|found| found.load(&mut *store, instance)).transpose()?,
            gate: self.gate.as_ref().map(|found| found.load(&mut *store, instance)).transpose()?,
            bot: self.bot.as_ref().map(|found| found.load(&mut *store, instance)).transpose()?,
        })
    }
}

fn find<T>(wanted: bool, look: impl FnOnce() -> Result<T, LoadError>) -> Result<Option<T>, LoadError> {
    if wanted { look().map(Some) } else { Ok(None) }
}

impl Instance {
    /// Calls a hook; `patience` is how long it may take beyond its own time, because the host has other things to do. After an
    /// error the instance must not be used again: its memory may be in any state.
    pub(crate) async fn call<C: Call>(
        &mut self,
        limits: &HookLimits,
        call: &C,
        terms: &CallTerms,
        patience: Duration,
    ) -> Result<Called<C::Reply>, CallFailure> {
        let wall = wall(limits, C::HOOK).min(terms.within.unwrap_or(Duration::MAX));
        let began = self.prepare(limits, C::HOOK, wall);
        let context = &mut self.store.data_mut().context;
        context.party = terms.party;
        call.describe(context);
        self.calls += 1;
        let ticker = Arc::clone(&self.ticker);
        let meter = Arc::clone(&self.meter);
        let ended = {
            let _running = ticker.run();
            // Large, and so pinned where it is made rather than moved from one hand to the next.
            let work = pin!(call.invoke(self));
            in_time(began + wall + patience, metered(&meter, work)).await
        };
        let cost = self.finish(limits, C::HOOK, began);
        match ended {
            Some(Some(Ok(reply))) => self.judge(limits, reply, cost),
            Some(Some(Err(error))) => Err(failure_of(&error, self.store.data(), cost)),
            Some(None) => Err(no_hook(C::HOOK)),
            // Whose fault it is: the plugin's, if what it ran and asked for takes so long on a host that has time for it.
            None if cost.own >= limits.wall => {
                Err(CallFailure { cost: Box::new(cost), ..too_slow(C::HOOK, wall) })
            }
            None => Err(CallFailure { cost: Box::new(cost), ..no_time(C::HOOK, wall + patience) }),
        }
    }

    /// Whether it has served enough.
    pub(crate) fn is_due(&self, retirement: &Retirement, memory_limit: usize) -> bool {
        let used = self.store.data().memory.used_bytes;
        self.calls >= retirement.calls
            || self.last_used - self.born >= retirement.age
            || used > memory_limit / 100 * usize::from(retirement.memory_percent)
    }

    async fn init(&mut self, shared: &Arc<Shared>, limits: &HookLimits) -> Result<(), LoadError> {
        let began = self.prepare(limits, Hook::Init, INIT_TIME);
        let meter = Arc::clone(&self.meter);
        let called = metered(&meter, self.exports.setup.call_init(&mut self.store, &shared.config));
        let ended = timeout(INIT_TIME, called).await;
        let cost = self.finish(limits, Hook::Init, began);
        match ended {
            Ok(Ok(Ok(()))) => Ok(()),
            Ok(Ok(Err(problems))) => Err(LoadError::Problems(told(problems))),
            Ok(Err(error)) => Err(LoadError::Init(failure_of(&error, self.store.data(), cost))),
            Err(_) => {
                Err(LoadError::Init(CallFailure { cost: Box::new(cost), ..too_slow(Hook::Init, INIT_TIME) }))
            }
        }
    }

    /// Gives the next call its full allowance.
    fn prepare(&mut self, limits: &HookLimits, hook: Hook, wall: Duration) -> Instant {
        let began = Instant::now();
        self.meter.restart(began);
        let state = self.store.data_mut();
        state.left = Allowance::of(limits, began + wall);
        state.running = running(limits, hook);
        state.first_tick = true;
        state.context.hook = hook;
        state.context.event = None;
        state.context.party = None;
        state.context.hops = 0;
        state.context.room.clear();
        self.store.set_epoch_deadline(1);
        refuel(&mut self.store, self.metering);
        began
    }

    /// Counts what a call took.
    fn finish(&mut self, limits: &HookLimits, hook: Hook, began: Instant) -> Cost {
        self.last_used = Instant::now();
        let took = self.last_used - began;
        let state = self.store.data_mut();
        state.tell_dropped_lines();
        let host_calls = limits.host_calls - state.left.host_calls;
        let memory_bytes = state.memory.used_bytes;
        let log_lines = limits.log_lines - state.left.log_lines;
        let own = self.meter.spent_at(self.last_used) + state.left.waited_until(self.last_used);
        let (over_quota, held_up) = (state.left.over_quota, state.left.held_up);
        self.shard.ended(hook, took, host_calls);
        state.shared.telemetry.stats.memory_seen(memory_bytes);
        let fuel = match self.metering {
            Metering::Time => None,
            Metering::Fuel => self.store.get_fuel().ok().map(|left| FUEL.saturating_sub(left)),
        };
        Cost {
            took,
            waited: Duration::ZERO,
            own,
            over_quota,
            held_up,
            host_calls,
            memory_bytes,
            log_lines,
            fuel,
        }
    }

    fn judge<T: Reply>(
        &self,
        limits: &HookLimits,
        reply: Result<T, String>,
        cost: Cost,
    ) -> Result<Called<T>, CallFailure> {
        let reply = match reply {
            Ok(reply) => reply,
            Err(text) => {
                self.shard.outcome(Outcome::Error);
                return Ok(Called { reply: Err(bounded(&text, ERROR_TEXT_BYTES)), cost });
            }
        };
        let bytes = reply.text_bytes();
        if bytes > limits.reply_bytes {
            let (kind, message) = oversize(bytes, limits.reply_bytes);
            return Err(CallFailure { kind, message, backtrace: None, cost: Box::new(cost) });
        }
        self.shard.outcome(reply.outcome());
        Ok(Called { reply: Ok(reply), cost })
    }
}

/// Fills a store's tank, where it has one.
fn refuel(store: &mut Store<State>, metering: Metering) {
    if metering == Metering::Fuel && store.set_fuel(FUEL).is_err() {
        debug_assert!(false, "the engine was made for counting");
    }
}

/// As much of what a guest says about its settings as a form shows: it is answered, logged, and kept as a reason.
fn told(problems: Vec<Problem>) -> Vec<Problem> {
    let told = |problem: Problem| Problem {
        field: bounded(&problem.field, PROBLEM_FIELD_BYTES),
        text: bounded(&problem.text, PROBLEM_TEXT_BYTES),
    };
    problems.into_iter().take(MOST_PROBLEMS).map(told).collect()
}

/// Counts the polls of `future` as running time. The first began when the meter was restarted, and what the last took
/// nobody asks: most calls are through at their first, and cost no look at the clock.
async fn metered<F: Future>(meter: &Meter, future: F) -> F::Output {
    let (mut future, mut has_waited) = (pin!(future), false);
    poll_fn(|cx| {
        if has_waited {
            meter.poll_begins(Instant::now());
        }
        let poll = future.as_mut().poll(cx);
        if poll.is_pending() {
            meter.poll_ends();
            has_waited = true;
        }
        poll
    })
    .await
}

/// What `work` comes to, or `None` at `end`. Most calls are through at their first poll, and cost no timer.
async fn in_time<F: Future>(end: Instant, work: F) -> Option<F::Output> {
    let (mut work, mut timer) = (pin!(work), None);
    poll_fn(|cx| {
        if let Poll::Ready(output) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        // Work that has used up its task's turn must not keep the timer from being asked.
        let timer = timer.get_or_insert_with(|| Box::pin(unconstrained(sleep_until(end.into()))));
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}

fn too_slow(hook: Hook, wall: Duration) -> CallFailure {
    CallFailure {
        kind: FailureKind::WallTime,
        message: format!("{} took longer than {} ms", hook.name(), wall.as_millis()),
        backtrace: None,
        cost: Box::default(),
    }
}

fn no_time(hook: Hook, within: Duration) -> CallFailure {
    CallFailure {
        kind: FailureKind::Busy,
        message: format!("the host had no time for {} within {} ms", hook.name(), within.as_millis()),
        backtrace: None,
        cost: Box::default(),
    }
}

/// The plugin was not loaded with `hook`.
pub(crate) fn no_hook(hook: Hook) -> CallFailure {
    CallFailure {
        kind: FailureKind::NoHook,
        message: format!("the plugin has no {}", hook.name()),
        backtrace: None,
        cost: Box::default(),
    }
}
