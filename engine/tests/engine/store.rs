//! What every store must do, and the bounds of the one in memory.

mod sqlite;

use std::sync::Arc;

use cosell_engine::outcome::Outcome;
use cosell_engine::run::{Event, RunId, StepError};
use cosell_engine::store::{
    Accepted, Cursor, EventId, Fate, MemoryStore, NewEvent, Order, OrderId, RunQuery, Store, StoreError, Transition,
};
use jiff::Timestamp;
use serde_json::json;

#[tokio::test]
async fn the_store_in_memory_does_what_a_store_must() {
    conformance(async || Arc::new(MemoryStore::new()) as Arc<dyn Store>).await;
}

/// Puts a store through everything that the engine relies on; `make` gives an empty one each time.
pub(crate) async fn conformance(make: impl AsyncFn() -> Arc<dyn Store>) {
    an_empty_store_has_nothing(&*make().await).await;
    events_are_kept_in_order_and_once(&*make().await).await;
    a_cursor_is_kept_with_the_events(&*make().await).await;
    a_run_grows_by_transitions(&*make().await).await;
    transitions_are_committed_together_or_not_at_all(&*make().await).await;
    one_of_two_writers_is_refused(make().await).await;
    events_stop_waiting_with_their_fate(&*make().await).await;
    runs_are_listed_newest_first(&*make().await).await;
    runs_are_found_by_whatever_is_asked(&*make().await).await;
    what_is_secure_is_whole_until_it_is_done(&*make().await).await;
    a_sleeping_run_says_until_when(&*make().await).await;
    a_run_that_ended_may_go_on(&*make().await).await;
    packs_are_kept_as_they_came_first(&*make().await).await;
    orders_wait_until_they_are_settled(&*make().await).await;
    what_became_of_an_order_is_remembered_for_a_day(&*make().await).await;
    one_event_that_waits_can_be_read(&*make().await).await;
}

async fn an_empty_store_has_nothing(store: &dyn Store) {
    let unfinished = store.load().await.unwrap();
    assert!(unfinished.waiting.is_empty() && unfinished.runs.is_empty() && unfinished.cursors.is_empty());
    assert_eq!(store.runs(&RunQuery::default()).await, Ok(vec![]));
    assert_eq!(store.record(&run("r")).await, Ok(vec![]));
    assert_eq!(store.accept(&[], None).await, Ok(vec![]));
    assert_eq!(store.commit(&[]).await, Ok(()));
}

async fn events_are_kept_in_order_and_once(store: &dyn Store) {
    let first = store.accept(&[event("f", "a"), event("f", "b"), event("f", "a")], None).await.unwrap();
    let [Accepted::New(a), Accepted::New(b), Accepted::Duplicate(again)] = first[..] else {
        panic!("{first:?}");
    };
    assert!(a < b);
    assert_eq!(again, a);
    let second = store.accept(&[event("f", "b"), event("g", "a"), event("f", "c")], None).await.unwrap();
    let [Accepted::Duplicate(again), Accepted::New(other), Accepted::New(c)] = second[..] else {
        panic!("{second:?}");
    };
    assert_eq!(again, b);
    let waiting = store.load().await.unwrap().waiting;
    assert_eq!(waiting, [(a, event("f", "a")), (b, event("f", "b")), (other, event("g", "a")), (c, event("f", "c"))]);
}

async fn a_cursor_is_kept_with_the_events(store: &dyn Store) {
    let cursor = |name: &str, value: u32| Cursor { name: name.to_owned(), value: json!(value) };
    store.accept(&[event("f", "a")], Some(&cursor("f", 1))).await.unwrap();
    store.accept(&[], Some(&cursor("g", 2))).await.unwrap();
    store.accept(&[event("f", "a")], Some(&cursor("f", 3))).await.unwrap();
    let cursors = store.load().await.unwrap().cursors;
    assert_eq!(json!(cursors), json!({"f": 3, "g": 2}));
}

async fn a_run_grows_by_transitions(store: &dyn Store) {
    store.commit(&[transition("r", 0, &[started("f", 1)])]).await.unwrap();
    store.commit(&[transition("r", 1, &[responded(2), responded(3)])]).await.unwrap();
    assert_eq!(store.record(&run("r")).await.unwrap(), [started("f", 1), responded(2), responded(3)]);
    let runs = store.load().await.unwrap().runs;
    let open: Vec<_> = runs.iter().map(|run| (run.id.0.as_str(), run.flow.as_str())).collect();
    assert_eq!(open, [("r", "f")]);
    let wrong = [(0, "begins again"), (2, "starts behind the end"), (4, "leaves a gap")];
    for (after, name) in wrong {
        let refused = store.commit(&[transition("r", after, &[responded(4)])]).await;
        let expected = StoreError::OutOfStep { run: "r".to_owned(), expected: after, found: 3 };
        assert_eq!(refused, Err(expected), "{name}");
    }
    store.commit(&[transition("r", 3, &[finished(Outcome::Succeeded, 5)])]).await.unwrap();
    assert!(store.load().await.unwrap().runs.is_empty());
    assert_eq!(store.record(&run("r")).await.unwrap().len(), 4);
}

