//! An engine that is killed: at every append to its store, inside every call, twice in a row, and while it takes up
//! what it left. Both services must end as they do undisturbed.
//!
//! The services and the people live in the test, the engine in a process of its own ([`child`]), which is killed for
//! good (`SIGKILL` on Unix). Its calls pass a [`gate`], where one of them can be caught before the service sees it or
//! after it was done. What the services hold in the end is told by [`stage`], without ids and times.

mod child;
mod gate;
mod stage;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stage::Stage;
use tokio::task::JoinSet;

/// Where an engine is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Point {
    /// After so many appends to its store: events taken in, or transitions.
    Append(usize),
    /// At that call, before the service sees it.
    BeforeCall(usize),
    /// At that call, after the service did it and before it has answered.
    AfterCall(usize),
}

/// Engines at once: they wait more than they work.
const AT_ONCE: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_engine_loses_nothing_and_does_nothing_twice() {
    let undisturbed = Stage::start().await.play(&[]).await;
    let points = points(undisturbed.appends, undisturbed.calls);
    let killed = Arc::new(AtomicUsize::new(0));
    let mut expected = 0;
    let mut plays = JoinSet::new();
    for (number, point) in points.iter().enumerate() {
        // Every few points the next engine is killed too: while it takes up what was left, or soon after.
        let plan = match number % 8 {
            3 => vec![*point, Point::Append(1)],
            5 => vec![*point, Point::BeforeCall(1)],
            7 => vec![*point, Point::AfterCall(1), Point::Append(2)],
            _ => vec![*point],
        };
        expected += 1;
        if plays.len() == AT_ONCE {
            plays.join_next().await.unwrap().unwrap();
        }
        let (killed, state) = (Arc::clone(&killed), undisturbed.state.clone());
        plays.spawn(async move {
            let outcome = Stage::start().await.play(&plan).await;
            killed.fetch_add(usize::from(outcome.kills > 0), Ordering::Relaxed);
            assert_eq!(outcome.state, state, "killed at {plan:?}; the runs:\n{}", outcome.story.join("\n"));
        });
    }
    while let Some(played) = plays.join_next().await {
        played.unwrap();
    }
    let killed = killed.load(Ordering::Relaxed);
    // Events that come close together may become one run, so a late point is not always reached.
    assert!(killed * 10 >= expected * 9, "only {killed} of {expected} engines were killed");
}

/// Every append, and every call on both of its sides.
fn points(appends: usize, calls: usize) -> Vec<Point> {
    let at_calls = (1..=calls).flat_map(|call| [Point::BeforeCall(call), Point::AfterCall(call)]);
    (1..=appends).map(Point::Append).chain(at_calls).collect()
}
