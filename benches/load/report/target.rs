//! What is asked of `cosell`, figure by figure.

use super::Report;
use crate::million::Million;
use crate::program::Program;

/// Of the throughput of the durable reference, at the setting that is judged.
const OF_DURABLE: f64 = 0.6;
/// Times the throughput of Node-RED, there too.
const TIMES_NODE_RED: f64 = 3.0;
/// Milliseconds from event to effect at half of that load, beside four latencies of the services.
const EFFECT: f64 = 60.0;
/// Megabytes.
const IDLE: f64 = 30.0;
/// Milliseconds.
const FIRST_ACCEPTED: f64 = 100.0;
/// Milliseconds.
const CPU: f64 = 0.6;
/// Throughput with a full store, of that with an empty one.
const OF_EMPTY: f64 = 0.9;
/// Milliseconds, for any list of runs in a full store.
const LIST: f64 = 50.0;
/// Milliseconds, with a full store.
const FIRST_ACCEPTED_FULL: f64 = 300.0;
/// Events: none may be lost or done twice.
const WRONG: f64 = 1.0;

/// A figure beside its target.
pub(super) struct Target {
    pub(super) key: &'static str,
    title: &'static str,
    pub(super) value: Option<f64>,
    target: f64,
    at_least: bool,
}

impl Target {
    /// All that a report can say something about.
    pub(super) fn all(report: &Report) -> Vec<Target> {
        let of = |program: Program| report.figures(program);
        let ratio = |other: Program| Some(of(Program::Cosell)?.completed / of(other)?.completed);
        let ours = of(Program::Cosell);
        let latency = report.judged.latency.as_secs_f64() * 1e3;
        let half = report.half_load.as_ref().map(|(_, figures)| figures.effect.p99);
        let target = |key, title, value, target, at_least| Target { key, title, value, target, at_least };
        let wrong = report.wrong().map(|events| events as f64);
        let mut all = vec![
            target("lost_or_doubled", "events lost or done twice, in all rounds", wrong, WRONG, false),
            target("ratio_ref_durable", "throughput, of ref_durable", ratio(Program::Durable), OF_DURABLE, true),
            target("ratio_node_red", "throughput, times node_red", ratio(Program::NodeRed), TIMES_NODE_RED, true),
            target("half_load_p99_ms", "event to effect at half load, p99 ms", half, EFFECT + 4.0 * latency, false),
            target("idle_mb", "idle memory, MB", ours.and_then(|ours| ours.idle_memory), IDLE, false),
            target(
                "first_accepted_ms",
                "start to the first event accepted, ms",
                ours.map(|ours| ours.first_accepted.as_secs_f64() * 1e3),
                FIRST_ACCEPTED,
                false,
            ),
            target("cpu_ms", "processor time of a run, ms", ours.and_then(|ours| ours.cpu), CPU, false),
        ];
        if let Some(Million { empty, full, lists, .. }) = &report.million {
            let slowest = lists.iter().map(|(_, ms)| *ms).max_by(f64::total_cmp);
            let first = full.first_accepted.as_secs_f64() * 1e3;
            let ratio = full.completed / empty.completed;
            all.extend([
                target("ratio_million", "throughput with a full store, of an empty", Some(ratio), OF_EMPTY, true),
                target("list_million_ms", "any list of runs in a full store, ms", slowest, LIST, false),
                target(
                    "first_accepted_million_ms",
                    "first event accepted with a full store, ms",
                    Some(first),
                    FIRST_ACCEPTED_FULL,
                    false,
                ),
            ]);
        }
        all
    }

    /// Nothing where the figure is missing.
    pub(super) fn is_met(&self) -> Option<bool> {
        self.value.map(|value| if self.at_least { value >= self.target } else { value < self.target })
    }

    pub(super) fn line(&self) -> String {
        let sign = if self.at_least { "at least" } else { "under" };
        let (value, judged) = match (self.value, self.is_met()) {
            (Some(value), Some(met)) => (format!("{value:10.2}"), if met { "met" } else { "missed" }),
            _ => (format!("{:>10}", "unknown"), "not judged"),
        };
        format!("{:40} {value}   {sign} {}: {judged}", self.title, self.target)
    }
}
