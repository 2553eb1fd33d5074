//! Events on their way to the receiver (S25, S26).
//!
//! Every event is a task of its own: ten attempts with a wait between them, then the offline
//! queue and never again. Where too many wait, the oldest goes there before its time. Order and
//! uniqueness are promised nowhere, and here neither.
//!
//! Whoever is about to make a change first takes an [`UnderWay`], which goes from hand to hand
//! until the last attempt is over. So nobody finds the change made and yet nothing waiting.

mod attempt;
mod book;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::events::Event;
use crate::behaviours::Behaviour;
use crate::held::Held;
use crate::world::World;
use book::{Book, GIVEN_UP, Opened, Waiting};

/// Attempts before an event goes to the offline queue.
const ATTEMPTS: u32 = 10;

/// The real timeout is not documented.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts under way at the same time.
const AT_ONCE: usize = 64;

/// Events held back; beyond this the oldest is forgotten.
const MOST_HELD: usize = 10_000;

/// Deliveries that wait for an attempt; beyond this the oldest is given up, as after its last attempt. All that can be
/// held have room, as a release sends them at once.
const MOST_WAITING: usize = MOST_HELD;

/// Deliveries remembered, waiting ones included; beyond this the oldest is forgotten.
const MOST_REMEMBERED: usize = 2 * MOST_WAITING;

/// The most that each event can be sent again, and the longest that it can be late.
const MOST_COPIES: usize = 100;
const LONGEST_DELAY_MS: u64 = 3_600_000;

/// How late events are that are late (S28), and one that the next is to overtake.
const LATE: Duration = Duration::from_secs(2);
const OVERTAKEN: Duration = Duration::from_millis(500);

/// The delivery side of the sandbox.
pub(crate) struct Deliveries {
    client: Client,
    permits: Semaphore,
    under_way: UnderWay,
    /// `None` once the sandbox stops, so that a request still under way starts nothing new.
    tasks: Held<Option<JoinSet<()>>>,
    book: Held<Book>,
}

/// Something that is on its way to the receiver, for as long as this lives.
///
/// The copies are counted, so the count is right even for a delivery whose record was forgotten
/// or whose task broke off.
#[derive(Clone)]
pub(crate) struct UnderWay(Arc<()>);

/// What the person at the keyboard may turn.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switches {
    /// Keep new events back; `false` lets them go.
    hold: Option<bool>,
    /// Send each event this many times more (S28).
    duplicate: Option<usize>,
    /// Send each event so much later (S28).
    delay_ms: Option<u64>,
    /// Wait so long between two attempts (S26).
    spacing_ms: Option<u64>,
}

impl Deliveries {
    pub(crate) fn new(spacing: Duration) -> Result<Deliveries, reqwest::Error> {
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
        Ok(Deliveries {
            client: client.build()?,
            permits: Semaphore::new(AT_ONCE),
            under_way: UnderWay(Arc::new(())),
            tasks: Held::new(Some(JoinSet::new())),
            book: Held::new(Book::new(spacing)),
        })
    }

    /// Announces a change whose event follows.
    pub(crate) fn announce(&self) -> UnderWay {
        self.under_way.clone()
    }

    /// How many events are on their way. Those that are held back do not wait: they go nowhere until they
    /// are released.
    pub(crate) fn waiting(&self) -> usize {
        // One of the copies is the original that `announce` takes them from.
        Arc::strong_count(&self.under_way.0).saturating_sub(1)
    }

    /// Counts and details for the person at the keyboard.
    pub(crate) fn report(&self) -> Value {
        self.book.with(|book| book.report(self.waiting()))
    }

    /// What is kept between two starts; the spacing is for each start to say.
    pub(crate) fn switches(&self) -> Switches {
        self.book.with(|book| Switches {
            hold: Some(book.hold),
            duplicate: Some(book.duplicate),
            delay_ms: Some(book.delay_ms),
            spacing_ms: None,
        })
    }

    /// Ends every delivery for good: dropping the set aborts its tasks.
    pub(crate) fn stop(&self) {
        drop(self.tasks.with(Option::take));
    }
}

/// Turns the switches; a release sends what was held.
pub(crate) fn switch(world: &Arc<World>, switches: Switches) {
    let under_way = world.deliveries.announce();
    let released = world.deliveries.book.with(|book| {
        book.hold = switches.hold.unwrap_or(book.hold);
        book.duplicate = switches.duplicate.unwrap_or(book.duplicate).min(MOST_COPIES);
        if let Some(spacing) = switches.spacing_ms {
            book.spacing = Duration::from_millis(spacing.min(LONGEST_DELAY_MS));
        }
        book.delay_ms = switches.delay_ms.unwrap_or(book.delay_ms).min(LONGEST_DELAY_MS);
        if book.hold { VecDeque::new() } else { std::mem::take(&mut book.held) }
    });
    for (event, validation) in released {
        dispatch(world, &event, validation.as_deref(), &under_way);
    }
}

