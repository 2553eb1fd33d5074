//! A call under way: its input, and how far its attempts are.

use std::sync::Arc;

use serde_json::Value;

use crate::connector::CallErrorKind;
use crate::run::calls::Delay;
use crate::run::event::{Event, Part};

/// A call under way.
#[derive(Debug)]
pub(in crate::run) struct Calling {
    pub(in crate::run) part: Part,
    pub(in crate::run) input: Arc<Value>,
    /// How often it was tried, as far as that counts.
    pub(in crate::run) attempts: u32,
    /// Why it has no result, and until when it waits; nothing while an attempt may be under way.
    pub(in crate::run) delay: Option<Arc<Delay>>,
    /// Whether an attempt may have been made whose answer nobody knows.
    pub(in crate::run) is_in_doubt: bool,
}

impl Calling {
    pub(in crate::run) fn new(part: Part, input: &Arc<Value>) -> Calling {
        Calling { part, input: Arc::clone(input), attempts: 0, delay: None, is_in_doubt: false }
    }

    /// Takes a delay, or that its time is over.
    pub(in crate::run) fn apply(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::CallDelayed { part, error, attempts, until, .. } if *part == self.part => {
                self.attempts = *attempts;
                self.is_in_doubt |= error.kind == CallErrorKind::Unanswered;
                self.delay = Some(Arc::new(Delay { error: error.clone(), until: *until }));
            }
            Event::CallRepeated { part, .. } if *part == self.part && self.delay.is_some() => self.delay = None,
            event => return Err(format!("`{event:?}` does not fit a call that is under way")),
        }
        Ok(())
    }
}
