//! A rehearsal with the pack as it is, or with lines of it changed.

use std::sync::Arc;

use cosell::environment::Environment;
use cosell::packs::{Opened, built_in};
use cosell::rehearsal::Rehearsal;
use cosell_engine::clock::VirtualClock;
use cosell_engine::outcome::Outcome;
use cosell_engine::run::driver::World;
use cosell_engine::store::{RunQuery, RunSummary};
use reqwest::Method;
use serde_json::{Value, json};

/// The pack with pieces of its files replaced: file, what stands there, what is to stand there.
pub(crate) fn pack_with(changes: &[(&str, &str, &str)]) -> Opened {
    let mut files = built_in("dynamics365").unwrap();
    for (file, from, to) in changes {
        let text = files.0.get_mut(*file).unwrap();
        assert!(text.contains(from), "{file} has no `{from}`");
        *text = text.replace(from, to);
    }
    Opened { files, folder: None, shown: "dynamics365".to_owned() }
}

/// The pack on the sandbox, with the webhook registered.
pub(crate) async fn rehearsal() -> Rehearsal {
    registered(&pack_with(&[])).await
}

pub(crate) async fn registered(opened: &Opened) -> Rehearsal {
    // The engine's waits take no time: a service that fails is tried again at once.
    let clock = Arc::new(VirtualClock::at(jiff::Timestamp::now()));
    let rehearsal = Rehearsal::with_clock(opened, Environment::default(), clock).await.unwrap();
    rehearsal.register().await.unwrap();
    rehearsal
}

/// All runs so far, oldest first.
pub(crate) async fn runs(world: &World) -> Vec<RunSummary> {
    let mut runs = world.store.runs(&RunQuery::default()).await.unwrap();
    runs.reverse();
    runs
}

/// The errors of the runs that failed.
pub(crate) async fn errors(world: &World) -> Vec<String> {
    let failed = |run: &RunSummary| run.outcome == Some(Outcome::Failed);
    let message = |run: RunSummary| run.error.map(|error| error.to_string()).unwrap_or_default();
    runs(world).await.into_iter().filter(failed).map(message).collect()
}

/// Rows of a set in the CRM.
pub(crate) async fn rows(rehearsal: &Rehearsal, query: &str) -> Vec<Value> {
    let list = rehearsal.people.crm(Method::GET, query, None).await.unwrap();
    list["value"].as_array().unwrap().clone()
}

/// Lets a service misbehave.
pub(crate) async fn fault(rehearsal: &Rehearsal, fault: Value) {
    rehearsal.people.admin(Method::POST, "faults", Some(&fault)).await.unwrap();
}

pub(crate) fn deal(name: &str) -> Value {
    json!({ "name": name, "dealValue": 30_000, "currency": "EUR", "notes": "Met at the fair" })
}
