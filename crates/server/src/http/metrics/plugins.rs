//! What plugins do. Their counters are read as they are at each scrape, not copied: a plugin that is gone leaves no line
//! behind, and one that is installed anew counts from nothing.

use prometheus::proto::{Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType, Quantile, Summary};
use teahouse_plugin_host::QuarantineState;
use teahouse_plugins::{PluginStats, RecordStats};

/// A label's name and value.
type Label<'a> = (&'a str, &'a str);

/// All of it, family by family.
pub(super) fn families(stats: &[PluginStats], records: RecordStats) -> Vec<MetricFamily> {
    let mut all = [calls(stats), by_word(stats), requests(stats), events(stats), holdings(stats)].concat();
    let dropped = counter(&[], records.verdicts_dropped);
    let help = "Plugins' verdicts that were not recorded.";
    all.push(family("teahouse_plugin_verdicts_dropped_total", help, MetricType::COUNTER, vec![dropped]));
    // One without a line would be refused by the encoder, and the whole scrape with it.
    all.retain(|family| !family.get_metric().is_empty());
    all
}

fn calls(stats: &[PluginStats]) -> Vec<MetricFamily> {
    let help = "Calls of plugins by hook, and what they took.";
    let metrics = each(stats, |plugin, metrics| {
        for hook in &plugin.host.hooks {
            let mut summary = Summary::default();
            summary.set_sample_count(hook.calls);
            summary.set_sample_sum(hook.total.as_secs_f64());
            let quantiles = [(0.5, hook.p50), (0.99, hook.p99)];
            let quantiles = quantiles.map(|(share, took)| {
                let mut quantile = Quantile::default();
                quantile.set_quantile(share);
                quantile.set_value(took.as_secs_f64());
                quantile
            });
            summary.set_quantile(quantiles.to_vec());
            let mut metric = labelled(&[("plugin", &plugin.plugin), ("hook", hook.hook.name())]);
            metric.set_summary(summary);
            metrics.push(metric);
        }
    });
    vec![family("teahouse_plugin_call_seconds", help, MetricType::SUMMARY, metrics)]
}

fn by_word(stats: &[PluginStats]) -> Vec<MetricFamily> {
    let outcomes = each(stats, |plugin, metrics| {
        metrics.extend(plugin.host.outcomes.iter().map(|(outcome, count)| {
            counter(&[("plugin", &plugin.plugin), ("outcome", outcome.name())], *count)
        }));
    });
    let failures =
        each(stats, |plugin, metrics| {
            metrics.extend(
                plugin.host.failures.iter().map(|(kind, count)| {
                    counter(&[("plugin", &plugin.plugin), ("kind", kind.name())], *count)
                }),
            );
        });
    vec![
        family(
            "teahouse_plugin_outcomes_total",
            "How calls of plugins ended: verdicts, events handled, errors that a plugin told itself.",
            MetricType::COUNTER,
            outcomes,
        ),
        family(
            "teahouse_plugin_failures_total",
            "Calls of plugins that ended without an answer, by kind.",
            MetricType::COUNTER,
            failures,
        ),
    ]
}

fn requests(stats: &[PluginStats]) -> Vec<MetricFamily> {
    let refused =
        each(stats, |plugin, metrics| {
            // The house's count: what the sandbox refuses for want of a grant is among it, as `denied`.
            metrics.extend(plugin.refused.iter().map(|refused| {
                refusal(&plugin.plugin, refused.capability.name(), refused.why, refused.count)
            }));
        });
    let made = each(stats, |plugin, metrics| metrics.push(counter(&name(plugin), plugin.host.host_calls)));
    vec![
        family(
            "teahouse_plugin_refused_total",
            "Requests of plugins to the server that were refused, by capability and reason.",
            MetricType::COUNTER,
            refused,
        ),
        family(
            "teahouse_plugin_host_calls_total",
            "Requests of plugins to the server.",
            MetricType::COUNTER,
            made,
        ),
    ]
}