async fn transitions_are_committed_together_or_not_at_all(store: &dyn Store) {
    let accepted = store.accept(&[event("f", "a")], None).await.unwrap();
    let Accepted::New(id) = accepted[0] else { panic!("{accepted:?}") };
    let begins = Transition { fates: vec![(id, Fate::Started)], ..transition("r", 0, &[started("f", 1)]) };
    let out_of_step = transition("s", 1, &[responded(1)]);
    let refused = store.commit(&[begins.clone(), out_of_step]).await;
    assert_eq!(refused, Err(StoreError::OutOfStep { run: "s".to_owned(), expected: 1, found: 0 }));
    assert_eq!(store.record(&run("r")).await, Ok(vec![]));
    assert_eq!(store.load().await.unwrap().waiting.len(), 1);
    let more = transition("r", 1, &[responded(2)]);
    store.commit(&[begins, transition("s", 0, &[started("g", 1)]), more]).await.unwrap();
    assert_eq!(store.record(&run("r")).await.unwrap(), [started("f", 1), responded(2)]);
    assert_eq!(store.record(&run("s")).await.unwrap(), [started("g", 1)]);
    assert!(store.load().await.unwrap().waiting.is_empty());
}

async fn one_of_two_writers_is_refused(store: Arc<dyn Store>) {
    store.commit(&[transition("r", 0, &[started("f", 1)])]).await.unwrap();
    let writer = |second: i64| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.commit(&[transition("r", 1, &[responded(second)])]).await })
    };
    let (one, other) = (writer(2), writer(3));
    let results = [one.await.unwrap(), other.await.unwrap()];
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1, "{results:?}");
    assert_eq!(store.record(&run("r")).await.unwrap().len(), 2);
}

async fn events_stop_waiting_with_their_fate(store: &dyn Store) {
    let accepted = store.accept(&[event("f", "a"), event("f", "b"), event("f", "c")], None).await.unwrap();
    let ids: Vec<EventId> = accepted
        .iter()
        .map(|accepted| match accepted {
            Accepted::New(id) | Accepted::Duplicate(id) => *id,
        })
        .collect();
    let fates = vec![(ids[0], Fate::Merged(ids[1])), (ids[1], Fate::Started)];
    store.commit(&[Transition { fates, ..transition("r", 0, &[started("f", 1)]) }]).await.unwrap();
    let waiting: Vec<EventId> = store.load().await.unwrap().waiting.into_iter().map(|(id, _)| id).collect();
    assert_eq!(waiting, [ids[2]]);
    let again = store.accept(&[event("f", "a")], None).await.unwrap();
    assert_eq!(again, [Accepted::Duplicate(ids[0])], "what had its run is still known");
}

async fn runs_are_listed_newest_first(store: &dyn Store) {
    let ended = [("a", "f", Some(Outcome::Succeeded)), ("b", "f", Some(Outcome::Failed)), ("c", "g", None)];
    for (second, (id, flow, outcome)) in (1..).zip(ended) {
        let mut events = vec![started(flow, second)];
        events.extend(outcome.map(|outcome| finished(outcome, second + 10)));
        store.commit(&[transition(id, 0, &events)]).await.unwrap();
    }
    let all = RunQuery::default();
    let cases = [
        (all.clone(), vec!["c", "b", "a"]),
        (RunQuery { flow: Some("f".to_owned()), ..all.clone() }, vec!["b", "a"]),
        (RunQuery { outcome: Some(Outcome::Failed), ..all.clone() }, vec!["b"]),
        (RunQuery { outcome: Some(Outcome::Failed), flow: Some("g".to_owned()), ..all.clone() }, vec![]),
        (RunQuery { most: Some(2), ..all.clone() }, vec!["c", "b"]),
        (RunQuery { most: Some(1), flow: Some("f".to_owned()), ..all.clone() }, vec!["b"]),
    ];
    for (query, expected) in cases {
        let found = store.runs(&query).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|summary| summary.id.0.as_str()).collect();
        assert_eq!(ids, expected, "{query:?}");
    }
    let failed = store.runs(&all).await.unwrap().swap_remove(1);
    assert_eq!((failed.started, failed.finished), (at(2), Some(at(12))));
    assert_eq!((failed.flow.as_str(), failed.outcome), ("f", Some(Outcome::Failed)));
}

