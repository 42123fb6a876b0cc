//! What a call costs: `cargo run --release -p teahouse-plugin-host --example call -- FILTER.wasm`, with
//! `--config FILE`, `--text TEXT`, `--calls N`, `--plugins N` and `--json` where wanted.
//!
//! Prints the time of `check` on one warm instance, on as many as there are cores at once, and on a fresh instance
//! each time; and what many plugins take to start from compiled code, in time and memory. `cargo xtask bench plugins`
//! reads the JSON.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};
use teahouse_plugin_host::wit::{Message, User, Verdict};
use teahouse_plugin_host::{
    CallTerms, Called, Compile, Exports, Grants, Host, HostConfig, Isolation, Limits, Loaded, PluginSpec,
    Telemetry,
};

#[path = "call/nothing.rs"]
mod nothing;
#[path = "call/options.rs"]
mod options;

use options::Options;

/// Calls on fresh instances take so long together at most: some plugins prepare much in `init`.
const FRESH: Duration = Duration::from_secs(2);

type Fallible<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Fallible<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let cache = tempfile::tempdir()?;
    let host = Host::new(&HostConfig { cache: Some(cache.path().to_owned()), ..HostConfig::default() })?;
    let component: Arc<[u8]> = std::fs::read(&options.component)?.into();

    let began = Instant::now();
    let compiled = host.compile(Arc::clone(&component), &Compile::InProcess).await?;
    let compiling = began.elapsed();
    let spec = |isolation| PluginSpec {
        id: "org.example.measured".into(),
        version: "1.0.0".into(),
        compiled: compiled.clone(),
        config: options.config.clone(),
        hooks: Exports { filter: true, ..Exports::default() },
        // Instances that are replaced in the middle would be measured too.
        limits: Limits { isolation, ..Limits::default() },
        grants: Grants::all(),
        services: Arc::new(nothing::Nothing),
        telemetry: Arc::new(Telemetry::default()),
    };
    let began = Instant::now();
    let warm = host.load(spec(Isolation::Warm)).await?;
    let loading = began.elapsed();
    let message = Arc::new(message(&options.text));

    let one = one_by_one(&warm, &message, options.calls).await?;
    let tasks = std::thread::available_parallelism()?.get() as u32;
    let at_once = at_once(&warm, &message, options.calls, tasks).await?;
    let anew_each_time = host.load(spec(Isolation::Call)).await?;
    let fresh = anew(&anew_each_time, &message, options.calls / 50).await?;
    let (before, began) = (resident_kib()?, Instant::now());
    let mut many = Vec::new();
    for _ in 0..options.plugins {
        let compiled = host.compile(Arc::clone(&component), &Compile::InProcess).await?;
        many.push(host.load(PluginSpec { compiled, ..spec(Isolation::Warm) }).await?);
    }
    let took = began.elapsed();
    let kib_each = resident_kib()?.saturating_sub(before) as f64 / f64::from(options.plugins.max(1));
    let figures = json!({
        "compiled_ms": millis(compiling),
        "loaded_ms": millis(loading),
        "warm": one.each(options.calls),
        "at_once": {"tasks": tasks, "each": at_once.each(options.calls * tasks)},
        "fresh": fresh,
        "many": {"plugins": options.plugins, "took_ms": millis(took), "kib_each": kib_each},
    });
    if options.json {
        println!("{figures}");
    } else {
        println!("{figures:#}");
    }
    Ok(())
}

/// A call that must have ended well, and with the verdict that everything passes: another way would be measured else.
async fn check(plugin: &Loaded, message: &Message) -> Fallible<()> {
    match plugin.check(message, &CallTerms::default()).await? {
        Called { reply: Ok(Verdict::Allow), .. } => Ok(()),
        Called { reply, .. } => Err(format!("the text is to be allowed, and not {reply:?}").into()),
    }
}

async fn one_by_one(plugin: &Loaded, message: &Message, calls: u32) -> Fallible<Spent> {
    check(plugin, message).await?;
    let began = Spent::now()?;
    for _ in 0..calls {
        check(plugin, message).await?;
    }
    began.until_now()
}

/// Up to `calls` calls, as many as [`FRESH`] leaves time for.
async fn anew(plugin: &Loaded, message: &Message, calls: u32) -> Fallible<Value> {
    check(plugin, message).await?;
    let (began, started, mut made) = (Spent::now()?, Instant::now(), 0);
    while made < calls.max(1) && started.elapsed() < FRESH {
        check(plugin, message).await?;
        made += 1;
    }
    Ok(began.until_now()?.each(made))
}

async fn at_once(plugin: &Arc<Loaded>, message: &Arc<Message>, calls: u32, tasks: u32) -> Fallible<Spent> {
    let began = Spent::now()?;
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let (plugin, message) = (Arc::clone(plugin), Arc::clone(message));
            tokio::spawn(async move {
                for _ in 0..calls {
                    check(&plugin, &message).await.map_err(|error| error.to_string())?;
                }
                Ok::<_, String>(())
            })
        })
        .collect();
    for task in running {
        task.await??;
    }
    began.until_now()
}

/// Time on the wall, and of the processor: on a machine with other work only the second says something.
struct Spent {
    wall: Duration,
    processor: Duration,
}

impl Spent {
    fn now() -> Fallible<Self> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Ok(Self { wall, processor: Duration::from_micros(micros.try_into()?) })
    }

    fn until_now(&self) -> Fallible<Self> {
        let now = Self::now()?;
        Ok(Self { wall: now.wall - self.wall, processor: now.processor - self.processor })
    }

    /// What one of `calls` took.
    fn each(&self, calls: u32) -> Value {
        let each = |time: Duration| time.as_nanos() as f64 / f64::from(calls);
        json!({"wall_ns": each(self.wall), "processor_ns": each(self.processor)})
    }
}

/// Memory of this process that is in RAM.
fn resident_kib() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn message(text: &str) -> Message {
    let id = "018f0000-0000-7000-8000-000000000001".to_owned();
    let sender = User {
        id: id.clone(),
        name: "Ann".to_owned(),
        is_bot: false,
        is_guest: false,
        joined_at: 0.0,
        extra: Vec::new(),
    };
    Message {
        id: id.clone(),
        room: id,
        seq: None,
        sender,
        role: "member".to_owned(),
        kind: "text".to_owned(),
        text: text.to_owned(),
        content: None,
        reply_to: None,
        mentions: Vec::new(),
        at: 0.0,
        hops: 0,
        extra: Vec::new(),
    }
}
