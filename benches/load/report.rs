//! The figures as a table with the targets, or as one line of JSON.

use serde_json::{Map, Value, json};

use crate::driver::Setting;
use crate::figures::Figures;
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

/// All figures.
pub(crate) struct Report {
    /// The medians, in the order in which they are told.
    pub(crate) rows: Vec<(Setting, Program, Figures)>,
    /// The setting that is judged.
    pub(crate) judged: Setting,
    /// At half of the throughput of the judged setting.
    pub(crate) half_load: Option<(Setting, Figures)>,
}

/// A figure beside its target.
struct Target {
    key: &'static str,
    title: &'static str,
    value: Option<f64>,
    target: f64,
    at_least: bool,
}

#[expect(clippy::print_stdout, reason = "the figures are what the benchmark is for")]
impl Report {
    /// Tables for people.
    pub(crate) fn print_table(&self) {
        println!("{}", heading());
        for (setting, program, figures) in &self.rows {
            println!("{}", line(setting, program.name(), figures));
        }
        if let Some((setting, figures)) = &self.half_load {
            println!("{}", line(setting, "cosell, half", figures));
        }
        println!();
        for target in self.targets() {
            println!("{}", target.line());
        }
    }

    /// The same as one line of JSON.
    pub(crate) fn print_json(&self) {
        let mut all = Map::new();
        for target in self.targets() {
            all.insert(target.key.to_owned(), json!(target.value.map(rounded)));
        }
        let met = |target: &Target| target.is_met().unwrap_or(false);
        all.insert("targets_met".to_owned(), json!(self.targets().iter().all(met)));
        let rows = self.rows.iter().map(|(setting, program, figures)| data(setting, program.name(), figures));
        let half = self.half_load.iter().map(|(setting, figures)| data(setting, "cosell_half_load", figures));
        all.insert("rows".to_owned(), rows.chain(half).collect());
        all.insert("cores".to_owned(), json!(std::thread::available_parallelism().map_or(1, |cores| cores.get())));
        println!("{}", Value::Object(all));
    }
}

impl Report {
    fn targets(&self) -> Vec<Target> {
        let of = |program: Program| self.figures(program);
        let ratio = |other: Program| Some(of(Program::Cosell)?.completed / of(other)?.completed);
        let ours = of(Program::Cosell);
        let latency = self.judged.latency.as_secs_f64() * 1e3;
        let half = self.half_load.as_ref().map(|(_, figures)| figures.effect.p99);
        let target = |key, title, value, target, at_least| Target { key, title, value, target, at_least };
        vec![
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
        ]
    }

    fn figures(&self, wanted: Program) -> Option<&Figures> {
        self.rows
            .iter()
            .find(|(setting, program, _)| *setting == self.judged && *program == wanted)
            .map(|(_, _, figures)| figures)
    }
}

impl Target {
    fn is_met(&self) -> Option<bool> {
        self.value.map(|value| if self.at_least { value >= self.target } else { value < self.target })
    }

    fn line(&self) -> String {
        let sign = if self.at_least { "at least" } else { "under" };
        let (value, judged) = match (self.value, self.is_met()) {
            (Some(value), Some(met)) => (format!("{value:10.2}"), if met { "met" } else { "missed" }),
            _ => (format!("{:>10}", "unknown"), "not judged"),
        };
        format!("{:40} {value}   {sign} {}: {judged}", self.title, self.target)
    }
}

fn heading() -> String {
    format!(
        "{:>7} {:>7} {:14} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9} {:>7} {:>6} {:>6} {:>8} {:>5} {:>7} {:>7}",
        "latency",
        "senders",
        "program",
        "accept/s",
        "done/s",
        "accept50",
        "accept99",
        "effect50",
        "effect99",
        "cpu ms",
        "idle",
        "end MB",
        "first ms",
        "lost",
        "doubled",
        "refused",
    )
}

fn line(setting: &Setting, program: &str, figures: &Figures) -> String {
    let known = |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |value| format!("{value:.digits$}"));
    format!(
        "{:>7} {:>7} {program:14} {:8.0} {:8.0} {:9.2} {:9.2} {:9.1} {:9.1} {:>7} {:>6} {:>6} {:8.0} {:5} {:7} {:7}",
        format!("{} ms", setting.latency.as_millis()),
        setting.senders,
        figures.accepted,
        figures.completed,
        figures.acceptance.p50,
        figures.acceptance.p99,
        figures.effect.p50,
        figures.effect.p99,
        known(figures.cpu, 3),
        known(figures.idle_memory, 1),
        known(figures.end_memory, 1),
        figures.first_accepted.as_secs_f64() * 1e3,
        figures.lost,
        figures.doubled,
        figures.refused,
    )
}

fn data(setting: &Setting, program: &str, figures: &Figures) -> Value {
    json!({
        "program": program,
        "latency_ms": setting.latency.as_millis(),
        "senders": setting.senders,
        "rate": setting.rate.map(rounded),
        "accepted_per_s": rounded(figures.accepted),
        "completed_per_s": rounded(figures.completed),
        "acceptance_ms": { "p50": rounded(figures.acceptance.p50), "p99": rounded(figures.acceptance.p99) },
        "effect_ms": { "p50": rounded(figures.effect.p50), "p99": rounded(figures.effect.p99) },
        "cpu_ms": figures.cpu.map(rounded),
        "idle_mb": figures.idle_memory.map(rounded),
        "end_mb": figures.end_memory.map(rounded),
        "first_accepted_ms": rounded(figures.first_accepted.as_secs_f64() * 1e3),
        "lost": figures.lost,
        "doubled": figures.doubled,
        "refused": figures.refused,
    })
}

/// To a thousandth: the rest is noise.
fn rounded(number: f64) -> f64 {
    (number * 1e3).round() / 1e3
}
