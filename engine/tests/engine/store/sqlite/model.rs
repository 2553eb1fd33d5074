//! Whatever is done, in whatever order, the store in a file gives the answers of the one in memory.

use std::path::Path;

use cosell_engine::outcome::Outcome;
use cosell_engine::run::Event;
use cosell_engine::store::{Fate, MemoryStore, RunQuery, Store, Transition};
use proptest::collection::vec;
use proptest::prelude::*;

use super::open;
use crate::store::{at, ended, event, responded, run, started, transition};

/// Something that an engine does.
#[derive(Debug, Clone)]
enum Step {
    Accept { flow: u8, keys: Vec<u8> },
    Commit { run: u8, what: What, out_of_step: bool },
}

/// What becomes of a run that has begun.
#[derive(Debug, Clone, Copy)]
enum What {
    GoesOn,
    Sleeps,
    Ends(Outcome, Option<&'static str>),
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        3 => Just(What::GoesOn),
        1 => Just(What::Sleeps),
        1 => Just(What::Ends(Outcome::Succeeded, None)),
        1 => Just(What::Ends(Outcome::Failed, Some("busy"))),
        1 => Just(What::Ends(Outcome::TimedOut, Some("late"))),
    ];
    let commit = (0..6_u8, what, prop::bool::weighted(0.1));
    prop_oneof![
        1 => (0..3_u8, vec(0..9_u8, 0..3)).prop_map(|(flow, keys)| Step::Accept { flow, keys }),
        4 => commit.prop_map(|(run, what, out_of_step)| Step::Commit { run, what, out_of_step }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn both_stores_give_the_same_answers(steps in vec(step(), 1..40)) {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(compare(&folder.path().join("s"), &steps));
    }
}

async fn compare(path: &Path, steps: &[Step]) {
    let (memory, file) = (MemoryStore::new(), open(path));
    for (second, step) in (1..).zip(steps) {
        match step {
            Step::Accept { flow, keys } => {
                let events: Vec<_> = keys.iter().map(|key| event(&flow.to_string(), &key.to_string())).collect();
                assert_eq!(memory.accept(&events, None).await, file.accept(&events, None).await);
            }
            Step::Commit { run, what, out_of_step } => {
                let transition = next(&memory, *run, *what, *out_of_step, second).await;
                let transitions = std::slice::from_ref(&transition);
                assert_eq!(memory.commit(transitions).await, file.commit(transitions).await);
                assert_eq!(memory.record(&transition.run).await, file.record(&transition.run).await);
            }
        }
        let (one, other) = (memory.load().await.unwrap(), file.load().await.unwrap());
        assert_eq!((one.waiting, one.runs), (other.waiting, other.runs));
        for query in queries() {
            assert_eq!(memory.runs(&query).await, file.runs(&query).await, "{query:?}");
        }
    }
    assert_eq!(file.check().await, Ok(vec![]));
}

/// What the run does next, as the store in memory has it.
async fn next(store: &MemoryStore, number: u8, what: What, out_of_step: bool, second: i64) -> Transition {
    let id = format!("r{number}");
    let record = store.record(&run(&id)).await.unwrap();
    let after = record.len() as u64 + u64::from(out_of_step);
    let Some(last) = record.last() else {
        let waiting = store.load().await.unwrap().waiting;
        let fates = waiting.first().map(|(event, _)| (*event, Fate::Started)).into_iter().collect();
        let keys = vec![format!("deal/{}", number % 2), format!("row/{number}")];
        return Transition { fates, keys, ..transition(&id, after, &[started(&(number % 3).to_string(), second)]) };
    };
    let resumes = matches!(last, Event::RunFinished { .. });
    let mut events: Vec<Event> = resumes.then(|| Event::RunResumed { keep: 1, at: at(second) }).into_iter().collect();
    events.push(match what {
        What::GoesOn | What::Sleeps => responded(second),
        What::Ends(outcome, code) => ended(outcome, code, second),
    });
    let sleeps_until = matches!(what, What::Sleeps).then(|| at(second + 100));
    Transition { sleeps_until, ..transition(&id, after, &events) }
}

fn queries() -> [RunQuery; 7] {
    let text = |text: &str| Some(text.to_owned());
    let all = RunQuery::default();
    [
        all.clone(),
        RunQuery { flow: text("1"), most: Some(1), ..all.clone() },
        RunQuery { outcome: Some(Outcome::Failed), ..all.clone() },
        RunQuery { ended: Some(false), most: Some(2), ..all.clone() },
        RunQuery { code: text("late"), since: Some(at(5)), ..all.clone() },
        RunQuery { about: text("DEAL/1"), until: Some(at(20)), most: Some(2), ..all.clone() },
        RunQuery { about: text("3"), ended: Some(true), ..all },
    ]
}
