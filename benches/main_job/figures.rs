//! From times to a table, or to a line of JSON.

use std::time::Duration;

use serde_json::{Map, Value, json};

/// One measure, taken many times.
pub(crate) struct Figure {
    key: &'static str,
    title: &'static str,
    /// In ascending order.
    times: Vec<Duration>,
    target: Option<Duration>,
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

    /// The time that `percent` of the rounds did not exceed (nearest rank); in milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.times.len() * percent).div_ceil(100).max(1);
        self.times.get(rank - 1).map_or(0.0, |time| milliseconds(*time))
    }

    fn line(&self) -> String {
        let target = self.target.map_or(String::new(), |target| {
            let met = if self.percentile(50) < milliseconds(target) { "met" } else { "missed" };
            format!("  (target: under {} ms, {met})", milliseconds(target))
        });
        let (median, p95, rounds) = (self.percentile(50), self.percentile(95), self.times.len());
        format!("{:56} {median:9.2} {p95:9.2} {rounds:7}{target}", self.title)
    }

    fn data(&self) -> Value {
        let mut data = json!({
            "median_ms": rounded(self.percentile(50)),
            "p95_ms": rounded(self.percentile(95)),
            "rounds": self.times.len(),
        });
        if let Some(target) = self.target {
            data["target_ms"] = json!(milliseconds(target));
        }
        data
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what the benchmark is for")]
impl Report {
    /// A table for people; times in milliseconds.
    pub(crate) fn print_table(&self) {
        println!("{:56} {:>9} {:>9} {:>7}", format!("milliseconds, on {} cores", cores()), "median", "p95", "rounds");
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

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// To a hundredth: the rest is noise.
fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