/// Sends an event if the tenant is registered for it. `validation` is the id of a test.
pub(super) fn send(world: &Arc<World>, event: Event, validation: Option<String>, under_way: &UnderWay) {
    let wanted = world.webhooks.with(|webhooks| {
        let registration = webhooks.registration.as_ref();
        registration.is_some_and(|registration| registration.events.iter().any(|name| name == event.name))
    });
    if !wanted {
        return;
    }
    let kept = world.deliveries.book.with(|book| {
        if book.hold && book.held.len() == MOST_HELD {
            book.held.pop_front();
        }
        if book.hold {
            book.held.push_back((event.clone(), validation.clone()));
        }
        book.hold
    });
    if !kept {
        dispatch(world, &event, validation.as_deref(), under_way);
    }
}

fn dispatch(world: &Arc<World>, event: &Event, validation: Option<&str>, under_way: &UnderWay) {
    let on = |behaviour| validation.is_none() && world.behaviours.on(behaviour);
    let (place, more, delay) = world.deliveries.book.with(|book| (book.count(), book.duplicate, book.delay_ms));
    if on(Behaviour::LostEvents) && place % 2 == 1 {
        world.deliveries.book.with(|book| book.lose(event));
        return;
    }
    let mut late = Duration::from_millis(delay);
    if on(Behaviour::LateEvents) {
        late += LATE;
    }
    if on(Behaviour::ReorderedEvents) && place % 2 == 1 {
        late += OVERTAKEN;
    }
    let copies = 1 + if on(Behaviour::DuplicateEvents) { more.max(1) } else { more };
    for _ in 0..copies {
        let Opened { number, given_up, oldest } = world.deliveries.book.with(|book| book.open(event, validation));
        if let Some(oldest) = oldest {
            tell_of(world, &oldest);
        }
        let delivery = deliver(world.clone(), event.clone(), validation.map(str::to_owned), number, late);
        let under_way = under_way.clone();
        let work = async move {
            tokio::select! {
                () = delivery => {}
                // The other end goes with the delivery's place among those that wait.
                _ = given_up => {}
            }
            drop(under_way);
        };
        world.deliveries.tasks.with(|tasks| {
            if let Some(tasks) = tasks {
                while tasks.try_join_next().is_some() {}
                tasks.spawn(work);
            }
        });
    }
}

/// Tells of a delivery that was given up because too many wait.
fn tell_of(world: &World, Waiting { event, validation, .. }: &Waiting) {
    world.log.with(|log| log.tell(|| format!("event {event} to the receiver: {GIVEN_UP}")));
    tracing::warn!(event, "a delivery of the sandbox is given up: {GIVEN_UP}");
    if let Some(id) = validation {
        let result = test_result(GIVEN_UP, false, world.clock.now());
        world.webhooks.with(|webhooks| webhooks.note_attempt(id, result, true));
        world.changes.count();
    }
}

async fn deliver(world: Arc<World>, event: Event, validation: Option<String>, number: u64, late: Duration) {
    if !late.is_zero() {
        tokio::time::sleep(late).await;
    }
    for attempt in 1..=ATTEMPTS {
        let outcome = attempt::post(&world, &event).await;
        let delivered = outcome.is_ok();
        let done = delivered || attempt == ATTEMPTS;
        let (Ok(text) | Err(text)) = outcome;
        world.log.with(|log| log.tell(|| format!("event {} to the receiver: {text}", event.name)));
        world.deliveries.book.with(|book| book.note(number, &text, delivered, done));
        if let Some(id) = &validation {
            let result = test_result(&text, delivered, world.clock.now());
            world.webhooks.with(|webhooks| webhooks.note_attempt(id, result, done));
            world.changes.count();
        }
        if done {
            return;
        }
        tokio::time::sleep(world.deliveries.book.with(|book| book.spacing)).await;
    }
}

fn test_result(text: &str, delivered: bool, now: Timestamp) -> Value {
    // The real time has no zone here.
    let time = now.strftime("%Y-%m-%dT%H:%M:%S.%7f").to_string();
    let code = if delivered { "OK" } else { text };
    json!({"responseCode": code, "responseMessage": "", "systemError": false, "dateTimeUtc": time})
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn what_is_announced_waits_until_its_last_holder_is_done() {
        let deliveries = Deliveries::new(Duration::ZERO).unwrap();
        let waiting = |expected: usize| assert_eq!(deliveries.report()["waiting"], json!(expected));
        waiting(0);
        let change = deliveries.announce();
        waiting(1);
        let delivery = change.clone();
        drop(change);
        waiting(1);
        drop(delivery);
        waiting(0);
    }
}