async fn runs_are_found_by_whatever_is_asked(store: &dyn Store) {
    fill(store).await;
    let all = RunQuery::default();
    let text = |text: &str| Some(text.to_owned());
    let about = |name: &str| RunQuery { about: text(name), ..all.clone() };
    let cases = [
        (all.clone(), "f e d c b a"),
        (RunQuery { ended: Some(false), ..all.clone() }, "e"),
        (RunQuery { ended: Some(true), ..all.clone() }, "f d c b a"),
        (RunQuery { ended: Some(true), outcome: Some(Outcome::Failed), ..all.clone() }, "f d b"),
        (RunQuery { ended: Some(false), outcome: Some(Outcome::Failed), ..all.clone() }, ""),
        (RunQuery { since: Some(at(3)), ..all.clone() }, "f e d c"),
        (RunQuery { until: Some(at(3)), ..all.clone() }, "b a"),
        (RunQuery { since: Some(at(2)), until: Some(at(4)), ..all.clone() }, "c b"),
        (RunQuery { since: Some(at(9)), ..all.clone() }, ""),
        (RunQuery { code: text("not_found"), ..all.clone() }, "d b"),
        (RunQuery { code: text("not_found"), flow: text("f"), ..all.clone() }, "b"),
        (RunQuery { code: text("*"), ..all.clone() }, ""),
        (RunQuery { code: text(""), ..all.clone() }, "f"),
        (about("17"), "e d b a"),
        (about("deal/17"), "e b a"),
        (about("DEAL/17"), "e b a"),
        (about("lead/17"), "d"),
        (about("1"), ""),
        (about("a/b"), "f c"),
        (about("x/a/b"), "c"),
        (RunQuery { most: Some(2), ..about("17") }, "e d"),
        (RunQuery { flow: text("g"), ..about("17") }, "e d"),
        (RunQuery { outcome: Some(Outcome::Succeeded), ..about("deal/17") }, "a"),
        (RunQuery { resubmits: Some(run("b")), ..all.clone() }, "d c"),
        (RunQuery { resubmits: Some(run("b")), outcome: Some(Outcome::Failed), ..all.clone() }, "d"),
        (RunQuery { resubmits: Some(run("b")), ..about("lead/17") }, "d"),
        (RunQuery { most: Some(0), ..all.clone() }, ""),
        (RunQuery { flow: text("F"), ..all.clone() }, ""),
    ];
    for (query, expected) in cases {
        let found = store.runs(&query).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|run| run.id.0.as_str()).collect();
        assert_eq!(ids.join(" "), expected, "{query:?}");
    }
}

/// Runs `a` to `f`, begun one second after the other.
async fn fill(store: &dyn Store) {
    let runs = [
        ("f", vec!["deal/17"], None, Some((Outcome::Succeeded, None))),
        ("f", vec!["deal/17", "row/1x"], None, Some((Outcome::Failed, Some("not_found")))),
        ("f", vec!["x/a/b"], Some("b"), Some((Outcome::Succeeded, None))),
        ("g", vec!["Lead/17", "other/17"], Some("b"), Some((Outcome::Failed, Some("not_found")))),
        ("g", vec!["Deal/17"], None, None),
        ("g", vec!["a/b"], None, Some((Outcome::Failed, Some("")))),
    ];
    for ((second, id), (flow, keys, resubmits, ending)) in (1..).zip(["a", "b", "c", "d", "e", "f"]).zip(runs) {
        let mut events = vec![started(flow, second)];
        if let Event::RunStarted { resubmits: of, .. } = &mut events[0] {
            *of = resubmits.map(run);
        }
        events.extend(ending.map(|(outcome, code)| ended(outcome, code, second)));
        let keys = keys.into_iter().map(str::to_owned).collect();
        store.commit(&[Transition { keys, ..transition(id, 0, &events) }]).await.unwrap();
    }
}

