//! `cosell runs list`: runs in lines, for people or programs.

use cosell_engine::run::RunId;
use cosell_engine::store::{RunSummary, Store};
use jiff::{SignedDuration, Timestamp};

use crate::cli::{RunFilter, StoreArgs};
use crate::failure::Failure;
use crate::{moment, print, store};

/// The fewest characters of an id that are shown: those that say the millisecond in which the run began.
const SHORTEST_ID: usize = 13;

pub(super) async fn list(filter: &RunFilter, most: usize, as_json: bool, args: &StoreArgs) -> Result<(), Failure> {
    let desk = store::attach(args)?;
    // One more than wanted tells whether there are more.
    let mut runs = desk.store().runs(&filter.query(Some(most.saturating_add(1)))).await.map_err(Failure::world)?;
    let has_more = runs.len() > most;
    runs.truncate(most);
    if as_json {
        for run in &runs {
            print::line(serde_json::to_string(run).map_err(Failure::world)?);
        }
        return Ok(());
    }
    table(&runs, Timestamp::now()).iter().for_each(print::line);
    match (runs.len(), has_more) {
        (0, _) if filter.is_empty() => print::line("no runs are kept"),
        (0, _) => print::line("no run is as asked for"),
        (_, true) => print::line(format!("the newest {most}; `--most` shows more")),
        _ => {}
    }
    Ok(())
}

/// Runs as a table with a heading; what a run failed at, or what it waits for, stands below it.
pub(super) fn table(runs: &[RunSummary], now: Timestamp) -> Vec<String> {
    if runs.is_empty() {
        return Vec::new();
    }
    let ids = short_ids(runs);
    let mut rows = vec![["began (UTC)", "run", "outcome", "took", "flow", "about"].map(str::to_owned)];
    rows.extend(runs.iter().zip(ids).map(|(run, id)| row(run, id, now)));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths = [0, 1, 2, 3, 4].map(width);
    let mut lines = Vec::new();
    for (number, row) in rows.iter().enumerate() {
        let columns = row.iter().zip(widths).map(|(text, width)| format!("{text:width$}"));
        let line = columns.chain(row.last().cloned()).collect::<Vec<_>>().join("  ");
        lines.push(line.trim_end().to_owned());
        let below = number.checked_sub(1).and_then(|run| note(&runs[run], now));
        lines.extend(below.map(|note| format!("{:width$}  {note}", "", width = widths[0])));
    }
    lines
}

fn row(run: &RunSummary, id: String, now: Timestamp) -> [String; 6] {
    let outcome = match run.outcome {
        Some(outcome) => outcome.name(),
        None if is_asleep(run, now) => "sleeping",
        None => "running",
    };
    [
        run.started.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        id,
        outcome.to_owned(),
        took(run.finished.unwrap_or(now).duration_since(run.started)),
        run.flow.clone(),
        run.about.join(", "),
    ]
}

fn note(run: &RunSummary, now: Timestamp) -> Option<String> {
    match (&run.error, run.sleeps_until) {
        (Some(error), _) => Some(format!("✖ {error}").replace('\n', " ")),
        (None, Some(until)) if is_asleep(run, now) => Some(format!("sleeps until {}", moment::shown(until))),
        _ => None,
    }
}

fn is_asleep(run: &RunSummary, now: Timestamp) -> bool {
    run.finished.is_none() && run.sleeps_until.is_some_and(|until| until > now)
}

/// A duration in few characters.
pub(super) fn took(duration: SignedDuration) -> String {
    match duration.as_millis() {
        ..0 => String::new(),
        millis @ 0..1000 => format!("{millis} ms"),
        millis @ 1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => format!("{:#}", SignedDuration::from_secs(duration.as_secs())),
    }
}

