//! From times to a table, or to a line of JSON; every benchmark shares it.

use std::fmt::Display;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use serde_json::{Map, Value, json};

/// What a benchmark is told.
#[derive(Parser)]
struct Arguments {
    /// A tenth of the rounds.
    #[arg(long)]
    quick: bool,
    /// One line of JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Cargo says this to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Is a benchmark: takes all measures and prints them. `measure` is given what divides the number of rounds.
pub(crate) async fn run<E: Display>(measure: impl AsyncFnOnce(u32) -> Result<Report, E>) -> ExitCode {
    let arguments = Arguments::parse();
    match measure(if arguments.quick { 10 } else { 1 }).await {
        Ok(report) if arguments.json => report.print_json(),
        Ok(report) => report.print_table(),
        Err(failure) => {
            tell(&failure);
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

#[expect(clippy::print_stderr, reason = "a benchmark tells its failure on standard error")]
fn tell(failure: &dyn Display) {
    eprintln!("error: {failure}");
}

/// One measure, taken many times.
pub(crate) struct Figure {
    key: &'static str,
    title: &'static str,
    /// In ascending order.
    times: Vec<Duration>,
    target: Option<Duration>,
}

/// In what a figure is told.
#[derive(Clone, Copy)]
enum Unit {
    Milliseconds,
    Microseconds,
}

impl Unit {
    fn of(self, time: Duration) -> f64 {
        match self {
            Unit::Milliseconds => time.as_secs_f64() * 1e3,
            Unit::Microseconds => time.as_secs_f64() * 1e6,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Unit::Milliseconds => "ms",
            Unit::Microseconds => "us",
        }
    }
}

/// All measures.
pub(crate) struct Report(pub(crate) Vec<Figure>);

impl Figure {
    pub(crate) fn new(key: &'static str, title: &'static str, mut times: Vec<Duration>) -> Figure {
        times.sort();
        Figure { key, title, times, target: None }
    }

    /// The same, with a target for its median.
    pub(crate) fn under(self, target: Duration) -> Figure {
        Figure { target: Some(target), ..self }
    }

    /// Short times are told in microseconds.
    fn unit(&self) -> Unit {
        if self.median() < Duration::from_micros(500) { Unit::Microseconds } else { Unit::Milliseconds }
    }

    /// The median.
    fn median(&self) -> Duration {
        self.times.get(self.times.len() / 2).copied().unwrap_or_default()
    }

    /// The time that `percent` of the rounds did not exceed (nearest rank), in the figure's unit.
    fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.times.len() * percent).div_ceil(100).max(1);
        self.times.get(rank - 1).map_or(0.0, |time| self.unit().of(*time))
    }

    fn line(&self) -> String {
        let target = self.target.map_or(String::new(), |target| {
            let met = if self.median() < target { "met" } else { "missed" };
            format!("  (target: under {} {}, {met})", self.unit().of(target), self.unit().name())
        });
        let (median, p95, rounds) = (self.percentile(50), self.percentile(95), self.times.len());
        format!("{:56} {median:9.2} {p95:9.2} {} {rounds:7}{target}", self.title, self.unit().name())
    }

    fn data(&self) -> Value {
        let key = |what: &str| format!("{what}_{}", self.unit().name());
        let mut data = Map::new();
        data.insert(key("median"), json!(rounded(self.percentile(50))));
        data.insert(key("p95"), json!(rounded(self.percentile(95))));
        data.insert("rounds".to_owned(), json!(self.times.len()));
        data.extend(self.target.map(|target| (key("target"), json!(self.unit().of(target)))));
        Value::Object(data)
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what the benchmark is for")]
impl Report {
    /// A table for people.
    pub(crate) fn print_table(&self) {
        println!("{:56} {:>9} {:>9} {:>10}", format!("on {} cores", cores()), "median", "p95", "rounds");
        for figure in &self.0 {
            println!("{}", figure.line());
        }
    }

    /// The same as one line of JSON.
    pub(crate) fn print_json(&self) {
        let mut all: Map<String, Value> = self.0.iter().map(|figure| (figure.key.to_owned(), figure.data())).collect();
        all.insert("cores".to_owned(), json!(cores()));
        println!("{}", Value::Object(all));
    }
}

/// To a hundredth: the rest is noise.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