async fn what_is_secure_is_whole_until_it_is_done(store: &dyn Store) {
    let secret = NewEvent { secure: true, keys: vec!["deal/1".to_owned()], at: at(1), ..event("f", "a") };
    store.accept(std::slice::from_ref(&secret), None).await.unwrap();
    assert_eq!(store.load().await.unwrap().waiting[0].1, secret);
    let hidden = |after, whole: &[Event], shown: &[Event]| Transition {
        shown: Some(shown.to_vec()),
        ..transition("r", after, whole)
    };
    store.commit(&[hidden(0, &[started("f", 1), responded(1)], &[started("f", 1), responded(0)])]).await.unwrap();
    store.commit(&[transition("r", 2, &[responded(2)])]).await.unwrap();
    let whole = [started("f", 1), responded(1), responded(2)];
    assert_eq!(store.record(&run("r")).await.unwrap(), whole);
    let end = finished(Outcome::Succeeded, 4);
    store.commit(&[hidden(3, &[responded(3), end.clone()], &[responded(0), end.clone()])]).await.unwrap();
    let shown = [started("f", 1), responded(0), responded(2), responded(0), end];
    assert_eq!(store.record(&run("r")).await.unwrap(), shown);
}

async fn a_sleeping_run_says_until_when(store: &dyn Store) {
    let asleep =
        |after, until: i64| Transition { sleeps_until: Some(at(until)), ..transition("r", after, &[responded(until)]) };
    let awake = transition("r", 3, &[responded(1)]);
    let begins = Transition { keys: vec!["deal/1".to_owned()], ..transition("r", 0, &[started("f", 1)]) };
    let cases = [
        (begins, None),
        (asleep(1, 50), Some(at(50))),
        (asleep(2, 60), Some(at(60))),
        (awake, None),
        (asleep(4, 9), Some(at(9))),
    ];
    for (transition, expected) in cases {
        store.commit(std::slice::from_ref(&transition)).await.unwrap();
        let run = store.load().await.unwrap().runs.swap_remove(0);
        assert_eq!((run.sleeps_until, &run.keys[..]), (expected, &["deal/1".to_owned()][..]), "{transition:?}");
        let listed = store.runs(&RunQuery::default()).await.unwrap().swap_remove(0);
        assert_eq!(listed.sleeps_until, expected, "{transition:?}");
    }
}

async fn a_run_that_ended_may_go_on(store: &dyn Store) {
    let keys = vec!["deal/1".to_owned()];
    let failed = [started("f", 1), ended(Outcome::Failed, Some("not_found"), 2)];
    store.commit(&[Transition { keys, ..transition("r", 0, &failed) }]).await.unwrap();
    let query = |outcome| RunQuery { outcome, about: Some("1".to_owned()), ..RunQuery::default() };
    assert_eq!(store.runs(&query(Some(Outcome::Failed))).await.unwrap().len(), 1);
    store.commit(&[transition("r", 2, &[Event::RunResumed { keep: 1, at: at(3) }])]).await.unwrap();
    assert_eq!(store.load().await.unwrap().runs.len(), 1);
    let open = store.runs(&query(None)).await.unwrap().swap_remove(0);
    assert_eq!((open.outcome, open.finished, open.error), (None, None, None));
    store.commit(&[transition("r", 3, &[finished(Outcome::Succeeded, 4)])]).await.unwrap();
    assert!(store.load().await.unwrap().runs.is_empty());
    assert!(store.runs(&query(Some(Outcome::Failed))).await.unwrap().is_empty());
    let done = store.runs(&query(Some(Outcome::Succeeded))).await.unwrap().swap_remove(0);
    assert_eq!((done.finished, done.error), (Some(at(4)), None));
    assert_eq!(store.record(&run("r")).await.unwrap().len(), 4);
}

async fn packs_are_kept_as_they_came_first(store: &dyn Store) {
    assert_eq!(store.pack("").await, Ok(None));
    store.commit(&[transition("r", 0, &[started("f", 1)])]).await.unwrap();
    assert_eq!(store.pack("").await, Ok(None), "a run may begin with one that nobody kept");
    for (content, pack, kept) in [("", 1, 1), ("x", 2, 2), ("x", 3, 2), ("", 4, 1)] {
        store.keep_pack(content, &json!(pack)).await.unwrap();
        assert_eq!(store.pack(content).await, Ok(Some(json!(kept))), "{content}: {pack}");
    }
}

async fn orders_wait_until_they_are_settled(store: &dyn Store) {
    let orders = [
        Order::Resubmit { run: run("a") },
        Order::Cancel { run: run("b") },
        Order::Resume { run: run("c") },
        Order::Backfill { since: at(1), flow: Some("f".to_owned()) },
    ];
    let mut ids = Vec::new();
    for order in &orders {
        ids.push(store.place(order).await.unwrap());
    }
    assert!(ids.is_sorted());
    let placed: Vec<_> = ids.iter().copied().zip(orders.iter().cloned()).collect();
    assert_eq!(store.orders().await.unwrap(), placed);
    for (id, result) in [(ids[2], Ok("it goes on".to_owned())), (ids[0], Err("there is none".to_owned()))] {
        assert_eq!(store.settled(id).await, Ok(None));
        store.settle(id, result.clone(), at(1)).await.unwrap();
        assert_eq!(store.settled(id).await, Ok(Some(result)));
    }
    assert_eq!(store.orders().await.unwrap(), [placed[1].clone(), placed[3].clone()]);
    assert_eq!(store.settled(OrderId(1_000_000)).await, Ok(None));
    let next = store.place(&orders[0]).await.unwrap();
    assert!(next > ids[3], "a number is never given twice");
}

