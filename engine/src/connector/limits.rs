//! How much a service may be asked for at once.

use std::time::Duration;

/// The limits of one connection, which all runs share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls under way at once.
    pub at_once: usize,
    /// Calls begun in a time.
    pub rate: Option<Rate>,
    /// Whether all calls go to one service: then the failures of some say that the others would fail too, and they wait
    /// until it works again. Not so for plain HTTP, which goes anywhere.
    pub one_service: bool,
}

/// So many calls in a time, all of them at its start if need be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub calls: u32,
    /// In which time.
    pub per: Duration,
}

impl Default for Limits {
    /// What a service of usual size bears.
    fn default() -> Limits {
        Limits { at_once: 64, rate: None, one_service: true }
    }
}
