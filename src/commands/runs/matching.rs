//! The runs that an order is for: those that a filter leaves, without those for which it makes no sense.
//!
//! What makes no sense is known only when a run is looked at, so the store is asked page by page, from the newest run
//! back, until there are as many as wanted.

use std::cmp::Reverse;
use std::collections::HashSet;

use cosell_engine::run::RunId;
use cosell_engine::store::{Order, RunQuery, RunSummary, Store};
use jiff::Timestamp;

use super::list;
use super::orders::Wish;
use crate::cli::RunFilter;
use crate::failure::Failure;

/// Runs that the store is asked for at once.
const PAGE: usize = 1000;

/// Runs that an order is for.
#[derive(Debug)]
pub(super) struct Matching {
    /// The newest of them, the oldest of these first.
    pub(super) runs: Vec<RunSummary>,
    /// There are older ones.
    pub(super) has_more: bool,
}

/// The newest runs that are meant, at most so many: without those that belong to another, those for which the same
/// order waits, and, where they are to be done once more, those that were already.
pub(super) async fn matching(
    wish: Wish,
    store: &dyn Store,
    filter: &RunFilter,
    most: usize,
) -> Result<Matching, Failure> {
    let outcomes = filter.outcome.as_ref().map_or(wish.usual(), std::slice::from_ref);
    let search = Search { wish, store, waiting: waiting(wish, store).await?, page: PAGE };
    let mut runs = Vec::new();
    for outcome in outcomes {
        let filter = RunFilter { outcome: Some(*outcome), ..filter.clone() };
        // One more than wanted tells whether there are more.
        runs.extend(search.newest(filter.query(None), most.saturating_add(1)).await?);
    }
    runs.sort_by_key(|run| Reverse(run.started));
    let has_more = runs.len() > most;
    runs.truncate(most);
    runs.reverse();
    Ok(Matching { runs, has_more })
}

/// The runs for which the same order waits.
async fn waiting(wish: Wish, store: &dyn Store) -> Result<HashSet<RunId>, Failure> {
    let run = |order: Order| match &order {
        Order::Resubmit { run } | Order::Cancel { run } | Order::Resume { run } => {
            (wish.order(run.clone()) == order).then(|| run.clone())
        }
        _ => None,
    };
    Ok(store.orders().await.map_err(Failure::world)?.into_iter().filter_map(|(_, order)| run(order)).collect())
}

/// Looks for runs that an order is for.
struct Search<'a> {
    wish: Wish,
    store: &'a dyn Store,
    waiting: HashSet<RunId>,
    page: usize,
}

impl Search<'_> {
    /// The newest that are meant, newest first, at most so many.
    async fn newest(&self, mut query: RunQuery, most: usize) -> Result<Vec<RunSummary>, Failure> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut page = self.page;
        loop {
            query.most = Some(page);
            let runs = self.store.runs(&query).await.map_err(Failure::world)?;
            let oldest = runs.last().filter(|_| runs.len() == page).map(|run| run.started);
            let ids: HashSet<RunId> = runs.iter().map(|run| run.id.clone()).collect();
            if ids.is_subset(&seen) {
                // More runs of one millisecond than a page holds: only a larger one gets past them.
                page = page.saturating_mul(2);
            }
            for run in runs {
                if !seen.contains(&run.id) && self.is_meant(&run).await? {
                    found.push(run);
                    if found.len() == most {
                        return Ok(found);
                    }
                }
            }
            let Some(oldest) = oldest else { return Ok(found) };
            seen = ids;
            let next = end_of_millisecond(oldest);
            query.until = Some(query.until.map_or(next, |until| until.min(next)));
        }
    }

    async fn is_meant(&self, run: &RunSummary) -> Result<bool, Failure> {
        if list::top(&run.id) != run.id.0 || self.waiting.contains(&run.id) {
            return Ok(false);
        }
        if self.wish != Wish::Resubmit {
            return Ok(true);
        }
        let again = RunQuery { resubmits: Some(run.id.clone()), most: Some(1), ..RunQuery::default() };
        Ok(self.store.runs(&again).await.map_err(Failure::world)?.is_empty())
    }
}

/// A list is ordered by millisecond, so a page may end within one: the next page begins with all of it.
fn end_of_millisecond(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond().saturating_add(1)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use cosell_engine::outcome::Outcome;
    use cosell_engine::run::Event;
    use cosell_engine::store::{MemoryStore, Transition};
    use serde_json::Value;

    use super::*;

    /// A run that failed: its id, in which millisecond it began, and the run that it did once more.
    async fn add(store: &MemoryStore, id: &str, millisecond: i64, resubmits: Option<&str>) {
        let at = Timestamp::from_millisecond(1_772_000_000_000 + millisecond).unwrap();
        let resubmits = resubmits.map(|id| RunId(id.to_owned()));
        let (flow, pack) = ("deals".to_owned(), String::new());
        let started = Event::RunStarted { flow, pack, trigger: Value::Null, resubmits, at };
        let finished = Event::RunFinished { outcome: Outcome::Failed, error: None, at };
        let transition = Transition {
            run: RunId(id.to_owned()),
            after: 0,
            events: vec![started, finished],
            shown: None,
            fates: Vec::new(),
            keys: Vec::new(),
            sleeps_until: None,
        };
        store.commit(&[transition]).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_left_out_takes_no_place() {
        let store = MemoryStore::new();
        let runs = [("a", 0), ("b", 1), ("c", 2), ("d", 2), ("e", 2), ("e/child", 2), ("f", 2), ("g", 3), ("h", 4)];
        for (id, millisecond) in runs {
            add(&store, id, millisecond, None).await;
        }
        for (id, of) in [("i", "h"), ("j", "d"), ("k", "b")] {
            add(&store, id, 5, Some(of)).await;
        }
        let all = ["k", "j", "i", "g", "f", "e", "c", "a"];
        for page in [1, 2, 3, 5, 100] {
            for most in [1, 3, 4, 7, 8, 9] {
                let waiting = HashSet::new();
                let search = Search { wish: Wish::Resubmit, store: &store, waiting, page };
                let found = search.newest(RunQuery::default(), most).await.unwrap();
                let found: Vec<&str> = found.iter().map(|run| &*run.id.0).collect();
                assert_eq!(found, all[..most.min(all.len())], "page {page}, most {most}");
            }
        }
    }

    #[tokio::test]
    async fn the_newest_are_meant_and_older_ones_told() {
        let store = MemoryStore::new();
        for (id, millisecond) in [("a", 0), ("b", 1), ("c", 2)] {
            add(&store, id, millisecond, None).await;
        }
        for (most, expected, has_more) in
            [(1, vec!["c"], true), (2, vec!["b", "c"], true), (3, vec!["a", "b", "c"], false)]
        {
            let matching = matching(Wish::Resume, &store, &RunFilter::default(), most).await.unwrap();
            let found: Vec<&str> = matching.runs.iter().map(|run| &*run.id.0).collect();
            assert_eq!((found, matching.has_more), (expected, has_more), "{most}");
        }
    }
}
