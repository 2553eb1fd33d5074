//! Events on their way to the receiver (S25, S26).
//!
//! Every event is a task of its own: ten attempts with a wait between them, then the offline
//! queue and never again. Order and uniqueness are promised nowhere, and here neither.
//!
//! Whoever is about to make a change first takes an [`UnderWay`], which goes from hand to hand
//! until the last attempt is over. So nobody finds the change made and yet nothing waiting.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::events::Event;
use super::registration::Registration;
use crate::certificates;
use crate::held::Held;
use crate::world::World;

/// Attempts before an event goes to the offline queue.
const ATTEMPTS: u32 = 10;

/// The real timeout is not documented.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Posts under way at the same time.
const AT_ONCE: usize = 64;

/// Deliveries remembered, waiting ones included; beyond this the oldest is forgotten.
const MOST: usize = 10_000;

/// The delivery side of the sandbox.
pub(crate) struct Deliveries {
    client: Client,
    spacing: Duration,
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
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switches {
    /// Keep new events back; `false` lets them go.
    hold: Option<bool>,
    /// Send each event this many times more (S28).
    duplicate: Option<usize>,
}

#[derive(Default)]
struct Book {
    hold: bool,
    duplicate: usize,
    held: VecDeque<(Event, Option<String>)>,
    records: IndexMap<u64, Delivery>,
    next: u64,
}

/// One delivery and how it went.
#[derive(Debug, Clone, Serialize)]
struct Delivery {
    event: &'static str,
    resource_uri: String,
    state: DeliveryState,
    /// The outcome of each attempt: a status or what failed.
    attempts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum DeliveryState {
    Waiting,
    Delivered,
    Offline,
}

impl Deliveries {
    pub(crate) fn new(spacing: Duration) -> Result<Deliveries, reqwest::Error> {
        let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
        Ok(Deliveries {
            client: client.build()?,
            spacing,
            permits: Semaphore::new(AT_ONCE),
            under_way: UnderWay(Arc::new(())),
            tasks: Held::new(Some(JoinSet::new())),
            book: Held::default(),
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
        self.book.with(|book| {
            let count = |state| book.records.values().filter(|one| one.state == state).count();
            json!({
                "hold": book.hold, "held": book.held.len(), "duplicate": book.duplicate,
                "delivered": count(DeliveryState::Delivered), "waiting": self.waiting(),
                "offline": count(DeliveryState::Offline), "deliveries": book.records.values().collect::<Vec<_>>(),
            })
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
        book.duplicate = switches.duplicate.unwrap_or(book.duplicate).min(MOST);
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
        if book.hold && book.held.len() == MOST {
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
    let copies = 1 + world.deliveries.book.with(|book| book.duplicate);
    for _ in 0..copies {
        let number = world.deliveries.book.with(|book| book.open(event));
        let delivery = deliver(world.clone(), event.clone(), validation.map(str::to_owned), number);
        let under_way = under_way.clone();
        let work = async move {
            delivery.await;
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

async fn deliver(world: Arc<World>, event: Event, validation: Option<String>, number: u64) {
    for attempt in 1..=ATTEMPTS {
        let outcome = attempt_once(&world, &event).await;
        let delivered = outcome.is_ok();
        let done = delivered || attempt == ATTEMPTS;
        let (Ok(text) | Err(text)) = outcome;
        world.deliveries.book.with(|book| book.note(number, &text, delivered, done));
        if let Some(id) = &validation {
            let result = test_result(&text, delivered);
            world.webhooks.with(|webhooks| webhooks.note_attempt(id, result, done));
        }
        if done {
            return;
        }
        tokio::time::sleep(world.deliveries.spacing).await;
    }
}

/// One POST. A 2xx delivers; everything else is a failure (what counts is not documented).
async fn attempt_once(world: &World, event: &Event) -> Result<String, String> {
    let _permit = world.deliveries.permits.acquire().await.map_err(|error| error.to_string())?;
    // Read anew each time: the last registration wins, for waiting events as well (S31).
    let registration = world.webhooks.with(|webhooks| webhooks.registration.clone());
    let Registration { url, signature_in_own_header, .. } = registration.ok_or_else(|| "no registration".to_owned())?;
    let body = event.body().to_string();
    let signature = world.certificates.sign(body.as_bytes()).map_err(|error| error.to_string())?;
    let header = if signature_in_own_header { "x-ms-signature" } else { "authorization" };
    let request = world
        .deliveries
        .client
        .post(url)
        .header("content-type", "application/json")
        .header(header, format!("Signature {signature}"))
        .header("x-ms-certificate-url", format!("{}{}", world.addresses.certificates, certificates::PATH))
        .header("x-ms-signature-algorithm", "rsa-sha256")
        .header("accept-encoding", "gzip, deflate")
        .body(body);
    let response = request.send().await.map_err(|error| error.without_url().to_string())?;
    let status = response.status();
    let text = status.canonical_reason().unwrap_or("").replace(' ', "");
    if status.is_success() { Ok(text) } else { Err(format!("{} {text}", status.as_u16())) }
}

fn test_result(text: &str, delivered: bool) -> Value {
    // The real time has no zone here.
    let time = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%7f").to_string();
    let code = if delivered { "OK" } else { text };
    json!({"responseCode": code, "responseMessage": "", "systemError": false, "dateTimeUtc": time})
}

impl Book {
    fn open(&mut self, event: &Event) -> u64 {
        if self.records.len() == MOST {
            self.records.shift_remove_index(0);
        }
        self.next += 1;
        let fresh = Delivery {
            event: event.name,
            resource_uri: event.resource_uri.clone(),
            state: DeliveryState::Waiting,
            attempts: Vec::new(),
        };
        self.records.insert(self.next, fresh);
        self.next
    }

    fn note(&mut self, number: u64, outcome: &str, delivered: bool, done: bool) {
        let Some(record) = self.records.get_mut(&number) else {
            return;
        };
        record.attempts.push(outcome.to_owned());
        if delivered {
            record.state = DeliveryState::Delivered;
        } else if done {
            record.state = DeliveryState::Offline;
        }
    }
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
