//! The printed tables, and the same figures as JSON.

use std::{fs, path::Path};

use anyhow::Context as _;
use serde::Serialize;

use crate::{
    aims::Verdict,
    args::Effort,
    contestant::Name,
    machine::Machine,
    measure::{Connects, Flow, Idle, Measure},
    meter::Load,
    outcome::Outcome,
};

/// Prints what the figures were seen on.
pub(crate) fn print_head(machine: &Machine, effort: &Effort) {
    print_place(machine);
    println!(
        "{} repetition(s) of {} ms after {} ms of warm-up, the servers taking turns; medians; 128-byte texts",
        effort.reps,
        effort.window.as_millis(),
        effort.warm_up.as_millis()
    );
}

/// Prints the machine, the cores and the versions.
pub(crate) fn print_place(machine: &Machine) {
    println!("{}, Linux {}", machine.processor, machine.kernel);
    println!("server on core {}, load on core {}", machine.cores.server, machine.cores.client);
    println!("Node {}", machine.node.as_deref().unwrap_or("absent"));
    if let Some(version) = &machine.teahouse {
        println!("{version}");
    }
    println!("databases on {}", machine.data_file_system);
}

/// Prints one scenario's table.
pub(crate) fn print_outcome(outcome: &Outcome) {
    println!("\n{}", outcome.title);
    if let Some(entry) = outcome.entries.first() {
        println!("  {:<21}{}", "", heading(&entry.measure));
    }
    for entry in &outcome.entries {
        let figures = match &entry.measure {
            Measure::Flow(flow) => flow_line(flow),
            Measure::Idle(idle) => idle_line(idle),
            Measure::Connects(connects) => connects_line(connects),
        };
        let ratio = |other| match outcome.ratio(entry.server, other) {
            Some(ratio) => format!("{ratio:>8.2}"),
            None => format!("{:>8}", "–"),
        };
        println!("  {:<21}{figures}{}{}", entry.server.title(), ratio(Name::Node), ratio(Name::Bare));
        print_remarks(&entry.measure);
    }
}

fn heading(measure: &Measure) -> String {
    let ratios = format!("{:>8}{:>8}", "× Node", "× bare");
    match measure {
        Measure::Flow(_) => format!(
            "{:>12}{:>9}{:>8}{:>8}  {:<12}{:>9}{:>12}{:>9}{:>9}{:>8}{ratios}",
            "deliveries/s",
            "acks/s",
            "server",
            "client",
            "full",
            "µs CPU",
            "per CPU-s",
            "p50 ms",
            "p99 ms",
            "faults"
        ),
        Measure::Idle(_) => {
            format!("{:>12}{:>12}{:>12}{:>14}{ratios}", "connections", "before KiB", "after KiB", "KiB each")
        }
        Measure::Connects(_) => {
            format!(
                "{:>12}{:>8}{:>8}  {:<12}{:>9}{ratios}",
                "connects/s", "server", "client", "full", "µs CPU"
            )
        }
    }
}

fn flow_line(flow: &Flow) -> String {
    format!(
        "{:>12.0}{:>9.0}{:>8}{:>8}  {:<12}{:>9.2}{:>12.0}{:>9.2}{:>9.2}{:>8}",
        flow.deliveries_per_second,
        flow.acks_per_second,
        percent(flow.server.process),
        percent(flow.client.process),
        flow.full.title(),
        1e6 / flow.per_cpu_second,
        flow.per_cpu_second,
        flow.p50_ms,
        flow.p99_ms,
        flow.faults.total()
    )
}

fn idle_line(idle: &Idle) -> String {
    format!(
        "{:>12}{:>12.0}{:>12.0}{:>14.2}",
        idle.connections, idle.resident_before_kib, idle.resident_after_kib, idle.kib_per_connection
    )
}

fn connects_line(connects: &Connects) -> String {
    format!(
        "{:>12.0}{:>8}{:>8}  {:<12}{:>9.1}",
        connects.connects_per_second,
        percent(connects.server.process),
        percent(connects.client.process),
        connects.full.title(),
        connects.server_cpu_micros_each
    )
}

/// What must not be overlooked beside the figures: faults, and somebody else's work on the cores.
fn print_remarks(measure: &Measure) {
    match measure {
        Measure::Flow(flow) => print_flow_remarks(flow),
        Measure::Connects(connects) => print_disturbances(connects.server, connects.client),
        Measure::Idle(_) => {}
    }
}

/// The same for messages that flow.
pub(crate) fn print_flow_remarks(flow: &Flow) {
    let faults = flow.faults;
    if !faults.none() {
        println!(
            "    !! lost {}, doubled {}, misordered {}, stray {}, refused {}, closed {}; first: {}",
            faults.lost,
            faults.doubled,
            faults.misordered,
            faults.stray,
            faults.refused,
            faults.closed,
            flow.first_complaint.as_deref().unwrap_or("nothing was said")
        );
    }
    print_disturbances(flow.server, flow.client);
}

fn print_disturbances(server: Load, client: Load) {
    for (side, load) in [("server", server), ("client", client)] {
        if let Some(others) = load.disturbance() {
            println!(
                "    ! others used {} of the {side}'s core: rates and latencies suffer",
                percent(others)
            );
        }
    }
}

/// Prints the aims, met or not.
pub(crate) fn print_verdicts(verdicts: &[Verdict]) {
    if verdicts.is_empty() {
        return;
    }
    println!("\nAims");
    for verdict in verdicts {
        println!(
            "  {:<14} {:<21} {:<34} {:>9}  {}",
            serde_json::to_value(verdict.scenario)
                .ok()
                .and_then(|v| v.as_str().map(str::to_owned))
                .unwrap_or_default(),
            verdict.server.title(),
            verdict.aim,
            verdict.seen,
            if verdict.met { "met" } else { "not met" }
        );
    }
}

/// Prints whether every promise was kept.
pub(crate) fn print_end(clean: bool) {
    if clean {
        println!("\n0 lost, 0 doubled, 0 misordered in all runs");
    } else {
        println!("\nmessages were lost, doubled or misordered: the figures above do not count");
    }
}

/// Writes everything to `path`.
pub(crate) fn write_json(
    path: &Path,
    machine: &Machine,
    effort: &Effort,
    outcomes: &[Outcome],
    verdicts: &[Verdict],
) -> anyhow::Result<()> {
    let scenarios: Vec<_> = outcomes.iter().map(with_ratios).collect();
    write_document(path, machine, effort, ("scenarios", &scenarios), verdicts)
}

/// Writes what was measured, under its name, with what it was seen on and the aims.
pub(crate) fn write_document(
    path: &Path,
    machine: &Machine,
    effort: &Effort,
    (name, measured): (&str, &impl Serialize),
    aims: &[impl Serialize],
) -> anyhow::Result<()> {
    let document = serde_json::json!({
        "machine": machine,
        "repetitions": effort.reps,
        "window_ms": effort.window.as_millis() as u64,
        name: measured,
        "aims": aims,
    });
    let text = serde_json::to_string_pretty(&document).context("writing the figures as JSON")?;
    fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))
}

fn with_ratios(outcome: &Outcome) -> serde_json::Value {
    let ratios: Vec<_> = outcome
        .entries
        .iter()
        .map(|entry| {
            serde_json::json!({
                "server": entry.server,
                "times_node": outcome.ratio(entry.server, Name::Node),
                "times_bare": outcome.ratio(entry.server, Name::Bare),
            })
        })
        .collect();
    serde_json::json!({"outcome": outcome, "ratios": ratios})
}

pub(crate) fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}
