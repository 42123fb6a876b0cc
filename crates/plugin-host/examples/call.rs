//! What a call costs: `cargo run --release -p teahouse-plugin-host --example call -- FILTER.wasm [CONFIG [TEXT]]`.
//!
//! Prints the time of `check` on one warm instance, on as many as there are cores at once, and on a fresh instance
//! each time; and what a hundred plugins take to start from compiled code, in time and memory.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use teahouse_plugin_host::wit::{Message, User};
use teahouse_plugin_host::{
    Compile, Exports, Grants, Host, HostConfig, Isolation, Limits, Loaded, PluginSpec, Telemetry,
};

#[path = "call/nothing.rs"]
mod nothing;

/// Calls of one measurement.
const CALLS: u32 = 200_000;
/// Plugins that are started together.
const PLUGINS: u64 = 100;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which component?")?;
    let config = arguments.next().unwrap_or_else(|| "{}".to_owned());
    let text =
        arguments.next().unwrap_or_else(|| "两杯茶,谢谢。明天下午三点老地方见,别忘了带上那本书。".to_owned());
    let cache = tempfile::tempdir()?;
    let host = Host::new(&HostConfig { cache: Some(cache.path().to_owned()), ..HostConfig::default() })?;
    let component: Arc<[u8]> = std::fs::read(&path)?.into();

    let began = Instant::now();
    let compiled = host.compile(Arc::clone(&component), &Compile::InProcess).await?;
    println!("compiled in {:?}", began.elapsed());
    let spec = |isolation| PluginSpec {
        id: "org.example.measured".into(),
        version: "1.0.0".into(),
        compiled: compiled.clone(),
        config: config.clone(),
        hooks: Exports { filter: true, ..Exports::default() },
        // Instances that are replaced in the middle would be measured too.
        limits: Limits { isolation, ..Limits::default() },
        grants: Grants::all(),
        services: Arc::new(nothing::Nothing),
        telemetry: Arc::new(Telemetry::default()),
    };
    let began = Instant::now();
    let warm = host.load(spec(Isolation::Warm)).await?;
    println!("loaded in {:?}", began.elapsed());
    let message = Arc::new(message(&text));

    show("warm, one at a time", &one_by_one(&warm, &message, CALLS).await?, CALLS);
    let cores = std::thread::available_parallelism()?.get() as u32;
    show(&format!("warm, {cores} at once"), &at_once(&warm, &message, cores).await?, CALLS * cores);
    let fresh = host.load(spec(Isolation::Call)).await?;
    show("fresh instance", &one_by_one(&fresh, &message, CALLS / 50).await?, CALLS / 50);
    let (before, began) = (resident_kib()?, Instant::now());
    let mut many = Vec::new();
    for _ in 0..PLUGINS {
        let compiled = host.compile(Arc::clone(&component), &Compile::InProcess).await?;
        many.push(host.load(PluginSpec { compiled, ..spec(Isolation::Warm) }).await?);
    }
    let (took, each) = (began.elapsed(), (resident_kib()? - before) / PLUGINS);
    println!("{PLUGINS} plugins from compiled code: {took:?}, {each} KiB each");
    for hook in warm.telemetry().stats.snapshot().hooks {
        println!("{}: {} calls, p50 {:?}, p99 {:?}", hook.hook.name(), hook.calls, hook.p50, hook.p99);
    }
    Ok(())
}

async fn one_by_one(plugin: &Loaded, message: &Message, calls: u32) -> Result<Spent, Box<dyn Error>> {
    plugin.check(message, None).await?;
    let began = Spent::now()?;
    for _ in 0..calls {
        plugin.check(message, None).await?;
    }
    began.until_now()
}

async fn at_once(plugin: &Arc<Loaded>, message: &Arc<Message>, tasks: u32) -> Result<Spent, Box<dyn Error>> {
    let began = Spent::now()?;
    let running: Vec<_> = (0..tasks)
        .map(|_| {
            let (plugin, message) = (Arc::clone(plugin), Arc::clone(message));
            tokio::spawn(async move {
                for _ in 0..CALLS {
                    plugin.check(&message, None).await?;
                }
                Ok::<_, teahouse_plugin_host::CallFailure>(())
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
    fn now() -> Result<Self, Box<dyn Error>> {
        let usage = getrusage(UsageWho::RUSAGE_SELF)?;
        let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
        let wall = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Ok(Self { wall, processor: Duration::from_micros(micros.try_into()?) })
    }

    fn until_now(&self) -> Result<Self, Box<dyn Error>> {
        let now = Self::now()?;
        Ok(Self { wall: now.wall - self.wall, processor: now.processor - self.processor })
    }
}

/// Memory of this process that is in RAM.
fn resident_kib() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn show(what: &str, spent: &Spent, calls: u32) {
    let each = |time: Duration| time.as_nanos() as f64 / f64::from(calls);
    println!("{what}: {:.0} ns a call, {:.0} ns of processor time", each(spent.wall), each(spent.processor));
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
