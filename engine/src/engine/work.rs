//! Work that waits for its turn: an event without a run, or a run that is to go on.

use crate::inbox::{LaneId, Work};
use crate::run::RunId;
use crate::store::{EventId, NewEvent, OrderId};
use serde_json::Value;

/// What every event is counted as beside its body, in bytes.
const FIXED: usize = 500;

/// Work that waits in a lane.
#[derive(Debug)]
pub(super) struct Item {
    /// The run; an event's is made up when it begins.
    pub(super) run: Option<RunId>,
    pub(super) flow: String,
    pub(super) keys: Vec<String>,
    pub(super) deed: Deed,
    /// Whether a newer event of the same flow and keys stands for it.
    pub(super) merges: bool,
}

/// What is to be done.
#[derive(Debug)]
pub(super) enum Deed {
    /// An event has its run.
    Begin(Begin),
    /// The same, once more: nobody knows whether the store has kept the beginning.
    BeginAgain(EventId, Vec<EventId>),
    /// The run goes on where its record ends.
    Resume,
    /// The run had failed, and goes on as a person wants it.
    Reopen(OrderId),
}

/// An event whose run has not started.
#[derive(Debug)]
pub(super) struct Begin {
    pub(super) event: EventId,
    pub(super) body: Value,
    /// Why the run can only fail.
    pub(super) wrong: Option<String>,
    /// The run that is to be done once more.
    pub(super) resubmits: Option<RunId>,
    /// Whether the body must not be kept in clear text.
    pub(super) secure: bool,
    /// Events that this one stands for.
    pub(super) merged: Vec<EventId>,
    /// How much it counts against the bound of what waits in memory.
    pub(super) weight: usize,
}

/// What a run under way holds, and gives back when it has ended.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) lane: LaneId,
    pub(super) flow: String,
}

impl Item {
    /// An event in its lane; `merges`: whether those of its flow do. What a person wants once more is no older news of
    /// the same thing, so it stands for nothing else, and nothing for it.
    pub(super) fn event(id: EventId, event: NewEvent, merges: bool) -> Item {
        let weight = weight(&event);
        let NewEvent { flow, body, keys, wrong, resubmits, secure, .. } = event;
        let merges = merges && resubmits.is_none();
        let begin = Begin { event: id, body, wrong, resubmits, secure, merged: Vec::new(), weight };
        Item { run: None, flow, keys, deed: Deed::Begin(begin), merges }
    }

    /// Makes one of two events that merge: the newer stays. Two that come in at once may get here in another order
    /// than the store gave them.
    pub(super) fn merge(mut self, mut other: Item) -> Item {
        let (Deed::Begin(one), Deed::Begin(two)) = (&mut self.deed, &mut other.deed) else { return self };
        if one.event < two.event {
            std::mem::swap(one, two);
        }
        one.merged.append(&mut two.merged);
        one.merged.push(two.event);
        one.merged.sort_unstable();
        self
    }
}

impl Work for Item {
    fn flow(&self) -> &str {
        &self.flow
    }

    fn keys(&self) -> &[String] {
        &self.keys
    }

    fn is_replaceable(&self) -> bool {
        self.merges
    }
}

/// About how many bytes of memory an event takes.
pub(super) fn weight(event: &NewEvent) -> usize {
    FIXED + size(&event.body) + event.content_key.len() + event.keys.iter().map(String::len).sum::<usize>()
}

fn size(value: &Value) -> usize {
    let own = size_of::<Value>();
    own + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.iter().map(|(name, field)| own + name.len() + size(field)).sum(),
        _ => 0,
    }
}
