//! What people want of the engine: carried out once, and told in words.

use cosell_engine::outcome::Outcome;
use cosell_engine::run::RunId;
use cosell_engine::store::{EventId, Order, RunQuery, RunSummary, Store};
use jiff::{SignedDuration, Timestamp};

use super::{Station, changed};

const FLOW: &str = "
flow: test
trigger: { webhook: deals.changed, key: { deal: $.trigger.id } }
steps:
  i: { if: { equals: [$.trigger.version, 0] }, then: { w: { wait: { for: 1 hour } } } }
  a: { call: deals.write, with: { id: $.trigger.id, seen: $.trigger.version, version: 0 } }
";

/// A station with runs that have succeeded (`good`), failed (`bad`), never end (`stuck`, and one that waits for its
/// turn), and sleep (`run-asleep`).
async fn with_runs() -> Station {
    let station = Station::new(FLOW);
    let until = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
    station.put_asleep("run-asleep", "asleep", until).await;
    station.engine.recover().await.unwrap();
    {
        let mut service = station.service.lock().unwrap();
        service.refused.insert("bad".to_owned());
        service.stuck.insert("stuck".to_owned());
    }
    let events = [("good", 1), ("bad", 1), ("stuck", 1), ("stuck", 2), ("asleep", 1)];
    station.accept(&events.map(|(id, version)| changed(id, version))).await;
    station.settle().await;
    station
}

/// The runs about a deal, newest first.
async fn about(station: &Station, id: &str) -> Vec<RunSummary> {
    station.store.runs(&RunQuery { about: Some(id.to_owned()), ..RunQuery::default() }).await.unwrap()
}

/// What is wanted of the run of which deal, what is said, and how many runs it has then, with the outcome of the newest.
struct Case {
    name: &'static str,
    deal: &'static str,
    order: fn(RunId) -> Order,
    said: Result<&'static str, &'static str>,
    runs: usize,
    outcome: Option<Outcome>,
}

const RESUBMIT: fn(RunId) -> Order = |run| Order::Resubmit { run };
const CANCEL: fn(RunId) -> Order = |run| Order::Cancel { run };
const RESUME: fn(RunId) -> Order = |run| Order::Resume { run };

const CASES: &[Case] = &[
    Case {
        name: "a run that succeeded, once more",
        deal: "good",
        order: RESUBMIT,
        said: Ok("its event has a run of its own"),
        runs: 2,
        outcome: Some(Outcome::Succeeded),
    },
    Case {
        name: "a run that failed, once more",
        deal: "bad",
        order: RESUBMIT,
        said: Ok("its event has a run of its own"),
        runs: 2,
        outcome: Some(Outcome::Failed),
    },
    Case {
        name: "a run under way, once more",
        deal: "stuck",
        order: RESUBMIT,
        said: Err("it has not ended"),
        runs: 1,
        outcome: None,
    },
    Case {
        name: "an end to a run under way: the next of its deal has its turn",
        deal: "stuck",
        order: CANCEL,
        said: Ok("it is cancelled"),
        runs: 2,
        outcome: None,
    },
    Case {
        name: "an end to a run that sleeps: the next of its deal has its turn",
        deal: "asleep",
        order: CANCEL,
        said: Ok("it is cancelled"),
        runs: 2,
        outcome: Some(Outcome::Succeeded),
    },
    Case {
        name: "an end to what has ended",
        deal: "good",
        order: CANCEL,
        said: Err("it has ended: succeeded"),
        runs: 1,
        outcome: Some(Outcome::Succeeded),
    },
    Case {
        name: "a run that succeeded goes on",
        deal: "good",
        order: RESUME,
        said: Err("it has succeeded"),
        runs: 1,
        outcome: Some(Outcome::Succeeded),
    },
    Case {
        name: "a run that goes on anyway",
        deal: "asleep",
        order: RESUME,
        said: Ok("it goes on"),
        runs: 1,
        outcome: None,
    },
];

