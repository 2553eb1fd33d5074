//! How a step, a scope or a run ended, and which endings let another step start.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a step, a scope or a run ended: one enum, in files, records and on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It did what it should.
    Succeeded,
    /// It did not.
    Failed,
    /// It was not its turn.
    Skipped,
    /// It took longer than it may.
    TimedOut,
    /// It was ended from outside.
    Cancelled,
}

impl Outcome {
    /// The name used in files and records.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Succeeded => "succeeded",
            Outcome::Failed => "failed",
            Outcome::Skipped => "skipped",
            Outcome::TimedOut => "timed_out",
            Outcome::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The outcomes of a step that let another one start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes(u8);

impl Outcomes {
    /// What counts where nothing is said.
    pub const SUCCEEDED: Outcomes = Outcomes(1 << Outcome::Succeeded as u8);

    /// Whether an outcome is among them.
    pub fn contains(self, outcome: Outcome) -> bool {
        self.0 & (1 << outcome as u8) != 0
    }

    /// The outcomes by name, in the order of [`Outcome`].
    pub fn iter(self) -> impl Iterator<Item = Outcome> {
        [Outcome::Succeeded, Outcome::Failed, Outcome::Skipped, Outcome::TimedOut, Outcome::Cancelled]
            .into_iter()
            .filter(move |outcome| self.contains(*outcome))
    }
}

impl FromIterator<Outcome> for Outcomes {
    fn from_iter<T: IntoIterator<Item = Outcome>>(outcomes: T) -> Outcomes {
        Outcomes(outcomes.into_iter().fold(0, |bits, outcome| bits | (1 << outcome as u8)))
    }
}
