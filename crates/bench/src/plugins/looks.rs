//! Whether filters really looked: what the server counts of them, beside what was sent.

use std::{collections::BTreeMap, net::SocketAddr};

use serde::Serialize;

use crate::http::Http;

/// What the server has counted of its plugins up to one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Looks {
    /// By plugin: calls that ended with `allow`.
    allowed: BTreeMap<String, u64>,
    /// Calls that ended otherwise, or failed.
    otherwise: u64,
    /// By plugin: half of the calls took no longer, since the server's start; in microseconds, to an eighth.
    p50_micros: BTreeMap<String, f64>,
    /// Plugins at work.
    pub(super) running: usize,
}

/// What filters did while messages were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Proof {
    /// Calls there must have been: a filter's for each message.
    pub(super) expected: u64,
    /// Calls that let a message pass.
    pub(super) allowed: u64,
    /// Calls that did not, or failed.
    pub(super) otherwise: u64,
    /// By how much each filter's calls differ from the messages, added up. With plugins that are missing.
    pub(super) amiss: u64,
}

impl Looks {
    /// Asks the server.
    pub(super) fn read(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self::parse(&Http::connect(address)?.text("/metrics")?))
    }

    fn parse(metrics: &str) -> Self {
        let mut looks = Self::default();
        for line in metrics.lines().filter(|line| line.starts_with("teahouse_plugin_")) {
            let Some((series, value)) = line.rsplit_once(' ') else { continue };
            let Some((name, labels)) = series.split_once('{') else { continue };
            let exact = value.parse::<f64>().unwrap_or_default();
            let value = exact as u64;
            match name {
                "teahouse_plugin_call_seconds"
                    if labels.contains("hook=\"check\"") && labels.contains("quantile=\"0.5\"") =>
                {
                    looks.p50_micros.insert(label(labels, "plugin").to_owned(), exact * 1e6);
                }
                "teahouse_plugin_outcomes_total" if labels.contains("outcome=\"allow\"") => {
                    looks.allowed.insert(label(labels, "plugin").to_owned(), value);
                }
                "teahouse_plugin_outcomes_total" | "teahouse_plugin_failures_total" => {
                    looks.otherwise += value;
                }
                "teahouse_plugin_state" if labels.contains("state=\"running\"") => {
                    looks.running += value as usize;
                }
                _ => {}
            }
        }
        looks
    }

    /// The median of what a call takes by the server's own clocks, its filters' mean; 0 without filters.
    pub(super) fn call_micros(&self) -> f64 {
        self.p50_micros.values().sum::<f64>() / self.p50_micros.len().max(1) as f64
    }

    /// What was counted since `before`, while `messages` passed `filters` filters.
    pub(super) fn since(&self, before: &Self, messages: u64, filters: usize) -> Proof {
        let counted: Vec<u64> = self
            .allowed
            .iter()
            .map(|(plugin, count)| {
                count - before.allowed.get(plugin).copied().unwrap_or_default().min(*count)
            })
            .collect();
        let missing = filters.saturating_sub(counted.len()) as u64 * messages;
        Proof {
            expected: messages * filters as u64,
            allowed: counted.iter().sum(),
            otherwise: self.otherwise.saturating_sub(before.otherwise),
            amiss: counted.iter().map(|count| count.abs_diff(messages)).sum::<u64>() + missing,
        }
    }
}

impl Proof {
    /// Whether each filter looked at each message, once, and let it pass.
    pub(super) fn holds(self) -> bool {
        self.amiss == 0 && self.otherwise == 0 && self.allowed == self.expected
    }

    /// Sums two runs'.
    pub(super) fn add(&mut self, other: Self) {
        self.expected += other.expected;
        self.allowed += other.allowed;
        self.otherwise += other.otherwise;
        self.amiss += other.amiss;
    }
}

fn label<'a>(labels: &'a str, name: &str) -> &'a str {
    let begin = format!("{name}=\"");
    labels.split_once(&begin).and_then(|(_, rest)| rest.split('"').next()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# HELP teahouse_plugin_outcomes_total How.\n\
        teahouse_plugin_outcomes_total{plugin=\"a\",outcome=\"allow\"} 5\n\
        teahouse_plugin_outcomes_total{outcome=\"reject\",plugin=\"b\"} 1\n\
        teahouse_plugin_state{plugin=\"a\",state=\"running\"} 1\n\
        teahouse_plugin_state{plugin=\"b\",state=\"running\"} 1\n\
        teahouse_plugin_state{plugin=\"b\",state=\"broken\"} 0\n\
        teahouse_plugin_call_seconds{hook=\"check\",plugin=\"a\",quantile=\"0.5\"} 0.000002\n\
        teahouse_plugin_call_seconds{hook=\"check\",plugin=\"b\",quantile=\"0.5\"} 0.000003\n\
        teahouse_plugin_call_seconds{hook=\"check\",plugin=\"b\",quantile=\"0.99\"} 0.1\n\
        teahouse_plugin_call_seconds_sum{hook=\"check\",plugin=\"b\"} 7\n\
        teahouse_messages_total 9\n";

    fn after(a: u64, b: u64, failures: u64) -> Looks {
        Looks::parse(&format!(
            "teahouse_plugin_outcomes_total{{outcome=\"allow\",plugin=\"a\"}} {a}\n\
             teahouse_plugin_outcomes_total{{outcome=\"allow\",plugin=\"b\"}} {b}\n\
             teahouse_plugin_outcomes_total{{outcome=\"reject\",plugin=\"b\"}} 1\n\
             teahouse_plugin_failures_total{{kind=\"trap\",plugin=\"b\"}} {failures}\n"
        ))
    }

    #[test]
    fn each_filter_must_have_looked_at_each_message() {
        let before = Looks::parse(BEFORE);
        assert_eq!(before.running, 2);
        assert!((before.call_micros() - 2.5).abs() < 1e-9);
        let check = |after: Looks, messages| after.since(&before, messages, 2).holds();
        assert!(check(after(15, 10, 0), 10));
        assert!(!check(after(14, 10, 0), 10), "one passed unseen");
        assert!(!check(after(14, 11, 0), 10), "one passed unseen, another was looked at twice");
        assert!(!check(after(15, 10, 1), 10), "a call failed");
        assert!(!check(after(5, 0, 0), 10), "nobody looked");
    }

    #[test]
    fn a_filter_that_the_server_never_heard_of_did_not_look() {
        let one = Looks::parse("teahouse_plugin_outcomes_total{outcome=\"allow\",plugin=\"a\"} 10\n");
        let proof = one.since(&Looks::default(), 10, 2);
        assert_eq!((proof.expected, proof.allowed, proof.amiss), (20, 10, 10));
        assert!(!proof.holds());
        assert!(Looks::default().since(&Looks::default(), 10, 0).holds(), "nobody is asked for");
    }
}