#[tokio::test]
async fn what_becomes_of_orders() {
    for case in CASES {
        let station = with_runs().await;
        let run = about(&station, case.deal).await.remove(0).id;
        let said = station.engine.place(&(case.order)(run.clone())).await.unwrap();
        assert_eq!(said.as_deref().map_err(String::as_str), case.said, "{}", case.name);
        station.settle().await;
        let runs = about(&station, case.deal).await;
        assert_eq!((runs.len(), runs[0].outcome), (case.runs, case.outcome), "{}", case.name);
        let resubmits = runs.iter().filter(|other| other.resubmits.as_ref() == Some(&run)).count();
        let expected = usize::from(case.said.is_ok() && matches!((case.order)(run), Order::Resubmit { .. }));
        assert_eq!(resubmits, expected, "{}", case.name);
        assert!(station.store.orders().await.unwrap().is_empty(), "{}", case.name);
    }
}

#[tokio::test]
async fn a_run_that_is_not_there() {
    let station = with_runs().await;
    for order in [RESUBMIT, CANCEL, RESUME] {
        let said = station.engine.place(&order(RunId("none".to_owned()))).await.unwrap();
        assert_eq!(said, Err("there is no run `none`".to_owned()));
        let said = station.engine.place(&order(RunId("parent/step/call".to_owned()))).await.unwrap();
        assert_eq!(said, Err("it is part of run `parent`; name that one".to_owned()));
    }
}

/// The process stops after an order was carried out and before that was kept: it is carried out again, and makes no
/// second run.
#[tokio::test]
async fn an_order_that_is_carried_out_twice_is_carried_out_once() {
    let station = with_runs().await;
    let run = about(&station, "good").await.remove(0).id;
    let order = Order::Resubmit { run: run.clone() };
    let id = station.store.place(&order).await.unwrap();
    let body = serde_json::json!({"id": "good", "version": 1});
    let event = cosell_engine::store::NewEvent {
        flow: "test".to_owned(),
        body,
        content_key: format!("resubmit/{run}/{}", id.0),
        resubmits: Some(run),
        ..cosell_engine::store::NewEvent::default()
    };
    station.store.accept(&[event], None).await.unwrap();
    // Orders of others are looked for each second.
    station.clock.advance(1);
    station.settle().await;
    assert_eq!(station.store.settled(id).await.unwrap(), Some(Ok("its event has a run of its own".to_owned())));
    let waiting = station.store.load().await.unwrap().waiting;
    assert_eq!(waiting.iter().filter(|(_, event)| event.resubmits.is_some()).count(), 1);
}

#[tokio::test]
async fn a_run_that_failed_goes_on_in_its_turn() {
    let station = with_runs().await;
    let run = about(&station, "bad").await.remove(0).id;
    station.service.lock().unwrap().refused.clear();
    let said = station.engine.place(&Order::Resume { run }).await.unwrap();
    assert_eq!(said, Ok("it went on: succeeded".to_owned()));
    let runs = about(&station, "bad").await;
    assert_eq!((runs.len(), runs[0].outcome), (1, Some(Outcome::Succeeded)));
    assert!(station.written().contains(&"bad 1".to_owned()));
}

/// Two orders for one run: the second comes while the first is being carried out.
#[tokio::test]
async fn a_run_that_is_to_go_on_twice_goes_on_once() {
    let station = Station::new(&FLOW.replace(", key: { deal: $.trigger.id }", ""));
    station.service.lock().unwrap().refused.insert("bad".to_owned());
    station.accept(&[changed("bad", 1)]).await;
    station.engine.idle().await;
    station.service.lock().unwrap().refused.clear();
    let run = station.store.runs(&RunQuery::default()).await.unwrap().remove(0).id;
    let first = station.store.place(&RESUME(run.clone())).await.unwrap();
    let said = station.engine.place(&RESUME(run)).await.unwrap();
    assert_eq!(said, Err("it is being resumed already".to_owned()));
    station.engine.idle().await;
    assert_eq!(station.store.settled(first).await.unwrap(), Some(Ok("it went on: succeeded".to_owned())));
    assert_eq!(station.written(), ["bad 1"]);
}

