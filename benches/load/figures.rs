//! What one measurement gave, and the median of several.

use std::time::{Duration, Instant};

use crate::Failure;
use crate::back_end::Ledger;

/// An event that was accepted.
pub(crate) struct Sent {
    /// The number of its deal.
    pub(crate) deal: usize,
    /// When it was sent, or due.
    pub(crate) at: Instant,
    pub(crate) accepted: Instant,
    /// How often it was refused before.
    pub(crate) refused: usize,
}

/// What one measurement gave. What the system does not tell is missing.
#[derive(Debug, Clone)]
pub(crate) struct Figures {
    /// Events accepted in a second.
    pub(crate) accepted: f64,
    /// Events in a second whose effects were seen.
    pub(crate) completed: f64,
    /// From sending to acceptance.
    pub(crate) acceptance: Percentiles,
    /// From sending to the last effect.
    pub(crate) effect: Percentiles,
    /// Processor time of a run in milliseconds.
    pub(crate) cpu: Option<f64>,
    /// Resident memory in megabytes before the load, and after it.
    pub(crate) idle_memory: Option<f64>,
    pub(crate) end_memory: Option<f64>,
    /// From the start of the process to the first event accepted.
    pub(crate) first_accepted: Duration,
    /// Events that were accepted and had no effect, that had one twice, and answers that said "later".
    pub(crate) lost: usize,
    pub(crate) doubled: usize,
    pub(crate) refused: usize,
}

/// Half of the events took no longer than the first, all but a hundredth no longer than the second; in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Figures {
    /// The figures of events that began to be sent at `began`, with the processor time in seconds that they took.
    pub(crate) fn new(began: Instant, sent: &[Sent], ledger: &Ledger, cpu: Option<f64>) -> Result<Figures, Failure> {
        if let (wrong @ 1.., Some(first)) = ledger.wrong() {
            return Err(format!("{wrong} requests were not what the job asks for, the first: {first}").into());
        }
        let done: Vec<(&Sent, Instant)> =
            sent.iter().filter_map(|sent| Some((sent, ledger.of(sent.deal).done?))).collect();
        let until = |last: Option<Instant>| last.map_or(f64::INFINITY, |last| (last - began).as_secs_f64());
        let all_accepted = until(sent.iter().map(|sent| sent.accepted).max());
        let all_done = until(done.iter().map(|(_, at)| *at).max());
        Ok(Figures {
            accepted: sent.len() as f64 / all_accepted,
            completed: done.len() as f64 / all_done,
            acceptance: Percentiles::of(sent.iter().map(|sent| sent.accepted - sent.at).collect()),
            effect: Percentiles::of(done.iter().map(|(sent, at)| at.saturating_duration_since(sent.at)).collect()),
            cpu: cpu.map(|seconds| seconds * 1e3 / done.len().max(1) as f64),
            idle_memory: None,
            end_memory: None,
            first_accepted: Duration::ZERO,
            lost: sent.len() - done.len(),
            doubled: sent.iter().filter(|sent| ledger.of(sent.deal).is_doubled()).count(),
            refused: sent.iter().map(|sent| sent.refused).sum(),
        })
    }

    /// The median of each figure; of what must not happen, the sum.
    pub(crate) fn median(all: &[Figures]) -> Option<Figures> {
        if all.is_empty() {
            return None;
        }
        let number = |of: fn(&Figures) -> f64| median(all.iter().map(of).collect()).unwrap_or_default();
        let known = |of: fn(&Figures) -> Option<f64>| median(all.iter().filter_map(of).collect());
        Some(Figures {
            accepted: number(|one| one.accepted),
            completed: number(|one| one.completed),
            acceptance: Percentiles { p50: number(|one| one.acceptance.p50), p99: number(|one| one.acceptance.p99) },
            effect: Percentiles { p50: number(|one| one.effect.p50), p99: number(|one| one.effect.p99) },
            cpu: known(|one| one.cpu),
            idle_memory: known(|one| one.idle_memory),
            end_memory: known(|one| one.end_memory),
            first_accepted: Duration::from_secs_f64(number(|one| one.first_accepted.as_secs_f64())),
            lost: all.iter().map(|one| one.lost).sum(),
            doubled: all.iter().map(|one| one.doubled).sum(),
            refused: all.iter().map(|one| one.refused).sum(),
        })
    }
}

impl Percentiles {
    /// By nearest rank; zero where there is nothing.
    fn of(mut times: Vec<Duration>) -> Percentiles {
        times.sort();
        let at = |percent: usize| {
            let rank = (times.len() * percent).div_ceil(100).max(1);
            times.get(rank - 1).map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        Percentiles { p50: at(50), p99: at(99) }
    }
}

fn median(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}
