//! Latencies in buckets that grow by an eighth: 1.8 KiB, one addition a call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Below this, all is one bucket: 256 ns.
const FIRST_POWER: u32 = 8;
/// Above this, all is one bucket: 69 s, more than the longest wall time.
const LAST_POWER: u32 = 36;
const PER_POWER: usize = 8;
const BUCKETS: usize = (LAST_POWER - FIRST_POWER) as usize * PER_POWER + 1;

/// Counts of calls by how long they took.
#[derive(Debug)]
pub(super) struct Histogram {
    buckets: [AtomicU64; BUCKETS],
    total_ns: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [const { AtomicU64::new(0) }; BUCKETS], total_ns: AtomicU64::new(0) }
    }
}

impl Histogram {
    pub(super) fn record(&self, took: Duration) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.buckets[bucket(ns)].fetch_add(1, Ordering::Relaxed);
        self.total_ns.fetch_add(ns, Ordering::Relaxed);
    }
}

fn bucket(ns: u64) -> usize {
    let power = ns.max(1).ilog2();
    if power < FIRST_POWER {
        return 0;
    }
    if power >= LAST_POWER {
        return BUCKETS - 1;
    }
    // The three bits after the highest one.
    let eighth = (ns >> (power - 3)) as usize & (PER_POWER - 1);
    (power - FIRST_POWER) as usize * PER_POWER + eighth + 1
}

/// The upper end of a bucket.
fn end_ns(bucket: usize) -> u64 {
    if bucket == 0 {
        return 1 << FIRST_POWER;
    }
    let (power, eighth) = ((bucket - 1) / PER_POWER, (bucket - 1) % PER_POWER);
    let base = 1u64 << (FIRST_POWER as usize + power);
    base + (base / PER_POWER as u64) * (eighth as u64 + 1)
}

/// Several histograms added up.
#[derive(Debug)]
pub(super) struct Quantiles {
    buckets: [u64; BUCKETS],
    total_ns: u64,
}

impl Default for Quantiles {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], total_ns: 0 }
    }
}

impl Quantiles {
    pub(super) fn add(&mut self, histogram: &Histogram) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&histogram.buckets) {
            *sum += bucket.load(Ordering::Relaxed);
        }
        self.total_ns = self.total_ns.saturating_add(histogram.total_ns.load(Ordering::Relaxed));
    }

    pub(super) fn calls(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub(super) fn total(&self) -> Duration {
        Duration::from_nanos(self.total_ns)
    }

    /// What `part` of the calls did not exceed.
    pub(super) fn at(&self, part: f64) -> Duration {
        let wanted = (self.calls() as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return Duration::from_nanos(end_ns(index));
            }
        }
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(ns: u64) {
        let end = end_ns(bucket(ns));
        assert!(end >= ns, "{ns} is above its bucket's end {end}");
        assert!(end as f64 <= ns as f64 * 1.13, "{ns} is in a bucket that ends at {end}");
    }

    #[test]
    fn a_bucket_is_an_eighth_wide() {
        for ns in [256, 257, 300, 511, 512, 1_000, 1_023, 1_024, 10_500_000, 60_000_000_000] {
            check(ns);
        }
        assert_eq!(bucket(0), 0);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_those_of_all_calls() {
        let histogram = Histogram::default();
        for _ in 0..99 {
            histogram.record(Duration::from_micros(1));
        }
        histogram.record(Duration::from_millis(1));
        let mut quantiles = Quantiles::default();
        quantiles.add(&histogram);
        assert_eq!(quantiles.calls(), 100);
        assert!(quantiles.at(0.99) < Duration::from_nanos(1_200));
        assert!(quantiles.at(1.0) >= Duration::from_millis(1));
        assert_eq!(quantiles.total(), Duration::from_micros(1_099));
    }
}
