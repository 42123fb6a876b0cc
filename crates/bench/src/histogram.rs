//! Latencies counted in buckets 3 % wide, so that recording one costs a few nanoseconds and no allocation.

/// Buckets for each doubling of the value.
const STEPS: usize = 32;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// 2^40 µs is twelve days.
const DOUBLINGS: usize = 40;

/// Counts of microseconds.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; STEPS * DOUBLINGS], total: 0 }
    }

    /// Counts one latency.
    #[inline]
    pub(crate) fn record(&mut self, micros: u64) {
        let bucket = bucket_of(micros).min(self.counts.len() - 1);
        self.counts[bucket] += 1;
        self.total += 1;
    }

    /// The latency that `share` (0 to 1) of all stay at or below, in microseconds; `None` before the first.
    pub(crate) fn quantile(&self, share: f64) -> Option<u64> {
        if self.total == 0 {
            return None;
        }
        let wanted = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        let bucket = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })?;
        Some(upper_edge(bucket))
    }
}

fn bucket_of(micros: u64) -> usize {
    if micros < STEPS as u64 {
        return micros as usize;
    }
    let doubling = micros.ilog2() - STEP_BITS;
    let step = (micros >> doubling) as usize - STEPS;
    (doubling as usize + 1) * STEPS + step
}

fn upper_edge(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let doubling = bucket / STEPS - 1;
    (((bucket % STEPS + STEPS) as u64 + 1) << doubling) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_within_a_bucket() {
        let mut histogram = Histogram::new();
        assert_eq!(histogram.quantile(0.5), None);
        for micros in 1..=100_000 {
            histogram.record(micros);
        }
        for (share, expected) in [(0.5, 50_000.0), (0.99, 99_000.0), (1.0, 100_000.0), (0.0, 1.0)] {
            let got = histogram.quantile(share).expect("values were recorded") as f64;
            assert!((expected..=expected * 1.04).contains(&got), "{share}: {got}");
        }
    }

    #[test]
    fn buckets_follow_each_other_without_gap() {
        let mut last = 0;
        for micros in 0..1_000_000 {
            let bucket = bucket_of(micros);
            assert!(bucket == last || bucket == last + 1, "{micros}");
            assert!(upper_edge(bucket) >= micros);
            last = bucket;
        }
    }
}
