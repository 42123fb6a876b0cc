//! The figures of one repetition, and the median of several.

use serde::Serialize;

use crate::{
    histogram::Histogram,
    ledger::Faults,
    meter::{Load, Spent},
    traffic::Tally,
};

/// Which side was the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Full {
    Server,
    Client,
    Both,
    Neither,
}

impl Full {
    fn of(server: Load, client: Load) -> Self {
        match (server.is_full(), client.is_full()) {
            (true, true) => Self::Both,
            (true, false) => Self::Server,
            (false, true) => Self::Client,
            (false, false) => Self::Neither,
        }
    }

    /// For the printed table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Server => "server full",
            Self::Client => "client full",
            Self::Both => "both full",
            Self::Neither => "neither",
        }
    }
}

/// The median of several repetitions of one server in one scenario.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Measure {
    Flow(Flow),
    Idle(Idle),
    Connects(Connects),
}

impl Measure {
    /// What the ratios are made of: more is better.
    pub(crate) fn score(&self) -> f64 {
        match self {
            Self::Flow(flow) => flow.per_cpu_second,
            Self::Idle(idle) => 1.0 / idle.kib_per_connection.max(f64::EPSILON),
            Self::Connects(connects) => connects.connects_per_second,
        }
    }

    /// What went wrong in all repetitions together.
    pub(crate) fn faults(&self) -> Faults {
        match self {
            Self::Flow(flow) => flow.faults,
            Self::Idle(_) | Self::Connects(_) => Faults::default(),
        }
    }

    /// The median, figure by figure, of repetitions of one kind; `None` of nothing.
    pub(crate) fn median(all: &[Self]) -> Option<Self> {
        let flows: Vec<_> =
            all.iter().filter_map(|m| if let Self::Flow(x) = m { Some(x) } else { None }).collect();
        let idles: Vec<_> =
            all.iter().filter_map(|m| if let Self::Idle(x) = m { Some(x) } else { None }).collect();
        let connects: Vec<_> =
            all.iter().filter_map(|m| if let Self::Connects(x) = m { Some(x) } else { None }).collect();
        match all.first()? {
            Self::Flow(_) => Some(Self::Flow(Flow::median(&flows))),
            Self::Idle(_) => Some(Self::Idle(Idle::median(&idles))),
            Self::Connects(_) => Some(Self::Connects(Connects::median(&connects))),
        }
    }
}

/// Messages that flow. Where nobody but the sender is in the room, a delivery is an acknowledgement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Flow {
    pub(crate) deliveries_per_second: f64,
    pub(crate) acks_per_second: f64,
    pub(crate) per_cpu_second: f64,
    pub(crate) server: Load,
    pub(crate) client: Load,
    pub(crate) full: Full,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) ack_p50_ms: f64,
    pub(crate) ack_p99_ms: f64,
    pub(crate) faults: Faults,
    pub(crate) first_complaint: Option<String>,
}

impl Flow {
    /// The figures of one run.
    pub(crate) fn of(tally: &Tally) -> Self {
        let Spent { elapsed, server_cpu, server, client } = tally.spent;
        let seconds = elapsed.as_secs_f64();
        let alone = tally.deliveries == 0;
        let counted = if alone { tally.acked } else { tally.deliveries };
        let delivery = if alone { &tally.ack } else { &tally.delivery };
        Self {
            deliveries_per_second: counted as f64 / seconds,
            acks_per_second: tally.acked as f64 / seconds,
            // A tick at least: what used less than the clock can tell is not infinitely fast.
            per_cpu_second: counted as f64 / server_cpu.as_secs_f64().max(0.01),
            server,
            client,
            full: Full::of(server, client),
            p50_ms: millis(delivery, 0.5),
            p99_ms: millis(delivery, 0.99),
            ack_p50_ms: millis(&tally.ack, 0.5),
            ack_p99_ms: millis(&tally.ack, 0.99),
            faults: tally.faults,
            first_complaint: tally.first_complaint.clone(),
        }
    }

