//! Counters that begin anew after a while: in the plugin's store, where all instances and nodes see them, and in
//! memory where the store can't be had.

use std::collections::HashMap;
use std::time::Duration;

use teahouse_plugin_sdk::{env, kv, log};

/// Counters in memory at most. One that is full forgets all: they are a makeshift.
const IN_MEMORY: usize = 2_000;

/// The counters of an instance.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    memory: HashMap<String, Counter>,
    warned: bool,
}

#[derive(Debug)]
struct Counter {
    count: u32,
    /// Milliseconds since 1970.
    ends: f64,
}

impl Counters {
    /// Adds to a counter that lives for `window` from its first use, and gives the sum.
    pub(crate) fn add(&mut self, key: &str, by: u32, window: Duration) -> u32 {
        match kv::increment(key, i32::try_from(by).unwrap_or(i32::MAX), Some(window)) {
            Ok(sum) => u32::try_from(sum).unwrap_or_default(),
            Err(error) => {
                if !self.warned {
                    self.warned = true;
                    log::warn(&format!("counting in memory: {error}"), &[]);
                }
                self.add_in_memory(key, by, window)
            }
        }
    }

    fn add_in_memory(&mut self, key: &str, by: u32, window: Duration) -> u32 {
        let now = env::now();
        if self.memory.len() >= IN_MEMORY && !self.memory.contains_key(key) {
            self.memory.retain(|_, counter| counter.ends > now);
            if self.memory.len() >= IN_MEMORY {
                self.memory.clear();
            }
        }
        let ends = now + window.as_secs_f64() * 1_000.0;
        let counter = self.memory.entry(key.to_owned()).or_insert(Counter { count: 0, ends });
        if counter.ends <= now {
            *counter = Counter { count: 0, ends };
        }
        counter.count = counter.count.saturating_add(by);
        counter.count
    }
}

#[cfg(test)]
mod tests {
    use teahouse_plugin_sdk::testkit::Host;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn instances_share_the_store() {
        let _host = Host::new();
        assert_eq!(Counters::default().add("a", 2, MINUTE), 2);
        assert_eq!(Counters::default().add("a", 1, MINUTE), 3);
    }

    #[test]
    fn without_the_store_memory_counts_and_says_so_once() {
        let host = Host::new();
        host.deny("kv");
        let mut counters = Counters::default();
        assert_eq!((counters.add("a", 2, MINUTE), counters.add("a", 1, MINUTE)), (2, 3));
        assert_eq!(host.lines().len(), 1);
    }

    #[test]
    fn a_window_ends() {
        let host = Host::new();
        for denied in [false, true] {
            if denied {
                host.deny("kv");
            }
            let mut counters = Counters::default();
            counters.add("w", 5, MINUTE);
            let _ = host.advance(Duration::from_secs(59));
            assert_eq!(counters.add("w", 1, MINUTE), 6);
            let _ = host.advance(Duration::from_secs(2));
            assert_eq!(counters.add("w", 1, MINUTE), 1);
        }
    }

    #[test]
    fn memory_is_bounded() {
        let host = Host::new();
        host.deny("kv");
        let mut counters = Counters::default();
        for number in 0..=IN_MEMORY {
            counters.add(&number.to_string(), 1, MINUTE);
        }
        assert!(counters.memory.len() <= IN_MEMORY);
    }
}
