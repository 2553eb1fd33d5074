//! What is told of a registration that others change.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cosell_connectors::events::Nothing;
use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::{Connector, Connectors, Effect, Operation, Repeat};
use cosell_engine::pack::PackFiles;
use cosell_engine::run::driver::World;
use cosell_engine::store::MemoryStore;
use indexmap::IndexMap;

use super::super::Fed;
use super::*;

const HERE: &str = "https://here.example/webhooks/events/referral";

/// How long the lookout is waited for, by its own clock.
const MOST_MINUTES: usize = 60;

/// An address that is registered, none, or why there is no answer.
type Answer = Result<Option<&'static str>, CallErrorKind>;

/// Gives answers in turn, and at the end the last one again.
struct Told(Arc<Mutex<Vec<Answer>>>);

#[async_trait]
impl Operation for Told {
    const NAME: &'static str = "view_registration";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = Nothing;
    type Output = Registration;

    async fn call(&self, _: &CallKey, _: Nothing) -> Result<Registration, CallError> {
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
        let events = ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"];
        match answer {
            Ok(Some(url)) => {
                let events = events.map(str::to_owned).to_vec();
                Ok(Registration { registered: true, url: Some(url.to_owned()), events })
            }
            Ok(None) => Ok(Registration::default()),
            // Like the id of a request, the number of answers makes no two messages the same.
            Err(kind) => Err(CallError::new(kind, format!("{kind:?}, with {} to come", answers.len()))),
        }
    }
}

fn engine(answers: Vec<Answer>) -> (Engine, Arc<Mutex<Vec<Answer>>>, Arc<VirtualClock>) {
    let answers = Arc::new(Mutex::new(answers));
    let connectors = Connectors::new([Connector::new("events").with(Told(Arc::clone(&answers)))]);
    let files = PackFiles([("pack.yaml".to_owned(), "pack: p\nversion: 1.0.0\n".to_owned())].into());
    let pack = files.check("", &IndexMap::new(), &connectors).unwrap_or_else(|wrong| panic!("{wrong}"));
    let clock = Arc::new(VirtualClock::at("2026-03-02T08:00:00Z".parse().unwrap()));
    let world = World::new(Arc::new(pack), connectors, Arc::new(MemoryStore::new()), clock.clone() as Arc<dyn Clock>);
    (Engine::new(world), answers, clock)
}

fn lookout(engine: &Engine, public_url: Option<&str>, trigger: &str) -> Option<Lookout> {
    let settings = EngineSettings { public_url: public_url.map(str::to_owned), ..EngineSettings::default() };
    of(engine, &settings, &[Fed { flow: "f".to_owned(), trigger: trigger.to_owned() }])
}

#[tokio::test]
async fn t32_who_takes_the_events_over_is_told_once() {
    let there = "https://there.example/in?sig=hush";
    let (ours, theirs) = (Ok(Some(HERE)), Ok(Some(there)));
    let (denied, down) = (Err(CallErrorKind::Denied), Err(CallErrorKind::Unavailable));
    // What is answered in turn, and what is told of each answer; nothing is no news.
    let cases = [
        (vec![ours, ours], vec!["", ""]),
        (vec![ours, theirs, theirs, ours], vec!["", "https://there.example/…", "", "events come here"]),
        (vec![Ok(None), Ok(None), ours], vec!["no address is registered", "", "events come here"]),
        (
            vec![theirs, down, theirs, Ok(None)],
            vec!["there.example", "cannot be", "can be", "no address is registered"],
        ),
        (vec![denied, denied, down, down, ours], vec!["Denied", "", "Unavailable", "", "can be looked at"]),
    ];
    for (answers, expected) in cases {
        let (engine, ..) = engine(answers.clone());
        let mut lookout = lookout(&engine, Some("https://here.example/"), EVENTS).unwrap();
        for expected in expected {
            let told: Vec<String> = lookout.look().await.iter().map(|finding| format!("{finding:?}")).collect();
            let told = told.join(", ");
            assert!(told.contains(expected) && told.is_empty() == expected.is_empty(), "{answers:?}: {told}");
            assert!(!told.contains("hush"), "{told}");
        }
    }
}

#[tokio::test]
async fn t32_the_registration_is_looked_at_on_a_timer() {
    let (engine, answers, clock) = engine(vec![Ok(None); 4]);
    assert!(lookout(&engine, None, EVENTS).is_none() && lookout(&engine, Some(HERE), "crm.changed").is_none());
    let (stop, stopped) = watch::channel(false);
    let started = clock.now();
    let looks = tokio::spawn(lookout(&engine, Some("https://here.example"), EVENTS).unwrap().run(stopped));
    for _ in 0..MOST_MINUTES {
        if answers.lock().unwrap().len() == 1 {
            break;
        }
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(60));
    }
    assert_eq!(answers.lock().unwrap().len(), 1, "three looks in {MOST_MINUTES} minutes");
    let passed = clock.now().duration_since(started).as_mins();
    assert!((30..=35).contains(&passed), "three looks in {passed} minutes");
    stop.send(true).unwrap();
    looks.await.unwrap();
}