/// While a run of the deal is under way, an event waits, then an order, then a newer event.
#[tokio::test]
async fn where_events_merge_what_a_person_wants_once_more_does_not() {
    let station = Station::new(&FLOW.replace("id } }", "id }, merge: latest }"));
    station.accept(&[changed("a", 1)]).await;
    station.engine.idle().await;
    let run = about(&station, "a").await.remove(0).id;
    station.service.lock().unwrap().stuck.insert("a".to_owned());
    station.accept(&[changed("a", 2)]).await;
    station.settle().await;
    station.accept(&[changed("a", 3)]).await;
    station.engine.place(&RESUBMIT(run)).await.unwrap().unwrap();
    station.accept(&[changed("a", 4)]).await;
    station.service.lock().unwrap().stuck.clear();
    let under_way = about(&station, "a").await.remove(0).id;
    station.engine.place(&CANCEL(under_way)).await.unwrap().unwrap();
    station.engine.idle().await;
    assert_eq!(station.written(), ["a 1", "a 1", "a 4"]);
}

#[tokio::test]
async fn an_event_that_waits_is_seen_and_can_be_cancelled() {
    let station = with_runs().await;
    let waiting = station.store.waiting(10).await.unwrap();
    let seen: Vec<_> = waiting.iter().map(|event| (event.flow.as_deref(), event.about.join(" "))).collect();
    assert_eq!(seen, [(Some("test"), "deal/stuck".to_owned()), (Some("test"), "deal/asleep".to_owned())]);
    assert_eq!(station.store.waiting(1).await.unwrap(), waiting[..1]);
    let cancel = |event| Order::CancelEvent { event };
    let cases = [
        (waiting[0].id, Ok("it is cancelled".to_owned())),
        (waiting[0].id, Err(format!("no event {} waits: it has its run, or has never come", waiting[0].id.0))),
        (EventId(77), Err("no event 77 waits: it has its run, or has never come".to_owned())),
    ];
    for (event, said) in cases {
        assert_eq!(station.engine.place(&cancel(event)).await.unwrap(), said);
    }
    let runs = about(&station, "stuck").await;
    assert_eq!((runs.len(), runs[0].outcome), (2, Some(Outcome::Cancelled)));
    // Whoever comes after it has its turn, and what was cancelled can be wanted once more.
    station.accept(&[changed("stuck", 3)]).await;
    station.service.lock().unwrap().stuck.clear();
    station.settle().await;
    assert_eq!(station.written(), ["good 1", "stuck 1", "stuck 3"]);
    let again = station.engine.place(&Order::Resubmit { run: runs[0].id.clone() }).await.unwrap();
    assert_eq!(again, Ok("its event has a run of its own".to_owned()));
    station.settle().await;
    assert_eq!(station.written().last().map(String::as_str), Some("stuck 2"));
}

#[tokio::test]
async fn of_events_that_merge_the_newest_is_cancelled_for_all() {
    let merging = FLOW.replace("key: { deal: $.trigger.id }", "key: { deal: $.trigger.id }, merge: latest");
    let station = Station::new(&merging);
    station.service.lock().unwrap().stuck.insert("a".to_owned());
    station.accept(&[changed("a", 1)]).await;
    station.settle().await;
    station.accept(&[changed("a", 2), changed("a", 3)]).await;
    let waiting = station.store.waiting(10).await.unwrap();
    let older = station.engine.place(&Order::CancelEvent { event: waiting[0].id }).await.unwrap();
    assert_eq!(older, Err(format!("the newer event {} stands for it: cancel that one", waiting[1].id.0)));
    let newest = station.engine.place(&Order::CancelEvent { event: waiting[1].id }).await.unwrap();
    assert_eq!(newest, Ok("it is cancelled".to_owned()));
    assert_eq!(station.store.waiting(10).await.unwrap(), []);
    station.service.lock().unwrap().stuck.clear();
    station.engine.idle().await;
    assert_eq!(station.written(), ["a 1"]);
}
