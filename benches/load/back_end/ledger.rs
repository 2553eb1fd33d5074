//! What was done to each deal, and when its last effect was seen.

use std::collections::HashMap;
use std::time::Instant;

use super::deal::{self, Case};

/// What was done to all deals since the last reset.
pub(crate) struct Ledger {
    seen: Vec<Seen>,
    /// Opportunities whose id the caller chose.
    chosen: HashMap<String, usize>,
    done: usize,
    /// Requests that no program here should send, and the first of them.
    wrong: usize,
    first_wrong: Option<String>,
}

/// What was done to one deal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Times its opportunity was created.
    pub(crate) created: u32,
    /// Times its opportunity was changed, the audit aside.
    pub(crate) updated: u32,
    /// Lines of audit, or notes.
    pub(crate) audited: u32,
    /// When all was done that its event asks for.
    pub(crate) done: Option<Instant>,
    /// The audit text.
    pub(super) audit: String,
    /// The id of its opportunity, where the caller chose it.
    pub(super) opportunity: Option<String>,
}

/// What a write was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Created,
    Updated,
    Audited,
}

impl Ledger {
    pub(super) fn new(deals: usize) -> Ledger {
        let seen = vec![Seen::default(); deals];
        Ledger { seen, chosen: HashMap::new(), done: 0, wrong: 0, first_wrong: None }
    }

    /// How many deals are done.
    pub(crate) fn done(&self) -> usize {
        self.done
    }

    /// What was done to that deal.
    pub(crate) fn of(&self, number: usize) -> Seen {
        self.seen.get(number).cloned().unwrap_or_default()
    }

    /// How many requests were wrong, and the first of them.
    pub(crate) fn wrong(&self) -> (usize, Option<&str>) {
        (self.wrong, self.first_wrong.as_deref())
    }

    pub(super) fn note_wrong(&mut self, request: impl FnOnce() -> String) {
        self.wrong += 1;
        self.first_wrong.get_or_insert_with(request);
    }

    /// The deal whose opportunity has that id.
    pub(super) fn number_of(&self, opportunity: &str) -> Option<usize> {
        self.chosen.get(opportunity).copied().or_else(|| deal::number_of_opportunity(opportunity))
    }

    pub(super) fn seen(&mut self, number: usize) -> Option<&mut Seen> {
        self.seen.get_mut(number)
    }

    /// Notes a write, and whether the deal is done with it.
    pub(super) fn note(&mut self, number: usize, effect: Effect) {
        let Some(seen) = self.seen.get_mut(number) else { return };
        match effect {
            Effect::Created => seen.created += 1,
            Effect::Updated => seen.updated += 1,
            Effect::Audited => seen.audited += 1,
        }
        if seen.done.is_none() && seen.is_complete(Case::of(number)) {
            seen.done = Some(Instant::now());
            self.done += 1;
        }
    }

    /// Notes an opportunity whose id the caller chose.
    pub(super) fn choose(&mut self, number: usize, opportunity: &str) {
        self.chosen.insert(opportunity.to_owned(), number);
        if let Some(seen) = self.seen.get_mut(number) {
            seen.opportunity = Some(opportunity.to_owned());
        }
    }
}

impl Seen {
    /// Whether something was done twice.
    pub(crate) fn is_doubled(&self) -> bool {
        self.created > 1 || self.updated > 1 || self.audited > 1
    }

    /// The version of its opportunity: every write counts.
    pub(super) fn version(&self) -> String {
        format!("W/\"{}\"", 1 + self.created + self.updated + self.audited)
    }

    fn is_complete(&self, case: Case) -> bool {
        let written = match case {
            Case::New => self.created > 0,
            Case::Changed => self.updated > 0,
            Case::Same => true,
        };
        written && self.audited > 0
    }
}
