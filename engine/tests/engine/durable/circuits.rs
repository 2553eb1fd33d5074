//! Services that are down, credentials that are refused, and limits: calls wait, and use up no tries.

use std::collections::BTreeSet;
use std::time::Duration;

use cosell_engine::clock::Clock;
use cosell_engine::connector::{CallError, Limits, Rate};
use cosell_engine::run::driver::{Beginning, Driven};
use cosell_engine::run::{Event, RunId};
use cosell_engine::traffic::{ConnectionState, Outage};
use indexmap::IndexMap;
use serde_json::json;

use super::{Rig, at, down, ending, lost, refused, throttled};
use crate::fake::Failure;

/// A call, what the service answers at first, how often it is called in all, when the last call is, and how it ends.
struct Case {
    name: &'static str,
    call: &'static str,
    answers: Vec<CallError>,
    calls: usize,
    seconds: (i64, i64),
    code: Option<&'static str>,
}

const READ: &str = "{ call: fake.read, with: { id: row } }";
const READ_ONCE: &str = "{ call: fake.read, with: { id: row }, retry: none }";
const CREATE: &str = "{ call: fake.create, with: { row: { of: a } } }";
const POST: &str = "{ call: fake.post, with: { row: { of: a } } }";

fn cases() -> Vec<Case> {
    let case = |name, call, answers, calls, seconds, code| Case { name, call, answers, calls, seconds, code };
    vec![
        // Four waits between tries, up to 1, 2, 4 and 8 seconds, then five until the first probe.
        case("down for a while", READ, vec![down(); 5], 6, (12, 20), None),
        case("down for long: 5, 10, 20, 40, 60 and 60 seconds", READ, vec![down(); 10], 11, (202, 210), None),
        case("a write waits too", POST, vec![down(); 7], 8, (42, 50), None),
        case("no answers at all, to a write that may be repeated", CREATE, vec![lost(); 6], 7, (22, 30), None),
        case("a credential is refused", READ, vec![refused(); 3], 4, (180, 180), None),
        case("a credential is refused, and there is no second try", READ_ONCE, vec![refused()], 2, (60, 60), None),
        case("a credential is refused for a write", POST, vec![refused()], 2, (60, 60), None),
        case("one failure opens nothing", READ_ONCE, vec![down()], 1, (0, 0), Some("unavailable")),
    ]
}

#[tokio::test]
async fn the_table() {
    for case in cases() {
        check(case).await;
    }
}

async fn check(case: Case) {
    let Case { name, call, answers, calls, seconds, code } = case;
    let rig = Rig::new(&format!("a: {call}"));
    rig.service.lock().unwrap().rows.insert("row".to_owned(), json!({"version": 1}));
    if call.contains("read") {
        rig.fail_reads(answers);
    } else {
        rig.fail_writes(answers.into_iter().map(Failure::Refuse));
    }
    let run = rig.run("r").await.unwrap();
    assert_eq!(rig.calls().len(), calls, "{name}");
    assert!((seconds.0..=seconds.1).contains(&rig.seconds()), "{name}: {}", rig.seconds());
    assert_eq!(ending(&run).1.as_deref(), code, "{name}");
    assert_eq!(state(&rig, "fake").open, None, "{name}");
}

fn state(rig: &Rig, name: &str) -> ConnectionState {
    rig.world.traffic.states().into_iter().find(|state| state.name == name).unwrap()
}

