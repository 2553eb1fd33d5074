//! The same job written by hand: what a program can do at best on this machine.
//!
//! `bare` answers at once and keeps nothing. `durable` is the fair limit for an engine that loses no event: every event
//! is synced to disk before it is answered, those of many senders in one commit, and a start goes on with what was not
//! done. The path of an event: [`take_in`] → [`store`] → [`job`].

mod job;
mod store;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::{Failure, events};
use job::Job;
use store::Store;

/// The first argument that makes this program a reference.
pub(crate) const ARGUMENT: &str = "reference";
/// Events that are worked on side by side.
const AT_ONCE: usize = 512;

struct Reference {
    job: Job,
    places: Arc<Semaphore>,
    store: Option<Store>,
}

/// What starts a reference as a process of its own; with a file it is the durable one.
pub(crate) fn command(port: u16, back_end: &str, file: Option<&Path>) -> Result<Command, Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args([ARGUMENT, &port.to_string(), back_end]).args(file);
    Ok(command)
}

/// Is a reference, until it is ended.
pub(crate) fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), Failure> {
    let port = arguments.next().and_then(|port| port.parse().ok()).ok_or("a reference needs a port")?;
    let back_end = arguments.next().ok_or("a reference needs a back end")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(port, back_end, arguments.next().map(PathBuf::from)))
}

async fn serve(port: u16, back_end: String, file: Option<PathBuf>) -> Result<(), Failure> {
    let (store, waiting) = match file {
        Some(file) => {
            let (store, waiting) = Store::open(&file)?;
            (Some(store), waiting)
        }
        None => (None, Vec::new()),
    };
    let reference = Arc::new(Reference { job: Job::new(back_end)?, places: Arc::new(Semaphore::new(AT_ONCE)), store });
    for (id, event) in waiting {
        begin(&reference, Some(id), event);
    }
    let routes = Router::new().route(events::PATH, post(take_in)).with_state(reference);
    Ok(axum::serve(TcpListener::bind(("127.0.0.1", port)).await?, routes).await?)
}

async fn take_in(State(reference): State<Arc<Reference>>, event: String) -> StatusCode {
    let id = match &reference.store {
        None => None,
        Some(store) => match store.keep(event.clone()).await {
            Some(id) => Some(id),
            None => return StatusCode::SERVICE_UNAVAILABLE,
        },
    };
    begin(&reference, id, event);
    StatusCode::ACCEPTED
}

fn begin(reference: &Arc<Reference>, id: Option<i64>, event: String) {
    let reference = Arc::clone(reference);
    tokio::spawn(async move {
        let Ok(_place) = reference.places.acquire().await else { return };
        match reference.job.run(&event).await {
            Ok(result) => {
                if let (Some(store), Some(id)) = (&reference.store, id) {
                    store.done(id, result);
                }
            }
            Err(error) => tell(&error),
        }
    });
}

#[expect(clippy::print_stderr, reason = "what a reference has to tell stands in its log")]
fn tell(error: &Failure) {
    eprintln!("a run failed: {error}");
}
