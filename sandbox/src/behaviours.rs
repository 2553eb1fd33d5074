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
use table::{Entry, Source, TABLE};

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
        let behaviours = Behaviours(TABLE.iter().map(|_| AtomicBool::new(false)).collect());
        for entry in TABLE {
            behaviours.put(entry, entry.default);
        }
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
        self.0.get(behaviour as usize).is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Turns one by its name; `false` when there is none of that name.
    pub(crate) fn set(&self, name: &str, on: bool) -> bool {
        TABLE.iter().find(|entry| entry.name == name).inspect(|entry| self.put(entry, on)).is_some()
    }

    fn put(&self, entry: &Entry, on: bool) {
        if let Some(flag) = self.0.get(entry.behaviour as usize) {
            flag.store(on, Ordering::Relaxed);
        }
    }

    /// All of them, in the order of the table.
    pub(crate) fn told(&self) -> Vec<Told> {
        let told = TABLE.iter().map(|entry| Told {
            name: entry.name,
            what: entry.what,
            source: entry.source,
            default: entry.default,
            on: self.on(entry.behaviour),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// How many behaviours the code knows: the language does not count them, so they are counted as they are written.
    fn variants() -> usize {
        let (_, after) = include_str!("behaviours/table.rs").split_once("enum Behaviour {").unwrap_or_default();
        let (variants, _) = after.split_once('}').unwrap_or_default();
        variants.lines().filter(|line| line.ends_with(',') && !line.trim_start().starts_with("//")).count()
    }

    #[test]
    fn each_behaviour_is_in_the_table_once_and_turns_alone() {
        let places: std::collections::BTreeSet<usize> = TABLE.iter().map(|entry| entry.behaviour as usize).collect();
        assert_eq!((places.len(), TABLE.len()), (variants(), variants()), "{places:?}");
        for entry in TABLE {
            let turned = Behaviours::new(&[(entry.name.to_owned(), !entry.default)]).map(|all| all.turned());
            assert_eq!(turned.ok(), Some(vec![(entry.name.to_owned(), !entry.default)]));
        }
    }
}