    fn median(all: &[&Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(|flow| figure(flow)));
        let server = Load { process: of(|f| f.server.process), core: of(|f| f.server.core) };
        let client = Load { process: of(|f| f.client.process), core: of(|f| f.client.core) };
        let mut faults = Faults::default();
        all.iter().for_each(|flow| faults.add(flow.faults));
        Self {
            deliveries_per_second: of(|f| f.deliveries_per_second),
            acks_per_second: of(|f| f.acks_per_second),
            per_cpu_second: of(|f| f.per_cpu_second),
            server,
            client,
            full: Full::of(server, client),
            p50_ms: of(|f| f.p50_ms),
            p99_ms: of(|f| f.p99_ms),
            ack_p50_ms: of(|f| f.ack_p50_ms),
            ack_p99_ms: of(|f| f.ack_p99_ms),
            faults,
            first_complaint: all.iter().find_map(|flow| flow.first_complaint.clone()),
        }
    }
}

/// Connections that are there.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Idle {
    pub(crate) connections: usize,
    /// With the few connections that warmed the server up.
    pub(crate) resident_before_kib: f64,
    pub(crate) resident_after_kib: f64,
    pub(crate) kib_per_connection: f64,
}

impl Idle {
    /// `connections` more made `before` bytes `after` bytes.
    pub(crate) fn of(connections: usize, before: u64, after: u64) -> Self {
        let kib = |bytes: u64| bytes as f64 / 1024.0;
        Self {
            connections,
            resident_before_kib: kib(before),
            resident_after_kib: kib(after),
            kib_per_connection: (kib(after) - kib(before)) / connections as f64,
        }
    }

    fn median(all: &[&Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(|idle| figure(idle)));
        Self {
            connections: all[0].connections,
            resident_before_kib: of(|i| i.resident_before_kib),
            resident_after_kib: of(|i| i.resident_after_kib),
            kib_per_connection: of(|i| i.kib_per_connection),
        }
    }
}

/// Connections that come.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Connects {
    pub(crate) connects: usize,
    pub(crate) connects_per_second: f64,
    pub(crate) server_cpu_micros_each: f64,
    pub(crate) server: Load,
    pub(crate) client: Load,
    pub(crate) full: Full,
}

impl Connects {
    /// `count` connections came while `spent` passed.
    pub(crate) fn of(count: usize, spent: Spent) -> Self {
        let Spent { elapsed, server_cpu, server, client } = spent;
        Self {
            connects: count,
            connects_per_second: count as f64 / elapsed.as_secs_f64(),
            server_cpu_micros_each: server_cpu.as_secs_f64() * 1e6 / count as f64,
            server,
            client,
            full: Full::of(server, client),
        }
    }

    fn median(all: &[&Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(all.iter().map(|connects| figure(connects)));
        let server = Load { process: of(|c| c.server.process), core: of(|c| c.server.core) };
        let client = Load { process: of(|c| c.client.process), core: of(|c| c.client.core) };
        Self {
            connects: all[0].connects,
            connects_per_second: of(|c| c.connects_per_second),
            server_cpu_micros_each: of(|c| c.server_cpu_micros_each),
            server,
            client,
            full: Full::of(server, client),
        }
    }
}

fn millis(histogram: &Histogram, share: f64) -> f64 {
    histogram.quantile(share).unwrap_or_default() as f64 / 1000.0
}

/// The middle one, or the mean of the two middle ones.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
        assert_eq!(median([4.0, 1.0].into_iter()), 2.5);
    }

    #[test]
    fn a_side_without_time_to_spare_was_full_unless_others_took_it() {
        let busy = Load { process: 0.98, core: 1.0 };
        let with_interrupts = Load { process: 0.91, core: 1.0 };
        let crowded = Load { process: 0.6, core: 1.0 };
        let idle = Load { process: 0.5, core: 0.5 };
        assert_eq!(Full::of(busy, idle), Full::Server);
        assert_eq!(Full::of(idle, with_interrupts), Full::Client);
        assert_eq!(Full::of(busy, with_interrupts), Full::Both);
        assert_eq!(Full::of(idle, crowded), Full::Neither);
    }
}
