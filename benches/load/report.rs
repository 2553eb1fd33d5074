//! The figures as a table with the targets, or as one line of JSON.

mod target;

use serde_json::{Map, Value, json};

use crate::driver::Setting;
use crate::figures::Figures;
use crate::million::Million;
use crate::program::Program;
use target::Target;

/// All figures.
pub(crate) struct Report {
    /// The medians, in the order in which they are told.
    pub(crate) rows: Vec<(Setting, Program, Figures)>,
    /// The setting that is judged.
    pub(crate) judged: Setting,
    /// At half of the throughput of the judged setting.
    pub(crate) half_load: Option<(Setting, Figures)>,
    /// With a full store.
    pub(crate) million: Option<Million>,
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
        for target in Target::all(self) {
            println!("{}", target.line());
        }
        let Some(million) = &self.million else { return };
        println!(
            "\n{} finished runs in the store, {:.0} bytes each; the slowest of its lists, ms:",
            million.runs, million.bytes
        );
        for (name, ms) in &million.lists {
            println!("{name:40} {ms:10.2}");
        }
    }

    /// The same as one line of JSON.
    pub(crate) fn print_json(&self) {
        let mut all = Map::new();
        let targets = Target::all(self);
        for target in &targets {
            all.insert(target.key.to_owned(), json!(target.value.map(rounded)));
        }
        let met = |target: &Target| target.is_met().unwrap_or(false);
        all.insert("targets_met".to_owned(), json!(targets.iter().all(met)));
        if let Some(million) = &self.million {
            all.insert("bytes_a_run".to_owned(), json!(rounded(million.bytes)));
        }
        let rows = self.rows.iter().map(|(setting, program, figures)| data(setting, program.name(), figures));
        let half = self.half_load.iter().map(|(setting, figures)| data(setting, "cosell_half_load", figures));
        all.insert("rows".to_owned(), rows.chain(half).collect());
        all.insert("cores".to_owned(), json!(std::thread::available_parallelism().map_or(1, std::num::NonZero::get)));
        println!("{}", Value::Object(all));
    }
}

impl Report {
    fn figures(&self, wanted: Program) -> Option<&Figures> {
        self.rows
            .iter()
            .find(|(setting, program, _)| *setting == self.judged && *program == wanted)
            .map(|(_, _, figures)| figures)
    }

    /// Events that `cosell` lost or did twice, over all rounds of all measurements; nothing where there was none.
    fn wrong(&self) -> Option<usize> {
        let ours =
            self.rows.iter().filter(|(_, program, _)| *program == Program::Cosell).map(|(_, _, figures)| figures);
        let half = self.half_load.iter().map(|(_, figures)| figures);
        let million = self.million.iter().flat_map(|million| [&million.empty, &million.full]);
        ours.chain(half).chain(million).map(|figures| figures.lost + figures.doubled).reduce(std::ops::Add::add)
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
