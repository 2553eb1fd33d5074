//! Waits that are kept: a run that waits is not in memory, and goes on to the same time after a restart.

use cosell_engine::clock::Clock;
use cosell_engine::run::driver::Driven;
use cosell_engine::run::{Event, RunId};
use cosell_engine::store::Store;

use super::{Rig, at, down, ending, refused, throttled};
use crate::fake::Failure;

/// Steps, what goes wrong with writes, and until when the run sleeps: from the first second to the last.
struct Case {
    name: &'static str,
    steps: &'static str,
    writes: Vec<Failure>,
    sleeps: Option<(i64, i64)>,
}

const POST: &str = "a: { call: fake.post, with: { row: { of: a } } }";

fn cases() -> Vec<Case> {
    let refuse = Failure::Refuse;
    let case = |name, steps, writes, sleeps| Case { name, steps, writes, sleeps };
    vec![
        case("a wait", "a: { wait: { for: 1 hour } }", vec![], Some((3600, 3600))),
        case("a short wait is not worth it", "a: { wait: { for: 2 seconds } }", vec![], None),
        case("what the service asks for", POST, vec![refuse(throttled(3600))], Some((3600, 3600))),
        case("a circuit that a credential opened", POST, vec![refuse(refused())], Some((60, 60))),
        case(
            "the first of two that wait",
            "a: { after: [], wait: { for: 1 hour } }\nb: { after: [], wait: { for: 2 hours } }",
            vec![],
            Some((3600, 3600)),
        ),
        case(
            "a time limit that comes first",
            "a: { wait: { for: 1 hour }, timeout: 10 minutes }\nb: { after: { a: [timed_out] }, compose: 1 }",
            vec![],
            Some((600, 600)),
        ),
        case("waits between tries", POST, vec![refuse(down()), refuse(down()), refuse(down())], Some((2, 4))),
    ]
}

#[tokio::test]
async fn the_table() {
    for case in cases() {
        check(case).await;
    }
}

async fn check(case: Case) {
    let Case { name, steps, writes, sleeps } = case;
    let rig = Rig::new(steps);
    rig.fail_writes(writes);
    let Some((from, to)) = sleeps else {
        assert!(matches!(rig.start("r").await.unwrap(), Driven::Ended(_)), "{name}");
        return;
    };
    let mut driven = rig.start("r").await.unwrap();
    let Driven::Sleeping(until) = driven else { panic!("{name}: it does not sleep") };
    let waited = until.duration_since(rig.clock.now());
    assert!(at(from) <= until && until.duration_since(at(0)).as_secs() <= to + 4, "{name}: {until}");
    assert!(waited.as_secs() >= 2, "{name}: {waited:?}");
    assert_eq!(rig.store.load().await.unwrap().runs[0].sleeps_until, Some(until), "{name}");
    // Who is woken early sleeps on, also in another process, and nothing is written for it.
    let commits = rig.record("r").await;
    for life in [&rig, &rig.next()] {
        driven = life.world.resume(&RunId("r".to_owned())).await.unwrap();
        assert!(matches!(driven, Driven::Sleeping(same) if same == until), "{name}: {driven:?}");
        assert_eq!(life.record("r").await, commits, "{name}");
    }
    let run = rig.run("r").await.unwrap();
    assert_eq!(ending(&run), ("succeeded", None), "{name}");
}

/// Attempts count on after a restart, and a call that waits is known not to be under way.
#[tokio::test]
async fn attempts_count_on_in_the_next_process() {
    let rig = Rig::new(
        "a: { call: fake.post, with: { row: { of: a } }, retry: { count: 2, kind: fixed, interval: 1 minute } }",
    );
    rig.fail_writes([Failure::Refuse(throttled(0)), Failure::Refuse(throttled(0)), Failure::Refuse(throttled(0))]);
    let mut lives = vec![rig];
    for minute in 1..=2 {
        let life = lives.last().unwrap();
        let driven = match minute {
            1 => life.start("r").await.unwrap(),
            _ => life.world.resume(&RunId("r".to_owned())).await.unwrap(),
        };
        assert!(matches!(driven, Driven::Sleeping(until) if until == at(minute * 60)), "{driven:?}");
        life.clock.advance(std::time::Duration::from_secs(60));
        let next = life.next();
        lives.push(next);
    }
    let last = lives.last().unwrap();
    let run = last.run("r").await.unwrap();
    assert_eq!(ending(&run), ("failed", Some("throttled".to_owned())));
    assert_eq!(last.calls().len(), 3);
    let record = last.record("r").await;
    let repeated = record.iter().filter(|event| matches!(event, Event::CallRepeated { .. })).count();
    assert_eq!(repeated, 2, "each further try is recorded before the service hears of it");
    assert!(record.iter().any(|event| matches!(event, Event::CallFinished { attempts: 3, .. })), "{record:?}");
}