/// However many orders there are, and however long one waited: whoever gave it hears of it.
async fn what_became_of_an_order_is_remembered_for_a_day(store: &dyn Store) {
    const DAY: i64 = 86_400;
    let order = Order::Cancel { run: run("a") };
    let mut ids = Vec::new();
    for _ in 0..1_200 {
        ids.push(store.place(&order).await.unwrap());
    }
    let done = || Ok("done".to_owned());
    for (number, id) in ids.iter().enumerate().skip(1) {
        store.settle(*id, done(), at(i64::from(number >= 600))).await.unwrap();
    }
    store.settle(ids[0], done(), at(DAY)).await.unwrap();
    for id in &ids {
        assert_eq!(store.settled(*id).await, Ok(Some(done())), "{id:?}");
    }
    let next = store.place(&order).await.unwrap();
    store.settle(next, done(), at(DAY + 1)).await.unwrap();
    for (number, id) in ids.iter().enumerate() {
        let expected = if (1..600).contains(&number) { None } else { Some(done()) };
        assert_eq!(store.settled(*id).await, Ok(expected), "{number}");
    }
}

async fn one_event_that_waits_can_be_read(store: &dyn Store) {
    store.accept(&[event("f", "a"), event("f", "b")], None).await.unwrap();
    let waiting = store.load().await.unwrap().waiting;
    for (id, event) in &waiting {
        assert_eq!(store.waiting_event(*id).await, Ok(Some(event.clone())));
    }
    let listed = store.waiting(1).await.unwrap();
    assert_eq!((listed.len(), listed[0].id, listed[0].flow.as_deref()), (1, waiting[0].0, Some("f")));
    let fates = vec![(waiting[0].0, Fate::Started)];
    let begun = Transition { fates, ..transition("r", 0, &[started("f", 1)]) };
    store.commit(&[begun]).await.unwrap();
    assert_eq!(store.waiting_event(waiting[0].0).await, Ok(None));
}

/// The numbers are those that the store's own constants state.
#[tokio::test]
async fn the_store_in_memory_stays_within_bounds() {
    let store = MemoryStore::new();
    let many: Vec<NewEvent> = (0..100_000).map(|n| event("f", &n.to_string())).collect();
    store.accept(&many, None).await.unwrap();
    let full = store.accept(&[event("f", "one more")], None).await;
    assert_eq!(full, Err(StoreError::Full("100000 events wait for their runs".to_owned())));
    for n in 0..10_001 {
        let events = [started("f", n), finished(Outcome::Succeeded, n)];
        store.commit(&[transition(&format!("r{n}"), 0, &events)]).await.unwrap();
    }
    assert_eq!(store.runs(&RunQuery::default()).await.unwrap().len(), 10_000);
    assert!(store.record(&run("r0")).await.unwrap().is_empty(), "the oldest goes first");
}

fn run(id: &str) -> RunId {
    RunId(id.to_owned())
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn event(flow: &str, content_key: &str) -> NewEvent {
    NewEvent {
        flow: flow.to_owned(),
        body: json!({ "of": content_key }),
        content_key: content_key.to_owned(),
        ..NewEvent::default()
    }
}

fn transition(id: &str, after: u64, events: &[Event]) -> Transition {
    Transition { run: run(id), after, events: events.to_vec(), ..Transition::default() }
}

fn started(flow: &str, second: i64) -> Event {
    Event::RunStarted {
        flow: flow.to_owned(),
        pack: String::new(),
        trigger: json!({}),
        resubmits: None,
        at: at(second),
    }
}

/// Any event in the middle of a run: a store does not read it.
fn responded(second: i64) -> Event {
    let step = cosell_engine::run::StepPath { loops: Vec::new(), name: "a".to_owned() };
    Event::Responded { step, answer: json!(second).into(), at: at(second) }
}

fn finished(outcome: Outcome, second: i64) -> Event {
    ended(outcome, None, second)
}

fn ended(outcome: Outcome, code: Option<&str>, second: i64) -> Event {
    let error = code.map(|code| StepError { code: code.to_owned(), ..StepError::value("a", "it went wrong") });
    Event::RunFinished { outcome, error, at: at(second) }
}
