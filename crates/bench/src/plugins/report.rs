//! The printed tables, and the same figures as JSON.

use std::path::Path;

use super::{
    aims::Verdict,
    calls::{Call, Calls},
    figures::{Outcome, Ratio, Row, micros_a_message},
    start::{Start, Started},
};
use crate::{args::Effort, machine::Machine, report as chat_report};

/// Prints what the figures were seen on.
pub(super) fn print_head(machine: &Machine, effort: &Effort) {
    chat_report::print_place(machine);
    println!(
        "{} repetition(s) of {} ms after {} ms of warm-up, the servers taking turns; medians",
        effort.reps,
        effort.window.as_millis(),
        effort.warm_up.as_millis()
    );
    println!("ratios to the server without filters: the median of the repetitions' own (least–most)");
}

/// Prints one subject's table.
pub(super) fn print_outcome(outcome: &Outcome) {
    match outcome {
        Outcome::Flow { title, rows, .. } => print_rows(title, rows),
        Outcome::Calls(calls) => print_calls(calls),
        Outcome::Start(start) => print_start(start),
    }
}

fn print_rows(title: &str, rows: &[Row]) {
    println!("\n{title}");
    println!(
        "  {:<16}{:>13}{:>8}{:>8}{:>12}{:>12}{:>22}{:>11}{:>9}{:>8}{:>6}{:>8}{:>6}{:>10}{:>8}",
        "",
        "deliveries/s",
        "server",
        "client",
        "per CPU-s",
        "µs/message",
        "× without filters",
        "µs/filter",
        "µs/call",
        "p50 ms",
        "×",
        "p99 ms",
        "×",
        "looks",
        "faults"
    );
    for row in rows {
        print_row(row);
    }
}

fn print_row(row: &Row) {
    let Row { crew, flow, proof, call_micros, against } = row;
    let dash = || "–".to_owned();
    let cpu = against.as_ref().map_or_else(dash, |a| spread(a.per_cpu_second));
    let added = against.as_ref().map_or_else(dash, |a| format!("{:.2}", a.micros_a_filter));
    let call = against.as_ref().map_or_else(dash, |_| format!("{call_micros:.2}"));
    let times = |ratio: Option<Ratio>| ratio.map_or_else(dash, |ratio| format!("{:.2}", ratio.median));
    println!(
        "  {:<16}{:>13.0}{:>8}{:>8}{:>12.0}{:>12.2}{:>22}{:>11}{:>9}{:>8.2}{:>6}{:>8.2}{:>6}{:>10}{:>8}",
        crew.title(),
        flow.deliveries_per_second,
        chat_report::percent(flow.server.process),
        chat_report::percent(flow.client.process),
        flow.per_cpu_second,
        micros_a_message(flow),
        cpu,
        added,
        call,
        flow.p50_ms,
        times(against.as_ref().map(|a| a.p50)),
        flow.p99_ms,
        times(against.as_ref().map(|a| a.p99)),
        proof.allowed,
        flow.faults.total()
    );
    if !proof.holds() {
        println!(
            "    !! filters should have looked {} times: {} looks let a message pass, {} did not or failed, amiss {}",
            proof.expected, proof.allowed, proof.otherwise, proof.amiss
        );
    }
    chat_report::print_flow_remarks(flow);
}

fn spread(ratio: Ratio) -> String {
    format!("{:.3} ({:.3}–{:.3})", ratio.median, ratio.least, ratio.most)
}

fn print_calls(calls: &Calls) {
    println!("\ncalls of `check` on one core, in the sandbox alone");
    println!(
        "  {:<32}{:>12}{:>14}{:>15}{:>12}{:>22}{:>12}",
        "", "µs wall", "µs processor", "µs on a fresh", "load ms", "plugins started, ms", "KiB each"
    );
    for (name, call) in [("no-op", &calls.noop), ("sensitive-words, 10 000 words", &calls.words)] {
        let Call { warm, fresh, many, loaded_ms, .. } = call;
        println!(
            "  {:<32}{:>12.2}{:>14.2}{:>15.1}{:>12.1}{:>22}{:>12.0}",
            name,
            warm.wall_ns / 1000.0,
            warm.processor_ns / 1000.0,
            fresh.processor_ns / 1000.0,
            loaded_ms,
            format!("{}: {:.0}", many.plugins, many.took_ms),
            many.kib_each
        );
    }
}

fn print_start(start: &Start) {
    println!("\nstart of the server from the compiled cache, on one core");
    println!(
        "  {:<16}{:>12}{:>14}{:>14}{:>16}",
        "", "ms wall", "ms processor", "resident KiB", "KiB a plugin"
    );
    let line = |name: &str, started: Started, each: String| {
        let Started { wall_ms, processor_ms, resident_kib } = started;
        println!("  {name:<16}{wall_ms:>12.0}{processor_ms:>14.0}{resident_kib:>14.0}{each:>16}");
    };
    line("0 plugins", start.without, "–".to_owned());
    line(&format!("{} plugins", start.plugins), start.with, format!("{:.0}", start.kib_each()));
}

/// Prints the aims, met or not.
pub(super) fn print_verdicts(verdicts: &[Verdict]) {
    if verdicts.is_empty() {
        return;
    }
    println!("\nAims");
    for Verdict { about, aim, seen, met } in verdicts {
        println!("  {about:<28} {aim:<38} {seen:>9}  {}", if *met { "met" } else { "not met" });
    }
}

/// Prints whether every promise was kept.
pub(super) fn print_end(clean: bool) {
    if clean {
        println!("\n0 lost, 0 doubled, 0 misordered, and every filter looked at every message once");
    } else {
        println!(
            "\nmessages were lost, doubled or misordered, or passed unseen: the figures above do not count"
        );
    }
}

/// Writes everything to `path`.
pub(super) fn write_json(
    path: &Path,
    machine: &Machine,
    effort: &Effort,
    outcomes: &[Outcome],
    verdicts: &[Verdict],
) -> anyhow::Result<()> {
    chat_report::write_document(path, machine, effort, ("subjects", &outcomes), verdicts)
}