fn refusal(plugin: &str, capability: &str, reason: &str, count: u64) -> Metric {
    counter(&[("plugin", plugin), ("capability", capability), ("reason", reason)], count)
}

fn events(stats: &[PluginStats]) -> Vec<MetricFamily> {
    let became = each(stats, |plugin, metrics| {
        let queue = &plugin.queue;
        let became = [
            ("queued", queue.queued),
            ("handled", queue.handled),
            ("retried", queue.retried),
            ("dropped", queue.dropped),
        ];
        metrics.extend(
            became.map(|(what, count)| counter(&[("plugin", &plugin.plugin), ("what", what)], count)),
        );
    });
    vec![
        family(
            "teahouse_plugin_events_total",
            "What became of the events of bots on this node.",
            MetricType::COUNTER,
            became,
        ),
        level("teahouse_plugin_events_waiting", "Events of bots that wait, on all nodes.", stats, |plugin| {
            plugin.waiting
        }),
    ]
}

fn holdings(stats: &[PluginStats]) -> Vec<MetricFamily> {
    let states = each(stats, |plugin, metrics| {
        let now = state(plugin);
        metrics
            .extend(["running", "quarantined", "broken", "resting"].map(|state| {
                gauge(&[("plugin", &plugin.plugin), ("state", state)], u64::from(state == now))
            }));
    });
    let warm = each(stats, |plugin, metrics| {
        for (part, count) in [("filter", plugin.warm.0), ("bot", plugin.warm.1)] {
            metrics.push(gauge(&[("plugin", &plugin.plugin), ("part", part)], count as u64));
        }
    });
    vec![
        family("teahouse_plugin_state", "1 for the state that a plugin is in.", MetricType::GAUGE, states),
        family("teahouse_plugin_instances", "Warm instances of plugins.", MetricType::GAUGE, warm),
        level(
            "teahouse_plugin_memory_high_water_bytes",
            "The most memory that one instance had.",
            stats,
            |plugin| plugin.host.memory_high_water_bytes as u64,
        ),
        level("teahouse_plugin_kv_bytes", "Bytes that plugins keep, on all nodes.", stats, |plugin| {
            plugin.kv.bytes
        }),
        level("teahouse_plugin_kv_keys", "Keys that plugins keep, on all nodes.", stats, |plugin| {
            plugin.kv.keys
        }),
    ]
}

/// As `Plugins::state` tells them apart.
fn state(plugin: &PluginStats) -> &'static str {
    match (&plugin.problem, &plugin.version, &plugin.quarantine) {
        (Some(_), ..) => "broken",
        (None, None, _) => "resting",
        (None, Some(_), QuarantineState::Free) => "running",
        (None, Some(_), _) => "quarantined",
    }
}

fn name(plugin: &PluginStats) -> [Label<'_>; 1] {
    [("plugin", &plugin.plugin)]
}

fn each(stats: &[PluginStats], tell: impl Fn(&PluginStats, &mut Vec<Metric>)) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for plugin in stats {
        tell(plugin, &mut metrics);
    }
    metrics
}

/// One gauge a plugin.
fn level(
    metric: &str,
    help: &str,
    stats: &[PluginStats],
    read: impl Fn(&PluginStats) -> u64,
) -> MetricFamily {
    let metrics = stats.iter().map(|plugin| gauge(&name(plugin), read(plugin))).collect();
    family(metric, help, MetricType::GAUGE, metrics)
}

