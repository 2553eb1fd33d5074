//! The engine with a connector of its own making: no network, no sleeping.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod durable;
mod expressions;
mod fake;
mod outcomes;
mod steps;
mod stop_anywhere;
mod store;
mod structure;
mod update;
mod waiting;
mod working;
mod wrong_files;
