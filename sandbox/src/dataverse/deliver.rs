//! Webhooks on their way (behaviour 18): a minute for each, one more attempt where the receiver is out of order,
//! and then never again.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use serde_json::{Map, json};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use super::call::Asker;
use super::hooks::Notification;
use super::undo::Finished;
use crate::clock;
use crate::held::Held;
use crate::world::World;

/// How long a receiver may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Posts under way at the same time.
const AT_ONCE: usize = 64;

/// More on their way are left out, as any may be.
const MOST: usize = 10_000;

/// The same for the length of their bodies together, in bytes.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// How long those may take together that a request waits for: the longest that the service lets a request take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Jobs remembered; the oldest gives way.
const MOST_JOBS: usize = 10_000;

/// Statuses after which it is tried once more.
const OUT_OF_ORDER: [u16; 3] = [502, 503, 504];

/// Status reasons of a job.
const SUCCEEDED: i64 = 30;
const FAILED: i64 = 31;

/// The sender of the CRM's webhooks.
pub(crate) struct Hooks {
    /// Made when it is first wanted: few sandboxes ever send a webhook, and it takes its time.
    client: Held<Option<Client>>,
    permits: Semaphore,
    /// Bytes that may still be on their way.
    room: Arc<Semaphore>,
    /// `None` once the sandbox stops, so that a request still under way starts nothing new.
    tasks: Held<Option<JoinSet<()>>>,
}

impl Hooks {
    pub(crate) fn new() -> Hooks {
        Hooks {
            client: Held::default(),
            permits: Semaphore::new(AT_ONCE),
            room: Arc::new(Semaphore::new(MOST_BYTES)),
            tasks: Held::new(Some(JoinSet::new())),
        }
    }

    /// Ends every post at once.
    pub(crate) fn stop(&self) {
        self.tasks.with(|tasks| drop(tasks.take()));
    }

    /// How many are on their way.
    pub(crate) fn waiting(&self) -> usize {
        self.tasks.with(|tasks| {
            tasks.as_mut().map_or(0, |tasks| {
                while tasks.try_join_next().is_some() {}
                tasks.len()
            })
        })
    }

    /// Begins a task that a stop ends; once the sandbox has stopped, there is none.
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.with(|tasks| {
            if let Some(tasks) = tasks {
                while tasks.try_join_next().is_some() {}
                tasks.spawn(task);
            }
        });
    }

    /// Posts those that the request waits for; the error says which of them refused it.
    async fn ask(&self, notifications: &[Notification]) -> Result<(), String> {
        let all = async {
            for notification in notifications.iter().filter(|notification| notification.synchronous) {
                self.post(notification).await.map_err(|reason| format!("{}: {reason}", notification.step))?;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| Err("the webhooks took too long".to_owned()))
    }

    fn client(&self) -> Result<Client, String> {
        self.client.with(|known| {
            if let Some(client) = known {
                return Ok(client.clone());
            }
            let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
            let client = client.build().map_err(|error| error.to_string())?;
            Ok(known.insert(client).clone())
        })
    }

    async fn post(&self, notification: &Notification) -> Result<(), String> {
        let client = self.client()?;
        let mut outcome = Err(String::new());
        for _ in 0..2 {
            let mut request = client.post(&notification.url).header("content-type", "application/json");
            for (name, value) in &notification.headers {
                request = request.header(name, value);
            }
            outcome = match request.body(notification.body.clone()).send().await {
                Ok(response) if response.status().is_success() => return Ok(()),
                Ok(response) if OUT_OF_ORDER.contains(&response.status().as_u16()) => {
                    Err(format!("the webhook answered {}", response.status()))
                }
                Ok(response) => return Err(format!("the webhook answered {}", response.status())),
                Err(error) => return Err(error.to_string()),
            };
        }
        outcome
    }
}

/// Tells of a request that has been answered, first those that it waits for; where one refuses it, it is taken back,
/// and the error says which. This goes on to its end also where the client hangs up, or a request that was refused
/// would stay.
pub(crate) async fn settle(world: &Arc<World>, finished: Finished, told: Vec<Notification>) -> Result<(), String> {
    if !told.iter().any(|notification| notification.synchronous) {
        send(world, told);
        return Ok(());
    }
    let (answer, answered) = oneshot::channel();
    let world_of_task = Arc::clone(world);
    world.hooks.spawn(async move {
        // Whether anybody still listens makes no difference.
        drop(answer.send(decide(&world_of_task, finished, told).await));
    });
    answered.await.unwrap_or_else(|_| Err("the sandbox stops".to_owned()))
}

async fn decide(world: &Arc<World>, finished: Finished, told: Vec<Notification>) -> Result<(), String> {
    let asked = world.hooks.ask(&told).await;
    if asked.is_ok() {
        send(world, told);
    } else {
        world.dataverse.with(|crm| crm.cancel(finished));
        world.changes.count();
    }
    asked
}

/// Sends those that nobody waits for.
fn send(world: &Arc<World>, notifications: Vec<Notification>) {
    for notification in notifications.into_iter().filter(|notification| !notification.synchronous) {
        if world.hooks.waiting() >= MOST {
            return;
        }
        let length = u32::try_from(notification.body.len()).unwrap_or(u32::MAX);
        let Ok(room) = Arc::clone(&world.hooks.room).try_acquire_many_owned(length) else { return };
        let world_of_task = Arc::clone(world);
        let task = async move {
            deliver(&world_of_task, notification).await;
            drop(room);
        };
        world.hooks.spawn(task);
    }
}

async fn deliver(world: &World, notification: Notification) {
    let Ok(_permit) = world.hooks.permits.acquire().await else { return };
    let outcome = world.hooks.post(&notification).await;
    if outcome.is_err() || !notification.leaves_no_trace {
        note(world, &notification, outcome.err());
    }
}

/// Leaves the job that did it, which can be looked at.
fn note(world: &World, notification: &Notification, failure: Option<String>) {
    world.dataverse.with(|crm| {
        let status = if failure.is_some() { FAILED } else { SUCCEEDED };
        let job = json!({
            "name": notification.step, "statecode": 3, "statuscode": status, "message": failure,
            "completedon": clock::whole_seconds(crm.now()),
        });
        let is_full = crm.shelf("asyncoperation").is_some_and(|jobs| jobs.len() >= MOST_JOBS);
        let oldest = crm.rows("asyncoperation").next().filter(|_| is_full).map(|job| job.id.clone());
        if let Some(oldest) = oldest {
            crm.remove("asyncoperation", &oldest);
        }
        let asker = Asker { user: crm.connector.clone(), on_behalf: None, detect_duplicates: false };
        let made = crm.create("asyncoperation", job.as_object().unwrap_or(&Map::new()), &asker);
        crm.finish();
        if let Err(refusal) = made {
            tracing::warn!(?refusal, "the job of a webhook could not be noted");
        }
    });
    world.changes.count();
}
