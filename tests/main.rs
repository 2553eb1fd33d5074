//! End to end: the pack on the engine against the sandbox, over real HTTP, and the command as people use it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod accidents;
mod commands;
mod connections;
mod docs;
mod failing_services;
mod harness;
mod kill;
mod main_job;
mod packs;
mod race;
mod runs;
mod serving;
mod structure;
mod tls;
mod webhooks;
