//! How the services behave where their documents say nothing, contradict each other, or where a user wants them to
//! misbehave: one switch for each, all in one [table](table::TABLE).
//!
//! What is documented holds without any switch. A switch is turned by the admin API or by a flag of the command.

mod table;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::SandboxError;
pub(crate) use table::Behaviour;
use table::{Source, TABLE};

/// Which behaviours are on. Copies share the switches.
#[derive(Debug, Clone)]
pub(crate) struct Behaviours(Arc<[AtomicBool]>);

/// A behaviour as the admin API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    name: &'static str,
    what: &'static str,
    source: Source,
    default: bool,
    on: bool,
}

impl Behaviours {
    /// All as they are by default, then those that are given by name.
    pub(crate) fn new(given: &[(String, bool)]) -> Result<Behaviours, SandboxError> {
        let behaviours = Behaviours(TABLE.iter().map(|entry| AtomicBool::new(entry.default)).collect());
        behaviours.turn(given)?;
        Ok(behaviours)
    }

    /// Turns those that are given by name.
    pub(crate) fn turn(&self, given: &[(String, bool)]) -> Result<(), SandboxError> {
        let unknown = given.iter().find(|(name, on)| !self.set(name, *on));
        unknown.map_or(Ok(()), |(name, _)| Err(SandboxError::Behaviour(name.clone())))
    }

    /// Whether a behaviour is on.
    pub(crate) fn on(&self, behaviour: Behaviour) -> bool {
        let found = TABLE.iter().zip(self.0.iter()).find(|(entry, _)| entry.behaviour == behaviour);
        found.is_some_and(|(_, flag)| flag.load(Ordering::Relaxed))
    }

    /// Turns one by its name; `false` when there is none of that name.
    pub(crate) fn set(&self, name: &str, on: bool) -> bool {
        let found = TABLE.iter().zip(self.0.iter()).find(|(entry, _)| entry.name == name);
        found.inspect(|(_, flag)| flag.store(on, Ordering::Relaxed)).is_some()
    }

    /// All of them, in the order of the table.
    pub(crate) fn told(&self) -> Vec<Told> {
        let told = TABLE.iter().zip(self.0.iter()).map(|(entry, flag)| Told {
            name: entry.name,
            what: entry.what,
            source: entry.source,
            default: entry.default,
            on: flag.load(Ordering::Relaxed),
        });
        told.collect()
    }

    /// Those that are not as they are by default.
    pub(crate) fn turned(&self) -> Vec<(String, bool)> {
        let turned = self.told().into_iter().filter(|told| told.on != told.default);
        turned.map(|told| (told.name.to_owned(), told.on)).collect()
    }
}

impl Told {
    /// Its name.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }
}

/// Names and one line each, for the help of the command.
pub fn behaviours() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|entry| (entry.name, entry.what))
}