fn family(name: &str, help: &str, kind: MetricType, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.to_owned());
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floating point")]
fn counter(labels: &[Label<'_>], count: u64) -> Metric {
    let mut counter = Counter::default();
    counter.set_value(count as f64);
    let mut metric = labelled(labels);
    metric.set_counter(counter);
    metric
}

#[expect(clippy::cast_precision_loss, reason = "Prometheus counts in floating point")]
fn gauge(labels: &[Label<'_>], count: u64) -> Metric {
    let mut gauge = Gauge::default();
    gauge.set_value(count as f64);
    let mut metric = labelled(labels);
    metric.set_gauge(gauge);
    metric
}

fn labelled(labels: &[Label<'_>]) -> Metric {
    let pairs = labels.iter().map(|(name, value)| {
        let mut pair = LabelPair::default();
        pair.set_name((*name).to_owned());
        pair.set_value((*value).to_owned());
        pair
    });
    Metric::from_label(pairs.collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus::{Encoder as _, TextEncoder};
    use teahouse_plugin_host::{Capability, FailureKind, Hook, HookStats, Outcome, StatsSnapshot};
    use teahouse_plugins::{QueueStats, Refused};
    use teahouse_store::plugin_kv::Usage;

    use super::*;

    fn busy() -> PluginStats {
        let check = HookStats {
            hook: Hook::Check,
            calls: 4,
            p50: Duration::from_millis(1),
            p99: Duration::from_millis(20),
            total: Duration::from_millis(50),
        };
        PluginStats {
            plugin: "tea.words".into(),
            version: Some("1.0.0".into()),
            digest: None,
            generation: Some(1),
            problem: None,
            quarantine: QuarantineState::Quarantined { until_ms: 1, reason: "trap".to_owned() },
            host: StatsSnapshot {
                hooks: vec![check],
                outcomes: vec![(Outcome::Reject, 3)],
                failures: vec![(FailureKind::Trap, 1)],
                refused: vec![(Capability::Http, 2)],
                host_calls: 9,
                instances_made: 1,
                memory_high_water_bytes: 65_536,
            },
            warm: (2, 1),
            refused: vec![
                Refused { capability: Capability::Http, why: "denied", count: 2 },
                Refused { capability: Capability::Messages, why: "rate_limited", count: 5 },
            ],
            queue: QueueStats { queued: 8, handled: 6, retried: 2, dropped: 1 },
            waiting: 1,
            kv: Usage { bytes: 120, keys: 3 },
        }
    }

    fn text(stats: &[PluginStats]) -> String {
        let families = families(stats, RecordStats { verdicts_dropped: 7 });
        let mut text = Vec::new();
        TextEncoder::new().encode(&families, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn each_plugin_tells_what_it_did_and_what_it_holds() {
        let text = text(&[busy()]);
        for line in [
            r#"teahouse_plugin_call_seconds{plugin="tea.words",hook="check",quantile="0.5"} 0.001"#,
            r#"teahouse_plugin_call_seconds{plugin="tea.words",hook="check",quantile="0.99"} 0.02"#,
            r#"teahouse_plugin_call_seconds_sum{plugin="tea.words",hook="check"} 0.05"#,
            r#"teahouse_plugin_call_seconds_count{plugin="tea.words",hook="check"} 4"#,
            r#"teahouse_plugin_outcomes_total{plugin="tea.words",outcome="reject"} 3"#,
            r#"teahouse_plugin_failures_total{plugin="tea.words",kind="trap"} 1"#,
            r#"teahouse_plugin_refused_total{plugin="tea.words",capability="http",reason="denied"} 2"#,
            r#"teahouse_plugin_refused_total{plugin="tea.words",capability="messages",reason="rate_limited"} 5"#,
            r#"teahouse_plugin_host_calls_total{plugin="tea.words"} 9"#,
            r#"teahouse_plugin_events_total{plugin="tea.words",what="retried"} 2"#,
            r#"teahouse_plugin_events_waiting{plugin="tea.words"} 1"#,
            r#"teahouse_plugin_state{plugin="tea.words",state="running"} 0"#,
            r#"teahouse_plugin_state{plugin="tea.words",state="quarantined"} 1"#,
            r#"teahouse_plugin_instances{plugin="tea.words",part="filter"} 2"#,
            r#"teahouse_plugin_memory_high_water_bytes{plugin="tea.words"} 65536"#,
            r#"teahouse_plugin_kv_bytes{plugin="tea.words"} 120"#,
            r#"teahouse_plugin_kv_keys{plugin="tea.words"} 3"#,
            "teahouse_plugin_verdicts_dropped_total 7",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
    }

    #[test]
    fn a_server_without_plugins_tells_none() {
        assert!(!text(&[]).contains("plugin="));
    }
}