/// Others do not ask a service that is down, and each goes on when it works again; only one finds that out.
#[tokio::test]
async fn all_runs_wait_and_one_probes() {
    let rig = Rig::new("a: { call: fake.create, with: { row: { of: a } } }");
    rig.fail_writes([Failure::Refuse(refused()), Failure::Refuse(refused())]);
    let ids: Vec<String> = (0..20).map(|number| format!("r{number}")).collect();
    for id in &ids {
        assert!(matches!(rig.start(id).await.unwrap(), Driven::Sleeping(until) if until == at(60)), "{id}");
    }
    assert_eq!(rig.calls().len(), 1);
    let open = state(&rig, "fake").open.unwrap();
    assert_eq!((open.outage, open.since, open.next_try), (Outage::Refused, at(0), at(60)));
    rig.clock.advance(Duration::from_secs(60));
    // Who failed before lets others go first.
    for id in ids.iter().rev() {
        let driven = rig.world.resume(&RunId(id.clone())).await.unwrap();
        let next = if id == "r0" { at(121) } else { at(120) };
        assert!(matches!(driven, Driven::Sleeping(until) if until == next), "{id}: {driven:?}");
    }
    assert_eq!(rig.calls().len(), 2, "one probe for all");
    rig.clock.advance(Duration::from_secs(60));
    for id in &ids {
        assert!(matches!(rig.world.resume(&RunId(id.clone())).await.unwrap(), Driven::Ended(_)), "{id}");
    }
    assert_eq!(rig.calls().len(), 22);
    assert_eq!(rig.rows().len(), 20);
    assert_eq!(
        state(&rig, "fake"),
        ConnectionState { name: "fake".to_owned(), under_way: 0, open: None, paused_until: None }
    );
}

/// A call that only waited for a service is not in doubt, however often the process dies.
#[tokio::test]
async fn a_call_that_was_not_made_is_made_once() {
    let rig = Rig::new("a: { call: fake.post, with: { row: { of: a } } }");
    rig.fail_writes([Failure::Refuse(refused())]);
    assert!(matches!(rig.start("first").await.unwrap(), Driven::Sleeping(_)));
    assert!(matches!(rig.start("second").await.unwrap(), Driven::Sleeping(_)));
    let next = rig.next();
    for id in ["first", "second"] {
        assert_eq!(ending(&next.run(id).await.unwrap()), ("succeeded", None), "{id}");
    }
    assert_eq!(next.rows().len(), 2);
}

#[tokio::test]
async fn what_one_call_was_asked_to_wait_all_of_its_connection_wait() {
    let rig = Rig::new("a: { call: fake.create, with: { row: { of: a } } }");
    rig.fail_writes([Failure::Refuse(throttled(90))]);
    for id in ["first", "second"] {
        assert!(matches!(rig.start(id).await.unwrap(), Driven::Sleeping(until) if until == at(90)), "{id}");
    }
    assert_eq!(rig.calls().len(), 1);
    assert_eq!(state(&rig, "fake").paused_until, Some(at(90)));
    assert_eq!(state(&rig, "other").paused_until, None);
    for id in ["first", "second"] {
        rig.run(id).await.unwrap();
    }
    assert_eq!(rig.seconds(), 90);
}

