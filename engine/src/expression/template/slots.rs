//! What a template takes from outside: each value once, in a slot with a number.
//!
//! A template is rewritten so that it looks a slot up and nothing else. That makes its reads exact, and only what is
//! read is copied for the library.

use std::borrow::Cow;

use indexmap::{IndexMap, IndexSet};
use serde_json::Value;

use crate::expression::{Computed, ExpressionError, Operand, Read, Root, Scope, Segment};

/// The slots of a template.
#[derive(Default)]
pub(super) struct Slots {
    starts: IndexSet<Root>,
    slots: IndexMap<Key, Slot>,
}

/// What tells slots apart: the names of a path, or the text of a call; and whether the value may be missing.
type Key = (Vec<String>, bool);

/// Where a value comes from.
enum Slot {
    /// `trigger.customer.name`: the number of what it starts from, and the keys below.
    Path { start: usize, keys: Vec<String> },
    /// `outputs "Get row"`: a function that reads the run, with literals.
    Call(Computed),
}

impl Slots {
    /// The slot of a path: all its names, what it starts from, and how many names that takes up.
    pub(super) fn path(&mut self, names: &[String], root: Root, depth: usize, may_be_missing: bool) -> usize {
        let (start, _) = self.starts.insert_full(root);
        let keys = names.get(depth..).unwrap_or_default().to_vec();
        self.slots.insert_full((names.to_vec(), may_be_missing), Slot::Path { start, keys }).0
    }

    /// The slot of a call of a function that reads the run. Its text starts with `@`, which no path does.
    pub(super) fn call(&mut self, text: String, call: Computed, may_be_missing: bool) -> usize {
        self.slots.insert_full((vec![text], may_be_missing), Slot::Call(call)).0
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// What they read of the run.
    pub(super) fn reads(&self) -> Vec<Read> {
        let mut reads = Vec::new();
        for ((_, may_be_missing), slot) in &self.slots {
            match slot {
                Slot::Path { start, keys } => reads.extend(self.starts.get_index(*start).map(|root| {
                    Read {
                        root: root.clone(),
                        key: keys.first().filter(|key| key.parse::<i64>().is_err()).cloned(),
                        below: keys
                            .iter()
                            .skip(1)
                            .map(|key| key.parse().map_or_else(|_| Segment::Name(key.clone()), Segment::Index))
                            .collect(),
                        guarded: *may_be_missing,
                        part: None,
                    }
                })),
                Slot::Call(call) => reads.extend(call.reads().map(|read| Read {
                    guarded: read.guarded || *may_be_missing,
                    part: None,
                    ..read
                })),
            }
        }
        reads
    }

    /// The values that the paths start from, each looked up once.
    pub(super) fn starts<'s>(&self, scope: &'s dyn Scope) -> Result<Vec<Cow<'s, Value>>, ExpressionError> {
        self.starts.iter().map(|root| scope.root(root)).collect()
    }

    /// The value for a slot. A path that finds nothing is an error, where it must be there.
    pub(super) fn value<'v>(
        &'v self,
        slot: usize,
        starts: &'v [Cow<'v, Value>],
        scope: &'v dyn Scope,
    ) -> Result<Cow<'v, Value>, ExpressionError> {
        let Some(((names, may_be_missing), slot)) = self.slots.get_index(slot) else {
            return Ok(Cow::Owned(Value::Null));
        };
        match slot {
            Slot::Path { start, keys } => match starts.get(*start).and_then(|start| walk(start, keys)) {
                Some(value) => Ok(Cow::Borrowed(value)),
                None if *may_be_missing => Ok(Cow::Owned(Value::Null)),
                None => Err(ExpressionError::new(format!("`{}` finds nothing", names.join(".")))),
            },
            Slot::Call(call) => call.evaluate(scope).map(|value| match value {
                Operand::Borrowed(value) => Cow::Borrowed(value),
                made => Cow::Owned(made.into_value()),
            }),
        }
    }
}

/// Follows keys; in a list they are places, from its end where negative.
fn walk<'v>(start: &'v Value, keys: &[String]) -> Option<&'v Value> {
    keys.iter().try_fold(start, |value, key| match value {
        Value::Object(map) => map.get(key),
        Value::Array(list) => {
            let place: i64 = key.parse().ok()?;
            let from_end = || list.len().checked_sub(usize::try_from(place.unsigned_abs()).ok()?);
            let place = if place < 0 { from_end()? } else { usize::try_from(place).ok()? };
            list.get(place)
        }
        _ => None,
    })
}