/// The beginnings of ids by which the runs of a list can be told apart. A child's names its parent so too.
fn short_ids(runs: &[RunSummary]) -> Vec<String> {
    let mut tops: Vec<&str> = runs.iter().map(|run| top(&run.id)).collect();
    tops.sort_unstable();
    tops.dedup();
    let alike = |pair: &[&str]| pair[0].bytes().zip(pair[1].bytes()).take_while(|(left, right)| left == right).count();
    let longest_alike = tops.windows(2).map(alike).max().unwrap_or(0);
    let length = SHORTEST_ID.max(longest_alike + 1);
    let short = |run: &RunSummary| {
        let top = top(&run.id);
        let kept: String = top.chars().take(length).collect();
        format!("{kept}{}", &run.id.0[top.len()..])
    };
    runs.iter().map(short).collect()
}

/// The id of the run that a child belongs to; that of another run is its own.
pub(super) fn top(id: &RunId) -> &str {
    id.0.split_once('/').map_or(id.0.as_str(), |(top, _)| top)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use cosell_engine::outcome::Outcome;
    use cosell_engine::run::{RunId, StepError};
    use cosell_engine::store::RunSummary;
    use jiff::Timestamp;

    use super::{short_ids, table, took};

    fn run(id: &str) -> RunSummary {
        RunSummary {
            id: RunId(id.to_owned()),
            flow: "deals".to_owned(),
            about: vec!["deal/17".to_owned(), "deal/a".to_owned()],
            resubmits: None,
            started: "2026-03-02T08:00:00Z".parse().unwrap(),
            sleeps_until: None,
            finished: None,
            outcome: None,
            error: None,
        }
    }

    #[test]
    fn a_table_says_how_runs_stand() {
        let now: Timestamp = "2026-03-02T08:02:03Z".parse().unwrap();
        let failed = RunSummary {
            finished: "2026-03-02T08:00:01.250Z".parse().ok(),
            outcome: Some(Outcome::Failed),
            error: Some(StepError::value("get", "no such\ndeal")),
            ..run("0198c5e2-7a3b-7000-8000-000000000001")
        };
        let asleep = RunSummary {
            sleeps_until: "2026-03-02T09:00:00Z".parse().ok(),
            ..run("0198c5e2-7a3c-7000-8000-000000000002")
        };
        let awake = RunSummary { sleeps_until: Some(now), ..run("0198c5e2-7a3d-7000-8000-000000000003/child/call") };
        let expected = "\
began (UTC)          run                       outcome   took   flow   about
2026-03-02 08:00:00  0198c5e2-7a3b             failed    1.2 s  deals  deal/17, deal/a
                     ✖ `get`: no such deal (invalid_value)
2026-03-02 08:00:00  0198c5e2-7a3c             sleeping  2m 3s  deals  deal/17, deal/a
                     sleeps until 2026-03-02 09:00:00 UTC
2026-03-02 08:00:00  0198c5e2-7a3d/child/call  running   2m 3s  deals  deal/17, deal/a";
        assert_eq!(table(&[failed, asleep, awake], now).join("\n"), expected);
        assert_eq!(table(&[], now), Vec::<String>::new());
    }

    #[test]
    fn ids_are_as_long_as_it_takes_to_tell_them_apart() {
        let short = |ids: &[&str]| short_ids(&ids.iter().map(|id| run(id)).collect::<Vec<_>>());
        assert_eq!(short(&["0198c5e2-7a3b-7c00", "0198c5e2-7a3b-7c11"]), ["0198c5e2-7a3b-7c0", "0198c5e2-7a3b-7c1"]);
        assert_eq!(short(&["0198c5e2-7a3b-7c00"]), ["0198c5e2-7a3b"]);
        assert_eq!(
            short(&["0198c5e2-7a3b-7c00", "0198c5e2-7a3b-7c00/a/call"]),
            ["0198c5e2-7a3b", "0198c5e2-7a3b/a/call"]
        );
        assert_eq!(short(&["été"]), ["été"]);
    }

    #[test]
    fn durations_are_short() {
        let cases = [(0, "0 ms"), (999, "999 ms"), (1_000, "1.0 s"), (59_999, "59.9 s"), (3_600_000, "1h"), (-5, "")];
        for (millis, expected) in cases {
            assert_eq!(took(jiff::SignedDuration::from_millis(millis)), expected);
        }
    }
}