/// Reads that come and go while others wait for a place.
#[tokio::test]
async fn a_connection_has_so_many_calls_at_once_in_order() {
    let rig = limited(
        "l: { for_each: [1, 2, 3, 4, 5, 6], at_once: 6, steps: { a: { call: fake.visit, with: { name: $.item } } } }",
        Limits { at_once: 2, ..Limits::default() },
    );
    rig.run("r").await.unwrap();
    let (mut inside, mut most, mut order) = (0, 0, Vec::new());
    for call in rig.calls() {
        match call.split_once(' ').unwrap() {
            (who, "comes") => {
                inside += 1;
                order.push(who.to_owned());
            }
            _ => inside -= 1,
        }
        most = most.max(inside);
    }
    assert_eq!(most, 2, "{:?}", rig.calls());
    assert_eq!(order, ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn a_connection_has_so_many_calls_in_a_time() {
    let rate = Some(Rate { calls: 2, per: Duration::from_secs(10) });
    let rig = limited(
        "l: { for_each: [1, 2, 3, 4, 5], at_once: 5, steps: { a: { call: fake.visit, with: { name: $.item } } } }",
        Limits { rate, ..Limits::default() },
    );
    let rig = std::sync::Arc::new(rig);
    let runs = {
        let rig = std::sync::Arc::clone(&rig);
        tokio::spawn(async move { rig.start("r").await })
    };
    // At once a burst of two, then one every five seconds.
    for (seconds, expected) in [(0, 2), (4, 2), (5, 3), (10, 4), (15, 5)] {
        let now = rig.clock.now();
        rig.clock.advance(Duration::try_from(at(seconds).duration_since(now)).unwrap());
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
        let came = rig.calls().iter().filter(|call| call.ends_with("comes")).count();
        assert_eq!(came, expected, "after {seconds} seconds");
    }
    assert!(matches!(runs.await.unwrap().unwrap(), Driven::Ended(_)));
}

/// The second call waits for its turn when the first is asked to wait.
#[tokio::test]
async fn a_call_in_line_for_its_turn_heeds_a_pause() {
    let rate = Some(Rate { calls: 1, per: Duration::from_secs(10) });
    let rig = limited(
        "l: { for_each: [1, 2], at_once: 2, steps: { a: { call: fake.create, with: { row: { of: $.item } } } } }",
        Limits { rate, ..Limits::default() },
    );
    rig.fail_writes([Failure::Refuse(throttled(90))]);
    let rig = std::sync::Arc::new(rig);
    let run = {
        let rig = std::sync::Arc::clone(&rig);
        tokio::spawn(async move { rig.start("r").await })
    };
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    rig.clock.advance(Duration::from_secs(10));
    assert!(matches!(run.await.unwrap().unwrap(), Driven::Sleeping(until) if until == at(90)));
    assert_eq!(rig.calls().len(), 1, "{:?}", rig.calls());
}

/// A write that stood in line when the process died was not sent, so it is simply made.
#[tokio::test]
async fn a_call_in_line_when_the_process_dies_is_made_once() {
    for operation in ["post", "register", "create"] {
        let steps = format!(
            "g: {{ after: [], call: fake.visit, with: {{ name: guest }} }}\np: {{ after: [], call: fake.{operation}, with: {{ row: {{ of: a }} }} }}"
        );
        let rig = limited(&steps, Limits { at_once: 1, ..Limits::default() });
        let life = drive(&rig, "r").await;
        rig.clock.advance(Duration::from_secs(2));
        settle().await;
        life.abort();
        let record = rig.record("r").await;
        let started = |event: &&Event| matches!(event, Event::CallStarted { .. });
        assert_eq!(record.iter().filter(started).count(), 2, "{operation}: {record:?}");
        assert_eq!(rig.calls(), ["\"guest\" comes"], "{operation}");
        let next = rig.next();
        let life = drive(&next, "r").await;
        assert_eq!(next.calls()[1..], ["\"guest\" comes".to_owned(), format!("{operation} {{\"of\":\"a\"}}")]);
        life.abort();
    }
}

/// Begins a run that never ends, or goes on with it.
async fn drive(rig: &Rig, id: &'static str) -> tokio::task::JoinHandle<()> {
    let world = std::sync::Arc::clone(&rig.world);
    let is_new = rig.record(id).await.is_empty();
    let life = tokio::spawn(async move {
        let id = RunId(id.to_owned());
        let driven = match is_new {
            true => world.start(Beginning { id, flow: "test".to_owned(), ..Beginning::default() }).await,
            false => world.resume(&id).await,
        };
        panic!("it came to an end: {driven:?}");
    });
    settle().await;
    life
}

async fn settle() {
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
}

/// Plain HTTP goes anywhere: one address that is down says nothing of the others.
#[tokio::test]
async fn a_connection_to_many_services_has_no_circuit() {
    let rig = limited("a: { call: fake.read, with: { id: row } }", Limits { one_service: false, ..Limits::default() });
    rig.fail_reads(vec![refused()]);
    assert_eq!(ending(&rig.run("r").await.unwrap()), ("failed", Some("denied".to_owned())));
    rig.fail_reads(vec![down(); 5]);
    assert_eq!(ending(&rig.run("s").await.unwrap()), ("failed", Some("unavailable".to_owned())));
}

/// A call that always fails as if the service were down, what the reads of others come to, and how its run ends within an
/// hour, in which another run begins twice a minute.
struct Poison {
    name: &'static str,
    error: CallError,
    retry: &'static str,
    others: Option<CallError>,
    /// Nothing where it waits.
    ends: Option<&'static str>,
}

#[tokio::test]
async fn a_call_that_fails_alone_ends_and_an_outage_waits() {
    let case = |name, error, retry, others, ends| Poison { name, error, retry, others, ends };
    for case in [
        case("refused alone", refused(), "{ count: 4 }", None, Some("denied")),
        case("refused alone, without a second try", refused(), "none", None, Some("denied")),
        case("down alone", down(), "{ count: 4 }", None, Some("unavailable")),
        case("all are refused", refused(), "{ count: 4 }", Some(refused()), None),
        case("all are refused, without a second try", refused(), "none", Some(refused()), None),
        case("all is down", down(), "{ count: 6 }", Some(down()), None),
    ] {
        poison(case).await;
    }
}

async fn poison(Poison { name, error, retry, others, ends }: Poison) {
    let rig = Rig::new(&format!("a: {{ call: fake.read, with: {{ id: $.trigger.id }}, retry: {retry} }}"));
    {
        let mut service = rig.service.lock().unwrap();
        // Two of them: neither must keep others from finding out that the service works.
        service.poisoned.extend(["bad", "worse"].map(|id| (id.to_owned(), error.clone())));
        service.rows.insert("good".to_owned(), json!({"version": 1}));
        service.poisoned.extend(others.map(|error| ("good".to_owned(), error)));
    }
    let (mut asleep, mut endings) = (BTreeSet::new(), Vec::new());
    for second in 0..3600 {
        let due: Vec<String> = asleep.extract_if(.., |(until, _)| *until <= at(second)).map(|(_, id)| id).collect();
        let mut driven = Vec::new();
        for id in due {
            driven.push((rig.world.resume(&RunId(id.clone())).await.unwrap(), id));
        }
        let begins = match second {
            0 => &["bad", "worse"][..],
            _ if second % 30 == 0 => &["good"],
            _ => &[],
        };
        for row in begins {
            let (id, trigger) = (format!("{row} {second:04}"), json!({"id": row}));
            let beginning =
                Beginning { id: RunId(id.clone()), flow: "test".to_owned(), trigger, ..Beginning::default() };
            driven.push((rig.world.start(beginning).await.unwrap(), id));
        }
        for (driven, id) in driven {
            match driven {
                Driven::Sleeping(until) => drop(asleep.insert((until, id))),
                Driven::Ended(run) => endings.push((id, ending(&run).1)),
            }
        }
        let now = rig.clock.now();
        rig.clock.advance(Duration::try_from(at(second + 1).duration_since(now)).unwrap_or_default());
    }
    let of = |row| {
        let ending = endings.iter().find(|(id, _): &&(String, _)| id.starts_with(row));
        ending.map(|(_, code)| code.as_deref())
    };
    for row in ["bad", "worse"] {
        assert_eq!(of(row), ends.map(Some), "{name}: {row}");
    }
    assert_eq!(of("good").is_some(), ends.is_some(), "{name}");
    if ends.is_some() {
        assert!(asleep.is_empty(), "{name}: {asleep:?}");
    }
}

fn limited(steps: &str, limits: Limits) -> Rig {
    let mut rig = Rig::new(steps);
    let world = cosell_engine::run::driver::World::new(
        rig.pack.clone(),
        crate::fake::connectors(&rig.service),
        rig.store.clone(),
        rig.clock.clone(),
    );
    rig.world = std::sync::Arc::new(world.with_limits(&IndexMap::from([("fake".to_owned(), limits)])));
    rig
}
